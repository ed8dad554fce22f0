"""One connection: slow readers, its clock, its end."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest

from lambda_nb.engine.gateways.websocket_api import connection as module
from lambda_nb.engine.gateways.websocket_api.connection import (
    BufferFull,
    Client,
    Connection,
    Gone,
    new_id,
    now_ms,
)
from lambda_nb.engine.gateways.websocket_api.conversation import Conversations


class Line:
    """A line whose client reads only when it is told to."""

    def __init__(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        self.room = asyncio.Event()
        self.room.set()
        self.aborted = False
        self.sent: list[MutableMapping[str, Any]] = []

    @property
    def has_room(self) -> bool:
        """Whether the client reads."""
        return self.room.is_set()

    def forget_handshake(self) -> None:
        """Nothing to forget."""

    def abort(self) -> None:
        """Break off."""
        self.aborted = True

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send, when there is room."""
        await self.room.wait()
        self.sent.append(message)


def connected(line: Line) -> Connection:
    client = Client("a", "s", "d", "h", "127.0.0.1", None)
    return Connection(new_id(), client, line.send, line, now_ms())


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    line = Line()
    connection = connected(line)
    await connection.post("read")
    line.room.clear()
    with pytest.raises(Gone):
        await connection.post("not read")
    assert line.aborted
    assert connection.ending == (1006, "Connection Closed Abnormally")
    with pytest.raises(Gone):
        await connection.post("too late")
    assert [message["text"] for message in line.sent] == ["read"]


async def test_what_waits_for_a_client_is_limited() -> None:
    line = Line()
    connection = connected(line)
    line.room.clear()
    waiting = [asyncio.ensure_future(connection.post("x" * 131_072)) for _ in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(BufferFull):
        await connection.post("x")
    line.room.set()
    await asyncio.gather(*waiting)
    await connection.post("room again")
    assert len(line.sent) == 9


async def test_ends_once() -> None:
    line = Line()
    connection = connected(line)
    await connection.close(1000, "Connection Closed Normally")
    await connection.close(1001, "Going away")
    assert connection.ending == (1000, "Connection Closed Normally")
    assert [message["code"] for message in line.sent] == [1000]


async def test_endless_limits_are_no_fault() -> None:
    connection = connected(Line())
    connection.limit(float("inf"), float("inf"))
    connection.release()
    assert connection.ending is None


async def test_messages_after_the_end_are_not_dealt_with() -> None:
    asked: list[tuple[str, str]] = []
    stages: Any = SimpleNamespace(of=lambda *owner: asked.append(owner))
    nothing: Any = None
    coming = iter(
        [
            {"type": "websocket.receive", "text": "before"},
            {"type": "websocket.receive", "bytes": b"\0"},
            {"type": "websocket.receive", "text": "after"},
            {"type": "websocket.disconnect", "code": 1000},
        ]
    )

    async def receive() -> MutableMapping[str, Any]:
        return next(coming)

    connection = connected(Line())
    end = await Conversations(stages, nothing, nothing).hold(connection, receive)
    while connection.tasks:
        await asyncio.wait(connection.tasks)
    assert end == module.BINARY
    assert asked == [("a", "s")]
