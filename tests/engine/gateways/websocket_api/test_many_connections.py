"""Ten thousand idle WebSockets: none is in another's way, and nothing stays of them."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psutil
import pytest
from engine_fixtures import Engine, zip_of

COUNT = 10_000
ROOM = 4000  # descriptors that engine and test need beside
HOLD = (
    "GET /execute-api/{api}/live HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
ECHO = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['body']}\n"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Room for all the sockets; the engine inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = COUNT + ROOM
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"a process may have {hard} file descriptors here, {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def echoing_api(engine: Engine) -> str:
    name = engine.name("echo")
    engine.create(ECHO, FunctionName=name, Code={"ZipFile": zip_of({"index.py": ECHO})})
    gateway = engine.client("apigatewayv2")
    api = gateway.create_api(
        Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    uri = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri
    )["IntegrationId"]
    route = gateway.create_route(
        ApiId=api,
        RouteKey="$default",
        Target=f"integrations/{integration}",
        RouteResponseSelectionExpression="$default",
    )["RouteId"]
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return str(api)


def connected(engine: Engine, api: str) -> socket.socket:
    """A WebSocket; new ones wait while the API takes no more in this second."""
    parts = urlsplit(engine.url)
    handshake = HOLD.format(api=api, host=parts.netloc).encode()
    while True:
        line = socket.create_connection((parts.hostname, parts.port), 60)
        line.sendall(handshake)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += line.recv(4096)
        status = answer.split(b" ", 2)[1]
        if status == b"101":
            return line
        line.close()
        assert status == b"429", answer
        time.sleep(0.05)


def echoed(line: socket.socket, text: bytes) -> bytes:
    line.sendall(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)
    answer = b""
    while len(answer) < 2 + len(text):
        answer += line.recv(4096)
    return answer[2:]


@pytest.mark.usefixtures("descriptors")
def test_idle_connections_cost_little_and_block_nobody(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    api = echoing_api(engine)
    process = psutil.Process(engine.process.pid)
    first = connected(engine, api)
    assert echoed(first, b"warm") == b"warm"
    memory, open_before = process.memory_info().rss, process.num_fds()
    with contextlib.ExitStack() as lines:
        held = [lines.enter_context(connected(engine, api)) for _ in range(COUNT)]
        assert process.num_fds() >= open_before + COUNT
        each = (process.memory_info().rss - memory) / COUNT
        assert each < 60_000, f"{each:.0f} bytes for each connection"
        assert echoed(first, b"first") == b"first"
        assert echoed(held[COUNT // 2], b"middle") == b"middle"
        assert engine.client().list_functions()["Functions"]
    deadline = time.monotonic() + 60
    while process.num_fds() > open_before + 10:
        assert time.monotonic() < deadline, f"{process.num_fds()} descriptors stay open"
        time.sleep(0.1)
    assert echoed(first, b"last") == b"last"
    first.close()
