"""Response headers policies: the headers as CloudFront writes them.

CloudFront Developer Guide, "Understand response headers policies" and "Use managed response headers
policies", 2026: the names and values below are those of the managed policies.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.edge.configuration.reading import Reader, items
from lambda_nb.engine.edge.settings import Cors, ResponseHeadersPolicy


def response_headers_policy(reader: Reader, identifier: str) -> ResponseHeadersPolicy:
    """A response headers policy by its id."""
    answer = reader.read("get_response_headers_policy", Id=identifier)
    told = answer["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    timing = told.get("ServerTimingHeadersConfig") or {}
    removed = items(told.get("RemoveHeadersConfig"))
    cors = told.get("CorsConfig")
    return ResponseHeadersPolicy(
        told["Name"],
        _cors(cors) if cors else None,
        (
            *_security(told.get("SecurityHeadersConfig") or {}),
            *(
                (one["Header"], one.get("Value") or "", bool(one.get("Override")))
                for one in items(told.get("CustomHeadersConfig"))
            ),
        ),
        frozenset(one["Header"].lower() for one in removed),
        float(timing.get("SamplingRate") or 0) if timing.get("Enabled") else None,
    )


def _cors(told: dict[str, Any]) -> Cors:
    return Cors(
        tuple(items(told.get("AccessControlAllowOrigins"))),
        tuple(items(told.get("AccessControlAllowMethods"))),
        tuple(items(told.get("AccessControlAllowHeaders"))),
        tuple(items(told.get("AccessControlExposeHeaders"))),
        bool(told.get("AccessControlAllowCredentials")),
        told.get("AccessControlMaxAgeSec"),
        bool(told.get("OriginOverride")),
    )


def _security(told: dict[str, Any]) -> list[tuple[str, str, bool]]:
    headers = []

    def add(name: str, value: str, one: dict[str, Any]) -> None:
        headers.append((name, value, bool(one.get("Override"))))

    if one := told.get("ContentSecurityPolicy"):
        add("Content-Security-Policy", one["ContentSecurityPolicy"], one)
    if one := told.get("ReferrerPolicy"):
        add("Referrer-Policy", one["ReferrerPolicy"], one)
    if one := told.get("StrictTransportSecurity"):
        add("Strict-Transport-Security", _transport_security(one), one)
    if one := told.get("ContentTypeOptions"):
        add("X-Content-Type-Options", "nosniff", one)
    if one := told.get("FrameOptions"):
        add("X-Frame-Options", one["FrameOption"], one)
    if one := told.get("XSSProtection"):
        add("X-XSS-Protection", _xss_protection(one), one)
    return headers


def _transport_security(told: dict[str, Any]) -> str:
    value = f"max-age={told['AccessControlMaxAgeSec']}"
    if told.get("IncludeSubdomains"):
        value += "; includeSubDomains"
    return value + ("; preload" if told.get("Preload") else "")


def _xss_protection(told: dict[str, Any]) -> str:
    if not told.get("Protection"):
        return "0"
    if told.get("ReportUri"):
        return f"1; report={told['ReportUri']}"
    return "1; mode=block" if told.get("ModeBlock") else "1"
