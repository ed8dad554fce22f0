"""Makes and changes single resources of one stack."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.steps import admission
from lambda_nb.engine.stacks.deploying.steps.recording import Recording
from lambda_nb.engine.stacks.deploying.steps.removal import Removal
from lambda_nb.engine.stacks.deploying.steps.signals import await_signals
from lambda_nb.engine.stacks.model import Cancelled, Refused
from lambda_nb.engine.stacks.records.rows import Held, StackResource
from lambda_nb.engine.stacks.records.store import Closed
from lambda_nb.engine.stacks.types.resource_type import ResourceType

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
_CHANGED = ("modify", "replace", "noted")


class Resources:
    """The resources of one stack during one operation.

    Parameters
    ----------
    recording
        Records what is done.
    type_of
        The class of a resource type.

    Attributes
    ----------
    removal : Removal
        Deletes them.
    """

    def __init__(self, recording: Recording, type_of: Callable[[str], ResourceType]) -> None:
        self.recording = recording
        self.type_of = type_of
        self.removal = Removal(recording, type_of)

    def create(
        self, logical_id: str, held: Held, creation_policy: Mapping[str, Any] | None = None
    ) -> bool:
        """Make a new resource; whether it could be made."""
        self.recording.begin(logical_id, held, "create", None, "CREATE_IN_PROGRESS", None)
        return self._make(logical_id, held, creation_policy, "CREATE")

    def replace(
        self,
        old: StackResource,
        held: Held,
        creation_policy: Mapping[str, Any] | None = None,
    ) -> bool:
        """Make a new resource in the place of one that is there, which stays until the cleanup."""
        if old.step == "modify":  # by an earlier try: a rollback is to find it as it was before
            if not self.restore(old):
                return False
            old = self.recording.row(old.logical_id)
        before = old.before if old.step in _CHANGED else old.held
        again = old.step in ("create", "replace")  # by an earlier try that was not rolled back
        if again and not self.discard(old):
            why = Refused(f"{old.held.physical_id} must go first, and cannot be deleted.")
            self.recording.fail(old.logical_id, held, "UPDATE_FAILED", why)
            return False
        if old.step == "create":
            return self.create(old.logical_id, held, creation_policy)
        self.recording.begin(
            old.logical_id, held, "replace", before, "UPDATE_IN_PROGRESS", REPLACING
        )
        return self._make(old.logical_id, held, creation_policy, "UPDATE")

    def modify(self, old: StackResource, held: Held) -> bool:
        """Change a resource in place; whether it could be changed."""
        before = old.before if old.step in _CHANGED else old.held
        target = dataclasses.replace(
            held,
            physical_id=old.held.physical_id,
            attributes=old.held.attributes,
            name=old.held.name,
        )
        step = old.step if old.step in ("create", "replace") else "modify"
        self.recording.begin(
            old.logical_id,
            target,
            step,
            before if step != "create" else None,
            "UPDATE_IN_PROGRESS",
            None,
        )
        there = old.held if old.step is None else None
        return self._change(old.logical_id, target, old.held.properties, "UPDATE", there=there)

    def restore(self, row: StackResource) -> bool:
        """Change a resource back to what it was before the operation."""
        assert row.before is not None
        back = dataclasses.replace(row.before, attributes=row.held.attributes)
        if row.held.physical_id != row.before.physical_id:
            return self.swap_back(row)
        new = row.held.properties
        self.recording.status(row.logical_id, "UPDATE_IN_PROGRESS", token=uuid4())
        done = self._change(row.logical_id, back, new, "UPDATE", rolling_back=True)
        if done:
            self.recording.store.change_resource(
                self.recording.stack.id, row.logical_id, step=None, before=None
            )
        return done

    def swap_back(self, row: StackResource) -> bool:
        """Let a replaced resource be the old one again; the new one is deleted in the cleanup."""
        assert row.before is not None
        self.recording.status(
            row.logical_id,
            "UPDATE_COMPLETE",
            held=row.before,
            before=row.held,
            step="undone",
        )
        return True

    def discard(self, row: StackResource) -> bool:
        """Delete what an earlier try made, or may have made; whether nothing of it is left."""
        may_be_there = bool(row.held.physical_id) or row.uncertain
        return not may_be_there or self.removal.destroy(row, row.held)

    def take_back(self, row: StackResource) -> StackResource | None:
        """Before another try: a replacement that failed is deleted, and the old one counts again.

        Returns
        -------
        StackResource or None
            The resource as it was before it was to be replaced; ``None`` if what was made of the
            new one cannot be deleted.
        """
        assert row.before is not None
        if not self.discard(row):
            return None
        return self.recording.store.change_resource(
            self.recording.stack.id,
            row.logical_id,
            held=row.before,
            before=None,
            step=None,
            uncertain=False,
        )

    def keep_record(self, row: StackResource, held: Held) -> None:
        """Record new policies, metadata and dependencies of a resource that is not changed."""
        same = dataclasses.replace(
            held,
            properties=row.held.properties,
            physical_id=row.held.physical_id,
            attributes=row.held.attributes,
            name=row.held.name,
            secrets=tuple(sorted({*held.secrets, *row.held.secrets})),
        )
        if same != row.held:
            before = row.before if row.step else row.held
            step = row.step or "noted"
            self.recording.store.change_resource(
                self.recording.stack.id, row.logical_id, held=same, before=before, step=step
            )

    def _make(
        self,
        logical_id: str,
        held: Held,
        creation_policy: Mapping[str, Any] | None,
        kind: str,
    ) -> bool:
        token = self.recording.row(logical_id).token
        context = self.recording.context(logical_id, token)
        of_type = self.type_of(held.type)
        try:
            admission.admit(context, of_type, held)
            made = of_type.create(context, held.properties)
            self.recording.keep(logical_id, made)
            if creation_policy is not None:
                await_signals(
                    creation_policy,
                    lambda: self.recording.store.signals(self.recording.stack.id, logical_id),
                    context.wait,
                )
            if self.recording.cancelled.is_set():
                raise Cancelled
        except Closed:
            raise
        except Exception as error:
            self.recording.failed(logical_id, error, token, kind)
            return False
        self.recording.status(logical_id, f"{kind}_COMPLETE", of_type.remark(held.properties))
        return True

    def _change(
        self,
        logical_id: str,
        target: Held,
        now: Mapping[str, Any],
        kind: str,
        *,
        rolling_back: bool = False,
        there: Held | None = None,
    ) -> bool:
        """Change a resource; ``there`` is what it stays if it is refused untouched."""
        token = self.recording.row(logical_id).token
        context = self.recording.context(logical_id, token, rolling_back=rolling_back)
        of_type = self.type_of(target.type)
        try:
            made = of_type.update(context, target.made, now, target.properties)
            if self.recording.cancelled.is_set() and not rolling_back:
                raise Cancelled
        except Closed:
            raise
        except Exception as error:
            self.recording.failed(logical_id, error, token, kind)
            if there is not None and isinstance(error, Refused) and error.untouched:
                self.recording.store.change_resource(
                    self.recording.stack.id, logical_id, held=there, step=None, before=None
                )
            return False
        row = self.recording.row(logical_id)
        held = self.recording.holding(target, made)
        replaced = made.physical_id != target.physical_id and row.step == "modify"
        remark = of_type.remark(target.properties)
        self.recording.status(
            logical_id,
            f"{kind}_COMPLETE",
            None if remark == of_type.remark(now) else remark,
            held=held,
            step="replace" if replaced else row.step,
        )
        return True
