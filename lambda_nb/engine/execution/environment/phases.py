"""Waiting for the end of a phase of an environment: its init, a restore, an invocation."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Literal

Happening = Literal["next", "exit", "timeout", "extension"]
"""What ended a phase: everybody has asked for the next event, the runtime exited, the time is
over, an extension failed."""


class Phase:
    """One phase at a time: :meth:`begin` it, :meth:`check` and :meth:`end` it, await the answer.

    One timer serves many phases: when it is due before the deadline of the phase under way, it is
    set anew.
    """

    def __init__(self) -> None:
        self._happened: asyncio.Future[Happening] | None = None
        self._over: Callable[[], bool] = bool
        self._loop = asyncio.get_running_loop()
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def begin(self, limit_s: float, over: Callable[[], bool]) -> asyncio.Future[Happening]:
        """A future of what ends the phase; ``over`` says whether all that must happen has."""
        happened: asyncio.Future[Happening] = self._loop.create_future()
        self._happened, self._over = happened, over
        self._deadline = self._loop.time() + limit_s
        if self._deadline < self._due:
            self._set(limit_s)
        return happened

    def check(self) -> None:
        """Something happened: see whether the phase is over."""
        if self._happened is not None and not self._happened.done() and self._over():
            self._happened.set_result("next")

    def end(self, what: Happening) -> None:
        """The phase ends with this, unless it has ended already."""
        if self._happened is not None and not self._happened.done():
            self._happened.set_result(what)

    def close(self) -> None:
        """There will be no more phases."""
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = self._loop.time() + delay_s
        self._timer = self._loop.call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer, self._due = None, math.inf
        if self._happened is None or self._happened.done():
            return
        left = self._deadline - self._loop.time()
        if left > 0:
            self._set(left)
        else:
            self.end("timeout")
