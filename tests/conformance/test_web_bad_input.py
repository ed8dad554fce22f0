"""Bad requests to every door: a defined answer, nothing leaked, nobody else blocked."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_sites import DOORS, Door, door_of

ECHO = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "here"}
"""
LEAKS = re.compile(rb"Traceback|lambda_nb|site-packages|\.py\b|/tmp/|/work/|/home/|AKIA")


@pytest.fixture(scope="module")
def doors(engine: Engine) -> dict[str, Door]:
    name = engine.create(ECHO)
    client = engine.client()
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    opened = {}
    for kind in DOORS:
        opened[kind] = door_of(engine, kind, arn)
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.remove_permission(FunctionName=name, StatementId="door")
    for sid, principal in (("api", "apigateway"), ("elb", "elasticloadbalancing")):
        client.add_permission(
            FunctionName=name,
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal=f"{principal}.amazonaws.com",
        )
    client.add_permission(
        FunctionName=name,
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    return opened


@pytest.fixture(params=DOORS)
def door(doors: dict[str, Door], request: pytest.FixtureRequest) -> Iterator[Door]:
    found = doors[request.param]
    yield found
    answer = found.ask("/well")  # whatever came before, the next request is served
    assert (answer.status, answer.body) == (200, b"here")


def raw(door: Door, data: bytes, *, last: bool = False, timeout_s: float = 20) -> bytes:
    """What comes back for these bytes, until the door closes the connection.

    With ``last``, we close our side: nothing more will come.
    """
    parts = urlsplit(door.engine)
    with socket.create_connection((parts.hostname, parts.port), timeout_s) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            if last:
                connection.shutdown(socket.SHUT_WR)
        got = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                got += chunk
    assert not LEAKS.search(got), got
    return got


def statuses(answer: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]


def head(door: Door, *lines: bytes, start: bytes = b"GET / HTTP/1.1") -> bytes:
    host = urlsplit(door.url).netloc.encode()
    return b"\r\n".join((start, b"Host: " + host, *lines)) + b"\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -1",),
        (b"Content-Length: +5",),
        (b"Content-Length: 5x",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding : chunked",),
        (b"Bad Header: 1",),
        (b"X: a\x00b",),
        (b": no name",),
    ],
)
def test_smuggled_lengths_and_broken_headers(door: Door, lines: tuple[bytes, ...]) -> None:
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    start = b"POST / HTTP/1.1"
    answered = statuses(raw(door, head(door, *lines, start=start) + b"0\r\n\r\n" + hidden))
    assert answered
    assert answered[0] == 400
    assert len(answered) == 1  # what was hidden behind it is not taken for a request


@pytest.mark.parametrize(
    "start",
    [b"GET", b"GET  HTTP/1.1", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9", b"PRI * HTTP/2.0"],
)
def test_what_is_no_http(door: Door, start: bytes) -> None:
    assert statuses(raw(door, head(door, start=start), last=True)) in ([400], [])


def test_headers_that_are_too_long(doors: dict[str, Door]) -> None:
    def answer(kind: str, size: int) -> int:
        return doors[kind].ask("/", headers={"X-Long": "a" * size}).status

    assert answer("HTTP API", 9000) == 200
    assert answer("HTTP API", 10_241) == 431
    assert answer("REST API", 18_000) == 200
    assert answer("REST API", 20_481) in (413, 431)
    for kind in DOORS:
        assert answer(kind, 200_000) in (400, 413, 414, 431), kind


def test_a_long_head_may_come_in_pieces(doors: dict[str, Door]) -> None:
    door = doors["load balancer"]
    lines = [b"X-%d: " % n + b"a" * 990 for n in range(50)]
    parts = urlsplit(door.engine)
    with socket.create_connection((parts.hostname, parts.port), 20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in (head(door)[:-4], *lines, b"Connection: close\r\n"):
            connection.sendall(line + b"\r\n")
        assert statuses(connection.recv(65536)) == [200]


def test_a_head_right_after_a_long_body(door: Door) -> None:
    """What comes with a body's end is not all the next request's head."""
    body = b"a" * 300_000
    first = head(door, b"Content-Length: %d" % len(body), start=b"POST / HTTP/1.1") + body
    next_head = head(door, b"Connection: close", b"X-Long: " + b"b" * 500)
    parts = urlsplit(door.engine)
    with socket.create_connection((parts.hostname, parts.port), 20) as connection:
        connection.sendall(first + next_head[:-100])
        got = connection.recv(65536)
        assert statuses(got) == [200]
        connection.sendall(next_head[-100:])
        while chunk := connection.recv(65536):
            got += chunk
    assert statuses(got) == [200, 200]


def test_a_head_without_an_end(door: Door) -> None:
    """Headers that never end are refused before they fill the memory."""
    parts = urlsplit(door.engine)
    with socket.create_connection((parts.hostname, parts.port), 20) as connection:
        connection.sendall(head(door)[:-2])
        sent = 0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while sent < 64 << 20:
                connection.sendall(b"X-More: " + b"a" * 8000 + b"\r\n")
                sent += 8010
    assert sent < 4 << 20


def test_bodies_that_are_too_long(doors: dict[str, Door]) -> None:
    def answer(kind: str, size: int) -> int:
        try:
            return doors[kind].ask("/", "POST", b"a" * size).status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # refused before the whole body was sent

    assert answer("function URL", (6 << 20) + 1) == 413
    assert answer("HTTP API", (10 << 20) + 1) == 413
    assert answer("REST API", (10 << 20) + 1) == 413
    assert answer("load balancer", (1 << 20) + 1) == 413
    assert answer("load balancer", 1 << 19) == 200


@pytest.mark.parametrize(
    "path", [b"/%ff%fe", b"/%zz", b"/%", b"/\xff", b"/a%00b", b"/?a=%ff&%=%zz"]
)
def test_paths_and_queries_that_are_no_text(door: Door, path: bytes) -> None:
    answer = statuses(raw(door, head(door, b"Connection: close", start=b"GET %s HTTP/1.1" % path)))
    assert answer
    assert set(answer) <= {200, 400, 403, 404}


def test_bodies_and_headers_that_are_no_text(door: Door) -> None:
    body = b"\xff\xfe\x00"
    lines = (b"Content-Type: application/json", b"Content-Length: 3", b"X-Raw: \xff\xe9")
    start = b"POST /a HTTP/1.1"
    answer = raw(door, head(door, *lines, b"Connection: close", start=start) + body)
    assert statuses(answer) == [200]


def test_slow_clients_block_nobody(door: Door) -> None:
    parts = urlsplit(door.engine)
    slow = [socket.create_connection((parts.hostname, parts.port), 20) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            if number % 2:
                connection.sendall(b"POST / HT")
            else:
                start = b"POST / HTTP/1.1"
                connection.sendall(head(door, b"Content-Length: 100", start=start) + b"half")
        assert door.ask("/").status == 200
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("kind", DOORS)
def test_a_foreign_host_is_not_answered(engine: Engine, kind: str, doors: dict[str, Door]) -> None:
    path = "/" if kind == "function URL" else "/x"
    connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=20)
    label = doors[kind].host.replace("localhost", "evil.example")
    connection.request("GET", path, headers={"Host": label})
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"here" not in answer.read()
    connection.close()


@pytest.mark.parametrize("kind", DOORS)
def test_a_page_of_a_foreign_origin_reads_nothing(doors: dict[str, Door], kind: str) -> None:
    origin = {"Origin": "https://evil.example"}
    answer = doors[kind].ask("/", headers=origin)
    assert "access-control-allow-origin" not in {name.lower() for name in answer.headers}
    asks = {**origin, "Access-Control-Request-Method": "PUT"}
    preflight = doors[kind].ask("/", "OPTIONS", headers=asks)
    assert "access-control-allow-origin" not in {name.lower() for name in preflight.headers}


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes(doors: dict[str, Door], data: st.DataObject) -> None:
    door = doors[data.draw(st.sampled_from(DOORS))]
    token = st.sampled_from(
        [b"GET", b"POST", b"OPTIONS", b" ", b"/", b"/%", b"HTTP/1.1", b"\r\n", b"\n", b":", b"0",
         b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Cookie: a=b; c",
         b"Upgrade: websocket",
         b"Connection: Upgrade", b"Authorization: AWS4-HMAC-SHA256 Credential=a/b", b"Origin: x",
         b"Content-Type: multipart/form-data", b"{\"a\":", b"\xff\x00", b"?a=1&a", b"%00"]
    )  # fmt: skip
    tail = b"".join(data.draw(st.lists(st.one_of(token, st.binary(max_size=20)), max_size=12)))
    well_begun = data.draw(st.booleans())
    host = urlsplit(door.url).netloc.encode()
    before = b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n" if well_begun else b""
    answer = raw(door, before + tail + b"\r\n\r\n", last=True)
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert all(status != 500 for status in statuses(answer)), answer


def test_the_apis_themselves_stay_behind_signatures(engine: Engine, door: Door) -> None:
    """The Host of a door leads to its function only, never to Lambda or a neighbour."""
    answer = door.ask("/2015-03-31/functions/")
    assert (answer.status, answer.body) == (200, b"here")
    unsigned = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=20)
    unsigned.request("GET", "/v2/apis")
    refused = unsigned.getresponse()
    assert refused.status in (403, 404)
    assert "ApiId" not in json.dumps(refused.read().decode())
    unsigned.close()
