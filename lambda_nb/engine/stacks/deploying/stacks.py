"""The stacks of one Region: what may be asked of them, and what runs on them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping, Sequence

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.children import Children
from lambda_nb.engine.stacks.deploying.comparison import Comparison
from lambda_nb.engine.stacks.deploying.detections import Detections
from lambda_nb.engine.stacks.deploying.dynamic import Dynamic
from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE, Journal
from lambda_nb.engine.stacks.deploying.nested import Nested, NestedStack
from lambda_nb.engine.stacks.deploying.operations.run import Parts
from lambda_nb.engine.stacks.deploying.planning import stack_policies
from lambda_nb.engine.stacks.deploying.preparing import Preparing, secrets_of
from lambda_nb.engine.stacks.deploying.requests import topics
from lambda_nb.engine.stacks.deploying.requests.beginning import Beginning
from lambda_nb.engine.stacks.deploying.requests.ending import Ending
from lambda_nb.engine.stacks.deploying.running import Running
from lambda_nb.engine.stacks.deploying.surroundings import Surroundings
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Revision, Stack
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types.resource_type import ResourceType


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

    Attributes
    ----------
    review, create, update
        As of :class:`~lambda_nb.engine.stacks.deploying.requests.beginning.Beginning`.
    delete, cancel_update, continue_rollback, roll_back
        As of :class:`~lambda_nb.engine.stacks.deploying.requests.ending.Ending`.
    detect_drift, detect_resource_drift, resource_now
        As ``begin``, ``check`` and ``resource_now`` of
        :class:`~lambda_nb.engine.stacks.deploying.detections.Detections`.
    """

    def __init__(self, store: Store, around: Surroundings) -> None:
        self._store = store
        self._around = around
        self._clients = around.clients
        self._journal = Journal(store, self._publish, around.put_event)
        self._running = Running(self._keep_secrets)
        children = self._children = Children(self, self._running, around.read)
        self._nested_type = NestedStack(children)
        self._preparing = Preparing(
            around,
            self._find_type,
            store,
            Dynamic(self._clients, self._journal.keep_secret),
            self._journal.keep_secret,
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
        beginning = Beginning(self._running, self.compared)
        self.review = beginning.review
        self.create = beginning.create
        self.update = beginning.update
        ending = Ending(self._running)
        self.delete = ending.delete
        self.cancel_update = ending.cancel_update
        self.continue_rollback = ending.continue_rollback
        self.roll_back = ending.roll_back
        detections = Detections(parts)
        self.detect_drift = detections.begin
        self.detect_resource_drift = detections.check
        self.resource_now = detections.resource_now

    def close(self) -> None:
        """Give up what runs; the next engine takes it up. Records and clients are closed too."""
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
            ``ValidationError``: something is wrong with the template, the parameters or a topic
            that is new.
        """
        known = previous.notification_arns if previous is not None else ()
        topics.check(self._clients, [one for one in notification_arns if one not in known])
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

    def set_policy(self, stack: Stack, policy: str) -> None:
        """Give a stack a policy. Raises ``ValidationError`` if it is none."""
        stack_policies.checked(policy)
        self._store.change_stack(stack.id, policy=policy)

    def signal(self, stack: Stack, logical_id: str, unique_id: str, status: str) -> None:
        """Take a signal for a resource that waits for signals.

        Parameters
        ----------
        stack, logical_id
            The resource.
        unique_id
            Of the sender.
        status
            ``SUCCESS`` or ``FAILURE``.

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
        self._store.add_signal(stack.id, logical_id, unique_id, status)
        self._journal.note(
            stack, row, row.status, f"Received {status} signal with UniqueId {unique_id}"
        )

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
