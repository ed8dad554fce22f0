"""Request collapsing: while one request asks the origin for an object, others wait for its answer.

CloudFront pauses requests with the same cache key until the first has its answer (Developer Guide,
"RequestAndResponseBehaviorCustomOrigin", 2026). When that cannot be used for them, they all go to
the origin at once: nobody waits twice. A first request that fails, or whose viewer hangs up, ends
the pause as well.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

PAUSE_S = 5.0
"""How long requests wait for the rest of an object whose head has come; ours, "a brief pause"."""
PAUSE_BYTES = 8 * 1024 * 1024
"""Objects above this size are not waited for; ours."""


class Asked(NamedTuple):
    """What the origin is asked for.

    ``text`` is the cache key and ``address`` its path and query; ``variant`` tells requests for one
    object that cannot use each other's answers.
    """

    distribution: str
    location: str
    text: str
    variant: str
    address: str


class Pause:
    """Requests that wait for another one's answer."""

    __slots__ = ("_over",)

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the answer is there, or is not worth waiting for."""
        await self._over.wait()

    def end(self) -> None:
        """Let them go on."""
        self._over.set()


class Turns:
    """Who asks the origin, by what for."""

    def __init__(self) -> None:
        self._pauses: dict[Asked, Pause] = {}

    def is_taken(self, asked: Asked) -> bool:
        """Whether a request is asking for this."""
        return asked in self._pauses

    def take(self, asked: Asked) -> Turn:
        """Ask for this from now on; others wait, if nobody asked before."""
        if asked in self._pauses:
            return Turn(self, asked, None)
        pause = self._pauses[asked] = Pause()
        return Turn(self, asked, pause)

    async def wait(self, asked: Asked) -> bool:
        """Wait for another request's answer.

        Returns
        -------
        bool
            Whether there was one to wait for.
        """
        pause = self._pauses.get(asked)
        if pause is None:
            return False
        await pause.wait()
        return True

    def over(self, asked: Asked, pause: Pause) -> None:
        """A request has its answer."""
        if self._pauses.get(asked) is pause:
            del self._pauses[asked]
        pause.end()


class Turn:
    """One request to the origin. Ends when its answer is stored, or cannot be; at the latest when
    nobody holds it any more.

    Parameters
    ----------
    turns
        Those it is one of.
    asked
        What it asks for.
    pause
        Those that wait for it; ``None`` if others wait for somebody else.

    Attributes
    ----------
    spoilt
        Whether the answer must not be stored: it was invalidated before it came.
    """

    __slots__ = ("__weakref__", "_pause", "_timer", "_turns", "asked", "spoilt")

    def __init__(self, turns: Turns, asked: Asked, pause: Pause | None) -> None:
        self.asked = asked
        self.spoilt = False
        self._turns = turns
        self._pause = pause
        self._timer: asyncio.TimerHandle | None = None

    def limit(self, size: int | None) -> None:
        """The head has come: who waits shall not wait long for the rest.

        Parameters
        ----------
        size
            Of the object in bytes, if known.
        """
        if self._pause is None:
            return
        if size is not None and size > PAUSE_BYTES:
            self.end()
        elif self._timer is None:
            # The pause, not the turn: a timer would keep a forgotten turn alive.
            over, asked, pause = self._turns.over, self.asked, self._pause
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, over, asked, pause)

    def end(self) -> None:
        """Nobody waits for this one any more; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pause is not None:
            self._turns.over(self.asked, self._pause)
            self._pause = None

    def __del__(self) -> None:
        """A forgotten turn leaves nobody waiting."""
        self.end()
