"""Requests that came before are answered by what was remembered of them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from lambda_nb.engine.api.wire.certificates import Certificates
from lambda_nb.engine.api.wire.connection import WholeAnswers
from lambda_nb.engine.api.wire.http import REMEMBER
from lambda_nb.engine.api.wire.known_heads import LONGEST_HEAD, Again, KnownHeads

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def told(body: bytes) -> bytes:
    """An answer on the wire."""
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


class Server:
    """A server whose application answers ``made``, and remembers ``again`` for each request."""

    def __init__(self, known: KnownHeads) -> None:
        self.known = known
        self.again: Again | None = lambda client, tls: told(b"again")
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.port = 0

    async def start(self, certificates: Certificates | None = None) -> None:
        config = uvicorn.Config(
            self._app,
            http=partial(  # type: ignore[arg-type]
                WholeAnswers,
                certificate=None if certificates is None else certificates.context,
                known=self.known,
            ),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
        )
        config.load()
        self._state = uvicorn.Server(config).server_state
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self._state, app_state={}
            ),
            "127.0.0.1",
            0,
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._listening.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        while self._state.connections:
            await asyncio.sleep(0)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        remember = scope.get(REMEMBER)
        if remember is not None and self.again is not None:
            remember(self.again)
        if scope["path"] == "/slow":
            await self.may_answer.wait()
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"made"})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(KnownHeads())
    await server.start()
    yield server
    await server.close()


async def bodies(server: Server, *requests: bytes, **tls: Any) -> list[bytes]:
    """The bodies of answers to requests, each sent in one piece on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, **tls)
    found = []
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split()[0])
        found.append(await reader.readexactly(size))
    writer.close()
    return found


async def test_the_same_request_is_answered_again(server: Server) -> None:
    assert await bodies(server, GET, GET, GET) == [b"made", b"made", b"again"]
    assert await bodies(server, GET, GET) == [b"again", b"again"]
    other = GET.replace(b"Host: a", b"host: a")
    assert await bodies(server, other) == [b"made"]
    assert server.asked == 3


@pytest.mark.parametrize(
    "request_",
    [
        GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GET.replace(b"GET", b"POST"),
        GET.replace(b"Host", b"Connection: close\r\nHost"),
        GET.replace(b"Host", b"X: " + b"x" * LONGEST_HEAD + b"\r\nHost"),
    ],
    ids=["HTTP/1.0", "POST", "close", "long"],
)
async def test_what_is_never_remembered(server: Server, request_: bytes) -> None:
    for _ in range(3):
        assert await bodies(server, request_) == [b"made"]
    assert len(server.known) == 0


async def test_a_request_in_pieces_is_not_remembered(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(GET[:7])
        await asyncio.sleep(0.02)
        writer.write(GET[7:])
        await reader.readuntil(b"made")
        writer.write(GET * 2)
        await reader.readuntil(b"made")
        await reader.readuntil(b"made")
    assert len(server.known) == 0
    writer.close()


def post(size: int) -> bytes:
    """The head of a request whose body comes later: the answer does not wait for it."""
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size


async def test_a_body_is_no_request(server: Server) -> None:
    assert await bodies(server, GET, GET, GET) == [b"made", b"made", b"again"]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post(len(GET)))
    await reader.readuntil(b"made")
    writer.write(GET)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    writer.write(GET)
    await reader.readuntil(b"again")
    writer.close()


async def test_the_rest_of_a_body_is_remembered_by_nobody(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(post(4))
        await reader.readuntil(b"made")
        writer.write(b"GET " + GET)
        await reader.readuntil(b"made")
    assert len(server.known) == 0
    writer.close()


async def test_answers_come_in_the_order_of_requests(server: Server) -> None:
    await bodies(server, GET, GET)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(GET.replace(b"/ ", b"/slow "))
    await asyncio.sleep(0.02)
    writer.write(GET)
    await asyncio.sleep(0.02)
    server.may_answer.set()
    told_first = await reader.readuntil(b"made")
    assert b"again" not in told_first
    writer.close()


async def test_what_is_no_longer_so_is_forgotten(server: Server) -> None:
    answers: list[bytes | None] = [told(b"again"), None]
    server.again = lambda client, tls: answers.pop(0)
    assert await bodies(server, GET, GET) == [b"made", b"made"]
    server.again = None
    assert await bodies(server, GET, GET, GET) == [b"again", b"made", b"made"]
    assert len(server.known) == 0


async def test_a_fault_costs_no_answer(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def fail(client: object, tls: object) -> bytes:
        raise ZeroDivisionError

    server.again = fail
    with caplog.at_level(logging.ERROR):
        assert await bodies(server, GET, GET, GET) == [b"made", b"made", b"made"]
    assert "cannot be answered again" in caplog.text


async def test_who_asks_is_told(server: Server) -> None:
    seen: list[Any] = []

    def answer(client: Any, tls: Any) -> bytes:
        seen.append((client[0], client[1] > 0, tls))
        return told(b"again")

    server.again = answer
    await bodies(server, GET, GET, GET)
    assert seen == [("127.0.0.1", True, None)]


async def test_tls_has_a_memory_of_its_own(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    await certificates.make()
    server = Server(KnownHeads())
    await server.start(certificates)
    seen: list[Any] = []

    def answer(client: Any, tls: Any) -> bytes:
        seen.append(tls)
        return told(b"again")

    server.again = answer
    try:
        assert await bodies(server, GET, GET, GET) == [b"made", b"made", b"again"]
        trust = {"ssl": trusting(certificates), "server_hostname": "localhost"}
        assert await bodies(server, GET, GET, GET, **trust) == [b"made", b"made", b"again"]
    finally:
        await server.close()
    assert seen[0] is None
    assert seen[1][0].startswith("TLSv1.")


def trusting(certificates: Certificates) -> ssl.SSLContext:
    """What trusts a server's certificate."""
    return ssl.create_default_context(cafile=str(certificates.authority))


async def test_a_slow_reader_is_waited_for(server: Server) -> None:
    """What waits to be sent does not grow without end."""
    large = told(b"x" * 1_000_000)
    server.again = lambda client, tls: large
    assert await bodies(server, GET, GET) == [b"made", b"made"]
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 10)
    for _ in range(30):
        writer.write(GET)
        await asyncio.sleep(0.005)
    (connection,) = [c for c in server._state.connections if c.flow.write_paused]  # type: ignore[union-attr]
    assert connection.transport.get_write_buffer_size() < 5_000_000
    writer.close()


@pytest.mark.parametrize("most", [1, 3])
def test_the_oldest_makes_room(most: int) -> None:
    known = KnownHeads(most)
    answer: Callable[[object, object], bytes] = lambda client, tls: b""  # noqa: E731
    for number in range(5):
        assert known.rememberer(b"GET %d" % number, ("http", 1)) is None
        remember = known.rememberer(b"GET %d" % number, ("http", 1))
        assert remember is not None
        remember(answer)
    assert len(known) == most
    assert known.find(b"GET 4", ("http", 1)) is answer
    assert known.find(b"GET 4", ("https", 1)) is None
    assert known.find(b"GET 0", ("http", 1)) is None


def test_few_that_came_once_are_known() -> None:
    known = KnownHeads(2)
    for number in range(9):
        assert known.rememberer(b"GET %d" % number, ("http", 1)) is None
    assert known.rememberer(b"GET 8", ("http", 1)) is not None
    assert known.rememberer(b"GET 0", ("http", 1)) is None
