"""AWS's errors of Step Functions."""

from __future__ import annotations


def refusal(code: str, message: str) -> Exception:
    """An error that moto answers with.

    Parameters
    ----------
    code, message
        As AWS's API reference names it, and the text.
    """
    from moto.core.exceptions import AWSError

    return AWSError(message, exception_type=code, status=400)


def invalid(member: str, value: str, constraint: str) -> Exception:
    """``ValidationException``, as AWS words it.

    Parameters
    ----------
    member, value
        What was given.
    constraint
        What it does not satisfy, such as ``Member must have length less than or equal to 80``.
    """
    return refusal(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: {constraint}",
    )


def express_arn() -> Exception:
    """An execution of an Express state machine, where only Standard ones have what was asked."""
    return refusal("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")


def wrong_type() -> Exception:
    """The operation is not for state machines of this type."""
    return refusal(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
