"""The rest of an environment between two invocations: its processes are stopped after a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

FREEZE_AFTER_S = 0.002
"""An invocation that follows at once finds the processes running, which spares both sides four
changes of context."""
_TICK_S = 0.001


class Rest:
    """Calls ``freeze`` once an environment has rested for :data:`FREEZE_AFTER_S`.

    The timer is left alone when the rest ends early, and set anew when it finds the environment at
    work or resting again: under load that is one timer for many invocations.
    """

    def __init__(self, freeze: Callable[[], None]) -> None:
        self._freeze = freeze
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The environment has nothing to do."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(FREEZE_AFTER_S, self._look)

    def end(self) -> None:
        """It has."""
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
