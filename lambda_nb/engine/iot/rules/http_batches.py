"""Batches of the HTTP action: several messages in one request (http_batching)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

Send = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Batch:
    """Payloads that go out together.

    Attributes
    ----------
    members : list
        Where they come from, in their order.
    """

    sent: asyncio.Future[None]
    send: Send
    members: list[Any] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    size: int = 2
    timer: asyncio.TimerHandle | None = None

    async def done(self) -> None:
        """Wait until it was sent; raises what sending it raised."""
        await asyncio.shield(self.sent)


class HttpBatches:
    """Open batches, by what may be in one together."""

    def __init__(self) -> None:
        self._open: dict[Hashable, Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def add(
        self,
        key: Hashable,
        member: Any,
        payload: bytes,
        send: Send,
        *,
        open_ms: int,
        messages: int,
        size: int,
    ) -> Batch:
        """Put a payload into a batch.

        Parameters
        ----------
        key
            Payloads with the same key may be in one batch.
        member
            Where the payload comes from.
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
            batch = self._open[key] = Batch(loop.create_future(), send)
            batch.timer = loop.call_later(open_ms / 1000, self._close, key)
        batch.members.append(member)
        batch.payloads.append(payload)
        batch.size += len(payload) + 1
        batch.send = send
        if len(batch.payloads) >= messages:
            self._close(key)
        return batch

    def _close(self, key: Hashable) -> None:
        batch = self._open.pop(key)
        if batch.timer is not None:
            batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(_sent(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _sent(batch: Batch) -> None:
    try:
        await batch.send(b"[" + b",".join(batch.payloads) + b"]")
    except Exception as error:
        batch.sent.set_exception(error)
        batch.sent.exception()  # each member raises it; none may be left
    else:
        batch.sent.set_result(None)
