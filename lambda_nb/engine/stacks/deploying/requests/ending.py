"""Deletes stacks, and rolls back what was left or is still running."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from lambda_nb.engine.stacks.deploying.operations import creation, deletion, update
from lambda_nb.engine.stacks.deploying.requests import skipping
from lambda_nb.engine.stacks.deploying.requests.statuses import check_status
from lambda_nb.engine.stacks.deploying.running import Running
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Stack

BY_USER = "User Initiated"
"""The reason in the first event of an operation."""


class Ending:
    """Begins deletions and rollbacks.

    Parameters
    ----------
    running
        The operations that run.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        self._lock = running.lock
        self._store = running.parts.store
        self._journal = running.parts.journal

    def delete(
        self,
        stack: Stack,
        *,
        retain: Iterable[str] = (),
        force: bool = False,
        token: str | None = None,
    ) -> None:
        """Begin to delete a stack; one that is being deleted or is deleted stays so.

        Parameters
        ----------
        stack
            The stack.
        retain
            Logical IDs of resources that are left alone; only for ``DELETE_FAILED`` stacks.
        force
            Whether resources that cannot be deleted are left alone.
        token
            As of :class:`~lambda_nb.engine.stacks.records.rows.Stack`.

        Raises
        ------
        AWSError
            ``ValidationError``: it is being updated or rolled back, or ``retain`` is not possible.
        """
        retained = list(retain)
        with self._lock:
            stack = self._store.stack(stack.id)
            if stack.deleted is not None or stack.status == "DELETE_IN_PROGRESS":
                return
            self._check_retained(stack, retained)
            if stack.status == "CREATE_IN_PROGRESS":
                self._delete_while_creating(stack)
                return
            if stack.in_progress:
                raise validation_error(
                    f"Stack [{stack.name}] cannot be deleted while in status {stack.status}"
                )
            self._journal.stack(
                stack.id,
                "DELETE_IN_PROGRESS",
                BY_USER,
                token=token,
                operation={
                    "retain": retained,
                    "force": force,
                    "was": {"status": stack.status, "operation": stack.operation},
                },
            )
            self._running.start(stack.id, deletion.delete)

    def cancel_update(self, stack: Stack, token: str | None = None) -> None:
        """Give an update up: it is rolled back.

        Raises
        ------
        AWSError
            ``ValidationError``: it is not being updated.
        """
        with self._lock:
            now = self._store.stack(stack.id)
            cancelled = now.status == "UPDATE_IN_PROGRESS" and self._running.cancel(
                stack.id, "Update cancelled by user. ", token=token
            )
            if not cancelled:
                raise validation_error(
                    "CancelUpdateStack cannot be called from current stack status"
                )

    def continue_rollback(
        self, stack: Stack, skip: Iterable[str] = (), token: str | None = None
    ) -> None:
        """Go on with the rollback of an update that failed.

        Parameters
        ----------
        stack
            The stack, which is ``UPDATE_ROLLBACK_FAILED``.
        skip
            Resources that are taken as rolled back, as in
            :mod:`~lambda_nb.engine.stacks.deploying.requests.skipping`.
        token
            As of :class:`~lambda_nb.engine.stacks.records.rows.Stack`.

        Raises
        ------
        AWSError
            ``ValidationError``.
        """
        skipped = list(skip)
        with self._lock:
            stack = self._in_status(stack.id, ("UPDATE_ROLLBACK_FAILED",), "continue rolled back")
            if stack.parent_id is None:  # what is nested was checked with its root
                skipping.check(self._store, stack, skipped)
            self._journal.stack(
                stack.id,
                "UPDATE_ROLLBACK_IN_PROGRESS",
                BY_USER,
                token=token,
                operation={**stack.operation, "skip": skipped},
            )
            self._running.start(stack.id, lambda run: update.roll_back(run, skipped))

    def roll_back(
        self, stack: Stack, token: str | None = None, *, retain_except_on_create: bool = False
    ) -> None:
        """Roll a stack back that was left as it was when it failed.

        Parameters
        ----------
        stack
            The stack.
        token
            As of :class:`~lambda_nb.engine.stacks.records.rows.Stack`.
        retain_except_on_create
            Whether even new resources that are to be retained are deleted.

        Raises
        ------
        AWSError
            ``ValidationError``: it did not fail.
        """
        with self._lock:
            stack = self._in_status(stack.id, ("CREATE_FAILED", "UPDATE_FAILED"), "rolled back")
            first = "ROLLBACK" if stack.before is None else "UPDATE_ROLLBACK"
            operation = {"retain_except_on_create": retain_except_on_create}
            self._journal.stack(
                stack.id, f"{first}_IN_PROGRESS", BY_USER, token=token, operation=operation
            )
            work = creation.roll_back if stack.before is None else update.roll_back
            self._running.start(stack.id, work)

    def _check_retained(self, stack: Stack, retained: Collection[str]) -> None:
        if retained and stack.status != "DELETE_FAILED":
            raise validation_error(
                f"Invalid operation on stack [{stack.id}]. When you delete a stack, specify which "
                "resources to retain only when the stack is in the DELETE_FAILED state."
            )
        rows = self._store.resources(stack.id)
        unknown = [name for name in retained if name not in rows]
        if unknown:
            raise validation_error(
                "The specified resources to retain must be in a valid state. Do not specify "
                f"resources to retain that the stack does not have: [{', '.join(unknown)}]"
            )

    def _delete_while_creating(self, stack: Stack) -> None:
        """A creation is given up, and the stack is deleted."""
        deleting = {**stack.operation, "on_failure": "DELETE"}
        if not self._running.runs(stack.id):
            # An earlier engine began it, and this one has still to take it up: it ends there too.
            self._store.change_stack(stack.id, operation=deleting)
        elif not self._running.cancel(stack.id, "", operation=deleting):
            raise validation_error(
                f"Stack [{stack.name}] cannot be deleted while in status {stack.status}"
            )

    def _in_status(self, stack_id: str, allowed: Sequence[str], what: str) -> Stack:
        stack = self._store.stack(stack_id)
        check_status(stack, allowed, what)
        return stack
