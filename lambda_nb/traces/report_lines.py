"""Rows from a function's own log: START and REPORT lines, text or JSON, and Lambda Insights.

The lines are read by :mod:`lambda_nb.rules.loglines`, which also writes them for the engine. A
REPORT carries what is billed; the time of START is when the handler began, to the millisecond.
What such a log cannot tell: throttles, and whether a handler's own exception ended an invocation
(its status is unknown unless the line says one). Lambda Insights writes one event an invocation
(``event_type: performance``), timed when it ended.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lambda_nb.rules import loglines
from lambda_nb.traces import times
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

FILTER = (
    '?"START RequestId" ?"REPORT RequestId" ?"Task timed out" ?"Runtime exited" '
    '?"platform.start" ?"platform.report" ?"platform.initStart" ?"LambdaInsights"'
)
"""Filter pattern of the Logs API that leaves out what functions print themselves."""

_MARKS = ("START ", "REPORT ", "RequestId: ")
_MS = 1_000_000


@dataclass(slots=True)
class _Attempts:
    """What one stream said of one request id; a retried event has several of each."""

    starts: list[tuple[int, str]] = field(default_factory=list)
    reports: list[tuple[int, loglines.Report]] = field(default_factory=list)
    failure: tuple[str | None, str] = (None, "")


class Reader:
    """Takes log events of one function in any order and pairs START with REPORT.

    Parameters
    ----------
    function : str
        Name of the function whose log it is (events of Lambda Insights name their own).
    """

    def __init__(self, function: str) -> None:
        self.function = function
        self._attempts: defaultdict[tuple[str, str], _Attempts] = defaultdict(_Attempts)
        self._provisioned: set[str] = set()
        self._insights: list[dict[str, Any]] = []

    def take(self, stream: str, timestamp_ms: int, message: str) -> None:
        """Take one log event; lines of the function itself are passed over.

        Raises
        ------
        TraceError
            A line of Lambda's lacks a figure.
        """
        if message.startswith("{"):
            if '"performance"' in message and '"function_name"' in message:
                self._take_insights(stream, timestamp_ms, message)
                return
        elif not message.startswith(_MARKS) and " Task timed out after " not in message:
            return
        try:
            line = loglines.parse(message)
        except ValueError as error:
            raise TraceError(str(error)) from None
        if isinstance(line, loglines.Start):
            self._attempts[stream, line.request_id].starts.append((timestamp_ms, line.version))
        elif isinstance(line, loglines.Report):
            self._attempts[stream, line.request_id].reports.append((timestamp_ms, line))
        elif isinstance(line, loglines.TimedOut):
            self._attempts[stream, line.request_id].failure = ("timeout", "")
        elif isinstance(line, loglines.Exited):
            self._attempts[stream, line.request_id].failure = ("error", line.error_type)
        elif _is_provisioned(line):
            self._provisioned.add(stream)

    def rows(self) -> list[dict[str, Any]]:
        """Every attempt that has its REPORT; those still running are left out.

        Times are epoch nanoseconds. Arrival is START less the init phase that came before it.
        """
        return self._insights + [
            self._row(stream, at, attempts, reported, report)
            for (stream, _), attempts in self._attempts.items()
            for at, (reported, report) in enumerate(sorted(attempts.reports, key=lambda r: r[0]))
        ]

    def _row(
        self, stream: str, at: int, attempts: _Attempts, reported: int, report: loglines.Report
    ) -> dict[str, Any]:
        starts = sorted(attempts.starts)
        # Integers: a float of epoch nanoseconds is a quarter of a microsecond off.
        took_ns = round(report.duration_ms * _MS)
        began_ns, version = reported * _MS - took_ns, ""
        if at < len(starts):
            began_ns, version = starts[at][0] * _MS, starts[at][1]
        init = report.restore_ms if report.init_ms is None else report.init_ms
        start = "cold" if init is not None else "warm"
        if init is None and stream in self._provisioned:
            start = "provisioned"
        status, error_type = attempts.failure
        return {
            "arrival_ns": began_ns - round((init or 0.0) * _MS),
            "finish_ns": began_ns + took_ns,
            "function": self.function,
            "duration": report.duration_ms / 1e3,
            "memory": report.memory_mb,
            "init": None if init is None else init / 1e3,
            "start": start,
            "status": _status(report.status) or status,
            "reason": report.error_type or error_type or None,
            "billed": report.billed_ms / 1e3,
            "max_memory": report.max_memory_mb,
            "environment": stream or None,
            "request_id": report.request_id,
            "version": version or None,
        }

    def _take_insights(self, stream: str, timestamp_ms: int, message: str) -> None:
        try:
            event = json.loads(message)
            took_ns = round(float(event["duration"]) * _MS)
            init = float(event["init_duration"]) if event.get("cold_start") else None
            ended_ns = int(event.get("_aws", {}).get("Timestamp", timestamp_ms)) * _MS
            row = {
                "arrival_ns": ended_ns - took_ns - round((init or 0.0) * _MS),
                "finish_ns": ended_ns,
                "function": str(event["function_name"]),
                "duration": took_ns / 1e9,
                "memory": int(event["total_memory"]),
                "init": None if init is None else init / 1e3,
                "start": "warm" if init is None else "cold",
                "status": "timeout" if event.get("timeout") else None,
                "reason": event.get("shutdown_reason"),
                "billed": float(event["billed_duration"]) / 1e3,
                "max_memory": int(event["used_memory_max"]),
                "environment": stream or None,
                "request_id": str(event["request_id"]),
                "version": event.get("version"),
            }
        except (KeyError, TypeError, ValueError) as error:
            raise TraceError(
                f"event of Lambda Insights without a proper {error}: {message[:300]!r}"
            ) from None
        self._insights.append(row)


def to_trace(readers: Iterable[Reader], name: str = "") -> Trace:
    """Make a trace of what readers took.

    Log times are whole milliseconds, so a finish is at most the next arrival of the same
    environment: one environment never seems to serve two requests at once.
    """
    rows = [row for reader in readers for row in reader.rows()]
    if not rows:
        return Trace(
            {"arrival": [], "function": pa.array([], pa.string()), "duration": []}, name=name
        )
    columns: dict[str, Any] = {key: [row[key] for row in rows] for key in rows[0]}
    arrival_ns = np.array(columns.pop("arrival_ns"), dtype=np.int64)
    finish_ns = np.array(columns.pop("finish_ns"), dtype=np.int64)
    finish_ns = _before_the_next(arrival_ns, finish_ns, columns["environment"])
    columns["arrival"], start_ns = times.since_start(arrival_ns)
    columns["finish"], _ = times.since_start(finish_ns, start_ns)
    for text in ("status", "reason", "environment", "version"):
        columns[text] = pa.array(columns[text], pa.string())
    columns["init"] = pa.array(columns["init"], pa.float64())
    return Trace(columns, start=start_ns, name=name)


def _before_the_next(arrival: Any, finish: Any, environment: list[str | None]) -> Any:
    names = {name: at for at, name in enumerate(dict.fromkeys(environment))}
    codes = np.array([names[name] for name in environment])
    order = np.lexsort((arrival, codes))
    before, following = order[:-1], order[1:]
    same = codes[following] == codes[before]
    limited = finish.copy()
    limited[before[same]] = np.minimum(finish[before], arrival[following])[same]
    return limited


def _is_provisioned(line: loglines.Line | None) -> bool:
    return (
        isinstance(line, loglines.InitStart)
        and line.initialization_type == "provisioned-concurrency"
    )


def _status(word: str | None) -> str | None:
    if word in ("success", "error", "timeout"):
        return word
    return "error" if word == "failure" else None
