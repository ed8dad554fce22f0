"""Functions as targets: the event, the invocation, and what becomes of the response."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.load_balancer import event, reply
from lambda_nb.engine.gateways.load_balancer.target_groups import Target, TargetGroup
from lambda_nb.engine.identifiers import hex_digits, uuid4
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import (
    LOAD_BALANCING,
    Call,
    Functions,
    NotPermitted,
)

log = logging.getLogger(__name__)


class Failed(Exception):  # noqa: N818
    """The function gave no answer that can be sent; the caller gets a 502."""


class FunctionTargets:
    """Invokes functions that are targets.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    """

    def __init__(self, functions: Callable[[str], Functions]) -> None:
        self._functions = functions

    async def answer(
        self,
        group: TargetGroup,
        target: Target,
        method: str,
        path: str,
        query: str,
        headers: Sequence[Header],
        body: bytes,
        root: str,
        request_id: str,
    ) -> Reply:
        """The reply that a function makes.

        Parameters
        ----------
        headers
            Those that the function sees.
        root
            The ``Root=`` of the request's trace.

        Raises
        ------
        Failed
            It cannot be invoked, it failed, or its response has a bad shape.
        """
        payload = event.event(
            group.arn, method, path, query, headers, body, multi_value=group.multi_value
        )
        return await self._invoke(
            group.arn, target.identifier, payload, group.multi_value, root, request_id
        )

    async def check(
        self, group: str, function: str, path: str, *, multi_value: bool, timeout_s: float
    ) -> int:
        """The status that a function answers a health check with.

        Raises
        ------
        Failed
            As :meth:`answer`, or the function takes longer than ``timeout_s``.
        """
        payload = event.health_check(group, path, multi_value=multi_value)
        root = f"Root=1-00000000-{hex_digits(24)}"
        invoked = self._invoke(group, function, payload, multi_value, root, uuid4())
        try:
            return (await asyncio.wait_for(invoked, timeout_s)).status
        except asyncio.TimeoutError as error:
            raise Failed(f"it did not answer within {timeout_s:g} s") from error

    async def _invoke(
        self,
        group: str,
        function: str,
        payload: bytes,
        multi_value: bool,
        root: str,
        request_id: str,
    ) -> Reply:
        trace = f"{root};Parent={hex_digits(16)};Sampled=0"
        call = Call(function, payload, LOAD_BALANCING, group, request_id, trace)
        try:
            result = await self._functions(function).invoke(call)
        except NotPermitted as error:
            raise Failed(f"LambdaAccessDenied: {error}") from error
        except Throttled as error:
            raise Failed(f"LambdaThrottling: {function}: {error.reason}") from error
        except AWSError as error:
            raise Failed(f"{function}: {error.code}: {error.message}") from error
        if result.function_error is not None:
            raise Failed(f"LambdaUnhandled: {function} failed: {_shown(result.payload)}")
        try:
            return reply.reply(result.payload, multi_value=multi_value)
        except reply.BadShape as error:
            raise Failed(f"LambdaInvalidResponse: {function}: {error}") from error


def _shown(payload: bytes) -> str:
    return payload[:500].decode("utf-8", "replace")
