"""How much memory an environment uses, and the watchdog that ends one that uses too much.

Resident memory is read from ``/proc`` while an invocation runs, more often near the limit. Even at
:data:`FASTEST_GROWTH` a process can exceed its limit unseen by the growth of one interval at most
(measured overrun of a 5 ms interval: 1 to 7 MB, facts/local-runtimes.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

from lambda_nb.engine.execution.runtimes.zygotes import Process, descendants

SHORTEST_S, LONGEST_S = 0.005, 0.1
FASTEST_GROWTH = 4e9
"""Most bytes per second that a process could touch."""

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MB = 1 << 20


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all it started; 0 when it is gone."""
    total = _resident(pid)
    for child in descendants(pid):
        total += _resident(child)
    return total


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split(None, 2)[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Watchdog:
    """Watches one environment's process; ``exceeded`` is called once when it is over its limit."""

    def __init__(self, process: Process, limit_mb: int, exceeded: Callable[[], None]) -> None:
        self._process = process
        self._limit = limit_mb * _MB
        self._exceeded = exceeded
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._peak = 0
        self._status = -1
        with contextlib.suppress(OSError):
            self._status = os.open(f"/proc/{process.pid}/status", os.O_RDONLY)

    def start(self) -> None:
        """Watch until :meth:`stop`."""
        self.stop()
        self._timer = self._loop.call_later(SHORTEST_S, self._look)

    def stop(self) -> None:
        """Stop watching: the process is frozen or gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Stop, and close the process's status file."""
        self.stop()
        if self._status >= 0:
            os.close(self._status)
            self._status = -1

    def peak_mb(self) -> int:
        """The peak of memory in use, in whole megabytes, at most the limit."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            if self._status >= 0:
                text = os.pread(self._status, 4096, 0)
                high = text.index(b"VmHWM:")
                self._peak = max(self._peak, int(text[high + 6 : high + 30].split()[0]) * 1024)
        return -(-min(self._peak, self._limit) // _MB)

    def _look(self) -> None:
        used = resident_bytes(self._process.pid)
        self._peak = max(self._peak, used)
        if used > self._limit:
            self._timer = None
            self._exceeded()
            return
        delay = min(LONGEST_S, max(SHORTEST_S, (self._limit - used) / FASTEST_GROWTH))
        self._timer = self._loop.call_later(delay, self._look)
