"""HTTP and REST APIs as Terraform's resources, with their routes."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Resource, Trigger
from lambda_nb.exports.terraform.functions import permission
from lambda_nb.exports.terraform.hcl import Block, Expression, resource, value_text
from lambda_nb.exports.terraform.values import Values

_CORS = {
    "AllowOrigins": "allow_origins",
    "AllowMethods": "allow_methods",
    "AllowHeaders": "allow_headers",
    "ExposeHeaders": "expose_headers",
    "MaxAge": "max_age",
    "AllowCredentials": "allow_credentials",
}


def apis(application: Application, values: Values) -> list[Block]:
    """All APIs."""
    blocks = []
    for one in application.resources.values():
        if one.kind == "http_api":
            blocks += _http(one, application, values)
        elif one.kind == "rest_api":
            blocks += _rest(one, application, values)
    return blocks


def _routes(api: Resource, application: Application) -> list[tuple[Function, Trigger]]:
    return [
        (function, trigger)
        for function in application.functions
        for trigger in function.triggers
        if trigger.kind in ("http", "rest") and trigger.source == api.id
    ]


def _invoke_arn(function: Function, values: Values) -> Expression:
    kind = "aws_lambda_alias" if function.alias else "aws_lambda_function"
    return Expression(f"{kind}.{values.label(function.id)}.invoke_arn")


def _http(api: Resource, application: Application, values: Values) -> list[Block]:
    label = values.label(api.id)
    identifier = Expression(f"aws_apigatewayv2_api.{label}.id")
    made = resource("aws_apigatewayv2_api", label, name=api.name, protocol_type="HTTP")
    cors = api.settings.get("Cors", {})
    if cors:
        told = {new: cors[old] for old, new in _CORS.items() if old in cors}
        made.inside("cors_configuration", **told)
    blocks = [
        made,
        resource(
            "aws_apigatewayv2_stage", label, api_id=identifier, name="$default", auto_deploy=True
        ),
    ]
    for function in application.functions:
        routes = [one for mine, one in _routes(api, application) if mine is function]
        if not routes:
            continue
        own = f"{label}_{values.label(function.id)}"
        version = routes[0].settings.get("PayloadFormatVersion", "2.0")
        blocks.append(
            resource(
                "aws_apigatewayv2_integration",
                own,
                api_id=identifier,
                integration_type="AWS_PROXY",
                integration_uri=_invoke_arn(function, values),
                payload_format_version=version,
            )
        )
        for route in routes:
            blocks.append(
                resource(
                    "aws_apigatewayv2_route",
                    values.label(route.id),
                    api_id=identifier,
                    route_key=route.settings["RouteKey"],
                    authorization_type=route.settings.get("AuthorizationType"),
                    target=Expression(f'"integrations/${{aws_apigatewayv2_integration.{own}.id}}"'),
                )
            )
        source = Expression(f'"${{aws_apigatewayv2_api.{label}.execution_arn}}/*"')
        blocks.append(permission(function, values, own, "apigateway", source))
    output = Block(("output", f"{label}_address"))
    output.add(value=Expression(f"aws_apigatewayv2_api.{label}.api_endpoint"))
    return [*blocks, output]


def _rest(api: Resource, application: Application, values: Values) -> list[Block]:
    label = values.label(api.id)
    address = f"aws_api_gateway_rest_api.{label}"
    paths: dict[str, Any] = {}
    functions: list[Function] = []
    for function, route in _routes(api, application):
        told = route.settings
        method = (
            "x-amazon-apigateway-any-method" if told["Method"] == "ANY" else told["Method"].lower()
        )
        operation: dict[str, Any] = {
            "x-amazon-apigateway-integration": {
                "type": "aws_proxy",
                "httpMethod": "POST",
                "payloadFormatVersion": "1.0",
                "uri": _invoke_arn(function, values),
            }
        }
        if "AuthorizationType" in told:
            operation["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
        paths.setdefault(told["Path"], {})[method] = operation
        if function not in functions:
            functions.append(function)
    document = {"openapi": "3.0.1", "info": {"title": api.name, "version": "1.0"}, "paths": paths}
    blocks = [
        resource(
            "aws_api_gateway_rest_api",
            label,
            name=api.name,
            body=Expression(f"jsonencode({value_text(document)})"),
        )
    ]
    deployment = resource(
        "aws_api_gateway_deployment",
        label,
        rest_api_id=Expression(f"{address}.id"),
        triggers={"redeployment": Expression(f"sha1({address}.body)")},
    )
    deployment.inside("lifecycle", create_before_destroy=True)
    blocks += [
        deployment,
        resource(
            "aws_api_gateway_stage",
            label,
            rest_api_id=Expression(f"{address}.id"),
            deployment_id=Expression(f"aws_api_gateway_deployment.{label}.id"),
            stage_name=api.settings["StageName"],
        ),
    ]
    for function in functions:
        source = Expression(f'"${{{address}.execution_arn}}/*"')
        own = f"{label}_{values.label(function.id)}"
        blocks.append(permission(function, values, own, "apigateway", source))
    output = Block(("output", f"{label}_address"))
    output.add(value=Expression(f"aws_api_gateway_stage.{label}.invoke_url"))
    return [*blocks, output]
