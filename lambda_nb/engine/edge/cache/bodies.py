"""Reading the bodies of cached objects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from lambda_nb.engine.edge.cache.disk import Disk
from lambda_nb.engine.edge.cache.entries import Entry
from lambda_nb.engine.edge.cache.index import Index
from lambda_nb.engine.edge.cache.writers import SMALL_BYTES

_PIECE = 256 * 1024


class Bodies:
    """Reads bodies from memory, or from their files.

    ``entry.body.data`` has all bytes of a body that is in memory: nothing here is faster.

    Parameters
    ----------
    disk
        Where the files are.
    index
        Has small bodies in memory once they were read.
    """

    def __init__(self, disk: Disk, index: Index) -> None:
        self._disk = disk
        self._index = index

    async def is_sound(self, entry: Entry) -> bool:
        """Check the body of an object that an earlier engine left, before its first use.

        Returns
        -------
        bool
            Whether it can be used. An object with a damaged one is no longer in the cache.
        """
        body = entry.body
        if not body.checked:
            body.checked = await asyncio.to_thread(self._disk.is_whole, body)
            if not body.checked and self._index.has(entry):
                self._index.drop(entry)
        return body.checked

    async def pieces(
        self, entry: Entry, first: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a body, in pieces. An object that leaves the cache can be read to its end.

        Raises
        ------
        OSError
            If its file cannot be read. The object is no longer in the cache then.
        """
        body = entry.body
        end = body.size if end is None else min(end, body.size)
        try:
            if body.data is not None or body.path is None:
                yield (body.data or b"")[first:end]
            elif body.size <= SMALL_BYTES:
                data = await asyncio.to_thread(body.path.read_bytes)
                if self._index.has(entry):
                    self._index.remember(entry, data)
                yield data[first:end]
            else:
                with _opened(body.path) as file:
                    file.seek(first)
                    while first < end:
                        piece = await asyncio.to_thread(file.read, min(_PIECE, end - first))
                        if not piece:
                            raise OSError(f"{body.path} ends after {first} of {body.size} bytes.")
                        first += len(piece)
                        yield piece
        except OSError:
            if self._index.has(entry):
                self._index.drop(entry)
            raise


def _opened(path: Path) -> BinaryIO:
    """A large body's file; not in a thread, so that none stays open when a viewer hangs up."""
    return path.open("rb")
