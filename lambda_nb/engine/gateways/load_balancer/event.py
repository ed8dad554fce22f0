"""The event that a load balancer's request becomes (facts/events.md, ALB)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.api.wire.http import Header
from lambda_nb.engine.gateways.load_balancer.conditions import pairs

_TEXT = frozenset({"application/json", "application/javascript", "application/xml"})


def event(
    target_group: str,
    method: str,
    path: str,
    query: str,
    headers: Sequence[Header],
    body: bytes,
    *,
    multi_value: bool,
) -> bytes:
    """The JSON event.

    Parameters
    ----------
    target_group
        The ARN of the target group.
    path, query
        Percent-encoded, as they came: the values of the query stay so.
    headers
        Names in lower case, each header that came and those that the load balancer adds.
    multi_value
        Whether every value of a header or a query key is told, or only the last.
    """
    given = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    document: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": method,
        "path": path,
    }
    if multi_value:
        document["multiValueQueryStringParameters"] = _all(pairs(query))
        document["multiValueHeaders"] = _all(given)
    else:
        document["queryStringParameters"] = dict(pairs(query))
        document["headers"] = dict(given)
    text = as_text(body, dict(given)) if body else ""
    document["body"] = base64.b64encode(body).decode() if text is None else text
    document["isBase64Encoded"] = text is None
    return json.dumps(document, separators=(",", ":")).encode()


def health_check(target_group: str, path: str, *, multi_value: bool) -> bytes:
    """The event of a health check."""
    headers = [(b"user-agent", b"ELB-HealthChecker/2.0")]
    return event(target_group, "GET", path, "", headers, b"", multi_value=multi_value)


def as_text(body: bytes, headers: dict[str, str]) -> str | None:
    """A body that is told as it is, or ``None`` if it has to be base64.

    Examples
    --------
    >>> as_text(b"x", {"content-type": "Text/Plain; charset=utf-8"})
    'x'
    >>> as_text(b"x", {"content-type": "text/plain", "content-encoding": "gzip"}) is None
    True
    >>> as_text(b"x", {"content-type": "application/x-www-form-urlencoded"}) is None
    True
    """
    if not body:
        return ""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "content-encoding" in headers or not (kind.startswith("text/") or kind in _TEXT):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _all(given: list[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    return values
