"""REST APIs through a real engine and boto3: served, over the wire, and over a restart."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine

CODE = """
def handler(event, context):
    return {"statusCode": 200, "body": event["httpMethod"] + " " + str(event["pathParameters"])}
"""


@pytest.fixture(scope="module")
def function(engine: Engine) -> str:
    return engine.create(CODE)


def document(engine: Engine, function: str) -> dict[str, Any]:
    """A definition as packaging tools write it for a function."""
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    uri = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    proxied = {
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "responses": {
            "200": {"description": "200 response", "schema": {"$ref": "#/definitions/Empty"}}
        },
        "x-amazon-apigateway-integration": {
            "responses": {"default": {"statusCode": "200"}},
            "uri": uri,
            "passthroughBehavior": "when_no_match",
            "httpMethod": "POST",
            "contentHandling": "CONVERT_TO_TEXT",
            "type": "aws_proxy",
        },
    }
    header = {"type": "string"}
    return {
        "swagger": "2.0",
        "info": {"version": "1.0", "title": engine.name("api")},
        "schemes": ["https"],
        "paths": {
            "/items/{name}": {
                "get": proxied,
                "options": {
                    "consumes": ["application/json"],
                    "produces": ["application/json"],
                    "responses": {
                        "200": {
                            "description": "200 response",
                            "schema": {"$ref": "#/definitions/Empty"},
                            "headers": {"Access-Control-Allow-Origin": header},
                        }
                    },
                    "x-amazon-apigateway-integration": {
                        "responses": {
                            "default": {
                                "statusCode": "200",
                                "responseParameters": {
                                    "method.response.header.Access-Control-Allow-Origin": "'*'"
                                },
                            }
                        },
                        "requestTemplates": {"application/json": '{"statusCode": 200}'},
                        "passthroughBehavior": "when_no_match",
                        "type": "mock",
                        "contentHandling": "CONVERT_TO_TEXT",
                    },
                },
                "parameters": [{"name": "name", "in": "path", "required": True, "type": "string"}],
            },
            "/key": {"get": {**proxied, "security": [{"api_key": []}]}},
        },
        "definitions": {"Empty": {"type": "object", "title": "Empty Schema"}},
        "securityDefinitions": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}},
        "x-amazon-apigateway-binary-media-types": ["application/octet-stream", "image/png"],
    }


def answer(url: str, method: str = "GET", **headers: str) -> tuple[int, str, Any]:
    """Status, body and headers of the answer to a request."""
    request = urllib.request.Request(
        url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode(), reply.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_an_imported_definition_is_served(engine: Engine, function: str) -> None:
    client = engine.client("apigateway")
    api = client.import_rest_api(
        body=json.dumps(document(engine, function)).encode(),
        parameters={"endpointConfigurationTypes": "REGIONAL"},
    )
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert isinstance(api["createdDate"], datetime)
    client.create_deployment(restApiId=api["id"], stageName="api")
    engine.client().add_permission(
        FunctionName=function,
        StatementId=api["id"],
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{engine.region}:{engine.account}:{api['id']}/*",
    )
    base = f"{engine.url}/execute-api/{api['id']}/api"
    assert answer(f"{base}/items/cat")[:2] == (200, "GET {'name': 'cat'}")
    status, _, headers = answer(f"{base}/items/cat", "OPTIONS")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    key = client.create_api_key(name=engine.name("key"), enabled=True)
    plan = client.create_usage_plan(
        name=engine.name("plan"),
        apiStages=[{"apiId": api["id"], "stage": "api"}],
        quota={"limit": 2, "period": "MONTH"},
    )
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert answer(f"{base}/key")[0] == 403
    asked = [answer(f"{base}/key", x_api_key=key["value"])[0] for _ in range(3)]
    assert asked == [200, 200, 429]


def test_errors_have_the_codes_of_the_model(engine: Engine) -> None:
    client = engine.client("apigateway")
    with pytest.raises(client.exceptions.NotFoundException) as missing:
        client.get_rest_api(restApiId="nothing")
    assert missing.value.response["Error"]["Message"] == (
        f"Invalid API identifier specified {engine.account}:nothing"
    )
    with pytest.raises(client.exceptions.BadRequestException):
        client.import_rest_api(body=b"{")
    with pytest.raises(ClientError, match="generates no SDKs"):
        client.get_sdk_types()


def test_pages_tags_and_exports_over_the_wire(engine: Engine, function: str) -> None:
    client = engine.client("apigateway")
    made_here = {
        client.create_rest_api(name=engine.name("paged"), tags={"a": "b"})["id"] for _ in range(3)
    }
    pages = client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2})
    assert made_here <= {api["id"] for page in pages for api in page["items"]}
    api_id = min(made_here)
    arn = f"arn:aws:apigateway:{engine.region}::/restapis/{api_id}"
    client.tag_resource(resourceArn=arn, tags={"c": "d"})
    assert client.get_tags(resourceArn=arn)["tags"] == {"a": "b", "c": "d"}
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.get_rest_api(restApiId=api_id)["tags"] == {"c": "d"}
    body = json.dumps(document(engine, function)).encode()
    client.put_rest_api(restApiId=api_id, mode="overwrite", body=body)
    client.create_deployment(restApiId=api_id, stageName="s")
    export = client.get_export(
        restApiId=api_id,
        stageName="s",
        exportType="oas30",
        parameters={"extensions": "apigateway"},
        accepts="application/yaml",
    )
    assert export["contentType"] == "application/yaml"
    assert export["body"].read().startswith(b"openapi: 3.0.1\n")
    for api in made_here:
        client.delete_rest_api(restApiId=api)


def test_everything_survives_a_restart(start_engine: Callable[..., Engine]) -> None:
    first = start_engine()
    client = first.client("apigateway")
    api = client.import_rest_api(body=json.dumps(document(first, "f")).encode())
    at = {"restApiId": api["id"]}
    client.create_deployment(**at, stageName="live", variables={"a": "b"})
    client.create_authorizer(
        **at,
        name="a",
        type="COGNITO_USER_POOLS",
        providerARNs=["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"],
    )
    key = client.create_api_key(name="k", enabled=True)
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api["id"], "stage": "live"}])
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    client.update_account(
        patchOperations=[
            {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/r"}
        ]
    )

    def told(client: Any) -> list[Any]:
        answers = [
            client.get_rest_apis(),
            client.get_resources(**at, embed=["methods"]),
            client.get_models(**at),
            client.get_authorizers(**at),
            client.get_stages(**at),
            client.get_deployments(**at),
            client.get_api_keys(includeValues=True),
            client.get_usage_plans(),
            client.get_usage_plan_keys(usagePlanId=plan["id"]),
            client.get_account(),
        ]
        for one in answers:
            one.pop("ResponseMetadata")
        return answers

    before = told(client)
    options = answer(f"{first.url}/execute-api/{api['id']}/live/items/x", "OPTIONS")[0]
    first.stop()
    second = start_engine()
    assert told(second.client("apigateway")) == before
    url = f"{second.url}/execute-api/{api['id']}/live/items/x"
    assert answer(url, "OPTIONS")[0] == options == 200
