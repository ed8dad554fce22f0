"""Keeps the event loop awake for a moment when its next event may come at any instant.

To wake a sleeping process, its sleeping processor must wake first: that takes 20 to 40 microseconds
on a virtual machine, twice in an invocation. So while one invocation is under way, and for a moment
after its response, the loop polls for events instead of sleeping. The kernel's network drivers
(``net.core.busy_poll``) and hypervisors (``halt_poll_ns``) do the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from time import perf_counter
from types import TracebackType

FOR_S = 0.000_2
"""How long the loop polls without an event before it sleeps. The response of a trivial function and
the next request of a caller in a loop come within this time; a slower caller costs no more."""


_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""A container's CPU quota (control groups, version 2): CPU time and period, in microseconds."""


class BusyPoll:
    """A context for each invocation. Polls while there is one, not while there are several.

    With several, the loop finds events without polling, and functions need the processors.
    With fewer than two processors it never polls.
    """

    def __init__(self) -> None:
        self._allowed = _processors() >= 2
        self._under_way = 0
        self._until = 0.0
        self.polling = False
        """Whether the loop is kept awake."""

    def __enter__(self) -> None:
        """An invocation begins."""
        self._under_way += 1
        self._begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """An invocation has been answered."""
        self._under_way -= 1
        self._begin()

    def _begin(self) -> None:
        if not self._allowed or self._under_way > 1:
            return
        self._until = perf_counter() + FOR_S
        if not self.polling:
            self.polling = True
            self._again()

    def _again(self) -> None:
        self.polling = self._under_way <= 1 and perf_counter() < self._until
        if self.polling:
            asyncio.get_running_loop().call_soon(self._again)


def _processors() -> float:
    """How many processors this process may use, by its affinity and its quota."""
    try:
        here = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # not on Linux
        return float(os.cpu_count() or 1)
    with contextlib.suppress(OSError, ValueError):  # "max 100000" where there is no quota
        quota, period = _QUOTA.read_text().split()
        here = min(here, int(quota) / int(period))
    return here
