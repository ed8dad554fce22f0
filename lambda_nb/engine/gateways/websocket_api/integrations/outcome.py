"""What an integration answered, and how a function's response says it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.api.wire.http import Header
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused

OURS = frozenset(
    {
        "connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "date",
        "sec-websocket-accept", "sec-websocket-extensions",
    }
)  # fmt: skip
"""Headers of an answer that are API Gateway's own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an integration answered."""

    status: int = 200
    body: str | None = None
    headers: list[Header] = field(default_factory=list)


def outcome_of(payload: bytes) -> Outcome:
    """What a function's response says to API Gateway.

    Raises
    ------
    Refused
        It has another shape: 502.
    """
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise _malformed(payload) from error
    if not isinstance(response, dict) or "statusCode" not in response:
        raise _malformed(payload)
    body = response.get("body")
    if body is not None and not isinstance(body, str):
        raise _malformed(payload)
    if body is not None and response.get("isBase64Encoded") is True:
        try:
            body = base64.b64decode(body, validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise _malformed(payload) from error
    if body is not None:  # a lone half of a surrogate pair cannot be sent
        body = body.encode("utf-8", "replace").decode()
    given = response.get("headers") or {}
    several = response.get("multiValueHeaders") or {}
    if not isinstance(given, dict) or not isinstance(several, dict):
        raise _malformed(payload)
    pairs = [(n, v) for n, v in given.items() if n not in several]
    pairs += [(n, v) for n, vs in several.items() for v in (vs if isinstance(vs, list) else [vs])]
    return Outcome(
        status_of(response["statusCode"]),
        body,
        [one for pair in pairs if (one := header(*pair)) is not None],
    )


def header(name: str, value: Any) -> Header | None:
    """A header as bytes; ``None`` for one that is API Gateway's own, or that cannot be sent."""
    if name.lower() in OURS or not name.replace("-", "").replace("_", "").isalnum():
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    if not name.isascii() or any(character in text for character in "\r\n\0"):
        return None
    return name.encode(), text.encode("utf-8", "replace")


def status_of(value: Any) -> int:
    """A status, as a number or a text.

    Raises
    ------
    Refused
        It is none.
    """
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise Refused(502, SERVER_ERROR, f"statusCode {value!r} is no number from 200 to 599")
    return value


def _malformed(payload: bytes) -> Refused:
    text = f"malformed Lambda proxy response: {payload[:500]!r}"
    return Refused(502, SERVER_ERROR, text)
