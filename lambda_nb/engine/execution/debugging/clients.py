"""Clients of a session: editors and kernels that connect to its port and speak DAP."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from lambda_nb.engine.execution.debugging.dap import MOST_BYTES, NotDapError, Refused, framed, read
from lambda_nb.engine.execution.debugging.session import Session

_MOST_BYTES_OF_STRANGERS = 1 << 20
_MOST_UNREAD_BYTES = 64 << 20
_ATTACHES_WITHIN_S = 60.0
"""A connection that has not shown the token by then is closed."""


class Connection:
    """One connected client. Implements ``session.Client``."""

    def __init__(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._session = session
        self._reader = reader
        self._writer = writer
        self._attached = self._known = False
        self._last = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer its requests until it leaves."""
        strangers = asyncio.get_running_loop().call_later(_ATTACHES_WITHIN_S, self._hurry)
        try:
            with contextlib.suppress(NotDapError):
                while (message := await self._next()) is not None:
                    if message.get("type") != "request":
                        continue
                    task = asyncio.ensure_future(self._answer(message))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        finally:
            strangers.cancel()
            for task in list(self._tasks):
                task.cancel()
            await self._session.detach(self)
            self._writer.close()

    def event(self, name: str, body: dict[str, Any]) -> None:
        """Send an event."""
        self._send({"type": "event", "event": name, "body": body})

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _next(self) -> dict[str, Any] | None:
        return await read(self._reader, MOST_BYTES if self._known else _MOST_BYTES_OF_STRANGERS)

    def _hurry(self) -> None:
        if not self._known:
            self.close()

    async def _answer(self, request: dict[str, Any]) -> None:
        command, arguments = str(request.get("command")), request.get("arguments") or {}
        response = {"type": "response", "request_seq": request.get("seq"), "command": command}
        try:
            body = await self._carry_out(command, arguments)
        except (Refused, AttributeError, KeyError, TypeError, ValueError) as error:
            is_ours = isinstance(error, Refused)
            words = str(error) if is_ours else f"{command} cannot be carried out: {error!r}"
            told = {"error": {"id": 1, "format": words, "showUser": True}}
            self._send({**response, "success": False, "message": words, "body": told})
        else:
            self._send({**response, "success": True, "body": body})
            if command == "attach":
                self.event("initialized", {})

    async def _carry_out(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if command == "attach":
            await self._session.attach(self, arguments)
            self._attached = self._known = True
            return {}
        if command == "disconnect":
            await self._session.detach(self)
            self._attached = False
            return {}
        if command in ("launch", "terminate", "restart"):
            raise Refused(f"An environment of Lambda takes no {command}: attach, and invoke it.")
        if command != "initialize" and not self._attached:
            raise Refused(f"Attach first, then {command}.")
        return await self._session.answer(command, arguments)

    def _send(self, message: dict[str, Any]) -> None:
        if self._writer.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            self._writer.transport.abort()  # it does not read what it asks for
        if not self._writer.is_closing():
            self._last += 1
            self._writer.write(framed({"seq": self._last, **message}))


class Port:
    """The loopback port on which the clients of a session connect."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.number = 0

    async def open(self, wanted: int) -> None:
        """Listen on a port; 0 for any. Raises ``OSError`` if it is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", wanted)
        self.number = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no longer, and hang up."""
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await Connection(self._session, reader, writer).serve()
