"""Begins creations and updates of stacks."""

from __future__ import annotations

import time
from collections.abc import Callable

from lambda_nb.engine.stacks.deploying.children import NO_UPDATES
from lambda_nb.engine.stacks.deploying.comparison import Comparison
from lambda_nb.engine.stacks.deploying.operations import creation, resumption, update
from lambda_nb.engine.stacks.deploying.planning import stack_policies
from lambda_nb.engine.stacks.deploying.requests.ending import BY_USER
from lambda_nb.engine.stacks.deploying.requests.statuses import already_exists, check_updatable
from lambda_nb.engine.stacks.deploying.running import Running
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Revision, Stack

Compare = Callable[[Stack | None, Revision, str, str], Comparison]


class Beginning:
    """Begins creations and updates.

    Parameters
    ----------
    running
        The operations that run.
    compare
        As :meth:`~lambda_nb.engine.stacks.deploying.stacks.Stacks.compared`.
    """

    def __init__(self, running: Running, compare: Compare) -> None:
        self._running = running
        self._compare = compare
        self._lock = running.lock
        self._store = running.parts.store
        self._journal = running.parts.journal

    def review(self, name: str, stack_id: str) -> Stack:
        """Make a stack that is ``REVIEW_IN_PROGRESS``, for a change set that will create it.

        Raises
        ------
        AWSError
            ``AlreadyExistsException``.
        """
        with self._lock:
            if self._store.find_stack(name) is not None:
                raise already_exists(name)
            self._store.put_stack(
                Stack(stack_id, name, "REVIEW_IN_PROGRESS", Revision("", "{}"), time.time())
            )
            return self._journal.stack(stack_id, "REVIEW_IN_PROGRESS", BY_USER)

    def create(
        self,
        name: str,
        stack_id: str,
        revision: Revision,
        *,
        on_failure: str = "ROLLBACK",
        timeout_minutes: int | None = None,
        termination_protection: bool = False,
        policy: str | None = None,
        retain_except_on_create: bool = False,
        token: str | None = None,
        change_set_id: str | None = None,
        parent: Stack | None = None,
    ) -> Stack:
        """Begin to create a stack.

        Parameters
        ----------
        name, stack_id, revision
            The stack, which is not there yet, or is ``REVIEW_IN_PROGRESS``.
        on_failure, timeout_minutes, termination_protection, policy, token, change_set_id
            As of :class:`~lambda_nb.engine.stacks.records.rows.Stack`.
        retain_except_on_create
            Whether a rollback deletes even resources that are to be retained.
        parent
            The stack in which it is nested.

        Raises
        ------
        AWSError
            ``AlreadyExistsException``; ``ValidationError`` of a wrong policy.
        """
        if policy:
            stack_policies.checked(policy)
        with self._lock:
            found = self._store.find_stack(name)
            if found is not None and (found.status, found.id) != ("REVIEW_IN_PROGRESS", stack_id):
                raise already_exists(name)
            self._store.put_stack(
                Stack(
                    stack_id,
                    name,
                    "CREATE_IN_PROGRESS",
                    revision,
                    found.created if found is not None else time.time(),
                    on_failure=on_failure,
                    timeout_minutes=timeout_minutes,
                    termination_protection=termination_protection,
                    policy=policy,
                    parent_id=parent.id if parent else None,
                    root_id=(parent.root_id or parent.id) if parent else None,
                    operation={
                        "on_failure": on_failure,
                        "retain_except_on_create": retain_except_on_create,
                    },
                    change_set_id=change_set_id,
                    token=token,
                )
            )
            stack = self._journal.stack(stack_id, "CREATE_IN_PROGRESS", BY_USER)
            self._running.start(stack_id, creation.create)
        return stack

    def update(
        self,
        stack: Stack,
        revision: Revision,
        *,
        on_failure: str = "ROLLBACK",
        policy: str | None = None,
        policy_during_update: str | None = None,
        retain_except_on_create: bool = False,
        token: str | None = None,
        change_set_id: str | None = None,
        held: bool = False,
    ) -> Stack:
        """Begin to update a stack.

        Parameters
        ----------
        stack, revision
            The stack, and what it is to be.
        on_failure
            ``ROLLBACK`` or ``DO_NOTHING``.
        policy, policy_during_update
            Stack policies: a new one, and one that holds only for this update.
        retain_except_on_create
            Whether a rollback deletes even new resources that are to be retained.
        token, change_set_id
            As of :class:`~lambda_nb.engine.stacks.records.rows.Stack`.
        held
            Whether it is nested, and waits for its parent before it deletes what it replaced.

        Raises
        ------
        AWSError
            ``ValidationError``: its status does not allow it, or nothing would change.
        """
        for text in filter(None, (policy, policy_during_update)):
            stack_policies.checked(text)
        self._check_updatable(self._store.stack(stack.id), nested=held)
        if self._compare(stack, revision, stack.name, stack.id).empty:
            raise validation_error(NO_UPDATES)
        with self._lock:
            stack = self._store.stack(stack.id)
            self._check_updatable(stack, nested=held)
            before = stack.before
            if before is None and stack.status != "CREATE_FAILED":
                before = stack.revision
            changed = self._journal.stack(
                stack.id,
                "UPDATE_IN_PROGRESS",
                BY_USER,
                token=token,
                revision=revision,
                before=before,
                updated=time.time(),
                policy=policy or stack.policy,
                change_set_id=change_set_id or stack.change_set_id,
                operation={
                    "on_failure": on_failure,
                    "policy": policy_during_update,
                    "retain_except_on_create": retain_except_on_create,
                    "held": held,
                },
            )
            self._running.start(stack.id, update.update)
        return changed

    @staticmethod
    def _check_updatable(stack: Stack, *, nested: bool) -> None:
        # The update of a parent failed and stayed: what is nested in it waits for the next one.
        if not (nested and resumption.held(stack)):
            check_updatable(stack)
