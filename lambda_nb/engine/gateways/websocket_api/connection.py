"""One client's connection: its messages, how long it may stay, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.api.wire.http import Line, Send

GOING_AWAY = (1001, "Going away")
NORMAL = (1000, "Connection Closed Normally")
BINARY = (1003, "Binary frames are not supported")
STALLED = (1006, "Connection Closed Abnormally")

_MOST_WAITING = 1 << 20  # bytes
_PATIENCE_S = 10.0


class Gone(Exception):  # noqa: N818
    """The connection is no more."""


class BufferFull(Exception):  # noqa: N818
    """The client reads too slowly: too much waits for it already."""


def new_id() -> str:
    """An identifier of a connection, a request or a message.

    Examples
    --------
    >>> len(new_id()), new_id()[-1]
    (16, '=')
    """
    return base64.urlsafe_b64encode(os.urandom(11)).decode()


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end, and where it called.

    ``authorizer`` is what the authorizer of ``$connect`` said, as events show it; ``None`` without
    one. ``host`` is the Host header.
    """

    api_id: str
    stage: str
    domain_name: str
    host: str
    source_ip: str
    user_agent: str | None
    authorizer: Mapping[str, Any] | None = None


@dataclass(slots=True, eq=False)
class Connection:
    """A connection that stands.

    Attributes
    ----------
    connected_ms, active_ms
        When it was made and when something last went over it, in milliseconds since 1970.
    ending
        Close code and reason, once the engine has ended it.
    """

    identifier: str
    client: Client
    send: Send
    line: Line
    connected_ms: int
    active_ms: int = 0
    ending: tuple[int, str] | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _said_at: float = 0.0
    _waiting: int = 0
    _timer: asyncio.TimerHandle | None = None

    async def post(self, text: str) -> None:
        """Send a message to the client.

        Raises
        ------
        Gone
            The connection has ended, or its client does not read and is cut off.
        BufferFull
            Too much waits for the client already.
        """
        if self.ending is not None:
            raise Gone
        message = {"type": "websocket.send", "text": text}
        try:
            if self.line.has_room:
                await self.send(message)
            else:
                await self._post_patiently(message, len(text))
        except (OSError, RuntimeError) as closed:  # uvicorn, once the connection has ended
            raise Gone from closed
        self._said_at = asyncio.get_running_loop().time()
        self.active_ms = now_ms()

    async def _post_patiently(self, message: dict[str, Any], size: int) -> None:
        if self._waiting + size > _MOST_WAITING:
            raise BufferFull
        self._waiting += size
        try:
            await asyncio.wait_for(self.send(message), _PATIENCE_S)
        except asyncio.TimeoutError as stalled:
            if self.ending is None:
                self.ending = STALLED
            self.line.abort()
            raise Gone from stalled
        finally:
            self._waiting -= size

    async def close(self, code: int, reason: str, shown: str = "") -> None:
        """End the connection.

        Parameters
        ----------
        code, reason
            What the event ``$disconnect`` tells.
        shown
            The reason that the client gets.
        """
        if self.ending is not None:
            return
        self.ending = (code, reason)
        closing = {"type": "websocket.close", "code": code, "reason": shown}
        try:
            await asyncio.wait_for(self.send(closing), _PATIENCE_S)
        except asyncio.TimeoutError:
            self.line.abort()
        except (OSError, RuntimeError):  # it has ended meanwhile
            return

    def limit(self, idle_s: float, life_s: float) -> None:
        """From now on, end the connection when nothing goes over it or it gets too old.

        Parameters
        ----------
        idle_s, life_s
            Seconds.
        """
        loop = asyncio.get_running_loop()
        self._said_at = loop.time()
        self._arm(loop, idle_s, loop.time() + life_s)

    def _arm(self, loop: asyncio.AbstractEventLoop, idle_s: float, end: float) -> None:
        due = min(end, max(self.line.heard_at, self._said_at) + idle_s)
        if due > loop.time():
            # A timer of more than a day is no use, and an infinite one impossible.
            wait = min(due - loop.time(), 86_400.0)
            self._timer = loop.call_later(wait, self._arm, loop, idle_s, end)
            return
        self.go_away()

    def go_away(self) -> None:
        """Begin to end the connection, which cannot go on here, and do not wait for it."""
        task = asyncio.get_running_loop().create_task(self.close(*GOING_AWAY, shown=GOING_AWAY[1]))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def release(self) -> None:
        """It has ended: stop the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def now_ms() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
