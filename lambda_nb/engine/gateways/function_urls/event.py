"""The event that a function URL's request becomes: payload format 2.0 (facts/api.md section 7)."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.model import Caller

_TEXT = re.compile(
    r"text/.*|application/(json|xml|javascript|graphql)|application/[^;]*\+(json|xml)"
)


def event(
    request: HttpRequest,
    body: bytes,
    *,
    identifier: str,
    path: str,
    request_id: str,
    trace_header: str,
    caller: Caller | None,
) -> bytes:
    """The JSON event.

    Parameters
    ----------
    identifier
        The URL's identifier.
    path
        The path below the function URL, beginning with a slash.
    caller
        Who signed the request; ``None`` for the authorisation type NONE.
    """
    headers = request.headers
    host = headers.get("host", "")
    now = datetime.now(timezone.utc)
    forwarded = {
        "x-amzn-trace-id": trace_header,
        "x-forwarded-for": request.peer,
        "x-forwarded-port": host.rpartition(":")[2] if ":" in host else "80",
        "x-forwarded-proto": "http",
    }
    document: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
    }
    if "cookie" in headers:
        document["cookies"] = [cookie.strip() for cookie in headers["cookie"].split(";")]
    document["headers"] = {**headers, **forwarded}
    if request.query:
        document["queryStringParameters"] = _joined(request.query)
    document["requestContext"] = {
        "accountId": caller.account if caller else "anonymous",
        "apiId": identifier,
        **({"authorizer": {"iam": _identity(caller)}} if caller else {}),
        "domainName": host,
        "domainPrefix": identifier,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    text = _as_text(body, headers.get("content-type", ""))
    if body:
        document["body"] = base64.b64encode(body).decode() if text is None else text
    document["isBase64Encoded"] = bool(body) and text is None
    return json.dumps(document, separators=(",", ":")).encode()


def _joined(query: str) -> dict[str, str]:
    """Query parameters; repeated ones joined by commas."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _as_text(body: bytes, content_type: str) -> str | None:
    """A body that is passed on as it is, or ``None`` if it has to be base64."""
    if not _TEXT.fullmatch(content_type.partition(";")[0].strip().lower() or "text/plain"):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _identity(caller: Caller) -> dict[str, str | None]:
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "callerId": caller.access_key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.access_key,
    }
