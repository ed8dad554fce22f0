"""Request collapsing: who waits for whom, and who never waits for ever."""

from __future__ import annotations

import asyncio
import gc

import pytest
from edge_cache_lab import LONG, NOW, Answers, put, read

from lambda_nb.engine.edge.cache import turns
from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.cache_keys import cache_key

KEY = cache_key("/a")
FRA = ("E1", "FRA", KEY)


class Site:
    """A distribution whose origin counts requests and answers when it is told to."""

    def __init__(self, cache: Cache, *, cached: bool = True) -> None:
        self.cache = cache
        self.cached = cached
        self.asked = 0
        self.waited = 0
        self.answering = asyncio.Event()

    async def visit(self) -> bytes:
        self.waited += 1
        await self.cache.wait(*FRA)
        self.waited -= 1
        entry = self.cache.lookup(*FRA)
        if entry is not None:
            return await read(self.cache, entry)
        turn = self.cache.turn(*FRA)
        try:
            self.asked += 1
            await self.answering.wait()
            life = LONG if self.cached else None
            await put(self.cache, turn, "GET", 200, "OK", Headers(), life, NOW, b"x")
            return b"x"
        finally:
            turn.end()

    async def until(self, asked: int, waited: int) -> None:
        while (self.asked, self.waited) != (asked, waited):
            await asyncio.sleep(0)


async def test_one_request_asks_for_all(cache: Cache) -> None:
    site = Site(cache)
    visits = [asyncio.create_task(site.visit()) for _ in range(20)]
    await site.until(asked=1, waited=19)
    site.answering.set()
    assert await asyncio.gather(*visits) == [b"x"] * 20
    assert site.asked == 1


async def test_what_is_not_cached_makes_nobody_wait_twice(cache: Cache) -> None:
    site = Site(cache, cached=False)
    visits = [asyncio.create_task(site.visit()) for _ in range(20)]
    await site.until(asked=1, waited=19)
    site.answering.set()
    await visits[0]
    site.answering.clear()
    await site.until(asked=20, waited=0)  # all at once, none after another
    site.answering.set()
    await asyncio.gather(*visits)


async def test_a_viewer_who_hangs_up_leaves_nobody_waiting(cache: Cache) -> None:
    site = Site(cache)
    first, second = (asyncio.create_task(site.visit()) for _ in range(2))
    await site.until(asked=1, waited=1)
    first.cancel()
    await site.until(asked=2, waited=0)
    site.answering.set()
    assert await second == b"x"


async def test_a_forgotten_turn_ends(cache: Cache) -> None:
    turn = cache.turn(*FRA)
    waiting = asyncio.create_task(cache.wait(*FRA))
    await asyncio.sleep(0)
    assert cache.is_asking(*FRA)
    del turn
    gc.collect()
    assert await waiting
    assert not cache.is_asking(*FRA)


async def test_only_like_requests_wait_for_each_other(cache: Cache) -> None:
    turn = cache.turn(*FRA)
    assert not await cache.wait(*FRA, "HEAD")
    assert not await cache.wait(*FRA, "bytes=0-1")
    assert not await cache.wait("E1", "NRT", KEY)
    assert not await cache.wait("E1", "FRA", cache_key("/b"))
    turn.end()
    assert not await cache.wait(*FRA)


async def test_a_second_turn_does_not_end_the_pause(cache: Cache) -> None:
    first, second = cache.turn(*FRA), cache.turn(*FRA)
    second.end()
    assert cache.is_asking(*FRA)
    first.end()
    assert not cache.is_asking(*FRA)


@pytest.mark.parametrize(
    ("length", "waits"), [(turns.PAUSE_BYTES, True), (turns.PAUSE_BYTES + 1, False)]
)
async def test_a_large_object_is_not_waited_for(cache: Cache, length: int, waits: bool) -> None:
    turn = cache.turn(*FRA)
    told = Headers([("Content-Length", str(length))])
    writer = cache.writer(turn, "GET", 200, "OK", told, LONG, NOW)
    assert writer is not None
    assert cache.is_asking(*FRA) is waits
    writer.abort()
    assert not cache.is_asking(*FRA)


async def test_nor_one_that_turns_out_large(cache: Cache, answers: Answers) -> None:
    writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
    assert writer is not None
    for _ in range(9):
        assert cache.is_asking(*FRA)
        await writer.write(bytes(1024 * 1024))
    assert not cache.is_asking(*FRA)
    assert await writer.commit() is answers.get()


async def test_nor_one_that_does_not_end(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSE_S", 0.01)
    writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
    assert writer is not None
    assert await cache.wait(*FRA)
    assert await writer.commit() is not None


async def test_an_invalidation_ends_the_pause(cache: Cache) -> None:
    turn = cache.turn(*FRA)
    cache.invalidate("E1", ["/a"])
    assert not cache.is_asking(*FRA)
    later = cache.turn(*FRA)
    assert await put(cache, later, "GET", 200, "OK", Headers(), LONG, NOW, b"new") is not None
    assert await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"old") is None
    entry = cache.lookup(*FRA)
    assert entry is not None
    assert await read(cache, entry) == b"new"
