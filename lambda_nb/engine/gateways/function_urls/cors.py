"""Cross-origin rules of a function URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.api.wire.http import Header

Cors = Mapping[str, Any]


def preflight_headers(cors: Cors, headers: Mapping[str, str]) -> list[Header]:
    """Headers of the answer to a preflight; none if the origin or method is not allowed."""
    allowed = origin_headers(cors, headers)
    method = headers["access-control-request-method"]
    methods = cors.get("AllowMethods") or []
    if not allowed or not ("*" in methods or method in methods):
        return []
    allowed.append((b"access-control-allow-methods", ",".join(methods).encode()))
    if cors.get("AllowHeaders"):
        text = ",".join(cors["AllowHeaders"])
        allowed.append((b"access-control-allow-headers", text.encode()))
    if cors.get("MaxAge") is not None:
        allowed.append((b"access-control-max-age", str(cors["MaxAge"]).encode()))
    return allowed


def origin_headers(cors: Cors, headers: Mapping[str, str]) -> list[Header]:
    """Headers that let a page of the request's origin read the reply; none if it may not."""
    origin = headers.get("origin")
    origins = cors.get("AllowOrigins") or []
    if origin is None or not ("*" in origins or origin in origins):
        return []
    credentials = bool(cors.get("AllowCredentials"))
    shown = "*" if "*" in origins and not credentials else origin
    allowed: list[Header] = [(b"access-control-allow-origin", shown.encode("latin-1"))]
    if shown != "*":
        allowed.append((b"vary", b"Origin"))
    if credentials:
        allowed.append((b"access-control-allow-credentials", b"true"))
    if cors.get("ExposeHeaders"):
        text = ",".join(cors["ExposeHeaders"])
        allowed.append((b"access-control-expose-headers", text.encode()))
    return allowed


def merged(headers: list[Header], cors_headers: list[Header]) -> list[Header]:
    """A reply's headers with those of the URL's rules, which win over the handler's own."""
    if not cors_headers:
        return headers
    replaced = {name for name, _ in cors_headers if name != b"vary"}
    return [header for header in headers if header[0].lower() not in replaced] + cors_headers
