"""A thread with an event loop, beside those of the kernel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from lambda_nb.notebook.threads import thread

T = TypeVar("T")


class Background:
    """Runs coroutines for threads that have no event loop, or another one.

    Its thread goes on while the kernel itself is stopped at a breakpoint.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run from a thread without an event loop. Raises ``TimeoutError`` after the limit."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, limit_s), self.loop)
        try:
            return future.result()
        except asyncio.TimeoutError as error:
            raise TimeoutError(str(error)) from None

    async def here(self, work: Coroutine[Any, Any, T]) -> T:
        """Run from a coroutine of another event loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop, which runs from its first use on."""
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = thread("debugging", self._loop.run_forever)
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """End the thread."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        if not self._loop.is_running():
            self._loop.close()
