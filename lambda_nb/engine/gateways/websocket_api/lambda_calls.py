"""Functions as WebSocket APIs call them: with a time limit that does not end the function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, TIMED_OUT, Refused
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import (
    API_GATEWAY,
    Call,
    Functions,
    NotPermitted,
)
from lambda_nb.rules import quotas

_LONGEST_S = quotas.WEBSOCKET_INTEGRATION_MS.value / 1000


class LambdaCalls:
    """Calls functions.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    """

    def __init__(self, functions: Callable[[str], Functions]) -> None:
        self._functions = functions
        self._late: set[asyncio.Future[InvocationResult]] = set()

    async def invoke(
        self,
        function: str,
        payload: bytes,
        source_arn: str,
        *,
        trusted: bool = False,
        trace_header: str | None = None,
        timeout_s: float = _LONGEST_S,
    ) -> InvocationResult:
        """Run a function and wait for its response.

        Parameters
        ----------
        source_arn
            What calls: the ARN of a route or an authorizer.
        trusted
            The function's resource policy is not asked.
        timeout_s
            Seconds; then nobody waits for the function any more, but it goes on.

        Raises
        ------
        Refused
            It cannot be called, or takes too long.
        """
        call = Call(
            function=function,
            payload=payload,
            principal=API_GATEWAY,
            source_arn=source_arn,
            request_id=uuid4(),
            trace_header=trace_header,
            trusted=trusted,
        )
        running = asyncio.ensure_future(self._functions(function).invoke(call))
        self._late.add(running)
        running.add_done_callback(self._done)
        await asyncio.wait((running,), timeout=timeout_s)
        if not running.done():
            reason = f"{function} did not answer within {timeout_s:g} s"
            raise Refused(504, TIMED_OUT, reason)
        try:
            return running.result()
        except NotPermitted as error:
            raise Refused(500, SERVER_ERROR, str(error)) from error
        except AWSError as error:
            raise Refused(500, SERVER_ERROR, f"{error.code}: {error.message}") from error
        except Throttled as error:
            reason = f"{function} is throttled: {error.reason}"
            raise Refused(500, SERVER_ERROR, reason) from error

    def _done(self, running: asyncio.Future[InvocationResult]) -> None:
        self._late.discard(running)
        if not running.cancelled():
            running.exception()  # looked at, whether or not anybody still waits
