"""HTTP and REST APIs as Terraform's resources, with their routes."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Resource
from lambda_nb.exports.shared import routes_of
from lambda_nb.exports.terraform.authorizers import (
    of_http_api,
    of_operation,
    of_rest_api,
    of_route,
    schemes,
)
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
        *of_http_api(api, application, values),
    ]
    for function in application.functions:
        routes = [one for mine, one in routes_of(api, application) if mine is function]
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
                integration_uri=values.invoke_arn(function),
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
                    **of_route(route),
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
    for function, route in routes_of(api, application):
        told = route.settings
        method = (
            "x-amazon-apigateway-any-method" if told["Method"] == "ANY" else told["Method"].lower()
        )
        operation: dict[str, Any] = {
            "x-amazon-apigateway-integration": {
                "type": "aws_proxy",
                "httpMethod": "POST",
                "payloadFormatVersion": "1.0",
                "uri": values.invoke_arn(function),
            },
            **of_operation(route),
        }
        paths.setdefault(told["Path"], {})[method] = operation
        if function not in functions:
            functions.append(function)
    document = {
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": "1.0"},
        "paths": paths,
        **schemes(api, application, values),
    }
    blocks = [
        resource(
            "aws_api_gateway_rest_api",
            label,
            name=api.name,
            body=Expression(f"jsonencode({value_text(document)})"),
            binary_media_types=api.settings.get("BinaryMediaTypes"),
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
        *of_rest_api(api, application, values),
    ]
    for function in functions:
        source = Expression(f'"${{{address}.execution_arn}}/*"')
        own = f"{label}_{values.label(function.id)}"
        blocks.append(permission(function, values, own, "apigateway", source))
    output = Block(("output", f"{label}_address"))
    output.add(value=Expression(f"aws_api_gateway_stage.{label}.invoke_url"))
    return [*blocks, output]
