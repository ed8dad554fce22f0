"""What lets callers of APIs in, as Terraform's resources and in OpenAPI documents."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Authorizer, Resource, Trigger
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import authorizers_of, needs_keys
from lambda_nb.exports.terraform.functions import permission
from lambda_nb.exports.terraform.hcl import Block, Expression, resource
from lambda_nb.exports.terraform.values import Values

_KEY = "api_key"
"""The security scheme of API keys."""


def of_http_api(api: Resource, application: Application, values: Values) -> list[Block]:
    """The authorizers of an HTTP API."""
    blocks = []
    label = values.label(api.id)
    for one in authorizers_of(api, application):
        told, function = one.settings, application.function(one.function)
        own = snake(one.id)
        made = resource(
            "aws_apigatewayv2_authorizer",
            own,
            api_id=Expression(f"aws_apigatewayv2_api.{label}.id"),
            name=one.name,
            authorizer_type="JWT" if function is None else "REQUEST",
            identity_sources=told["Sources"] or None,
        )
        blocks.append(made)
        if function is None:
            audience = [values.of(text) for text in one.audience]
            made.inside("jwt_configuration", audience=audience, issuer=values.of(one.issuer))
            continue
        made.add(
            authorizer_uri=values.invoke_arn(function),
            authorizer_payload_format_version=told["PayloadFormatVersion"],
            enable_simple_responses=told["SimpleResponses"],
            authorizer_result_ttl_in_seconds=told["TtlSeconds"],
        )
        base = f"${{aws_apigatewayv2_api.{label}.execution_arn}}"
        source = f'"{base}/authorizers/${{aws_apigatewayv2_authorizer.{own}.id}}"'
        blocks.append(permission(function, values, own, "apigateway", Expression(source)))
    return blocks


def of_route(trigger: Trigger) -> dict[str, Any]:
    """The arguments of an HTTP API's route that protect it."""
    one = trigger.authorizer
    if one is None:
        return {"authorization_type": trigger.settings.get("AuthorizationType")}
    return {
        "authorization_type": "JWT" if one.kind == "jwt" else "CUSTOM",
        "authorizer_id": Expression(f"aws_apigatewayv2_authorizer.{snake(one.id)}.id"),
        "authorization_scopes": trigger.settings.get("Scopes"),
    }


def schemes(api: Resource, application: Application, values: Values) -> dict[str, Any]:
    """The members of an OpenAPI document that define what protects a REST API."""
    made: dict[str, Any] = {
        one.name: _scheme(one, application, values) for one in authorizers_of(api, application)
    }
    if needs_keys(api, application):
        made[_KEY] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    return {"components": {"securitySchemes": made}} if made else {}


def of_operation(trigger: Trigger) -> dict[str, Any]:
    """The members of an OpenAPI document's operation that protect it."""
    told = trigger.settings
    required: dict[str, Any] = {}
    if trigger.authorizer is not None:
        required[trigger.authorizer.name] = told.get("Scopes", [])
    if "ApiKeyRequired" in told:
        required[_KEY] = []
    made: dict[str, Any] = {"security": [required]} if required else {}
    if "AuthorizationType" in told:
        made["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
    return made


def of_rest_api(api: Resource, application: Application, values: Values) -> list[Block]:
    """What lets API Gateway invoke authorizers, and the API keys of a REST API."""
    blocks = []
    label = values.label(api.id)
    address = f"aws_api_gateway_rest_api.{label}"
    for one in authorizers_of(api, application):
        function = application.function(one.function)
        if function is not None:
            source = Expression(f'"${{{address}.execution_arn}}/authorizers/*"')
            blocks.append(permission(function, values, snake(one.id), "apigateway", source))
    if needs_keys(api, application):
        plan = resource("aws_api_gateway_usage_plan", label, name=api.name)
        stage = Expression(f"aws_api_gateway_stage.{label}.stage_name")
        plan.inside("api_stages", api_id=Expression(f"{address}.id"), stage=stage)
        blocks += [
            plan,
            resource("aws_api_gateway_api_key", label, name=api.name),
            resource(
                "aws_api_gateway_usage_plan_key",
                label,
                key_id=Expression(f"aws_api_gateway_api_key.{label}.id"),
                key_type="API_KEY",
                usage_plan_id=Expression(f"aws_api_gateway_usage_plan.{label}.id"),
            ),
        ]
    return blocks


def _scheme(one: Authorizer, application: Application, values: Values) -> dict[str, Any]:
    told, function = one.settings, application.function(one.function)
    ttl = {"authorizerResultTtlInSeconds": told["TtlSeconds"]}
    of_header = one.kind == "user_pools" or told["Type"] == "TOKEN"
    header = (told["Sources"] or ["Authorization"])[0].rpartition(".")[2]
    scheme: dict[str, Any] = {
        "type": "apiKey",
        "name": header if of_header else "Unused",
        "in": "header",
    }
    if function is None:
        pools = [values.of(text) for text in one.pools]
        return scheme | {
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": pools},
        }
    authorizer = {
        "type": told["Type"].lower(),
        "authorizerUri": values.invoke_arn(function),
        **ttl,
        **({} if of_header else {"identitySource": ", ".join(told["Sources"])}),
    }
    if "Validation" in told:
        authorizer["identityValidationExpression"] = told["Validation"]
    return scheme | {
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": authorizer,
    }
