"""Read START and REPORT lines (text or JSON) and Lambda Insights events from a function's log.

:mod:`lambda_nb.rules.loglines` parses the lines; the engine writes them with it too. Successful
invocations write nearly all START and REPORT lines. These are read as columns, with one regular
expression each; a line that does not match exactly goes to ``loglines``.

A REPORT has the billed figures. The time of START is when the handler began, in milliseconds.
Such a log does not show throttles, nor whether an exception of the handler ended an invocation
(its status is unknown unless the line has one). Lambda Insights writes one event per invocation
(``event_type: performance``), with the time it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.rules import loglines
from lambda_nb.traces import times
from lambda_nb.traces.logs import attempts
from lambda_nb.traces.logs.insights_fields import Figures
from lambda_nb.traces.logs.plain_lines import Plain
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

FILTER = (
    '?"START RequestId" ?"REPORT RequestId" ?"Task timed out" ?"Runtime exited" '
    '?"platform.start" ?"platform.report" ?"platform.initStart" ?"LambdaInsights"'
)
"""Filter pattern of the Logs API that leaves out the output of functions."""

_OWN = r"^(START |REPORT |RequestId: |\{)| Task timed out after "
"""Matches every line that Lambda itself may have written."""
_START = r"^START RequestId: (?P<request_id>\S+) Version: (?P<version>\S+)\s*$"
_REPORT = (
    r"^REPORT RequestId: (?P<request_id>\S+)"
    r"\tDuration: (?P<duration_ms>[0-9]+(?:\.[0-9]+)?) ms"
    r"\tBilled Duration: (?P<billed_ms>[0-9]+) ms"
    r"\tMemory Size: (?P<memory_mb>[0-9]+) MB"
    r"\tMax Memory Used: (?P<max_memory_mb>[0-9]+) MB"
    r"(?:\tInit Duration: (?P<init_ms>[0-9]+(?:\.[0-9]+)?) ms)?\s*$"
)


_NOTHING = pa.array([], pa.struct([]))


class Reader:
    """Takes log events of one function, in any order, and makes rows from them.

    Parameters
    ----------
    function : str
        Name of the function that has this log (Lambda Insights events name their own).
    """

    def __init__(self, function: str) -> None:
        self.function = function
        self._starts = attempts.Rows(attempts.START)
        self._reports = attempts.Rows(attempts.REPORT)
        self._failures: dict[str, tuple[str, str]] = {}
        self._provisioned: set[str] = set()
        self._insights = attempts.Rows(attempts.ATTEMPT)

    def take(self, stream: str, timestamp_ms: int, message: str) -> None:
        """Take one log event; ignore output of the function.

        Raises
        ------
        TraceError
            A log line of Lambda lacks a figure.
        """
        if message.startswith("{") and '"performance"' in message and '"function_name"' in message:
            self._insights.add(_insights(stream, timestamp_ms, message))
            return
        try:
            line = loglines.parse(message)
        except ValueError as error:
            raise TraceError(str(error)) from None
        if isinstance(line, loglines.Start):
            self._starts.add((stream, timestamp_ms, line.request_id, line.version))
        elif isinstance(line, loglines.Report):
            self._reports.add(
                (
                    stream,
                    timestamp_ms,
                    line.request_id,
                    line.duration_ms,
                    line.billed_ms,
                    line.memory_mb,
                    line.max_memory_mb,
                    line.restore_ms if line.init_ms is None else line.init_ms,
                    _status(line.status),
                    line.error_type or None,
                )
            )
        elif isinstance(line, loglines.TimedOut):
            self._failures[line.request_id] = ("timeout", "")
        elif isinstance(line, loglines.Exited):
            self._failures[line.request_id] = ("error", line.error_type)
        elif _is_provisioned(line):
            self._provisioned.add(stream)

    def take_figures(self, stream: str, timestamp_ms: int, told: Figures) -> None:
        """Take the figures of a REPORT line from the fields of Logs Insights."""
        self._reports.add((stream, timestamp_ms, *told, None, None))

    def take_many(self, streams: Any, timestamps_ms: Any, messages: Any) -> None:
        """Take log events as columns: Arrow arrays of stream, time (int64) and message.

        Raises
        ------
        TraceError
            As :meth:`take`.
        """
        events = pa.table({"stream": streams, "timestamp_ms": timestamps_ms, "message": messages})
        events = events.filter(pc.match_substring_regex(events.column("message"), _OWN))
        for prefix, pattern, rows in (
            ("START ", _START, self._starts),
            ("REPORT ", _REPORT, self._reports),
        ):
            mine = pc.starts_with(events.column("message"), prefix)
            some = events.filter(mine)
            found = pc.extract_regex(some.column("message"), pattern)
            matched = found.is_valid()
            rows.add_table(some.drop_columns(["message"]).filter(matched), found.filter(matched))
            rest = some.filter(pc.invert(matched))
            events = pa.concat_tables([events.filter(pc.invert(mine)), rest])
        for stream, timestamp_ms, message in zip(
            *(events.column(name).to_pylist() for name in events.column_names), strict=True
        ):
            self.take(stream, timestamp_ms, message)

    def take_plain(self, stream: str, lines: Plain) -> None:
        """Take lines that were read by position."""
        for read, rows in ((lines.starts, self._starts), (lines.reports, self._reports)):
            if len(read):
                named = read.append_column("stream", pa.repeat(pa.scalar(stream), len(read)))
                rows.add_table(named, _NOTHING)

    def table(self) -> pa.Table:
        """Every attempt with a REPORT, as :data:`~lambda_nb.traces.logs.attempts.ATTEMPT`."""
        made = attempts.pair(
            self._starts.table(), self._reports.table(), self._failures, self._provisioned
        )
        named = made.append_column("function", pa.repeat(pa.scalar(self.function), len(made)))
        return pa.concat_tables([named.select(attempts.ATTEMPT.names), self._insights.table()])


def to_trace(readers: Iterable[Reader], name: str = "") -> Trace:
    """Make a trace from what the readers took.

    Log times are whole milliseconds. So each finish is limited to the next arrival in the same
    environment: an environment never seems to serve two requests at once.
    """
    tables = [reader.table() for reader in readers]
    table = pa.concat_tables([attempts.ATTEMPT.empty_table(), *tables])
    arrival_ns = table.column("arrival_ns").to_numpy()
    finish_ns = attempts.before_the_next(
        arrival_ns, table.column("finish_ns").to_numpy(), table.column("environment")
    )
    arrival, start_ns = times.since_start(arrival_ns)
    finish, _ = times.since_start(finish_ns, start_ns)
    made = table.append_column("arrival", pa.array(arrival)).append_column(
        "finish", pa.array(finish)
    )
    return Trace(made, start=start_ns if len(table) else None, name=name)


def _insights(stream: str, timestamp_ms: int, message: str) -> tuple[Any, ...]:
    """A Lambda Insights event as a row of :data:`~lambda_nb.traces.logs.attempts.ATTEMPT`."""
    try:
        event = json.loads(message)
        took_ns = round(float(event["duration"]) * 1e6)
        init = float(event["init_duration"]) if event.get("cold_start") else None
        ended_ns = int(event.get("_aws", {}).get("Timestamp", timestamp_ms)) * 1_000_000
        return (
            ended_ns - took_ns - round((init or 0.0) * 1e6),
            ended_ns,
            str(event["function_name"]),
            took_ns / 1e9,
            int(event["total_memory"]),
            None if init is None else init / 1e3,
            "warm" if init is None else "cold",
            "timeout" if event.get("timeout") else None,
            event.get("shutdown_reason"),
            float(event["billed_duration"]) / 1e3,
            int(event["used_memory_max"]),
            stream or None,
            str(event["request_id"]),
            event.get("version"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TraceError(
            f"event of Lambda Insights without a proper {error}: {message[:300]!r}"
        ) from None


def _is_provisioned(line: loglines.Line | None) -> bool:
    return (
        isinstance(line, loglines.InitStart)
        and line.initialization_type == "provisioned-concurrency"
    )


def _status(word: str | None) -> str | None:
    if word in ("success", "error", "timeout"):
        return word
    return "error" if word == "failure" else None
