"""Security schemes of an OpenAPI document: the authorizers of an HTTP API, there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.open_api import fields
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

_DISCOVERY = "/.well-known/openid-configuration"


def read(components: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The authorizers of a document's components, by the name of their security scheme.

    Raises
    ------
    AWSError
        ``BadRequestException`` for a scheme whose authorizer HTTP APIs do not have.
    """
    schemes: Mapping[str, Any] = components.get("securitySchemes", {})
    named: Mapping[str, Any] = components.get(fields.AUTHORIZERS, {})
    found = {}
    for name, scheme in schemes.items():
        told = scheme.get(fields.AUTHORIZER)
        if told is not None and "$ref" in told:
            reference = told["$ref"]
            told = named.get(reference.rpartition("/")[2])
            if told is None:
                raise bad_request(f"Unable to find the reference {reference} in the document")
        if told is not None:
            found[name] = _authorizer(name, scheme, told)
    return found


def _authorizer(name: str, scheme: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    kind = told.get("type", "").lower()
    authorizer = fields.members(told, fields.OF_AUTHORIZER)
    authorizer |= {"Name": name, "IdentitySource": _sources(told.get("identitySource"))}
    if "AuthorizerPayloadFormatVersion" in authorizer:
        version = str(authorizer["AuthorizerPayloadFormatVersion"])
        authorizer["AuthorizerPayloadFormatVersion"] = version
    if kind == "request":
        return {**authorizer, "AuthorizerType": "REQUEST"}
    if kind != "jwt":
        raise bad_request(f"Invalid authorizer type for {name}: {kind}. Must be jwt or request")
    settings = told.get("jwtConfiguration", {})
    issuer = settings.get("issuer") or scheme.get("openIdConnectUrl", "")
    audience = settings.get("audience", [])
    return {
        **authorizer,
        "AuthorizerType": "JWT",
        "JwtConfiguration": {
            "Issuer": issuer.removesuffix(_DISCOVERY),
            "Audience": [audience] if isinstance(audience, str) else list(audience),
        },
    }


def _sources(told: str | Sequence[str] | None) -> list[str]:
    if told is None:
        return []
    if isinstance(told, str):
        return [part.strip() for part in told.split(",") if part.strip()]
    return list(told)


def of_operation(
    operation: Mapping[str, Any],
    security: Sequence[Mapping[str, Sequence[str]]] | None,
    document: Mapping[str, Any],
    authorizers: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Who may use a route: its authorization type, the name of its authorizer, scopes."""
    if operation.get(fields.AUTH, {}).get("type", "").upper() == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    schemes = document.get("components", {}).get("securitySchemes", {})
    for requirement in security or ():
        for name, scopes in requirement.items():
            if schemes.get(name, {}).get(fields.AUTH_TYPE, "").lower() == "awssigv4":
                return {"AuthorizationType": "AWS_IAM"}
            if name not in authorizers:
                raise bad_request(f"Unable to find an authorizer for the security scheme {name}")
            if authorizers[name]["AuthorizerType"] == "REQUEST":
                return {"AuthorizationType": "CUSTOM", "AuthorizerId": name}
            granted = {"AuthorizationScopes": list(scopes)} if scopes else {}
            return {"AuthorizationType": "JWT", "AuthorizerId": name, **granted}
    return {}


def scheme(authorizer: Mapping[str, Any]) -> dict[str, Any]:
    """The security scheme of an authorizer, for an export."""
    told = fields.fields(authorizer, fields.OF_AUTHORIZER)
    told["identitySource"] = ",".join(authorizer["IdentitySource"])
    if authorizer["AuthorizerType"] == "REQUEST":
        told["type"] = "request"
        return {"type": "apiKey", "name": "Unused", "in": "header", fields.AUTHORIZER: told}
    settings = authorizer["JwtConfiguration"]
    told["type"] = "jwt"
    told["jwtConfiguration"] = {"issuer": settings["Issuer"], "audience": settings["Audience"]}
    return {"type": "oauth2", "flows": {}, fields.AUTHORIZER: told}
