"""HTTP servers behind routes of HTTP APIs, and parameter mappings."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from http_apis import ECHO, Api, new_api


class Server(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    protocol_version = "HTTP/1.1"
    hold = threading.Event()

    def answer(self) -> None:
        """Answer with the request, in the way that its path asks for."""
        length = int(self.headers.get("content-length") or 0)
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode("latin-1"),
        }
        if "slow" in self.path:
            self.hold.wait(10)
        body = json.dumps(told).encode()
        status = 418 if "teapot" in self.path else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Several", "1")
        self.send_header("X-Several", "2")
        if "gzip" in self.path:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if "location" in self.path:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    Server.hold.set()
    listening.shutdown()
    listening.server_close()
    thread.join()


def proxy(api: Api, key: str, uri: str, **settings: Any) -> None:
    """Put a server behind a route."""
    target = api.integrate(
        **{
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "ANY",
            "IntegrationUri": uri,
            "PayloadFormatVersion": "1.0",
            **settings,
        }
    )
    api.route(key, target)


@pytest.fixture(scope="module")
def api(engine: Engine, server: str) -> Api:
    api = new_api(engine, stage="dev")
    api.client.update_stage(ApiId=api.id, StageName="dev", StageVariables={"v": "var"})
    proxy(api, "ANY /all/{proxy+}", f"{server}/base/{{proxy}}")
    proxy(api, "GET /one/{id}", f"{server}/one/{{id}}/end")
    proxy(api, "GET /fixed/{id}", f"{server}/item?own=1", IntegrationMethod="POST")
    proxy(api, "GET /slow", f"{server}/slow", TimeoutInMillis=100)
    proxy(api, "GET /nobody", "http://127.0.0.1:9/")
    proxy(api, "GET /no-uri", "http://[")
    proxy(
        api,
        "POST /mapped/{id}",
        f"{server}/x",
        RequestParameters={
            "append:header.x-given": "more",
            "overwrite:header.x-id": "$request.path.id",
            "remove:header.x-gone": "''",
            "append:querystring.from": "$request.querystring.q",
            "overwrite:querystring.a": "${stageVariables.v}-${context.stage}",
            "overwrite:header.x-body": "$request.body.a[0].b",
            "overwrite:path": "/new/${request.path.id}",
        },
        ResponseParameters={
            "200": {
                "overwrite:statuscode": "202",
                "append:header.x-new": "$response.body.method",
                "overwrite:header.x-several": "$response.header.x-several",
                "remove:header.server": "''",
            }
        },
    )
    return api


def test_path_query_and_body_are_passed_on(api: Api) -> None:
    got = api.call(
        "/dev/all/a%20b/c?x=1&y=%2F",
        "PUT",
        body=b"hello",
        headers={"X-Some": "v", "Via": "HTTP/1.1 other"},
    )
    assert got.status == 200
    told = got.json
    assert told["method"] == "PUT"
    assert told["path"] == "/base/a%20b/c?x=1&y=%2F"
    assert told["body"] == "hello"
    headers = told["headers"]
    assert headers["x-some"] == "v"
    assert headers["host"].startswith("127.0.0.1:")
    assert headers["content-length"] == "5"
    assert headers["via"] == "HTTP/1.1 other, HTTP/1.1 AmazonAPIGateway"
    assert "for=127.0.0.1;" in headers["forwarded"]
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert not headers.keys() & {"x-forwarded-for", "connection"}


def test_a_variable_stays_one_segment(api: Api) -> None:
    assert api.call("/dev/one/..%2Fx%3Fy").json["path"] == "/one/..%2Fx%3Fy/end"


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("a%2Fb/c", "a%2Fb/c"),
        ("..%2f..%2fsecret", "..%2F..%2Fsecret"),
        ("a//b/", "a//b/"),
        ("%25/%C3%BC", "%25/%C3%BC"),
    ],
)
def test_segments_of_a_greedy_variable_stay_segments(api: Api, sent: str, arrives: str) -> None:
    assert api.call(f"/dev/all/{sent}").json["path"] == f"/base/{arrives}"


def test_the_answer_to_a_head_has_the_length_of_a_body(api: Api) -> None:
    got = api.call("/dev/all/x", "HEAD")
    assert (got.status, got.body) == (200, b"")
    assert int(got.headers["content-length"]) > 100


def test_a_uri_that_is_none(api: Api) -> None:
    got = api.call("/dev/no-uri")
    assert (got.status, got.json) == (503, {"message": "Service Unavailable"})


def test_the_answer_is_passed_on(api: Api) -> None:
    got = api.call("/dev/all/teapot/location")
    assert got.status == 418
    assert got.headers["content-type"] == "application/json"
    assert got.headers.get_all("x-several") == ["1", "2"]
    assert got.headers["location"] == "/elsewhere"
    assert len(got.headers.get_all("date")) == 1
    assert got.headers["apigw-requestid"]


def test_a_compressed_answer(api: Api) -> None:
    got = api.call("/dev/all/gzip")
    assert got.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(got.body))["method"] == "GET"


def test_a_method_of_its_own_and_a_query_of_its_own(api: Api) -> None:
    told = api.call("/dev/fixed/7?x=2").json
    assert (told["method"], told["path"]) == ("POST", "/item?own=1&x=2")


@pytest.mark.parametrize("path", ["/dev/slow", "/dev/nobody"])
def test_a_server_that_does_not_answer(api: Api, path: str) -> None:
    got = api.call(path)
    assert (got.status, got.json) == (503, {"message": "Service Unavailable"})


def test_mappings(api: Api) -> None:
    got = api.call(
        "/dev/mapped/7?q=1&a=0",
        "POST",
        body=b'{"a": [{"b": {"c": 1}}]}',
        headers={"X-Given": "one", "X-Gone": "x", "Content-Type": "application/json"},
    )
    assert got.status == 202
    told = got.json
    assert told["path"] == "/new/7?q=1&from=1&a=var-dev"
    headers = told["headers"]
    assert headers["x-given"] == "one,more"
    assert headers["x-id"] == "7"
    assert headers["x-body"] == '{"c":1}'
    assert "x-gone" not in headers
    assert got.headers["x-new"] == "POST"
    assert got.headers.get_all("x-several") == ["1,2"]
    assert got.headers["server"] is None


def test_mappings_of_a_function(engine: Engine) -> None:
    api = new_api(engine)
    target = api.to_function(
        engine.create(ECHO),
        RequestParameters={
            "overwrite:path": "/other",
            "append:header.x-a": "$context.requestId",
            "append:querystring.b": "2",
        },
        ResponseParameters={"200": {"overwrite:header.content-type": "text/plain"}},
    )
    api.route("GET /x", target)
    got = api.call("/x?a=1")
    assert got.headers["content-type"] == "text/plain"
    event = got.json
    assert event["rawPath"] == "/other"
    assert event["headers"]["x-a"] == event["requestContext"]["requestId"]
    assert event["rawQueryString"] == "a=1&b=2"
    assert event["queryStringParameters"] == {"a": "1", "b": "2"}
