"""Time that only goes forward, at the pace of a clock on the wall."""

from __future__ import annotations

import time

_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # counts a machine's sleep too
_OFFSET_NS = time.time_ns() - time.clock_gettime_ns(_BOOT)


def steady_ns() -> int:
    """Epoch nanoseconds by the wall clock as it was when the engine started: setting the machine's
    time afterwards, in either direction, shortens no wait and makes nothing old."""
    return time.clock_gettime_ns(_BOOT) + _OFFSET_NS


def steady_time() -> float:
    """The same in seconds."""
    return steady_ns() / 1e9
