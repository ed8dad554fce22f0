"""What callers get when an API itself answers: gateway responses, AWS's or the API's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lambda_nb.engine.api.wire.headers import BadHeader
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.header_values import header


class _Type(NamedTuple):
    """A type of gateway response: its status and the error's name in ``x-amzn-ErrorType``."""

    status: int
    error_type: str


TYPES = {
    "ACCESS_DENIED": _Type(403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": _Type(500, "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _Type(500, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _Type(500, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": _Type(400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _Type(400, "BadRequestException"),
    "DEFAULT_4XX": _Type(400, "BadRequestException"),
    "DEFAULT_5XX": _Type(500, "InternalServerErrorException"),
    "EXPIRED_TOKEN": _Type(403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": _Type(504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _Type(504, "InternalServerErrorException"),
    "INVALID_API_KEY": _Type(403, "ForbiddenException"),
    "INVALID_SIGNATURE": _Type(403, "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": _Type(403, "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": _Type(429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": _Type(413, "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": _Type(404, "NotFoundException"),
    "THROTTLED": _Type(429, "TooManyRequestsException"),
    "UNAUTHORIZED": _Type(401, "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Type(415, "UnsupportedMediaTypeException"),
    "WAF_FILTERED": _Type(403, "ForbiddenException"),
}
"""AWS's statuses (REST API guide, "Gateway response types"); the names as seen on AWS."""

INTERNAL = "Internal server error"

_VARIABLE = re.compile(
    r"\$\{?(context(?:\.[A-Za-z0-9_]+)+|stageVariables\.[A-Za-z0-9_]+"
    r"|method\.request\.(?:header|querystring|path)\.[A-Za-z0-9_.\-]+)\}?"
)


class Refusal(Exception):  # noqa: N818
    """The API answers itself.

    Parameters
    ----------
    kind
        The type of gateway response.
    message
        For ``$context.error.message``; ``None`` where AWS says ``null``.
    details
        For ``$context.error.validationErrorString``.
    status
        Where AWS has another one than the type's.
    error_type
        Where AWS has another one than the type's.
    capital
        Whether AWS's own body spells ``Message`` with a capital.
    """

    def __init__(
        self,
        kind: str,
        message: str | None,
        *,
        details: str | None = None,
        status: int | None = None,
        error_type: str | None = None,
        capital: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details
        self.status = status or TYPES[kind].status
        self.error_type = error_type or TYPES[kind].error_type
        self.capital = capital


def configuration_error(status: int = 500) -> Refusal:
    """What callers get when an API is not configured rightly; its log says why."""
    return Refusal("API_CONFIGURATION_ERROR", INTERNAL, status=status)


def render(refusal: Refusal, exchange: Exchange) -> Reply:
    """The reply for a refusal: the API's own gateway response, or AWS's."""
    exchange.error = {
        "message": refusal.message,
        "messageString": json.dumps(refusal.message),
        "responseType": refusal.kind,
        "validationErrorString": refusal.details,
    }
    responses = exchange.deployed.gateway_responses
    family = "DEFAULT_4XX" if refusal.status < 500 else "DEFAULT_5XX"
    own = _configured(responses.get(refusal.kind)) or _configured(responses.get(family)) or {}
    templates: Mapping[str, str] = own.get("responseTemplates") or {}
    status = int(own.get("statusCode") or refusal.status)
    context = exchange.context()
    content_type, body = "application/json", _plain(refusal)
    if templates:
        content_type = _chosen(templates, exchange)
        body = substituted(templates[content_type], exchange, context)
    headers: list[Header] = [(b"x-amzn-ErrorType", refusal.error_type.encode())]
    for target, source in (own.get("responseParameters") or {}).items():
        name = target.removeprefix("gatewayresponse.header.")
        value = _value(source, exchange, context)
        try:
            encoded = header(name, value)
        except BadHeader as error:
            exchange.log.failed(f"A header of the gateway response is left out: {error}")
            continue
        if name.lower() == "content-type":
            content_type = value
        else:
            headers.append(encoded)
    exchange.log.failed(f"Gateway response type: {refusal.kind} with status code: {status}")
    exchange.log.say(f"Gateway response body: {body}")
    return Reply(status, body.encode(), headers, content_type.encode("latin-1", "replace"))


def _configured(response: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A gateway response that somebody configured."""
    return None if response is None or response.get("defaultResponse") else response


def _plain(refusal: Refusal) -> str:
    member = "Message" if refusal.capital else "message"
    return json.dumps({member: refusal.message}, separators=(",", ":"), ensure_ascii=False)


def _chosen(templates: Mapping[str, str], exchange: Exchange) -> str:
    """The content type of the template for a caller."""
    accepted = (exchange.header("accept") or "").partition(",")[0].partition(";")[0].strip()
    for wanted in (accepted, "application/json"):
        if wanted in templates:
            return wanted
    return next(iter(templates))


def substituted(template: str, exchange: Exchange, context: Mapping[str, Any]) -> str:
    """A template with its variables filled in: gateway responses know no more of VTL."""
    return _VARIABLE.sub(lambda found: _looked_up(found[1], exchange, context), template)


def _value(source: str, exchange: Exchange, context: Mapping[str, Any]) -> str:
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    return _looked_up(source, exchange, context)


def _looked_up(name: str, exchange: Exchange, context: Mapping[str, Any]) -> str:
    first, _, rest = name.partition(".")
    value: Any
    if first == "context":
        value = context
        for part in rest.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    elif first == "stageVariables":
        value = exchange.stage_variables.get(rest)
    else:
        _, location, own = rest.split(".", 2) if rest.count(".") > 1 else ("", "", "")
        value = exchange.parameter(location, own)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
