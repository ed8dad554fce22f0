"""``%lambda api`` and the live access log, of APIs on a real engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell
from shown_bundles import bundles
from web_notebook import ECHO, WebNotebook, connected_shell

import lambda_nb
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.views.access import AccessLogView


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


@pytest.fixture(scope="module")
def notebook(shell: InteractiveShell, engine: Engine) -> WebNotebook:
    return WebNotebook(shell, engine)


@pytest.fixture(scope="module")
def echo(notebook: WebNotebook) -> Any:
    return notebook.deploy("--http 'GET /echo/{name}' 'POST /items'")


def until(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def after_looking(view: AccessLogView, count: int) -> list[Any]:
    """The view's requests, once there are so many."""
    return until(lambda: (view._live.look(), len(view.requests) >= count and view.requests)[1])


# -- the access log


def test_requests_appear_as_they_come(notebook: WebNotebook, echo: Any) -> None:
    view = lambda_nb.access_log(notebook.api, client=notebook.engine.client())
    before = len(view.requests)
    echo.get("/echo/Ada?q=1")
    echo.post("/items", json={})
    echo.get("/nowhere")
    last = after_looking(view, before + 3)[before:]
    assert [(one.method, one.path, one.status) for one in last] == [
        ("GET", "/echo/Ada", 200),
        ("POST", "/items", 200),
        ("GET", "/nowhere", 404),
    ]
    assert [one.function for one in last] == [echo.name, echo.name, ""]
    assert last[0].route == "GET /echo/{name}"
    assert last[0].address == "127.0.0.1"
    assert last[0].milliseconds >= 0
    text = repr(view)
    assert text.splitlines()[0].startswith(f"{notebook.api} · http")
    assert "requests in the last minute · median " in text
    assert "GET     /echo/Ada" in text
    assert '<span class="lnb-cold">404</span>' in view._markup()


def test_it_updates_while_it_is_shown(
    notebook: WebNotebook, echo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = lambda_nb.access_log(notebook.api, client=notebook.engine.client(), every=0.1)
    assert not view.running
    static, live = bundles(view, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in live
    assert set(static) == {"text/plain", "text/html"}
    assert view.running
    echo.get("/echo/live-one")
    until(lambda: "/echo/live-one" in view._live.widget.value)
    view.stop()
    assert not view.running


def test_the_magic_shows_an_api_of_the_notebook(notebook: WebNotebook, echo: Any) -> None:
    echo.get("/echo/magic")
    view = notebook.value(f"%lambda access {notebook.api}")
    until(lambda: (view._live.look(), "/echo/magic" in repr(view))[1])


def test_paths_are_escaped(notebook: WebNotebook, echo: Any) -> None:
    view = lambda_nb.access_log(notebook.api, client=notebook.engine.client())
    seen = len(view.requests)
    echo.get("/echo/<script>")
    after_looking(view, seen + 1)
    assert "<script>" not in view._markup()


def test_a_line_of_another_format_is_shown_as_it_is(notebook: WebNotebook) -> None:
    name = notebook.engine.name("plain")
    notebook.value(f"%%lambda {name} --http /plain --api {name}\n{ECHO}")
    api = next(one for one in notebook.gateway.get_apis()["Items"] if one["Name"] == name)
    stage = notebook.gateway.get_stage(ApiId=api["ApiId"], StageName="$default")
    notebook.gateway.update_stage(
        ApiId=api["ApiId"],
        StageName="$default",
        AccessLogSettings={
            **stage["AccessLogSettings"],
            "Format": "$context.httpMethod $context.status $context.requestId",
        },
    )
    view = lambda_nb.access_log(api["ApiId"], client=notebook.engine.client())
    notebook.shell.user_ns[name.replace("-", "_")].get("/plain")
    (one,) = after_looking(view, 1)
    assert one.line.startswith("GET 200 ")
    assert one.line in repr(view)


def test_mistakes_are_explained(notebook: WebNotebook, echo: Any) -> None:
    client = notebook.engine.client()
    with pytest.raises(UsageError, match=r"there is no API 'nowhere'; there are: .*web"):
        lambda_nb.access_log("nowhere", client=client)
    with pytest.raises(UsageError, match="every is 0"):
        lambda_nb.access_log(notebook.api, client=client, every=0)
    bare = notebook.engine.name("bare")
    notebook.gateway.create_api(Name=bare, ProtocolType="HTTP")
    with pytest.raises(UsageError, match="has no access log in CloudWatch"):
        lambda_nb.access_log(bare, client=client)


# -- %lambda api


def test_the_table_of_an_api(notebook: WebNotebook, echo: Any) -> None:
    (api,) = notebook.apis()
    shown = notebook.value(f"%lambda api {notebook.api}")
    address = api["ApiEndpoint"]
    lines = repr(shown).splitlines()
    assert lines[0] == f"HTTP API {notebook.api} · {address} · id {api['ApiId']}"
    assert lines[1].split() == ["route", "function", "try", "it"]
    assert lines[2].split() == ["GET", "/echo/{name}", echo.name, "curl", f"{address}/echo/name"]
    assert lines[3].endswith(f"curl --json '{{}}' {address}/items")
    markup = shown._repr_html_()
    assert f'<a href="{address}/echo/name" target="_blank"' in markup
    assert "authorizer" not in markup


def test_authorizers_are_named(notebook: WebNotebook) -> None:
    gateway = notebook.gateway
    name = notebook.engine.name("guarded")
    notebook.value(f"%%lambda {name} --http 'GET /a' --api {name}\n{ECHO}")
    api = next(one for one in gateway.get_apis()["Items"] if one["Name"] == name)["ApiId"]
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="people",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Audience": ["me"], "Issuer": "https://example.com"},
    )["AuthorizerId"]
    (route,) = gateway.get_routes(ApiId=api)["Items"]
    gateway.update_route(
        ApiId=api, RouteId=route["RouteId"], AuthorizationType="JWT", AuthorizerId=authorizer
    )
    text = repr(notebook.value(f"%lambda api {name}"))
    assert "JWT people" in text
    assert "-H 'authorization: TOKEN'" in text


def test_all_that_answers(notebook: WebNotebook, echo: Any) -> None:
    engine = notebook.engine
    name = engine.name("url")
    notebook.value(f"%%lambda {name} --url\n{ECHO}")
    rest = engine.client("apigateway")
    api = rest.create_rest_api(name=engine.name("rest"))
    (root,) = rest.get_resources(restApiId=api["id"])["items"]
    rest.put_method(
        restApiId=api["id"], resourceId=root["id"], httpMethod="GET", authorizationType="AWS_IAM"
    )
    told = {"restApiId": api["id"], "resourceId": root["id"], "httpMethod": "GET"}
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    rest.put_integration(
        **told,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    socket = notebook.gateway.create_api(
        Name=engine.name("chat"),
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression="$request.body.action",
    )
    notebook.gateway.create_route(ApiId=socket["ApiId"], RouteKey="$connect")
    assert "not deployed" in repr(notebook.value(f"%lambda api {api['name']}"))
    rest.create_deployment(restApiId=api["id"], stageName="prod")
    text = repr(notebook.value("%lambda api"))
    assert f"HTTP API {notebook.api}" in text
    assert f"function URL {name} · http" in text
    chat = f"WebSocket API {socket['Name']} · {socket['ApiEndpoint']} · id {socket['ApiId']}"
    assert f"{chat} · by $request.body.action\nroute     function" in text
    assert "$connect" in text
    root_of = f"{engine.url}/execute-api/{api['id']}/prod"
    assert f"REST API {api['name']} · {root_of} · id {api['id']}" in text
    alone = repr(notebook.value(f"%lambda api {api['id']}"))
    assert f"GET /  {name}" in alone
    assert "--aws-sigv4 aws:amz:" in alone


def test_an_api_is_deleted_with_what_lets_it_in(notebook: WebNotebook) -> None:
    engine = notebook.engine
    name = engine.name("gone")
    notebook.value(f"%%lambda {name} --http 'GET /a' --api {name}\n{ECHO}")
    assert notebook.sources(name) == ["*/GET/a"]
    assert f"deleted the API {name}" in repr(notebook.value(f"%lambda api {name} --delete"))
    assert notebook.sources(name) == []
    with pytest.raises(UsageError, match=f"there is no API '{name}'"):
        notebook.value(f"%lambda api {name}")
    with pytest.raises(UsageError, match="--delete needs the NAME"):
        notebook.value("%lambda api --delete")
    # The cell makes it again.
    notebook.value(f"%%lambda {name} --http 'GET /a' --api {name}\n{ECHO}")
    assert notebook.sources(name) == ["*/GET/a"]
