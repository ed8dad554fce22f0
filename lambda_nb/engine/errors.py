"""AWS's errors: the engine's rooms raise them, ``engine.api`` sends them to clients."""

from __future__ import annotations

from typing import Any


class AWSError(Exception):
    """An error that an AWS client will see.

    Parameters
    ----------
    code
        AWS's error code as in ``x-amzn-ErrorType``, e.g. ``ResourceNotFoundException``.
    message
        What was wrong, with the value, in AWS's wording where it is known.
    status
        The HTTP status.
    typed
        Whether the body has the ``Type`` of the error; a few of AWS's errors do not.
    fields
        More members of the error body (for example ``Reason`` of a throttle).
    """

    def __init__(
        self, code: str, message: str, status: int = 400, *, typed: bool = True, **fields: Any
    ) -> None:
        super().__init__(message)
        self.typed = typed
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


def invalid_parameter(message: str) -> AWSError:
    """``InvalidParameterValueException`` (400)."""
    return AWSError("InvalidParameterValueException", message)


def untyped_parameter(message: str) -> AWSError:
    """``InvalidParameterValueException`` without ``Type``, as AWS sends for concurrency claims."""
    return AWSError("InvalidParameterValueException", message, typed=False)


def validation(message: str) -> AWSError:
    """``ValidationException`` (400)."""
    return AWSError("ValidationException", message)


def not_found(message: str) -> AWSError:
    """``ResourceNotFoundException`` (404)."""
    return AWSError("ResourceNotFoundException", message, 404)


def conflict(message: str) -> AWSError:
    """``ResourceConflictException`` (409)."""
    return AWSError("ResourceConflictException", message, 409)


def precondition_failed(message: str) -> AWSError:
    """``PreconditionFailedException`` (412)."""
    return AWSError("PreconditionFailedException", message, 412)
