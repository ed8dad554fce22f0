"""Servers as origins: what they get, what comes back, and what is done when nothing does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from edge_origins_lab import (
    DISTRIBUTION,
    Server,
    Speak,
    answer,
    body_of,
    hangs_up,
    is_silent,
    request,
    viewer,
)

from lambda_nb.engine.api.wire.certificates import Certificates
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Request
from lambda_nb.engine.edge.origins.faults import NoAnswerError, NotConnectedError
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.settings import Origin

Serve = Callable[..., Awaitable[Server]]


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    end = b"0\r\n\r\n" if ended else b""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + end


async def fault(origins: Origins, origin: Origin, asked: Request | None = None) -> OriginError:
    """The fault that an origin ends with, before or in its body."""
    with pytest.raises(OriginError) as caught:
        await body_of(await origins.fetch(origin, asked or request(), viewer(), DISTRIBUTION))
    return caught.value


async def test_what_an_origin_gets(origins: Origins, serve: Serve) -> None:
    server = await serve(answer())
    origin = server.origin(path="/site", custom_headers=(("X-Key", "k"), ("x-old", "new")))
    asked = Request(
        "POST",
        "/a%20b/../c",
        "x=1&y=%2f?",
        Headers(
            [
                ("X-Old", "old"),
                ("sPeLt", "as it was"),
                ("Set-A", "1"),
                ("Set-A", "2"),
                ("Content-Length", "999"),
                ("Connection", "close, X-Hop"),
                ("X-Hop", "gone"),
                ("TE", "trailers"),
            ]
        ),
        b"body",
    )
    response = await origins.fetch(origin, asked, viewer(), DISTRIBUTION)
    assert (response.status, response.reason, await body_of(response)) == (200, "OK", b"ok")
    (head,) = server.heads
    assert head[0] == "POST /site/a%20b/../c?x=1&y=%2f? HTTP/1.1"
    assert head[1] == "Host: 127.0.0.1"
    assert sorted(head[2:]) == sorted(
        [
            "x-old: new",
            "sPeLt: as it was",
            "Set-A: 1",
            "Set-A: 2",
            "X-Key: k",
            "User-Agent: Amazon CloudFront",
            "X-Amz-Cf-Id: request-1",
            "Connection: Keep-Alive",
            "CDN-Loop: CloudFront;distribution=E1",
            "Content-Length: 4",
        ]
    )
    assert server.requests[0].endswith(b"\r\n\r\nbody")


async def test_a_forwarded_host_and_agent(origins: Origins, serve: Serve) -> None:
    server = await serve(answer())
    asked = request(Host="www.example.com", User_Agent="curl")
    await origins.fetch(server.origin(), asked, viewer(), DISTRIBUTION)
    assert server.heads[0][1] == "Host: www.example.com"
    assert "User-Agent: curl" in server.heads[0]


async def test_a_port_in_the_name(origins: Origins, serve: Serve) -> None:
    server = await serve(answer())
    origin = Origin("o", f"app.localhost:{server.port}")
    response = await origins.fetch(origin, request(), viewer(), DISTRIBUTION)
    assert await body_of(response) == b"ok"
    assert server.heads[0][1] == f"Host: app.localhost:{server.port}"


async def test_headers_keep_order_and_spelling(origins: Origins, serve: Serve) -> None:
    told = ("X-oNe: 1", "Set-Cookie: a=1", "Set-Cookie: b=2", "Connection: X-Hop", "X-Hop: h")
    server = await serve(answer(b"x", *told, "X-Latin: \xe9"))
    response = await origins.fetch(server.origin(), request(), viewer(), DISTRIBUTION)
    assert list(response.headers) == [
        ("Content-Length", "1"),
        ("X-oNe", "1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Latin", "\xc3\xa9"),  # octets, as they came
    ]


@pytest.mark.parametrize(
    ("method", "raw", "status", "body"),
    [
        ("GET", chunked(b"abc", b"defg"), 200, b"abcdefg"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n', 304, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, b""),
        ("PUT", b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"put"), 200, b"put"),
        ("GET", answer(b"x" * 100_000), 200, b"x" * 100_000),
        ("GET", answer(b"no", status="599 Odd"), 599, b"no"),
    ],
    ids=["chunked", "204", "304", "HEAD", "100", "large", "599"],
)
async def test_forms_of_responses(
    origins: Origins, serve: Serve, method: str, raw: bytes, status: int, body: bytes
) -> None:
    server = await serve(raw)
    for _ in range(2):
        response = await origins.fetch(server.origin(), request(method), viewer(), DISTRIBUTION)
        assert (response.status, await body_of(response)) == (status, body)
        assert "transfer-encoding" not in response.headers
    assert server.connections == 1  # it was kept


async def test_a_response_that_ends_with_its_connection(origins: Origins, serve: Serve) -> None:
    async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall")
        writer.close()

    server = await serve(until_closed)
    response = await origins.fetch(server.origin(), request(), viewer(), DISTRIBUTION)
    assert await body_of(response) == b"all"
    assert "content-length" not in response.headers


async def test_a_body_comes_as_it_is_sent(origins: Origins, serve: Serve) -> None:
    more = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        await more.wait()
        writer.write(b"cd")

    server = await serve(slow)
    response = await origins.fetch(server.origin(), request(), viewer(), DISTRIBUTION)
    assert not isinstance(response.body, bytes)
    pieces = aiter(response.body)
    assert await anext(pieces) == b"ab"
    more.set()
    assert await anext(pieces) == b"cd"
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_a_response_nobody_reads(origins: Origins, serve: Serve) -> None:
    server = await serve(chunked(b"a", ended=False))
    response = await origins.fetch(server.origin(), request(), viewer(), DISTRIBUTION)
    assert response.close is not None
    await response.close()
    await response.close()


def cut(raw: bytes) -> Speak:
    """A server that says so much and hangs up."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        writer.close()

    return speak


LONG = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 33_000 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("speak", "detail"),
    [
        (hangs_up, "OriginReadError"),
        (cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "OriginReadError"),
        (cut(chunked(b"abc", ended=False)), "OriginReadError"),
        (cut(b"SSH-2.0-OpenSSH\r\n\r\n"), "OriginInvalidResponseError"),
        (cut(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "OriginInvalidResponseError"),
        (cut(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "OriginInvalidResponseError"),
        (cut(LONG), "OriginHeaderTooBigError"),
    ],
    ids=["nothing", "length", "chunks", "no HTTP", "bad length", "101", "long header"],
)
async def test_bad_answers(origins: Origins, serve: Serve, speak: Speak, detail: str) -> None:
    server = await serve(speak)
    found = await fault(origins, server.origin())
    assert (found.status, found.detail) == (502, detail)
    assert str(server.port) in found.message


async def test_no_server(origins: Origins) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = await fault(origins, Origin("o", "127.0.0.1", http_port=port))
    assert isinstance(found, NotConnectedError)
    assert (found.status, found.detail) == (502, "OriginConnectError")


async def test_no_such_name(origins: Origins) -> None:
    found = await fault(origins, Origin("o", "nowhere.invalid"))
    assert isinstance(found, NotConnectedError)
    assert (found.status, found.detail) == (502, "OriginDnsError")
    assert "NonS3OriginDnsError" in found.message


async def test_a_server_that_takes_no_connection(origins: Origins) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    held = []
    for _ in range(4):  # fills its queue
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", port))
        held.append(waiting)
    origin = Origin(
        "o", "127.0.0.1", http_port=port, connection_timeout_s=0.1, connection_attempts=1
    )
    found = await fault(origins, origin)
    for one in (listener, *held):
        one.close()
    assert isinstance(found, NotConnectedError)
    assert (found.status, found.detail) == (504, "OriginCommError")


@pytest.mark.parametrize(
    ("method", "attempts", "made"),
    [("GET", 3, 3), ("HEAD", 2, 2), ("GET", 1, 1), ("POST", 3, 1), ("OPTIONS", 3, 1)],
)
async def test_attempts_at_a_silent_server(
    origins: Origins, serve: Serve, method: str, attempts: int, made: int
) -> None:
    server = await serve(is_silent)
    origin = server.origin(read_timeout_s=0.05, connection_attempts=attempts)
    found = await fault(origins, origin, request(method))
    assert isinstance(found, NoAnswerError)
    assert (found.status, found.detail) == (504, "OriginCommError")
    assert len(server.requests) == made


async def test_a_second_attempt_is_answered(origins: Origins, serve: Serve) -> None:
    server = await serve(is_silent, answer(b"late"))
    origin = server.origin(read_timeout_s=0.2)
    response = await origins.fetch(origin, request(), viewer(), DISTRIBUTION)
    assert await body_of(response) == b"late"


async def test_silence_within_a_body(origins: Origins, serve: Serve) -> None:
    server = await serve(chunked(b"a", ended=False))
    found = await fault(origins, server.origin(read_timeout_s=0.1))
    assert (found.status, found.detail) == (504, "OriginCommError")
    assert len(server.requests) == 1  # what has been sent to the viewer is not sent again


@pytest.mark.parametrize("begins", [False, True], ids=["before the head", "within the body"])
async def test_completion_timeout(origins: Origins, serve: Serve, begins: bool) -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-A: ")
        writer.write(b"\r\n\r\n" if begins else b"a")
        with contextlib.suppress(asyncio.CancelledError):
            while not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.01)

    server = await serve(drips)
    found = await fault(origins, server.origin(completion_timeout_s=0.2))
    assert (found.status, found.detail) == (504, "OriginCommError")
    assert "0.2 s" in found.message


async def test_a_completion_timeout_that_is_kept(origins: Origins, serve: Serve) -> None:
    server = await serve(chunked(b"a" * 100_000))
    origin = server.origin(completion_timeout_s=60.0)
    response = await origins.fetch(origin, request(), viewer(), DISTRIBUTION)
    assert len(await body_of(response)) == 100_000


@pytest.fixture
async def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path / "tls")
    await made.make()
    return made


@pytest.mark.parametrize(
    ("policy", "protocol", "secure"),
    [
        ("http-only", "https", False),
        ("https-only", "http", True),
        ("match-viewer", "https", True),
        ("match-viewer", "http", False),
    ],
)
async def test_protocols(
    origins: Origins,
    serve: Serve,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    protocol: str,
    secure: bool,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    server = await serve(answer(), tls=await certificates.context() if secure else None)
    origin = server.origin(domain="localhost", protocol_policy=policy)
    for host in ({}, {"Host": "www.example.com"}):  # its own name or the forwarded one will do
        asked = request(**host)
        response = await origins.fetch(origin, asked, viewer(protocol), DISTRIBUTION)
        assert await body_of(response) == b"ok"


async def test_a_certificate_nobody_knows(
    origins: Origins, serve: Serve, certificates: Certificates
) -> None:
    server = await serve(answer(), tls=await certificates.context())
    origin = server.origin(domain="localhost", protocol_policy="https-only")
    found = await fault(origins, origin)
    assert (found.status, found.detail) == (502, "OriginConnectError")
    assert "self-signed" in found.message
    assert not server.requests


async def test_a_certificate_of_another_name(
    origins: Origins, serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    server = await serve(answer(), tls=await certificates.context())
    origin = server.origin(domain="127.0.0.2", protocol_policy="https-only")
    found = await fault(origins, origin)
    assert (found.status, found.detail) == (502, "OriginConnectError")
    assert "127.0.0.2" in found.message


@pytest.mark.parametrize("chosen", [{"sni": "localhost"}, {"certificate_names": ("localhost",)}])
async def test_a_function_chooses_names_of_certificates(
    origins: Origins,
    serve: Serve,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    chosen: dict[str, Any],
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    server = await serve(answer(), tls=await certificates.context())
    # Resolves to this machine, and is none of the certificate's names.
    plain = server.origin(domain="very.far.localhost", protocol_policy="https-only")
    assert (await fault(origins, plain)).detail == "OriginConnectError"
    origin = replace(plain, **chosen)
    response = await origins.fetch(origin, request(), viewer(), DISTRIBUTION)
    assert await body_of(response) == b"ok"


async def test_a_function_chooses_the_host(origins: Origins, serve: Serve) -> None:
    server = await serve(answer())
    origin = server.origin(host_header="chosen.example.com")
    asked = request(Host="forwarded.example.com")
    await body_of(await origins.fetch(origin, asked, viewer(), DISTRIBUTION))
    assert "Host: chosen.example.com" in server.heads[0]


async def test_a_server_without_tls(origins: Origins) -> None:
    async def speaks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speaks_first, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        origin = Origin("o", "localhost", https_port=port, protocol_policy="https-only")
        found = await fault(origins, origin)
    assert (found.status, found.detail) == (502, "OriginConnectError")


async def test_old_protocols_alone(origins: Origins) -> None:
    origin = Origin("o", "localhost", protocol_policy="https-only", ssl_protocols=("TLSv1",))
    found = await fault(origins, origin)
    assert found.status == 502
    assert "Add TLSv1.2" in found.message


async def test_a_service_that_is_not_there(origins: Origins) -> None:
    origin = Origin("o", "c.data.mediastore.eu-west-1.amazonaws.com")
    found = await fault(origins, origin)
    assert (found.status, found.detail) == (502, "OriginError")
    assert "MediaStore" in found.message


async def test_distributions_in_a_row(origins: Origins, serve: Serve) -> None:
    server = await serve(answer())
    passed = request(CDN_Loop="other.example, CloudFront;distribution=E2")
    await origins.fetch(server.origin(), passed, viewer(), DISTRIBUTION)
    entries = "other.example, CloudFront;distribution=E2, CloudFront;distribution=E1"
    assert f"CDN-Loop: {entries}" in server.heads[0]
    looped = request(CDN_Loop=entries)
    found = await fault(origins, server.origin(), looped)
    assert found.status == 403
    assert "has passed E2, E1 before E1" in found.message
    assert len(server.requests) == 1
