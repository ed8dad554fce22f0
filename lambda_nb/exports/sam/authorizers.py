"""What lets callers of APIs in, as the ``Auth`` of SAM's APIs and events."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Authorizer, Resource, Trigger
from lambda_nb.exports.sam.values import Values
from lambda_nb.exports.shared import authorizers_of, needs_keys, routes_of


def of_api(api: Resource, application: Application, values: Values) -> dict[str, Any]:
    """The ``Auth`` of an API; empty if everybody may call it."""
    auth: dict[str, Any] = {}
    signed = any("AuthorizationType" in one.settings for _, one in routes_of(api, application))
    if signed and api.kind == "http_api":
        auth["EnableIamAuthorizer"] = True
    if needs_keys(api, application):
        auth["UsagePlan"] = {"CreateUsagePlan": "PER_API"}
    writer = _of_http if api.kind == "http_api" else _of_rest
    made = {one.id: writer(one, values) for one in authorizers_of(api, application)}
    return auth | ({"Authorizers": made} if made else {})


def of_event(trigger: Trigger) -> dict[str, Any]:
    """The ``Auth`` of a route, with its key; empty if everybody may call it."""
    told = trigger.settings
    auth: dict[str, Any] = {}
    if "AuthorizationType" in told:
        auth["Authorizer"] = "AWS_IAM"
        if trigger.kind == "rest":
            # By default SAM has the caller's own rights invoke the function.
            auth["InvokeRole"] = "NONE"
    if trigger.authorizer is not None:
        auth["Authorizer"] = trigger.authorizer.id
    if "Scopes" in told:
        auth["AuthorizationScopes"] = told["Scopes"]
    if "ApiKeyRequired" in told:
        auth["ApiKeyRequired"] = True
    return {"Auth": auth} if auth else {}


def _of_http(one: Authorizer, values: Values) -> dict[str, Any]:
    told = one.settings
    if one.kind == "jwt":
        (source,) = told["Sources"] or ("$request.header.Authorization",)
        return {
            "IdentitySource": source,
            "JwtConfiguration": {
                "issuer": values.of(one.issuer),
                "audience": [values.of(text) for text in one.audience],
            },
        }
    identity = _identity(told["Sources"], _OF_HTTP)
    if told["TtlSeconds"] and identity:
        identity["ReauthorizeEvery"] = told["TtlSeconds"]
    return {
        "FunctionArn": values.ref(one.function, "arn"),
        "AuthorizerPayloadFormatVersion": told["PayloadFormatVersion"],
        "EnableSimpleResponses": told["SimpleResponses"],
        "EnableFunctionDefaultPermissions": True,
        **({"Identity": identity} if identity else {}),
    }


def _of_rest(one: Authorizer, values: Values) -> dict[str, Any]:
    told = one.settings
    expression = {"ValidationExpression": told["Validation"]} if "Validation" in told else {}
    kept = {"ReauthorizeEvery": told["TtlSeconds"]}
    if one.kind == "user_pools" or told["Type"] == "TOKEN":
        (source,) = told["Sources"] or ("method.request.header.Authorization",)
        identity = {"Header": source.rpartition(".")[2], **expression, **kept}
    else:
        identity = {**_identity(told["Sources"], _OF_REST), **expression, **kept}
    if one.kind == "user_pools":
        return {"UserPoolArn": _one_or_all(one.pools, values), "Identity": identity}
    return {
        "FunctionArn": values.ref(one.function, "arn"),
        "FunctionPayloadType": told["Type"],
        "Identity": identity,
    }


_OF_HTTP = {
    "$request.header.": "Headers",
    "$request.querystring.": "QueryStrings",
    "$context.": "Context",
    "$stageVariables.": "StageVariables",
}
_OF_REST = {
    "method.request.header.": "Headers",
    "method.request.querystring.": "QueryStrings",
    "context.": "Context",
    "stageVariables.": "StageVariables",
}


def _identity(sources: list[str], names: dict[str, str]) -> dict[str, Any]:
    identity: dict[str, Any] = {}
    for source in sources:
        for prefix, name in names.items():
            if source.startswith(prefix):
                identity.setdefault(name, []).append(source.removeprefix(prefix))
    return identity


def _one_or_all(texts: Any, values: Values) -> Any:
    made = [values.of(text) for text in texts]
    return made[0] if len(made) == 1 else made
