"""Values of parameter mappings: ``$request.header.x``, ``${context.requestId}``, plain text.

A value is compiled once. Its parts are looked up in a request, and for response mappings in the
response of the integration (API Gateway's guide, "Transform API requests and responses for HTTP
APIs").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.shared.access_log import found_in

JSON_PATH_BYTES = 100 * 1024
"""A body is cut here before a JSON path is applied (guide of parameter mapping)."""

_PART = re.compile(r"\$\{([^}]*)\}")
_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")


@dataclass(frozen=True, slots=True)
class Response:
    """What a response mapping may look up."""

    headers: Mapping[str, str]
    body: bytes


Value = Callable[[Exchange, "Response | None"], "str | None"]
"""Gives a text, or ``None`` for what the request does not have."""


class BadMapping(ValueError):  # noqa: N818
    """A mapping that cannot be understood."""


def compiled(text: str) -> Value:
    """A value of a mapping.

    Raises
    ------
    BadMapping
        It names something that does not exist.
    """
    if text.startswith("$") and not text.startswith("${"):
        return _variable(text[1:])
    pieces = _PART.split(text)
    if len(pieces) == 1:
        return lambda exchange, response: text
    parts: list[str | Value] = [
        _variable(piece) if i % 2 else piece for i, piece in enumerate(pieces)
    ]

    def joined(exchange: Exchange, response: Response | None) -> str:
        return "".join(
            part if isinstance(part, str) else part(exchange, response) or "" for part in parts
        )

    return joined


def _variable(name: str) -> Value:
    root, _, rest = name.partition(".")
    if root == "context" and rest:
        return lambda exchange, response: _text(found_in(context(exchange), rest))
    if root == "stageVariables" and rest:
        return lambda exchange, response: exchange.stage.variables.get(rest)
    kind, dot, which = rest.partition(".")
    if root in ("request", "response") and re.fullmatch(r"body(?=[.\[]|\Z).*", rest, re.DOTALL):
        return _of_body(root, rest[len("body") :])
    if root == "request" and kind == "path":
        if not dot:
            return lambda exchange, response: unquote(exchange.path)
        return lambda exchange, response: exchange.path_parameters.get(which)
    if root == "request" and kind == "querystring" and which:
        return lambda exchange, response: (
            ",".join(value for name, value in exchange.query if name == which)
            if any(name == which for name, _ in exchange.query)
            else None
        )
    if kind == "header" and which:
        lower = which.lower()
        if root == "request":
            return lambda exchange, response: exchange.headers.get(lower)
        if root == "response":
            return lambda exchange, response: response.headers.get(lower) if response else None
    raise BadMapping(f"${name} is no variable of a parameter mapping")


def _of_body(root: str, path: str) -> Value:
    steps = json_path(path)

    def value(exchange: Exchange, response: Response | None) -> str | None:
        body = exchange.body if root == "request" else response.body if response else b""
        if not steps:
            return body.decode("utf-8", "replace")
        try:
            found: Any = json.loads(body[:JSON_PATH_BYTES])
            for step in steps:
                found = found[step]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            return None
        return _text(found)

    return value


def json_path(path: str) -> list[str | int]:
    """The steps of a JSON path.

    Raises
    ------
    BadMapping
        It has something else than names and indexes.

    Examples
    --------
    >>> json_path(".a[0]['b c']")
    ['a', 0, 'b c']
    """
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise BadMapping(f"{path!r} is no JSON path of names and indexes")
        index = found[2]
        steps.append(int(index) if index else found[1] or found[3] or found[4] or "")
        at = found.end()
    return steps


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def context(exchange: Exchange) -> Mapping[str, Any]:
    """The ``$context`` variables of a request, worked out when they are asked for."""
    caller = exchange.caller
    request, stage = exchange.request, exchange.stage
    return {
        "accountId": stage.account,
        "apiId": stage.api_id,
        "authorizer": lambda: _authorizer(exchange),
        "domainName": exchange.domain,
        "domainPrefix": exchange.prefix,
        "extendedRequestId": exchange.request_id,
        "httpMethod": request.method,
        "identity": {
            "accountId": caller.account if caller else None,
            "caller": caller.access_key if caller else None,
            "sourceIp": request.peer,
            "user": caller.access_key if caller else None,
            "userAgent": request.headers.get("user-agent"),
            "userArn": caller.arn if caller else None,
        },
        "path": exchange.raw_path,
        "protocol": "HTTP/1.1",
        "requestId": exchange.request_id,
        "requestTime": lambda: exchange.time_text,
        "requestTimeEpoch": lambda: exchange.epoch_ms,
        "routeKey": exchange.route_key or None,
        "stage": stage.stage,
        **exchange.notes,
    }


def _authorizer(exchange: Exchange) -> Mapping[str, Any]:
    given = exchange.authorizer or {}
    return {
        "principalId": exchange.principal,
        **(given.get("jwt") or {}),
        **(given.get("lambda") or {}),
        "error": exchange.notes.get("authorizerError"),
    }
