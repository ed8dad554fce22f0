"""Finds the stacks, change sets and resources that requests name, or says that there are none."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store

_NOT_THERE = "Stack with id {name} does not exist"
NAMED = "Stack [{name}] does not exist"
"""How operations that change stacks say that there is none."""


def stack(store: Store, name: str, text: str = _NOT_THERE) -> Stack:
    """A stack by its name, or by its ARN: then a deleted one too.

    Parameters
    ----------
    store
        The records.
    name
        What the client calls it.
    text
        The error's text, with ``{name}``.

    Raises
    ------
    AWSError
        ``ValidationError``: there is none.
    """
    found = store.find_stack(name)
    if found is None:
        raise validation_error(text.format(name=name))
    return found


def living(store: Store, name: str, text: str = NAMED) -> Stack:
    """A stack that is not deleted; raises as :func:`stack`."""
    found = stack(store, name, text)
    if found.deleted is not None:
        raise validation_error(
            f"Stack [{name}] is deleted: name a stack that exists."
            if name != found.id
            else text.format(name=name)
        )
    return found


def resource(store: Store, of: Stack, logical_id: str) -> StackResource:
    """A stack's resource.

    Raises
    ------
    AWSError
        ``ValidationError``: it has none of that logical ID.
    """
    found = store.resource(of.id, logical_id)
    if found is None:
        raise validation_error(f"Resource {logical_id} does not exist for stack {of.name}")
    return found


def change_set(store: Store, name: str, stack_name: str | None) -> ChangeSet:
    """A change set by its ARN, or by its name and its stack's name or ARN.

    Raises
    ------
    AWSError
        ``ChangeSetNotFound``, or ``ValidationError`` for a name without a stack or of no stack.
    """
    if name.startswith("arn:"):
        found = store.find_change_set(name)
    elif not stack_name:
        raise validation_error(
            "StackName must be specified if ChangeSetName is not specified as an ARN."
        )
    else:
        owner = store.find_stack(stack_name)
        if owner is None:
            raise validation_error(NAMED.format(name=stack_name))
        found = store.find_change_set(name, owner.id)
    if found is None:
        raise AWSError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
    return found
