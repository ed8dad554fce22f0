"""What HTTP APIs make of a function's response."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.api.wire.headers import BadHeader, header
from lambda_nb.engine.api.wire.http import JSON, Header, Reply

TEXT = b"text/plain;charset=UTF-8"
"""Content type of a response that has a status code and names none."""

_OWNED = frozenset(
    {b"connection", b"content-length", b"keep-alive", b"transfer-encoding", b"upgrade"}
)


class BadShape(ValueError):  # noqa: N818
    """A function's response is no HTTP response; says why."""


def reply(payload: bytes, version: str) -> Reply:
    """The HTTP reply to a function's response.

    Parameters
    ----------
    payload
        The response, as JSON.
    version
        The integration's payload format, ``1.0`` or ``2.0``.

    Raises
    ------
    BadShape
        The response cannot be turned into one.
    """
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadShape(f"the response is no JSON: {error}") from error
    if version != "1.0" and not (isinstance(response, dict) and "statusCode" in response):
        return _inferred(response)
    if not isinstance(response, dict):
        raise BadShape(f"the response is no object, but {type(response).__name__}")
    status = _status(response.get("statusCode"))
    headers = _headers(response.get("headers"))
    if version == "1.0":
        headers = _with_several(headers, response.get("multiValueHeaders"))
    else:
        headers += _cookies(response.get("cookies"))
    content_type = TEXT
    kept: list[Header] = []
    for name, value in headers:
        if name == b"content-type":
            content_type = value
        elif name not in _OWNED:
            kept.append((name, value))
    return Reply(status, _body(response), kept, content_type)


def _inferred(response: Any) -> Reply:
    """A response without a status code is the body of a 200."""
    if isinstance(response, str):
        return Reply(200, _encoded(response), [], JSON)
    text = json.dumps(response, separators=(",", ":"), ensure_ascii=False)
    return Reply(200, _encoded(text), [], JSON)


def _status(given: Any) -> int:
    status = int(given) if isinstance(given, str) and given.isdecimal() else given
    if isinstance(status, float) and status.is_integer():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadShape(f"statusCode {given!r} is no number from 200 to 599")
    return status


def _headers(given: Any) -> list[Header]:
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise BadShape(f"headers are no object, but {given!r}")
    return [_header(name, value) for name, value in given.items()]


def _with_several(headers: list[Header], given: Any) -> list[Header]:
    """Headers, and those with several values, which go before one of the same name."""
    if given is None:
        return headers
    if not isinstance(given, Mapping) or not all(isinstance(v, list) for v in given.values()):
        raise BadShape(f"multiValueHeaders are no object of lists, but {given!r}")
    several = [_header(name, value) for name, values in given.items() for value in values]
    names = {name for name, _ in several}
    return [(name, value) for name, value in headers if name not in names] + several


def _cookies(given: Any) -> list[Header]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise BadShape(f"cookies are no list, but {given!r}")
    return [_header("set-cookie", cookie) for cookie in given]


def _header(name: str, value: Any) -> Header:
    if isinstance(value, (bool, int, float)):
        value = json.dumps(value)
    elif not isinstance(value, str):
        raise BadShape(f"the header {name} cannot be {value!r}")
    try:
        return header(name, value)
    except BadHeader as bad:
        raise BadShape(str(bad)) from bad


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadShape(str(error)) from error


def _body(response: Mapping[str, Any]) -> bytes:
    body = response.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadShape(f"body is no text, but {type(body).__name__}; use json.dumps")
    if not response.get("isBase64Encoded"):
        return _encoded(body)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadShape(f"body is no base64: {error}") from error
