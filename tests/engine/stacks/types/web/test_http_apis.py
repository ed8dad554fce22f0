"""``AWS::ApiGatewayV2::*``: what a stack makes answers requests, as its properties say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from http_apis import Got, call
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.registry import find
from lambda_nb.engine.stacks.types.resource_type import ResourceType

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "headers": {"x-a": "1"}, "body": json.dumps(event)}
"""


def kind(name: str) -> ResourceType:
    """The class of a type."""
    found = find(f"AWS::ApiGatewayV2::{name}")
    assert found is not None
    return found


def permitted(engine: Engine) -> str:
    """The ARN of a function that API Gateway may invoke."""
    function = engine.create(ECHO)
    engine.client().add_permission(
        FunctionName=function,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"


class Site:
    """One stack with an API."""

    def __init__(self, engine: Engine, **properties: Any) -> None:
        self.engine = engine
        self.lab = Lab(engine, {"team": "web"})
        self.client = engine.client("apigatewayv2")
        given = {"Name": engine.name("api"), "ProtocolType": "HTTP", **properties}
        self.api = self.lab.create(kind("Api"), given, "Api")

    @property
    def id(self) -> str:
        return self.api.ref

    def make(self, name: str, logical_id: str = "Part", **properties: Any) -> Resource:
        """A part of the API."""
        return self.lab.create(kind(name), {"ApiId": self.id, **properties}, logical_id)

    def change(self, part: Resource, **properties: Any) -> Resource:
        """The same part with other properties; ``None`` takes one away."""
        told = {**part.properties, **properties}
        return self.lab.update(part, {k: v for k, v in told.items() if v is not None})

    def integration(self, function: str, **properties: Any) -> Resource:
        """An integration of a function."""
        told = {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": function,
            "PayloadFormatVersion": "2.0",
            **properties,
        }
        return self.make("Integration", **told)

    def get(self, path: str, **options: Any) -> Got:
        """What a request is answered."""
        return call(f"{self.engine.url}/execute-api/{self.id}{path}", **options)


def test_a_function_answers_by_the_routes_of_a_stack(engine: Engine) -> None:
    site = Site(engine, CorsConfiguration={"AllowOrigins": ["https://a.example"]})
    integration = site.integration(permitted(engine))
    target = f"integrations/{integration.ref}"
    route = site.make("Route", RouteKey="GET /pets/{id}", Target=target)
    stage = site.make("Stage", StageName="$default", AutoDeploy=True, StageVariables={"a": "1"})
    origin = {"Origin": "https://a.example"}
    got = site.get("/pets/7", headers=origin)
    assert got.json["pathParameters"] == {"id": "7"}
    assert got.json["stageVariables"] == {"a": "1"}
    assert got.headers["Access-Control-Allow-Origin"] == "https://a.example"
    told = site.client.get_stage(ApiId=site.id, StageName="$default")
    assert told["Tags"] == {"team": "web"}

    site.change(route, RouteKey="POST /other")
    assert site.get("/pets/7").status == 404
    site.change(
        integration,
        RequestParameters={"append:header.x-b": "$context.routeKey"},
        ResponseParameters={
            "200": {"ResponseParameters": [{"Source": "2", "Destination": "overwrite:header.x-a"}]}
        },
        PayloadFormatVersion="1.0",
    )
    got = site.get("/other", method="POST", body=b"{}")
    assert (got.headers["x-a"], got.json["version"]) == ("2", "1.0")
    site.change(stage, StageVariables=None, Tags={"k": "v"})
    told = site.client.get_stage(ApiId=site.id, StageName="$default")
    assert (told["StageVariables"], told["Tags"]) == ({}, {"k": "v", "team": "web"})
    given = {name: site.api.properties[name] for name in ("Name", "ProtocolType")}
    site.lab.update(site.api, {**given, "Description": "second"})
    got = site.get("/other", method="POST", body=b"{}", headers=origin)
    assert got.headers["Access-Control-Allow-Origin"] is None
    for part in (stage, route, integration, site.api):
        site.lab.delete(part)
    assert error_of(lambda: site.client.get_api(ApiId=site.id))[0] == "NotFoundException"


def test_an_integration_loses_what_a_template_no_longer_gives(engine: Engine) -> None:
    site = Site(engine)
    full = {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationUri": "http://127.0.0.1:9/",
        "IntegrationMethod": "GET",
        "PayloadFormatVersion": "1.0",
    }
    more = {
        "Description": "d",
        "TimeoutInMillis": 1000,
        "RequestParameters": {"append:header.a": "1"},
        "ResponseParameters": {
            "200": {"ResponseParameters": [{"Source": "2", "Destination": "append:header.b"}]}
        },
    }
    made = site.make("Integration", **full, **more)
    site.lab.update(made, {"ApiId": site.id, **full})
    told = site.client.get_integration(ApiId=site.id, IntegrationId=made.ref)
    assert told["TimeoutInMillis"] == 30_000
    assert "Description" not in told
    assert (told.get("RequestParameters", {}), told.get("ResponseParameters", {})) == ({}, {})


def test_quick_create_answers_at_the_endpoint_it_tells(engine: Engine) -> None:
    site = Site(engine, Target=permitted(engine))
    endpoint = site.api.attribute("ApiEndpoint")
    assert call(endpoint + "/any").json["routeKey"] == "$default"
    overrides = site.make(
        "ApiGatewayManagedOverrides",
        Integration={"PayloadFormatVersion": "1.0"},
        Stage={"StageVariables": {"a": "1"}, "Description": "mine"},
    )
    got = call(endpoint + "/any").json
    assert (got["version"], got["stageVariables"]) == ("1.0", {"a": "1"})
    site.change(overrides, Integration={"PayloadFormatVersion": "2.0"})
    assert call(endpoint + "/any").json["version"] == "2.0"
    other = Site(engine)
    with pytest.raises(Refused, match="quick create manages"):
        other.make("ApiGatewayManagedOverrides", Stage={"Description": "none"})


def document(path: str, function: str) -> dict[str, Any]:
    """An OpenAPI document with one route."""
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": function,
        "payloadFormatVersion": "2.0",
    }
    responses = {"default": {"description": "d"}}
    operation = {"responses": responses, "x-amazon-apigateway-integration": integration}
    return {
        "openapi": "3.0.1",
        "info": {"title": "titled", "version": "1"},
        "paths": {path: {"get": operation}},
    }


def test_a_body_is_imported_and_imported_again(engine: Engine) -> None:
    function, lab = permitted(engine), Lab(engine, {"team": "web"})
    client = engine.client("apigatewayv2")
    first = {"Body": document("/first", function), "Description": "mine"}
    api = lab.create(kind("Api"), first, "Api")
    told = client.get_api(ApiId=api.ref)
    assert (told["Name"], told["Description"], told["Tags"]) == ("titled", "mine", {"team": "web"})
    place = {"ApiId": api.ref}
    lab.create(kind("Stage"), {**place, "StageName": "$default", "AutoDeploy": True}, "Stage")
    base = f"{engine.url}/execute-api/{api.ref}"
    assert call(base + "/first").json["routeKey"] == "GET /first"
    bucket = engine.name("bucket")
    store = engine.client("s3")
    store.create_bucket(Bucket=bucket)
    store.put_object(
        Bucket=bucket, Key="api.json", Body=json.dumps(document("/second", function)).encode()
    )
    lab.update(api, {"BodyS3Location": {"Bucket": bucket, "Key": "api.json"}, "Name": "named"})
    assert call(base + "/first").status == 404
    assert call(base + "/second").json["routeKey"] == "GET /second"
    told = client.get_api(ApiId=api.ref)
    assert told["Name"] == "named"
    assert "Description" not in told


def test_a_web_socket_api_has_responses_and_models(engine: Engine) -> None:
    site = Site(engine, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    integration = site.integration(permitted(engine), PayloadFormatVersion="1.0")
    route = site.make(
        "Route",
        RouteKey="hello",
        Target=f"integrations/{integration.ref}",
        RouteResponseSelectionExpression="$default",
    )
    answer = site.make("RouteResponse", RouteId=route.ref, RouteResponseKey="$default")
    mapped = site.make(
        "IntegrationResponse",
        IntegrationId=integration.ref,
        IntegrationResponseKey="$default",
        ResponseTemplates={"$default": "{}"},
        TemplateSelectionExpression="$default",
    )
    site.change(mapped, ResponseTemplates={"$default": "[]"})
    model = site.make("Model", Name="M", ContentType="application/json", Schema={"type": "object"})
    site.change(model, Schema={"type": "array"}, Description="d")
    deployment = site.make("Deployment", "Deployment", Description="one")
    stage = site.make("Stage", StageName="s", DeploymentId=deployment.ref)
    newer = site.make("Deployment", "Newer")
    site.change(stage, DeploymentId=newer.ref)
    site.lab.delete(deployment)
    for part in (stage, newer, answer, mapped, route, integration, model, site.api):
        site.lab.delete(part)


def test_an_authorizer_lets_a_function_decide(engine: Engine) -> None:
    site = Site(engine)
    function = permitted(engine)
    place = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions"
    authorizer = site.make(
        "Authorizer",
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=f"{place}/{function}/invocations",
        IdentitySource=["$request.header.Authorization"],
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )
    integration = site.integration(function)
    target = f"integrations/{integration.ref}"
    told = {"RouteKey": "GET /a", "Target": target}
    route = site.make("Route", **told, AuthorizationType="CUSTOM", AuthorizerId=authorizer.ref)
    site.make("Stage", StageName="$default", AutoDeploy=True)
    assert site.get("/a").status == 401
    site.lab.update(route, {"ApiId": site.id, **told})
    assert site.get("/a").status == 200
    site.lab.delete(authorizer)


def test_a_domain_name_leads_to_an_api(engine: Engine) -> None:
    site = Site(engine, Target=permitted(engine))
    certificate = f"arn:aws:acm:{engine.region}:{engine.account}:certificate/c"
    told = {
        "DomainName": f"{engine.name('d')}.example.com",
        "DomainNameConfigurations": [{"CertificateArn": certificate, "EndpointType": "REGIONAL"}],
    }
    domain = site.lab.create(kind("DomainName"), told, "Domain")
    mapping = site.make("ApiMapping", DomainName=domain.ref, Stage="$default", ApiMappingKey="v1")
    host = {"Host": domain.ref}
    assert call(engine.url + "/v1/x", headers=host).json["routeKey"] == "$default"
    site.change(mapping, ApiMappingKey="v2")
    assert call(engine.url + "/v2/x", headers=host).json["routeKey"] == "$default"
    site.lab.update(domain, {**told, "Tags": {"k": "v"}})
    site.lab.delete(mapping)
    site.lab.delete(domain)


def test_a_vpc_link_is_renamed_and_tagged(engine: Engine) -> None:
    lab, client = Lab(engine, {"team": "web"}), engine.client("apigatewayv2")
    subnets = ["subnet-12345678"]
    link = lab.create(kind("VpcLink"), {"Name": "a", "SubnetIds": subnets})
    lab.update(link, {"Name": "b", "SubnetIds": subnets, "Tags": {"k": "v"}})
    told = client.get_vpc_link(VpcLinkId=link.ref)
    assert (told["Name"], told["Tags"]) == ("b", {"k": "v", "team": "web"})
    lab.delete(link)


def test_an_api_without_a_name_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="needs a Name"):
        Lab(engine).create(kind("Api"), {"ProtocolType": "HTTP"})
