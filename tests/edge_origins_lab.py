"""Servers that behave, and servers that do not."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Response, Viewer
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.settings import Origin

DISTRIBUTION = "arn:aws:cloudfront::000000000000:distribution/E1"
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server that answers each request with the next of its answers, the last one for ever."""

    def __init__(self, *answers: bytes | Speak) -> None:
        self._answers = list(answers)
        self._writers: list[asyncio.StreamWriter] = []
        self.requests: list[bytes] = []
        self.connections = 0

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(reader, writer)

    @property
    def heads(self) -> list[list[str]]:
        """The lines of each request's head."""
        return [
            request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            for request in self.requests
        ]

    def origin(self, **settings: object) -> Origin:
        """This server as an origin."""
        told = {"http_port": self.port, "https_port": self.port, **settings}
        return Origin("o", str(told.pop("domain", "127.0.0.1")), **told)  # type: ignore[arg-type]


def answer(body: bytes = b"ok", *headers: str, status: str = "200 OK") -> bytes:
    """A response with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection."""
    writer.close()


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the client leaves."""
    await reader.read()


def request(method: str = "GET", uri: str = "/", query: str = "", **headers: str) -> Request:
    """A request as policies leave it."""
    told = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(method, uri, query, Headers(told))


def viewer(protocol: str = "http") -> Viewer:
    """Somebody who asks."""
    return Viewer("192.0.2.1", 1024, "DE", protocol, "FRA", "request-1")


async def body_of(response: Response) -> bytes:
    """The whole body of a response, which is closed then."""
    if isinstance(response.body, bytes):
        return response.body
    try:
        return b"".join([piece async for piece in response.body])
    finally:
        assert response.close is not None
        await response.close()


class Tidy:
    """Origins that close, at the end, every response that a test left unread."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._given: list[Response] = []

    async def fetch(self, *asked: Any) -> Response:
        """As ``Origins.fetch``."""
        response = await self._origins.fetch(*asked)
        self._given.append(response)
        return response

    async def close(self) -> None:
        """Close everything."""
        for response in self._given:
            if response.close is not None:
                await response.close()
        await self._origins.close()
