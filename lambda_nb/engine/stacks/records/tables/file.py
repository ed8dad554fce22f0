"""The open file that all tables share: its lock, and rows as JSON."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lambda_nb.engine.stacks.records.codec import decoded

_Row = TypeVar("_Row")


class Closed(Exception):  # noqa: N818
    """The engine ends: nothing more is recorded."""


class File:
    """An open file; any thread may use it.

    Parameters
    ----------
    database
        Its connection.

    Attributes
    ----------
    lock : threading.RLock
        Held while it is used.
    open : bool
        Whether it is not closed.
    undone
        Called when what was written is undone: what is kept in memory of it may be wrong.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.lock = threading.RLock()
        self.open = True
        self.undone: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Close the file; whatever is asked afterwards raises :class:`Closed`."""
        with self.lock:
            self.open = False
            self._database.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is there as a whole or not at all, and is seen so.

        Inside of another such block it is a part of that.
        """
        with self.lock:
            if self.open and self._database.in_transaction:
                yield
                return
            self.do("BEGIN")
            try:
                yield
                self.do("COMMIT")
            except BaseException:
                self.undone()
                # SQLite itself rolls back some failures, such as a full disk.
                if self.open and self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def rows(self, kind: type[_Row], query: str, *values: Any) -> list[_Row]:
        """Rows of a kind that a query finds, as JSON."""
        return [decoded(kind, row[0]) for row in self.all(query, *values)]

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self.lock:
            return list(self.do(query, *values).fetchall())

    def do(self, query: str, *values: Any) -> Any:
        """Do what a statement says; its cursor."""
        with self.lock:
            if not self.open:
                raise Closed
            return self._database.execute(query, values)
