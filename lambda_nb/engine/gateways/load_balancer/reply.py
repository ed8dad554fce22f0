"""What a load balancer makes of a function's response.

Stricter than API Gateway: every field that is used must have its type, and ``null`` is none
(aws-lambda-go issues 207 and 438, apig-wsgi 52, lambda-api 117).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from lambda_nb.engine.api.wire.headers import BadHeader, header
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.load_balancer.pages import SERVER

RESPONSE_LIMIT = 1 << 20
"""Bytes of a function's response (user guide, "Lambda functions as targets": 1 MB)."""

_OWNED = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_WITHOUT_TYPE = b"application/octet-stream"


class BadShape(ValueError):  # noqa: N818
    """A function's response is none that a load balancer can send; the caller gets a 502."""


def reply(payload: bytes, *, multi_value: bool) -> Reply:
    """The HTTP reply to a function's response.

    Parameters
    ----------
    multi_value
        Whether its headers are in ``multiValueHeaders``, or in ``headers``.

    Raises
    ------
    BadShape
        If the response cannot be turned into one.
    """
    if len(payload) > RESPONSE_LIMIT:
        raise BadShape(f"the response has {len(payload)} bytes, more than {RESPONSE_LIMIT}")
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadShape(f"the response is no JSON: {error}") from error
    if not isinstance(response, dict):
        raise BadShape("the response must be a JSON object with a statusCode")
    status = response.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadShape(f"statusCode must be a number from 200 to 599, not {status!r}")
    _must_be(response, "statusDescription", str)
    headers = _headers(response, multi_value=multi_value)
    body = _body(response)
    content_type = next((value for name, value in headers if name == b"content-type"), None)
    others = [(name, value) for name, value in headers if name != b"content-type"]
    if not any(name == b"server" for name, _ in others):
        others.append(SERVER)
    return Reply(status, body, others, content_type or _WITHOUT_TYPE)


def _headers(response: dict[str, Any], *, multi_value: bool) -> list[Header]:
    field = "multiValueHeaders" if multi_value else "headers"
    given = _must_be(response, field, dict) or {}
    headers: list[Header] = []
    for name, values in given.items():
        if multi_value and not isinstance(values, list):
            raise BadShape(f"multiValueHeaders[{name!r}] must be a list, not {values!r}")
        for value in values if multi_value else [values]:
            if name.lower() not in _OWNED:
                headers.append(_header(name, value))
            elif not isinstance(value, str):
                raise BadShape(f"the header {name} must be text, not {value!r}")
    return headers


def _header(name: str, value: Any) -> Header:
    if not isinstance(value, str):
        raise BadShape(f"the header {name} must be text, not {value!r}")
    try:
        return header(name, value)
    except BadHeader as bad:
        raise BadShape(str(bad)) from bad


def _body(response: dict[str, Any]) -> bytes:
    body: str = _must_be(response, "body", str) or ""
    encoded: bool = _must_be(response, "isBase64Encoded", bool) or False
    try:
        return base64.b64decode(body, validate=True) if encoded else body.encode()
    except (binascii.Error, ValueError) as error:
        raise BadShape(f"body: {error}") from error


def _must_be(response: dict[str, Any], name: str, kind: type) -> Any:
    """A field that may be left out but must not be anything else, ``null`` included."""
    if name not in response:
        return None
    value = response[name]
    if not isinstance(value, kind):
        words = {dict: "an object", str: "text", bool: "true or false"}
        raise BadShape(f"{name} must be {words[kind]}, not {value!r}")
    return value
