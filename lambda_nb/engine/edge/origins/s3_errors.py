"""Errors of S3 that the engine answers itself, in S3's own form."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response


def access_denied(method: str, request_id: str) -> Response:
    """Whoever asks may not do that."""
    return _error(method, request_id, 403, "Forbidden", "AccessDenied", "Access Denied", {})


def no_such_bucket(method: str, request_id: str, bucket: str) -> Response:
    """There is no such bucket."""
    text = "The specified bucket does not exist"
    told = {"BucketName": bucket}
    return _error(method, request_id, 404, "Not Found", "NoSuchBucket", text, told)


def method_not_allowed(method: str, request_id: str) -> Response:
    """S3 has no such method."""
    text = "The specified method is not allowed against this resource."
    told = {"Method": method, "ResourceType": "OBJECT"}
    reason = "Method Not Allowed"
    return _error(method, request_id, 405, reason, "MethodNotAllowed", text, told)


def _error(
    method: str,
    request_id: str,
    status: int,
    reason: str,
    code: str,
    message: str,
    detail: Mapping[str, str],
) -> Response:
    told = {"Code": code, "Message": message, **detail, "RequestId": request_id}
    members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{members}</Error>'.encode()
    headers = Headers([("Content-Type", "application/xml"), ("Server", "AmazonS3")])
    if method == "HEAD":
        return Response(status, headers, b"", reason)
    headers.add("Content-Length", str(len(body)))
    return Response(status, headers, body, reason)
