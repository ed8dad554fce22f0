"""Functions behind routes of HTTP APIs, in a real engine."""

from __future__ import annotations

import base64
import json

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventModel,
    APIGatewayProxyEventV2Model,
)
from engine_fixtures import Engine
from http_apis import ECHO, Api, Got, call, new_api

REPLIES = """
import json
def handler(event, context):
    reply = json.loads(event["body"])
    if reply == "fail":
        raise RuntimeError("no")
    return reply
"""


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    api = new_api(engine)
    echo, replies = engine.create(ECHO), engine.create(REPLIES)
    two, one = api.to_function(echo), api.to_function(echo, "1.0")
    api.route("ANY /two/{proxy+}", two)
    api.route("GET /pets/{id}", two)
    api.route("ANY /one/{id}", one)
    api.route("POST /reply", api.to_function(replies))
    api.route("POST /reply/one", api.to_function(replies, "1.0"))
    return api


def test_event_of_version_2(api: Api) -> None:
    got = api.call("/pets/a%20b?x=1&y=&x=2", headers={"X-Some": "v", "Cookie": "a=1; b=2"})
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    event = got.json
    APIGatewayProxyEventV2Model.model_validate(event)
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "GET /pets/{id}",
        "rawPath": "/pets/a b",
        "rawQueryString": "x=1&y=&x=2",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"x": "1,2", "y": ""},
        "pathParameters": {"id": "a b"},
        "isBase64Encoded": False,
    }
    assert headers["x-some"] == "v"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert headers["content-length"] == "0"
    assert not headers.keys() & {"cookie", "connection"}
    assert context["http"] == {
        "method": "GET",
        "path": "/pets/a b",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": headers["user-agent"],
    }
    assert context["accountId"] == api.engine.account
    assert context["apiId"] == context["domainPrefix"] == api.id
    assert context["routeKey"] == "GET /pets/{id}"
    assert context["stage"] == "$default"
    assert context["requestId"] == got.headers["apigw-requestid"]
    assert "authorizer" not in context


def test_an_event_is_no_reply_of_version_1(api: Api) -> None:
    got = api.call("/one/7?x=1&x=2", "POST", body=b"hello", headers={"Content-Type": "text/plain"})
    assert got.status == 500, "the event has no status code, which format 1.0 asks for"
    assert got.json == {"message": "Internal Server Error"}


def test_version_1_is_what_powertools_expects(engine: Engine) -> None:
    api = new_api(engine, stage="dev")
    name = engine.create(
        "import json\ndef handler(e, c): return {'statusCode': 200, 'body': json.dumps(e)}"
    )
    api.route("POST /one/{id}", api.to_function(name, "1.0"))
    got = api.call(
        "/dev/one/7?x=1&x=2", "POST", body=b"hello", headers={"Content-Type": "text/plain"}
    )
    assert got.headers["content-type"] == "text/plain;charset=UTF-8"
    event = got.json
    APIGatewayProxyEventModel.model_validate(event)
    assert event["version"] == "1.0"
    assert event["resource"] == "/one/{id}"
    assert event["path"] == event["requestContext"]["path"] == "/dev/one/7"
    assert event["httpMethod"] == "POST"
    assert event["headers"]["Content-Length"] == "5"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.1"]
    assert event["queryStringParameters"] == {"x": "2"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["pathParameters"] == {"id": "7"}
    assert event["stageVariables"] is None
    assert event["body"] == "hello"
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["resourceId"] == "POST /one/{id}"
    assert event["requestContext"]["authorizer"] == {"claims": None, "scopes": None}


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("application/json; charset=utf-8", '{"a":"ü"}'.encode(), False),
        ("text/html", b"<p>", False),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("image/png", b"\x89PNG\x00\xff", True),
        ("text/plain", b"\xff\xfe", True),
    ],
)
def test_bodies(api: Api, content_type: str, body: bytes, encoded: bool) -> None:
    event = api.call("/two/x", "PUT", body=body, headers={"Content-Type": content_type}).json
    assert event["isBase64Encoded"] is encoded
    given = event["body"]
    assert (base64.b64decode(given) if encoded else given.encode()) == body


def reply(api: Api, value: object, path: str = "/reply") -> Got:
    headers = {"Content-Type": "application/json"}
    return api.call(path, "POST", body=json.dumps(value).encode(), headers=headers)


@pytest.mark.parametrize(
    ("value", "status", "content_type", "body"),
    [
        ({"a": [1, "ü"]}, 200, "application/json", '{"a":[1,"ü"]}'),
        ("hello", 200, "application/json", "hello"),
        (None, 200, "application/json", "null"),
        ([1, True], 200, "application/json", "[1,true]"),
        ({"statusCode": 201}, 201, "text/plain;charset=UTF-8", ""),
        ({"statusCode": "404", "body": "no"}, 404, "text/plain;charset=UTF-8", "no"),
        (
            {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>"},
            200,
            "text/html",
            "<p>",
        ),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, None, "hi"),
    ],
)
def test_replies(api: Api, value: object, status: int, content_type: str | None, body: str) -> None:
    got = reply(api, value)
    assert (got.status, got.body.decode()) == (status, body)
    if content_type is not None:
        assert got.headers["content-type"] == content_type


def test_headers_and_cookies_of_a_reply(api: Api) -> None:
    got = reply(
        api,
        {
            "statusCode": 302,
            "headers": {"Location": "/pets", "X-Number": 7, "Keep-Alive": "timeout=5"},
            "cookies": ["a=1; Path=/", "b=2"],
        },
    )
    assert got.status == 302
    assert got.headers["location"] == "/pets"
    assert got.headers["x-number"] == "7"
    assert got.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert got.headers["keep-alive"] is None
    assert len(got.headers["apigw-requestid"]) == 16


def test_several_values_in_a_reply_of_version_1(api: Api) -> None:
    value = {
        "statusCode": 200,
        "headers": {"x-a": "0", "x-b": "b"},
        "multiValueHeaders": {"X-A": ["1", "2"]},
    }
    got = reply(api, value, "/reply/one")
    assert got.headers.get_all("x-a") == ["1", "2"]
    assert got.headers["x-b"] == "b"


@pytest.mark.parametrize(
    "value",
    [
        "fail",
        {"statusCode": "yes"},
        {"statusCode": 99},
        {"statusCode": 100},
        {"statusCode": 199},
        {"statusCode": 200, "headers": ["no"]},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a": "b\x01c"}},
        {"statusCode": 200, "headers": {"bad name": "b"}},
        {"statusCode": 200, "headers": {"naïve": "b"}},
        {"statusCode": 200, "cookies": "c"},
        {"statusCode": 200, "body": {"no": "text"}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
    ],
)
def test_bad_replies(api: Api, value: object) -> None:
    got = reply(api, value)
    assert (got.status, got.json) == (500, {"message": "Internal Server Error"})
    assert got.headers["content-type"] == "application/json"


def test_a_reply_without_a_status_code_is_none_in_version_1(api: Api) -> None:
    assert reply(api, {"a": 1}, "/reply/one").status == 500


def test_a_function_that_does_not_let_the_api_in(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create(ECHO)
    target = api.integrate(
        IntegrationType="AWS_PROXY", IntegrationUri=api.arn(name), PayloadFormatVersion="2.0"
    )
    api.route("GET /x", target)
    got = api.call("/x")
    assert (got.status, got.json) == (500, {"message": "Internal Server Error"})
    said = engine.log_file.read_text()
    assert "aws lambda add-permission" in said
    assert f"--function-name {name}" in said
    api.permit(name)
    assert api.call("/x").status == 200


def test_a_role_of_the_integration_needs_no_permission(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create(ECHO)
    target = api.integrate(
        IntegrationType="AWS_PROXY",
        IntegrationUri=f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/"
        f"{api.arn(name)}/invocations",
        PayloadFormatVersion="2.0",
        CredentialsArn=f"arn:aws:iam::{engine.account}:role/api",
    )
    api.route("GET /x", target)
    assert api.call("/x").status == 200


def test_a_function_too_slow_for_its_integration(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create("import time\ndef handler(e, c): time.sleep(2)", Timeout=10)
    api.route("GET /x", api.to_function(name, TimeoutInMillis=100))
    got = api.call("/x")
    assert (got.status, got.json) == (503, {"message": "Service Unavailable"})


def test_a_throttled_function(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create(ECHO)
    api.route("GET /x", api.to_function(name))
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    got = api.call("/x")
    assert (got.status, got.json) == (503, {"message": "Service Unavailable"})


def test_a_function_that_is_gone(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create(ECHO)
    api.route("GET /x", api.to_function(name))
    engine.client().delete_function(FunctionName=name)
    assert api.call("/x").status == 500


def test_stage_variables_name_a_function(engine: Engine) -> None:
    api = new_api(engine, stage=None)
    name = engine.create(ECHO)
    api.permit(name)
    api.client.create_stage(
        ApiId=api.id, StageName="blue", AutoDeploy=True, StageVariables={"fn": name}
    )
    uri = api.arn("${stageVariables.fn}")
    api.route(
        "GET /x",
        api.integrate(IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0"),
    )
    event = api.call("/blue/x").json
    assert event["stageVariables"] == {"fn": name}
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/blue/x"


def test_by_host(engine: Engine, api: Api) -> None:
    host = f"{api.id}.execute-api.localhost"
    got = call(f"{engine.url}/pets/7", headers={"Host": host})
    assert got.json["rawPath"] == "/pets/7"
    assert got.json["requestContext"]["domainName"] == host
    assert got.json["requestContext"]["domainPrefix"] == api.id


def test_head(api: Api) -> None:
    got = api.call("/two/x", "HEAD")
    assert (got.status, got.body) == (200, b"")
    assert got.headers["content-type"] == "application/json"


def test_quick_create(engine: Engine) -> None:
    name = engine.create(ECHO)
    client = engine.client("apigatewayv2")
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    made = client.create_api(Name=engine.name("api"), ProtocolType="HTTP", Target=arn)
    api = Api(engine, made["ApiId"])
    assert api.call("/a/b").status == 500, "as on AWS, nobody has let it in yet"
    api.permit(name)
    event = api.call("/a/b").json
    assert (event["routeKey"], event["rawPath"]) == ("$default", "/a/b")
    assert "pathParameters" not in event
    assert call(f"{made['ApiEndpoint']}/a/b").json["rawPath"] == "/a/b"
