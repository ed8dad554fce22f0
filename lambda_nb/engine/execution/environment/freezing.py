"""Freezes an environment between two invocations: stops its processes after a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

FREEZE_AFTER_S = 0.002
"""If the next invocation follows at once, the processes still run: that saves four context
switches."""
_TICK_S = 0.001


class Freezing:
    """Calls ``freeze`` when an environment has been idle for :data:`FREEZE_AFTER_S`.

    An early invocation does not cancel the timer. When the timer fires, it checks the idle time and
    is set again if that is too short. Under load one timer serves many invocations.
    """

    def __init__(self, freeze: Callable[[], None]) -> None:
        self._freeze = freeze
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The environment is idle."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(FREEZE_AFTER_S, self._look)

    def end(self) -> None:
        """The environment works."""
        self._since = None

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + FREEZE_AFTER_S - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(max(left, _TICK_S), self._look)
        else:
            self._freeze()
