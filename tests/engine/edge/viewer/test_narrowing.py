"""Nothing, or parts of an object."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Response
from lambda_nb.engine.edge.viewer.narrowing import narrowed
from lambda_nb.rules.edge.viewer.byte_ranges import Span

BODY = bytes(range(100))


class Streamed:
    """A body in pieces; it notes how it was used."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.sent = 0
        self.closed = False

    async def pieces(self) -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), self.size):
            piece = BODY[start : start + self.size]
            self.sent += len(piece)
            yield piece

    async def close(self) -> None:
        self.closed = True


def asked(method: str = "GET", **headers: str) -> Request:
    spelt = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(method, "/", "", Headers(spelt))


def full(streamed: Streamed | None = None, status: int = 200) -> Response:
    headers = Headers([
        ("Content-Type", "image/png"),
        ("Content-Length", str(len(BODY))),
        ("ETag", '"a"'),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Cache-Control", "max-age=5"),
    ])  # fmt: skip
    if streamed is None:
        return Response(status, headers, BODY, "OK")
    return Response(status, headers, streamed.pieces(), "OK", streamed.close)


async def read(response: Response) -> bytes:
    if isinstance(response.body, bytes):
        return response.body
    return b"".join([piece async for piece in response.body])


async def test_without_conditions_it_stays_the_same() -> None:
    response = full()
    assert await narrowed(asked(), response, "x") is response


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_the_viewer_has_already(method: str) -> None:
    streamed = Streamed(10)
    response = await narrowed(asked(method, If_None_Match='"a"'), full(streamed), "x")
    assert (response.status, response.reason) == (304, "Not Modified")
    assert list(response.headers) == [
        ("ETag", '"a"'),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Cache-Control", "max-age=5"),
    ]
    assert await read(response) == b""
    assert streamed.closed
    assert not streamed.sent


async def test_it_is_not_the_one_that_is_meant() -> None:
    response = await narrowed(asked(If_Match='"b"'), full(), "x")
    assert (response.status, response.reason) == (412, "Precondition Failed")
    assert response.headers.get("content-length") == "0"
    assert "content-type" not in response.headers


@pytest.mark.parametrize("size", [7, 100])
@pytest.mark.parametrize("streams", [False, True])
async def test_one_part(size: int, streams: bool) -> None:
    streamed = Streamed(size)
    response = await narrowed(asked(Range="bytes=10-19"), full(streamed if streams else None), "x")
    assert (response.status, response.reason) == (206, "Partial Content")
    assert response.headers.get("content-range") == "bytes 10-19/100"
    assert response.headers.get("content-length") == "10"
    assert response.headers.get("content-type") == "image/png"
    assert await read(response) == BODY[10:20]
    if streams:
        assert response.close is not None
        assert streamed.sent < 20 + size


async def test_several_parts() -> None:
    response = await narrowed(asked(Range="bytes=0-4,95-"), full(Streamed(9)), "xyz")
    body = await read(response)
    assert response.headers.get("content-type") == "multipart/byteranges; boundary=xyz"
    assert response.headers.get("content-length") == str(len(body))
    assert "content-range" not in response.headers
    message = email.message_from_bytes(
        b"Content-Type: multipart/byteranges; boundary=xyz\r\n\r\n" + body
    )
    parts = list(message.walk())[1:]
    assert [part["Content-Range"] for part in parts] == ["bytes 0-4/100", "bytes 95-99/100"]
    assert {part.get_content_type() for part in parts} == {"image/png"}
    assert body.count(BODY[:5]) == body.count(BODY[95:]) == 1


@given(
    st.lists(st.integers(0, 110), max_size=8, unique=True), st.integers(1, 101), st.integers(0, 2)
)
async def test_parts_are_the_same_however_the_body_comes(
    ends: list[int], size: int, form: int
) -> None:
    cuts = sorted(ends)
    wanted = ",".join(f"{a}-{b}" for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    request = asked(Range=f"bytes={wanted}")
    streamed = Streamed(size)

    async def of_file(first: int, last: int) -> AsyncIterator[bytes]:
        for at in range(first, last + 1, size):
            yield BODY[at : min(at + size, last + 1)]

    whole = await narrowed(request, full(), "xyz")
    other = await narrowed(request, full(streamed), "xyz", of_file if form else None)
    assert (whole.status, list(whole.headers)) == (other.status, list(other.headers))
    assert await read(whole) == await read(other)
    if form and other.status == 206:
        assert streamed.closed
        assert not streamed.sent


def stored_part(first: int, last: int, streamed: bool) -> Response:
    """A 206 as the cache has it."""
    headers = full().headers
    headers.set("Content-Length", str(last - first + 1))
    headers.set("Content-Range", f"bytes {first}-{last}/100")

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(first, last + 1, 7):
            yield BODY[at : min(at + 7, last + 1)]

    return Response(206, headers, pieces() if streamed else BODY[first : last + 1], "")


@given(st.lists(st.integers(20, 80), min_size=2, max_size=8, unique=True), st.booleans())
async def test_parts_of_a_stored_part_are_those_of_the_whole(
    ends: list[int], streams: bool
) -> None:
    cuts = sorted(ends)
    wanted = ",".join(f"{a}-{b}" for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    request = asked(Range=f"bytes={wanted}")
    of_whole = await narrowed(request, full(), "xyz")
    held = stored_part(20, 80, streams)
    of_part = await narrowed(request, held, "xyz", part=(Span(20, 80), 100))
    assert (of_part.status, of_part.reason) == (of_whole.status, of_whole.reason)
    assert sorted(of_part.headers) == sorted(of_whole.headers)
    assert await read(of_part) == await read(of_whole)


async def test_a_stored_part_that_the_viewer_has_already() -> None:
    held = stored_part(20, 80, streamed=False)
    request = asked(Range="bytes=20-80", If_None_Match='"a"')
    response = await narrowed(request, held, "x", part=(Span(20, 80), 100))
    assert (response.status, "content-range" in response.headers) == (304, False)


async def test_a_stored_part_that_lacks_what_is_asked_stays_whole() -> None:
    held = stored_part(20, 80, streamed=False)
    part = (Span(20, 80), 100)
    assert await narrowed(asked(Range="bytes=19-30"), held, "x", part=part) is held
    assert await narrowed(asked(Range="bytes=30-81"), held, "x", part=part) is held


async def test_no_part_can_be_had() -> None:
    streamed = Streamed(10)
    response = await narrowed(asked(Range="bytes=100-"), full(streamed), "x")
    assert (response.status, await read(response)) == (416, b"")
    assert response.headers.get("content-range") == "bytes */100"
    assert streamed.closed


@pytest.mark.parametrize(
    "request_",
    [
        asked(Range="bytes=20-30,10-15"),
        asked(Range="bytes=x"),
        asked("HEAD", Range="bytes=0-1"),
        asked("POST", Range="bytes=0-1", If_None_Match='"a"'),
        asked(Range="bytes=0-1", If_Range='"b"'),
    ],
)
async def test_when_the_whole_is_sent(request_: Request) -> None:
    response = full()
    assert await narrowed(request_, response, "x") is response


async def test_the_object_is_still_the_same() -> None:
    response = await narrowed(asked(Range="bytes=0-1", If_Range='"a"'), full(), "x")
    assert response.status == 206


async def test_an_object_that_comes_chunked_is_sent_whole() -> None:
    response = full(Streamed(10))
    response.headers.remove("content-length")
    assert await narrowed(asked(Range="bytes=0-1"), response, "x") is response


async def test_an_object_that_an_origin_sent_whole_is_sent_whole() -> None:
    request, response = asked(Range="bytes=0-1"), full()
    assert await narrowed(request, response, "x", stored=False) is response
    request.headers.set("If-None-Match", '"a"')
    assert (await narrowed(request, response, "x", stored=False)).status == 304


async def test_other_statuses_stay() -> None:
    response = full(status=404)
    assert await narrowed(asked(Range="bytes=0-1", If_None_Match='"a"'), response, "x") is response
