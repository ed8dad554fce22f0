"""Puts answers into an edge cache as requests would, and finds them."""

from __future__ import annotations

from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.cache.entries import Entry
from lambda_nb.engine.edge.cache.turns import Turn
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.cache_keys import cache_key
from lambda_nb.rules.edge.caching.freshness import Lifetime

NOW = 1_800_000_000.0
LONG = Lifetime(0, 1000)


async def put(
    cache: Cache,
    turn: Turn,
    method: str,
    status: int,
    reason: str,
    headers: Headers,
    life: Lifetime | None,
    came: float,
    body: bytes,
) -> Entry | None:
    """Store an answer whose body is there."""
    writer = cache.writer(turn, method, status, reason, headers, life, came)
    if writer is None:
        return None
    await writer.write(body)
    return await writer.commit()


async def read(cache: Cache, entry: Entry, first: int = 0, end: int | None = None) -> bytes:
    """Bytes of an object from ``first`` to before ``end``."""
    return b"".join([piece async for piece in cache.bodies.pieces(entry, first, end)])


class Answers:
    """Answers of one origin."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    async def put(
        self,
        path: str = "/a",
        body: bytes = b"body",
        headers: tuple[tuple[str, str], ...] = (),
        *,
        status: int = 200,
        method: str = "GET",
        life: Lifetime | None = LONG,
        came: float = NOW,
        distribution: str = "E1",
        location: str = "FRA",
    ) -> Entry | None:
        turn = self.cache.turn(distribution, location, cache_key(path))
        told = Headers(headers)
        return await put(self.cache, turn, method, status, "OK", told, life, came, body)

    def get(
        self,
        path: str = "/a",
        method: str = "GET",
        distribution: str = "E1",
        location: str = "FRA",
    ) -> Entry | None:
        return self.cache.lookup(distribution, location, cache_key(path), method)

    async def body(self, path: str = "/a") -> bytes | None:
        entry = self.get(path)
        if entry is None or not await self.cache.bodies.is_sound(entry):
            return None
        return await read(self.cache, entry)
