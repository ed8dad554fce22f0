"""The debugger inside an environment's process, as the engine talks to it: in DAP's terms."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from lambda_nb.engine.execution.debugging.dap import (
    Ended,
    NotDapError,
    Refused,
    framed,
    read,
)
from lambda_nb.engine.execution.debugging.exchange import Arrival, Exchange


class Debuggee(Protocol):
    """A debugger that carries out DAP requests. A language whose debugger speaks another protocol
    translates it."""

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; return the body of its response. Raises :class:`Refused`."""

    def close(self) -> None:
        """Let go of the process, which is ending."""


async def ask_present(
    debuggee: Debuggee | None, command: str, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Ask a process for what is kept for the next one, too: nothing is lost if there is none, or if
    it ends meanwhile."""
    if debuggee is not None:
        with contextlib.suppress(Ended):
            return await debuggee.ask(command, arguments)
    return {}


class Spoken:
    """A debugger that speaks DAP itself on a stream, as ``pydevd`` of ``debugpy`` does."""

    def __init__(self, arrival: Arrival) -> None:
        self._reader = arrival.reader
        self._happened = arrival.happened
        self._exchange = Exchange(arrival, self._next, self._heard)

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the body of its response. Raises :class:`Refused`."""
        request = {"type": "request", "command": command, "arguments": arguments}
        response = await self._exchange.ask(lambda number: framed({"seq": number, **request}))
        if not response.get("success"):
            raise Refused(str(response.get("message") or f"{command} failed"))
        body = response.get("body")
        return body if isinstance(body, dict) else {}

    def close(self) -> None:
        """Close the stream."""
        self._exchange.close()

    async def _next(self) -> dict[str, Any] | None:
        try:
            return await read(self._reader)
        except NotDapError:
            return None

    def _heard(self, message: dict[str, Any]) -> Any:
        if message.get("type") == "event":
            self._happened(str(message.get("event")), message.get("body") or {})
            return None
        return message.get("request_seq")
