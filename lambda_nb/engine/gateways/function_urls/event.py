"""The event that a function URL's request becomes: payload format 2.0 (facts/api.md section 7)."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.shared.event_fields import joined, told_body
from lambda_nb.engine.model import Caller


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
        pairs = parse_qsl(request.query, keep_blank_values=True)
        document["queryStringParameters"] = joined(pairs)
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
    document["isBase64Encoded"] = False
    if body:
        content_type = headers.get("content-type", "")
        document["body"], document["isBase64Encoded"] = told_body(body, content_type)
    return json.dumps(document, separators=(",", ":")).encode()


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
