"""What the status of a stack allows, and CloudFormation's refusals."""

from __future__ import annotations

from collections.abc import Sequence

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Stack

_UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
)


def check_status(stack: Stack, allowed: Sequence[str], what: str) -> None:
    """Refuse what a stack's status does not allow.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    if stack.status not in allowed:
        raise validation_error(
            f"Stack:{stack.id} is in {stack.status} state and can not be {what}."
        )


def check_updatable(stack: Stack) -> None:
    """Refuse to update a stack whose status does not allow it; raises as :func:`check_status`."""
    check_status(stack, _UPDATABLE, "updated")


def already_exists(name: str) -> AWSError:
    """The refusal to create a stack of a name that one has."""
    return AWSError("AlreadyExistsException", f"Stack [{name}] already exists")
