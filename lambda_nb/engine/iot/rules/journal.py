"""What rules have accepted and not yet done, on disk.

Many messages come at once: what they write within one turn of the event loop goes to the disk in
one transaction.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lambda_nb.engine import databases
from lambda_nb.engine.iot.rules.execution import Execution
from lambda_nb.engine.notices import Notice

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS execution (
    number INTEGER PRIMARY KEY,
    accepted REAL NOT NULL,
    plan TEXT NOT NULL,
    original BLOB NOT NULL,
    payload BLOB NOT NULL
)
"""
_INSERT = "INSERT INTO execution (number, accepted, plan, original, payload) VALUES (?, ?, ?, ?, ?)"
_UPDATE = "UPDATE execution SET plan = ?, payload = ? WHERE number = ?"
_DELETE = "DELETE FROM execution WHERE number = ?"
_REMOVED_WITHIN_S = 0.02
"""Rows of what is done are removed a moment later, together."""


class Journal:
    """The file of executions.

    Parameters
    ----------
    path
        The SQLite file; made if it is not there.

    Raises
    ------
    DatabaseError
        It is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._db = databases.opened(path)
        self._db.execute(_SCHEMA)
        (last,) = self._db.execute("SELECT max(number) FROM execution").fetchone()
        self._last = last or 0
        self._new: list[tuple[int, float, str, bytes, bytes]] = []
        self._done: list[tuple[int]] = []
        self._written: asyncio.Future[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._full_disk = Notice(log, "the disk is full: what rules have done may be done again")

    def left(self) -> Iterator[Execution]:
        """What an earlier engine left, in the order in which it came."""
        rows = self._db.execute(
            "SELECT number, accepted, plan, original, payload FROM execution ORDER BY number"
        ).fetchall()
        for number, accepted, plan, original, payload in rows:
            yield Execution.read(number, accepted, plan, original, payload)

    def __len__(self) -> int:
        """Executions that are on disk."""
        count: int = self._db.execute("SELECT count(*) FROM execution").fetchone()[0]
        return count

    async def add(self, execution: Execution) -> None:
        """Write an execution down; it is on disk when this returns.

        Raises
        ------
        sqlite3.Error
            It cannot be written.
        """
        self._last += 1
        execution.number = self._last
        self._new.append(
            (
                self._last,
                execution.accepted,
                execution.plan(),
                execution.origin.message.payload,
                execution.payload,
            )
        )
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self._write)
        await asyncio.shield(self._written)

    def change(self, execution: Execution) -> None:
        """Write down where an execution is now."""
        row = (execution.plan(), execution.payload, execution.number)
        try:
            self._db.execute(_UPDATE, row)
        except sqlite3.OperationalError as error:
            if not databases.no_room(error):
                raise
            self._full_disk.warn()

    def remove(self, execution: Execution) -> None:
        """An execution is done."""
        if execution.number is None:
            return
        self._done.append((execution.number,))
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(_REMOVED_WITHIN_S, self._remove)

    def close(self) -> None:
        """Write what waits, and release the file."""
        self._write()
        if self._sweep is not None:
            self._sweep.cancel()
            self._remove()
        self._db.close()

    def _write(self) -> None:
        written, self._written = self._written, None
        new, self._new = self._new, []
        if written is None:
            return
        try:
            self._transaction(_INSERT, new)
        except sqlite3.Error as error:
            written.set_exception(error)
            written.exception()  # those who wait have it; nobody may be left
        else:
            written.set_result(None)

    def _remove(self) -> None:
        self._sweep = None
        done, self._done = self._done, []
        try:
            self._transaction(_DELETE, done)
        except sqlite3.OperationalError as error:
            if not databases.no_room(error):
                raise
            self._full_disk.warn()
            self._done += done

    def _transaction(
        self, statement: str, rows: list[tuple[int, float, str, bytes, bytes]] | list[tuple[int]]
    ) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(statement, rows)
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
