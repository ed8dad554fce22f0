"""The debugger inside an environment's process, as the engine talks to it: in DAP's terms."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from lambda_nb.engine.execution.debugging.dap import NotDapError, Refused, framed, read

Happened = Callable[[str, dict[str, Any]], None]
"""Told of an event: its name and its body."""


class Debuggee(Protocol):
    """A debugger that carries out DAP requests. A language whose debugger speaks another protocol
    translates it."""

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; return the body of its response. Raises :class:`Refused`."""

    def close(self) -> None:
        """Let go of the process, which is ending."""


class Spoken:
    """A debugger that speaks DAP itself on a stream, as ``pydevd`` of ``debugpy`` does.

    Parameters
    ----------
    happened
        Told of its events.
    gone
        Called once, when the stream has ended.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        happened: Happened,
        gone: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._happened = happened
        self._gone = gone
        self._last = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the body of its response. Raises :class:`Refused`."""
        if self._reading.done():
            raise Refused("the environment has ended")
        self._last += 1
        request = {
            "seq": self._last,
            "type": "request",
            "command": command,
            "arguments": arguments,
        }
        answer = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        self._writer.write(framed(request))
        response = await answer
        if not response.get("success"):
            raise Refused(str(response.get("message") or f"{command} failed"))
        body = response.get("body")
        return body if isinstance(body, dict) else {}

    def close(self) -> None:
        """Close the stream."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        try:
            with contextlib.suppress(NotDapError):
                while (message := await read(self._reader)) is not None:
                    self._heard(message)
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Refused("the environment has ended"))
            self._waiting.clear()
            self._writer.close()
            self._gone()

    def _heard(self, message: dict[str, Any]) -> None:
        if message.get("type") == "event":
            self._happened(str(message.get("event")), message.get("body") or {})
            return
        answer = self._waiting.pop(message.get("request_seq", 0), None)
        if answer is not None and not answer.done():
            answer.set_result(message)
