"""Time that never goes back: the wall time of the start plus the time since then."""

from __future__ import annotations

import time

_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # includes the machine's sleep
_OFFSET_NS = time.time_ns() - time.clock_gettime_ns(_BOOT)


def steady_ns() -> int:
    """Epoch nanoseconds, counted from the wall clock at the engine's start. Later changes of the
    machine's time, in either direction, affect no wait and no age."""
    return time.clock_gettime_ns(_BOOT) + _OFFSET_NS


def steady_time() -> float:
    """The same in seconds."""
    return steady_ns() / 1e9
