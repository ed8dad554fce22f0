"""Durable records: a small document store in SQLite, mirrored in memory.

A record is a JSON object under (kind, parent, key): ``("version", "thumbnail", "$LATEST")``.
Reads use only memory. Writes form a batch: the store commits it to SQLite in one transaction and
only then shows it to readers. So a ``kill -9`` at any moment loses nothing that was answered with
success, and leaves no operation half done. Returned records are shared: replace them, never change
them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lambda_nb.engine import databases
from lambda_nb.engine.databases import DatabaseError

Record = dict[str, Any]

SCHEMA = 1


class StoreError(DatabaseError):
    """The database cannot be used: another engine holds it, or it has another format."""


def readable_record(table: str, row: tuple[Any, ...]) -> bool:
    """Whether a row of the database holds a record."""
    try:
        return isinstance(json.loads(row[-1]), dict)
    except (TypeError, ValueError):
        return False


class Batch:
    """Writes that take effect together."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, str, Record | None]] = []

    def put(self, kind: str, parent: str, key: str, record: Record) -> None:
        """Write one record."""
        self.changes.append((kind, parent, key, record))

    def delete(self, kind: str, parent: str, key: str) -> None:
        """Remove one record, if it exists."""
        self.changes.append((kind, parent, key, None))


class Store:
    """All records of one engine.

    Parameters
    ----------
    path
        The database file; created if missing. It is locked while the store is open.
    """

    def __init__(self, path: Path) -> None:
        self._records: dict[tuple[str, str], dict[str, Record]] = {}
        self._watchers: list[Callable[[], None]] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        # An engine holds the lock until it ends: to wait for it would only delay the error.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.0)
        try:
            path.chmod(0o600)  # functions' environment variables are in it
            self._open(path)
        except BaseException:
            self._db.close()
            raise

    def _open(self, path: Path) -> None:
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # survives kill -9; WAL never tears
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise StoreError(f"{path} cannot be used: {error}.") from error
            raise StoreError(
                f"{path} is in use by another engine ({error}). Stop that engine, or give this one "
                "a data directory of its own."
            ) from error
        except sqlite3.DatabaseError as error:
            raise databases.damaged(path, error) from error
        databases.check(self._db, path)
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, SCHEMA):
            raise StoreError(
                f"{path} has format {found}; this version reads format {SCHEMA}. Use the version "
                "of lambda-nb that wrote it, or another data directory."
            )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS records (kind TEXT, parent TEXT, key TEXT, record TEXT,"
            " PRIMARY KEY (kind, parent, key)) WITHOUT ROWID"
        )
        self._db.execute(f"PRAGMA user_version = {SCHEMA}")
        self._db.execute("COMMIT")
        for kind, parent, key, text in self._db.execute("SELECT * FROM records"):
            try:
                self._records.setdefault((kind, parent), {})[key] = json.loads(text)
            except ValueError as error:
                raise databases.damaged(path, f"{kind} {key}: {error}") from error

    @property
    def is_empty(self) -> bool:
        """Whether there is no record at all."""
        return not self._records

    def get(self, kind: str, parent: str, key: str) -> Record | None:
        """One record, or ``None``."""
        return self._records.get((kind, parent), {}).get(key)

    def children(self, kind: str, parent: str) -> dict[str, Record]:
        """The records of a kind under one parent, by key, in no particular order."""
        return dict(self._records.get((kind, parent), {}))

    def every(self, kind: str) -> Iterator[tuple[str, str, Record]]:
        """All records of a kind as (parent, key, record)."""
        for (found, parent), records in list(self._records.items()):
            if found == kind:
                for key, record in list(records.items()):
                    yield parent, key, record

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` after every commit."""
        self._watchers.append(changed)

    @contextmanager
    def write(self) -> Iterator[Batch]:
        """Collect writes; commit them when the block ends, drop them when it raises."""
        batch = Batch()
        yield batch
        self._commit(batch.changes)

    def _commit(self, changes: list[tuple[str, str, str, Record | None]]) -> None:
        self._db.execute("BEGIN")
        try:
            for kind, parent, key, record in changes:
                if record is None:
                    self._db.execute(
                        "DELETE FROM records WHERE kind = ? AND parent = ? AND key = ?",
                        (kind, parent, key),
                    )
                else:
                    self._db.execute(
                        "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)",
                        (kind, parent, key, json.dumps(record, separators=(",", ":"))),
                    )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        for kind, parent, key, record in changes:
            records = self._records.setdefault((kind, parent), {})
            if record is None:
                records.pop(key, None)
            else:
                records[key] = record
            if not records:
                del self._records[kind, parent]
        for changed in self._watchers:
            changed()

    def close(self) -> None:
        """Release the database."""
        self._db.close()
