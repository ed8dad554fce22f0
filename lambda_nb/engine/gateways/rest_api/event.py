"""The event of a REST API's Lambda proxy integration: payload format 1.0 (facts/events.md)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from lambda_nb.engine.gateways.rest_api.binary import is_binary
from lambda_nb.engine.gateways.rest_api.exchange import Exchange

IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
)
"""What an event says about its caller; ``null`` where nothing is known."""


def proxy_event(exchange: Exchange) -> bytes:
    """The JSON event for a function."""
    event = request_part(exchange)
    event["requestContext"] = request_context(exchange)
    body = exchange.body
    binary = bool(body) and is_binary(exchange.content_type, exchange.deployed.binary)
    if not body:
        event["body"] = None
    elif binary:
        event["body"] = base64.b64encode(body).decode()
    else:
        event["body"] = body.decode("utf-8", "replace")
    event["isBase64Encoded"] = binary
    return json_bytes(event)


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_bytes(document: dict[str, Any]) -> bytes:
    """An event as JSON."""
    return _encode(document).encode("utf-8", "surrogatepass")


def request_part(exchange: Exchange) -> dict[str, Any]:
    """What events of proxies and of authorizers have in common."""
    query = exchange.query_pairs
    headers = exchange.headers
    return {
        "resource": exchange.resource.resource_path if exchange.resource else "/",
        "path": exchange.event_path,
        "httpMethod": exchange.http_method,
        "headers": dict(headers) or None,
        "multiValueHeaders": several(headers) or None,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": several(query) or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": exchange.stage_variables or None,
    }


def request_context(exchange: Exchange) -> dict[str, Any]:
    """The event's ``requestContext``."""
    deployed, method = exchange.deployed, exchange.resource
    context: dict[str, Any] = {
        "resourceId": method.resource_id if method else None,
        "resourcePath": method.resource_path if method else "/",
        "httpMethod": exchange.http_method,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": exchange.request_time,
        "path": exchange.base + exchange.path,
        "accountId": deployed.account,
        "protocol": exchange.protocol,
        "stage": deployed.stage_name,
        "domainPrefix": exchange.domain_prefix,
        "requestTimeEpoch": exchange.time_ms,
        "requestId": exchange.request_id,
        "identity": exchange.identity,
        "domainName": exchange.host,
        "deploymentId": deployed.deployment_id,
        "apiId": deployed.api_id,
    }
    if method and method.operation_name:
        context["operationName"] = method.operation_name
    if exchange.authorizer is not None:
        context["authorizer"] = exchange.authorizer
    if exchange.is_canary:
        context["isCanaryRequest"] = True
    return context


def several(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
