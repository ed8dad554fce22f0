"""Waiting for the end of a phase of an environment: its init, a restore, an invocation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

Happening = Literal["next", "exit", "timeout", "extension"]
"""What ended a phase: everybody has asked for the next event, the runtime exited, the time is
over, an extension failed."""


class Phase:
    """One phase at a time: :meth:`begin` it, :meth:`check` and :meth:`end` it, await the answer."""

    def __init__(self) -> None:
        self._happened: asyncio.Future[Happening] | None = None
        self._over: Callable[[], bool] = bool

    def begin(self, limit_s: float, over: Callable[[], bool]) -> asyncio.Future[Happening]:
        """A future of what ends the phase; ``over`` says whether all that must happen has."""
        loop = asyncio.get_running_loop()
        happened: asyncio.Future[Happening] = loop.create_future()
        self._happened, self._over = happened, over
        timer = loop.call_later(limit_s, self.end, "timeout")
        happened.add_done_callback(lambda _: timer.cancel())
        return happened

    def check(self) -> None:
        """Something happened: see whether the phase is over."""
        if self._happened is not None and not self._happened.done() and self._over():
            self._happened.set_result("next")

    def end(self, what: Happening) -> None:
        """The phase ends with this, unless it has ended already."""
        if self._happened is not None and not self._happened.done():
            self._happened.set_result(what)
