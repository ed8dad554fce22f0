"""Log events on disk: a private SQLite file that ends with the process.

moto keeps each event as a Python object, about 7 KB of memory for each invocation. Here an event
costs its message and some 60 bytes of disk, and pages are found by index, not by sorting all.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

GROUP_BYTES = 512 << 20
"""What one log group may hold, in bytes as CloudWatch counts them; then the oldest events go."""
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs counts for an event beside its message."""
PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
"""GetLogEvents and FilterLogEvents answer with 10,000 events and 1 MB at most (API reference)."""

_CACHE_KIB = 16_000
_AT_ONCE = 1000
_DAY_MS = 86_400_000
_SCHEMA = """
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    ingested INTEGER NOT NULL,
    message BLOB NOT NULL
);
CREATE INDEX event_of_group ON event (grp, timestamp);
CREATE INDEX event_of_stream ON event (stream, timestamp);
"""


class Event(NamedTuple):
    """One log event; times in milliseconds since 1970, named as moto's queries look for them."""

    timestamp: int
    event_id: int
    ingestion_time: int
    stream: int
    message: str

    @property
    def size(self) -> int:
        """Bytes as CloudWatch counts them."""
        return len(self.message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD


class Place(NamedTuple):
    """Where an event stands among all: by time, then as they came."""

    timestamp: int
    event_id: int


START = Place(-(1 << 62), 0)
END = Place(1 << 62, 0)


class LogStore:
    """All log events of the process; groups and streams are numbers that the caller gives.

    Parameters
    ----------
    directory
        Where the file lies. It has no name: nothing is left of it however the process ends.
    group_bytes
        What a group may hold at most.
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

    def append(
        self, group: int, stream: int, events: Sequence[tuple[int, str]], ingested: int
    ) -> list[int]:
        """Add events, each a timestamp and a message, to a stream; their ids."""
        rows = [
            (group, stream, timestamp, ingested, message.encode("utf-8", "surrogatepass"))
            for timestamp, message in events
        ]
        size = sum(len(row[4]) for row in rows) + EVENT_OVERHEAD * len(rows)
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO event (grp, stream, timestamp, ingested, message)"
                " VALUES (?, ?, ?, ?, ?)",
                rows,
            )
            (last,) = self._db.execute("SELECT last_insert_rowid()").fetchone()
            self._db.execute("COMMIT")
            self._used[group] += size
            self._stream_bytes[stream] += size
            while self._used[group] > self._group_bytes:
                self._remove(group, "grp = ? ORDER BY timestamp, id LIMIT ?", (group, _AT_ONCE))
        return list(range(last - len(rows) + 1, last + 1))

    def expire(self, group: int, days: int) -> None:
        """Remove what is older than a group's retention."""
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

    def _remove(self, group: int, condition: str, values: tuple[int, ...]) -> None:
        removed = self._db.execute(
            f"DELETE FROM event WHERE id IN (SELECT id FROM event WHERE {condition})"  # noqa: S608
            " RETURNING stream, length(message)",
            values,
        )
        for stream, length in removed.fetchall():
            self._used[group] -= length + EVENT_OVERHEAD
            self._stream_bytes[stream] -= length + EVENT_OVERHEAD

    def stored_bytes(self, stream: int) -> int:
        """What a stream holds, in bytes as CloudWatch counts them."""
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
        """A stream's events strictly between two places, read as they are taken."""
        return self._walk("stream", stream, after, before, newest_first)

    def of_group(self, group: int, after: Place = START, before: Place = END) -> Iterator[Event]:
        """A group's events strictly between two places, all streams interleaved."""
        return self._walk("grp", group, after, before, False)

    def _walk(
        self, column: str, key: int, after: Place, before: Place, newest_first: bool
    ) -> Iterator[Event]:
        order = "DESC" if newest_first else "ASC"
        query = (
            "SELECT timestamp, id, ingested, stream, message FROM event"  # noqa: S608
            f" WHERE {column} = ? AND (timestamp, id) > (?, ?) AND (timestamp, id) < (?, ?)"
            f" ORDER BY timestamp {order}, id {order} LIMIT {_AT_ONCE}"
        )
        while True:
            with self._lock:
                rows = self._db.execute(query, (key, *after, *before)).fetchall()
            for timestamp, identifier, ingested, stream, message in rows:
                text = message.decode("utf-8", "surrogatepass")
                yield Event(timestamp, identifier, ingested, stream, text)
            if len(rows) < _AT_ONCE:
                return
            last = Place(*rows[-1][:2])
            after, before = (after, last) if newest_first else (last, before)


def page(
    events: Iterator[Event], most: int, wanted: Callable[[Event], bool] = lambda _: True
) -> tuple[list[Event], bool]:
    """As many wanted events as one answer holds, and whether more may follow."""
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
