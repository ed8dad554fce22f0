"""Stages of HTTP APIs: how one is meant, its limits, its access log, and who signs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Engine
from http_apis import ECHO, Api, Got, call, new_api


@pytest.fixture(scope="module")
def function(engine: Engine) -> str:
    return engine.create(ECHO)


def test_which_stage_is_meant(engine: Engine, function: str) -> None:
    api = new_api(engine)
    api.client.create_stage(ApiId=api.id, StageName="dev", AutoDeploy=True)
    api.route("ANY /{proxy+}", api.to_function(function))
    for path, stage, proxy in (
        ("/dev/x", "dev", "x"),
        ("/dev", "dev", ""),
        ("/devx/y", "$default", "devx/y"),
        ("/", "$default", ""),
    ):
        event = api.call(path).json
        assert event["requestContext"]["stage"] == stage
        assert event["pathParameters"] == {"proxy": proxy}
        assert event["rawPath"] == path


def test_no_such_stage_or_route(engine: Engine, function: str) -> None:
    api = new_api(engine, stage="dev")
    api.route("GET /x", api.to_function(function))
    for path in ("/x", "/prod/x", "/dev/y", "/dev/x/"):
        got = api.call(path)
        assert (got.status, got.json) == (404, {"message": "Not Found"})
        assert got.headers["apigw-requestid"]


def test_no_such_api(engine: Engine) -> None:
    got = call(f"{engine.url}/execute-api/abcdefghij/x")
    assert (got.status, got.json) == (403, {"message": "Forbidden"})


def test_an_endpoint_that_is_turned_off(engine: Engine, function: str) -> None:
    api = new_api(engine, DisableExecuteApiEndpoint=True)
    api.route("GET /x", api.to_function(function))
    assert api.call("/x").status == 404
    api.client.update_api(ApiId=api.id, DisableExecuteApiEndpoint=False)
    assert api.call("/x").status == 200


def test_changes_count_from_the_next_request_on(engine: Engine, function: str) -> None:
    api = new_api(engine)
    assert api.call("/x").status == 404
    route = api.route("GET /x", api.to_function(function))
    assert api.call("/x").status == 200
    api.client.delete_route(ApiId=api.id, RouteId=route)
    assert api.call("/x").status == 404


def test_limits_of_a_request(engine: Engine, function: str) -> None:
    api = new_api(engine)
    api.route("POST /x", api.to_function(function))
    got = api.call("/x", "POST", body=b"", headers={"X-Long": "a" * 10_241})
    assert (got.status, got.json) == (431, {"message": "Request Header Fields Too Large"})
    assert api.call("/x", "POST", body=b"", headers={"X-Long": "a" * 9_000}).status == 200
    for size in ((10 << 20) + 1, 6 << 20):
        got = api.call("/x", "POST", body=b"a" * size, headers={"Content-Type": "text/plain"})
        assert (got.status, got.json) == (413, {"message": "Request Entity Too Large"})


def test_throttling_of_a_stage_and_of_a_route(engine: Engine, function: str) -> None:
    api = new_api(engine)
    target = api.to_function(function)
    for key in ("GET /few", "GET /none", "GET /many"):
        api.route(key, target)
    api.client.update_stage(
        ApiId=api.id,
        StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.01},
        RouteSettings={
            "GET /none": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.01},
            "GET /many": {"ThrottlingBurstLimit": 1000, "ThrottlingRateLimit": 1000},
        },
    )
    assert [api.call("/few").status for _ in range(3)] == [200, 200, 429]
    got = api.call("/none")
    assert (got.status, got.json) == (429, {"message": "Too Many Requests"})
    assert [api.call("/many").status for _ in range(4)] == [200] * 4
    api.client.update_stage(ApiId=api.id, StageName="$default", Description="other")
    assert api.call("/few").status == 429, "limits that stay the same go on counting"


def lines(engine: Engine, group: str, count: int) -> list[str]:
    """The events of a log group, once there are so many."""
    logs = engine.client("logs")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            found = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            found = []
        if len(found) >= count:
            return [event["message"] for event in found]
        time.sleep(0.05)
    raise AssertionError(f"{group} has only {found}")


def test_the_access_log(engine: Engine) -> None:
    api = new_api(engine, stage="dev")
    name = engine.create(
        "def handler(e, c):\n"
        "    if 'q' in e.get('queryStringParameters', {}): raise RuntimeError('no')\n"
        "    return {'statusCode': 201, 'body': 'abc'}"
    )
    api.route("GET /p/{id}", api.to_function(name))
    group = f"/api/{api.id}"
    names = [
        "requestId", "httpMethod", "path", "routeKey", "status", "responseLength", "stage",
        "protocol", "identity.sourceIp", "identity.userAgent", "integration.status",
        "integrationStatus", "integrationErrorMessage", "error.message", "authorizer.error",
        "accountId", "apiId", "domainName", "nonsense",
    ]  # fmt: skip
    form = json.dumps({one: f"$context.{one}" for one in names})
    engine.client("logs").create_log_group(logGroupName=group)
    api.client.update_stage(
        ApiId=api.id,
        StageName="dev",
        AccessLogSettings={
            "DestinationArn": f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}",
            "Format": form,
        },
    )
    good = api.call("/dev/p/7", headers={"User-Agent": 'a"b'})
    api.call("/dev/nowhere")
    api.call("/dev/p/7?q=1")
    first, second, third = map(json.loads, lines(engine, group, 3))
    assert first == {
        "requestId": good.headers["apigw-requestid"],
        "httpMethod": "GET",
        "path": "/dev/p/7",
        "routeKey": "GET /p/{id}",
        "status": "201",
        "responseLength": "3",
        "stage": "dev",
        "protocol": "HTTP/1.1",
        "identity.sourceIp": "127.0.0.1",
        "identity.userAgent": 'a"b',
        "integration.status": "201",
        "integrationStatus": "201",
        "integrationErrorMessage": "-",
        "error.message": "-",
        "authorizer.error": "-",
        "accountId": engine.account,
        "apiId": api.id,
        "domainName": engine.url.partition("://")[2],
        "nonsense": "-",
    }
    assert (second["status"], second["error.message"]) == ("404", "Not Found")
    assert (second["routeKey"], second["integrationStatus"]) == ("-", "-")
    assert third["status"] == "500"
    assert "RuntimeError" in third["integrationErrorMessage"]


def signed(engine: Engine, url: str, body: bytes = b"", service: str = "execute-api") -> Got:
    """A signed POST."""
    keys = Credentials(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "text/plain"})
    SigV4Auth(keys, service, engine.region).add_auth(request)
    return call(url, "POST", body, dict(request.headers.items()))


@pytest.fixture(scope="module")
def guarded(engine: Engine, function: str) -> Api:
    api = new_api(engine)
    api.route("POST /two", api.to_function(function), AuthorizationType="AWS_IAM")
    one = engine.create(
        "import json\ndef handler(e, c): return {'statusCode': 200, 'body': json.dumps(e)}"
    )
    api.route("POST /one", api.to_function(one, "1.0"), AuthorizationType="AWS_IAM")
    return api


def test_a_signature_lets_in(engine: Engine, guarded: Api) -> None:
    got = signed(engine, f"{guarded.url}/two", b"hello")
    assert got.status == 200
    event: Any = got.json
    told = event["requestContext"]["authorizer"]["iam"]
    assert told["accessKey"] == engine.keys["aws_access_key_id"]
    assert told["accountId"] == engine.account
    assert told["userArn"] == f"arn:aws:iam::{engine.account}:user/lambda-nb"
    assert told["userId"] == told["callerId"]
    identity = signed(engine, f"{guarded.url}/one", b"hello").json["requestContext"]["identity"]
    assert identity["userArn"] == told["userArn"]


def test_no_signature_keeps_out(guarded: Api) -> None:
    got = guarded.call("/two", "POST", body=b"x")
    assert (got.status, got.json) == (403, {"message": "Forbidden"})


def test_a_signature_for_something_else_keeps_out(engine: Engine, guarded: Api) -> None:
    assert signed(engine, f"{guarded.url}/two", b"x", "lambda").status == 403
    right = (engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    for keys, region in ((("LNBAunknown", "secret"), engine.region), (right, "eu-north-1")):
        request = AWSRequest("POST", f"{guarded.url}/two", data=b"x")
        SigV4Auth(Credentials(*keys), "execute-api", region).add_auth(request)
        got = call(f"{guarded.url}/two", "POST", b"x", dict(request.headers.items()))
        assert (got.status, got.json) == (403, {"message": "Forbidden"})


def test_a_body_that_was_not_signed_keeps_out(engine: Engine, guarded: Api) -> None:
    url = f"{guarded.url}/two"
    keys = Credentials(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    request = AWSRequest("POST", url, data=b"hello")
    SigV4Auth(keys, "execute-api", engine.region).add_auth(request)
    assert call(url, "POST", b"other", dict(request.headers.items())).status == 403
