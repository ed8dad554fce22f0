"""The events that requests become: payload formats 2.0 and 1.0 (facts/events.md).

Parts that are the same for all requests of a route are made once, as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.api.admission.caller_identity import user_id
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.shared.event_fields import joined, told_body
from lambda_nb.engine.model import Caller

_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_TITLES = {
    "content-length": "Content-Length",
    "host": "Host",
    "user-agent": "User-Agent",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
    "x-forwarded-for": "X-Forwarded-For",
    "x-forwarded-port": "X-Forwarded-Port",
    "x-forwarded-proto": "X-Forwarded-Proto",
}
"""Headers that the gateway itself writes, as format 1.0 spells them."""


@dataclass(slots=True)
class Message:
    """What of a request an event tells and a parameter mapping may change.

    ``headers`` have lower-case names, several values joined by commas; ``query`` is decoded and
    ``raw_query`` its encoded form.
    """

    path: str
    headers: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    raw_query: str

    @classmethod
    def of(cls, exchange: Exchange) -> Message:
        """A request as it came."""
        return cls(exchange.raw_path, exchange.headers, exchange.query, exchange.request.query)


def encoded(document: Mapping[str, Any]) -> bytes:
    """An event as JSON; what is no Unicode is replaced."""
    return _ENCODE(document).encode("utf-8", "replace")


def version_2(exchange: Exchange, message: Message) -> dict[str, Any]:
    """The event of payload format 2.0."""
    headers = message.headers
    document: dict[str, Any] = {
        "version": "2.0",
        "routeKey": exchange.route_key,
        "rawPath": message.path,
        "rawQueryString": message.raw_query,
    }
    cookie = headers.get("cookie")
    if cookie is None:
        document["headers"] = headers
    else:  # cookies have a member of their own
        document["cookies"] = [part.strip() for part in cookie.split(";")]
        document["headers"] = {n: v for n, v in headers.items() if n != "cookie"}
    if message.query:
        document["queryStringParameters"] = joined(message.query)
    document["requestContext"] = _context_2(exchange, message)
    if exchange.path_parameters:
        document["pathParameters"] = exchange.path_parameters
    if exchange.stage.variables:
        document["stageVariables"] = exchange.stage.variables
    _add_body(document, exchange)
    return document


def _context_2(exchange: Exchange, message: Message) -> dict[str, Any]:
    stage = exchange.stage
    context: dict[str, Any] = {"accountId": stage.account, "apiId": stage.api_id}
    if exchange.authorizer is not None:
        context["authorizer"] = exchange.authorizer
    context["domainName"] = exchange.domain
    context["domainPrefix"] = exchange.prefix
    context["http"] = {
        "method": exchange.request.method,
        "path": message.path,
        "protocol": "HTTP/1.1",
        "sourceIp": exchange.request.peer,
        "userAgent": message.headers.get("user-agent", ""),
    }
    context["requestId"] = exchange.request_id
    context["routeKey"] = exchange.route_key
    context["stage"] = stage.stage
    context["time"] = exchange.time_text
    context["timeEpoch"] = exchange.epoch_ms
    return context


def version_1(exchange: Exchange, message: Message) -> dict[str, Any]:
    """The event of payload format 1.0."""
    spelt = _spelling(exchange)
    headers = {spelt.get(name, name): value for name, value in message.headers.items()}
    several: dict[str, list[str]] = {}
    for name, value in message.query:
        several.setdefault(name, []).append(value)
    document: dict[str, Any] = {
        "version": "1.0",
        "resource": _resource(exchange),
        "path": message.path,
        "httpMethod": exchange.request.method,
        "headers": headers,
        "multiValueHeaders": _several_headers(exchange, message, spelt),
        "queryStringParameters": {n: v[-1] for n, v in several.items()} or None,
        "multiValueQueryStringParameters": several or None,
        "requestContext": _context_1(exchange, message),
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": exchange.stage.variables or None,
        "body": None,
    }
    _add_body(document, exchange)
    return document


def _context_1(exchange: Exchange, message: Message) -> dict[str, Any]:
    stage = exchange.stage
    caller = exchange.caller
    return {
        "accountId": stage.account,
        "apiId": stage.api_id,
        "authorizer": _authorizer_1(exchange),
        "domainName": exchange.domain,
        "domainPrefix": exchange.prefix,
        "extendedRequestId": exchange.request_id,
        "httpMethod": exchange.request.method,
        "identity": {
            "accessKey": caller.access_key if caller else None,
            "accountId": caller.account if caller else None,
            "caller": user_id(caller.arn) if caller else None,
            "cognitoAmr": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": exchange.request.peer,
            "user": user_id(caller.arn) if caller else None,
            "userAgent": message.headers.get("user-agent", ""),
            "userArn": caller.arn if caller else None,
        },
        "path": message.path,
        "protocol": "HTTP/1.1",
        "requestId": exchange.request_id,
        "requestTime": exchange.time_text,
        "requestTimeEpoch": exchange.epoch_ms,
        "resourceId": exchange.route_key,
        "resourcePath": _resource(exchange),
        "stage": stage.stage,
    }


def _authorizer_1(exchange: Exchange) -> dict[str, Any]:
    given = exchange.authorizer or {}
    told = {"claims": None, "scopes": None, **(given.get("jwt") or given.get("lambda") or {})}
    if exchange.principal is not None:
        told["principalId"] = exchange.principal
    return told


def _resource(exchange: Exchange) -> str:
    return exchange.route_key.partition(" ")[2] or exchange.route_key


def _spelling(exchange: Exchange) -> dict[str, str]:
    """How format 1.0 spells the names of headers: as the client did, the gateway's own its way."""
    names = {}
    for raw_name, _ in exchange.request.raw_headers:
        name = raw_name.decode("latin-1")
        names[name.lower()] = name
    return {**names, **_TITLES}


def _several_headers(
    exchange: Exchange, message: Message, spelt: Mapping[str, str]
) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for raw_name, raw_value in exchange.request.raw_headers:
        given.setdefault(raw_name.decode("latin-1").lower(), []).append(raw_value.decode("latin-1"))
    several: dict[str, list[str]] = {}
    for name, value in message.headers.items():
        values = given.get(name, [])
        # A mapping may have changed them.
        several[spelt.get(name, name)] = values if ",".join(values) == value else [value]
    return several


def _add_body(document: dict[str, Any], exchange: Exchange) -> None:
    body = exchange.body
    if not body:
        document["isBase64Encoded"] = False
        return
    content_type = exchange.request.headers.get("content-type", "")
    document["body"], document["isBase64Encoded"] = told_body(body, content_type)


def iam_identity(caller: Caller) -> dict[str, Any]:
    """``requestContext.authorizer.iam`` for who signed a request."""
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "callerId": user_id(caller.arn),
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": user_id(caller.arn),
    }
