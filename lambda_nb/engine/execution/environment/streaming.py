"""A streamed response on its way from the runtime to the caller."""

from __future__ import annotations

import asyncio
import logging

from lambda_nb.engine.model import Invocation

log = logging.getLogger(__name__)


class ResponseStream:
    """Passes chunks on as they come, or collects them for a caller who wants the whole response."""

    def __init__(self, invocation: Invocation, content_type: str) -> None:
        self.content_type = content_type
        self._parts: list[bytes] = []
        self._queue: asyncio.Queue[bytes | None] | None = None
        if invocation.on_chunk is not None:
            self._queue = asyncio.Queue()
            self._pump = asyncio.create_task(self._run(invocation, self._queue))

    def put(self, chunk: bytes) -> None:
        """Take the next chunk."""
        if self._queue is not None:
            self._queue.put_nowait(chunk)
        else:
            self._parts.append(chunk)

    def collected(self) -> bytes:
        """The response, if it was collected."""
        return b"".join(self._parts)

    async def close(self) -> None:
        """Wait until the caller has all of it."""
        if self._queue is not None:
            self._queue.put_nowait(None)
            await self._pump

    async def _run(self, invocation: Invocation, queue: asyncio.Queue[bytes | None]) -> None:
        assert invocation.on_chunk is not None
        try:
            if invocation.on_start is not None:
                await invocation.on_start(self.content_type)
            while (chunk := await queue.get()) is not None:
                await invocation.on_chunk(chunk)
        except Exception:
            # A caller that went away does not stop the function, on AWS either.
            log.debug("response stream of %s ended early", invocation.request_id, exc_info=True)
