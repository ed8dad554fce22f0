"""What a function URL makes of a handler's response (facts/api.md section 7)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from lambda_nb.engine.api.wire.headers import BadHeader, header
from lambda_nb.engine.api.wire.http import JSON, Header, Reply

HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response"
"""Content type of a streamed response that begins with a JSON prelude."""

_OWNED = (b"content-length", b"transfer-encoding", b"connection")


class BadShape(ValueError):  # noqa: N818
    """A handler's response is no HTTP response; the caller gets a 502."""


def bad_gateway() -> Reply:
    """The reply when the function failed or its response has a bad shape."""
    return Reply(502, b"Internal Server Error")


def reply(payload: bytes) -> Reply:
    """The HTTP reply to a buffered response.

    Raises
    ------
    BadShape
        If the response cannot be turned into one.
    """
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadShape(f"the response is no JSON: {error}") from error
    if isinstance(response, str):  # recorded on AWS without quotes, whatever the guide shows
        return Reply(200, _encoded(response))
    if not isinstance(response, dict) or "statusCode" not in response:
        text = json.dumps(response, separators=(",", ":"), ensure_ascii=False)
        return Reply(200, _encoded(text))
    status, headers = head(response)
    content_type = dict(headers).pop(b"content-type", JSON)
    rest = [(name, value) for name, value in headers if name != b"content-type"]
    return Reply(status, _body(response), rest, content_type)


def head(response: dict[str, Any]) -> tuple[int, list[Header]]:
    """Status and headers (names in lower case) of a response object or a stream's prelude.

    Raises
    ------
    BadShape
        If one of them is none.
    """
    status = response.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadShape(f"statusCode {status!r} is no number from 200 to 599")
    given = response.get("headers") or {}
    cookies = response.get("cookies") or []
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise BadShape("headers must be an object and cookies a list")
    headers = [_header(name, value) for name, value in given.items()]
    headers += [_header("set-cookie", cookie) for cookie in cookies]
    return status, [(name, value) for name, value in headers if name not in _OWNED]


def _header(name: str, value: Any) -> Header:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise BadShape(f"the header {name} cannot be {value!r}")
    try:
        return header(name, str(value))
    except BadHeader as bad:
        raise BadShape(str(bad)) from bad


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadShape(str(error)) from error


def _body(response: dict[str, Any]) -> bytes:
    body = response.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        body = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    if not response.get("isBase64Encoded"):
        return _encoded(body)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadShape(f"body is no base64: {error}") from error
