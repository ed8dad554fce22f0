"""Trips to origins: what the logs are told of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from lambda_nb.engine.edge.delivery.fetches import _followed
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Viewer, Visit


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def read(most: int) -> tuple[list[bytes], float | None]:
    """Pieces of a body that are read, and what the visit knows of its last byte."""
    viewer = Viewer("192.0.2.1", 1, "", "http", "FRA", "id")
    visit = Visit(0.0, "E1", viewer, "GET", "h", "/", "", Headers())
    body = _followed(pieces(), visit, time.perf_counter() - 5)
    got = []
    async for piece in body:
        got.append(piece)
        if len(got) == most:
            break
    return got, visit.origin_last_byte_s


def test_the_last_byte_of_an_origin_is_told() -> None:
    got, last = asyncio.run(read(3))
    assert got == [b"a", b"b"]
    assert last is not None
    assert last >= 5


def test_a_body_that_is_not_read_to_its_end_has_no_last_byte() -> None:
    assert asyncio.run(read(1)) == ([b"a"], None)
