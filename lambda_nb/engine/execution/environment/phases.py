"""The phases of an execution environment, and waiting until one ends.

Theory of operation::

                          next              invoke
    NEW ------> INIT ------------> READY <----------> INVOKE
     |           |                 ^   |     next        |
     |           | SnapStart       |   |                 |
     |           v       next      |   |                 |
     `------> RESTORE -------------'   |                 |
                 |                     | it died         | timeout, exit,
                 | timeout, exit,      | meanwhile       | extension failed
                 v extension failed    v                 v
              BROKEN <-----------------+-----------------'
                 |
                 `------> INIT or RESTORE again, inside the next invoke

    every phase ------> ENDED

A phase ends with ``next`` when the runtime and every extension have asked for their next event.
Any other end breaks the environment: its processes end, and the next invocation starts new ones
within the function's timeout ("suppressed init").
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Literal

Phase = Literal["new", "init", "restore", "ready", "invoke", "broken", "ended"]

Happening = Literal["next", "exit", "timeout", "extension"]
"""What ended a phase: everybody asked for the next event, the runtime exited, the time was over,
an extension failed."""

FOLLOWS: dict[Phase, frozenset[Phase]] = {
    "new": frozenset({"init", "restore", "ended"}),
    "init": frozenset({"restore", "ready", "broken", "ended"}),
    "restore": frozenset({"restore", "ready", "broken", "ended"}),
    "ready": frozenset({"invoke", "init", "restore", "broken", "ended"}),
    "invoke": frozenset({"ready", "broken", "ended"}),
    "broken": frozenset({"init", "restore", "ended"}),
    "ended": frozenset(),
}
"""Which phases may follow each phase. From ``ready`` to ``init`` or ``restore``: the runtime has
died, and its exit has not been reported yet."""


class Phases:
    """The phase of one environment: :meth:`enter` one, :meth:`wait` for its end.

    :meth:`check` and :meth:`end` end the wait. One timer serves many waits: if it fires before
    the deadline of the present wait, it is set again.
    """

    def __init__(self) -> None:
        self.now: Phase = "new"
        self._happened: asyncio.Future[Happening] | None = None
        self._over: Callable[[], bool] = bool
        self._loop = asyncio.get_running_loop()
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._held_since: float | None = None
        self.held_s = 0.0
        """How long waits have been held, in all."""

    def enter(self, phase: Phase) -> None:
        """Go from the present phase to another one.

        Raises
        ------
        RuntimeError
            That phase cannot follow the present one. After ``ended`` nothing follows and nothing is
            raised: an invocation may still be finishing.
        """
        if self.now == "ended":
            return
        if phase not in FOLLOWS[self.now]:
            raise RuntimeError(f"an environment cannot go from {self.now} to {phase}")
        self.now = phase

    def wait(self, limit_s: float, over: Callable[[], bool]) -> asyncio.Future[Happening]:
        """A future of what ends the phase; ``over`` returns whether everybody is done."""
        happened: asyncio.Future[Happening] = self._loop.create_future()
        self._happened, self._over = happened, over
        now = self._loop.time()
        self._deadline = now + limit_s
        if self._held_since is not None:
            self._held_since = now
        if self._deadline < self._due:
            self._set(limit_s)
        return happened

    def check(self) -> None:
        """Something happened: end the wait if everybody is done."""
        if self._happened is not None and not self._happened.done() and self._over():
            self._happened.set_result("next")

    def end(self, what: Happening) -> None:
        """End the wait with ``what``, unless it has already ended."""
        if self.now == "ready" and what == "exit":
            self.enter("broken")
        if self._happened is not None and not self._happened.done():
            self._happened.set_result(what)

    def hold(self) -> None:
        """A debugger has stopped the processes: the time stands still until :meth:`go_on`."""
        if self._held_since is None:
            self._held_since = self._loop.time()

    def go_on(self) -> None:
        """The processes run again: the time goes on where it stood."""
        if self._held_since is None:
            return
        held, self._held_since = self._loop.time() - self._held_since, None
        self.held_s += held
        self._deadline += held
        if self._happened is not None and not self._happened.done():
            self._set(max(0.0, self._deadline - self._loop.time()))

    def close(self) -> None:
        """End for good."""
        self.enter("ended")
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = self._loop.time() + delay_s
        self._timer = self._loop.call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer, self._due = None, math.inf
        if self._happened is None or self._happened.done() or self._held_since is not None:
            return
        left = self._deadline - self._loop.time()
        if left > 0:
            self._set(left)
        else:
            self.end("timeout")
