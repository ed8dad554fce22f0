"""Limits the size of an environment's ``/tmp``: the sum of its files, which no kernel limit caps.

(A tmpfs would, but its pages count as the environment's memory; AWS's ``/tmp`` does not count.)
While an invocation runs, the directory is checked now and then. Once it holds too much, the file
size limit of the processes is set to 0. Every write to a file then fails (``EFBIG``; on AWS
``ENOSPC``) until the function has deleted enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterable

SHORTEST_S, LONGEST_S = 0.02, 0.25
FASTEST_GROWTH = 2e9
"""Most bytes per second that processes could write."""

_QUICK_S = 0.005
_MOST_EFFORT = 10
"""The pause after a check is at least this many times as long as the check."""
_BLOCK = 512
_MB = 1 << 20


def disk_usage(folder: str | os.PathLike[str]) -> int:
    """Bytes on disk of all files below a directory; those that vanish meanwhile do not count."""
    total = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
        except OSError:
            continue
    return total


class StorageWatchdog:
    """Keeps one environment's ``/tmp`` to its size.

    Parameters
    ----------
    folder
        The directory on this machine.
    limit_mb
        The function's ``EphemeralStorage``, in megabytes.
    processes
        The ids of all processes of the environment now.
    warn
        Called once each time the directory becomes full.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        limit_mb: int,
        processes: Callable[[], Iterable[int]],
        warn: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._limit = limit_mb * _MB
        self._processes = processes
        self._warn = warn
        self._full = False
        self._looked = self._took = 0.0
        self._running = False
        self._counting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Check now if the last check is long ago, then keep checking until :meth:`stop`."""
        self._running = True
        if self._timer is not None:
            return
        if time.monotonic() - self._looked > LONGEST_S:
            self._look()
        else:
            self._timer = self._loop.call_later(LONGEST_S, self._look)

    def stop(self) -> None:
        """Stop checking: the processes are frozen. (The timer stays, for the next invocation.)"""
        self._running = False

    def close(self) -> None:
        """Stop checking for good: the processes are gone."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if not self._running:
            return
        if self._took < _QUICK_S:
            began = time.monotonic()
            self._judge(disk_usage(self._folder))
            self._took = time.monotonic() - began
        elif self._counting is None:
            self._counting = self._loop.create_task(self._count())

    async def _count(self) -> None:
        """Count many files in a thread, so that the loop can serve other environments."""
        began = time.monotonic()
        try:
            used = await asyncio.to_thread(disk_usage, self._folder)
        finally:
            self._counting = None
        self._took = time.monotonic() - began
        if self._running:
            self._judge(used)

    def _judge(self, used: int) -> None:
        self._looked = time.monotonic()
        full = used > self._limit
        if full and not self._full:
            self._warn(
                f"LAMBDA_NB_WARNING: /tmp holds {used // _MB} MB of {self._limit // _MB} MB: "
                "writes to files fail until some are deleted (EFBIG here, ENOSPC on AWS).\n"
            )
        if full or self._full:  # each time: there may be new processes
            for pid in self._processes():
                _allow_files(pid, 0 if full else self._limit)
        self._full = full
        left = (self._limit - used) / FASTEST_GROWTH
        delay = SHORTEST_S if full else min(LONGEST_S, max(SHORTEST_S, left))
        delay = max(delay, _MOST_EFFORT * self._took)
        if self._timer is not None:  # restarted while a thread counted
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, self._look)


def _allow_files(pid: int, size: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
