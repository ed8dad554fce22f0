"""Calls without HTTP between our two ends: every call arrives, and none are mixed up."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from lambda_nb.engine.aws_calls.embedded import OPENING, EmbeddedCalls, packed
from lambda_nb.engine.neighbours.process.wsgi import Handler

Serve = Callable[[], Any]
Call = Callable[..., Any]

_made: list[str] = []


@pytest.fixture
def made() -> list[str]:
    """The paths of the calls that arrived."""
    _made.clear()
    return _made


@Request.application
def says(request: Request) -> Response:
    """Returns the request, or does what its path asks for."""
    body = request.get_data()
    _made.append(request.path)
    if request.path == "/echo":
        return Response(body, mimetype="application/octet-stream")
    if request.path == "/nothing":
        return Response(status=204)
    if request.path == "/crash":
        raise RuntimeError("it was asked for")
    told = {
        "method": request.method,
        "target": request.environ["RAW_URI"],
        "path": request.path,
        "query": request.query_string.decode(),
        "meta": request.headers.get("x-amz-meta-name"),
        "type": request.content_type,
        "length": request.content_length,
    }
    return Response(json.dumps(told), 201, {"X-Said": "yes"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@pytest.fixture
def serve(path: Path) -> Iterator[Serve]:
    """Start a server at the path, as the neighbours' process does."""
    servers = []

    def start() -> Any:
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(4096)
        server = make_server(
            "unix://", 0, says, threaded=True, request_handler=Handler, fd=listener.fileno()
        )
        server.server_address = ("127.0.0.1", 80)
        server.daemon_threads = True
        listener.close()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
async def calls(path: Path, serve: Serve) -> AsyncIterator[Call]:
    serve()
    calls = EmbeddedCalls()
    yield partial(calls, str(path))
    await calls.close()


async def answered(
    calls: Call,
    target: str,
    body: bytes = b"",
    method: str = "POST",
    headers: Iterable[tuple[str, str]] = (),
) -> tuple[int, dict[str, str], bytes]:
    async with calls(method, target, dict(headers), body) as answer:
        return answer.status, dict(answer.headers), await answer.read()


async def test_a_call_and_its_answer_arrive_as_they_are(calls: Call) -> None:
    target = "/a%20b/%C3%BC+c//d?list-type=2&prefix=%2F&x="
    headers = [("x-amz-meta-name", "w\xf6rter"), ("content-type", "text/x")]
    status, answer, content = await answered(calls, target, b"123", "PUT", headers)
    assert (status, answer["X-Said"]) == (201, "yes")
    assert answer["Content-Length"] == str(len(content))
    assert json.loads(content) == {
        "method": "PUT",
        "target": target,
        "path": "/a b/\xfc+c//d",
        "query": "list-type=2&prefix=%2F&x=",
        "meta": "w\xf6rter",
        "type": "text/x",
        "length": 3,
    }
    status, answer, content = await answered(calls, "/nothing")
    assert (status, "Content-Length" in answer, content) == (204, False, b"")
    assert (await answered(calls, "/", method="HEAD"))[2] == b""
    assert (await answered(calls, "/crash"))[0] == 500
    assert (await answered(calls, "/"))[0] == 201


async def test_large_bodies_come_in_pieces(calls: Call) -> None:
    body = bytes(range(256)) * 40_000
    async with calls("POST", "/echo", {}, body) as answer:
        assert answer.length == len(body)
        pieces = [piece async for piece in answer.chunks()]
    assert b"".join(pieces) == body
    assert len(pieces) > 10


async def test_many_calls_at_once_get_their_own_answers(calls: Call) -> None:
    bodies = [b"%d" % number * number for number in range(200)]
    answers = await asyncio.gather(*(answered(calls, "/echo", body) for body in bodies))
    assert [content for _, _, content in answers] == bodies


async def test_what_is_left_of_an_answer_is_no_answer_to_the_next_call(
    calls: Call,
) -> None:
    body = b"old" * 100_000
    async with calls("POST", "/echo", {}, body) as answer:
        await anext(answer.chunks())
    assert (await answered(calls, "/echo", b"new"))[2] == b"new"
    late = asyncio.ensure_future(answered(calls, "/echo", body))
    await asyncio.sleep(0)
    late.cancel()
    assert (await answered(calls, "/echo", b"new"))[2] == b"new"


@pytest.mark.parametrize("by_http", [False, True])
async def test_a_call_that_was_cut_short_is_not_made(
    calls: Call, path: Path, made: list[str], by_http: bool
) -> None:
    if by_http:
        call = b"POST /cut HTTP/1.1\r\nContent-Length: 10\r\n\r\n"
    else:
        call = OPENING + packed(("POST", "/cut", []), bytes(10))
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(call + bytes(9))
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await answered(calls, "/after")
    assert made == ["/after"]


async def test_services_that_end_and_come_back(calls: Call, path: Path, serve: Serve) -> None:
    assert (await answered(calls, "/echo", b"1"))[2] == b"1"

    async def end_without_an_answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        writer.close()

    path.unlink()
    anew = EmbeddedCalls()
    alone = partial(anew, str(path))
    with pytest.raises(OSError):
        await answered(alone, "/echo")
    async with await asyncio.start_unix_server(end_without_an_answer, str(path)):
        with pytest.raises(ConnectionResetError, match="ended"):
            await answered(alone, "/echo")
    serve()
    assert (await answered(alone, "/echo", b"2"))[2] == b"2"
    await anew.close()


async def test_an_idle_connection_that_was_closed_is_not_used(path: Path) -> None:
    made: list[asyncio.StreamWriter] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer)
        await reader.readexactly(1)
        told = json.dumps([200, []]).encode()
        await reader.read(1 << 16)
        writer.write(len(told).to_bytes(4, "big") + bytes(8) + told)
        await writer.drain()
        writer.close()

    calls = EmbeddedCalls()
    async with await asyncio.start_unix_server(answer_once, str(path)):
        for _ in range(3):
            assert (await answered(partial(calls, str(path)), "/"))[0] == 200
            await asyncio.sleep(0.05)  # until the end of the connection arrives
    assert len(made) == 3
    await calls.close()
