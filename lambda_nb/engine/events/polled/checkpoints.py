"""The read position of each mapping in each shard, stored in SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lambda_nb.engine import databases

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoint (
    mapping TEXT NOT NULL,
    shard TEXT NOT NULL,
    sequence TEXT NOT NULL,
    PRIMARY KEY (mapping, shard)
) WITHOUT ROWID
"""
ENDED = "END"
"""The stored sequence number of a closed shard that was read to its end."""


class Checkpoints:
    """Stores the last sequence number that was processed.

    Parameters
    ----------
    db_path
        The SQLite file; ``None`` for streams that do not outlive this process.
    """

    def __init__(self, db_path: Path | None) -> None:
        self._db = sqlite3.connect(db_path or ":memory:", isolation_level=None)
        if db_path is not None:
            db_path.chmod(0o600)
        if db_path is not None:
            databases.check(self._db, db_path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(_SCHEMA)

    def all(self, mapping: str) -> dict[str, str]:
        """The last sequence number of each shard that a mapping has read."""
        rows = self._db.execute(
            "SELECT shard, sequence FROM checkpoint WHERE mapping = ?", [mapping]
        )
        return dict(rows.fetchall())

    def put(self, mapping: str, shard: str, sequence: str) -> None:
        """Store the read position of a shard."""
        self._db.execute(
            "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (mapping, shard, sequence)
        )

    def forget(self, mapping: str) -> None:
        """Forget a deleted mapping."""
        self._db.execute("DELETE FROM checkpoint WHERE mapping = ?", [mapping])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
