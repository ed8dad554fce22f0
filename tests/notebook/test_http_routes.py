"""``--http``: routes of an HTTP API that a cell makes, moves and takes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from engine_fixtures import Engine
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from web_notebook import ECHO, WebNotebook, connected_shell

from lambda_nb.notebook.errors import AWSError, UsageError
from lambda_nb.notebook.web import permissions, routes
from lambda_nb.notebook.web.http_api import withdraw

NO_KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


@pytest.fixture
def notebook(shell: InteractiveShell, engine: Engine) -> WebNotebook:
    return WebNotebook(shell, engine)


# -- what the words mean


def test_routes_as_people_write_them() -> None:
    words = ["GET /a/{id}", "post", "/b", "/c", "$default", "ANY /{proxy+}", "GET /a/{id}"]
    assert routes.route_keys(words) == [
        "GET /a/{id}",
        "POST /b",
        "ANY /c",
        "$default",
        "ANY /{proxy+}",
    ]


@pytest.mark.parametrize("word", ["", "FETCH /a", "GET", "GET a", "hello"])
def test_words_that_are_no_route(word: str) -> None:
    with pytest.raises(UsageError, match=r"--http '.*': give 'GET /items/\{id\}', /items"):
        routes.route_keys([word])


def test_statements_of_different_routes_have_different_ids() -> None:
    ids = {permissions.statement_id("a1", key) for key in ("GET /a-b", "GET /a/b", "GET /a_b")}
    assert len(ids) == 3
    long = permissions.statement_id("a1b2c3d4e5", "GET /" + "long/" * 40)
    assert len(long) <= 100


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("GET /hello/{name}", "a1/*/GET/hello/*"),
        ("ANY /{proxy+}", "a1/*/*/*"),
        ("POST /", "a1/*/POST/"),
        ("$default", "a1/*/$default"),
    ],
)
def test_the_source_of_a_route(key: str, source: str) -> None:
    arn = routes.source_arn("arn:aws-cn:lambda:cn-north-1:000000000000:function:f", "a1", key)
    assert arn == f"arn:aws-cn:execute-api:cn-north-1:000000000000:{source}"


# -- what a cell makes


def test_a_cell_makes_an_api_with_its_routes(notebook: WebNotebook) -> None:
    hello = notebook.deploy("--http 'GET /hello/{name}' POST /items '$default'")
    (api,) = notebook.apis()
    assert api["ProtocolType"] == "HTTP"
    assert "CorsConfiguration" not in api
    assert notebook.routes() == dict.fromkeys(
        ["GET /hello/{name}", "POST /items", "$default"], hello.name
    )
    assert notebook.sources(hello.name) == ["*/$default", "*/GET/hello/*", "*/POST/items"]
    (integration,) = notebook.gateway.get_integrations(ApiId=api["ApiId"])["Items"]
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"
    (stage,) = notebook.gateway.get_stages(ApiId=api["ApiId"])["Items"]
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    group = stage["AccessLogSettings"]["DestinationArn"].split(":log-group:")[1]
    found = notebook.engine.client("logs").describe_log_groups(logGroupNamePrefix=group)
    assert [one["logGroupName"] for one in found["logGroups"]] == [group]


def test_a_cell_shows_its_routes_as_links(notebook: WebNotebook) -> None:
    notebook.deploy("--http 'GET /hello/{name}' POST /items '$default'")
    (api,) = notebook.apis()
    address = api["ApiEndpoint"]
    text, markup = repr(notebook.display), notebook.display._repr_html_()
    assert text.splitlines()[1:] == [
        f"GET       {address}/hello/{{name}}",
        f"POST      {address}/items",
        f"$default  {address}/",
    ]
    assert f'<a href="{address}/hello/name" target="_blank"' in markup
    # A browser sends GET: the address of a POST is no link.
    assert f'"{address}/items"' not in markup
    assert f"{address}/items" in markup


def test_a_cell_that_runs_again_changes_nothing(notebook: WebNotebook) -> None:
    options = "--http 'GET /a/{id}' POST /b --cors https://example.com"
    name = notebook.deploy(options).name
    changes: list[str] = []
    reads = ("Get", "List", "Describe")

    def note(model: Any, **_: Any) -> None:
        if not model.name.startswith(reads):
            changes.append(model.name)

    session = notebook.shell.user_ns[name.replace("-", "_")].clients
    services = [session.client(service) for service in ("lambda", "apigatewayv2", "logs")]
    for client in services:
        client.meta.events.register("before-call", note, unique_id="changes")
    notebook.deploy(options, name)
    for client in services:
        client.meta.events.unregister("before-call", note, unique_id="changes")
    assert not changes


def test_a_route_that_the_cell_no_longer_has_disappears(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a' 'GET /b/{id}'").name
    notebook.deploy("--http 'GET /b/{key}' POST /c", name)
    assert notebook.routes() == {"GET /b/{key}": name, "POST /c": name}
    assert notebook.sources(name) == ["*/GET/b/*", "*/POST/c"]
    (api,) = notebook.apis()
    assert len(notebook.gateway.get_integrations(ApiId=api["ApiId"])["Items"]) == 1


def test_without_the_option_all_its_routes_go(notebook: WebNotebook) -> None:
    other = notebook.deploy("--http 'GET /other'").name
    name = notebook.deploy("--http 'GET /a'").name
    notebook.value(f"%%lambda {name}\n{ECHO}")
    assert notebook.routes() == {"GET /other": other}
    assert notebook.sources(name) == []


def test_another_api_gets_the_routes(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a'").name
    before = notebook.api
    notebook.api += "-two"
    notebook.deploy("--http 'GET /a'", name)
    assert notebook.routes() == {"GET /a": name}
    assert notebook.sources(name) == ["*/GET/a"]
    notebook.api = before
    assert notebook.routes() == {}


def test_a_route_moves_to_the_function_that_asks_last(notebook: WebNotebook) -> None:
    first = notebook.deploy("--http 'GET /a' 'GET /b'").name
    second = notebook.deploy("--http 'GET /b'").name
    assert notebook.routes() == {"GET /a": first, "GET /b": second}
    assert f"GET /b led to {first} before" in repr(notebook.display)
    assert notebook.sources(first) == ["*/GET/a"]
    assert notebook.sources(second) == ["*/GET/b"]


def test_other_people_s_routes_stay_as_they_are(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a'").name
    (api,) = notebook.apis()
    theirs = notebook.gateway.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri="https://example.com/",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    notebook.gateway.create_route(
        ApiId=api["ApiId"], RouteKey="GET /theirs", Target=f"integrations/{theirs}"
    )
    with pytest.raises(UsageError, match=r"has a route 'GET /theirs' that no cell made"):
        notebook.deploy("--http 'GET /a' 'GET /theirs'", name)
    notebook.value(f"%%lambda {name}\n{ECHO}")
    left = notebook.gateway.get_routes(ApiId=api["ApiId"])["Items"]
    assert [route["RouteKey"] for route in left] == ["GET /theirs"]


def test_an_authorizer_of_a_route_stays(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a'").name
    (api,) = notebook.apis()
    (route,) = notebook.gateway.get_routes(ApiId=api["ApiId"])["Items"]
    notebook.gateway.update_route(
        ApiId=api["ApiId"], RouteId=route["RouteId"], AuthorizationType="AWS_IAM"
    )
    notebook.deploy("--http 'GET /a' 'GET /b'", name)
    kinds = {
        one["RouteKey"]: one["AuthorizationType"]
        for one in notebook.gateway.get_routes(ApiId=api["ApiId"])["Items"]
    }
    assert kinds == {"GET /a": "AWS_IAM", "GET /b": "NONE"}


def test_a_function_that_is_deleted_takes_its_routes_with_it(notebook: WebNotebook) -> None:
    hello = notebook.deploy("--http 'GET /a'")
    hello.delete()
    assert notebook.routes() == {}
    with pytest.raises(AWSError, match="ResourceNotFoundException"):
        hello()


def test_a_function_by_its_arn_has_the_same_routes(notebook: WebNotebook) -> None:
    hello = notebook.deploy("--http 'GET /a'")
    withdraw(hello.clients, hello.arn)
    assert notebook.routes() == {}
    assert notebook.sources(hello.name) == []


def test_an_api_that_somebody_deleted_is_made_again(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a'").name
    (gone,) = notebook.apis()
    notebook.gateway.delete_api(ApiId=gone["ApiId"])
    notebook.deploy("--http 'GET /a'", name)
    assert notebook.routes() == {"GET /a": name}
    assert notebook.sources(name) == ["*/GET/a"]


def test_whoever_may_not_read_policies_has_no_routes() -> None:
    client = boto3.client("lambda", region_name="us-east-1", **NO_KEYS)
    with Stubber(client) as stubbed:
        stubbed.add_client_error("get_policy", "AccessDeniedException")
        assert permissions.statements(client, "f") == {}
        stubbed.add_client_error("get_policy", "ServiceException")
        with pytest.raises(ClientError, match="ServiceException"):
            permissions.statements(client, "f")
    client.close()


# -- CORS


def origins(notebook: WebNotebook) -> list[str] | None:
    (api,) = notebook.apis()
    found = api.get("CorsConfiguration")
    return sorted(found["AllowOrigins"]) if found else None


def test_cors_is_off_unless_a_cell_asks(notebook: WebNotebook) -> None:
    name = notebook.deploy("--http 'GET /a'").name
    assert origins(notebook) is None
    notebook.deploy("--http 'GET /a' --cors", name)
    assert origins(notebook) == ["*"]
    notebook.deploy("--http 'GET /a' --cors http://localhost:8000", name)
    assert origins(notebook) == ["http://localhost:8000"]
    notebook.deploy("--http 'GET /a'", name)
    assert origins(notebook) is None


def test_cells_of_one_api_share_cors(notebook: WebNotebook) -> None:
    first = notebook.deploy("--http 'GET /a' --cors https://a.example").name
    second = notebook.deploy("--http 'GET /b' --cors https://b.example").name
    notebook.deploy("--http 'GET /c'")
    assert origins(notebook) == ["https://a.example", "https://b.example"]
    notebook.deploy("--http 'GET /a'", first)
    assert origins(notebook) == ["https://b.example"]
    notebook.value(f"%%lambda {second}\n{ECHO}")
    assert origins(notebook) is None


# -- mistakes


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--cors", "--cors is for routes; add --http ROUTE"),
        ("--api x", "--api is for routes; add --http ROUTE"),
        ("--http /a --cors https://example.com/x", "an origin is a scheme and a host"),
        ("--http", "expected at least one argument"),
        ("--http hello", "--http 'hello': give"),
    ],
)
def test_mistakes_get_a_short_answer(notebook: WebNotebook, options: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        notebook.value(f"%%lambda never {options}\n{ECHO}")
    with pytest.raises(AWSError, match="ResourceNotFoundException"):
        notebook.value("%lambda config never")


def test_two_apis_of_one_name_need_an_id(notebook: WebNotebook) -> None:
    made = [
        notebook.gateway.create_api(Name=notebook.api, ProtocolType="HTTP")["ApiId"]
        for _ in range(2)
    ]
    with pytest.raises(UsageError, match=r"2 HTTP APIs are named .* give an id"):
        notebook.deploy("--http /a")
    notebook.value(f"%%lambda by_id --http /a --api {made[1]}\n{ECHO}")
    routes_of = notebook.gateway.get_routes(ApiId=made[1])["Items"]
    assert [route["RouteKey"] for route in routes_of] == ["ANY /a"]


def test_a_timeout_that_no_api_waits_for_is_told(notebook: WebNotebook) -> None:
    notebook.deploy("--http /a --timeout 60")
    assert "an HTTP API waits 30 s at most" in repr(notebook.display)


def test_completion_and_help(notebook: WebNotebook) -> None:
    def complete(line: str) -> list[str]:
        completer: Any = notebook.shell.Completer
        with provisionalcompleter():
            return [found.text for found in completer.completions(line, len(line))]

    notebook.deploy("--http /a")
    assert {"--http", "--api", "--cors"} <= set(complete("%%lambda f --"))
    assert "PATCH" in complete("%%lambda f --http PA")
    assert notebook.api in complete(f"%%lambda f --api {notebook.api[:5]}")
    assert notebook.api in complete(f"%lambda api {notebook.api[:5]}")
    assert notebook.api in complete(f"%lambda access {notebook.api[:5]}")
    told = notebook.shell.object_inspect("%%lambda")["docstring"]
    assert "--http ROUTE" in told
    assert "api [NAME] [--delete]" in notebook.shell.object_inspect("%lambda")["docstring"]
