"""Routes of APIs that lead to functions, as calls of the CDK's constructs."""

from __future__ import annotations

from lambda_nb.exports.cdk.authorizers import of_method, of_route
from lambda_nb.exports.cdk.functions import target
from lambda_nb.exports.cdk.source import Code, call
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Function, Trigger
from lambda_nb.exports.reading.identifiers import snake


def integration(one: Function, trigger: Trigger, values: Values) -> str:
    """A statement that makes what leads routes of an HTTP API to a function."""
    version = trigger.settings.get("PayloadFormatVersion")
    old = Code("apigwv2.PayloadFormatVersion.VERSION_1_0") if version == "1.0" else None
    name = f"{one.id}{trigger.source}"
    made = call(
        "integrations.HttpLambdaIntegration",
        name,
        target(one, values),
        payload_format_version=old,
    )
    return f"{snake(name)} = {made}"


def route(one: Function, trigger: Trigger, values: Values) -> str:
    """A statement that makes a route of an HTTP API."""
    told = trigger.settings
    api, leads = values.variable(trigger.source), Code(snake(f"{one.id}{trigger.source}"))
    if told["RouteKey"] == "$default":
        return call(
            "apigwv2.HttpRoute",
            Code("self"),
            trigger.id,
            http_api=api,
            route_key=Code("apigwv2.HttpRouteKey.DEFAULT"),
            integration=leads,
            **of_route(trigger),
        )
    verb, _, path = told["RouteKey"].partition(" ")
    return call(
        f"{api}.add_routes",
        path=path,
        methods=[Code(f"apigwv2.HttpMethod.{verb}")],
        integration=leads,
        **of_route(trigger),
    )


def method(one: Function, trigger: Trigger, values: Values) -> list[str]:
    """The statement that makes a method of a REST API."""
    told, api = trigger.settings, values.variable(trigger.source)
    place = call(f"{api}.root.resource_for_path", told["Path"]) if told["Path"] != "/" else None
    return [
        call(
            f"{place or f'{api}.root'}.add_method",
            told["Method"],
            call("apigateway.LambdaIntegration", target(one, values)),
            **of_method(trigger),
        )
    ]
