"""What an API's configuration decides: routes that are missing, changes, mocks, servers, logs."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from web_socket_lab import STAGE, WebSocketApi, asked, end_of, make
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ECHO = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps([%r, event.get('body')])}\n"
)
WHO = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps(event['requestContext'])}\n"
)


@pytest.fixture(scope="module")
def function(engine: Engine) -> str:
    """A function that answers with what it got."""
    return engine.create(ECHO % "first")


@pytest.fixture(scope="module")
def api(engine: Engine, function: str) -> WebSocketApi:
    """An API with one route and without $connect and $disconnect."""
    made = make(engine)
    made.route("known", made.integrate(function), responds=True)
    return made


def test_without_connect_everybody_may_in_and_unmatched_is_forbidden(api: WebSocketApi) -> None:
    with api.connect() as client:
        client.send(json.dumps({"action": "unknown"}))
        text = client.recv(timeout=60)
        assert isinstance(text, str)
        answer = json.loads(text)
        assert text.startswith('{"message": "Forbidden", "connectionId":"')
        assert set(answer) == {"message", "connectionId", "requestId"}
        assert asked(client, {"action": "known"})[0] == "first"


def test_changes_count_for_the_next_message(engine: Engine, api: WebSocketApi) -> None:
    with api.connect() as client:
        assert asked(client, {"action": "later"})["message"] == "Forbidden"
        integration = api.integrate(engine.create(ECHO % "second"))
        route = api.route("later", integration, responds=True)
        assert asked(client, {"action": "later"})[0] == "second"
        api.v2.delete_route(ApiId=api.api_id, RouteId=route)
        assert asked(client, {"action": "later"})["message"] == "Forbidden"


@pytest.mark.parametrize("what", ["api", "stage"])
def test_connections_end_with_their_api_or_stage(engine: Engine, function: str, what: str) -> None:
    short_lived = make(engine)
    short_lived.route("$default", short_lived.integrate(function))
    with short_lived.connect() as client, short_lived.connect() as other:
        if what == "api":
            short_lived.v2.delete_api(ApiId=short_lived.api_id)
        else:
            short_lived.v2.delete_stage(ApiId=short_lived.api_id, StageName=STAGE)
        assert end_of(client) == (1001, "Going away")
        assert end_of(other) == (1001, "Going away")


def test_connections_outlive_other_stages(engine: Engine, api: WebSocketApi) -> None:
    api.v2.create_stage(ApiId=api.api_id, StageName="other", AutoDeploy=True)
    with api.connect() as client:
        api.v2.delete_stage(ApiId=api.api_id, StageName="other")
        assert asked(client, {"action": "known"})[0] == "first"


def test_unknown_addresses_are_forbidden(api: WebSocketApi) -> None:
    base = api.url.removesuffix(f"/{api.api_id}/{STAGE}")
    for path in (f"/{api.api_id}/other", f"/{api.api_id}", "/nobody/prod", f"/{api.api_id}/a/b"):
        with pytest.raises(InvalidStatus) as refused, connect(base + path):
            pass
        assert refused.value.response.status_code == 403


def test_by_host(api: WebSocketApi) -> None:
    port = api.engine.url.rpartition(":")[2]
    for host in (
        f"{api.api_id}.execute-api.localhost:{port}",
        f"{api.api_id}.execute-api.us-east-1.localhost:{port}",
    ):
        with (
            socket.create_connection(("127.0.0.1", int(port))) as line,
            connect(f"ws://{host}/{STAGE}", sock=line) as client,
        ):
            assert asked(client, {"action": "known"})[0] == "first"


def test_a_foreign_host_is_refused(api: WebSocketApi) -> None:
    port = api.engine.url.rpartition(":")[2]
    with (
        socket.create_connection(("127.0.0.1", int(port))) as line,
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://evil.example:{port}/execute-api/{api.api_id}/{STAGE}", sock=line),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert b"evil.example" in (refused.value.response.body or b"")


def test_plain_http_is_forbidden(api: WebSocketApi) -> None:
    status, _ = plain(api, "GET", f"/execute-api/{api.api_id}/{STAGE}")
    assert status == 403


def plain(api: WebSocketApi, method: str, path: str) -> tuple[int, bytes]:
    """Status and body of an unsigned HTTP request."""
    import http.client

    connection = http.client.HTTPConnection(api.engine.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_without_permission_it_is_an_internal_error_and_the_log_says_why(
    engine: Engine, function: str
) -> None:
    stranger = make(engine)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    integration = stranger.integration(
        IntegrationType="AWS_PROXY", IntegrationUri=stranger.uri(arn)
    )
    stranger.route("$connect", integration)
    status, body = stranger.refused()
    assert (status, body["message"]) == (500, "Internal server error")
    log = engine.log_file.read_text()
    assert f"{stranger.api_id}/{STAGE}/$connect" in log
    assert "aws lambda add-permission" in log


def test_stage_variable_in_the_integration(engine: Engine, function: str) -> None:
    varied = make(engine, StageVariables={"fn": function})
    varied.integrate(function)  # for the permission
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:${{stageVariables.fn}}"
    integration = varied.integration(IntegrationType="AWS_PROXY", IntegrationUri=varied.uri(arn))
    varied.route("$default", integration, responds=True)
    with varied.connect() as client:
        assert asked(client, "hi") == ["first", "hi"]


def test_mock(engine: Engine) -> None:
    mocked = make(engine)
    letting = mocked.integration(
        IntegrationType="MOCK", RequestTemplates={"$default": '{"statusCode": 200}'}
    )
    refusing = mocked.integration(
        IntegrationType="MOCK", RequestTemplates={"$default": '{"statusCode": 403}'}
    )
    route = mocked.route("$connect", letting)
    with mocked.connect():
        pass
    mocked.v2.update_route(ApiId=mocked.api_id, RouteId=route, Target=f"integrations/{refusing}")
    assert mocked.refused()[0] == 403


def test_throttled(engine: Engine, function: str) -> None:
    limited = make(engine)
    limited.route("busy", limited.integrate(function), responds=True)
    limits = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1}
    limited.v2.update_stage(ApiId=limited.api_id, StageName=STAGE, RouteSettings={"busy": limits})
    with limited.connect() as client:
        assert asked(client, {"action": "busy"})[0] == "first"
        assert asked(client, {"action": "busy"})["message"] == "Too Many Requests"


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = {"path": self.path, "body": body.decode(), "connection": self.headers.get("x-id")}
        told["user"] = self.headers.get("X-User")
        answer = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_http_proxy(engine: Engine, server: str) -> None:
    proxied = make(engine)
    integration = proxied.integration(
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="POST",
        IntegrationUri=f"{server}/{{route}}/in?x=1",
        RequestParameters={
            "integration.request.header.x-id": "context.connectionId",
            "integration.request.path.route": "context.routeKey",
            "integration.request.querystring.fixed": "'a b'",
        },
    )
    proxied.route("$connect", integration)
    proxied.route("said", integration, responds=True)
    with proxied.connect("?who=ada", additional_headers={"X-User": "ada"}) as client:
        message = json.dumps({"action": "said", "what": "hi"})
        answer = asked(client, message)
    assert answer["path"] == "/said/in?x=1&fixed=a+b"
    assert answer["body"] == message
    assert len(answer["connection"]) == 16


def test_a_server_that_cannot_be_reached(engine: Engine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        unreachable = make(engine)
        integration = unreachable.integration(
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="POST",
            IntegrationUri=f"http://127.0.0.1:{taken.getsockname()[1]}/",
        )
        unreachable.route("$default", integration)
        with unreachable.connect() as client:
            assert asked(client, "hi")["message"] == "Internal server error"


def test_a_function_that_takes_too_long(engine: Engine) -> None:
    slow = make(engine)
    sleeps = "import time\ndef handler(event, context):\n    time.sleep(5)\n"
    function = engine.create(sleeps, Timeout=10)
    integration = slow.integrate(function, TimeoutInMillis=100)
    slow.route("$default", integration)
    slow.route("$connect", slow.integrate(function, TimeoutInMillis=100))
    status, body = slow.refused()
    assert (status, body["message"]) == (504, "Endpoint request timed out")


def test_access_log(engine: Engine, function: str) -> None:
    logs = engine.client("logs")
    group = engine.name("/ws/access")
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}"
    form = (
        "$context.eventType $context.routeKey $context.status $context.error.message "
        "$context.requestId"
    )
    logged = make(engine, AccessLogSettings={"DestinationArn": arn, "Format": form})
    logged.route("known", logged.integrate(function), responds=True)
    with logged.connect() as client:
        asked(client, {"action": "known"})
        asked(client, {"action": "unknown"})
    wanted = {
        "CONNECT $connect 200 -",
        "MESSAGE known 200 -",
        "MESSAGE - 403 Forbidden",
        "DISCONNECT $disconnect 200 -",
    }
    deadline = time.monotonic() + 30
    lines: set[str] = set()
    while lines != wanted and time.monotonic() < deadline:
        found = logs.filter_log_events(logGroupName=group)
        lines = {event["message"].rpartition(" ")[0] for event in found["events"]}
    assert lines == wanted


def test_by_a_custom_domain_name(engine: Engine) -> None:
    named = make(engine)
    named.route("$default", named.integrate(engine.create(WHO)), responds=True)
    name = engine.name("chat") + ".localhost"
    arn = f"arn:aws:acm:{engine.region}:{engine.account}:certificate/c"
    named.v2.create_domain_name(
        DomainName=name,
        DomainNameConfigurations=[{"CertificateArn": arn, "EndpointType": "REGIONAL"}],
    )
    named.v2.create_api_mapping(
        DomainName=name, ApiId=named.api_id, Stage=STAGE, ApiMappingKey="talk"
    )
    named.v2.update_api(ApiId=named.api_id, DisableExecuteApiEndpoint=True)
    assert named.refused()[0] == 403
    port = int(engine.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as line,
        connect(f"ws://{name}:{port}/talk", sock=line) as client,
    ):
        context = asked(client, "who am I")
        assert (context["domainName"], context["stage"]) == (f"{name}:{port}", STAGE)
        back = named.management(f"{engine.url}/talk")
        back.meta.events.register("before-sign.*", partial(called, f"{name}:{port}"))
        back.post_to_connection(ConnectionId=context["connectionId"], Data=b"by name")
        assert client.recv(timeout=60) == "by name"


def called(host: str, request: Any, **_: Any) -> None:
    """Send a request to another name."""
    request.headers["Host"] = host
