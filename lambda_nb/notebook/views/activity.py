"""Poll the current activity at the endpoint of a notebook.

A lambda_nb engine reports it to the second, with its environments and its invocation log. AWS
reports it per minute through CloudWatch, without environments.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lambda_nb.notebook.connection.clients import Clients, engine_status
from lambda_nb.notebook.connection.invocation_log import InvocationLog, Record, counts
from lambda_nb.notebook.errors import aws_errors
from lambda_nb.notebook.functions import log_tail, monitoring
from lambda_nb.notebook.functions.monitoring import LogEvent

STATES = ("running", "initialising", "idle")
BARS = 60
BAR_S = 2.0
MOST_ON_AWS = 20
"""Functions to poll on AWS if none is named; every poll costs requests."""
LINES = 10

_MINUTE_S = 60.0
_FRAME = ("START ", "END ", "INIT_START ")
"""Lambda's own lines that add nothing to what the view already shows."""
_LOOK_BACK_MS = 60_000
_LOGS_LATE_S = 5.0


class Bar(NamedTuple):
    """Invocations that began within the time of one bar."""

    warm: int = 0
    cold: int = 0
    failed: int = 0


@dataclass
class Row:
    """One function: environments by state, figures of the last minute, and bars over time."""

    function: str
    states: Counter[str] | None = None
    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    cold: int | None = None
    median: float | None = None
    bars: Sequence[Bar] = ()


@dataclass
class Picture:
    """All functions at one moment, and the last lines of their logs."""

    where: str
    rows: list[Row] = field(default_factory=list)
    lines: list[tuple[str, LogEvent]] = field(default_factory=list)


class Tail:
    """The last log lines of several functions; each read continues after the last one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._since: dict[str, int] = {}
        self._seen: deque[str] = deque(maxlen=5000)
        self.lines: deque[tuple[str, LogEvent]] = deque(maxlen=LINES)

    def read(self, functions: Iterable[str]) -> None:
        """Read the new log lines of these functions."""
        fresh = []
        for function in functions:
            since = self._since.get(function, int(time.time() * 1000) - _LOOK_BACK_MS)
            try:
                page = self._client.filter_log_events(
                    logGroupName=f"/aws/lambda/{function}", startTime=since
                )
            except self._client.exceptions.ResourceNotFoundException:
                continue
            for event in page["events"]:
                since = max(since, event["timestamp"])
                if event["eventId"] in self._seen or event["message"].startswith(_FRAME):
                    continue
                self._seen.append(event["eventId"])
                message = _short(event["message"].rstrip())
                fresh.append((function, monitoring.log_event({**event, "message": message})))
            self._since[function] = since
        latest = sorted([*self.lines, *fresh], key=lambda line: line[1].time)[-LINES:]
        self.lines.clear()
        self.lines.extend(latest)


def _short(message: str) -> str:
    """A log line; a REPORT line is shortened to a few figures."""
    told = log_tail.read(message) if message.startswith("REPORT ") else None
    if told is None:
        return message
    parts = [f"REPORT {told.duration_ms:.2f} ms"]
    if told.init_ms is not None:
        parts.append(f"init {told.init_ms:.2f} ms")
    return " · ".join([*parts, f"{told.max_memory_mb} of {told.memory_mb} MB"])


class EngineSource:
    """Polls a lambda_nb engine.

    Parameters
    ----------
    clients
        Clients for the engine's endpoint.
    functions
        Only these functions; all if empty.
    """

    every = 1.0

    def __init__(self, clients: Clients, functions: Sequence[str]) -> None:
        self._lambda = clients.client()
        self._logs = clients.client("logs")
        self._only = list(functions)
        self._tail = Tail(self._logs)
        self._log = InvocationLog(self._logs, BARS * BAR_S)
        self._active: dict[str, float] = {}

    def look(self) -> Picture:
        """The picture of this moment."""
        with aws_errors():
            status = engine_status(self._lambda) or {}
            pages = self._lambda.get_paginator("list_functions").paginate()
            there = [one["FunctionName"] for page in pages for one in page["Functions"]]
            now = time.time()
            for record in self._log.read(now):
                self._active[record.function] = now
            recent = [name for name, when in self._active.items() if when > now - _LOGS_LATE_S]
            self._tail.read(name for name in recent if self._wanted(name))
        rows = {name: Row(name, Counter(), cold=0) for name in there if self._wanted(name)}
        for one in status.get("environments", ()):
            row = rows.get(one["function"])
            if row is not None and row.states is not None:
                row.states[one.get("state", "idle")] += 1
        records: dict[str, list[Record]] = {name: [] for name in rows}
        for record in self._log.records:
            if record.function in records:
                records[record.function].append(record)
        for name, row in rows.items():
            _count(row, records[name], now)
        where = f"engine {status.get('version', '')} at {self._lambda.meta.endpoint_url}"
        return Picture(where, list(rows.values()), list(self._tail.lines))

    def _wanted(self, name: str) -> bool:
        return not self._only or name in self._only


class AWSSource:
    """Polls AWS: figures per minute, no environments."""

    every = 20.0

    def __init__(self, clients: Clients, functions: Sequence[str]) -> None:
        self._lambda = clients.client()
        self._cloudwatch = clients.client("cloudwatch")
        self._tail = Tail(clients.client("logs"))
        self._only = list(functions)

    def look(self) -> Picture:
        """The picture of the last full minute."""
        names = self._only or self._first()
        picture = Picture(f"AWS, {self._lambda.meta.region_name}")
        for name in names:
            told = monitoring.read_metrics(self._cloudwatch, name, "1h", 60).fillna(0)
            row = Row(name)
            if len(told):
                last = told.iloc[-1]
                row.invocations, row.errors = int(last["Invocations"]), int(last["Errors"])
                row.throttles, row.median = int(last["Throttles"]), last["Duration"] / 1000
                row.bars = [
                    Bar(int(one["Invocations"] - one["Errors"]), 0, int(one["Errors"]))
                    for _, one in told.iterrows()
                ]
            picture.rows.append(row)
        with aws_errors():
            self._tail.read(names)
        picture.lines = list(self._tail.lines)
        return picture

    def _first(self) -> list[str]:
        with aws_errors():
            page = self._lambda.list_functions(MaxItems=MOST_ON_AWS)
        return [one["FunctionName"] for one in page["Functions"]]


def source_of(clients: Clients, functions: Sequence[str]) -> EngineSource | AWSSource:
    """The source for the endpoint: an engine reports more than AWS."""
    with aws_errors():
        engine = engine_status(clients.client()) is not None
    return EngineSource(clients, functions) if engine else AWSSource(clients, functions)


def _count(row: Row, records: Sequence[Record], now: float) -> None:
    last = [r for r in records if r.arrival > now - _MINUTE_S]
    row.invocations, row.errors, row.throttles, row.cold = counts(last)
    durations = [r.duration_ms / 1000 for r in last if not r.throttled]
    row.median = statistics.median(durations) if durations else None
    bars = [[0, 0, 0] for _ in range(BARS)]
    # Bars start at whole multiples of their width, so a bar moves but its content stays.
    newest = int(now // BAR_S)
    for r in records:
        at = BARS - 1 - (newest - int(r.arrival // BAR_S))
        if 0 <= at < BARS:
            bars[at][2 if not r.ok else 1 if r.start == "cold" else 0] += 1
    row.bars = [Bar(*bar) for bar in bars]
