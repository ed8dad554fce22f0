"""The events that functions got lately, with what became of them: for looking back and replaying.

They are in memory only, and the oldest make room: this is a window, not a record.
"""

from __future__ import annotations

import base64
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled

MOST_OF_A_FUNCTION = 1000
MOST_BYTES = 64 << 20
"""Bytes of events and responses, of all functions of a Region."""
MOST_SHOWN = 1000


@dataclass(slots=True)
class _Event:
    """One attempt; ``arrived`` in epoch seconds."""

    arrived: float
    request_id: str
    version: str
    alias: str
    source: str
    payload: bytes
    attempt: int = 1
    status: str = "running"
    error_type: str = ""
    response: bytes = b""
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None
    memory_mb: int = 0
    architecture: str = ""

    @property
    def size(self) -> int:
        return len(self.payload) + len(self.response)


class RecentEvents:
    """The latest events of a Region's functions."""

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[int, _Event]] = {}
        self._order: OrderedDict[int, str] = OrderedDict()
        self._latest: dict[tuple[str, str], int] = {}  # attempts, by function and request
        self._numbers = 0
        self._bytes = 0
        self._dropped: dict[str, int] = {}

    def begin(self, resolved: Resolved, invocation: Invocation) -> int:
        """Note that an attempt begins; returns its number."""
        function = resolved.function
        self._numbers += 1
        events = self._of.setdefault(function.name, OrderedDict())
        attempt = 1
        if invocation.source != "invoke":
            request = (function.name, invocation.request_id)
            earlier = events.get(self._latest.get(request, 0))
            if earlier is not None:
                attempt = earlier.attempt + (earlier.status != "throttled")
            self._latest[request] = self._numbers
        event = _Event(
            arrived=time.time(),
            request_id=invocation.request_id,
            version=function.version,
            alias=resolved.alias or "",
            source=invocation.source,
            payload=invocation.payload,
            attempt=attempt,
            memory_mb=function.memory_mb,
            architecture=function.architecture,
        )
        events[self._numbers] = event
        self._order[self._numbers] = function.name
        self._bytes += event.size
        if len(events) > MOST_OF_A_FUNCTION:
            self._drop(next(iter(events)))
        self._shrink()
        return self._numbers

    def finish(self, number: int, outcome: InvocationResult | BaseException) -> None:
        """Note how an attempt ended."""
        if number not in self._order:
            return
        event = self._of[self._order[number]][number]
        if isinstance(outcome, InvocationResult):
            event.status = outcome.status
            event.error_type = outcome.error_type or ""
            event.duration_ms = outcome.duration_ms
            event.billed_ms = outcome.billed_ms
            event.init_ms = outcome.init_ms
            event.response = outcome.payload
            self._bytes += len(outcome.payload)
            self._shrink()
        elif isinstance(outcome, Throttled):
            event.status, event.error_type = "throttled", outcome.reason
        else:
            event.status, event.error_type = "not run", str(outcome) or type(outcome).__name__

    def told(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What is shown of one function.

        Parameters
        ----------
        query
            ``function``, its name; ``since``, epoch seconds; ``limit``, how many of the latest.

        Returns
        -------
        dict
            ``events``, the oldest first, with ``payload`` and ``response`` in base64; ``dropped``,
            how many older ones had to make room.

        Raises
        ------
        ValueError
            A number is none.
        """
        name = query.get("function", "")
        since, limit = float(query.get("since", 0)), int(query.get("limit", MOST_SHOWN))
        events = [e for e in self._of.get(name, {}).values() if e.arrived >= since]
        return {
            "events": [_shown(event) for event in events[-limit:]] if limit > 0 else [],
            "dropped": self._dropped.get(name, 0),
        }

    def _shrink(self) -> None:
        while self._bytes > MOST_BYTES and self._order:
            self._drop(next(iter(self._order)))

    def _drop(self, number: int) -> None:
        name = self._order.pop(number)
        event = self._of[name].pop(number)
        self._bytes -= event.size
        if self._latest.get((name, event.request_id)) == number:
            del self._latest[name, event.request_id]
        self._dropped[name] = self._dropped.get(name, 0) + 1


def _shown(event: _Event) -> dict[str, Any]:
    return {
        "arrived": event.arrived,
        "request_id": event.request_id,
        "version": event.version,
        "alias": event.alias,
        "source": event.source,
        "attempt": event.attempt,
        "status": event.status,
        "error_type": event.error_type,
        "duration_ms": event.duration_ms,
        "billed_ms": event.billed_ms,
        "init_ms": event.init_ms,
        "memory_mb": event.memory_mb,
        "architecture": event.architecture,
        "payload": base64.b64encode(event.payload).decode(),
        "response": base64.b64encode(event.response).decode(),
    }
