"""Empties a whole engine, between two tests: it begins as a new one does, only faster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lambda_nb.engine.errors import AWSError

OPTION = "--resettable"
"""The option of ``lambda-nb serve`` without which nobody empties an engine."""


class Reset:
    """Empties the engine when it is asked to, one time after the other.

    Parameters
    ----------
    empty
        Empties every room.
    allowed
        Whether the engine was started to be emptied.

    Attributes
    ----------
    under_way : bool
        Whether rooms are being emptied: whoever calls meanwhile must call again.
    """

    def __init__(self, empty: Callable[[], Awaitable[None]], *, allowed: bool) -> None:
        self._empty = empty
        self._allowed = allowed
        self._turn = asyncio.Lock()
        self.under_way = False

    async def run(self) -> None:
        """Empty the engine; returns when it answers again.

        Raises
        ------
        AWSError
            ``AccessDeniedException`` (403): the engine keeps what it holds.
        """
        if not self._allowed:
            text = f"This engine keeps what it holds. Start it with {OPTION} if tests may empty it."
            raise AWSError("AccessDeniedException", text, 403)
        async with self._turn:
            self.under_way = True
            try:
                await self._empty()
            finally:
                self.under_way = False

    def check(self) -> None:
        """Refuse a request while rooms are being emptied.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503), which AWS's clients try again.
        """
        if self.under_way:
            raise AWSError("ServiceUnavailable", "The engine is being reset; try again.", 503)
