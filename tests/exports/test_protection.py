"""What protects an API here protects it in an export, or the route is not in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine
from exports_lab import At

from lambda_nb.exports.picture import Application
from lambda_nb.exports.reading.application import read

CODE = "def handler(event, context): return event"


@pytest.fixture
def shop(engine: Engine) -> Shop:
    """A function behind APIs."""
    return Shop(engine)


class Shop:
    """A function, its authorizer, and APIs that lead to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.function, self.gatekeeper = engine.create(CODE), engine.create(CODE)
        region = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions"
        self.uris = {
            name: f"{region}/arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
            "/invocations"
            for name in (self.function, self.gatekeeper)
        }

    def http_api(self, **protection: Any) -> str:
        """An HTTP API with a route ``GET /`` that its authorizer protects."""
        gateway, name = self.engine.client("apigatewayv2"), self.engine.name("http")
        api = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
        lead = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.uris[self.function],
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        one = gateway.create_authorizer(ApiId=api, Name="by", **protection)["AuthorizerId"]
        gateway.create_route(
            ApiId=api,
            RouteKey="GET /",
            Target=f"integrations/{lead}",
            AuthorizationType="JWT" if protection["AuthorizerType"] == "JWT" else "CUSTOM",
            AuthorizerId=one,
        )
        return name

    def rest_api(self, **settings: Any) -> str:
        """A REST API with a method ``GET /`` that everybody may call."""
        gateway, name = self.engine.client("apigateway"), self.engine.name("rest")
        api = gateway.create_rest_api(name=name, **settings)["id"]
        (root,) = gateway.get_resources(restApiId=api)["items"]
        method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(
            **method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=self.uris[self.function],
        )
        return name

    def read(self, *names: str) -> Application:
        """The picture."""
        return read(At(self.engine), names or [self.function], "app")


def test_a_route_whose_authorizer_stays_here_is_left_out(shop: Shop) -> None:
    api = shop.http_api(
        AuthorizerType="REQUEST",
        AuthorizerUri=shop.uris[shop.gatekeeper],
        AuthorizerPayloadFormatVersion="2.0",
        IdentitySource=["$request.header.X"],
    )
    alone = shop.read()
    assert (alone.functions[0].triggers, alone.resources) == ([], {})
    (note,) = alone.notes
    assert f"GET / of {api} is left out, as it would be open to everybody" in note
    assert f"the function {shop.gatekeeper}: export it along" in note
    both = shop.read(shop.function, shop.gatekeeper)
    (trigger,) = both.functions[0].triggers
    assert trigger.authorizer is not None
    assert both.function(trigger.authorizer.function) is both.functions[1]
    assert both.notes == []


def test_a_user_pool_of_an_engine_is_a_parameter(shop: Shop) -> None:
    pool = f"{shop.engine.region}_Abc123"
    issuer = f"https://cognito-idp.{shop.engine.region}.amazonaws.com/{pool}"
    shop.http_api(
        AuthorizerType="JWT",
        JwtConfiguration={"Issuer": issuer, "Audience": ["one", "two"]},
        IdentitySource=["$request.header.Authorization"],
    )
    application = shop.read()
    (trigger,) = application.functions[0].triggers
    assert trigger.authorizer is not None
    assert [text.plain for text in (trigger.authorizer.issuer, *trigger.authorizer.audience)] == [
        None
    ] * 3
    assert len(application.parameters) == 3


def test_an_api_that_not_everybody_reaches_is_left_out(shop: Shop) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    shop.rest_api(policy=json.dumps(policy))
    shop.rest_api(endpointConfiguration={"types": ["PRIVATE"]})
    shop.rest_api(disableExecuteApiEndpoint=True)
    application = shop.read()
    assert application.functions[0].triggers == []
    assert [
        any(word in note for note in application.notes)
        for word in ("resource policy", "private to VPC", "only under names of its own")
    ] == [True] * 3
