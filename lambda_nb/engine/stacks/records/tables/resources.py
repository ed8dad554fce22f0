"""The resources of stacks."""

from __future__ import annotations

import dataclasses
from typing import Any

from lambda_nb.engine.stacks.records.codec import decoded, encoded
from lambda_nb.engine.stacks.records.rows import StackResource
from lambda_nb.engine.stacks.records.tables.file import File
from lambda_nb.engine.stacks.records.tables.signals import SignalTable


class ResourceTable:
    """Keeps resources of stacks, and those that were used in memory, too.

    Parameters
    ----------
    file
        Where they are.
    signals
        Those that resources got.
    """

    def __init__(self, file: File, signals: SignalTable) -> None:
        self._file = file
        self._signals = signals
        file.undone = self._forget
        self._known: dict[tuple[str, str], StackResource] = {}  # each step reads its row often

    def put_resource(self, resource: StackResource) -> StackResource:
        """Keep a resource, new or changed."""
        text = encoded(resource)
        with self._file.lock:
            self._file.do(
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
        with self._file.lock:
            found = self.resource(stack_id, logical_id)
            if found is None:
                raise KeyError(logical_id)
            return self.put_resource(dataclasses.replace(found, **fields))

    def resource(self, stack_id: str, logical_id: str) -> StackResource | None:
        """One resource; ``None`` if the stack has none of that logical ID."""
        with self._file.lock:
            if self._file.open and (stack_id, logical_id) in self._known:
                return self._known[stack_id, logical_id]
            for row in self._file.rows(
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
        rows = self._file.rows(
            StackResource, "SELECT row FROM resource WHERE stack = ? ORDER BY number", stack_id
        )
        return {row.logical_id: row for row in rows}

    def drop_resource(self, stack_id: str, logical_id: str) -> None:
        """Forget a resource and the signals it got."""
        with self._file.lock:
            self._known.pop((stack_id, logical_id), None)
            self._file.do("DELETE FROM resource WHERE stack = ? AND name = ?", stack_id, logical_id)
            self._signals.drop_signals(stack_id, logical_id)

    def _forget(self) -> None:
        self._known.clear()
