"""The change sets of stacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.codec import encoded
from lambda_nb.engine.stacks.records.tables.file import File


class ChangeSetTable:
    """Keeps change sets.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def put_change_set(self, change_set: ChangeSet) -> ChangeSet:
        """Keep a change set, new or changed; one that was carried out gives its name free."""
        done = change_set.execution_status == "EXECUTE_COMPLETE"
        self._file.do(
            "INSERT INTO change_set (id, stack, name, row) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, row = excluded.row",
            change_set.id,
            change_set.stack_id,
            None if done else change_set.name,
            encoded(change_set),
        )
        return change_set

    def find_change_set(self, name_or_id: str, stack_id: str | None = None) -> ChangeSet | None:
        """A change set by its ARN, or by its name and its stack's ARN.

        One that was carried out is found by its ARN only, as on AWS (guardian/riff-raff#672).
        """
        for row in self._file.rows(
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
        return self._file.rows(
            ChangeSet, "SELECT row FROM change_set WHERE stack = ? ORDER BY number", stack_id
        )

    def change_sets_inside(self, change_set: ChangeSet) -> Iterator[ChangeSet]:
        """The change sets nested in one, at all depths."""
        for entry in change_set.changes:
            found = self.find_change_set(entry["ResourceChange"].get("ChangeSetId", ""))
            if found is not None:
                yield found
                yield from self.change_sets_inside(found)

    def change_execution(self, change_set: ChangeSet, status: str) -> None:
        """Give a change set, and those nested in it, an execution status."""
        for one in (change_set, *self.change_sets_inside(change_set)):
            self.put_change_set(dataclasses.replace(one, execution_status=status))

    def drop_change_set(self, change_set_id: str) -> None:
        """Forget a change set."""
        self._file.do("DELETE FROM change_set WHERE id = ?", change_set_id)
