"""Read a lambda_nb engine's invocation log: one record for each attempt, as it ends."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

INVOCATION_LOG = "/lambda-nb/invocations"
MOST_RECORDS = 100_000
"""Kept by one reader; more than that in its window, and the oldest go."""


class Record(NamedTuple):
    """One attempt. Times are epoch seconds; ``environment`` is the name of its log stream."""

    function: str
    version: str
    request_id: str
    arrival: float
    finish: float
    start: str
    status: str
    environment: str
    duration_ms: float
    init_ms: float
    billed_ms: float
    memory_mb: int
    max_memory_mb: int
    architecture: str
    code_sha256: str = ""

    @property
    def throttled(self) -> bool:
        """Whether it was throttled, and so did not run."""
        return self.start == "throttle"

    @property
    def ok(self) -> bool:
        """Whether the function succeeded."""
        return self.status == "success"


class Counts(NamedTuple):
    """How many attempts there were, and what became of them; errors are of those that ran."""

    invocations: int
    errors: int
    throttles: int
    cold: int


def counts(records: Sequence[Record]) -> Counts:
    """Count some attempts."""
    return Counts(
        invocations=len(records),
        errors=sum(not record.ok and not record.throttled for record in records),
        throttles=sum(record.throttled for record in records),
        cold=sum(record.start == "cold" for record in records),
    )


class InvocationLog:
    """The records of the last ``window_s`` seconds; each read continues after the last one.

    Parameters
    ----------
    logs
        A boto3 client of CloudWatch Logs.
    window_s
        Seconds that records are kept.
    function
        Only the records of this function; all if empty.
    """

    def __init__(self, logs: Any, window_s: float, function: str = "") -> None:
        self._logs = logs
        self._window_s = window_s
        self._function = function
        self._day, self._since = "", 0.0
        self._token: str | None = None
        self.records: deque[Record] = deque(maxlen=MOST_RECORDS)

    def read(self, now: float) -> list[Record]:
        """Read what is new at ``now`` (epoch seconds) and return it."""
        fresh: list[Record] = []
        today = time.strftime("%Y/%m/%d", time.gmtime(now))
        if today != self._day:
            if self._day:
                fresh += self._read_day()  # the rest of yesterday's records
            # A token counts from the first event after this time, so the time must stay the same.
            self._day, self._token, self._since = today, None, now - self._window_s
        fresh += self._read_day()
        self.records.extend(fresh)
        while self.records and self.records[0].arrival < now - self._window_s:
            self.records.popleft()
        return fresh

    def _read_day(self) -> list[Record]:
        request = {
            "logGroupName": INVOCATION_LOG,
            "logStreamName": self._day,
            "startFromHead": True,
            "startTime": int(self._since * 1000),
        }
        fresh: list[Record] = []
        while True:
            more = {"nextToken": self._token} if self._token else {}
            try:
                page = self._logs.get_log_events(**request, **more)
            except self._logs.exceptions.ResourceNotFoundException:
                return fresh  # nothing was invoked yet
            told = (json.loads(event["message"]) for event in page["events"])
            fresh += [record(one) for one in told if self._function in ("", one["function"])]
            before, self._token = self._token, page["nextForwardToken"]
            if self._token == before or not page["events"]:
                return fresh


def record(told: Mapping[str, Any]) -> Record:
    """A record as the log has it, with the times in seconds."""
    return Record(
        function=told["function"],
        version=told["version"],
        request_id=told["request_id"],
        arrival=told["arrival_ns"] / 1e9,
        finish=told["finish_ns"] / 1e9,
        start=told["start"],
        status=told["status"],
        environment=told["environment"],
        duration_ms=told["duration_ms"],
        init_ms=told["init_ms"] or 0.0,
        billed_ms=told["billed_ms"],
        memory_mb=told["memory_mb"],
        max_memory_mb=told["max_memory_mb"],
        architecture=told["architecture"],
        code_sha256=told.get("code_sha256", ""),  # not in logs of engines before 0.2
    )
