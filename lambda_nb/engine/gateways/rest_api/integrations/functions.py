"""Lambda integrations that are no proxies: the function gets what a template makes."""

from __future__ import annotations

import json

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.integrations.backend import (
    Backend,
    call_of,
    invoked,
    not_invoked,
)
from lambda_nb.engine.gateways.rest_api.integrations.lambda_proxy import error_message
from lambda_nb.engine.gateways.rest_api.mapping.parameters import Request
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import NotPermitted

_INVOCATION_TYPE = "x-amz-invocation-type"


async def call(
    exchange: Exchange, surroundings: Surroundings, wanted: Request, body: bytes
) -> Backend:
    """Invoke the function, or queue an event for it if its request says so.

    Raises
    ------
    Refusal
        It cannot be invoked, or the body is no JSON.
    """
    integration = exchange.method.integration
    assert integration is not None
    exchange.log.say(f"Endpoint request URI: {integration.uri}")
    payload = body or b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: {error}"
        exchange.log.failed(text)
        raise Refusal("BAD_REQUEST_BODY", text) from error
    headers = {name.lower(): values[-1] for name, values in wanted.header.items()}
    if headers.get(_INVOCATION_TYPE) == "Event":
        return await _queued(exchange, surroundings, payload)
    call = call_of(exchange, payload)
    result = await invoked(call, exchange, surroundings, integration.timeout_s)
    failed = result.function_error is not None
    message = error_message(result.payload) if failed else None
    exchange.integration_error = message
    answered = [("Content-Type", "application/json"), ("x-amzn-RequestId", call.request_id)]
    if result.function_error is not None:
        answered.append(("X-Amz-Function-Error", result.function_error))
    return Backend(200, answered, result.payload, message, is_function=True)


async def _queued(exchange: Exchange, surroundings: Surroundings, payload: bytes) -> Backend:
    call = call_of(exchange, payload)
    try:
        await surroundings.functions(call.function).submit(call)
    except (NotPermitted, Throttled, AWSError) as error:
        raise not_invoked(error, call, exchange) from error
    exchange.integration_status = 202
    exchange.log.say("Received response. Status: 202, Integration latency: 0 ms")
    return Backend(202, [("x-amzn-RequestId", call.request_id)], b"", is_function=True)
