"""START and REPORT lines of a function's log, text or JSON, as AWS and the engine write them.

Formats: facts/executor.md sections 2 and 3 (AWS Developer Guide, 2026). A REPORT line carries what
is billed; the time of the START event is when the handler began, to the millisecond. What such a
log cannot tell: throttles, and whether a handler's own exception ended the invocation (its status
is unknown unless the line says one).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lambda_nb.traces import times
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

FILTER = (
    '?"START RequestId" ?"REPORT RequestId" ?"Task timed out" '
    '?"platform.start" ?"platform.report" ?"platform.initStart"'
)
"""Filter pattern of the Logs API that leaves out what functions print themselves."""

_START = re.compile(r"^START RequestId: (\S+)(?: Version: (\S+))?")
_REPORT = re.compile(r"^REPORT RequestId: (\S+)\s+(.*)", re.DOTALL)
_TIMED_OUT = re.compile(r"(\S+) Task timed out after ")
# "Billed Duration" must not be taken for "Duration": what stands before a key is a tab or spaces.
_PAIRS = re.compile(
    r"(?:^|\s)(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration|"
    r"Memory Size|Max Memory Used|Status|Error Type): (\S+)"
)


@dataclass(slots=True)
class Report:
    """One REPORT, in milliseconds and megabytes."""

    duration: float
    billed: float
    memory: int
    max_memory: int
    init: float | None = None
    status: str | None = None
    error_type: str | None = None


@dataclass(slots=True)
class _Attempts:
    """What one stream said of one request id; a retried event has several of each."""

    starts: list[tuple[int, str | None]] = field(default_factory=list)
    reports: list[tuple[int, Report]] = field(default_factory=list)
    timed_out: bool = False


class Reader:
    """Takes log events of one function in any order and pairs START with REPORT."""

    def __init__(self, function: str) -> None:
        self.function = function
        self._attempts: defaultdict[tuple[str, str], _Attempts] = defaultdict(_Attempts)
        self._provisioned: set[str] = set()

    def take(self, stream: str, timestamp_ms: int, message: str) -> None:
        """Take one log event; lines of the function itself are passed over.

        Raises
        ------
        TraceError
            A REPORT that lacks a figure.
        """
        if message.startswith("{"):
            self._take_json(stream, timestamp_ms, message)
        elif message.startswith("START "):
            if found := _START.match(message):
                self._attempts[stream, found[1]].starts.append((timestamp_ms, found[2]))
        elif message.startswith("REPORT "):
            if found := _REPORT.match(message):
                report = parse_report(found[2], message)
                self._attempts[stream, found[1]].reports.append((timestamp_ms, report))
        elif found := _TIMED_OUT.search(message):
            self._attempts[stream, found[1]].timed_out = True

    def _take_json(self, stream: str, timestamp_ms: int, message: str) -> None:
        if '"platform.' not in message:
            return
        try:
            event = json.loads(message)
        except ValueError:
            return
        record = event.get("record")
        if not isinstance(record, dict):
            return
        kind = event.get("type")
        if kind == "platform.initStart":
            if record.get("initializationType") == "provisioned-concurrency":
                self._provisioned.add(stream)
        elif kind == "platform.start":
            at = _ms(event.get("time"), timestamp_ms)
            attempts = self._attempts[stream, str(record.get("requestId"))]
            attempts.starts.append((at, record.get("version")))
        elif kind == "platform.report":
            at = _ms(event.get("time"), timestamp_ms)
            report = _json_report(record, message)
            self._attempts[stream, str(record.get("requestId"))].reports.append((at, report))

    def rows(self) -> list[dict[str, Any]]:
        """Every attempt that has its REPORT; those still running are left out.

        Times are epoch nanoseconds. Arrival is the START less the init phase that came before it.
        """
        rows = []
        for (stream, request_id), attempts in self._attempts.items():
            starts = sorted(attempts.starts, key=lambda start: start[0])
            for at, (reported, report) in enumerate(sorted(attempts.reports, key=lambda r: r[0])):
                version: str | None = None
                # Integers: a float of epoch nanoseconds is a quarter of a microsecond off.
                took_ns = round(report.duration * 1e6)
                began_ns = reported * 1_000_000 - took_ns
                if at < len(starts):
                    began_ns, version = starts[at][0] * 1_000_000, starts[at][1]
                status = report.status or ("timeout" if attempts.timed_out else None)
                rows.append(
                    {
                        "arrival_ns": began_ns - round((report.init or 0.0) * 1e6),
                        "finish_ns": began_ns + took_ns,
                        "function": self.function,
                        "duration": report.duration / 1e3,
                        "memory": report.memory,
                        "init": None if report.init is None else report.init / 1e3,
                        "start": self._start(stream, report),
                        "status": status,
                        "reason": report.error_type,
                        "billed": report.billed / 1e3,
                        "max_memory": report.max_memory,
                        "environment": stream or None,
                        "request_id": request_id,
                        "version": version,
                    }
                )
        return rows

    def _start(self, stream: str, report: Report) -> str:
        if report.init is not None:
            return "cold"
        return "provisioned" if stream in self._provisioned else "warm"


def parse_report(text: str, message: str) -> Report:
    """Read what stands after the request id of a REPORT line."""
    found = dict(_PAIRS.findall(text))
    try:
        init = found.get("Init Duration", found.get("Restore Duration"))
        return Report(
            duration=float(found["Duration"]),
            billed=float(found["Billed Duration"]),
            memory=int(found["Memory Size"]),
            max_memory=int(found["Max Memory Used"]),
            init=None if init is None else float(init),
            status=_status(found.get("Status")),
            error_type=found.get("Error Type"),
        )
    except (KeyError, ValueError) as error:
        raise TraceError(f"REPORT line without a proper {error}: {message[:300]!r}") from None


def _json_report(record: dict[str, Any], message: str) -> Report:
    metrics = record.get("metrics")
    try:
        if not isinstance(metrics, dict):
            raise KeyError("metrics")
        init = metrics.get("initDurationMs", metrics.get("restoreDurationMs"))
        return Report(
            duration=float(metrics["durationMs"]),
            billed=float(metrics["billedDurationMs"]),
            memory=int(metrics["memorySizeMB"]),
            max_memory=int(metrics["maxMemoryUsedMB"]),
            init=None if init is None else float(init),
            status=_status(record.get("status")),
            error_type=record.get("errorType"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TraceError(f"platform.report without a proper {error}: {message[:300]!r}") from None


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
    following = order[1:]
    before = order[:-1]
    same = codes[following] == codes[before]
    limited = finish.copy()
    capped = np.minimum(finish[before], np.maximum(arrival[following], arrival[before]))
    limited[before[same]] = capped[same]
    return limited


def _status(word: object) -> str | None:
    if word in ("success", "error", "timeout"):
        return str(word)
    return "error" if word == "failure" else None


def _ms(time: object, otherwise: int) -> int:
    """The event's own time where it has one: milliseconds since the epoch."""
    if not isinstance(time, str):
        return otherwise
    return times.to_ns(time) // 1_000_000
