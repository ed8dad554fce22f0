"""Function URLs over plain HTTP: events, replies, authorisation, CORS, streaming."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Engine, needs_program, zip_of

ECHO = "def handler(event, context):\n    return event\n"
SAID = "import json\ndef handler(event, context):\n    return json.loads(event['body'])\n"


def give_url(engine: Engine, name: str, auth: str = "NONE", **options: Any) -> str:
    """Create a function URL, open to everybody if it has no authorisation."""
    created = engine.client().create_function_url_config(
        FunctionName=name, AuthType=auth, **options
    )
    if auth == "NONE":
        engine.client().add_permission(
            FunctionName=name,
            StatementId="public",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )
    return str(created["FunctionUrl"])


class Reply:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.cookies = answer.headers.get_all("set-cookie") or []
        self.body = answer.read()


def call(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, headers or {})
        return Reply(connection.getresponse())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def echo(engine: Engine) -> str:
    return give_url(engine, engine.create(ECHO))


@pytest.fixture(scope="module")
def said(engine: Engine) -> str:
    return give_url(engine, engine.create(SAID))


def test_the_event(echo: str) -> None:
    reply = call(
        f"{echo}a%20path/x?a=1&a=2&b=%20c",
        "POST",
        b'{"k": "v"}',
        {"Content-Type": "application/json", "Cookie": "one=1; two=2", "User-Agent": "test"},
    )
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    event = json.loads(reply.body)
    assert event["version"] == "2.0"
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/a%20path/x"
    assert event["rawQueryString"] == "a=1&a=2&b=%20c"
    assert event["queryStringParameters"] == {"a": "1,2", "b": " c"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["content-type"] == "application/json"
    assert event["body"] == '{"k": "v"}'
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["http"]["method"] == "POST"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["http"]["userAgent"] == "test"
    assert context["accountId"] == "anonymous"
    assert context["stage"] == "$default"
    assert context["domainPrefix"] == context["apiId"]


def test_bodies_that_are_no_text_come_as_base64(echo: str) -> None:
    for content_type, body in (
        ("application/octet-stream", b"\x00\xff"),
        ("application/x-www-form-urlencoded", b"a=b"),
        ("text/plain", b"\xff"),
    ):
        event = json.loads(call(echo, "POST", body, {"Content-Type": content_type}).body)
        assert event["isBase64Encoded"] is True
        assert base64.b64decode(event["body"]) == body


def test_by_host_name(engine: Engine, echo: str) -> None:
    identifier = engine.identifier(echo)
    for host in (
        f"{identifier}.lambda-url.{engine.region}.localhost",
        f"{identifier}.lambda-url.localhost:4571",
        f"{identifier}.lambda-url.{engine.region}.on.aws",
        f"{identifier}.lambda-url.{engine.region}.localhost.localstack.cloud:4566",
    ):
        event = json.loads(call(f"{engine.url}/below?x=1", headers={"Host": host}).body)
        assert event["rawPath"] == "/below"
        assert event["requestContext"]["domainName"] == host
        assert event["requestContext"]["domainPrefix"] == identifier


def test_by_path(engine: Engine, echo: str) -> None:
    identifier = engine.identifier(echo)
    event = json.loads(call(f"{engine.url}/lambda-url/{identifier}/below?x=1").body)
    assert (event["rawPath"], event["rawQueryString"]) == ("/below", "x=1")
    assert event["requestContext"]["http"]["path"] == "/below"
    assert event["requestContext"]["domainName"] == urlsplit(engine.url).netloc
    assert event["requestContext"]["domainPrefix"] == identifier
    event = json.loads(call(f"{engine.url}/lambda-url/{identifier}").body)
    assert event["rawPath"] == "/"


# Recorded on AWS; facts/api.md section 7.
@pytest.mark.parametrize(
    ("response", "body"),
    [
        ({"hello": "world"}, b'{"hello":"world"}'),
        (["hello", 3, True], b'["hello",3,true]'),
        ("hello", b"hello"),
        (3, b"3"),
        (3.1, b"3.1"),
        (True, b"true"),
    ],
)
def test_responses_without_a_status(said: str, response: Any, body: bytes) -> None:
    reply = call(said, "POST", json.dumps(response).encode(), {"Content-Type": "text/plain"})
    assert (reply.status, reply.body) == (200, body)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-length"] == str(len(body))


def test_a_response_with_a_status(said: str) -> None:
    response = {
        "statusCode": 418,
        "headers": {"X-One": "1", "Content-Type": "text/html", "x-two": 2},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"<b>\xff").decode(),
        "isBase64Encoded": True,
    }
    reply = call(said, "POST", json.dumps(response).encode(), {"Content-Type": "text/plain"})
    assert (reply.status, reply.body) == (418, b"<b>\xff")
    assert reply.headers["content-type"] == "text/html"
    assert (reply.headers["x-one"], reply.headers["x-two"]) == ("1", "2")
    assert reply.cookies == ["a=1", "b=2"]


@pytest.mark.parametrize("body", [{"an": ["object", "ü"]}, [1, 2], 3, True])
def test_a_body_that_is_no_string_is_sent_as_json(said: str, body: Any) -> None:
    reply = call(said, "POST", json.dumps({"statusCode": 201, "body": body}).encode())
    assert (reply.status, json.loads(reply.body)) == (201, body)


@pytest.mark.parametrize(
    "response",
    [
        {"statusCode": 99},
        {"statusCode": "many"},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": "a\r\nb: c"}},
        {"statusCode": 200, "body": "*", "isBase64Encoded": True},
    ],
)
def test_responses_of_a_bad_shape(said: str, response: Any) -> None:
    reply = call(said, "POST", json.dumps(response).encode(), {"Content-Type": "text/plain"})
    assert (reply.status, reply.body) == (502, b"Internal Server Error")


def test_a_function_that_fails(engine: Engine) -> None:
    url = give_url(engine, engine.create("def handler(event, context):\n    raise ValueError\n"))
    reply = call(url)
    assert (reply.status, reply.body) == (502, b"Internal Server Error")


def test_without_a_permission_nobody_may_call(engine: Engine) -> None:
    name = engine.create(ECHO)
    created = engine.client().create_function_url_config(FunctionName=name, AuthType="NONE")
    reply = call(created["FunctionUrl"])
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert json.loads(reply.body) == {
        "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
    }


def test_a_url_of_an_alias_has_a_policy_of_its_own(engine: Engine) -> None:
    client, name = engine.client(), engine.create(ECHO)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    url = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    permission = {
        "FunctionName": name,
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
    }
    client.add_permission(**permission, StatementId="function")
    assert call(url["FunctionUrl"]).status == 403
    client.add_permission(**permission, StatementId="alias", Qualifier="live")
    assert call(url["FunctionUrl"]).status == 200


def test_an_unknown_url(engine: Engine) -> None:
    reply = call(f"{engine.url}/lambda-url/nothing/")
    assert (reply.status, reply.body) == (404, b'{"Message":null}')
    for name in (f"nothing.lambda-url.{engine.region}.localhost", "nothing.lambda-url.localhost"):
        reply = call(f"{engine.url}/path", headers={"Host": name})
        assert (reply.status, reply.body) == (404, b'{"Message":null}')


def test_iam(engine: Engine) -> None:
    url = give_url(engine, engine.create(ECHO), "AWS_IAM")
    assert call(url).status == 403
    keys = Credentials(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    request = AWSRequest("POST", f"{url}x?q=1", data=b"{}", headers={"Content-Type": "text/plain"})
    SigV4Auth(keys, "lambda", engine.region).add_auth(request)
    headers = dict(request.headers.items())
    reply = call(request.url, "POST", b"{}", headers)
    assert reply.status == 200
    identity = json.loads(reply.body)["requestContext"]["authorizer"]["iam"]
    assert identity["accessKey"] == engine.keys["aws_access_key_id"]
    assert identity["accountId"] == engine.account
    assert call(request.url, "POST", b"{ }", headers).status == 403


def test_throttling(engine: Engine) -> None:
    name = engine.create(ECHO)
    url = give_url(engine, name)
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert call(url).status == 429


def test_cross_origin_requests(engine: Engine) -> None:
    name = engine.create(
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'mine'}}\n"
    )
    url = give_url(
        engine,
        name,
        Cors={
            "AllowOrigins": ["https://a.example"],
            "AllowMethods": ["POST"],
            "AllowHeaders": ["x-one"],
            "ExposeHeaders": ["x-two"],
            "AllowCredentials": True,
            "MaxAge": 60,
        },
    )
    asks = {"Access-Control-Request-Method": "POST"}
    allowed = call(url, "OPTIONS", headers={"Origin": "https://a.example", **asks})
    assert allowed.status == 200
    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    assert allowed.headers["access-control-allow-methods"] == "POST"
    assert allowed.headers["access-control-allow-headers"] == "x-one"
    assert allowed.headers["access-control-max-age"] == "60"
    refused = call(url, "OPTIONS", headers={"Origin": "https://b.example", **asks})
    assert "access-control-allow-origin" not in refused.headers
    reply = call(url, "POST", b"", {"Origin": "https://a.example"})
    assert reply.headers["access-control-allow-origin"] == "https://a.example"
    assert reply.headers["access-control-allow-credentials"] == "true"
    assert reply.headers["access-control-expose-headers"] == "x-two"


def test_a_buffered_handler_behind_a_streaming_url(engine: Engine) -> None:
    url = give_url(engine, engine.create(ECHO), InvokeMode="RESPONSE_STREAM")
    reply = call(f"{url}x")
    assert reply.status == 200
    assert json.loads(reply.body)["rawPath"] == "/x"


STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const head = {statusCode: 206, headers: {"x-one": "1", "Content-Type": "text/plain"}};
  const out = awslambda.HttpResponseStream.from(stream, head);
  for (const word of ["one ", "two ", "three"]) {
    out.write(word);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  out.end();
});
"""


@needs_program("node")
def test_a_streamed_response(engine: Engine) -> None:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    name = engine.create(
        "",
        Code={"ZipFile": zip_of({"index.mjs": STREAM})},
        Runtime=f"nodejs{version.stdout[1:].split('.')[0]}.x",
        Timeout=20,
    )
    url = give_url(engine, name, InvokeMode="RESPONSE_STREAM")
    identifier = engine.identifier(url)
    for address, headers in (
        (url, {}),
        (engine.url, {"Host": f"{identifier}.lambda-url.localhost"}),
        (f"{engine.url}/lambda-url/{identifier}/", {}),
    ):
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request("GET", parts.path or "/", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 206
            assert answer.getheader("x-one") == "1"
            assert answer.getheader("content-type") == "text/plain"
            pieces = []
            while piece := answer.read1():
                pieces.append(piece)
        finally:
            connection.close()
        assert b"".join(pieces) == b"one two three"
        assert len(pieces) == 3  # as they were written, not all at the end
    streamed = engine.client().invoke_with_response_stream(FunctionName=name)
    chunks = [e["PayloadChunk"]["Payload"] for e in streamed["EventStream"] if "PayloadChunk" in e]
    assert b"".join(chunks).endswith(b"\0" * 8 + b"one two three")


@needs_program("node")
def test_a_streamed_response_to_a_client_of_http_1_0(engine: Engine) -> None:
    """HTTP/1.0 has no chunks. By default ApacheBench and nginx are such clients."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    name = engine.create(
        "",
        Code={"ZipFile": zip_of({"index.mjs": STREAM})},
        Runtime=f"nodejs{version.stdout[1:].split('.')[0]}.x",
        Timeout=20,
    )
    url = urlsplit(give_url(engine, name, InvokeMode="RESPONSE_STREAM"))
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=30) as client:
        client.sendall(f"GET {url.path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    lines, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"one two three"
    assert b"content-length: 13" in lines.lower()
    assert b"transfer-encoding" not in lines.lower()
