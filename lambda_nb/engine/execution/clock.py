"""The engine's one clock: epoch nanoseconds that never repeat and never go back."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from lambda_nb.engine.steady_clock import steady_ns


class Clock:
    """Strictly increasing epoch nanoseconds.

    It uses :func:`~lambda_nb.engine.steady_clock.steady_ns`, so setting the machine's time changes
    no decision. Two readings always differ, so recorded events can be sorted by their times.
    """

    def __init__(self) -> None:
        self.origin_ns = steady_ns()
        self._last = self.origin_ns

    def now_ns(self) -> int:
        """A time that no other call has returned."""
        now = steady_ns()
        if now <= self._last:
            now = self._last + 1
        self._last = now
        return now

    def seconds(self, ns: int) -> float:
        """Seconds since this clock began: small enough that a float tells nanoseconds apart."""
        return (ns - self.origin_ns) / 1e9


def iso(epoch_ms: int) -> str:
    """``2026-11-23T14:00:00.123Z``."""
    at = datetime.fromtimestamp(epoch_ms // 1000, timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def epoch_ms() -> int:
    """Milliseconds since 1970 by the wall clock, for log events and deadlines."""
    return time.time_ns() // 1_000_000
