"""How far each mapping has read each shard of its stream, durable in SQLite."""

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
"""Stands for the sequence number of a shard that is closed and read to its end."""


class Checkpoints:
    """Remembers the last sequence number that was dealt with.

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
        """The last sequence number of each shard that a mapping has begun."""
        rows = self._db.execute(
            "SELECT shard, sequence FROM checkpoint WHERE mapping = ?", [mapping]
        )
        return dict(rows.fetchall())

    def put(self, mapping: str, shard: str, sequence: str) -> None:
        """Remember how far a shard was read."""
        self._db.execute(
            "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (mapping, shard, sequence)
        )

    def forget(self, mapping: str) -> None:
        """Forget a mapping that is no more."""
        self._db.execute("DELETE FROM checkpoint WHERE mapping = ?", [mapping])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
