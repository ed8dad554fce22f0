"""What lets callers of APIs in, as constructs of the CDK."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.cdk.functions import target
from lambda_nb.exports.cdk.source import Code, call
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Application, Authorizer, Resource, Trigger
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import authorizers_of, needs_keys

SELF = Code("self")


def authorizers(api: Resource, application: Application, values: Values) -> list[str]:
    """Statements that make the authorizers and the API keys of an API."""
    writer = _of_http if api.kind == "http_api" else _of_rest
    lines = [
        f"{snake(one.id)} = {writer(one, application, values)}"
        for one in authorizers_of(api, application)
    ]
    if needs_keys(api, application):
        variable = values.variable(api.id)
        plan, stage = f"{variable}_plan", Code(f"{variable}.deployment_stage")
        made = call(f"{variable}.add_usage_plan", f"{api.id}Plan")
        lines += [
            f"{plan} = {made}",
            call(f"{plan}.add_api_stage", stage=stage),
            call(f"{plan}.add_api_key", call(f"{variable}.add_api_key", f"{api.id}Key")),
        ]
    return lines


def of_route(trigger: Trigger) -> dict[str, Any]:
    """The arguments of an HTTP API's route that protect it."""
    if trigger.authorizer is not None:
        return {
            "authorizer": Code(snake(trigger.authorizer.id)),
            "authorization_scopes": trigger.settings.get("Scopes"),
        }
    signed = "AuthorizationType" in trigger.settings
    return {"authorizer": call("authorizers.HttpIamAuthorizer") if signed else None}


def of_method(trigger: Trigger) -> dict[str, Any]:
    """The arguments of a REST API's method that protect it."""
    told, one = trigger.settings, trigger.authorizer
    signed = Code("apigateway.AuthorizationType.IAM") if "AuthorizationType" in told else None
    return {
        "authorization_type": signed,
        "authorizer": None if one is None else Code(snake(one.id)),
        "authorization_scopes": told.get("Scopes"),
        "api_key_required": told.get("ApiKeyRequired"),
    }


def left_out(application: Application) -> list[str]:
    """What the CDK's authorizers have no argument for."""
    return [
        f"{one.name} of {api.settings['OriginalName']}: the CDK sends events of the format 1.0 to "
        "Lambda authorizers that answer with policies; it had 2.0 here"
        for api in application.resources.values()
        for one in authorizers_of(api, application)
        if one.settings.get("PayloadFormatVersion") == "2.0" and not one.settings["SimpleResponses"]
    ]


def _of_http(one: Authorizer, application: Application, values: Values) -> Code:
    told, function = one.settings, application.function(one.function)
    if function is None:
        return call(
            "authorizers.HttpJwtAuthorizer",
            one.id,
            values.of(one.issuer),
            authorizer_name=one.name,
            identity_source=told["Sources"] or None,
            jwt_audience=[values.of(text) for text in one.audience],
        )
    kind = "SIMPLE" if told["SimpleResponses"] else "IAM"
    return call(
        "authorizers.HttpLambdaAuthorizer",
        one.id,
        target(function, values),
        authorizer_name=one.name,
        identity_source=told["Sources"],
        response_types=[Code(f"authorizers.HttpLambdaResponseType.{kind}")],
        results_cache_ttl=call("Duration.seconds", told["TtlSeconds"]),
    )


def _of_rest(one: Authorizer, application: Application, values: Values) -> Code:
    told, function = one.settings, application.function(one.function)
    first = next(iter(told["Sources"]), None)
    shared: dict[str, Any] = {
        "authorizer_name": one.name,
        "results_cache_ttl": call("Duration.seconds", told["TtlSeconds"]),
    }
    if function is None:
        of_arn = "cognito.UserPool.from_user_pool_arn"
        pools = [
            call(of_arn, SELF, f"{one.id}Pool{number}", values.of(arn))
            for number, arn in enumerate(one.pools, 1)
        ]
        made = "apigateway.CognitoUserPoolsAuthorizer"
        return call(made, SELF, one.id, cognito_user_pools=pools, identity_source=first, **shared)
    shared["handler"] = target(function, values)
    if told["Type"] == "TOKEN":
        pattern = told.get("Validation")
        made = "apigateway.TokenAuthorizer"
        return call(made, SELF, one.id, identity_source=first, validation_regex=pattern, **shared)
    made = "apigateway.RequestAuthorizer"
    return call(made, SELF, one.id, identity_sources=told["Sources"], **shared)
