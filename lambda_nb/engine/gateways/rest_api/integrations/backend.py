"""What an integration answered, before API Gateway makes a reply of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lambda_nb.engine.api.lambda_api.invoke import SYNC_LIMIT
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import (
    INTERNAL,
    Refusal,
    configuration_error,
)
from lambda_nb.engine.gateways.rest_api.waiting import within
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import API_GATEWAY, Call, NotPermitted

log = logging.getLogger(__name__)

TIMED_OUT = "Endpoint request timed out"


@dataclass(slots=True)
class Backend:
    """What an integration answered.

    ``error_message`` is a function's, where it failed: patterns of integration responses are
    matched with it instead of the status.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    error_message: str | None = None
    is_function: bool = False


def timed_out(exchange: Exchange) -> Refusal:
    """What callers get when an integration takes too long."""
    exchange.log.failed("Execution failed due to a timeout error")
    return Refusal("INTEGRATION_TIMEOUT", TIMED_OUT)


def call_of(exchange: Exchange, payload: bytes) -> Call:
    """A call of the function behind a method.

    Raises
    ------
    Refusal
        The payload is larger than Lambda takes, or the URI names no function.
    """
    integration = exchange.method.integration
    assert integration is not None
    if integration.function is None or not integration.function.startswith("arn:"):
        exchange.log.failed(
            "Execution failed due to configuration error: "
            f"Invalid function ARN or invalid uri: {integration.uri}"
        )
        raise configuration_error()
    method = integration.http_method
    method = exchange.http_method if method == "ANY" else method
    if method != "POST":  # Lambda's Invoke is a POST, whatever the method of the API is
        exchange.log.failed(
            "Lambda invocation failed with status: 403. Unable to determine service/operation name "
            f"to be authorized: the integration's HTTP method is {method}, and "
            "must be POST"
        )
        log.warning(
            "REST API %s: the integration of %s %s must have the HTTP method POST",
            exchange.deployed.api_id,
            exchange.method.configured_method,
            exchange.method.resource_path,
        )
        raise configuration_error()
    if len(payload) > SYNC_LIMIT:
        exchange.log.failed(f"The request has more than Lambda's {SYNC_LIMIT} bytes")
        raise Refusal("REQUEST_TOO_LARGE", "Request Too Long")
    return Call(
        function=integration.function,
        payload=payload,
        principal=API_GATEWAY,
        source_arn=exchange.source_arn,
        request_id=uuid4(),
        trace_header=exchange.trace_header,
        trusted=bool(integration.credentials),
    )


async def invoked(
    call: Call, exchange: Exchange, surroundings: Surroundings, timeout_s: float
) -> InvocationResult:
    """Invoke a function and wait for it.

    Raises
    ------
    Refusal
        It cannot be invoked, or takes longer than ``timeout_s`` seconds.
    """
    functions = surroundings.functions(call.function)
    exchange.log.say(
        f"Sending request to https://lambda.{surroundings.region}.amazonaws.com/2015-03-31/"
        f"functions/{call.function}/invocations"
    )
    started = time.perf_counter()
    try:
        result = await within(timeout_s, functions.invoke(call))
    except asyncio.TimeoutError as error:
        raise timed_out(exchange) from error
    except (NotPermitted, Throttled, AWSError) as error:
        raise not_invoked(error, call, exchange) from error
    finally:
        exchange.integration_ms = round((time.perf_counter() - started) * 1000)
    exchange.integration_status = 200
    exchange.log.say(
        f"Received response. Status: 200, Integration latency: {exchange.integration_ms} ms"
    )
    exchange.log.data("Endpoint response body before transformations", result.payload)
    return result


def not_invoked(error: Exception, call: Call, exchange: Exchange) -> Refusal:
    """What callers get when a function cannot be invoked; logs say why."""
    failed = exchange.log.failed
    why = "Execution failed due to configuration error: "
    if isinstance(error, Throttled):
        exchange.integration_status = 429
        failed(f"Lambda invocation failed with status: 429. Lambda request id: {call.request_id}")
        failed(why + "Rate Exceeded.")
        return configuration_error()
    if isinstance(error, NotPermitted):
        exchange.integration_status = 403
        log.warning("REST API %s: %s", exchange.deployed.api_id, error)
        failed(why + "Invalid permissions on Lambda function")
        failed(str(error))
        return configuration_error()
    assert isinstance(error, AWSError)
    exchange.integration_status = error.status
    log.warning("REST API %s: %s", exchange.deployed.api_id, error)
    if error.status == 404:  # API Gateway may not even see that there is no such function
        failed(why + "Invalid permissions on Lambda function")
        failed(str(error))
        return configuration_error()
    failed(
        f"Lambda invocation failed with status: {error.status}. "
        f"Lambda request id: {call.request_id}"
    )
    failed(why + error.message)
    if error.status >= 500:
        return Refusal("INTEGRATION_FAILURE", INTERNAL, status=502)
    return configuration_error()
