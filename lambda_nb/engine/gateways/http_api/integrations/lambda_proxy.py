"""AWS_PROXY integrations: requests to functions."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lambda_nb.engine.api.lambda_api.invoke import SYNC_LIMIT
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.http_api import events
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import internal, too_large
from lambda_nb.engine.gateways.http_api.function_calls import invoked
from lambda_nb.engine.gateways.http_api.integrations import replies
from lambda_nb.engine.gateways.http_api.parameters import RequestMapping
from lambda_nb.engine.permissions.functions import API_GATEWAY, Call, Functions

log = logging.getLogger(__name__)


class LambdaProxy:
    """A function behind a route.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    function
        Its ARN.
    version
        Payload format.
    timeout_s
        Seconds that it may take.
    trusted
        Whether the integration has a role of its own, so that no permission is asked for.
    mapping
        What changes of the request.
    """

    def __init__(
        self,
        functions: Callable[[str], Functions],
        function: str,
        version: str,
        timeout_s: float,
        trusted: bool,
        mapping: RequestMapping | None,
    ) -> None:
        self._functions = functions
        self._function = function
        self._version = version
        self._event = events.version_1 if version == "1.0" else events.version_2
        self._timeout_s = timeout_s
        self._trusted = trusted
        self._mapping = mapping

    async def answer(self, exchange: Exchange) -> Reply:
        """The function's answer.

        Raises
        ------
        Fault
            It failed, or its answer is none.
        """
        message = events.Message.of(exchange)
        if self._mapping is not None:
            self._mapping.apply(exchange, message)
        payload = events.encoded(self._event(exchange, message))
        if len(payload) > SYNC_LIMIT:
            raise too_large()
        call = Call(
            self._function,
            payload,
            API_GATEWAY,
            exchange.source_arn,
            exchange.lambda_request_id,
            exchange.trace_header,
            self._trusted,
        )
        result = await invoked(self._functions(self._function), call, self._timeout_s)
        exchange.notes["awsEndpointRequestId"] = result.request_id
        if result.function_error is not None:
            raise internal(f"the function failed: {_brief(result.payload)}")
        try:
            return replies.reply(result.payload, self._version)
        except replies.BadShape as bad:
            log.warning("%s, request %s: %s", self._function, result.request_id, bad)
            raise internal(str(bad)) from bad


def _brief(payload: bytes) -> str:
    return payload[:500].decode("utf-8", "replace")
