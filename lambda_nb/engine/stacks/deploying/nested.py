"""``AWS::CloudFormation::Stack``: a stack as a resource of another."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.steps.context import StepContext
from lambda_nb.engine.stacks.model import Cancelled, Made, Properties, Refused
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import tags_of

_MOST_IN_NAME = 128
_RESERVED = "aws:"


class Children(Protocol):
    """What a nested stack needs from the room of stacks."""

    def create_nested(self, context: Context, asked: Nested) -> Stack:
        """Begin to create one."""

    def update_nested(self, stack_id: str, asked: Nested) -> bool:
        """Begin to update one, which then waits for its parent; whether anything changes."""

    def undo_nested(self, stack_id: str) -> bool:
        """Begin to roll back one that was updated; whether there is something to roll back."""

    def delete_nested(self, name_or_id: str) -> str | None:
        """Begin to delete one; its ID, ``None`` if it is not there."""

    def await_nested(self, stack_id: str, cancelled: threading.Event | None) -> Stack:
        """Wait until an operation has ended; raises ``Cancelled`` if ``cancelled`` is set."""

    def cancel_nested(self, stack_id: str) -> None:
        """Give the operation up that runs on one."""


class Nested:
    """What the properties of a nested stack ask for.

    Parameters
    ----------
    stack_tags
        Of the stack that has it.
    properties
        Of the resource.

    Attributes
    ----------
    template_url, parameters, tags, notification_arns, timeout_minutes
        As of a stack.
    """

    def __init__(self, stack_tags: Mapping[str, str], properties: Properties) -> None:
        url = properties.get("TemplateURL")
        if not url:
            raise Refused("TemplateURL must be specified.", "InvalidRequest")
        self.template_url = str(url)
        given: Mapping[str, Any] = properties.get("Parameters") or {}
        self.parameters = {name: _text(value) for name, value in given.items()}
        own = {name: value for name, value in stack_tags.items() if not name.startswith(_RESERVED)}
        self.tags = {**own, **tags_of(properties)}
        self.notification_arns = tuple(properties.get("NotificationARNs") or ())
        timeout = properties.get("TimeoutInMinutes")
        self.timeout_minutes = int(timeout) if timeout is not None else None


class NestedStack(ResourceType):
    """Makes, changes and deletes stacks inside of stacks.

    Parameters
    ----------
    children
        The room of stacks.
    """

    name = "AWS::CloudFormation::Stack"

    def __init__(self, children: Children) -> None:
        self._children = children

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one, and wait until it is made."""
        try:
            stack = self._children.create_nested(context, Nested(context.tags, properties))
        except AWSError as error:
            raise Refused(error.message, "InvalidRequest") from error
        context.made(stack.id)
        stack = self._ended(context, stack.id)
        if stack.status != "CREATE_COMPLETE":
            raise Refused(
                f"Embedded stack {stack.id} was not successfully created: {stack.reason or ''}"
            )
        return _made(stack)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one; in a rollback of the parent, roll it back."""
        identity = made.physical_id
        if isinstance(context, StepContext) and context.rolling_back:
            if self._children.undo_nested(identity):
                stack = self._children.await_nested(identity, None)
                if stack.status != "UPDATE_ROLLBACK_COMPLETE":
                    raise _not_updated(stack)
            return _made(self._children.await_nested(identity, None))
        try:
            changed = self._children.update_nested(identity, Nested(context.tags, new))
        except AWSError as error:
            raise Refused(error.message, "InvalidRequest") from error
        stack = self._ended(context, identity)
        if changed and not stack.status.startswith("UPDATE_COMPLETE"):
            raise _not_updated(stack)
        return _made(stack)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one, and wait until it is deleted."""
        stack_id = self._children.delete_nested(made.physical_id)
        if stack_id is None:
            return
        stack = self._children.await_nested(stack_id, None)
        if stack.status != "DELETE_COMPLETE":
            raise Refused(
                f"Embedded stack {stack.id} was not successfully deleted: {stack.reason or ''}"
            )

    def _ended(self, context: Context, stack_id: str) -> Stack:
        cancelled = context.cancelled if isinstance(context, StepContext) else None
        try:
            return self._children.await_nested(stack_id, cancelled)
        except Cancelled:
            self._children.cancel_nested(stack_id)
            self._children.await_nested(stack_id, None)
            raise


def _made(stack: Stack) -> Made:
    return Made(stack.id, {f"Outputs.{one.key}": one.value for one in stack.outputs})


def _not_updated(stack: Stack) -> Refused:
    return Refused(
        f"Embedded stack {stack.id} was not successfully updated. Currently in {stack.status} with "
        f"reason: {stack.reason or ''}"
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
