"""Calls the embedded services without HTTP, in a simple format of our own.

aiohttp and http.server took 0.15 ms per call to write and parse HTTP, and twice that after a
pause. Here a call is two numbers (the bytes of head and body), then the head (JSON), then the
body; a response has the same format. The socket accepts HTTP as well.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

OPENING = b"\0"
"""The first byte of a connection with this format; no HTTP request begins with it."""

SIZES = struct.Struct("!IQ")
"""Sizes of the head and of the body that follow (bytes)."""

REFUSED = "x-lambda-nb-refused"
"""The header of an answer that says why there is none: its value is the error's code, its body
JSON with a ``message``."""

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CHUNK = 1 << 16
_IDLE_CONNECTIONS = 64


def packed(head: tuple[Any, ...], body: bytes) -> bytes:
    """The bytes of a call or response before its body."""
    told = json.dumps(head).encode()
    return SIZES.pack(len(told), len(body)) + told


class Answer:
    """A response whose body has not been read yet.

    Attributes
    ----------
    status : int
        The HTTP status.
    headers : list of [str, str]
        As the service sent them.
    length : int
        Bytes of the body.
    """

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        length: int,
        reader: asyncio.StreamReader,
    ) -> None:
        self.status = status
        self.headers = headers
        self.length = length
        self._left = length
        self._reader = reader

    @property
    def complete(self) -> bool:
        """Whether the whole body has been read."""
        return self._left == 0

    async def read(self) -> bytes:
        """The body."""
        content = await self._reader.readexactly(self._left)
        self._left = 0
        return content

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, as they come."""
        while self._left:
            chunk = await self._reader.read(min(self._left, _CHUNK))
            if not chunk:
                raise asyncio.IncompleteReadError(b"", self._left)
            self._left -= len(chunk)
            yield chunk


class EmbeddedCalls:
    """Makes calls to the embedded services.

    Each call has its own connection, so that none waits behind another's long poll. Idle
    connections are kept for reuse.
    """

    def __init__(self) -> None:
        self._idle: defaultdict[str, list[_Connection]] = defaultdict(list)

    @asynccontextmanager
    async def __call__(
        self, path: str, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> AsyncIterator[Answer]:
        """Make one call; read the response's body inside the context.

        Parameters
        ----------
        path
            The Unix socket of the services.
        method, target
            As in HTTP; the target is the path with the query, percent-encoded.
        headers
            As in HTTP.
        body
            The whole body.

        Raises
        ------
        OSError
            If the services do not answer.
        """
        idle = self._idle[path]
        reader, writer = _alive(idle) or await _connected(path)
        answer = None
        try:
            writer.write(packed((method, target, list(headers.items())), body))
            if body:
                writer.write(body)
            await writer.drain()
            told, length = SIZES.unpack(await reader.readexactly(SIZES.size))
            status, answered = json.loads(await reader.readexactly(told))
            answer = Answer(status, answered, length, reader)
            yield answer
        except EOFError as error:
            raise ConnectionResetError("the services ended meanwhile") from error
        finally:
            kept = answer is not None and answer.complete
            if kept and len(idle) < _IDLE_CONNECTIONS:
                idle.append((reader, writer))
            else:
                writer.close()

    async def close(self) -> None:
        """Close the idle connections."""
        writers = [writer for idle in self._idle.values() for _, writer in idle]
        self._idle.clear()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


def _alive(idle: list[_Connection]) -> _Connection | None:
    """Take an idle connection that the services have not closed."""
    while idle:
        reader, writer = idle.pop()
        if not (reader.at_eof() or writer.is_closing()):
            return reader, writer
        writer.close()
    return None


async def _connected(path: str) -> _Connection:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(OPENING)
    return reader, writer
