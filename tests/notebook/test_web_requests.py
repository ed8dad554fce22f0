"""``hello.get("/hello/Ada")``: real requests to a function's API or URL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import Mock

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell
from web_notebook import ECHO, WebNotebook, connected_shell

from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.web.request import send
from lambda_nb.notebook.web.response import Response

SITE = """
import base64

def handler(event, context):
    path = event["rawPath"]
    if path == "/page":
        return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<b>hi</b>"}
    if path == "/away":
        return {"statusCode": 302, "headers": {"location": "/page"}, "cookies": ["a=1", "b=2"]}
    if path == "/picture":
        return {"statusCode": 200, "isBase64Encoded": True,
                "headers": {"content-type": "image/png"},
                "body": base64.b64encode(b"\\x89PNG\\0").decode()}
    raise KeyError(path)
"""


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


@pytest.fixture(scope="module")
def notebook(shell: InteractiveShell, engine: Engine) -> WebNotebook:
    return WebNotebook(shell, engine)


@pytest.fixture(scope="module")
def echo(notebook: WebNotebook) -> Any:
    return notebook.deploy("--http 'GET /echo/{name}' 'ANY /items'")


@pytest.fixture(scope="module")
def site(notebook: WebNotebook) -> Any:
    return notebook.deploy("--http 'GET /page' /away /picture /broken", source=SITE)


def until(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- through an API


def test_a_get_reaches_the_function(echo: Any) -> None:
    answer = echo.get("/echo/Ada?a=1", params={"b": ["x", "y z"]}, headers={"X-Mine": "7"})
    assert (answer.status, answer.ok, answer.reason) == (200, True, "OK")
    told = answer.json()
    assert told["route"] == "GET /echo/{name}"
    assert told["variables"] == {"name": "Ada"}
    assert told["query"] == "a=1&b=x&b=y+z"
    assert told["headers"]["x-mine"] == "7"
    assert told["agent"] == "lambda_nb"
    assert answer.headers["content-type"] == "application/json"
    assert answer.request_id
    assert answer.seconds > 0


def test_paths_of_any_language(echo: Any) -> None:
    assert echo.get("/echo/Žižek & Söhne").json()["variables"] == {"name": "Žižek & Söhne"}
    assert echo.get("/echo/a%20b").json()["variables"] == {"name": "a b"}
    assert echo.get("items").json()["path"] == "/items"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_each_method_with_a_body(echo: Any, method: str) -> None:
    told = getattr(echo, method)("/items", json={"a": "é"}).json()
    assert told["method"] == method.upper()
    assert told["body"] == '{"a": "\\u00e9"}'
    assert told["headers"]["content-type"] == "application/json"


def test_bodies_that_are_no_json(echo: Any) -> None:
    form = echo.post("/items", data={"a": 1, "b": ["x", "y"]}).json()
    assert form["headers"]["content-type"] == "application/x-www-form-urlencoded"
    text = echo.post("/items", data="né").json()
    assert (text["body"], text["headers"]["content-type"]) == ("né", "text/plain; charset=utf-8")
    own = {"Content-Type": "text/csv"}
    assert echo.post("/items", data="a,b", headers=own).json()["headers"]["content-type"] == (
        "text/csv"
    )
    assert echo.request("options", "/items").json()["method"] == "OPTIONS"


def test_mistakes_send_nothing(echo: Any) -> None:
    with pytest.raises(UsageError, match="data= or json=, not both"):
        echo.post("/items", json=1, data=b"x")
    with pytest.raises(UsageError, match="set is not JSON serializable"):
        echo.post("/items", json={1})
    with pytest.raises(UsageError, match="None is no path"):
        echo.delete(None)
    with pytest.raises(UsageError, match="delete needs a path for json"):
        echo.delete(json={})
    assert echo.get("/echo/alive").ok  # nothing of this has deleted the function


def test_a_redirect_is_shown_not_followed(site: Any) -> None:
    answer = site.get("/away")
    assert (answer.status, answer.headers["location"]) == (302, "/page")
    assert answer.cookies == ["a=1", "b=2"]
    assert answer.ok


def test_what_is_not_there_and_what_fails(site: Any) -> None:
    missing = site.get("/nowhere")
    assert (missing.status, missing.json()) == (404, {"message": "Not Found"})
    assert not missing.ok
    failed = site.get("/broken")
    assert (failed.status, failed.json()) == (500, {"message": "Internal Server Error"})
    assert f"why: %lambda logs {site.name} --last 5min" in repr(failed)
    until(lambda: "KeyError" in site.logs().text)


# -- how it looks


def test_a_response_as_text_and_as_html(site: Any) -> None:
    page = site.get("/page")
    first, body = repr(page).splitlines()
    assert first.startswith(f"GET {page.url} · 200 OK · ")
    assert first.endswith(" · 9 B · text/html")
    assert body == "<b>hi</b>"
    markup = page._repr_html_()
    assert "&lt;b&gt;hi&lt;/b&gt;" in markup
    assert "content-type: text/html" in markup
    assert page.request_id in markup


def test_bytes_are_not_shown_as_text(site: Any) -> None:
    picture = site.get("/picture")
    assert picture.content == b"\x89PNG\0"
    assert len(repr(picture).splitlines()) == 1


def response(**told: Any) -> Response:
    return Response(**{"method": "GET", "url": "u", "status": 200, "seconds": 0.1, **told})


def test_text_of_a_response() -> None:
    latin = response(headers={"content-type": 'text/plain; charset="latin-1"'}, content=b"\xe9")
    assert latin.text == "é"
    odd = response(headers={"content-type": "text/plain; charset=klingon"}, content=b"a")
    assert odd.text == "a"
    long = response(headers={}, content=b"a" * 5000)
    assert repr(long).endswith("… 5,000 characters")
    assert response(headers={}, content=b"", status=599).reason == ""
    with pytest.raises(ValueError, match="no JSON, it begins with '<p>'"):
        response(headers={}, content=b"<p>").json()


# -- where it goes


class Named(BaseHTTPRequestHandler):
    """Answers with the Host that it was asked for."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_names_that_no_resolver_has_to_know() -> None:
    """An address such as ``a1.execute-api.localhost`` is the engine's, wherever that is."""
    with HTTPServer(("127.0.0.1", 0), Named) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        client = Mock()
        client.meta.endpoint_url = "http://127.0.0.1:1"
        name = f"a1.no-resolver-knows.localhost:{server.server_port}"
        answer = send(f"http://{name}", "GET", "/x", client)
        thread.join()
    assert answer.text == name
    assert answer.url == f"http://{name}/x"


def test_nobody_at_the_address() -> None:
    client = Mock()
    client.meta.endpoint_url = "http://127.0.0.1:1"
    with pytest.raises(NotebookError, match=r"GET http://127\.0\.0\.1:1/x: .*onnect"):
        send("http://127.0.0.1:1", "GET", "/x", client)


def test_a_function_with_a_url_and_no_route(notebook: WebNotebook) -> None:
    name = notebook.engine.name("web")
    notebook.value(f"%%lambda {name} --url\n{ECHO}")
    handle = notebook.shell.user_ns[name.replace("-", "_")]
    told = handle.get("/any/where", params={"a": 1}).json()
    assert (told["path"], told["query"], told["route"]) == ("/any/where", "a=1", "$default")


def test_a_function_with_neither(notebook: WebNotebook) -> None:
    name = notebook.engine.name("web")
    notebook.value(f"%%lambda {name}\n{ECHO}")
    handle = notebook.shell.user_ns[name.replace("-", "_")]
    with pytest.raises(UsageError, match=r"answers no HTTP requests: give its cell a route"):
        handle.get("/")
    notebook.value(f"%%lambda {name} --http /late --api {notebook.api}\n{ECHO}")
    assert handle.get("/late").json()["route"] == "ANY /late"


def test_an_api_that_somebody_else_made(notebook: WebNotebook) -> None:
    """With a stage of another name; the function's policy says which API it is."""
    engine = notebook.engine
    name = engine.create(ECHO)
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    api = notebook.gateway.create_api(Name=engine.name("theirs"), ProtocolType="HTTP")["ApiId"]
    integration = notebook.gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    notebook.gateway.create_route(
        ApiId=api, RouteKey="GET /theirs", Target=f"integrations/{integration}"
    )
    notebook.gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{engine.region}:{engine.account}:{api}/*/GET/theirs",
    )
    theirs = Function(name, Beside(engine.client()))
    answer = theirs.get("/theirs")
    assert answer.json()["route"] == "GET /theirs"
    assert "/live/theirs" in answer.url


def test_the_trace_says_http(echo: Any) -> None:
    echo.get("/echo/trace")
    frame = echo.trace(expect=1).to_pandas()
    assert set(frame["trigger"]) == {"http"}
