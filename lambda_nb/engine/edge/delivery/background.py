"""Work for the cache that no viewer waits for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from lambda_nb.engine.edge.cache.writers import Tee
from lambda_nb.engine.edge.model import OriginError
from lambda_nb.engine.machine.cancelling import cancelled

READ_ON_S = 60.0
"""Seconds that an object is read for the cache alone, after its viewer has left; ours."""


class Background:
    """Work that goes on while viewers have their answers, until the engine ends."""

    def __init__(self) -> None:
        self._working: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Give up what is being done."""
        await cancelled(self._working)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work."""
        task = asyncio.get_running_loop().create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    def read_on(self, tee: Tee) -> Callable[[], Awaitable[None]]:
        """Reads the rest of an object of which the viewer gets less, so that it is stored."""

        async def close() -> None:
            self.begin(read_to_end(tee))

        return close


async def read_to_end(tee: Tee) -> None:
    """Read a body for the cache alone: no further than it can be stored, and not for ever."""

    async def read() -> None:
        async for _ in tee:
            if not tee.is_stored:
                return

    try:
        with contextlib.suppress(OriginError, asyncio.TimeoutError):
            await asyncio.wait_for(read(), READ_ON_S)
    finally:
        await tee.close()
