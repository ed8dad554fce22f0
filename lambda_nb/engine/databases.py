"""Opens the engine's SQLite files, checks them, and rescues damaged ones.

What was committed to such a file survives kill -9. Only the end of the machine may lose the last
commits, and never tears the file; unless the files end with the engine anyway.

A rescue never changes the damaged file: it keeps it under another name and copies all readable
rows into a new file. It reads rows in key order from both ends, and between the ends wherever
reading still works. So one bad page loses only its own rows.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

Row = tuple[Any, ...]
Sound = Callable[[str, Row], bool]
"""Whether a row of a table is valid."""

UNSYNCED = "LAMBDA_NB_UNSYNCED"
"""An environment variable: where it is set, nobody needs the files after the machine's end.

A file then is not written through to the disk: that takes most of the time of making and closing
one.
"""

_PROBES = 4000
"""How often a rescue tries to read a table between its damaged parts."""
_DIGITS = 10
_COMPANIONS = ("", "-wal", "-shm")


class DatabaseError(RuntimeError):
    """A database cannot be used; the message says which, why, and what to do."""


def damaged(path: Path, why: object) -> DatabaseError:
    """The error of a database that cannot be read."""
    return DatabaseError(
        f"{path} is damaged ({why}). Start with --recover to save what is readable (the damaged "
        "file is kept beside it), put a copy of yours in its place, or choose another --data-dir."
    )


def check(database: sqlite3.Connection, path: Path) -> None:
    """Check a whole database for damage.

    Raises
    ------
    DatabaseError
        If it is damaged.
    """
    try:
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, unreadable: not damage
            raise
        raise damaged(path, error) from error
    if found != "ok":
        raise damaged(path, found.replace("\n", " "))


def opened(path: Path | None) -> sqlite3.Connection:
    """Open a file that only its owner may read, or make it.

    Parameters
    ----------
    path
        The file; ``None`` for one in memory.

    Raises
    ------
    DatabaseError
        If it is damaged.
    """
    database = sqlite3.connect(path or ":memory:", isolation_level=None)
    try:
        if path is not None:
            path.chmod(0o600)
            check(database, path)
        _make_durable(database)
    except BaseException:
        database.close()
        raise
    return database


def opened_alone(
    path: Path, version: int, schema: Iterable[str], *, any_thread: bool = False
) -> sqlite3.Connection:
    """Open a file that no other process may open meanwhile, or make it.

    Parameters
    ----------
    path
        The file; its directories are made too.
    version
        The version of its format.
    schema
        Statements that make its tables where there are none.
    any_thread
        Whether threads other than this one may use the connection.

    Raises
    ------
    DatabaseError
        If the file is in use, damaged, or of another version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its owner holds the lock until it ends: to wait for it would only delay the error.
    database = sqlite3.connect(
        path, isolation_level=None, check_same_thread=not any_thread, timeout=0.0
    )
    try:
        path.chmod(0o600)
        _lock(database, path)
        check(database, path)
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, version):
            raise DatabaseError(
                f"{path} has format {found}; this version reads format {version}. Use the version "
                "of lambda-nb that wrote it, or another data directory."
            )
        for statement in schema:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {version:d}")
        database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    return database


def opened_or_new(path: Path, schema: str) -> tuple[sqlite3.Connection, Path | None]:
    """Open a file for any thread; a damaged one is put aside, and a new one begun.

    Parameters
    ----------
    path
        The file.
    schema
        A script that makes its tables where there are none.

    Returns
    -------
    tuple
        The connection, and where the damaged file is now; ``None`` if it was sound.
    """
    kept = None
    try:
        database = _for_any_thread(path, schema)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # a full disk, no permission: not damage
            raise
        kept = path.with_name(f"{path.name}.damaged")
        log.warning("%s is damaged (%s): kept as %s, and begun anew", path, error, kept)
        _put_aside(path, kept)
        database = _for_any_thread(path, schema)
    path.chmod(0o600)
    return database, kept


def _put_aside(path: Path, kept: Path) -> None:
    """Give a file another name, with its log."""
    for companion in _COMPANIONS:
        part = path.with_name(path.name + companion)
        if part.exists():
            part.replace(kept.with_name(kept.name + companion))


def _for_any_thread(path: Path, schema: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _make_durable(database)
        database.executescript(schema)
        for name, _, _ in _tables(database):
            database.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _make_durable(database: sqlite3.Connection) -> None:
    unsynced = UNSYNCED in os.environ
    if unsynced:  # first: the next statement writes
        database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA journal_mode = WAL")
    if not unsynced:
        database.execute("PRAGMA synchronous = NORMAL")


def _lock(database: sqlite3.Connection, path: Path) -> None:
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _make_durable(database)
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise DatabaseError(f"{path} cannot be used: {error}.") from error
        raise DatabaseError(
            f"{path} is in use by another engine ({error}). Stop that engine, or give this one "
            "a data directory of its own."
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error


def no_room(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, says that the disk is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, sqlite3.OperationalError) and "is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@dataclass(slots=True)
class Rescue:
    """The result of a rescue of one damaged file.

    Attributes
    ----------
    path, kept
        The new file, and the new path of the damaged one.
    saved
        Rows saved, by table.
    torn
        Tables with parts that could not be read.
    """

    path: Path
    kept: Path
    saved: dict[str, int] = field(default_factory=dict)
    torn: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = ", ".join(f"{count} of {table}" for table, count in self.saved.items()) or "none"
        lost = f"; parts of {', '.join(self.torn)} are lost" if self.torn else ""
        if not self.saved:
            lost = "; nothing in it could be read"
        return f"{self.path} was damaged: rows saved: {rows}{lost}. The old file is {self.kept}."


def rescue(path: Path, sound: Sound = lambda table, row: True) -> Rescue | None:
    """Replace a damaged database by a new one with all readable rows.

    Parameters
    ----------
    path
        The file. A missing or undamaged file is left alone.
    sound
        Rows for which it returns false count as damaged.

    Returns
    -------
    Rescue or None
        What was done; ``None`` if there was nothing to do.

    Raises
    ------
    DatabaseError
        If another process uses the file.
    """
    if not path.exists() or _in_order(path, sound):
        return None
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    done = Rescue(path, path.with_name(f"{path.name}.damaged-{stamp}"))
    _put_aside(path, done.kept)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".rescue-") as scratch:
        copy = Path(scratch) / path.name
        for companion in _COMPANIONS[:2]:
            part = done.kept.with_name(done.kept.name + companion)
            if part.exists():
                shutil.copyfile(part, copy.with_name(copy.name + companion))
        new = Path(scratch) / "new.sqlite"
        _copy(copy, new, done, sound)
        new.chmod(0o600)
        new.replace(path)
    return done


def _in_order(path: Path, sound: Sound) -> bool:
    database = sqlite3.connect(path, isolation_level=None, timeout=0.0)
    try:
        check(database, path)
        tables = list(_tables(database))
        return all(sound(table, row) for table, _, _ in tables for row in _rows(database, table))
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{path} cannot be looked at ({error}). Stop its engine.") from error
    except (DatabaseError, sqlite3.DatabaseError):
        return False
    finally:
        database.close()


def _rows(database: sqlite3.Connection, table: str) -> Iterator[Row]:
    yield from database.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (a name from the schema)


def _tables(database: sqlite3.Connection) -> Iterator[tuple[str, str, list[str]]]:
    """Name, definition and key columns of each table."""
    schema = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for name, sql in database.execute(schema).fetchall():
        columns = database.execute(f'PRAGMA table_info("{name}")').fetchall()
        keys = [column[1] for column in sorted(columns, key=lambda c: c[5]) if column[5]]
        yield name, sql, keys if "WITHOUT ROWID" in sql.upper() else ["rowid"]


def _copy(old: Path, new: Path, done: Rescue, sound: Sound) -> None:
    target = sqlite3.connect(new, isolation_level=None)
    source = sqlite3.connect(old, isolation_level=None)
    source.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        version = source.execute("PRAGMA user_version").fetchone()[0]
        tables = list(_tables(source))
        target.execute(f"PRAGMA user_version = {version:d}")
        target.execute("BEGIN")
        for name, sql, keys in tables:
            target.execute(sql)
            reader = _Reader(source, name, keys)
            count = 0
            for row in reader.rows():
                if not _encodable(row) or not sound(name, row):
                    reader.torn = True
                    continue
                marks = ", ".join("?" * len(row))
                target.execute(f'INSERT OR IGNORE INTO "{name}" VALUES ({marks})', row)  # noqa: S608
                count += 1
            done.saved[name] = count
            if reader.torn:
                done.torn.append(name)
        target.execute("COMMIT")
    except sqlite3.DatabaseError:  # not even the list of tables can be read
        if target.in_transaction:
            target.execute("ROLLBACK")
        done.saved.clear()
    finally:
        source.close()
        target.close()


def _encodable(row: Row) -> bool:
    try:
        for value in row:
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Reader:
    """Reads a table around its damaged parts."""

    def __init__(self, database: sqlite3.Connection, table: str, keys: list[str]) -> None:
        self._database = database
        self._keys = len(keys)
        self.torn = False
        names = ", ".join(f'"{key}"' if key != "rowid" else key for key in keys)
        self._places = ", ".join("?" * self._keys)
        self._select = f'SELECT {names}, * FROM "{table}"'  # noqa: S608  (names from the schema)
        self._tuple = f"({names})"
        self._up = f"ORDER BY {names}"
        self._down = "ORDER BY " + ", ".join(f"{name} DESC" for name in names.split(", "))

    def rows(self) -> Iterator[Row]:
        """All rows that can be read, each once, in no particular order."""
        low, found, whole = self._run(None, None, self._up)
        yield from found
        if whole:
            return
        self.torn = True
        high, found, _ = self._run(low, None, self._down)
        yield from found
        yield from self._gap(low, high)

    def _run(
        self, low: Row | None, high: Row | None, order: str
    ) -> tuple[Row | None, list[Row], bool]:
        """Read rows between two keys, in order, until the end or damage. Returns the last row's
        key, the rows, and whether it reached the end."""
        last, found = None, []
        for limit in ("", " LIMIT 1"):  # Python's cursor reads ahead: the last row needs a query
            conditions: list[str] = []
            values: list[Any] = []
            low, high = (last or low, high) if order == self._up else (low, last or high)
            for bound, sign in ((low, ">"), (high, "<")):
                if bound is not None:
                    conditions.append(f"{self._tuple} {sign} ({self._places})")
                    values += bound
            where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
            asked = f"{self._select}{where} {order}{limit}"
            try:
                for row in self._database.execute(asked, values):
                    last = row[: self._keys]
                    found.append(row[self._keys :])
            except sqlite3.DatabaseError:
                continue
            if not limit:
                return last, found, True
        return last, found, False

    def _gap(self, low: Row | None, high: Row | None) -> Iterator[Row]:
        """Rows between two damaged places: start in the middle, read both ways, repeat."""
        if low is None or high is None:
            return
        waiting = deque([(low, high)])
        probes = 0
        while waiting and probes < _PROBES:
            probes += 1
            low, high = waiting.popleft()
            middle = _middle(low, high)
            if not low < middle < high:
                continue
            last, up, reached = self._run(middle, high, self._up)
            yield from up
            if not reached:
                waiting.append((last or middle, high))
            first, down, reached = self._run(low, middle, self._down)
            yield from down
            if not reached:
                waiting.append((low, first or middle))


def _middle(low: Row, high: Row) -> Row:
    """A key about half way between two."""
    for place, (a, b) in enumerate(zip(low, high, strict=True)):
        if a != b:
            half = (a + b) // 2 if isinstance(a, int) else _half(str(a), str(b))
            return (*low[:place], half, *("" for _ in low[place + 1 :]))
    return low


def _half(a: str, b: str) -> str:
    """A text about half way between two in the order of their characters."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1

    def number(text: str) -> int:
        digits = [min(ord(c), 127) for c in text[start : start + _DIGITS]]
        return sum(d << 7 * (_DIGITS - 1 - place) for place, d in enumerate(digits))

    half = (number(a) + number(b)) // 2
    digits = [chr(half >> 7 * (_DIGITS - 1 - place) & 127) for place in range(_DIGITS)]
    return a[:start] + "".join(digits)
