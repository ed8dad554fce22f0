"""Stacks, living and deleted."""

from __future__ import annotations

import dataclasses
from typing import Any

from lambda_nb.engine.stacks.records.codec import encoded
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.tables.file import File


class StackTable:
    """Keeps stacks.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def put_stack(self, stack: Stack) -> Stack:
        """Keep a stack, new or changed."""
        self._file.do(
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
        with self._file.lock:
            return self.put_stack(dataclasses.replace(self.stack(stack_id), **fields))

    def stack(self, stack_id: str) -> Stack:
        """A stack that is there, by its ARN; a deleted one too.

        Raises
        ------
        KeyError
            There is none.
        """
        for stack in self._file.rows(Stack, "SELECT row FROM stack WHERE id = ?", stack_id):
            return stack
        raise KeyError(stack_id)

    def find_stack(self, name_or_id: str) -> Stack | None:
        """A stack by its name, if it is not deleted, or by its ARN."""
        for stack in self._file.rows(
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
        return self._file.rows(Stack, f"SELECT row FROM stack {which} ORDER BY number DESC")  # noqa: S608

    def nested_in(self, stack_id: str) -> list[Stack]:
        """The stacks that are directly nested in one and not deleted."""
        return [stack for stack in self.stacks() if stack.parent_id == stack_id]
