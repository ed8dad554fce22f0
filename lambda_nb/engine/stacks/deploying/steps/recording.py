"""What is recorded while single resources of one stack are made, changed and deleted."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from threading import Event as Flag
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.journal import Journal
from lambda_nb.engine.stacks.deploying.steps.context import StepContext
from lambda_nb.engine.stacks.deploying.steps.reasons import definite, reason
from lambda_nb.engine.stacks.model import Cancelled, Made
from lambda_nb.engine.stacks.records.rows import Held, Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store

log = logging.getLogger(__name__)

INITIATED = "Resource creation Initiated"
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")


class Recording:
    """Records the steps of one operation on one stack.

    Parameters
    ----------
    stack
        The stack.
    store, journal
        Where steps are recorded.
    place
        Account, Region and partition.
    connect
        Returns boto3 clients.
    cancelled
        Set when the operation is given up.
    closing
        Set when the engine ends.
    """

    def __init__(
        self,
        stack: Stack,
        store: Store,
        journal: Journal,
        place: tuple[str, str, str],
        connect: Callable[[str, str | None], Any],
        cancelled: Flag,
        closing: Flag,
    ) -> None:
        self.stack = stack
        self.store = store
        self.cancelled = cancelled
        self.closing = closing
        self._journal = journal
        self._place = place
        self._connect = connect

    def context(self, logical_id: str, token: str, *, rolling_back: bool = False) -> StepContext:
        """What a resource type gets when it makes or changes a resource."""
        return self._context(
            logical_id,
            token,
            lambda field, value: self._tell(logical_id, field, value),
            rolling_back,
        )

    def context_without_record(self, logical_id: str, token: str) -> StepContext:
        """What a resource type gets when it deletes or reads a resource."""
        return self._context(logical_id, token, lambda field, value: None, False)

    def row(self, logical_id: str) -> StackResource:
        """A resource that is recorded."""
        row = self.store.resource(self.stack.id, logical_id)
        assert row is not None
        return row

    def begun(self, logical_id: str) -> float:
        """When the last step that makes or changes a resource began (seconds since 1970)."""
        for event in self.store.events(self.stack.id):
            if event.logical_id == logical_id and event.status in _BEGINNINGS:
                return event.time
        return self.stack.created

    def known(self, physical_id: str) -> bool:
        """Whether a stack has a resource of this physical ID."""
        return any(
            physical_id in (row.held.physical_id, row.before.physical_id if row.before else "")
            for stack in self.store.stacks()
            for row in self.store.resources(stack.id).values()
        )

    def begin(
        self,
        logical_id: str,
        held: Held,
        step: str,
        before: Held | None,
        status: str,
        why: str | None,
    ) -> None:
        """A step begins."""
        row = StackResource(
            self.stack.id,
            logical_id,
            held,
            status,
            time.time(),
            before=before,
            step=step,
            token=uuid4(),
        )
        with self.store.together():
            if not held.physical_id:  # what is made now waits for signals of its own
                self.store.drop_signals(self.stack.id, logical_id)
            self._journal.begin(self.stack, row, why)

    def status(
        self, logical_id: str, status: str, why: str | None = None, **fields: Any
    ) -> StackResource:
        """A resource has a new status; fields of its record change with it."""
        return self._journal.resource(self.stack, logical_id, status, why, **fields)

    def note(self, row: StackResource, status: str, why: str | None = None) -> None:
        """Tell an event that changes nothing in the records."""
        self._journal.note(self.stack, row, status, why)

    def keep(self, logical_id: str, made: Made) -> None:
        """A resource was made."""
        row = self.row(logical_id)
        told = row.held.physical_id
        held = self.holding(row.held, made)
        row = self.store.change_resource(self.stack.id, logical_id, held=held)
        if not told:
            self._initiated(row)

    def holding(self, held: Held, made: Made) -> Held:
        """A resource as it is now that it was made or changed; its secrets are kept from events."""
        self._journal.keep_secret(self.stack.id, frozenset(made.secrets))
        return dataclasses.replace(
            held,
            physical_id=made.physical_id,
            attributes=dict(made.attributes),
            secrets=tuple(sorted({*held.secrets, *made.secrets})),
        )

    def fail(self, logical_id: str, held: Held, status: str, why: BaseException) -> None:
        """Record that a resource could not even be begun."""
        token = uuid4()
        known = self.store.resource(self.stack.id, logical_id)
        if known is None:
            self.store.put_resource(
                StackResource(self.stack.id, logical_id, held, status, time.time(), step="create")
            )
        self._journal.resource(self.stack, logical_id, status, reason(why, token), token=token)

    def failed(self, logical_id: str, error: Exception, token: str, kind: str) -> None:
        """A step failed; ``kind`` is ``CREATE`` or ``UPDATE``."""
        certain = definite(error)
        if isinstance(error, Cancelled):
            why = f"Resource {'creation' if kind == 'CREATE' else 'update'} cancelled"
        else:
            why = reason(error, token)
            if not certain:
                log.warning("resource %s of stack %s", logical_id, self.stack.name, exc_info=error)
        uncertain = not certain and not self.row(logical_id).held.physical_id
        self.status(logical_id, f"{kind}_FAILED", why, uncertain=uncertain)

    def _context(
        self,
        logical_id: str,
        token: str,
        tell: Callable[[str, str], None],
        rolling_back: bool,
    ) -> StepContext:
        return StepContext(
            self.stack,
            logical_id,
            token,
            self._place,
            self._connect,
            tell,
            self.cancelled,
            rolling_back=rolling_back,
        )

    def _tell(self, logical_id: str, field: str, value: str) -> None:
        row = self.row(logical_id)
        if getattr(row.held, field) == value:
            return
        told: dict[str, Any] = {field: value}
        held = dataclasses.replace(row.held, **told)
        row = self.store.change_resource(self.stack.id, logical_id, held=held)
        if field == "physical_id":
            self._initiated(row)

    def _initiated(self, row: StackResource) -> None:
        self._journal.note(self.stack, row, row.status, INITIATED)
