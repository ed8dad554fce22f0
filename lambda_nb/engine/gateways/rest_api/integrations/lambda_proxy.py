"""Lambda proxy integrations (AWS_PROXY): the function gets the request and answers the reply."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from lambda_nb.engine.api.wire.headers import BadHeader
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.rest_api.binary import accepts_binary
from lambda_nb.engine.gateways.rest_api.event import proxy_event
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import (
    INTERNAL,
    Refusal,
    configuration_error,
)
from lambda_nb.engine.gateways.rest_api.header_values import header, passed_on
from lambda_nb.engine.gateways.rest_api.integrations.backend import call_of, invoked
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import InvocationResult

_MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


class Malformed(ValueError):  # noqa: N818
    """A function's answer is no reply; the message says why."""


async def answer(exchange: Exchange, surroundings: Surroundings) -> Reply:
    """The reply of a method with a Lambda proxy integration.

    Raises
    ------
    Refusal
        The API answers itself.
    """
    integration = exchange.method.integration
    assert integration is not None
    payload = proxy_event(exchange)
    exchange.log.say(f"Endpoint request URI: {integration.uri}")
    exchange.log.data("Endpoint request body after transformations", payload)
    call = call_of(exchange, payload)
    result = await invoked(call, exchange, surroundings, integration.timeout_s)
    return reply_of(result, exchange)


def reply_of(result: InvocationResult, exchange: Exchange) -> Reply:
    """The reply to what a function answered.

    Raises
    ------
    Refusal
        The function failed, or its answer is malformed: a 502.
    """
    if result.function_error is not None:
        exchange.integration_error = error_message(result.payload)
        exchange.log.failed(
            "Lambda execution failed with status 200 due to customer function error: "
            f"{exchange.integration_error}. Lambda request id: {result.request_id}"
        )
        raise Refusal("DEFAULT_5XX", INTERNAL, status=502)
    try:
        answered = _object(result.payload)
        status, headers, content_type = head(answered)
        return Reply(status, _body(answered, exchange), headers, content_type)
    except (Malformed, BadHeader) as malformed:
        raise is_malformed(malformed, exchange) from malformed


def is_malformed(error: Exception, exchange: Exchange) -> Refusal:
    """What callers get for an answer that is no reply; the logs say what is wrong with it."""
    exchange.integration_error = str(error)
    exchange.log.failed(
        "Execution failed due to configuration error: Malformed Lambda proxy response"
    )
    exchange.log.failed(str(error))
    return configuration_error(502)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        answered = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the function's answer is no JSON: {error}") from error
    if not isinstance(answered, dict):
        raise Malformed("the function's answer must be an object")
    unknown = answered.keys() - _MEMBERS
    if unknown:
        raise Malformed(f"the function's answer cannot have {', '.join(sorted(unknown))}")
    return answered


def head(answered: dict[str, Any]) -> tuple[int, list[Header], bytes]:
    """Status, headers and content type of a function's answer, or of the start of a stream.

    Raises
    ------
    Malformed, BadHeader
        One of them cannot be used.
    """
    status = answered.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise Malformed(f"statusCode {status!r} is no number from 200 to 599")
    given = answered.get("headers") or {}
    several = answered.get("multiValueHeaders") or {}
    if not isinstance(given, dict) or not isinstance(several, dict):
        raise Malformed("headers and multiValueHeaders must be objects")
    pairs: list[tuple[str, Any]] = []
    for name, values in several.items():
        if not isinstance(values, list):
            raise Malformed(f"multiValueHeaders: {name} must be a list")
        pairs += [(name, value) for value in values]
    both = {name.lower(): values for name, values in several.items()} if several else {}
    for name, value in given.items():
        if value is not None and value not in both.get(name.lower(), ()):
            pairs.append((name, value))
    headers: list[Header] = []
    content_type = b"application/json"
    for name, value in pairs:
        shown = passed_on(name)
        if shown is None:
            continue
        if shown.lower() == "content-type":
            content_type = header(shown, _text(name, value))[1]
        else:
            headers.append(header(shown, _text(name, value)))
    return status, headers, content_type


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise Malformed(f"the header {name} cannot be {value!r}")


def _body(answered: dict[str, Any], exchange: Exchange) -> bytes:
    body = answered.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise Malformed("body must be a string")
    encoded = answered.get("isBase64Encoded")
    if encoded not in (None, True, False, "true", "false"):
        raise Malformed("isBase64Encoded must be a boolean")
    if encoded in (True, "true") and accepts_binary(
        exchange.header("accept"), exchange.deployed.binary
    ):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise Malformed(f"body is no base64: {error}") from error
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"body: {error}") from error


def error_message(payload: bytes) -> str:
    """The ``errorMessage`` of a function that failed."""
    try:
        failure = json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")
    message = failure.get("errorMessage") if isinstance(failure, dict) else None
    return str(message) if message is not None else payload.decode("utf-8", "replace")
