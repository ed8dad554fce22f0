"""Freezing an environment between two invocations: its processes are stopped after a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

FREEZE_AFTER_S = 0.002
"""An invocation that follows at once finds the processes running: that saves four context
switches."""
_TICK_S = 0.001


class Freezing:
    """Calls ``freeze`` when an environment has been idle for :data:`FREEZE_AFTER_S`.

    The timer is not cancelled when an invocation comes early; when it is due, it looks and is set
    again if need be. Under load one timer serves many invocations.
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
