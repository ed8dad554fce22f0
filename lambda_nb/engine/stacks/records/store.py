"""The file of the stacks of one Region: what is written here survives ``kill -9``."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lambda_nb.engine.databases import opened_or_new
from lambda_nb.engine.stacks.records.codec import decoded, encoded
from lambda_nb.engine.stacks.records.rows import (
    ChangeSet,
    DriftDetection,
    Event,
    Export,
    Stack,
    StackResource,
)

KEPT_S = 90 * 24 * 3600.0
"""Seconds that deleted stacks and their events are kept (CloudFormation, ListStacks; 2026)."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stack (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, name TEXT, deleted REAL, row TEXT);
CREATE INDEX IF NOT EXISTS stack_name ON stack (name);
CREATE TABLE IF NOT EXISTS resource (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT, name TEXT, row TEXT,
    UNIQUE (stack, name));
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT, row TEXT);
CREATE INDEX IF NOT EXISTS event_stack ON event (stack, number);
CREATE TABLE IF NOT EXISTS change_set (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, stack TEXT, name TEXT, row TEXT);
CREATE TABLE IF NOT EXISTS export (name TEXT PRIMARY KEY, stack TEXT, value TEXT);
CREATE TABLE IF NOT EXISTS import (name TEXT, stack TEXT, PRIMARY KEY (name, stack));
CREATE TABLE IF NOT EXISTS signal (
    stack TEXT, name TEXT, sender TEXT, status TEXT, data TEXT,
    PRIMARY KEY (stack, name, sender));
CREATE TABLE IF NOT EXISTS detection (id TEXT PRIMARY KEY, row TEXT);
"""

_Row = TypeVar("_Row")


class Closed(Exception):  # noqa: N818
    """The engine ends: nothing more is recorded."""


class Store:
    """Keeps the rows of all stacks of one Region; any thread may use it.

    Parameters
    ----------
    path
        The SQLite file; made if it is not there.
    now
        The time (seconds since 1970): stacks deleted more than 90 days before it are dropped,
        and detections of drift that are as old.
    """

    def __init__(self, path: Path, now: float) -> None:
        self._database, self.unreadable = opened_or_new(path, _SCHEMA)
        self._lock = threading.RLock()
        self._open = True
        self._known: dict[tuple[str, str], StackResource] = {}  # each step reads its row often
        self._drop_old(now - KEPT_S)

    def close(self) -> None:
        """Close the file; whatever is asked afterwards raises :class:`Closed`."""
        with self._lock:
            self._open = False
            self._database.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is there as a whole or not at all, and is seen so.

        Inside of another such block it is a part of that.
        """
        with self._lock:
            if self._open and self._database.in_transaction:
                yield
                return
            self._do("BEGIN")
            try:
                yield
                self._do("COMMIT")
            except BaseException:
                self._known.clear()
                # SQLite itself rolls back some failures, such as a full disk.
                if self._open and self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    # Stacks

    def put_stack(self, stack: Stack) -> Stack:
        """Keep a stack, new or changed."""
        self._do(
            "INSERT INTO stack (id, name, deleted, row) VALUES (?, ?, ?, ?) ON CONFLICT (id) "
            "DO UPDATE SET deleted = excluded.deleted, row = excluded.row",
            stack.id,
            stack.name,
            stack.deleted,
            encoded(stack),
        )
        return stack

    def change_stack(self, stack_id: str, **fields: Any) -> Stack:
        """Change some fields of a stack; returns it as it is now."""
        with self._lock:
            return self.put_stack(dataclasses.replace(self.stack(stack_id), **fields))

    def stack(self, stack_id: str) -> Stack:
        """A stack that is there, by its ARN; a deleted one too.

        Raises
        ------
        KeyError
            There is none.
        """
        for stack in self._rows(Stack, "SELECT row FROM stack WHERE id = ?", stack_id):
            return stack
        raise KeyError(stack_id)

    def find_stack(self, name_or_id: str) -> Stack | None:
        """A stack by its name, if it is not deleted, or by its ARN."""
        for stack in self._rows(
            Stack,
            "SELECT row FROM stack WHERE id = ? OR (name = ? AND deleted IS NULL)",
            name_or_id,
            name_or_id,
        ):
            return stack
        return None

    def stacks(self, *, deleted: bool = False) -> list[Stack]:
        """All stacks, the newest first; deleted ones as well if asked for."""
        which = "" if deleted else "WHERE deleted IS NULL"
        return self._rows(Stack, f"SELECT row FROM stack {which} ORDER BY number DESC")  # noqa: S608

    def nested_in(self, stack_id: str) -> list[Stack]:
        """The stacks that are directly nested in one and not deleted."""
        return [stack for stack in self.stacks() if stack.parent_id == stack_id]

    # Resources

    def put_resource(self, resource: StackResource) -> StackResource:
        """Keep a resource, new or changed."""
        text = encoded(resource)
        with self._lock:
            self._do(
                "INSERT INTO resource (stack, name, row) VALUES (?, ?, ?) "
                "ON CONFLICT (stack, name) DO UPDATE SET row = excluded.row",
                resource.stack_id,
                resource.logical_id,
                text,
            )
            self._known[resource.stack_id, resource.logical_id] = decoded(StackResource, text)
        return resource

    def change_resource(self, stack_id: str, logical_id: str, **fields: Any) -> StackResource:
        """Change some fields of a resource that is there; returns it as it is now."""
        with self._lock:
            found = self.resource(stack_id, logical_id)
            if found is None:
                raise KeyError(logical_id)
            return self.put_resource(dataclasses.replace(found, **fields))

    def resource(self, stack_id: str, logical_id: str) -> StackResource | None:
        """One resource; ``None`` if the stack has none of that logical ID."""
        with self._lock:
            if self._open and (stack_id, logical_id) in self._known:
                return self._known[stack_id, logical_id]
            for row in self._rows(
                StackResource,
                "SELECT row FROM resource WHERE stack = ? AND name = ?",
                stack_id,
                logical_id,
            ):
                self._known[stack_id, logical_id] = row
                return row
        return None

    def resources(self, stack_id: str) -> dict[str, StackResource]:
        """A stack's resources by their logical IDs, in the order in which they were begun."""
        rows = self._rows(
            StackResource, "SELECT row FROM resource WHERE stack = ? ORDER BY number", stack_id
        )
        return {row.logical_id: row for row in rows}

    def drop_resource(self, stack_id: str, logical_id: str) -> None:
        """Forget a resource and the signals it got."""
        with self._lock:
            self._known.pop((stack_id, logical_id), None)
            self._do("DELETE FROM resource WHERE stack = ? AND name = ?", stack_id, logical_id)
            self.drop_signals(stack_id, logical_id)

    # Events

    def add_event(self, event: Event) -> Event:
        """Keep an event; returns it with its number."""
        with self._lock:
            done = self._do(
                "INSERT INTO event (stack, row) VALUES (?, ?)", event.stack_id, encoded(event)
            )
            return dataclasses.replace(event, number=done.lastrowid)

    def events(
        self, stack_id: str, *, before: int | None = None, most: int | None = None
    ) -> list[Event]:
        """A stack's events, the newest first.

        Parameters
        ----------
        stack_id
            The stack's ARN.
        before
            Only those with a smaller number.
        most
            So many at most.
        """
        with self._lock:
            found = self._do(
                "SELECT number, row FROM event WHERE stack = ? AND number < ? "
                "ORDER BY number DESC LIMIT ?",
                stack_id,
                1 << 62 if before is None else before,
                -1 if most is None else most,
            ).fetchall()
        return [dataclasses.replace(decoded(Event, row), number=number) for number, row in found]

    # Change sets

    def put_change_set(self, change_set: ChangeSet) -> ChangeSet:
        """Keep a change set, new or changed."""
        self._do(
            "INSERT INTO change_set (id, stack, name, row) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            change_set.id,
            change_set.stack_id,
            change_set.name,
            encoded(change_set),
        )
        return change_set

    def find_change_set(self, name_or_id: str, stack_id: str | None = None) -> ChangeSet | None:
        """A change set by its ARN, or by its name and its stack's ARN."""
        for row in self._rows(
            ChangeSet,
            "SELECT row FROM change_set WHERE id = ? OR (name = ? AND stack = ?)",
            name_or_id,
            name_or_id,
            stack_id,
        ):
            return row
        return None

    def change_sets(self, stack_id: str) -> list[ChangeSet]:
        """A stack's change sets, in the order in which they were made."""
        return self._rows(
            ChangeSet, "SELECT row FROM change_set WHERE stack = ? ORDER BY number", stack_id
        )

    def drop_change_set(self, change_set_id: str) -> None:
        """Forget a change set."""
        self._do("DELETE FROM change_set WHERE id = ?", change_set_id)

    # Exports and imports

    def set_exports(self, stack_id: str, exports: Mapping[str, str]) -> Export | None:
        """Replace what a stack exports: values by names.

        Returns
        -------
        Export or None
            Another stack's export of one of these names, and then nothing is changed.
        """
        with self._lock:
            for name in exports:
                other = self.find_export(name)
                if other is not None and other.stack_id != stack_id:
                    return other
            self._do("DELETE FROM export WHERE stack = ?", stack_id)
            for name, value in exports.items():
                self._do("INSERT INTO export VALUES (?, ?, ?)", name, stack_id, value)
        return None

    def find_export(self, name: str) -> Export | None:
        """An export by its name."""
        for export in self.exports(name):
            return export
        return None

    def exports(self, name: str | None = None) -> list[Export]:
        """All exports, or the one of a name, by name."""
        found = self._all(
            "SELECT name, value, stack FROM export WHERE name = coalesce(?, name) ORDER BY name",
            name,
        )
        return [Export(*row) for row in found]

    def set_imports(self, stack_id: str, names: frozenset[str]) -> None:
        """Replace the names of the exports that a stack imports."""
        with self._lock:
            self._do("DELETE FROM import WHERE stack = ?", stack_id)
            for name in names:
                self._do("INSERT INTO import VALUES (?, ?)", name, stack_id)

    def importers(self, name: str) -> list[str]:
        """Names of the stacks that import an export."""
        return [
            row[0]
            for row in self._all(
                "SELECT stack.name FROM import JOIN stack ON stack.id = import.stack "
                "WHERE import.name = ? AND stack.deleted IS NULL ORDER BY stack.name",
                name,
            )
        ]

    # Signals

    def add_signal(
        self, stack_id: str, logical_id: str, sender: str, status: str, data: str = ""
    ) -> None:
        """Keep a signal for a resource; a later one of the same sender changes nothing.

        Parameters
        ----------
        stack_id, logical_id
            The resource.
        sender
            Its ``UniqueId``.
        status
            ``SUCCESS`` or ``FAILURE``.
        data
            For wait conditions: the data that came with it.
        """
        self._do(
            "INSERT OR IGNORE INTO signal VALUES (?, ?, ?, ?, ?)",
            stack_id,
            logical_id,
            sender,
            status,
            data,
        )

    def signals(self, stack_id: str, logical_id: str) -> dict[str, tuple[str, str]]:
        """The signals a resource got: status and data by sender, in the order they came."""
        found = self._all(
            "SELECT sender, status, data FROM signal WHERE stack = ? AND name = ? ORDER BY rowid",
            stack_id,
            logical_id,
        )
        return {sender: (status, data) for sender, status, data in found}

    def drop_signals(self, stack_id: str, logical_id: str) -> None:
        """Forget the signals that a resource got."""
        self._do("DELETE FROM signal WHERE stack = ? AND name = ?", stack_id, logical_id)

    # Detections of drift

    def put_detection(self, detection: DriftDetection) -> DriftDetection:
        """Keep a detection of drift, new or changed."""
        self._do("INSERT OR REPLACE INTO detection VALUES (?, ?)", detection.id, encoded(detection))
        return detection

    def find_detection(self, detection_id: str) -> DriftDetection | None:
        """A detection of drift by its ID."""
        for row in self._rows(
            DriftDetection, "SELECT row FROM detection WHERE id = ?", detection_id
        ):
            return row
        return None

    def detections(self) -> list[DriftDetection]:
        """All detections of drift."""
        return self._rows(DriftDetection, "SELECT row FROM detection")

    def _drop_old(self, before: float) -> None:
        old = "(SELECT id FROM stack WHERE deleted < ?)"
        for table in ("event", "resource", "change_set", "signal"):
            self._do(f"DELETE FROM {table} WHERE stack IN {old}", before)  # noqa: S608
        self._do("DELETE FROM stack WHERE deleted < ?", before)
        for detection in self.detections():
            if detection.time < before:
                self._do("DELETE FROM detection WHERE id = ?", detection.id)

    def _rows(self, kind: type[_Row], query: str, *values: Any) -> list[_Row]:
        return [decoded(kind, row[0]) for row in self._all(query, *values)]

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._do(query, *values).fetchall())

    def _do(self, query: str, *values: Any) -> Any:
        with self._lock:
            if not self._open:
                raise Closed
            return self._database.execute(query, values)
