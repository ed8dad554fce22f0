"""CPU time in proportion to memory where no control group can see to it.

A bucket of CPU time fills at the function's share of a vCPU, up to what one period of the kernel's
own scheduler would allow. While an environment works its CPU clocks are read, more often the less
is left; when the bucket is empty its processes are stopped until it is not. Debts are kept, so the
average is exact however late a look comes (measured against control groups: within 2 %,
facts/local-runtimes.md).
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Protocol

from lambda_nb.engine.execution.sandbox.cgroup_v1 import PERIOD_US
from lambda_nb.rules.quotas import VCPU_MB

SHORTEST_S = 0.002
_PERIOD_S = PERIOD_US / 1e6
_REFILL = 0.5
"""How full the bucket is when stopped processes go on."""


class Processes(Protocol):
    """The processes of one environment."""

    def ids(self) -> list[int]:
        """The ids of all that live."""

    def freeze(self) -> None:
        """Stop them all."""

    def thaw(self) -> None:
        """Let them go on."""


class Governor:
    """Keeps one environment's processes to their share of CPU time."""

    def __init__(self, processes: Processes, memory_mb: int) -> None:
        self._processes = processes
        self._share = memory_mb / VCPU_MB.value
        self._most = self._share * _PERIOD_S
        self._cores = os.cpu_count() or 1
        self._left = self._most
        self._at = time.monotonic()
        self._clocks: dict[int, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Count from now on until :meth:`stop`."""
        self.stop()
        self._look()

    def stop(self) -> None:
        """Count no more: the processes are stopped for good or gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = time.monotonic()
        gained, self._at = (now - self._at) * self._share, now
        self._left = min(self._most, self._left + gained) - self._used()
        if self._left <= 0:
            self._processes.freeze()
            pause = (_REFILL * self._most - self._left) / self._share
            self._timer = self._loop.call_later(pause, self._go_on)
        else:
            soon = max(SHORTEST_S, self._left / self._cores)
            self._timer = self._loop.call_later(soon, self._look)

    def _go_on(self) -> None:
        self._processes.thaw()
        self._look()

    def _used(self) -> float:
        """Seconds of CPU time since the last look, of all processes and threads."""
        total = 0.0
        clocks = {}
        for pid in self._processes.ids():
            try:
                # Linux's clock of all threads of a process: CPUCLOCK_SCHED of its id.
                clocks[pid] = time.clock_gettime(~pid << 3 | 2)
            except OSError:
                continue
            total += clocks[pid] - self._clocks.get(pid, 0.0)
        self._clocks = clocks
        return total
