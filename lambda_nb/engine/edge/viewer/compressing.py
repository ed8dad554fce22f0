"""Compresses responses with gzip or Brotli, whole or as they come."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Protocol

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response
from lambda_nb.rules.edge.viewer.compression import Encoding, compressed_headers

_GZIP_LEVEL = 6
_GZIP_WINDOW = 31
"""zlib's largest window, with gzip's head instead of zlib's."""
_BROTLI_QUALITY = 5
"""What servers use for answers made on the spot: 11 takes fifty times as long."""
_SMALL = 1 << 16
"""Bytes that are compressed at once in the event loop; larger pieces go to a thread."""


class Compressor(Protocol):
    """Takes bytes and gives compressed ones, sooner or later."""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece."""

    def end(self) -> bytes:
        """What is left at the end."""


class Gzip:
    """gzip, whose head has no time: equal bodies become equal bytes."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def feed(self, piece: bytes) -> bytes:
        """Take a piece."""
        return self._stream.compress(piece)

    def end(self) -> bytes:
        """What is left at the end."""
        return self._stream.flush()


class Brotli:
    """Brotli."""

    def __init__(self) -> None:
        # Imported late: most distributions never compress with it.
        import brotli

        self._stream = brotli.Compressor(quality=_BROTLI_QUALITY)

    def feed(self, piece: bytes) -> bytes:
        """Take a piece."""
        compressed: bytes = self._stream.process(piece)
        return compressed

    def end(self) -> bytes:
        """What is left at the end."""
        compressed: bytes = self._stream.finish()
        return compressed


async def compressed(response: Response, encoding: Encoding) -> Response:
    """A response with a compressed body, and the headers that say so.

    A whole body stays whole, and its length is known; one that comes in pieces is compressed as
    it comes.
    """
    compressor: Compressor = Brotli() if encoding == "br" else Gzip()
    headers = Headers(compressed_headers(response.headers, encoding))
    if isinstance(response.body, bytes):
        body = await _fed(compressor, response.body) + compressor.end()
        headers.add("Content-Length", str(len(body)))
        return Response(response.status, headers, body, response.reason, response.close)
    pieces = _pieces(compressor, response.body)
    return Response(response.status, headers, pieces, response.reason, response.close)


async def _pieces(compressor: Compressor, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        ready = await _fed(compressor, piece)
        if ready:
            yield ready
    yield compressor.end()


async def _fed(compressor: Compressor, piece: bytes) -> bytes:
    if len(piece) <= _SMALL:
        return compressor.feed(piece)
    return await asyncio.to_thread(compressor.feed, piece)
