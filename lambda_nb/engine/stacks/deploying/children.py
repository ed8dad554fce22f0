"""Nested stacks, as the resource type of them needs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.nested import Nested
from lambda_nb.engine.stacks.deploying.operations import resumption, update
from lambda_nb.engine.stacks.deploying.requests import skipping
from lambda_nb.engine.stacks.deploying.running import Running
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Revision, Stack
from lambda_nb.engine.stacks.types.context import Context

NO_UPDATES = "No updates are to be performed."
"""CloudFormation's refusal of an update that would change nothing."""

_MOST_IN_NAME = 128
_MOST_LEVELS = 16


class StackRoom(Protocol):
    """What nested stacks need of the room of all stacks; as in
    :class:`~lambda_nb.engine.stacks.deploying.stacks.Stacks`."""

    def new_id(self, name: str) -> str:
        """An ARN for a new stack."""

    def prepared(
        self,
        name: str,
        stack_id: str,
        template: str,
        parameters: Mapping[str, str | None],
        *,
        previous: Revision | None = None,
        tags: Mapping[str, str] | None = None,
        capabilities: Sequence[str] = (),
        notification_arns: Sequence[str] = (),
        role_arn: str | None = None,
    ) -> Revision:
        """The revision that a template asks for."""

    def create(
        self,
        name: str,
        stack_id: str,
        revision: Revision,
        *,
        on_failure: str = "ROLLBACK",
        timeout_minutes: int | None = None,
        parent: Stack | None = None,
    ) -> Stack:
        """Begin to create a stack."""

    def update(self, stack: Stack, revision: Revision, *, held: bool = False) -> Stack:
        """Begin to update a stack."""

    def delete(self, stack: Stack) -> None:
        """Begin to delete a stack."""

    def continue_rollback(self, stack: Stack, skip: Iterable[str] = ()) -> None:
        """Go on with a rollback."""


class Children:
    """The nested stacks.

    Parameters
    ----------
    room
        The room of all stacks.
    running
        The operations that run.
    read
        The text of a template by its address.
    """

    def __init__(self, room: StackRoom, running: Running, read: Callable[[str], str]) -> None:
        self._room = room
        self._running = running
        self._read = read

    def create_nested(self, context: Context, asked: Nested) -> Stack:
        """Begin to create a nested stack."""
        parent = self._running.parts.store.stack(context.stack_id)
        name = context.name(_MOST_IN_NAME)
        stack_id = self._room.new_id(name)
        revision = self.revision(name, stack_id, asked, parent)
        self._check_end(parent, revision)
        return self._room.create(
            name,
            stack_id,
            revision,
            on_failure="DO_NOTHING",
            timeout_minutes=asked.timeout_minutes,
            parent=parent,
        )

    def _check_end(self, parent: Stack, revision: Revision) -> None:
        """Refuse a stack that would have itself inside, without end."""
        store = self._running.parts.store
        outer: Stack | None = parent
        for _ in range(_MOST_LEVELS):
            if outer is None:
                return
            asked = (outer.revision.template, outer.revision.parameters)
            if asked == (revision.template, revision.parameters):
                raise validation_error(
                    f"The stack {outer.name} has itself as a nested stack: the same template with "
                    "the same parameters. Give it other parameters, and a condition that ends it."
                )
            outer = store.find_stack(outer.parent_id) if outer.parent_id else None
        if outer is not None:
            raise validation_error(
                f"Stacks are nested more than {_MOST_LEVELS} levels deep in {outer.name}."
            )

    def update_nested(self, stack_id: str, asked: Nested) -> bool:
        """Begin to update a nested stack; whether anything changes."""
        stack = self._running.parts.store.stack(stack_id)
        assert stack.parent_id is not None
        parent = self._running.parts.store.stack(stack.parent_id)
        revision = self.revision(stack.name, stack_id, asked, parent, stack.revision)
        try:
            self._room.update(stack, revision, held=True)
        except AWSError as error:
            if error.message == NO_UPDATES:
                return False
            raise
        return True

    def undo_nested(self, stack_id: str) -> bool:
        """Begin to roll a nested stack back that was updated and waits for its parent."""
        with self._running.lock:
            stack = self._running.parts.store.stack(stack_id)
            if stack.status == "UPDATE_ROLLBACK_FAILED":
                self._room.continue_rollback(stack, self._skipped_in(stack))
                return True
            if not resumption.held(stack):
                return False
            self._running.parts.journal.stack(stack_id, "UPDATE_ROLLBACK_IN_PROGRESS")
            self._running.start(stack_id, update.roll_back)
        return True

    def _skipped_in(self, stack: Stack) -> list[str]:
        """What the rollback of a nested stack skips, since its parent's was told so."""
        assert stack.parent_id is not None
        parent = self._running.parts.store.stack(stack.parent_id)
        return skipping.inside(stack.name, parent.operation.get("skip", ()))

    def finish(self, stack_id: str) -> None:
        """Let a nested stack that was updated delete what it does not need any more."""
        with self._running.lock:
            if not resumption.held(self._running.parts.store.stack(stack_id)):
                return
            self._running.start(stack_id, update.clean_up)
        self.await_nested(stack_id, None)

    def delete_nested(self, name_or_id: str) -> str | None:
        """Begin to delete a nested stack; its ID, ``None`` if it is not there."""
        stack = self._running.parts.store.find_stack(name_or_id)
        if stack is None or stack.deleted is not None:
            return None
        if resumption.held(stack):
            self.finish(stack.id)
        self._room.delete(stack)
        return stack.id

    def await_nested(self, stack_id: str, cancelled: threading.Event | None) -> Stack:
        """Wait until an operation has ended.

        Raises
        ------
        Cancelled
            ``cancelled`` was set meanwhile.
        Closed
            The engine ends.
        """
        return self._running.wait(stack_id, cancelled)

    def cancel_nested(self, stack_id: str) -> None:
        """Give the operation up that runs on a nested stack."""
        self._running.cancel(stack_id, "The operation of the parent stack was cancelled. ")

    def revision(
        self,
        name: str,
        stack_id: str,
        asked: Nested,
        parent: Stack,
        previous: Revision | None = None,
    ) -> Revision:
        """What a nested stack is asked to be.

        Parameters
        ----------
        name, stack_id, previous
            The nested stack's.
        asked
            By its properties.
        parent
            The stack that has it, with the revision that asks.
        """
        return self._room.prepared(
            name,
            stack_id,
            self._read(asked.template_url),
            asked.parameters,
            previous=previous,
            tags=asked.tags,
            capabilities=parent.revision.capabilities,
            notification_arns=asked.notification_arns,
            role_arn=parent.revision.role_arn,
        )
