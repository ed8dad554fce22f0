"""Storing an object while its body goes to the viewer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BufferedWriter
from pathlib import Path

from lambda_nb.engine.edge.cache.disk import Disk
from lambda_nb.engine.edge.cache.entries import Body, Entry
from lambda_nb.engine.edge.cache.turns import PAUSE_BYTES, Turn

log = logging.getLogger(__name__)

SMALL_BYTES = 256 * 1024
"""Objects up to this size are kept in memory too; ours."""
_PIECE = 1024 * 1024

Keep = Callable[[Body], "Entry | None"]


class Writer:
    """Takes the pieces of one body. Nothing can be found in the cache until :meth:`commit`.

    Parameters
    ----------
    disk
        Where large bodies go.
    turn
        The request whose answer this is; it ends with the writer.
    keep
        Puts an object with this body into the cache; ``None`` if it must not be there any more.
    expected
        How many bytes there have to be; ``None`` if nobody knows.
    most
        Bytes of the largest object that is kept.
    """

    def __init__(self, disk: Disk, turn: Turn, keep: Keep, expected: int | None, most: int) -> None:
        self._disk = disk
        self._turn = turn
        self._keep = keep
        self._expected = expected
        self._most = most
        self._size = 0
        self._checksum = 0
        self._waiting = bytearray()
        self._file: BufferedWriter | None = None
        self._path: Path | None = None
        self._discard: Callable[[], object] = _nothing
        self._over = False
        turn.limit(expected)

    @property
    def is_over(self) -> bool:
        """Whether it takes nothing more: the object is in the cache, or will not be."""
        return self._over

    async def write(self, piece: bytes) -> None:
        """Take one more piece. Of what cannot be kept nothing is stored, and nothing is said."""
        if self._over:
            return
        self._size += len(piece)
        if self._size > self._most:
            self.abort()
            return
        if self._size > PAUSE_BYTES:
            self._turn.end()
        self._checksum = zlib.crc32(piece, self._checksum)
        self._waiting += piece
        if len(self._waiting) >= _PIECE:
            await self._spill()

    async def commit(self) -> Entry | None:
        """The body has come to its end: the object is in the cache from now on.

        Returns
        -------
        Entry or None
            ``None`` if it is not kept (too short, too long, invalidated meanwhile, no room), or
            was committed before.
        """
        if self._over:
            return None
        if self._expected is not None and self._size != self._expected:
            self.abort()
        elif self._file is not None or self._size > SMALL_BYTES:
            await self._spill()
        if self.is_over:
            return None
        try:
            body = self._body()
        except OSError as error:
            self._give_up(error)
            return None
        self._over = True
        entry = self._keep(body)
        if entry is None:
            self._disk.let_go(body)
        self._turn.end()
        return entry

    @property
    def is_whole(self) -> bool:
        """Whether all bytes have come that were said to come."""
        return self._size == self._expected

    def abort(self) -> None:
        """The body broke off: nothing of it is kept. May be called at any time, and twice."""
        self._over = True
        self._waiting.clear()
        self._discard()
        self._turn.end()

    def tee(self, pieces: AsyncIterator[bytes], close: Close | None = None) -> Tee:
        """The same pieces, stored while they are read.

        Parameters
        ----------
        pieces
            The body as it comes from the origin.
        close
            What has to be called when the body is not read to its end.
        """
        return Tee(self, pieces, close)

    def _body(self) -> Body:
        if self._file is None or self._path is None:
            return Body(self._size, bytes(self._waiting), None, self._checksum, checked=True)
        self._file.close()
        path = self._disk.finish(self._path)
        return Body(self._size, None, path, self._checksum, checked=True)

    async def _spill(self) -> None:
        """Write what waits to the file."""
        data, self._waiting = self._waiting, bytearray()
        try:
            if self._file is None:
                self._file, self._path = self._disk.new_file()
                self._discard = weakref.finalize(self, _removed, self._file, self._path)
            await asyncio.to_thread(self._file.write, data)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        log.warning("An object of %d bytes or more is not cached: %s.", self._size, error)
        self.abort()


Close = Callable[[], Awaitable[None]]


class Tee:
    """A body on its way to the viewer, and into the cache.

    Parameters
    ----------
    writer
        Where it is stored.
    pieces, close
        The body, and what to call if it is not read to its end.
    """

    def __init__(self, writer: Writer, pieces: AsyncIterator[bytes], close: Close | None) -> None:
        self._writer = writer
        self._pieces = pieces
        self._close = close

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The next piece. The object is in the cache before its viewer has the last one, if that
        is known to be the last, else when there is none any more."""
        try:
            piece = await self._pieces.__anext__()
            await self._writer.write(piece)
            if self._writer.is_whole:
                await self._writer.commit()
        except StopAsyncIteration:
            await self._writer.commit()
            raise
        except BaseException:
            self._writer.abort()
            raise
        return piece

    @property
    def is_stored(self) -> bool:
        """Whether the object may still come into the cache."""
        return not self._writer.is_over

    async def close(self) -> None:
        """The viewer has hung up: CloudFront does not cache the object then (Developer Guide,
        RequestAndResponseBehaviorCustomOrigin, "Canceled requests", 2026)."""
        self._writer.abort()
        if self._close is not None:
            await self._close()


def _nothing() -> None:
    """There is no file."""


def _removed(file: BufferedWriter, path: Path) -> None:
    """Remove a file that is not finished; one that is has another name."""
    with contextlib.suppress(OSError):
        file.close()
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
