"""HTTP requests of tasks: to an endpoint with a connection, and to an API of the engine."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from states_lab import Lab, task

INVOKE = "arn:aws:states:::http:invoke"


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """An endpoint that answers with its status, and the requests that came."""
    seen: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            seen.append((self.path, dict(self.headers.items()), body))
            self.send_response(404 if "missing" in self.path else 200)
            self.end_headers()
            self.wfile.write(b'{"id": 7}')

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", seen
    made.shutdown()
    thread.join()
    made.server_close()


def connection(engine: Engine) -> str:
    told = {"Username": "ann", "Password": "secret"}
    made = engine.client("events").create_connection(
        Name=engine.name("connection"),
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": told},
    )
    return str(made["ConnectionArn"])


def test_a_request_with_a_connection(
    engine: Engine, lab: Lab, server: tuple[str, list[tuple[str, dict[str, str], str]]]
) -> None:
    url, seen = server
    told = {
        "ApiEndpoint": f"{url}/orders",
        "Method": "POST",
        "Authentication": {"ConnectionArn": connection(engine)},
        "QueryParameters": {"q": "1 2"},
        "RequestBody": {"a": [1, 2], "b": "x"},
    }
    got = lab.output({"A": task(INVOKE, told)})
    assert (got["StatusCode"], got["ResponseBody"]) == (200, {"id": 7})
    path, headers, body = seen[0]
    assert path == "/orders?q=1+2"
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'ann:secret').decode()}"
    assert json.loads(body) == told["RequestBody"]
    form = {**told, "Transform": {"RequestBodyEncoding": "URL_ENCODED"}}
    lab.output({"A": task(INVOKE, form)})
    assert seen[1][2] == "a%5B0%5D=1&a%5B1%5D=2&b=x"


def test_what_fails(
    engine: Engine, lab: Lab, server: tuple[str, list[tuple[str, dict[str, str], str]]]
) -> None:
    url, _ = server
    told = {
        "ApiEndpoint": f"{url}/missing",
        "Method": "POST",
        "Authentication": {"ConnectionArn": connection(engine)},
    }
    assert lab.run({"A": task(INVOKE, told)})["error"] == "States.Http.StatusCode.404"
    nobody = {**told, "ApiEndpoint": "http://127.0.0.1:1/"}
    assert lab.run({"A": task(INVOKE, nobody)})["error"] == "States.Http.Socket"
    unknown = {**told, "Authentication": {"ConnectionArn": "arn:aws:events:none"}}
    assert lab.run({"A": task(INVOKE, unknown)})["error"] == "States.Runtime"


def test_an_api_of_the_engine(engine: Engine, lab: Lab) -> None:
    code = (
        "def handler(event, context):\n    return {'path': event['rawPath'], 'b': event['body']}\n"
    )
    arn = lab.function(code)
    engine.client().add_permission(
        FunctionName=arn,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    api = engine.client("apigatewayv2").create_api(
        Name=engine.name("api"), ProtocolType="HTTP", Target=arn
    )["ApiId"]
    told = {
        "ApiEndpoint": f"{api}.execute-api.{engine.region}.amazonaws.com",
        "Method": "POST",
        "Path": "/a/b",
        "RequestBody": {"n": 1},
    }
    got = lab.output({"A": task("arn:aws:states:::apigateway:invoke", told)})
    assert got["ResponseBody"]["path"] == "/a/b"
    assert json.loads(got["ResponseBody"]["b"]) == {"n": 1}
