"""``AWS::ApiGateway::*``: what a stack makes answers requests, as its properties say."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from rest_api_lab import call
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.registry import find
from lambda_nb.engine.stacks.types.resource_type import ResourceType

ECHO = """
def handler(event, context):
    return {"statusCode": 200, "body": event["path"] + " " + event["httpMethod"]
            + " " + str((event["stageVariables"] or {}).get("a"))}
"""
MOCK = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
    "IntegrationResponses": [
        {"StatusCode": 200, "ResponseTemplates": {"application/json": "mocked"}}
    ],
}


def kind(name: str) -> ResourceType:
    """The class of a type."""
    found = find(f"AWS::ApiGateway::{name}")
    assert found is not None
    return found


class Site:
    """One stack with a REST API."""

    def __init__(self, engine: Engine, **properties: Any) -> None:
        self.engine = engine
        self.lab = Lab(engine, {"team": "web"})
        self.client = engine.client("apigateway")
        given = {"Name": engine.name("api"), **properties}
        self.api = self.lab.create(kind("RestApi"), given, "Api")

    @property
    def id(self) -> str:
        return self.api.ref

    def make(self, name: str, logical_id: str = "Part", **properties: Any) -> Resource:
        """A part of the API."""
        told = {"RestApiId": self.id, **properties}
        return self.lab.create(kind(name), told, logical_id)

    def change(self, part: Resource, **properties: Any) -> Resource:
        """The same part with other properties; ``None`` takes one away."""
        told = {**part.properties, **properties}
        return self.lab.update(part, {k: v for k, v in told.items() if v is not None})

    def resource(self, part: str) -> str:
        """The ID of a path below the root."""
        root = self.api.attribute("RootResourceId")
        return self.make("Resource", ParentId=root, PathPart=part).ref

    def get(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Any:
        """What a request is answered."""
        return call(self.engine, f"/execute-api/{self.id}{path}", method, headers=headers or {})


@pytest.fixture
def site(engine: Engine) -> Site:
    return Site(engine)


def mocked(site: Site, path: str = "a", **properties: Any) -> Resource:
    """A method that answers without a function."""
    told = {
        "HttpMethod": "GET",
        "Integration": MOCK,
        "MethodResponses": [{"StatusCode": "200"}],
        **properties,
    }
    return site.make("Method", ResourceId=site.resource(path), **told)


def test_a_function_answers_at_the_stage_of_a_stack(engine: Engine, site: Site) -> None:
    function = engine.create(ECHO)
    engine.client().add_permission(
        FunctionName=function,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    place = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions"
    method = site.make(
        "Method",
        ResourceId=site.resource("{proxy+}"),
        HttpMethod="ANY",
        AuthorizationType="NONE",
        Integration={
            "Type": "AWS_PROXY",
            "IntegrationHttpMethod": "POST",
            "Uri": f"{place}/{arn}/invocations",
        },
    )
    deployment = site.make("Deployment")
    stage = site.make(
        "Stage", DeploymentId=deployment.ref, StageName="live", Variables={"a": "first"}
    )
    assert site.get("/live/x/y", "PUT").body == b"/x/y PUT first"
    stage = site.change(stage, Variables={"b": "2"})
    assert site.get("/live/x", "GET").body == b"/x GET None"
    site.lab.delete(stage)
    assert site.get("/live/x").status == 403
    for part in (deployment, method, site.api):
        site.lab.delete(part)
    assert error_of(lambda: site.client.get_rest_api(restApiId=site.id))[0] == "NotFoundException"


def test_a_changed_method_is_served_once_a_new_deployment_has_the_stage(site: Site) -> None:
    method = mocked(site)
    first = site.make("Deployment", "First")
    stage = site.make("Stage", DeploymentId=first.ref, StageName="live")
    assert site.get("/live/a").body == b"mocked"
    responses = [{"StatusCode": 200, "ResponseTemplates": {"application/json": "changed"}}]
    site.change(method, Integration={**MOCK, "IntegrationResponses": responses})
    assert site.get("/live/a").body == b"mocked"
    second = site.make("Deployment", "Second")
    site.change(stage, DeploymentId=second.ref)
    site.lab.delete(first)
    assert site.get("/live/a").body == b"changed"


def test_a_method_that_cannot_be_changed_is_no_other_resource(site: Site) -> None:
    """What is recorded as made would be deleted by the rollback, as if it were a new one."""
    method, context = mocked(site), site.lab.context()
    wrong = {**method.properties, "Integration": {"Type": "NO_SUCH_TYPE"}}
    code, _ = error_of(lambda: method.type.update(context, method.made, method.properties, wrong))
    assert code == "BadRequestException"
    assert context.recorded == []
    method.type.update(site.lab.context(), method.made, wrong, method.properties)
    site.make("Stage", DeploymentId=site.make("Deployment").ref, StageName="live")
    assert site.get("/live/a").body == b"mocked"


def test_a_deployment_keeps_a_stage_of_its_own(site: Site) -> None:
    mocked(site)
    described = {
        "Description": "first",
        "ThrottlingBurstLimit": 3,
        "Variables": {"a": "1"},
        "Tags": [{"Key": "k", "Value": "v"}],
        "MethodSettings": [{"ResourcePath": "/a", "HttpMethod": "GET", "MetricsEnabled": True}],
    }
    made = site.make("Deployment", StageName="own", StageDescription=described)
    assert site.get("/own/a").body == b"mocked"
    place = {"restApiId": site.id, "stageName": "own"}
    stage = site.client.get_stage(**place)
    assert (stage["description"], stage["variables"]) == ("first", {"a": "1"})
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 3
    assert stage["methodSettings"]["~1a/GET"]["metricsEnabled"] is True
    assert stage["tags"] == {"k": "v", "team": "web"}
    made = site.change(made, Description="second", StageDescription={"Description": "other"})
    stage = site.client.get_stage(**place)
    assert stage["description"] == "other"
    assert "variables" not in stage
    newer = site.make("Deployment", "Newer", StageName="own")
    site.lab.delete(made)
    assert site.client.get_stage(**place)["deploymentId"] == newer.ref
    site.lab.delete(newer)
    assert error_of(lambda: site.client.get_stage(**place))[0] == "NotFoundException"


def test_a_stage_takes_every_setting_and_gives_it_back(engine: Engine, site: Site) -> None:
    mocked(site)
    deployment = site.make("Deployment").ref
    newer = site.make("Deployment", "Newer").ref
    certificate = site.lab.create(kind("ClientCertificate"), {"Description": "mine"})
    site.make(
        "DocumentationPart",
        Location={"Type": "API"},
        Properties=json.dumps({"description": "first"}),
    )
    version = site.make("DocumentationVersion", DocumentationVersion="1", Description="one")
    group = engine.name("group")
    engine.client("logs").create_log_group(logGroupName=group)
    stage = site.make(
        "Stage",
        StageName="all",
        DeploymentId=deployment,
        Description="full",
        ClientCertificateId=certificate.ref,
        DocumentationVersion=version.ref,
        CacheClusterEnabled="true",
        CacheClusterSize="0.5",
        TracingEnabled=True,
        CanarySetting={
            "DeploymentId": newer,
            "PercentTraffic": 100,
            "StageVariableOverrides": {"a": "2"},
        },
        MethodSettings=[{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}],
        AccessLogSetting={
            "DestinationArn": f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}",
            "Format": "$context.requestId",
        },
    )
    assert stage.ref == "all"
    place = {"restApiId": site.id, "stageName": "all"}
    told = site.client.get_stage(**place)
    assert told["canarySettings"]["stageVariableOverrides"] == {"a": "2"}
    assert told["accessLogSettings"]["format"] == "$context.requestId"
    assert (told["cacheClusterStatus"], told["tracingEnabled"]) == ("AVAILABLE", True)
    site.lab.update(stage, {"RestApiId": site.id, "StageName": "all", "DeploymentId": newer})
    told = site.client.get_stage(**place)
    for member in ("canarySettings", "accessLogSettings", "description", "clientCertificateId"):
        assert member not in told
    assert (told["methodSettings"], told["cacheClusterEnabled"]) == ({}, False)
    assert told["deploymentId"] == newer


OPEN_API = {
    "openapi": "3.0.1",
    "info": {"title": "titled", "version": "1"},
    "paths": {
        "/told": {
            "get": {
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseTemplates": {"application/json": "told"},
                        }
                    },
                },
            }
        }
    },
}


def test_a_body_is_imported_and_imported_again(engine: Engine) -> None:
    lab, client = Lab(engine), engine.client("apigateway")
    first = {
        "Body": OPEN_API,
        "Parameters": {"endpointConfigurationTypes": "REGIONAL"},
        "BinaryMediaTypes": ["image/png"],
        "Policy": {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "execute-api:Invoke",
                    "Resource": "execute-api:/*",
                }
            ]
        },
    }
    api = lab.create(kind("RestApi"), first)
    told = client.get_rest_api(restApiId=api.ref)
    assert (told["name"], told["endpointConfiguration"]["types"]) == ("titled", ["REGIONAL"])
    assert (told["binaryMediaTypes"], "policy" in told) == (["image/png"], True)
    place = {"RestApiId": api.ref}
    lab.create(kind("Deployment"), {**place, "StageName": "Prod"}, "One")
    assert call(engine, f"/execute-api/{api.ref}/Prod/told").body == b"told"

    bucket = engine.name("bucket")
    store = engine.client("s3")
    store.create_bucket(Bucket=bucket)
    moved = json.dumps(OPEN_API).replace("/told", "/moved").encode()
    etag = store.put_object(Bucket=bucket, Key="api.json", Body=io.BytesIO(moved))["ETag"]
    location = {"Bucket": bucket, "Key": "api.json", "ETag": etag}
    api = lab.update(
        api, {"Name": "named", "BodyS3Location": location, "MinimumCompressionSize": "10"}
    )
    told = client.get_rest_api(restApiId=api.ref)
    assert (told["name"], told["minimumCompressionSize"]) == ("named", 10)
    assert "binaryMediaTypes" not in told
    assert "policy" not in told
    lab.create(kind("Deployment"), {**place, "StageName": "Prod"}, "Two")
    assert call(engine, f"/execute-api/{api.ref}/Prod/moved").body == b"told"
    assert call(engine, f"/execute-api/{api.ref}/Prod/told").status == 403
    with pytest.raises(Refused, match="was replaced"):
        lab.update(api, {"BodyS3Location": {**location, "ETag": "another"}})


def test_an_api_without_name_and_body_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="needs a Name"):
        Lab(engine).create(kind("RestApi"), {})


def test_settings_of_an_api_change_and_go(engine: Engine) -> None:
    site = Site(
        engine,
        Description="first",
        BinaryMediaTypes=["a/b", "c/d"],
        ApiKeySourceType="AUTHORIZER",
        DisableExecuteApiEndpoint=True,
        Tags=[{"Key": "k", "Value": "v"}],
    )
    told = site.client.get_rest_api(restApiId=site.id)
    assert told["tags"] == {"k": "v", "team": "web"}
    site.lab.update(
        site.api,
        {
            "Name": "renamed",
            "BinaryMediaTypes": ["c/d", "e/f"],
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
        },
    )
    told = site.client.get_rest_api(restApiId=site.id)
    assert (told["name"], told["binaryMediaTypes"]) == ("renamed", ["c/d", "e/f"])
    assert (told["apiKeySource"], told["disableExecuteApiEndpoint"]) == ("HEADER", False)
    assert told["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert "description" not in told
    assert told["tags"] == {"team": "web"}


def test_a_method_refers_to_models_validators_and_authorizers(engine: Engine, site: Site) -> None:
    model = site.make(
        "Model", Schema={"type": "object", "required": ["a"]}, ContentType="application/json"
    )
    validator = site.make("RequestValidator", Name="body", ValidateRequestBody=True)
    response = site.make(
        "GatewayResponse",
        ResponseType="BAD_REQUEST_BODY",
        StatusCode="418",
        ResponseTemplates={"application/json": "wrong"},
    )
    method = mocked(
        site,
        HttpMethod="POST",
        RequestModels={"application/json": model.ref},
        RequestValidatorId=validator.ref,
    )
    site.make("Deployment", "One", StageName="s")
    path = f"/execute-api/{site.id}/s/a"
    headers = {"Content-Type": "application/json"}
    assert call(engine, path, "POST", b"{}", headers).status == 418
    assert call(engine, path, "POST", b'{"a": 1}', headers).status == 200
    site.change(model, Schema={"type": "object"})
    site.change(response, StatusCode="400")
    site.change(validator, ValidateRequestBody=False, ValidateRequestParameters=True)
    site.make("Deployment", "Two", StageName="s")
    assert call(engine, path, "POST", b"{}", headers).status == 200
    authorizer = site.make(
        "Authorizer",
        Name="mine",
        Type="TOKEN",
        AuthorizerUri=f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:{engine.region}:{engine.account}:function:none/invocations",
        IdentitySource="method.request.header.Authorization",
    )
    authorizer = site.change(authorizer, AuthorizerResultTtlInSeconds=0)
    site.change(method, AuthorizationType="CUSTOM", AuthorizerId=authorizer.ref)
    site.make("Deployment", "Three", StageName="s")
    assert call(engine, path, "POST", b"{}", headers).status == 401
    site.lab.delete(method)
    for part in (authorizer, response, validator, model):
        site.lab.delete(part)


def test_keys_of_a_plan_let_requests_in(site: Site) -> None:
    mocked(site, ApiKeyRequired="true")
    site.make("Deployment", StageName="s")
    lab = site.lab
    key = lab.create(kind("ApiKey"), {"Enabled": True, "Value": "x" * 30}, "Key")
    stage = {"ApiId": site.id, "Stage": "s"}
    plan = lab.create(
        kind("UsagePlan"),
        {
            "ApiStages": [{**stage, "Throttle": {"/a/GET": {"RateLimit": 5, "BurstLimit": 5}}}],
            "Quota": {"Limit": 100, "Period": "DAY"},
            "Throttle": {"RateLimit": 50, "BurstLimit": 50},
        },
        "Plan",
    )
    member = lab.create(
        kind("UsagePlanKey"),
        {"KeyId": key.ref, "KeyType": "API_KEY", "UsagePlanId": plan.ref},
        "Member",
    )
    assert member.ref == f"{key.ref}:{plan.ref}"
    headers = {"x-api-key": "x" * 30}
    assert site.get("/s/a").status == 403
    assert site.get("/s/a", headers=headers).status == 200
    plan = lab.update(plan, {"UsagePlanName": "renamed", "ApiStages": [stage]})
    told = site.client.get_usage_plan(usagePlanId=plan.ref)
    assert (told["name"], "quota" in told, "throttle" in told) == ("renamed", False, False)
    assert told["apiStages"] == [{"apiId": site.id, "stage": "s"}]
    key = lab.update(key, {"Enabled": False, "Value": "x" * 30, "Description": "off"})
    assert site.get("/s/a", headers=headers).status == 403
    for one in (member, plan, key):
        lab.delete(one)


def test_a_domain_name_leads_to_an_api(engine: Engine, site: Site) -> None:
    mocked(site)
    site.make("Deployment", StageName="s")
    certificate = f"arn:aws:acm:{engine.region}:{engine.account}:certificate/c"
    told = {
        "DomainName": f"{engine.name('d')}.example.com",
        "RegionalCertificateArn": certificate,
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
    }
    domain = site.lab.create(kind("DomainName"), told, "Domain")
    assert domain.attribute("RegionalDomainName")
    mapping = site.lab.create(
        kind("BasePathMapping"),
        {"DomainName": domain.ref, "BasePath": "v1", "RestApiId": site.id, "Stage": "s"},
        "Mapping",
    )
    got = call(engine, "/v1/a", headers={"Host": domain.ref})
    assert got.body == b"mocked"
    domain = site.lab.update(
        domain, {**told, "SecurityPolicy": "TLS_1_2", "Tags": [{"Key": "k", "Value": "v"}]}
    )
    shown = site.client.get_domain_name(domainName=domain.ref)
    assert (shown["securityPolicy"], shown["tags"]) == ("TLS_1_2", {"k": "v", "team": "web"})
    site.lab.delete(mapping)
    site.lab.delete(domain)


def test_the_account_has_a_role_for_logs(engine: Engine) -> None:
    lab, client = Lab(engine), engine.client("apigateway")
    role = f"arn:aws:iam::{engine.account}:role/logs"
    account = lab.create(kind("Account"), {"CloudWatchRoleArn": role})
    assert client.get_account()["cloudwatchRoleArn"] == role
    lab.update(account, {"CloudWatchRoleArn": role + "2"})
    assert client.get_account()["cloudwatchRoleArn"] == role + "2"
