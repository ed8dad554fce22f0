"""Compressed responses."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable

import brotli
import pytest

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response
from lambda_nb.engine.edge.viewer.compressing import compressed
from lambda_nb.rules.edge.viewer.compression import Encoding

BODY = b"".join(b"<p>paragraph %d</p>\n" % n for n in range(20_000))
UNPACK: dict[Encoding, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}
ENCODINGS: list[Encoding] = ["gzip", "br"]


def headers() -> Headers:
    return Headers([
        ("Content-Type", "text/html"),
        ("Content-Length", str(len(BODY))),
        ("ETag", '"a"'),
    ])  # fmt: skip


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(BODY), size):
        yield BODY[start : start + size]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_whole_body(encoding: Encoding) -> None:
    response = await compressed(Response(200, headers(), BODY, "OK"), encoding)
    assert isinstance(response.body, bytes)
    assert UNPACK[encoding](response.body) == BODY
    assert len(response.body) < len(BODY) / 4
    assert list(response.headers) == [
        ("Content-Type", "text/html"),
        ("ETag", 'W/"a"'),
        ("Content-Encoding", encoding),
        ("Vary", "Accept-Encoding"),
        ("Content-Length", str(len(response.body))),
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [1_000, 100_000])
async def test_a_body_in_pieces(encoding: Encoding, size: int) -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    response = await compressed(Response(200, headers(), in_pieces(size), "OK", close), encoding)
    assert not isinstance(response.body, bytes)
    assert UNPACK[encoding](b"".join([piece async for piece in response.body])) == BODY
    assert "content-length" not in response.headers
    assert response.close is not None
    await response.close()
    assert closed


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_equal_bodies_become_equal_bytes(encoding: Encoding) -> None:
    one = await compressed(Response(200, headers(), BODY), encoding)
    other = await compressed(Response(200, headers(), BODY), encoding)
    assert one.body == other.body


async def test_a_body_that_breaks_off_does_so_for_the_viewer() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield BODY
        raise ConnectionError("the origin hung up")

    response = await compressed(Response(200, headers(), broken()), "gzip")
    assert not isinstance(response.body, bytes)
    with pytest.raises(ConnectionError):
        [piece async for piece in response.body]
