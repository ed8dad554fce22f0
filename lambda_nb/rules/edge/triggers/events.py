"""The events of Lambda@Edge functions.

CloudFront Developer Guide, lambda-event-structure, 2026.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers.headers import Pair, Shown, as_unicode, shown

VIEWER_REQUEST, ORIGIN_REQUEST = "viewer-request", "origin-request"
ORIGIN_RESPONSE, VIEWER_RESPONSE = "origin-response", "viewer-response"
EVENTS = (VIEWER_REQUEST, ORIGIN_REQUEST, ORIGIN_RESPONSE, VIEWER_RESPONSE)


def most_bytes(event: str) -> int:
    """How large a body or a generated response may be in an event."""
    at_viewer = event in (VIEWER_REQUEST, VIEWER_RESPONSE)
    return (quotas.EDGE_VIEWER_BYTES if at_viewer else quotas.EDGE_ORIGIN_BYTES).value


def event(
    kind: str,
    distribution_id: str,
    distribution_domain: str,
    request_id: str,
    request: dict[str, Any],
    response: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole event, from its parts.

    Parameters
    ----------
    kind
        One of :data:`EVENTS`.
    request_id
        As in ``X-Amz-Cf-Id``.
    request, response
        As :func:`request` and :func:`response` make them.
    """
    cf: dict[str, Any] = {
        "config": {
            "distributionDomainName": distribution_domain,
            "distributionId": distribution_id,
            "eventType": kind,
            "requestId": request_id,
        },
        "request": request,
    }
    if response is not None:
        cf["response"] = response
    return {"Records": [{"cf": cf}]}


def request(
    client_ip: str,
    headers: Shown,
    method: str,
    uri: str,
    querystring: str,
    *,
    origin: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The request of an event; ``origin`` in origin events, ``body`` with Include Body.

    Examples
    --------
    >>> request("192.0.2.1", {}, "GET", "/a", "x=1")["uri"]
    '/a'
    """
    made: dict[str, Any] = {
        "clientIp": client_ip,
        "headers": headers,
        "method": method,
        "querystring": querystring if querystring.isascii() else as_unicode(querystring),
        "uri": uri if uri.isascii() else as_unicode(uri),
    }
    if origin is not None:
        made["origin"] = origin
    if body is not None:
        made["body"] = body
    return made


def body(kind: str, content: bytes) -> dict[str, Any]:
    """A request's body as a function sees it: base64, cut off at the limit of the event.

    Examples
    --------
    >>> body("viewer-request", b"hi")["data"]
    'aGk='
    """
    most = most_bytes(kind)
    return {
        "action": "read-only",
        "data": b64encode(content[:most]).decode(),
        "encoding": "base64",
        "inputTruncated": len(content) > most,
    }


def response(status: int, reason: str, headers: Shown) -> dict[str, Any]:
    """The response of an event; functions do not see its body."""
    return {"headers": headers, "status": str(status), "statusDescription": reason}


def custom_origin(
    domain: str,
    path: str,
    port: int,
    protocol: str,
    ssl_protocols: Sequence[str],
    read_timeout_s: float,
    keepalive_timeout_s: float,
    completion_timeout_s: float | None,
    custom_headers: Iterable[Pair],
) -> dict[str, Any]:
    """``origin`` for an HTTP server."""
    custom: dict[str, Any] = {
        "customHeaders": shown(custom_headers),
        "domainName": domain,
        "keepaliveTimeout": int(keepalive_timeout_s),
        "path": path,
        "port": port,
        "protocol": protocol,
        "readTimeout": int(read_timeout_s),
        "sslProtocols": list(ssl_protocols),
    }
    if completion_timeout_s is not None:
        custom["responseCompletionTimeout"] = int(completion_timeout_s)
    return {"custom": custom}


def s3_origin(
    domain: str, path: str, region: str, auth_method: str, custom_headers: Iterable[Pair]
) -> dict[str, Any]:
    """``origin`` for a bucket. ``auth_method`` is ``none`` or ``origin-access-identity``."""
    return {
        "s3": {
            "authMethod": auth_method,
            "customHeaders": shown(custom_headers),
            "domainName": domain,
            "path": path,
            "region": region,
        }
    }
