"""Validators, gateway responses, API keys with usage plans, limits of stages."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Engine
from rest_api_lab import Api

JSON = "application/json"
MOCK = {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}}
PET = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
}


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    api = Api.make(engine)
    client = api.client
    client.create_model(restApiId=api.id, name="Pet", contentType=JSON, schema=json.dumps(PET))
    pets = {
        "type": "array",
        "items": {"$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Pet"},
    }
    client.create_model(restApiId=api.id, name="Pets", contentType=JSON, schema=json.dumps(pets))
    validator = client.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    checked = {
        "requestValidatorId": validator,
        "requestParameters": {
            "method.request.querystring.q": True,
            "method.request.header.X-One": True,
            "method.request.querystring.free": False,
        },
        "requestModels": {JSON: "Pet"},
    }
    mock = {**MOCK, "requestTemplates": {JSON: '{"statusCode": 200}', "text/xml": "{}"}}
    api.mapped("POST", "/checked", mock, {"200": {}}, **checked)
    api.mapped(
        "POST",
        "/list",
        MOCK,
        {"200": {}},
        requestValidatorId=validator,
        requestModels={JSON: "Pets"},
    )
    api.mapped("GET", "/limited", MOCK, {"200": {}})
    api.mapped("GET", "/free", MOCK, {"200": {}})
    client.put_gateway_response(
        restApiId=api.id,
        responseType="BAD_REQUEST_BODY",
        statusCode="422",
        responseTemplates={
            JSON: '{"why": $context.error.messageString, '
            '"details": "$context.error.validationErrorString", '
            '"type": "$context.error.responseType", "path": "$context.path"}'
        },
        responseParameters={
            "gatewayresponse.header.X-Static": "'yes'",
            "gatewayresponse.header.X-Stage": "context.stage",
            "gatewayresponse.header.X-Origin": "method.request.header.Origin",
        },
    )
    client.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    api.deploy()
    api.set_stage(
        ("/limited/GET/throttling/rateLimit", "0.001"),
        ("/limited/GET/throttling/burstLimit", "1"),
    )
    return api


def test_what_is_right_passes(api: Api) -> None:
    body = b'{"name": "Rex", "age": 3}'
    assert api.call("/checked?q=1", "POST", body, {"X-One": "1"}).status == 200
    assert api.call("/list", "POST", b'[{"name": "Rex"}]').status == 200


def test_parameters_must_be_there(api: Api) -> None:
    got = api.call("/checked", "POST", b'{"name": "Rex"}')
    assert got.status == 400
    assert got.json == {"message": "Missing required request parameters: [q, X-One]"}
    assert got.headers["x-amzn-errortype"] == "BadRequestException"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"{}", 'object has missing required properties (["name"])'),
        (
            b'{"name": 1}',
            "instance type (integer) does not match any allowed primitive type (allowed: "
            '["string"])',
        ),
    ],
)
def test_bodies_must_fit_their_model(api: Api, body: bytes, details: str) -> None:
    got = api.call("/checked?q=1", "POST", body, {"X-One": "1", "Origin": "http://o"})
    assert got.status == 422
    quoted = f"[{details}]"
    assert got.body.decode() == (
        f'{{"why": "Invalid request body", "details": "{quoted}", '
        '"type": "BAD_REQUEST_BODY", "path": "/prod/checked"}'
    )
    assert got.headers["x-static"] == "yes"
    assert got.headers["x-stage"] == "prod"
    assert got.headers["x-origin"] == "http://o"


def test_models_may_refer_to_others(api: Api) -> None:
    assert api.call("/list", "POST", b'[{"age": 1}]').status == 422
    assert api.call("/list", "POST", b"no JSON").status == 422
    assert api.call("/list", "POST").status == 422
    assert api.call("/list", "POST", b"[" * 100_000).status == 422


def test_gateway_responses_of_a_whole_class_keep_status_and_body(api: Api) -> None:
    got = api.call("/nowhere")
    assert (got.status, got.json) == (403, {"message": "Missing Authentication Token"})
    assert got.headers["access-control-allow-origin"] == "*"


def test_methods_have_limits_of_their_own(api: Api) -> None:
    assert api.call("/limited").status == 200
    got = api.call("/limited")
    assert (got.status, got.json) == (429, {"message": "Too Many Requests"})
    assert got.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert api.call("/free").status == 200


@pytest.fixture(scope="module")
def keyed(engine: Engine) -> Api:
    api = Api.make(engine)
    api.mapped("GET", "/keyed", MOCK, {"200": {}}, apiKeyRequired=True)
    api.mapped("GET", "/free", MOCK, {"200": {}})
    api.deploy()
    return api


def plan(api: Api, **limits: object) -> str:
    """A key of a new plan for the API's stage."""
    name = api.engine.name("key")
    key = api.client.create_api_key(name=name, enabled=True)
    made = api.client.create_usage_plan(
        name=name, apiStages=[{"apiId": api.id, "stage": api.stage}], **limits
    )
    api.client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
    return str(key["value"])


def test_keys_let_in_and_keep_out(keyed: Api) -> None:
    value = plan(keyed)
    assert keyed.call("/keyed", headers={"x-api-key": value}).status == 200
    assert keyed.call("/free").status == 200
    other = keyed.client.create_api_key(name=keyed.engine.name("key"), enabled=True)["value"]
    for headers in ({}, {"x-api-key": "no-such-key"}, {"x-api-key": other}):
        got = keyed.call("/keyed", headers=headers)
        assert (got.status, got.json) == (403, {"message": "Forbidden"})
        assert got.headers["x-amzn-errortype"] == "ForbiddenException"


def test_plans_have_quotas(keyed: Api) -> None:
    value = plan(keyed, quota={"limit": 2, "period": "MONTH"})
    statuses = [keyed.call("/keyed", headers={"x-api-key": value}).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    got = keyed.call("/keyed", headers={"x-api-key": value})
    assert got.json == {"message": "Limit Exceeded"}
    assert got.headers["x-amzn-errortype"] == "LimitExceededException"


def test_plans_have_rates(keyed: Api) -> None:
    value = plan(keyed, throttle={"rateLimit": 0.001, "burstLimit": 1})
    assert keyed.call("/keyed", headers={"x-api-key": value}).status == 200
    got = keyed.call("/keyed", headers={"x-api-key": value})
    assert (got.status, got.json) == (429, {"message": "Too Many Requests"})


def test_disabled_keys_keep_out(keyed: Api) -> None:
    value = plan(keyed)
    every = keyed.client.get_api_keys(includeValues=True, limit=500)["items"]
    key = next(one for one in every if one["value"] == value)
    keyed.client.update_api_key(
        apiKey=key["id"],
        patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}],
    )
    assert keyed.call("/keyed", headers={"x-api-key": value}).status == 403


KEY_OF_TOKEN = """
def handler(event, context):
    return {
        "principalId": "p",
        "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]},
        "usageIdentifierKey": event["authorizationToken"],
    }
"""


def test_an_authorizer_may_say_the_key(engine: Engine) -> None:
    authorizer = engine.create(KEY_OF_TOKEN)
    api = Api.make(engine, apiKeySource="AUTHORIZER")
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=api.uri(authorizer),
        identitySource="method.request.header.Authorization",
    )
    api.mapped(
        "GET",
        "/keyed",
        MOCK,
        {"200": {}},
        apiKeyRequired=True,
        authorizationType="CUSTOM",
        authorizerId=made["id"],
    )
    api.permit(authorizer, "authorizers/*")
    api.deploy()
    value = plan(api)
    assert api.call("/keyed", headers={"Authorization": value}).status == 200
    assert api.call("/keyed", headers={"Authorization": "no-key"}).status == 403
    got = api.call("/keyed", headers={"Authorization": "no-key", "x-api-key": value})
    assert got.status == 403
