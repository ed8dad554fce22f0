"""EventBridge's own file: deliveries that wait, archived events, when schedules fire next.

It is SQLite in the directory of the services' state. What is in it survives the end of the process,
however it ends: a call that adds to it returns when the file has it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lambda_nb.engine.databases import opened_or_new

NAME = "eventbridge.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lane INTEGER NOT NULL,
    target TEXT NOT NULL,
    due REAL NOT NULL,
    job TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (lane, due, id);
CREATE TABLE IF NOT EXISTS archived (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    archive TEXT NOT NULL,
    at REAL NOT NULL,
    kept REAL NOT NULL,
    size INTEGER NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS archived_at ON archived (archive, at, id);
CREATE TABLE IF NOT EXISTS schedule (
    arn TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    since REAL NOT NULL,
    due REAL,
    fires REAL
) WITHOUT ROWID;
"""


class Delivery(NamedTuple):
    """One delivery that waits: which lane takes it, its target's ARN, when, and the job as JSON."""

    lane: int
    target: str
    due: float
    job: str


class Archived(NamedTuple):
    """One event of an archive.

    The archive, the event's own time, when it was archived, its bytes and its JSON.
    """

    archive: str
    at: float
    kept: float
    size: int
    event: str


class Timed(NamedTuple):
    """A schedule's next time: its plan as text, when it began, when it is due, when it fires.

    Times are seconds since 1970; ``None`` if it never fires again.
    """

    plan: str
    since: float
    due: float | None
    fires: float | None


class Store:
    """The file.

    Parameters
    ----------
    directory
        Where it is. A damaged file is moved aside.
    """

    def __init__(self, directory: Path) -> None:
        self._lock = threading.RLock()
        self._db, _ = opened_or_new(directory / NAME, _SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def add(self, deliveries: Collection[Delivery], archived: Collection[Archived] = ()) -> None:
        """Keep deliveries and archived events, all or none."""
        with self._transaction() as db:
            self._insert(db, deliveries)
            db.executemany(
                "INSERT INTO archived (archive, at, kept, size, event) VALUES (?, ?, ?, ?, ?)",
                archived,
            )

    @staticmethod
    def _insert(db: sqlite3.Connection, deliveries: Iterable[Delivery]) -> None:
        db.executemany(
            "INSERT INTO delivery (lane, target, due, job) VALUES (?, ?, ?, ?)", deliveries
        )

    def due(
        self, lane: int, now: float, busy: Collection[str], taken: Collection[int], most: int
    ) -> list[tuple[int, str, str]]:
        """Deliveries of a lane that are due: number, target and job, the oldest first.

        Parameters
        ----------
        busy, taken
            Targets and numbers to leave out.
        """
        marks = ", ".join("?" * len(busy))
        numbers = ", ".join(str(number) for number in taken)
        asked = (
            "SELECT id, target, job FROM delivery WHERE lane = ? AND due <= ?"  # noqa: S608
            f" AND target NOT IN ({marks}) AND id NOT IN ({numbers}) ORDER BY due, id LIMIT ?"
        )
        with self._lock:
            return self._db.execute(asked, (lane, now, *busy, most)).fetchall()

    def next_due(self, lane: int, after: float) -> float | None:
        """When the next delivery of a lane is due, later than a time."""
        asked = "SELECT min(due) FROM delivery WHERE lane = ? AND due > ?"
        with self._lock:
            found: float | None = self._db.execute(asked, (lane, after)).fetchone()[0]
        return found

    def drop(self, number: int) -> None:
        """A delivery is done."""
        with self._lock:
            self._db.execute("DELETE FROM delivery WHERE id = ?", (number,))

    def postpone(self, number: int, due: float, job: str) -> None:
        """A delivery is tried again later."""
        with self._lock:
            self._db.execute(
                "UPDATE delivery SET due = ?, job = ? WHERE id = ?", (due, job, number)
            )

    def hasten(self, latest: float, due: float) -> None:
        """Let deliveries that are due later than a time be due at another."""
        with self._lock:
            self._db.execute("UPDATE delivery SET due = ? WHERE due > ?", (due, latest))

    def archive_size(self, archive: str) -> tuple[int, int]:
        """Number and bytes of an archive's events."""
        asked = "SELECT count(*), coalesce(sum(size), 0) FROM archived WHERE archive = ?"
        with self._lock:
            count, size = self._db.execute(asked, (archive,)).fetchone()
        return int(count), int(size)

    def archived(
        self, archive: str, begin: float, end: float, after: tuple[float, int], most: int
    ) -> list[tuple[float, int, str]]:
        """Events of an archive from a time to a time: time, number and JSON, in order of time."""
        asked = (
            "SELECT at, id, event FROM archived WHERE archive = ? AND at >= ? AND at <= ?"
            " AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?"
        )
        with self._lock:
            return self._db.execute(asked, (archive, begin, end, *after, most)).fetchall()

    def expire(self, archive: str, before: float | None = None) -> None:
        """Forget what was archived before a time, or all of an archive."""
        asked = "DELETE FROM archived WHERE archive = ? AND (? IS NULL OR kept < ?)"
        with self._lock:
            self._db.execute(asked, (archive, before, before))

    def timed(self) -> dict[str, Timed]:
        """The schedules' next times, by ARN."""
        with self._lock:
            rows = self._db.execute("SELECT arn, plan, since, due, fires FROM schedule").fetchall()
        return {arn: Timed(*rest) for arn, *rest in rows}

    def fired(self, arn: str, timed: Timed, deliveries: Collection[Delivery] = ()) -> None:
        """Keep a schedule's next time together with what it just sent."""
        with self._transaction() as db:
            self._insert(db, deliveries)
            db.execute("INSERT OR REPLACE INTO schedule VALUES (?, ?, ?, ?, ?)", (arn, *timed))

    def empty(self) -> None:
        """Forget everything."""
        with self._transaction() as db:
            for table in ("delivery", "archived", "schedule"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608

    def forget_schedule(self, arn: str) -> None:
        """A schedule is gone, or disabled."""
        with self._lock:
            self._db.execute("DELETE FROM schedule WHERE arn = ?", (arn,))
