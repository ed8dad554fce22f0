"""The cache: storing, finding, revalidating, invalidating."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from edge_cache_lab import LONG, NOW, Answers, put, read

from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.cache_keys import cache_key
from lambda_nb.rules.edge.caching.freshness import Lifetime, Ttls

TTLS = Ttls(0, 100, 1000, 10)
KEY = cache_key("/a")
LARGE = os.urandom(3_000_000)
FRA = ("E1", "FRA", KEY)


async def pieces(*parts: bytes, broken: bool = False) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if broken:
        raise ConnectionError("the origin hung up")


class TestStoring:
    @pytest.mark.parametrize("body", [b"", b"small", LARGE], ids=["empty", "small", "large"])
    async def test_what_is_stored_is_found(self, answers: Answers, body: bytes) -> None:
        stored = await answers.put(body=body, headers=(("X-A", "1"), ("Age", "5")))
        entry = answers.get()
        assert entry is not None
        assert entry is stored
        assert (entry.status, entry.headers.get("x-a"), entry.headers.get("age")) == (
            200,
            "1",
            None,
        )
        assert await answers.body() == body

    async def test_places_and_keys_are_apart(self, answers: Answers) -> None:
        await answers.put()
        assert answers.get("/b") is None
        assert answers.get(location="NRT") is None
        assert answers.get(distribution="E2") is None

    async def test_nothing_is_stored_without_a_lifetime(self, answers: Answers) -> None:
        assert await answers.put(life=None) is None
        assert answers.get() is None

    @pytest.mark.parametrize("told", ["3", "5"])
    async def test_a_body_of_another_length_is_not_stored(
        self, answers: Answers, told: str
    ) -> None:
        assert await answers.put(body=b"four", headers=(("Content-Length", told),)) is None
        assert answers.get() is None

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
    async def test_an_answer_without_a_body_may_tell_a_length(
        self, answers: Answers, method: str, status: int
    ) -> None:
        told = (("Content-Length", "9"),)
        assert await answers.put(body=b"", headers=told, method=method, status=status)

    async def test_a_tee_stores_at_the_end(self, cache: Cache, answers: Answers) -> None:
        writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
        assert writer is not None
        body = writer.tee(pieces(b"one ", b"two"))
        assert await body.__anext__() == b"one "
        assert answers.get() is None
        assert [piece async for piece in body] == [b"two"]
        assert await answers.body() == b"one two"

    @pytest.mark.parametrize("part", [b"x", LARGE], ids=["small", "large"])
    async def test_who_has_the_last_byte_finds_the_object(
        self, cache: Cache, answers: Answers, part: bytes, files: Callable[[], list[Path]]
    ) -> None:
        told = Headers([("Content-Length", str(len(part) + 4))])
        writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", told, LONG, NOW)
        assert writer is not None
        body = writer.tee(pieces(part, b"rest"))
        await body.__anext__()
        assert answers.get() is None
        await body.__anext__()
        assert await answers.body() == part + b"rest"
        await body.close()
        with pytest.raises(StopAsyncIteration):
            await body.__anext__()
        assert await answers.body() == part + b"rest"
        assert answers.cache.statistics.objects == 1

    @pytest.mark.parametrize("part", [b"x", LARGE], ids=["small", "large"])
    async def test_a_broken_off_body_is_not_stored(
        self, cache: Cache, answers: Answers, part: bytes, files: Callable[[], list[Path]]
    ) -> None:
        writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
        assert writer is not None
        with pytest.raises(ConnectionError):
            [piece async for piece in writer.tee(pieces(part, broken=True))]
        assert answers.get() is None
        assert files() == []

    async def test_nor_one_whose_viewer_hung_up(
        self, cache: Cache, answers: Answers, files: Callable[[], list[Path]]
    ) -> None:
        closed = []

        async def close() -> None:
            closed.append(True)

        writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
        assert writer is not None
        body = writer.tee(pieces(LARGE, b"rest"), close)
        await body.__anext__()
        await body.close()
        assert (answers.get(), closed, files()) == (None, [True], [])

    async def test_a_newer_answer_replaces_an_older_one(self, answers: Answers) -> None:
        await answers.put(body=b"old")
        await answers.put(body=b"new")
        assert await answers.body() == b"new"
        assert answers.cache.statistics.objects == 1

    async def test_an_object_larger_than_the_cache_is_not_stored(self, tmp_path: Path) -> None:
        answers = Answers(Cache(tmp_path, 1_000_000))
        assert await answers.put(body=LARGE) is None
        told = (("Content-Length", str(len(LARGE))),)
        assert await answers.put(body=LARGE, headers=told) is None


class TestHead:
    async def test_it_is_answered_by_an_object_of_a_get(self, answers: Answers) -> None:
        await answers.put()
        assert answers.get(method="HEAD") is answers.get()

    async def test_its_answer_is_for_no_get(self, answers: Answers) -> None:
        await answers.put(method="HEAD", body=b"")
        assert answers.get() is None
        assert answers.get(method="HEAD") is not None

    async def test_the_later_answer_counts(self, answers: Answers) -> None:
        await answers.put(method="HEAD", body=b"", came=NOW + 1)
        await answers.put()
        assert answers.get(method="HEAD") is not answers.get()
        await answers.put(came=NOW + 2)
        assert answers.get(method="HEAD") is answers.get()


class TestParts:
    TOTAL = 100

    def told(self, first: int, last: int, tag: str = '"a"') -> tuple[tuple[str, str], ...]:
        return (("Content-Range", f"bytes {first}-{last}/{self.TOTAL}"), ("ETag", tag))

    async def put(self, answers: Answers, first: int, last: int, tag: str = '"a"') -> object:
        body = bytes(range(first, last + 1))
        return await answers.put(body=body, headers=self.told(first, last, tag), status=206)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("bytes=10-19", True),
            ("bytes=12-14", True),
            ("bytes=12-14,16-17", True),
            ("bytes=9-12", False),
            ("bytes=12-20", False),
            ("bytes=12-", False),
            ("bytes=-5", False),
            ("bytes=200-", False),
            ("lines=1-2", False),
        ],
    )
    async def test_a_part_serves_ranges_within_it(
        self, cache: Cache, answers: Answers, asked: str, found: bool
    ) -> None:
        await self.put(answers, 10, 19)
        assert (cache.lookup_part(*FRA, asked) is not None) is found
        assert answers.get() is None

    @pytest.mark.parametrize("asked", ["bytes=-5", "bytes=96-", "bytes=95-99"])
    async def test_the_end_of_an_object(self, cache: Cache, answers: Answers, asked: str) -> None:
        await self.put(answers, 95, 99)
        entry = cache.lookup_part(*FRA, asked)
        assert entry is not None
        assert entry.part == (95, 99, 100)
        assert await read(cache, entry, 1) == bytes([96, 97, 98, 99])

    async def test_parts_of_another_version_leave(self, cache: Cache, answers: Answers) -> None:
        await self.put(answers, 0, 9)
        await self.put(answers, 10, 19)
        assert cache.statistics.objects == 2
        await self.put(answers, 20, 29, '"b"')
        assert cache.statistics.objects == 1
        assert cache.lookup_part(*FRA, "bytes=0-1") is None

    async def test_a_whole_object_replaces_its_parts(self, cache: Cache, answers: Answers) -> None:
        await self.put(answers, 0, 9)
        await answers.put("/ab")
        assert cache.statistics.objects == 2
        await answers.put()
        assert cache.statistics.objects == 2
        assert cache.lookup_part(*FRA, "bytes=0-1") is None

    @pytest.mark.parametrize(
        "told", ["bytes 0-9/*", "bytes 9-0/100", "bytes 0-100/100", "bytes */100", "", "0-9/100"]
    )
    async def test_what_is_no_part_is_not_stored(self, answers: Answers, told: str) -> None:
        assert await answers.put(headers=(("Content-Range", told),), status=206) is None

    async def test_nor_one_that_is_too_short(self, answers: Answers) -> None:
        assert await answers.put(body=b"x", headers=self.told(0, 9), status=206) is None


class TestStates:
    LIFE = Lifetime(5, 10, 20, 30)

    async def test_over_time(self, answers: Answers) -> None:
        entry = await answers.put(life=self.LIFE)
        assert entry is not None
        states = [entry.state(NOW + after) for after in (-1, 9.9, 10, 29.9, 30)]
        assert states == ["fresh", "fresh", "usable", "usable", "stale"]
        assert [entry.serves_errors(NOW + after) for after in (39.9, 40)] == [True, False]
        assert [entry.age(NOW + after) for after in (-1, 0, 1.9)] == [5, 5, 6]

    async def test_an_origin_that_failed_is_left_alone(self, answers: Answers) -> None:
        entry = await answers.put(life=Lifetime(0, 10, 0, 100))
        assert entry is not None
        answers.cache.hold(entry, NOW + 50)
        assert [entry.state(NOW + after) for after in (9, 11, 51)] == ["fresh", "held", "stale"]

    async def test_conditions(self, answers: Answers) -> None:
        tags = (("ETag", 'W/"a"'), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"))
        entry = await answers.put(headers=tags)
        assert entry is not None
        assert entry.conditions() == [
            ("If-None-Match", tags[0][1]),
            ("If-Modified-Since", tags[1][1]),
        ]
        for unknown in (
            await answers.put(headers=tags, life=Lifetime(0, 0, conditional=False)),
            await answers.put(headers=tags, status=404),
            await answers.put(),
        ):
            assert unknown is not None
            assert unknown.conditions() == []

    async def test_errors(self, answers: Answers) -> None:
        entry = await answers.put(status=404)
        assert entry is not None
        assert entry.is_error


class TestRefresh:
    async def test_a_304_makes_it_fresh_again(self, cache: Cache, answers: Answers) -> None:
        old = await answers.put(headers=(("A", "1"), ("ETag", '"x"')), life=Lifetime(0, 2))
        assert old is not None
        news = Headers([("A", "2"), ("Cache-Control", "max-age=50"), ("Age", "7")])
        new = cache.refresh(old, news, TTLS, NOW + 9, NOW + 10)
        assert answers.get() is new
        assert (new.headers.get("a"), new.headers.get("etag")) == ("2", '"x"')
        assert (new.state(NOW + 50), new.state(NOW + 53)) == ("fresh", "stale")
        assert (new.age(NOW + 10), new.headers.get("age")) == (8, None)
        assert (old.headers.get("a"), old.state(NOW + 10)) == ("1", "stale")
        assert await answers.body() == b"body"

    async def test_an_invalidated_object_does_not_come_back(
        self, cache: Cache, answers: Answers
    ) -> None:
        old = await answers.put()
        assert old is not None
        cache.invalidate("E1", ["/a"])
        new = cache.refresh(old, Headers(), TTLS, NOW, NOW)
        assert answers.get() is None
        assert await read(cache, new) == b"body"

    async def test_what_must_not_be_kept_any_more_leaves(
        self, cache: Cache, answers: Answers
    ) -> None:
        old = await answers.put()
        assert old is not None
        new = cache.refresh(old, Headers(), Ttls(0, 0, 0, 10), NOW, NOW)
        assert answers.get() is None
        assert new.state(NOW) == "stale"


class TestChanges:
    async def test_all_versions_of_an_address_at_one_location(
        self, cache: Cache, answers: Answers
    ) -> None:
        for location in ("FRA", "NRT"):
            for version in "12":
                turn = cache.turn("E1", location, cache_key("/a", "", [("x", version)]))
                await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"")
        for path in ("/a", "/ab", "/a?b"):
            await answers.put(path)
        await answers.put(method="HEAD", body=b"")
        assert cache.outdate("E1", "FRA", "/a") == 4
        assert cache.outdate("E1", "FRA", "/a") == 0
        assert cache.outdate("E2", "FRA", "/a") == 0
        assert cache.statistics.objects == 4

    async def test_an_answer_that_is_older_is_not_stored(
        self, cache: Cache, answers: Answers
    ) -> None:
        early = cache.turn(*FRA)
        elsewhere = cache.turn("E1", "NRT", cache_key("/a"))
        assert cache.outdate("E1", "FRA", "/a") == 0
        late = cache.turn(*FRA)
        for turn, kept in ((early, False), (elsewhere, True), (late, True)):
            entry = await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"x")
            assert (entry is not None) is kept

    async def test_evicted_and_replaced_objects_leave_no_trace(
        self, cache: Cache, answers: Answers
    ) -> None:
        for _ in range(2):
            await answers.put()
        entry = answers.get()
        assert entry is not None
        cache.discard(entry)
        assert cache.outdate("E1", "FRA", "/a") == 0
        assert cache._index._at == {}


class TestInvalidation:
    async def test_every_location_and_version_of_one_distribution(
        self, cache: Cache, answers: Answers
    ) -> None:
        for place in (("E1", "FRA"), ("E1", "NRT"), ("E2", "FRA")):
            turn = cache.turn(*place, cache_key("/a", "", [("x", "1")]))
            await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"")
            turn = cache.turn(*place, cache_key("/a", "", [("x", "2")]))
            await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"")
        await answers.put("/b")
        assert cache.invalidate("E1", ["/a", "/c/*"]) == 4
        assert cache.statistics.objects == 3
        assert cache.invalidate("E1", ["/a"]) == 0

    async def test_an_answer_to_an_earlier_request_is_not_stored(
        self, cache: Cache, answers: Answers
    ) -> None:
        early, other = cache.turn(*FRA), cache.turn("E1", "FRA", cache_key("/b"))
        cache.invalidate("E1", ["/a"])
        late = cache.turn(*FRA)
        for turn, kept in ((early, False), (late, True), (other, True)):
            entry = await put(cache, turn, "GET", 200, "OK", Headers(), LONG, NOW, b"x")
            assert (entry is not None) is kept

    async def test_nor_one_whose_body_is_coming(
        self, cache: Cache, answers: Answers, files: Callable[[], list[Path]]
    ) -> None:
        writer = cache.writer(cache.turn(*FRA), "GET", 200, "OK", Headers(), LONG, NOW)
        assert writer is not None
        await writer.write(LARGE)
        cache.invalidate("E1", ["/*"])
        assert await writer.commit() is None
        assert answers.get() is None
        await cache.close()
        assert files() == []

    async def test_a_distribution_that_is_deleted(self, cache: Cache, answers: Answers) -> None:
        await answers.put("/~a")
        await answers.put("/a", distribution="E2")
        assert cache.forget("E1") == 1
        assert cache.statistics.objects == 1

    async def test_who_reads_an_object_reads_it_to_its_end(
        self, cache: Cache, answers: Answers, files: Callable[[], list[Path]]
    ) -> None:
        entry = await answers.put(body=LARGE)
        assert entry is not None
        reading = cache.bodies.pieces(entry)
        read = await reading.__anext__()
        cache.invalidate("E1", ["/*"])
        later = cache.bodies.pieces(entry, 5, 9)
        assert read + b"".join([piece async for piece in reading]) == LARGE
        assert [piece async for piece in later] == [LARGE[5:9]]
        del entry, reading, later
        await cache.close()
        assert files() == []
