"""Durable records: a small document store in SQLite, mirrored in memory.

A record is a JSON object under (kind, parent, key): ``("version", "thumbnail", "$LATEST")``.
Reads use only memory. Writes form a batch: the store commits it to SQLite in one transaction and
only then shows it to readers. So a ``kill -9`` at any moment loses nothing that was answered with
success, and leaves no operation half done. Returned records are shared: replace them, never change
them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lambda_nb.engine import databases

Record = dict[str, Any]

SCHEMA = 1
_TABLE = (
    "CREATE TABLE IF NOT EXISTS records (kind TEXT, parent TEXT, key TEXT, record TEXT,"
    " PRIMARY KEY (kind, parent, key)) WITHOUT ROWID"
)


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
        # Only its owner may read it: functions' environment variables are in it.
        self._db = databases.opened_alone(path, SCHEMA, [_TABLE], any_thread=True)
        try:
            self._load(path)
        except BaseException:
            self._db.close()
            raise

    def _load(self, path: Path) -> None:
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
