"""The results of a run with queues and retries: its requests and their attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import simpy

from lambda_nb.simulator.assumptions.workload import Floats, Ints, Workload

THROTTLE = 3
"""Codes of an attempt's outcome, beside the workload's ``SUCCESS``, ``ERROR`` and ``TIMEOUT``."""
EXPIRED = 4
DROPPED = 5

OUTCOMES = ("success", "error", "timeout", "throttle", "expired", "dropped")
"""Words for these codes; a request has that of its last attempt. ``expired``: too old for another
try; ``dropped``: stopped by Lambda as a loop."""


class Request:
    """One request: a row of the trace, or a call by a function.

    Attributes
    ----------
    row
        Its row in the trace, -1 for a call.
    caller
        Number of the request whose invocation made this one; -1: none.
    chain
        Functions that led to this one.
    attempts, receives
        Tries so far, and how often a message was received and went back to the queue.
    outcome, done
        A code of :data:`OUTCOMES`, and the time (s) when the request was done.
    failed
        Whether the handler failed on it in the last attempt.
    """

    __slots__ = (
        "arrival", "attempts", "busy", "caller", "chain", "done", "duration", "failed", "function",
        "init", "memory", "number", "outcome", "receives", "row", "status",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        row: int,
        function: int,
        arrival: float,
        duration: float,
        busy: float,
        init: float,
        memory: int,
        status: int,
        caller: int = -1,
        chain: tuple[int, ...] = (),
    ) -> None:
        self.number = number
        self.row = row
        self.function = function
        self.arrival = arrival
        self.duration = duration
        self.busy = busy
        self.init = init
        self.memory = memory
        self.status = status
        self.caller = caller
        self.chain = chain
        self.attempts = 0
        self.receives = 0
        self.outcome = -1
        self.done = float("nan")
        self.failed = False


class Requests:
    """All requests of a run, by number, and how many are not done yet."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self.all: list[Request] = []
        self.unfinished = 0

    def add(self, row: int, *what: Any, **more: Any) -> Request:
        """Add a request; the arguments are those of :class:`Request` from ``row`` on."""
        request = Request(len(self.all), row, *what, **more)
        self.all.append(request)
        self.unfinished += 1
        return request

    def close(self, request: Request, outcome: int) -> None:
        """Close a request with its outcome."""
        request.outcome = outcome
        request.done = self._env.now
        self.unfinished -= 1


class Attempts:
    """The attempts as columns; each attempt adds one row."""

    def __init__(self) -> None:
        self.request: list[int] = []
        self.row: list[int] = []
        self.arrival: list[float] = []
        self.function: list[int] = []
        self.busy: list[float] = []
        self.init: list[float] = []
        self.duration: list[float] = []
        self.memory: list[int] = []
        self.status: list[int] = []
        self.code: list[int] = []
        self.environment: list[int] = []
        self.finish: list[float] = []
        self.number: list[int] = []
        self.records: list[int] = []
        self.version: list[int] = []

    def add(
        self, first: Request, records: int, now: float, version: int, code: int, environment: int
    ) -> int:
        """Add an attempt that begins; returns its index."""
        self.request.append(first.number)
        self.row.append(first.row)
        self.arrival.append(now)
        self.function.append(first.function)
        self.busy.append(first.busy)
        self.init.append(first.init)
        self.duration.append(first.duration)
        self.memory.append(first.memory)
        self.status.append(THROTTLE)
        self.code.append(code)
        self.environment.append(environment)
        self.finish.append(float("nan"))
        self.number.append(first.attempts)
        self.records.append(records)
        self.version.append(version)
        return len(self.arrival) - 1

    def workload(self, functions: list[str], timeout: Floats) -> Workload:
        """The attempts as a workload: one row each."""
        count = len(self.arrival)
        return Workload(
            functions=functions,
            arrival=np.array(self.arrival, dtype=np.float64),
            function=np.array(self.function, dtype=np.int32),
            busy=np.array(self.busy, dtype=np.float64),
            init=np.array(self.init, dtype=np.float64),
            duration=np.array(self.duration, dtype=np.float64),
            finish=np.full(count, np.nan),
            was=np.full(count, -1, dtype=np.int8),
            memory=np.array(self.memory, dtype=np.int32),
            status=np.array(self.status, dtype=np.int8),
            timeout=timeout,
        )

    @property
    def rows(self) -> Ints:
        """The trace's row that each attempt is for, -1 for calls."""
        return np.array(self.row, dtype=np.int32)

    def columns(self) -> dict[str, Any]:
        """The columns that plain invocations do not have."""
        return {
            "request": np.array(self.request, dtype=np.int64),
            "attempt": np.array(self.number, dtype=np.int32),
            "records": np.array(self.records, dtype=np.int32),
            "version": np.array(self.version, dtype=np.int32),
        }


def frame_of(requests: Sequence[Request], functions: list[str]) -> pd.DataFrame:
    """One row per request, by number, with its outcome.

    ``arrival`` s, ``function``, ``attempts``, ``outcome`` (see :data:`OUTCOMES`), ``done`` s,
    ``latency`` s (from arrival until done, with queueing, init and retries), ``row`` (of the trace,
    -1 for a call), ``caller`` (number of the request that made this call, -1 for none).
    """
    arrival = np.array([each.arrival for each in requests], dtype=np.float64)
    done = np.array([each.done for each in requests], dtype=np.float64)
    function = np.array([each.function for each in requests], dtype=np.int32)
    outcome = np.array([each.outcome for each in requests], dtype=np.int8)
    names: object = functions
    words: object = list(OUTCOMES)
    frame: pd.DataFrame = pd.DataFrame(
        {
            "arrival": arrival,
            "function": pd.Categorical.from_codes(function, names),  # type: ignore[call-overload]
            "attempts": np.array([each.attempts for each in requests], dtype=np.int32),
            "outcome": pd.Categorical.from_codes(outcome, words),  # type: ignore[call-overload]
            "done": done,
            "latency": done - arrival,
            "row": np.array([each.row for each in requests], dtype=np.int64),
            "caller": np.array([each.caller for each in requests], dtype=np.int64),
        }
    )
    frame.index.name = "request"
    return frame
