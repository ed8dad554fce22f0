"""Requests to a fork server and its replies, over a socket for messages and descriptors."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")
_BUFFER = 1 << 20
_PACKET = 1 << 16

Answer = Callable[[dict[str, Any], bool], Any]
"""Makes a result of a reply as it arrives; the flag says whether anybody still waits for it."""


class SpawnError(Exception):
    """A process could not be started; says why."""


@dataclass(slots=True)
class _Waiting:
    future: asyncio.Future[Any]
    answer: Answer
    packet: bytes
    descriptors: Sequence[int]


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a new channel: the engine's, and the fork server's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    return ours, theirs


class Channel:
    """The engine's end. ``heard`` gets all messages but replies; ``gone`` is called at the end."""

    def __init__(
        self, end: socket.socket, heard: Callable[[dict[str, Any]], None], gone: Callable[[], None]
    ) -> None:
        self._heard = heard
        self._gone = gone
        self._socket: socket.socket | None = end
        self._waiting: dict[int, _Waiting] = {}
        self._unsent: list[int] = []
        self._tokens = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._readable)

    @property
    def open(self) -> bool:
        """Whether the other side is there, as far as is known."""
        return self._socket is not None

    async def ask(
        self, request: dict[str, Any], descriptors: Sequence[int], answer: Callable[..., _T]
    ) -> _T:
        """Send a request and its descriptors; return what ``answer`` makes of the reply.

        Raises
        ------
        SpawnError
            When the other side is gone, or refuses.
        """
        self._tokens += 1
        token = self._tokens
        future: asyncio.Future[_T] = self._loop.create_future()
        packet = json.dumps({**request, "token": token}).encode()
        self._waiting[token] = _Waiting(future, answer, packet, descriptors)
        self._unsent.append(token)
        self._send()
        return await future

    def close(self, why: str) -> None:
        """Close the channel; requests that wait fail with ``why``."""
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._gone()
        self._fail(why)

    def _fail(self, why: str) -> None:
        self._unsent.clear()
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(SpawnError(why))
        self._waiting.clear()

    def _send(self) -> None:
        if self._socket is None:
            self._fail("the fork server is gone")
            return
        while self._unsent:
            waiting = self._waiting[self._unsent[0]]
            try:
                socket.send_fds(self._socket, [waiting.packet], waiting.descriptors)
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._send)
                return
            except OSError as error:
                self.close(f"the fork server is gone: {error}")
                return
            self._unsent.pop(0)
        self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        while self._socket is not None:
            try:
                packet = self._socket.recv(_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self.close("the fork server ended")
                return
            message = json.loads(packet)
            if "token" in message:
                self._answered(message)
            else:
                self._heard(message)

    def _answered(self, message: dict[str, Any]) -> None:
        waiting = self._waiting.pop(message["token"])
        wanted = not waiting.future.done()
        if "error" in message:
            if wanted:
                waiting.future.set_exception(SpawnError(message["error"]))
            return
        made = waiting.answer(message, wanted)
        if wanted:
            waiting.future.set_result(made)
