"""What authorizers of HTTP and WebSocket APIs may be like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.gateways.shared.authorizer_cache import LONGEST_TTL_S
from lambda_nb.engine.permissions.functions import function_of

_HTTP_SOURCE = re.compile(
    r"\$request\.(header|querystring)\.[^\s,]+|\$context\.[A-Za-z0-9_.]+|\$stageVariables\.\w+"
)
_WEB_SOCKET_SOURCE = re.compile(
    r"route\.request\.(header|querystring)\.[^\s,]+|context\.[A-Za-z0-9_.]+|stageVariables\.\w+"
)
_TOKEN_SOURCE = re.compile(r"\$request\.(header|querystring)\.[^\s,]+")
_DEFAULT_TTL_S = 300


def with_defaults(authorizer: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """An authorizer with what AWS fills in."""
    if authorizer["AuthorizerType"] != "REQUEST" or protocol != "HTTP":
        return dict(authorizer)
    return {
        "AuthorizerResultTtlInSeconds": _DEFAULT_TTL_S if authorizer["IdentitySource"] else 0,
        "EnableSimpleResponses": False,
        **authorizer,
    }


def check(authorizer: Mapping[str, Any], protocol: str) -> None:
    """Refuse an authorizer that could not work.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    kind = authorizer["AuthorizerType"]
    if kind not in ("REQUEST", "JWT"):
        raise bad_request(f"Invalid authorizer type: {kind}. Must be one of [REQUEST, JWT]")
    if not authorizer.get("Name"):
        raise bad_request("Name is required")
    if kind == "JWT":
        _check_jwt(authorizer, protocol)
    else:
        _check_request(authorizer, protocol)


def _check_jwt(authorizer: Mapping[str, Any], protocol: str) -> None:
    if protocol != "HTTP":
        raise bad_request("JWT authorizers are only supported for HTTP APIs")
    settings = authorizer.get("JwtConfiguration", {})
    issuer = settings.get("Issuer", "")
    if not re.match(r"https?://[^/\s]", issuer):
        raise bad_request(f"Issuer must be a valid URL: {issuer}")
    if not settings.get("Audience"):
        raise bad_request("Audience is required for JWT authorizers")
    sources = authorizer["IdentitySource"]
    if len(sources) != 1 or not _TOKEN_SOURCE.fullmatch(sources[0]):
        raise bad_request(
            "A JWT authorizer needs one identity source: $request.header.NAME or "
            f"$request.querystring.NAME: {sources}"
        )
    for member in ("AuthorizerUri", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses"):
        if authorizer.get(member):
            raise bad_request(f"{member} is only supported for REQUEST authorizers")


def _check_request(authorizer: Mapping[str, Any], protocol: str) -> None:
    if authorizer.get("JwtConfiguration"):
        raise bad_request("JwtConfiguration is only supported for JWT authorizers")
    uri = authorizer.get("AuthorizerUri", "")
    if function_of(uri) is None or not uri.startswith("arn:aws") or ":apigateway:" not in uri:
        raise bad_request(f"Authorizer URI must be of a Lambda function: {uri}")
    pattern = _HTTP_SOURCE if protocol == "HTTP" else _WEB_SOCKET_SOURCE
    for source in authorizer["IdentitySource"]:
        if not pattern.fullmatch(source):
            raise bad_request(f"Invalid identity source specified: {source}")
    ttl = authorizer.get("AuthorizerResultTtlInSeconds", 0)
    if not 0 <= ttl <= LONGEST_TTL_S:
        raise bad_request(f"Authorizer result TTL must be between 0 and {LONGEST_TTL_S}: {ttl}")
    version = authorizer.get("AuthorizerPayloadFormatVersion")
    if protocol == "WEBSOCKET":
        for member in ("AuthorizerPayloadFormatVersion", "EnableSimpleResponses"):
            if authorizer.get(member):
                raise bad_request(f"{member} is only supported for HTTP APIs")
        return
    if version is None:
        raise bad_request(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"
        )
    if version not in ("1.0", "2.0"):
        raise bad_request(f"Invalid payload format version: {version}. Must be 1.0 or 2.0")
    if authorizer.get("EnableSimpleResponses") and version != "2.0":
        raise bad_request("EnableSimpleResponses is only supported for payload format version 2.0")
    if ttl > 0 and not authorizer["IdentitySource"]:
        raise bad_request("At least one identity source is required when caching is enabled")
