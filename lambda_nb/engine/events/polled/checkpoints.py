"""The read position of each mapping in each shard, stored in SQLite.

It is the sequence number of the last record that was processed. Before the first one it is a time:
otherwise a restart would move LATEST, or read other shards from their first record on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
_AT = "@"


def position_at(start: Mapping[str, Any], now_ns: int) -> str | None:
    """What is stored of a shard before its first record is processed: when reading begins.

    Parameters
    ----------
    start
        The starting position, as GetShardIterator takes it.
    now_ns
        Nanoseconds since 1970.

    Returns
    -------
    str or None
        ``None`` for a shard that is read from its first record on.

    Examples
    --------
    >>> position_at({"ShardIteratorType": "LATEST"}, 1_700_000_000_000_000_000)
    '@1700000000000000000'
    """
    if start["ShardIteratorType"] == "LATEST":
        return f"{_AT}{now_ns}"
    if start["ShardIteratorType"] == "AT_TIMESTAMP":
        return f"{_AT}{int(float(start['Timestamp']) * 1e9)}"
    return None


def time_of(position: str) -> int | None:
    """The time of a stored position, nanoseconds since 1970; ``None`` for a sequence number."""
    return int(position[len(_AT) :]) if position.startswith(_AT) else None


class Checkpoints:
    """Stores the last sequence number that was processed.

    Parameters
    ----------
    db_path
        The SQLite file; ``None`` for streams that do not outlive this process.
    """

    def __init__(self, db_path: Path | None) -> None:
        self._db = databases.opened(db_path)
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
