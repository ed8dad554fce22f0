"""What routes may be like, beside their keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

DEFAULTS = {"ApiKeyRequired": False, "AuthorizationType": "NONE"}

_TARGET = re.compile(r"integrations/([a-z0-9]+)")
_TYPES = {"HTTP": ("NONE", "AWS_IAM", "CUSTOM", "JWT"), "WEBSOCKET": ("NONE", "AWS_IAM", "CUSTOM")}
_KINDS = {"CUSTOM": "REQUEST", "JWT": "JWT"}
_WEB_SOCKET_ONLY = (
    "ModelSelectionExpression",
    "RequestModels",
    "RequestParameters",
    "RouteResponseSelectionExpression",
)


def integration_of(route: Mapping[str, Any]) -> str | None:
    """The id of the integration that is a route's target."""
    target = route.get("Target")
    if target is None:
        return None
    found = _TARGET.fullmatch(target)
    if found is None:
        raise bad_request(f"Invalid target specified: {target}. It must be integrations/ID")
    return found[1]


def check(route: Mapping[str, Any], protocol: str, authorizer: Mapping[str, Any] | None) -> None:
    """Refuse settings that a route cannot have.

    Parameters
    ----------
    route
        With what AWS fills in.
    protocol
        Of its API.
    authorizer
        The one that its ``AuthorizerId`` names.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    kind = route["AuthorizationType"]
    if kind not in _TYPES[protocol]:
        raise bad_request(
            f"Invalid authorization type: {kind}. Must be one of {list(_TYPES[protocol])}"
        )
    wanted = _KINDS.get(kind)
    if wanted is None and authorizer is not None:
        raise bad_request(f"AuthorizerId is not supported for authorization type {kind}")
    if wanted is not None:
        if authorizer is None:
            raise bad_request(f"AuthorizerId is required for authorization type {kind}")
        if authorizer["AuthorizerType"] != wanted:
            raise bad_request(
                f"Authorizer of type {authorizer['AuthorizerType']} cannot be used for "
                f"authorization type {kind}"
            )
    if route.get("AuthorizationScopes") and kind != "JWT":
        raise bad_request("Authorization scopes are only supported for authorization type JWT")
    if protocol == "HTTP":
        if route.get("ApiKeyRequired"):
            raise bad_request("API keys are not supported for HTTP APIs")
        for member in _WEB_SOCKET_ONLY:
            if route.get(member):
                raise bad_request(f"{member} is only supported for WEBSOCKET APIs")
        return
    if kind != "NONE" and route["RouteKey"] != "$connect":
        raise bad_request("Authorization is only supported for the route $connect")
    if route.get("RouteResponseSelectionExpression", "$default") != "$default":
        raise bad_request("Route response selection expression must be $default")
