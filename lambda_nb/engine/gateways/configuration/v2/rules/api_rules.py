"""What HTTP and WebSocket APIs may be like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.gateways.configuration.v2.rules.route_keys import METHODS

HTTP_SELECTION = "$request.method $request.path"
"""How an HTTP API finds its routes; it knows no other way."""

_HTTP_SELECTION_IN_BRACES = "${request.method} ${request.path}"

API_KEY_SELECTION = ("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")

_NAME_LENGTH = 128
_DESCRIPTION_LENGTH = 1024
_VERSION_LENGTH = 64
_MAX_AGE = (-1, 86400)
"""Seconds that a browser may keep an answer to a preflight (API reference, Cors, 2026)."""

_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+")
_PROTOCOLS = ("HTTP", "WEBSOCKET")


def defaults(protocol: str) -> dict[str, Any]:
    """What an API of a protocol is like unless told otherwise."""
    settings: dict[str, Any] = {
        "ApiKeySelectionExpression": API_KEY_SELECTION[0],
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Tags": {},
    }
    if protocol == "HTTP":
        settings["RouteSelectionExpression"] = HTTP_SELECTION
    return settings


def check(api: Mapping[str, Any]) -> None:
    """Refuse settings that an API cannot have.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    protocol = api["ProtocolType"]
    if protocol not in _PROTOCOLS:
        raise bad_request("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
    if not api.get("Name"):
        raise bad_request("Name is required")
    _short("Name", api["Name"], _NAME_LENGTH)
    _short("Description", api.get("Description", ""), _DESCRIPTION_LENGTH)
    _short("Version", api.get("Version", ""), _VERSION_LENGTH)
    if api["ApiKeySelectionExpression"] not in API_KEY_SELECTION:
        raise bad_request(
            f"Invalid API key selection expression. Must be one of [{', '.join(API_KEY_SELECTION)}]"
        )
    if api["IpAddressType"] not in ("ipv4", "dualstack"):
        raise bad_request("Invalid IP address type. Must be one of [ipv4, dualstack]")
    tag_rules.check(api["Tags"])
    selection = api.get("RouteSelectionExpression", "")
    if protocol == "HTTP":
        _check_http(api, selection)
    else:
        _check_web_socket(api, selection)


def _check_http(api: Mapping[str, Any], selection: str) -> None:
    if selection not in (HTTP_SELECTION, _HTTP_SELECTION_IN_BRACES):
        raise bad_request(
            "RouteSelectionExpression of an HTTP API can only be ${request.method} ${request.path}"
        )
    if api.get("CorsConfiguration") is not None:
        check_cors(api["CorsConfiguration"])
    if api.get("DisableSchemaValidation"):
        raise bad_request("DisableSchemaValidation is only supported for WEBSOCKET APIs")


def _check_web_socket(api: Mapping[str, Any], selection: str) -> None:
    if not selection:
        raise bad_request("RouteSelectionExpression is required for WEBSOCKET protocol")
    if "$request.body" not in selection and "${request.body" not in selection:
        raise bad_request(
            f"Invalid route selection expression: {selection}. "
            "It must name a value of the message, such as $request.body.action"
        )
    if api.get("CorsConfiguration"):
        raise bad_request("CORS configuration is only supported for HTTP APIs")


def check_cors(cors: Mapping[str, Any]) -> None:
    """Refuse a CORS configuration that browsers could not use.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    for origin in cors.get("AllowOrigins", ()):
        if not _ORIGIN.fullmatch(origin):
            raise bad_request(
                f"Invalid format for origin {origin}. Origins must be * or begin with "
                "http:// or https:// and have no path"
            )
    for method in cors.get("AllowMethods", ()):
        if method != "*" and (method not in METHODS or method == "ANY"):
            raise bad_request(f"Invalid HTTP method in CORS configuration: {method}")
    age = cors.get("MaxAge", 0)
    if not _MAX_AGE[0] <= age <= _MAX_AGE[1]:
        raise bad_request(f"MaxAge must be between {_MAX_AGE[0]} and {_MAX_AGE[1]}: {age}")
    if cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", ()):
        raise bad_request("allow-credentials is not supported if 'allow-origin' is *")


def _short(member: str, text: str, most: int) -> None:
    if len(text) > most:
        raise bad_request(f"{member} must be at most {most} characters long")
