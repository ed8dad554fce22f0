"""The stacks of one Region: what may be asked of them, and what runs on them."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.children import NO_UPDATES, Children
from lambda_nb.engine.stacks.deploying.comparison import Comparison
from lambda_nb.engine.stacks.deploying.detections import Detections
from lambda_nb.engine.stacks.deploying.dynamic import Dynamic
from lambda_nb.engine.stacks.deploying.ending import BY_USER, Ending, check_status
from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE, Journal
from lambda_nb.engine.stacks.deploying.nested import Nested, NestedStack
from lambda_nb.engine.stacks.deploying.operations import creation, resumption, update
from lambda_nb.engine.stacks.deploying.operations.run import Parts
from lambda_nb.engine.stacks.deploying.planning import stack_policies
from lambda_nb.engine.stacks.deploying.preparing import Preparing, secrets_of
from lambda_nb.engine.stacks.deploying.running import Running
from lambda_nb.engine.stacks.deploying.steps.clients import Clients
from lambda_nb.engine.stacks.deploying.surroundings import Surroundings
from lambda_nb.engine.stacks.model import Properties, validation_error
from lambda_nb.engine.stacks.records.rows import DriftDetection, Revision, Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types.resource_type import ResourceType

log = logging.getLogger(__name__)

_UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
)


class Stacks:
    """Creates, updates and deletes stacks.

    All methods are synchronous and may be called from any thread; those that begin an operation
    return at once, and the operation goes on in threads of its own.

    Parameters
    ----------
    store
        The records.
    around
        The engine around.
    """

    def __init__(self, store: Store, around: Surroundings) -> None:
        self._store = store
        self._around = around
        self._clients = Clients(around.url, around.keys, around.region)
        self._journal = Journal(store, self._publish, around.put_event)
        self._running = Running(self._keep_secrets)
        self._lock = self._running.lock
        children = self._children = Children(self, self._running, around.read)
        self._nested_type = NestedStack(children)
        self._preparing = Preparing(
            around, self._find_type, store, Dynamic(self._clients, self._journal.keep_secret)
        )
        parts = Parts(
            store,
            self._journal,
            self._preparing,
            (around.account, around.region, around.partition),
            self._clients,
            self._preparing.type_of,
            children,
            threading.Event(),
        )
        self._running.parts = parts
        self._detections = Detections(parts)
        self._ending = Ending(self._running)

    def close(self) -> None:
        """Give up what runs; the next engine takes it up. The records are closed too."""
        self._running.close()
        self._journal.close()
        self._store.close()
        self._clients.close()

    def resume(self) -> None:
        """Take up what the end of an earlier engine interrupted; to be called once when everything
        serves. It goes on in a thread."""
        self._running.resume()

    def new_id(self, name: str) -> str:
        """An ARN for a new stack."""
        around = self._around
        return (
            f"arn:{around.partition}:cloudformation:{around.region}:{around.account}:"
            f"stack/{name}/{uuid4()}"
        )

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
        """The revision that a template and parameters ask for: read, transformed and checked.

        Parameters
        ----------
        name, stack_id
            The stack's, which need not be there yet.
        template
            Its text.
        parameters
            Values by names; ``None`` for ``UsePreviousValue``.
        previous
            The revision whose values may be used again.
        tags, capabilities, notification_arns, role_arn
            As they were given.

        Raises
        ------
        AWSError
            ``ValidationError``: something is wrong with the template or the parameters.
        """
        return self._preparing.revision(
            name,
            stack_id,
            template,
            parameters,
            previous=previous,
            tags=tags,
            capabilities=capabilities,
            notification_arns=notification_arns,
            role_arn=role_arn,
        )

    def review(self, name: str, stack_id: str) -> Stack:
        """Make a stack that is ``REVIEW_IN_PROGRESS``, for a change set that will create it.

        Raises
        ------
        AWSError
            ``AlreadyExistsException``.
        """
        with self._lock:
            if self._store.find_stack(name) is not None:
                raise _there_already(name)
            self._store.put_stack(
                Stack(stack_id, name, "REVIEW_IN_PROGRESS", Revision("", "{}"), time.time())
            )
            return self._journal.stack(stack_id, "REVIEW_IN_PROGRESS", BY_USER)

    def compared(
        self, stack: Stack | None, revision: Revision, name: str, stack_id: str
    ) -> Comparison:
        """What a revision would change.

        Parameters
        ----------
        stack
            The stack that would be updated; ``None`` for one that would be created.
        revision
            What it would be.
        name, stack_id
            The stack's.

        Raises
        ------
        AWSError
            ``ValidationError``: the revision cannot be evaluated.
        """
        return Comparison(
            self._store, self._journal, self._preparing, name, stack_id, stack, revision
        )

    def nested(self, stack: Stack, revision: Revision) -> Iterator[tuple[str, Stack, Revision]]:
        """The nested stacks that an update would change: logical IDs, and what they would be.

        Raises
        ------
        AWSError
            ``ValidationError``: the template of one cannot be had or is wrong.
        """
        parent = dataclasses.replace(stack, revision=revision)
        comparison = self.compared(stack, revision, stack.name, stack.id)
        for logical_id, child_id, properties in comparison.nested:
            child = self._store.stack(child_id)
            asked = Nested(revision.tags, properties)
            wanted = self._children.revision(child.name, child.id, asked, parent, child.revision)
            yield logical_id, child, wanted

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
                raise _there_already(name)
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
        _check_updatable(self._store.stack(stack.id), nested=held)
        if self.compared(stack, revision, stack.name, stack.id).empty:
            raise validation_error(NO_UPDATES)
        with self._lock:
            stack = self._store.stack(stack.id)
            _check_updatable(stack, nested=held)
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

    def delete(
        self,
        stack: Stack,
        *,
        retain: Iterable[str] = (),
        force: bool = False,
        token: str | None = None,
    ) -> None:
        """As :meth:`~lambda_nb.engine.stacks.deploying.ending.Ending.delete`."""
        self._ending.delete(stack, retain=retain, force=force, token=token)

    def cancel_update(self, stack: Stack, token: str | None = None) -> None:
        """As :meth:`~lambda_nb.engine.stacks.deploying.ending.Ending.cancel_update`."""
        self._ending.cancel_update(stack, token)

    def continue_rollback(
        self, stack: Stack, skip: Iterable[str] = (), token: str | None = None
    ) -> None:
        """As :meth:`~lambda_nb.engine.stacks.deploying.ending.Ending.continue_rollback`."""
        self._ending.continue_rollback(stack, skip, token)

    def roll_back(
        self, stack: Stack, token: str | None = None, *, retain_except_on_create: bool = False
    ) -> None:
        """As :meth:`~lambda_nb.engine.stacks.deploying.ending.Ending.roll_back`."""
        self._ending.roll_back(stack, token, retain_except_on_create=retain_except_on_create)

    def set_policy(self, stack: Stack, policy: str) -> None:
        """Give a stack a policy. Raises ``ValidationError`` if it is none."""
        stack_policies.checked(policy)
        self._store.change_stack(stack.id, policy=policy)

    def signal(
        self, stack: Stack, logical_id: str, unique_id: str, status: str, data: str = ""
    ) -> None:
        """Take a signal for a resource that waits for signals.

        Parameters
        ----------
        stack, logical_id
            The resource.
        unique_id
            Of the sender.
        status
            ``SUCCESS`` or ``FAILURE``.
        data
            What else it says.

        Raises
        ------
        AWSError
            ``ValidationError``: there is no such resource, or it does not wait.
        """
        stack = self._store.stack(stack.id)
        row = self._store.resource(stack.id, logical_id)
        if row is None:
            raise validation_error(f"Resource {logical_id} does not exist for stack {stack.name}")
        if not row.status.endswith("_IN_PROGRESS"):
            raise validation_error(
                f"Signal is not expected by the resource {logical_id} in status {row.status}"
            )
        self._store.add_signal(stack.id, logical_id, unique_id, status, data)
        self._journal.note(
            stack, row, row.status, f"Received {status} signal with UniqueId {unique_id}"
        )

    def detect_drift(self, stack: Stack, logical_ids: Iterable[str] = ()) -> DriftDetection:
        """Begin to compare a stack's resources (all, or those named) with what was deployed."""
        return self._detections.begin(stack, logical_ids)

    def detect_resource_drift(self, stack: Stack, logical_id: str) -> None:
        """Compare one resource with what was deployed.

        Raises
        ------
        AWSError
            ``ValidationError``: there is no such resource.
        """
        self._detections.check(stack, logical_id)

    def resource_now(self, row: StackResource) -> Properties | None:
        """A resource's properties as they are now; ``None`` if it is gone.

        Raises
        ------
        NotImplementedError
            Resources of its type cannot be read.
        """
        return self._detections.resource_now(row)

    def _find_type(self, name: str) -> ResourceType | None:
        return self._nested_type if name == STACK_TYPE else self._around.find_type(name)

    def _keep_secrets(self, stack: Stack) -> None:
        secrets = secrets_of(stack.revision)
        for row in self._store.resources(stack.id).values():
            secrets |= frozenset(row.held.secrets)
        self._journal.keep_secret(stack.id, secrets)

    def _publish(self, topic: str, subject: str, text: str) -> None:
        region = topic.split(":")[3]
        self._clients("sns", region).publish(TopicArn=topic, Subject=subject, Message=text)


def _check_updatable(stack: Stack, *, nested: bool) -> None:
    """Refuse to update a stack whose status does not allow it."""
    # The update of a parent failed and stayed: what is nested in it still waits for the next one.
    if not (nested and resumption.held(stack)):
        check_status(stack, _UPDATABLE, "updated")


def _there_already(name: str) -> AWSError:
    return AWSError("AlreadyExistsException", f"Stack [{name}] already exists")
