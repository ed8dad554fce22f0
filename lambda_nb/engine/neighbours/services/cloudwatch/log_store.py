"""Log events on disk, in a private SQLite file that disappears when the process ends.

moto keeps each event as a Python object, about 7 KB of memory for each invocation. Here an event
takes its message plus some 60 bytes of disk. An index finds the pages: nothing is sorted. Longer
messages are compressed with the group's first one as the dictionary: they have much in common.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

GROUP_BYTES = 1 << 30
"""Limit of one log group, in bytes as CloudWatch counts them; above it the oldest events go."""
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs counts for an event in addition to its message."""
PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
"""GetLogEvents and FilterLogEvents return at most 10,000 events and 1 MB (API reference)."""

_CACHE_KIB = 16_000
_WORTH_PACKING = 200
_PLAIN, _PACKED = b"p", b"z"
_DEFLATE = (zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY)
_AT_ONCE = 1000
_DAY_MS = 86_400_000
_SCHEMA = """
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    ingested INTEGER NOT NULL,
    size INTEGER NOT NULL,
    message BLOB NOT NULL
);
CREATE INDEX event_of_group ON event (grp, timestamp);
CREATE INDEX event_of_stream ON event (stream, timestamp);
"""


class Event(NamedTuple):
    """One log event; times in milliseconds since 1970, ``size`` in bytes as CloudWatch counts them.

    The names are those that moto's queries use.
    """

    timestamp: int
    event_id: int
    ingestion_time: int
    stream: int
    size: int
    message: str


class Place(NamedTuple):
    """An event's position: by time, then by order of arrival."""

    timestamp: int
    event_id: int


START = Place(-(1 << 62), 0)
END = Place(1 << 62, 0)


class LogStore:
    """All log events of the process; groups and streams are numbers that the caller gives.

    Parameters
    ----------
    directory
        Where the file is. It has no name: nothing is left of it, however the process ends.
    group_bytes
        Limit of one group.
    """

    def __init__(self, directory: Path, group_bytes: int = GROUP_BYTES) -> None:
        self._group_bytes = group_bytes
        self._lock = threading.RLock()
        os.environ["SQLITE_TMPDIR"] = str(directory)
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = MEMORY")
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.executescript(_SCHEMA)
        self._used: Counter[int] = Counter()
        self._stream_bytes: Counter[int] = Counter()
        self._dictionaries: dict[int, bytes] = {}

    def append(
        self, group: int, stream: int, events: Sequence[tuple[int, str]], ingested: int
    ) -> list[int]:
        """Add events, each a timestamp and a message, to a stream, and return their ids."""
        encoded = [(at, message.encode("utf-8", "surrogatepass")) for at, message in events]
        size = sum(len(message) + EVENT_OVERHEAD for _, message in encoded)
        dictionary = self._dictionary(group, [message for _, message in encoded])
        rows = [
            (group, stream, at, ingested, len(message) + EVENT_OVERHEAD, _pack(message, dictionary))
            for at, message in encoded
        ]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO event (grp, stream, timestamp, ingested, size, message)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            (last,) = self._db.execute("SELECT last_insert_rowid()").fetchone()
            self._db.execute("COMMIT")
            self._used[group] += size
            self._stream_bytes[stream] += size
            while self._used[group] > self._group_bytes:
                self._remove(group, "grp = ? ORDER BY timestamp, id LIMIT ?", (group, _AT_ONCE))
        return list(range(last - len(rows) + 1, last + 1))

    def _dictionary(self, group: int, messages: Sequence[bytes]) -> bytes | None:
        """A group's compression dictionary; ``None`` until a message is worth compressing."""
        if group not in self._dictionaries:
            long = next((m for m in messages if len(m) >= _WORTH_PACKING), None)
            if long is None:
                return None
            self._dictionaries[group] = long[: 1 << 12]
        return self._dictionaries[group]

    def expire(self, group: int, days: int) -> None:
        """Remove events that are older than a group's retention."""
        oldest = int(time.time() * 1000) - days * _DAY_MS
        with self._lock:
            self._remove(group, "grp = ? AND timestamp < ?", (group, oldest))

    def drop_stream(self, group: int, stream: int) -> None:
        """Forget a stream."""
        with self._lock:
            self._remove(group, "stream = ?", (stream,))
            del self._stream_bytes[stream]

    def drop_group(self, group: int) -> None:
        """Forget a group with all its streams."""
        with self._lock:
            self._remove(group, "grp = ?", (group,))
            del self._used[group]
            self._dictionaries.pop(group, None)

    def empty(self) -> None:
        """Forget all groups."""
        with self._lock:
            self._db.execute("DELETE FROM event")
            self._used.clear()
            self._stream_bytes.clear()
            self._dictionaries.clear()

    def _remove(self, group: int, condition: str, values: tuple[int, ...]) -> None:
        removed = self._db.execute(
            f"DELETE FROM event WHERE id IN (SELECT id FROM event WHERE {condition})"  # noqa: S608
            " RETURNING stream, size",
            values,
        )
        for stream, size in removed.fetchall():
            self._used[group] -= size
            self._stream_bytes[stream] -= size

    def stored_bytes(self, stream: int) -> int:
        """The size of a stream, in bytes as CloudWatch counts them."""
        return self._stream_bytes[stream]

    def span(self, stream: int) -> tuple[int, int] | None:
        """A stream's first and last timestamp; ``None`` while it is empty."""
        with self._lock:
            first, last = self._db.execute(
                "SELECT (SELECT min(timestamp) FROM event WHERE stream = ?1),"
                " (SELECT max(timestamp) FROM event WHERE stream = ?1)",
                (stream,),
            ).fetchone()
        return None if first is None else (first, last)

    def of_stream(
        self, stream: int, after: Place = START, before: Place = END, *, newest_first: bool = False
    ) -> Iterator[Event]:
        """A stream's events strictly between two places, read lazily."""
        return self._walk("stream", stream, after, before, newest_first)

    def of_group(self, group: int, after: Place = START, before: Place = END) -> Iterator[Event]:
        """A group's events strictly between two places, all streams interleaved."""
        return self._walk("grp", group, after, before, False)

    def _walk(
        self, column: str, key: int, after: Place, before: Place, newest_first: bool
    ) -> Iterator[Event]:
        order = "DESC" if newest_first else "ASC"
        query = (
            "SELECT timestamp, id, ingested, stream, size, grp, message FROM event"  # noqa: S608
            f" WHERE {column} = ? AND (timestamp, id) > (?, ?) AND (timestamp, id) < (?, ?)"
            f" ORDER BY timestamp {order}, id {order} LIMIT {_AT_ONCE}"
        )
        while True:
            with self._lock:
                rows = self._db.execute(query, (key, *after, *before)).fetchall()
                dictionary = self._dictionaries.get(rows[0][5], b"") if rows else b""
            for timestamp, identifier, ingested, of, size, _, kept in rows:
                text = _unpack(kept, dictionary).decode("utf-8", "surrogatepass")
                yield Event(timestamp, identifier, ingested, of, size, text)
            if len(rows) < _AT_ONCE:
                return
            last = Place(*rows[-1][:2])
            after, before = (after, last) if newest_first else (last, before)


def _pack(message: bytes, dictionary: bytes | None) -> bytes:
    if dictionary is None or len(message) < _WORTH_PACKING:
        return _PLAIN + message
    packer = zlib.compressobj(1, *_DEFLATE, dictionary)
    return _PACKED + packer.compress(message) + packer.flush()


def _unpack(kept: bytes, dictionary: bytes) -> bytes:
    if kept[:1] == _PLAIN:
        return kept[1:]
    return zlib.decompressobj(-zlib.MAX_WBITS, dictionary).decompress(kept[1:])


def page(
    events: Iterator[Event], most: int, wanted: Callable[[Event], bool] = lambda _: True
) -> tuple[list[Event], bool]:
    """As many wanted events as fit into one response, and whether more may follow."""
    found: list[Event] = []
    size = 0
    for event in events:
        if not wanted(event):
            continue
        size += event.size
        if len(found) >= most or (found and size > PAGE_BYTES):
            return found, True
        found.append(event)
    return found, False
