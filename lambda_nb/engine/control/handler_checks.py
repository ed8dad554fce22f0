"""Wraps every handler: checks requests against the service model, raises the API's errors."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from functools import wraps

from lambda_nb.engine import service_model
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.refusal import Refused, validation
from lambda_nb.rules.settings import constraints

_OWN_WORDS = {
    "CreateFunction": ("Runtime",),
    "UpdateFunctionConfiguration": ("Runtime",),
}
"""Members whose enum AWS does not check by the service model (facts/api.md section 5)."""


def answering(name: str, handler: Operation) -> Operation:
    """Wrap a handler: check requests against the service model, turn refusals into API errors.

    Parameters
    ----------
    name
        The operation, by AWS's name.
    handler
        Handles the requests; may raise :class:`~lambda_nb.rules.refusal.Refused`.
    """
    if inspect.iscoroutinefunction(handler):

        @wraps(handler)
        async def awaited(request: Request, caller: Caller) -> Response:
            try:
                _check(name, request)
                response: Response = await handler(request, caller)
            except Refused as refused:
                raise as_error(refused) from refused
            return response

        return awaited

    @wraps(handler)
    def answered(request: Request, caller: Caller) -> Response | Awaitable[Response]:
        try:
            _check(name, request)
            return handler(request, caller)
        except Refused as refused:
            raise as_error(refused) from refused

    return answered


def as_error(refused: Refused) -> AWSError:
    """A rule's refusal as the API's error."""
    return AWSError(refused.code, refused.message, refused.status)


def _check(name: str, request: Request) -> None:
    if name not in service_model.model().operation_names:
        return  # the operation is newer than the installed botocore
    shape = service_model.operation(name).input_shape
    problems = constraints.problems(shape, request, skip=_OWN_WORDS.get(name, ()))
    if problems:
        raise validation(problems)
