"""Deletes single resources of one stack."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.steps.reasons import absent, definite, reason
from lambda_nb.engine.stacks.deploying.steps.recording import Recording
from lambda_nb.engine.stacks.model import Made
from lambda_nb.engine.stacks.records.rows import Held, StackResource
from lambda_nb.engine.stacks.records.store import Closed
from lambda_nb.engine.stacks.templates.structure.policies import SNAPSHOT
from lambda_nb.engine.stacks.types import finding
from lambda_nb.engine.stacks.types.resource_type import ResourceType

log = logging.getLogger(__name__)

_NO_SNAPSHOT = "lambda_nb makes no snapshots of this type: the resource was kept."
_SAME = "The replacement is this very resource: it was not deleted."
_UNSURE = "Whether it was made is not known."
_LOST = "It was not found. If it is there all the same, delete it yourself."
_KEEPS = ("Retain", "RetainExceptOnCreate")


class Removal:
    """Deletes resources, or keeps them where their policies say so.

    Parameters
    ----------
    recording
        Records it.
    type_of
        The class of a resource type.
    """

    def __init__(self, recording: Recording, type_of: Callable[[str], ResourceType]) -> None:
        self._recording = recording
        self._type_of = type_of

    def remove(self, row: StackResource, *, creating: bool = False) -> bool:
        """Delete a resource, or keep it if its ``DeletionPolicy`` says so.

        Parameters
        ----------
        row
            The resource.
        creating
            Whether it was made by the operation that is rolled back.
        """
        policy = row.held.deletion_policy
        if creating and self._recording.stack.operation.get("retain_except_on_create"):
            policy = "Delete"
        if policy in (("Retain",) if creating else _KEEPS):
            self._recording.status(row.logical_id, "DELETE_SKIPPED")
            return True
        snapshot = policy == SNAPSHOT and not creating
        if snapshot and not self._type_of(row.held.type).has_snapshots:
            self._recording.status(row.logical_id, "DELETE_SKIPPED", _NO_SNAPSHOT)
            return True
        return self._delete(row, row.held, recorded=True, snapshot=snapshot)

    def remove_replaced(self, row: StackResource) -> bool:
        """In the cleanup: delete the resource that was replaced."""
        assert row.before is not None
        old, policy = dataclasses.replace(row, held=row.before), row.before.update_replace_policy
        snapshot = policy == SNAPSHOT
        if policy in _KEEPS:
            self._recording.note(old, "DELETE_SKIPPED")
            return True
        if snapshot and not self._type_of(row.before.type).has_snapshots:
            self._recording.note(old, "DELETE_SKIPPED", _NO_SNAPSHOT)
            return True
        return self.destroy(row, row.before, snapshot=snapshot)

    def destroy(self, row: StackResource, held: Held, *, snapshot: bool = False) -> bool:
        """Delete a resource that is not the stack's any more, whatever its policies say.

        Not if it is the stack's all the same: a replacement that was made in its place may be it.
        """
        other = row.before if held is row.held else row.held
        if other is not None and held.physical_id and self._same(held, other):
            self._recording.note(dataclasses.replace(row, held=held), "DELETE_SKIPPED", _SAME)
            return True
        return self._delete(row, held, recorded=False, snapshot=snapshot)

    def _same(self, one: Held, other: Held) -> bool:
        of_type = self._type_of(one.type)
        return of_type.same(one.made, one.properties, other.made, other.properties)

    def _delete(
        self, row: StackResource, held: Held, *, recorded: bool, snapshot: bool = False
    ) -> bool:
        """Delete one real resource; ``recorded``: it is the one that the row is about."""
        shown = dataclasses.replace(row, held=held)

        def tell(status: str, why: str | None = None, **fields: Any) -> None:
            if recorded:
                self._recording.status(row.logical_id, status, why, **fields)
            else:
                self._recording.note(shown, status, why)

        identity = held.physical_id
        why = None
        if not identity:
            if not row.uncertain:
                tell("DELETE_COMPLETE")
                return True
            try:
                identity = self._found(row, held) or ""
            except Exception as error:  # whoever could tell cannot be asked now
                tell("DELETE_FAILED", f"{_UNSURE} Looking for it failed: {error}")
                return False
            if not identity:
                tell("DELETE_COMPLETE", f"{_UNSURE} {_LOST}")
                return True
            why = f"{_UNSURE} Looking for {identity}."
        token = uuid4()
        tell("DELETE_IN_PROGRESS", why, **({"token": token} if recorded else {}))
        done = None
        try:
            of_type = self._type_of(held.type)
            context = self._recording.context_without_record(row.logical_id, token)
            made = Made(identity, held.attributes)
            if snapshot:
                done = of_type.delete_with_snapshot(context, made, held.properties)
            else:
                of_type.delete(context, made, held.properties)
        except Closed:
            raise
        except Exception as error:
            if self._recording.closing.is_set():  # that may be why: the next engine tries again
                raise Closed from error
            if not held.physical_id and absent(error):
                tell("DELETE_COMPLETE", f"{identity} was not found: {error}")
                return True
            if not definite(error):
                log.warning("resource %s of stack %s", row.logical_id, row.stack_id, exc_info=True)
            tell("DELETE_FAILED", reason(error, token))
            return False
        tell("DELETE_COMPLETE", done)
        return True

    def _found(self, row: StackResource, held: Held) -> str | None:
        """The physical ID of a resource of which it is not recorded whether it was made."""
        recording = self._recording
        context = recording.context_without_record(row.logical_id, uuid4())
        lost = finding.Lost(
            held.type, held.name, held.properties, recording.begun(row.logical_id), recording.known
        )
        return finding.found(context, self._type_of(held.type), lost)
