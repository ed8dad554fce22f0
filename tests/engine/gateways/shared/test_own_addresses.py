"""The addresses that function URLs and APIs show, and the ports of their own behind them."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from engine_fixtures import Engine, launch

from lambda_nb.engine.gateways.shared.own_addresses import OwnAddresses, is_loopback
from lambda_nb.engine.gateways.shared.own_ports import OwnPorts

URL = "http://127.0.0.1:4571"
ECHO = "def handler(event, context):\n    return event\n"
Start = Callable[..., Engine]


async def opened(path: Path | None, form: str, resolves: Any = None) -> OwnAddresses:
    addresses = OwnAddresses(URL, form, resolves)
    await addresses.open(path)
    return addresses


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port is not None
    return port


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


# -- the forms


async def test_the_host_form_and_the_path_form(tmp_path: Path) -> None:
    by_host = await opened(tmp_path / "ports.json", "host")
    assert by_host.of("lambda-url", "id") == "http://id.lambda-url.localhost:4571"
    assert by_host.of("execute-api", "a", "ws") == "ws://a.execute-api.localhost:4571"
    by_path = await opened(tmp_path / "ports.json", "path")
    assert by_path.of("execute-api", "a") == "http://127.0.0.1:4571/execute-api/a"
    assert not (tmp_path / "ports.json").exists()


@pytest.mark.parametrize(("known", "form"), [(True, "host"), (False, "port")])
async def test_the_resolver_decides(tmp_path: Path, known: bool, form: str) -> None:
    asked: list[str] = []

    def resolves(name: str) -> bool:
        asked.append(name)
        assert threading.current_thread() is not threading.main_thread()
        return known

    addresses = await opened(tmp_path / "ports.json", "auto", resolves)
    address = addresses.of("lambda-url", "id")
    addresses.close()
    assert asked == ["lambda-nb.localhost"]
    assert (".lambda-url.localhost:4571" in address) == (form == "host")
    assert (urlsplit(address).hostname == "127.0.0.1") == (form == "port")


async def test_a_resolver_that_hangs_holds_nothing_up(tmp_path: Path) -> None:
    answers = threading.Event()
    addresses = await opened(tmp_path / "ports.json", "auto", lambda name: answers.wait(60))
    assert urlsplit(addresses.of("lambda-url", "id")).hostname == "127.0.0.1"
    addresses.close()
    answers.set()


def test_what_counts_as_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolver(*found: str) -> None:
        entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: entries)

    resolver("127.0.0.1", "::1")
    assert is_loopback("any.localhost")
    resolver("::1")  # the engine listens on 127.0.0.1 alone
    assert not is_loopback("any.localhost")
    resolver("127.0.0.1", "192.0.2.1")  # a resolver that answers for names that do not exist
    assert not is_loopback("any.localhost")

    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert not is_loopback("any.localhost")


async def test_without_descriptors_to_spare_it_is_the_path_form() -> None:
    addresses = await opened(None, "port")
    assert addresses.of("lambda-url", "id") == "http://127.0.0.1:4571/lambda-url/id"
    addresses.release("lambda-url", "id")
    addresses.changed()
    addresses.close()


# -- ports


async def test_each_has_a_port_of_its_own_on_loopback_alone(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    addresses = await opened(path, "port")
    one, two = addresses.of("lambda-url", "id"), addresses.of("execute-api", "id")
    assert one == addresses.of("lambda-url", "id") != two
    assert addresses.of("execute-api", "id", "ws") == two.replace("http:", "ws:")
    assert addresses.owner(port_of(one)) == ("lambda-url", "id")
    assert addresses.owner(port_of(two)) == ("execute-api", "id")
    assert addresses.owner(4571) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["ports.json"]
    listening = Path("/proc/net/tcp").read_text()
    for address in (one, two):
        assert f"0100007F:{port_of(address):04X} 00000000:0000 0A" in listening
    addresses.close()
    assert not reachable(port_of(one))


async def test_ports_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    first = await opened(path, "port")
    given = {name: first.of("lambda-url", name) for name in ("a", "b", "c")}
    first.release("lambda-url", "b")
    assert not reachable(port_of(given["b"]))
    first.close()
    # Also where new ones would get another form: what was given out before must go on.
    second = await opened(path, "host")
    assert second.owner(port_of(given["a"])) == ("lambda-url", "a")
    assert reachable(port_of(given["c"]))
    assert not reachable(port_of(given["b"]))
    second.close()
    third = await opened(path, "port")
    assert third.of("lambda-url", "a") == given["a"]
    assert third.of("lambda-url", "c") == given["c"]
    third.close()


async def test_a_port_that_another_has_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ports.json"
    first = await opened(path, "port")
    lost = port_of(first.of("lambda-url", "a"))
    kept = first.of("lambda-url", "b")
    first.close()
    with socket.create_server(("127.0.0.1", lost)):
        second = await opened(path, "port")
        found = port_of(second.of("lambda-url", "a"))
        assert found != lost
        assert second.of("lambda-url", "b") == kept
        second.close()
    assert f"port {lost} of lambda-url a is taken by another process" in caplog.text
    assert f"port {found} now" in caplog.text
    third = await opened(path, "port")  # the new one is remembered
    assert port_of(third.of("lambda-url", "a")) == found
    third.close()


@pytest.mark.parametrize("content", ["", "{", "[1]", '[["lambda-url", "a", "x"]]', '{"a": 1}'])
def test_a_damaged_file(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ports.json"
    path.write_text(content)
    ports = OwnPorts(path)
    assert ports.owners() == []
    assert "cannot be read" in caplog.text
    port = ports.of(("lambda-url", "a"))
    ports.close()
    assert json.loads(path.read_text()) == [["lambda-url", "a", port]]


@pytest.mark.parametrize("port", [-1, 0, 65536, 1 << 70])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    path = tmp_path / "ports.json"
    path.write_text(json.dumps([["lambda-url", "a", port]]))
    ports = OwnPorts(path)
    given = ports.of(("lambda-url", "a"))
    assert given is not None
    assert 1024 < given < 65536
    ports.close()


def test_a_directory_that_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ports = OwnPorts(tmp_path / "gone" / "ports.json")
    assert ports.of(("lambda-url", "a")) is not None
    assert "will not be kept" in caplog.text
    ports.close()


async def test_what_is_no_more_loses_its_port(tmp_path: Path) -> None:
    addresses = await opened(tmp_path / "ports.json", "port")
    there = {"a", "b"}
    ports = {name: port_of(addresses.of("lambda-url", name)) for name in sorted(there)}
    asked = asyncio.Event()

    def exists(kind: str, identifier: str) -> bool:
        asked.set()
        return identifier in there

    addresses.keep(exists)
    await asyncio.wait_for(asked.wait(), 30)
    assert reachable(ports["a"])
    asked.clear()
    there.remove("a")
    addresses.changed()
    await asyncio.wait_for(asked.wait(), 30)
    await asyncio.sleep(0)
    assert not reachable(ports["a"])
    assert reachable(ports["b"])
    # A connection that is still open is not for the engine's own APIs.
    assert addresses.owner(ports["a"]) == ("lambda-url", "a")
    addresses.close()


async def test_connections_that_come_before_the_server_wait(tmp_path: Path) -> None:
    ports = OwnPorts(tmp_path / "ports.json")
    port = ports.of(("lambda-url", "a"))
    early = socket.create_connection(("127.0.0.1", port))
    accepted: asyncio.Queue[int] = asyncio.Queue()

    async def accept(listener: socket.socket) -> Callable[[], None]:
        async def connected(reader: Any, writer: asyncio.StreamWriter) -> None:
            accepted.put_nowait(listener.getsockname()[1])
            writer.close()

        server = await asyncio.start_server(connected, sock=listener)
        return server.close

    ports.serve(accept)
    assert await asyncio.wait_for(accepted.get(), 30) == port
    early.close()
    late = ports.of(("lambda-url", "b"))
    with socket.create_connection(("127.0.0.1", late)):
        assert await asyncio.wait_for(accepted.get(), 30) == late
    third = ports.of(("lambda-url", "c"))
    ports.release(("lambda-url", "c"))  # before it began to accept
    await asyncio.sleep(0.01)
    assert third is not None
    assert not reachable(third)
    ports.close()
    await asyncio.sleep(0)
    assert late is not None
    assert not reachable(late)


# -- in an engine


def open_url(engine: Engine, name: str) -> str:
    url = engine.client().create_function_url_config(FunctionName=name, AuthType="NONE")
    engine.client().add_permission(
        FunctionName=name,
        StatementId="public",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    return str(url["FunctionUrl"])


def ask(address: str, path: str, host: str = "", headers: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request(
            "GET", path, headers={**({"Host": host} if host else {}), **(headers or {})}
        )
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_url_keeps_its_port_over_restarts(start_engine: Start) -> None:
    engine = start_engine("--addresses", "port")
    kept, gone = engine.create(ECHO), engine.create(ECHO)
    url, other = open_url(engine, kept), open_url(engine, gone)
    assert engine.client().get_function_url_config(FunctionName=kept)["FunctionUrl"] == url
    status, body = ask(url, "/a/b?x=1")
    event = json.loads(body)
    assert (status, event["rawPath"], event["rawQueryString"]) == (200, "/a/b", "x=1")
    assert event["requestContext"]["domainName"] == urlsplit(url).netloc
    assert event["requestContext"]["domainPrefix"] == event["requestContext"]["apiId"]
    assert event["headers"]["x-forwarded-port"] == str(port_of(url))

    open_connection = http.client.HTTPConnection(urlsplit(other).netloc, timeout=60)
    open_connection.request("GET", "/")
    assert open_connection.getresponse().read()
    engine.client().delete_function(FunctionName=gone)
    until(lambda: not reachable(port_of(other)))
    # The connection that was open is still for the URL that was there, not for the engine.
    open_connection.request("GET", "/2015-03-31/functions/")
    reply = open_connection.getresponse()
    assert (reply.status, reply.read()) == (404, b'{"Message":null}')
    open_connection.close()
    assert engine.stop() == 0
    assert not reachable(port_of(url))

    again = start_engine("--addresses", "port")
    assert again.client().get_function_url_config(FunctionName=kept)["FunctionUrl"] == url
    assert json.loads(ask(url, "/x")[1])["rawPath"] == "/x"
    assert not reachable(port_of(other))
    assert again.stop() == 0

    with socket.create_server(("127.0.0.1", port_of(url))):
        third = start_engine("--addresses", "port")
        moved = third.client().get_function_url_config(FunctionName=kept)["FunctionUrl"]
        assert moved != url
        assert json.loads(ask(moved, "/x")[1])["rawPath"] == "/x"
        assert "is taken by another process" in third.log_file.read_text()


@pytest.fixture(scope="module")
def ported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that gives out ports, and answers calls that nobody signed."""
    running = launch(tmp_path_factory.mktemp("engine"), "--addresses", "port", "--auth", "none")
    yield running
    assert running.stop() == 0


def test_a_port_of_its_own_answers_for_nothing_else(ported: Engine) -> None:
    engine = ported
    url = open_url(engine, engine.create(ECHO))
    other = open_url(engine, engine.create(ECHO))
    identifier = engine.identifier(other)
    assert ask(engine.url, "/2015-03-31/functions/")[0] == 200
    for path in (
        "/2015-03-31/functions/",
        "/_lambda_nb/status",
        "/_lambda_nb/health",
        "/?Action=ListQueues",
        f"/lambda-url/{identifier}/",
        "/snapshots/x",
    ):
        for host in ("", "sqs.us-east-1.amazonaws.com", f"{identifier}.lambda-url.localhost"):
            status, body = ask(url, path, host)
            context = json.loads(body)["requestContext"]
            assert (status, context["apiId"]) == (200, engine.identifier(url)), (path, host)
    # Not by a foreign name either: a page elsewhere reads nothing of the function.
    status, body = ask(url, "/", "evil.example")
    assert (status, b"--allow-host" in body) == (403, True)


def test_an_api_has_one_too(ported: Engine) -> None:
    engine = ported
    name = engine.create(ECHO)
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    gateway = engine.client("apigatewayv2")
    api = gateway.create_api(Name="web", ProtocolType="HTTP", Target=arn)
    chat = gateway.create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    engine.client().add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    endpoint, other = api["ApiEndpoint"], chat["ApiEndpoint"]
    assert urlsplit(endpoint).scheme == "http"
    assert urlsplit(other).scheme == "ws"
    assert len({port_of(endpoint), port_of(other), port_of(engine.url)}) == 3
    status, body = ask(endpoint, "/items/3")
    assert (status, json.loads(body)["rawPath"]) == (200, "/items/3")
    assert engine.identifier(endpoint) == api["ApiId"]
    assert gateway.get_api(ApiId=chat["ApiId"])["ApiEndpoint"] == other
    for one in (api, chat):
        gateway.delete_api(ApiId=one["ApiId"])
    until(lambda: not reachable(port_of(endpoint)) and not reachable(port_of(other)))

    def kept() -> set[str]:
        return {name for _, name, _ in json.loads((engine.data_dir / "ports.json").read_text())}

    until(lambda: not {api["ApiId"], chat["ApiId"]} & kept())  # written once the ports are closed


def test_the_form_can_be_chosen(start_engine: Start) -> None:
    engine = start_engine("--addresses", "host")
    url = open_url(engine, engine.create(ECHO))
    identifier = engine.identifier(url)
    host = f"{identifier}.lambda-url.localhost:{urlsplit(engine.url).port}"
    assert url == f"http://{host}/"
    for path, named in (("/x", host), (f"/lambda-url/{identifier}/x", "")):
        assert json.loads(ask(engine.url, path, named)[1])["rawPath"] == "/x"
    assert not (engine.data_dir / "ports.json").exists()


def test_redirects_and_cookies_stay_with_the_function(ported: Engine) -> None:
    """What a web framework does: a redirect to a path of its root, a cookie of Path=/."""
    engine = ported
    url = open_url(
        engine,
        engine.create(
            "def handler(event, context):\n"
            "    if event['rawPath'] == '/login':\n"
            "        return {'statusCode': 303, 'headers': {'location': '/items/3'},\n"
            "                'cookies': ['user=ada; Path=/']}\n"
            "    return {'statusCode': 200, 'body': event['rawPath'] + str(event.get('cookies'))}\n"
        ),
    )
    with requests.Session() as session:
        answer = session.get(f"{url}login", timeout=60)
    assert answer.text == "/items/3['user=ada']"
    assert answer.url == f"{url}items/3"


def test_few_descriptors_mean_the_path_form(start_engine: Start) -> None:
    limited = (
        "bash",
        "-c",
        f'ulimit -n 512; exec {sys.executable} -m lambda_nb.engine serve --port 0 "$@"',
        "engine",
    )
    engine = start_engine("--addresses", "port", serve=limited)
    url = open_url(engine, engine.create(ECHO))
    assert url.startswith(f"{engine.url}/lambda-url/")
    assert ask(engine.url, urlsplit(url).path)[0] == 200
