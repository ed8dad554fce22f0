"""Routes, integrations and what they refer to: each type has one call for each change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.web.http_api import calls


class Integration(calls.Part):
    """What answers a route: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::Integration"
    noun = "Integration"
    unset: ClassVar[Properties] = {"TimeoutInMillis": 30_000, "ConnectionType": "INTERNET"}
    merged = ("RequestParameters", "ResponseParameters")

    def prepared(self, properties: Properties) -> Properties:
        """The properties; for each status a map of what a response's parameters become."""
        told = dict(properties)
        if told.get("ResponseParameters"):
            told["ResponseParameters"] = {
                status: _by_destination(held) for status, held in told["ResponseParameters"].items()
            }
        return told


class Route(calls.Part):
    """Which requests go where: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::Route"
    noun = "Route"
    unset: ClassVar[Properties] = {"AuthorizationType": "NONE"}

    def prepared(self, properties: Properties) -> Properties:
        """The properties, the parameters as the API has them: objects."""
        told = dict(properties)
        if told.get("RequestParameters"):
            told["RequestParameters"] = {
                key: held if isinstance(held, Mapping) else {"Required": held}
                for key, held in told["RequestParameters"].items()
            }
        return told


class RouteResponse(calls.Part):
    """What goes back to a WebSocket's client: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::RouteResponse"
    noun = "RouteResponse"
    parents = ("ApiId", "RouteId")


class IntegrationResponse(calls.Part):
    """How an integration's answer is mapped: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::IntegrationResponse"
    noun = "IntegrationResponse"
    parents = ("ApiId", "IntegrationId")


class Authorizer(calls.Part):
    """Who may call: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::Authorizer"
    noun = "Authorizer"
    unset: ClassVar[Properties] = {"AuthorizerResultTtlInSeconds": 300}


class Model(calls.Part):
    """A schema of messages: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::Model"
    noun = "Model"
    unset: ClassVar[Properties] = {"ContentType": "application/json"}

    def prepared(self, properties: Properties) -> Properties:
        """The properties, the schema as a text."""
        schema = properties["Schema"]
        return {**properties, "Schema": schema if isinstance(schema, str) else json.dumps(schema)}


def _by_destination(held: Mapping[str, Any]) -> dict[str, str]:
    listed = held.get("ResponseParameters")
    if listed is None:
        return {str(key): str(value) for key, value in held.items()}
    return {str(one["Destination"]): str(one["Source"]) for one in listed}


TYPES = (
    Integration(),
    Route(),
    RouteResponse(),
    IntegrationResponse(),
    Authorizer(),
    Model(),
)
