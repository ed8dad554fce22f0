"""The files of the cache, and the database that says what is in them.

A thread of its own does what it is told, in that order, so that no request waits for the disk. A
file is written under another name and gets a row when it is whole: a row without its file, and a
file without its row, are removed at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import queue
import sqlite3
import threading
import uuid
import weakref
import zlib
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path
from typing import Any

from lambda_nb.engine.databases import opened_or_new
from lambda_nb.engine.edge.cache.entries import Body, Entry, Name, Part
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.freshness import Lifetime

log = logging.getLogger(__name__)

Job = Callable[[sqlite3.Connection], None]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    distribution TEXT, location TEXT, text TEXT, address TEXT, status INTEGER, reason TEXT,
    headers TEXT, lifetime TEXT, came REAL, part TEXT, file TEXT, size INTEGER, checksum INTEGER,
    PRIMARY KEY (distribution, location, text)
) WITHOUT ROWID;
"""
_UNFINISHED = ".part"
_MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Bodies that wait to be written; further ones stay in memory only."""
_BATCH = 256
_CHUNK = 1024 * 1024


class Disk:
    """Writes, reads and removes the cache's files.

    Parameters
    ----------
    directory
        For its own files; made when it starts.
    """

    def __init__(self, directory: Path) -> None:
        self._objects = directory / "objects"
        self._database = directory / "index.sqlite"
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._waiting_bytes = 0
        self._failing = False
        self._lock = threading.Lock()

    async def start(self) -> list[Entry]:
        """Start the thread; what was there before, the oldest first.

        Raises
        ------
        OSError, sqlite3.Error
            If the directory cannot be used.
        """
        try:
            database, found = await asyncio.to_thread(self._load)
        except BaseException:
            self._closed = True  # what it is told would wait for ever
            self._jobs = queue.SimpleQueue()
            raise
        self._thread = threading.Thread(
            target=self._work, args=(database,), name="edge-cache", daemon=True
        )
        self._thread.start()
        return found

    async def close(self) -> None:
        """Finish what was begun."""
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    # -- what the cache tells it, on the loop

    def save(self, entry: Entry) -> None:
        """Keep an object, and its body if that has no file yet."""
        body = entry.body
        if body.data is not None and body.path is None and body.size:
            with self._lock:
                if self._waiting_bytes + body.size > _MOST_WAITING_BYTES:
                    return
                self._waiting_bytes += body.size
            self._do(lambda database: self._save_both(database, entry))
        else:
            self._do(lambda database: _put(database, entry))

    def forget(self, name: Name) -> None:
        """No longer keep an object; its body's file has a life of its own."""
        self._do(
            lambda database: database.execute(
                "DELETE FROM objects WHERE distribution = ? AND location = ? AND text = ?", name
            )
        )

    def let_go(self, body: Body) -> None:
        """Remove a body's file as soon as nobody reads it any more."""

        def when_saved(database: sqlite3.Connection) -> None:
            if body.path is not None:
                weakref.finalize(body, self._remove, body.path)

        self._do(when_saved)

    def _remove(self, path: Path) -> None:
        if self._closed:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        else:
            self._do(lambda database: path.unlink(missing_ok=True))

    def _do(self, job: Callable[[sqlite3.Connection], Any]) -> None:
        if not self._closed:
            self._jobs.put(job)

    # -- its files

    def new_file(self) -> tuple[BufferedWriter, Path]:
        """A new unfinished file, open for writing."""
        name = uuid.uuid4().hex
        path = self._objects / name[:2] / f"{name}{_UNFINISHED}"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(path, "xb", opener=_private), path

    @staticmethod
    def finish(path: Path) -> Path:
        """Give a file that is whole its name."""
        return path.rename(path.with_suffix(""))

    @staticmethod
    def is_whole(body: Body) -> bool:
        """Whether a body's file is what was written."""
        if body.path is None:
            return body.size == 0
        size = checksum = 0
        try:
            with body.path.open("rb") as file:
                while piece := file.read(_CHUNK):
                    size += len(piece)
                    checksum = zlib.crc32(piece, checksum)
        except OSError:
            return False
        return (size, checksum) == (body.size, body.checksum)

    # -- the thread

    def _load(self) -> tuple[sqlite3.Connection, list[Entry]]:
        self._objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._objects.parent.chmod(0o700)
        database, _ = opened_or_new(self._database, _SCHEMA)
        sizes = {}
        for folder in os.scandir(self._objects):
            if folder.is_dir(follow_symlinks=False):
                sizes.update({file.name: file.stat().st_size for file in os.scandir(folder.path)})
        found, lost = [], []
        for row in database.execute("SELECT * FROM objects ORDER BY came"):
            try:
                entry = _entry(row, self._objects)
            except (ValueError, TypeError, KeyError):
                lost.append(row[:3])
                continue
            path = entry.body.path
            if path is not None and sizes.pop(path.name, None) != entry.body.size:
                lost.append(row[:3])
                path.unlink(missing_ok=True)
                continue
            found.append(entry)
        for name in sizes:
            (self._objects / name[:2] / name).unlink(missing_ok=True)
        database.executemany(
            "DELETE FROM objects WHERE distribution IS ? AND location IS ? AND text IS ?", lost
        )
        return database, found

    def _work(self, database: sqlite3.Connection) -> None:
        while self._batch(database):
            pass  # nothing of a batch is held while the next one is awaited: its files could not go
        database.close()

    def _batch(self, database: sqlite3.Connection) -> bool:
        """Do what waits to be done; whether it goes on."""
        jobs = [self._jobs.get()]
        while len(jobs) < _BATCH and not self._jobs.empty():
            jobs.append(self._jobs.get())
        try:
            database.execute("BEGIN")
            for job in jobs:
                if job is not None:
                    self._try(job, database)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            self._complain(error)
            if database.in_transaction:
                database.execute("ROLLBACK")
        return None not in jobs

    def _try(self, job: Job, database: sqlite3.Connection) -> None:
        try:
            job(database)
        except (OSError, sqlite3.Error) as error:
            self._complain(error)
        else:
            self._failing = False

    def _complain(self, error: Exception) -> None:
        if not self._failing:  # once, not for each object while the disk is full
            log.warning(
                "The cache of the distributions cannot be kept on disk (%s): it goes on in memory. "
                "Make room in %s.", error, self._objects,
            )  # fmt: skip
        self._failing = True

    def _save_both(self, database: sqlite3.Connection, entry: Entry) -> None:
        body = entry.body
        try:
            if body.path is None:  # else an earlier job has written it
                body.path = self._written(body.data or b"")
        finally:
            with self._lock:
                self._waiting_bytes -= body.size
        _put(database, entry)

    def _written(self, data: bytes) -> Path:
        file, unfinished = self.new_file()
        try:
            with file:
                file.write(data)
            return self.finish(unfinished)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _put(database: sqlite3.Connection, entry: Entry) -> None:
    body, life = entry.body, entry.lifetime
    if body.path is None and body.size:
        return  # its file could not be written
    times = (life.age, life.fresh, life.stale_while_revalidate, life.stale_if_error)
    database.execute(
        f"INSERT OR REPLACE INTO objects VALUES ({', '.join('?' * 13)})",  # noqa: S608
        (
            *entry.name, entry.address, entry.status, entry.reason,
            json.dumps(list(entry.headers)), json.dumps([*times, life.conditional]), entry.came,
            json.dumps(entry.part), body.path.name if body.path else None, body.size, body.checksum,
        ),
    )  # fmt: skip


def _entry(row: tuple[Any, ...], objects: Path) -> Entry:
    """What a row means; it may be damaged.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is.
    """
    address, status, reason, headers, lifetime, came, part, file, size, checksum = row[3:]
    age, fresh, meanwhile, on_error, conditional = json.loads(lifetime)
    span = json.loads(part)
    return Entry(
        Name(*row[:3]),
        address,
        int(status),
        reason,
        Headers((str(name), str(value)) for name, value in json.loads(headers)),
        Lifetime(float(age), float(fresh), float(meanwhile), float(on_error), bool(conditional)),
        float(came),
        Body(size, None, objects / file[:2] / file if file else None, checksum, checked=False),
        None if span is None else Part(*span),
    )
