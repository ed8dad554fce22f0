"""Connections of the front: uvicorn's, but the head of an answer leaves with its body."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol, which writes head and body one after the other, on one write for both."""

    def connection_made(self, transport: Any) -> None:
        """asyncio: a client connected."""
        gathering: Any = Gathering(transport, self.loop)
        super().connection_made(gathering)


class Gathering:
    """A transport that keeps what is written until the next write, or the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept: bytes | None = None

    def write(self, data: bytes) -> None:
        """Send, together with what was kept; or keep."""
        kept = self._kept
        if kept is None:
            self._kept = data
            self._loop.call_soon(self._send)
            return
        self._kept = None
        if len(data) < 65536:
            self._transport.write(kept + data)
        else:
            self._transport.writelines((kept, data))

    def close(self) -> None:
        """Send what was kept and hang up."""
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self._transport.write(kept)
