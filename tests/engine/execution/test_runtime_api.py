"""The Runtime API as a runtime sees it: events, responses, and refused requests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lambda_nb.engine.execution.runtime_api.http1 import Connection
from lambda_nb.engine.execution.runtime_api.listener import RuntimeAPI

PREFIX = "/2018-06-01/runtime/invocation"


class Told:
    """Records what the runtime did."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.events.append((name, *arguments))


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def api(told: Told) -> AsyncIterator[RuntimeAPI]:
    made = RuntimeAPI(told, lambda _: True)
    await made.start()
    yield made
    made.close()


class Runtime:
    """A runtime's connection, byte for byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, method: str, path: str, body: bytes = b"", *headers: str) -> None:
        lines = [f"{method} {PREFIX}{path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        self._writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + body)

    async def receive(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(status.split()[1]), headers, body

    async def nothing(self) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(self._reader.read(1), 0.05)


@pytest.fixture
async def runtime(api: RuntimeAPI) -> AsyncIterator[Runtime]:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    yield Runtime(reader, writer)
    writer.close()


async def asked(api: RuntimeAPI) -> None:
    while not api.parked:
        await asyncio.sleep(0.001)


async def test_an_event_and_its_answer(api: RuntimeAPI, told: Told, runtime: Runtime) -> None:
    runtime.send("GET", "/next")
    await asked(api)
    api.deliver("id", "attempt", ["Lambda-Runtime-Deadline-Ms: 1"], b"{}")
    status, headers, body = await runtime.receive()
    assert (status, body) == (200, b"{}")
    assert headers["lambda-runtime-aws-request-id"] == "id"
    runtime.send("POST", "/id/response", b"[1]", "Content-Type: application/json")
    assert await runtime.receive() == (
        202,
        {"content-type": "application/json", "content-length": "16"},
        b'{"status":"ok"}\n'.replace(b"ok", b"OK"),
    )
    assert told.events == [("asked_next",), ("responded", b"[1]", "application/json")]
    assert not api.parked


async def test_our_runtime_s_answer_asks_for_the_next_event(
    api: RuntimeAPI, told: Told, runtime: Runtime
) -> None:
    runtime.send("GET", "/next")
    await asked(api)
    api.deliver("id", "attempt", [], b"1")
    await runtime.receive()
    runtime.send("POST", "/id/response", b"2", "Lambda-Nb-Next: 4096")
    await asked(api)
    assert api.peak_kb == 4096
    assert [event[0] for event in told.events] == ["asked_next", "responded", "asked_next"]
    await runtime.nothing()
    api.deliver("other", "attempt", [], b"3")
    status, headers, body = await runtime.receive()
    assert (status, headers["lambda-runtime-aws-request-id"], body) == (200, "other", b"3")


async def test_an_answer_that_is_refused_asks_for_nothing(
    api: RuntimeAPI, told: Told, runtime: Runtime
) -> None:
    runtime.send("GET", "/next")
    await asked(api)
    api.deliver("id", "attempt", [], b"1")
    await runtime.receive()
    for path, extra, kind in (
        ("/wrong/response", "Lambda-Nb-Next: 1", b"InvalidRequestID"),
        ("/id/response", "Lambda-Nb-Next: 1\r\nLambda-Runtime-Invocation-Id: x", b"InvalidInvocat"),
    ):
        runtime.send("POST", path, b"2", extra)
        status, _, body = await runtime.receive()
        assert (status, kind in body) == (400, True)
        assert not api.parked
    runtime.send("POST", "/id/error", b"{}", "Lambda-Nb-Next: 1")
    await asked(api)
    assert told.events[-2][0] == "failed"


async def test_an_answer_comes_once(api: RuntimeAPI, runtime: Runtime) -> None:
    runtime.send("GET", "/next")
    await asked(api)
    api.deliver("id", "attempt", [], b"1")
    await runtime.receive()
    runtime.send("POST", "/id/response", b"2")
    assert (await runtime.receive())[0] == 202
    runtime.send("POST", "/id/error", b"{}")
    status, _, body = await runtime.receive()
    assert (status, b"InvalidStateTransition" in body) == (403, True)


@pytest.mark.parametrize(
    ("version", "extra"), [("1.1", "Connection: close\r\n"), ("1.0", ""), ("1.0", "X: y\r\n")]
)
async def test_a_client_that_reads_to_the_end_of_the_stream_comes_to_it(
    api: RuntimeAPI, version: str, extra: str
) -> None:
    """Many small clients ask for ``Connection: close``, or speak HTTP/1.0, and read until EOF."""

    async def ask(method: str, path: str, body: bytes = b"") -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        head = f"{method} {PREFIX}{path} HTTP/{version}\r\nHost: x\r\n{extra}"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    waiting = asyncio.ensure_future(ask("GET", "/next"))
    await asked(api)
    api.deliver("id", "attempt", [], b"event")
    head, _, body = (await waiting).partition(b"\r\n\r\n")
    assert (body, b"Connection: close" in head) == (b"event", True)
    assert b"202" in await ask("POST", "/id/response", b"1")
    assert b"403" in await ask("POST", "/id/response", b"1")
    assert b"404" in await ask("GET", "/nowhere")


async def test_who_is_accepted_as_the_listener_closes_is_hung_up_on(told: Told) -> None:
    made = RuntimeAPI(told, lambda _: True)
    await made.start()
    made.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        accepted, _ = listener.accept()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: Connection(made), accepted)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert not made.connections
        writer.close()
        await writer.wait_closed()
