"""Batches of the HTTP action: several messages in one request (http_batching)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

Send = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class _Batch:
    send: Send
    sent: asyncio.Future[None]
    payloads: list[bytes] = field(default_factory=list)
    size: int = 2
    timer: asyncio.TimerHandle | None = None


class HttpBatches:
    """Open batches, by what may be in one together."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def join(
        self,
        key: Hashable,
        payload: bytes,
        send: Send,
        *,
        open_ms: int,
        messages: int,
        size: int,
    ) -> None:
        """Send a payload with others; returns, or raises, once its batch was sent.

        Parameters
        ----------
        key
            Payloads with the same key may be in one batch.
        payload
            JSON text.
        send
            Sends a whole batch, a JSON array; the one of the last payload is called.
        open_ms
            Milliseconds for which a batch waits for others.
        messages, size
            Payloads, and bytes, that a batch has at most.
        """
        batch = self._open.get(key)
        if batch is not None and batch.size + len(payload) + 1 > size:
            self._close(key)
            batch = None
        if batch is None:
            loop = asyncio.get_running_loop()
            batch = self._open[key] = _Batch(send, loop.create_future())
            batch.timer = loop.call_later(open_ms / 1000, self._close, key)
        batch.payloads.append(payload)
        batch.size += len(payload) + 1
        batch.send = send
        if len(batch.payloads) >= messages:
            self._close(key)
        await asyncio.shield(batch.sent)

    def _close(self, key: Hashable) -> None:
        batch = self._open.pop(key)
        if batch.timer is not None:
            batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(_sent(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _sent(batch: _Batch) -> None:
    try:
        await batch.send(b"[" + b",".join(batch.payloads) + b"]")
    except Exception as error:
        batch.sent.set_exception(error)
        batch.sent.exception()  # each member raises it; none may be left
    else:
        batch.sent.set_result(None)
