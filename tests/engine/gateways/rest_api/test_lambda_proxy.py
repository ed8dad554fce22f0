"""Lambda proxy integrations of REST APIs, with real functions."""

from __future__ import annotations

import base64
import json

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel
from engine_fixtures import Engine
from rest_api_lab import Api, Got

ECHO = """
import json
def handler(event, context):
    if event["path"] == "/reply":
        return json.loads(event["body"])
    if event["path"] == "/fail":
        raise ValueError("no luck")
    return {"statusCode": 200, "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    function = engine.create(ECHO, Timeout=10)
    api = Api.make(engine, binaryMediaTypes=["image/png"])
    api.proxy("ANY", "/", function)
    api.proxy("ANY", "/{proxy+}", function)
    api.proxy("GET", "/pets/{id}", function)
    api.proxy("POST", "/reply", function)
    api.permit(function)
    api.deploy(variables={"colour": "blue"})
    return api


def replied(api: Api, response: object, headers: dict[str, str] | None = None) -> Got:
    return api.call("/reply", "POST", json.dumps(response).encode(), headers or {})


def test_the_event_has_all_that_aws_says(api: Api) -> None:
    got = api.call(
        "/pets/7%20a?a=1&a=2&b=",
        headers=[("X-Many", "one"), ("X-Many", "two"), ("User-Agent", "tests/1")],
    )
    assert got.status == 200
    event = got.json
    APIGatewayProxyEventModel.model_validate(event)
    assert event["resource"] == "/pets/{id}"
    assert event["path"] == "/pets/7%20a"
    assert event["httpMethod"] == "GET"
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["pathParameters"] == {"id": "7%20a"}
    assert event["stageVariables"] == {"colour": "blue"}
    assert event["body"] is None
    assert event["isBase64Encoded"] is False
    assert event["headers"]["X-Many"] == "two"
    assert event["multiValueHeaders"]["X-Many"] == ["one", "two"]
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["headers"]["X-Forwarded-Port"] == api.engine.url.rpartition(":")[2]
    assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
    context = event["requestContext"]
    assert context["path"] == "/prod/pets/7%20a"
    assert context["resourcePath"] == "/pets/{id}"
    assert context["resourceId"] == api.resources["/pets/{id}"]
    assert context["stage"] == "prod"
    assert context["apiId"] == api.id
    assert context["accountId"] == api.engine.account
    assert context["protocol"] == "HTTP/1.1"
    assert context["domainName"] == api.engine.url.partition("//")[2]
    assert context["requestId"] == got.headers["x-amzn-requestid"]
    assert context["extendedRequestId"] == got.headers["x-amz-apigw-id"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests/1"
    assert context["identity"]["userArn"] is None
    assert "authorizer" not in context
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-amzn-trace-id"].startswith("Root=1-")


def test_absent_maps_are_null(api: Api) -> None:
    event = api.call("/").json
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None


def test_greedy_paths_are_for_everything_else(api: Api) -> None:
    event = api.call("/a/b%2Fc", "PUT", b"text").json
    assert event["resource"] == "/{proxy+}"
    assert event["pathParameters"] == {"proxy": "a/b%2Fc"}
    assert event["body"] == "text"


def test_bodies_of_binary_media_types_are_base64(api: Api) -> None:
    event = api.call("/x", "POST", b"\x89PNG", {"Content-Type": "image/png"}).json
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\x89PNG"


def test_replies_set_status_headers_and_cookies(api: Api) -> None:
    got = replied(
        api,
        {
            "statusCode": "201",
            "headers": {"Content-Type": "text/plain", "X-One": 1, "Server": "mine"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
            "body": "made",
        },
    )
    assert (got.status, got.body) == (201, b"made")
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["x-one"] == "1"
    assert got.headers["x-amzn-remapped-server"] == "mine"
    assert [value for name, value in got.pairs if name.lower() == "set-cookie"] == ["a=1", "b=2"]


def test_binary_replies_are_for_those_who_accept_them(api: Api) -> None:
    response = {"statusCode": 200, "isBase64Encoded": True, "body": "iVBORw=="}
    assert replied(api, response, {"Accept": "image/png"}).body == b"\x89PNG"
    assert replied(api, response, {"Accept": "*/*"}).body == b"iVBORw=="


@pytest.mark.parametrize(
    "response",
    [
        {"message": "hello"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": "many"},
        {"statusCode": 200, "headers": {"X": {"a": 1}}},
        {"statusCode": 200, "headers": {"X": "a\r\nY: b"}},
        {"statusCode": 200, "multiValueHeaders": {"X": "a"}},
        "text",
        None,
        [1],
    ],
)
def test_malformed_replies_are_502(api: Api, response: object) -> None:
    got = replied(api, response)
    assert got.status == 502
    assert got.body == b'{"message":"Internal server error"}'
    assert got.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_functions_that_fail_are_502(api: Api) -> None:
    got = api.call("/fail")
    assert got.status == 502
    assert got.body == b'{"message":"Internal server error"}'


def test_unknown_paths_methods_and_stages(api: Api) -> None:
    got = api.call("/pets/7", "DELETE")
    assert got.status == 403
    assert got.body == b'{"message":"Missing Authentication Token"}'
    assert got.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    other = Api(api.engine, api.id, stage="none").call("/")
    assert (other.status, other.body) == (403, b'{"message":"Forbidden"}')


def test_bodies_and_headers_have_limits(api: Api) -> None:
    got = api.call("/x", "POST", b"x" * ((10 << 20) + 1))
    assert (got.status, got.body) == (413, b'{"message":"Request Too Long"}')
    got = api.call("/x", headers={"X-Long": "x" * 20_481})
    assert got.status == 431
