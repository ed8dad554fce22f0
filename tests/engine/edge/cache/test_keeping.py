"""Room, and what is left after a restart, a crash, or damage."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cache_lab import NOW, Answers, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.cache_keys import cache_key
from lambda_nb.rules.edge.caching.freshness import Lifetime, Ttls

LARGE = os.urandom(3_000_000)
ROOM = 10_000_000


async def written(cache: Cache) -> None:
    """Wait until all that was stored is on disk."""
    while cache._disk._waiting_bytes:
        await asyncio.sleep(0.001)


class TestRoom:
    async def test_the_one_not_used_longest_leaves_first(
        self, tmp_path: Path, files: Callable[[], list[Path]]
    ) -> None:
        cache = Cache(tmp_path / "cache", ROOM)
        await cache.open()
        answers = Answers(cache)
        for path in ("/a", "/b", "/c"):
            await answers.put(path, LARGE)
        answers.get("/a")
        await answers.put("/d", LARGE)
        assert [answers.get(path) is not None for path in ("/a", "/b", "/c", "/d")] == [
            True,
            False,
            True,
            True,
        ]
        found = cache.statistics
        assert (found.objects, found.evictions, found.bytes < ROOM) == (3, 1, True)
        await cache.close()
        assert len(files()) == 3

    async def test_the_file_of_one_that_left_goes_at_once(
        self, tmp_path: Path, files: Callable[[], list[Path]]
    ) -> None:
        cache = Cache(tmp_path / "cache", ROOM)
        await cache.open()
        answers = Answers(cache)
        for number in range(5):
            await answers.put(f"/{number}", LARGE)
        for _ in range(1000):
            if len(files()) == 3:
                break
            await asyncio.sleep(0.01)
        assert len(files()) == 3
        await cache.close()

    async def test_memory_is_bounded_and_files_are_read_again(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM, most_memory_bytes=250_000)
        await cache.open()
        answers = Answers(cache)
        for number in range(6):
            await answers.put(f"/{number}", bytes([number]) * 100_000)
            await written(cache)
        assert cache.statistics.memory_bytes == 200_000
        assert [await answers.body(f"/{n}") for n in range(6)] == [
            bytes([n]) * 100_000 for n in range(6)
        ]
        assert cache.statistics.memory_bytes == 200_000
        assert cache.statistics.objects == 6
        await cache.close()

    async def test_small_objects_are_bounded_without_a_disk(self, tmp_path: Path) -> None:
        answers = Answers(Cache(tmp_path, ROOM, most_memory_bytes=250_000))
        for number in range(9):
            await answers.put(f"/{number}", bytes(100_000))
        found = answers.cache.statistics
        assert (found.objects, found.memory_bytes, found.evictions) == (5, 500_000, 4)

    async def test_objects_without_a_body_count_too(self, tmp_path: Path) -> None:
        answers = Answers(Cache(tmp_path, 10 * 1250))
        for number in range(20):
            await answers.put(f"/{number}", b"")
        assert answers.cache.statistics.objects == 10

    async def test_keys_and_heads_count_too(self, tmp_path: Path) -> None:
        answers = Answers(Cache(tmp_path, 100_000))
        for number in range(20):
            await answers.put(f"/{number}{'k' * 8000}", b"", headers=(("X-Long", "h" * 8000),))
        assert answers.cache.statistics.objects == 3
        assert answers.cache.statistics.bytes < 100_000

    async def test_a_longer_head_counts_from_then_on(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM)
        entry = await Answers(cache).put("/a", b"", headers=(("ETag", '"1"'),))
        assert entry is not None
        before = cache.statistics.bytes
        news = Headers([("ETag", '"1"'), ("X-Long", "h" * 8000)])
        new = cache.refresh(entry, news, Ttls(0, 60, 600, 10), NOW, NOW)
        assert cache.statistics.bytes - before == new.weight - entry.weight > 8000
        cache.forget("E1")
        assert cache.statistics.bytes == 0


class TestRestart:
    async def again(self, cache: Cache, directory: Path, most: int = ROOM) -> Answers:
        await cache.close()
        new = Cache(directory, most)
        await new.open()
        return Answers(new)

    async def test_everything_is_there_again(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM)
        await cache.open()
        before = Answers(cache)
        life = Lifetime(1, 2, 3, 4, conditional=False)
        told = (("A", "é"), ("Content-Range", "bytes 0-3/9"))
        await before.put("/empty", b"", status=301, life=life)
        await before.put("/small", b"abcd")
        await before.put("/large", LARGE)
        await before.put("/part", b"abcd", told, status=206)
        await before.put("/gone", LARGE)
        cache.invalidate("E1", ["/gone"])
        after = await self.again(cache, tmp_path)
        entry = after.get("/empty")
        assert entry is not None
        assert (entry.status, entry.reason, entry.lifetime, entry.came) == (301, "OK", life, NOW)
        assert [await after.body(path) for path in ("/empty", "/small", "/large", "/gone")] == [
            b"",
            b"abcd",
            LARGE,
            None,
        ]
        part = after.cache.lookup_part("E1", "FRA", cache_key("/part"), "bytes=1-2")
        assert part is not None
        assert (part.part, part.headers.get("a")) == ((0, 3, 9), "é")
        await after.cache.close()

    async def test_a_refreshed_head_is_kept(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM)
        await cache.open()
        entry = await Answers(cache).put()
        assert entry is not None
        cache.refresh(entry, Headers([("A", "2")]), Ttls(0, 5, 9, 10), NOW, NOW)
        after = await self.again(cache, tmp_path)
        kept = after.get()
        assert kept is not None
        assert kept.headers.get("a") == "2"
        assert await after.body() == b"body"
        await after.cache.close()

    async def test_a_smaller_cache_keeps_the_newest(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM)
        await cache.open()
        for number, path in enumerate(("/a", "/b", "/c")):
            await Answers(cache).put(path, LARGE, came=NOW + number)
        after = await self.again(cache, tmp_path, 7_000_000)
        assert [after.get(path) is not None for path in ("/a", "/b", "/c")] == [False, True, True]
        await after.cache.close()

    async def test_what_was_stored_before_it_was_open_goes_first(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, ROOM)
        await cache.open()
        await Answers(cache).put(body=b"old")
        await cache.close()
        new = Cache(tmp_path, ROOM)
        await Answers(new).put(body=b"new")
        await new.open()
        assert await Answers(new).body() == b"new"
        after = await self.again(new, tmp_path)
        assert await after.body() == b"new"
        await after.cache.close()

    async def test_files_are_private(self, cache: Cache, answers: Answers, tmp_path: Path) -> None:
        await answers.put(body=LARGE)
        await answers.put("/b", b"small")
        await cache.close()
        for path in (tmp_path / "cache").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


class TestDamage:
    @pytest.fixture
    async def directory(self, tmp_path: Path) -> Path:
        cache = Cache(tmp_path / "cache", ROOM)
        await cache.open()
        answers = Answers(cache)
        await answers.put("/small", b"abcd")
        await answers.put("/large", LARGE)
        await cache.close()
        return tmp_path / "cache"

    async def bodies(self, directory: Path) -> list[bytes | None]:
        cache = Cache(directory, ROOM)
        await cache.open()
        answers = Answers(cache)
        found = [await answers.body("/small"), await answers.body("/large")]
        assert cache.statistics.objects == sum(body is not None for body in found)
        await cache.close()
        return found

    async def test_a_file_that_is_missing(
        self, directory: Path, files: Callable[[], list[Path]]
    ) -> None:
        next(path for path in files() if path.stat().st_size == 4).unlink()
        assert await self.bodies(directory) == [None, LARGE]

    async def test_a_file_that_is_cut_off(
        self, directory: Path, files: Callable[[], list[Path]]
    ) -> None:
        os.truncate(next(path for path in files() if path.stat().st_size > 4), 1_000_000)
        assert await self.bodies(directory) == [b"abcd", None]

    async def test_a_file_with_other_bytes(
        self, directory: Path, files: Callable[[], list[Path]]
    ) -> None:
        for path in files():
            path.write_bytes(bytes(path.stat().st_size))
        assert await self.bodies(directory) == [None, None]
        assert files() == []

    async def test_files_that_nobody_knows(
        self, directory: Path, files: Callable[[], list[Path]]
    ) -> None:
        known = files()
        (known[0].parent / f"{known[0].name[:2]}odd.part").write_bytes(b"x")
        assert await self.bodies(directory) == [b"abcd", LARGE]
        assert files() == known

    async def test_rows_that_make_no_sense(
        self, directory: Path, files: Callable[[], list[Path]]
    ) -> None:
        database = sqlite3.connect(directory / "index.sqlite")
        database.execute("UPDATE objects SET headers = '[1' WHERE text = '/small'")
        database.execute("UPDATE objects SET lifetime = '[0]' WHERE text = '/large'")
        database.commit()
        database.close()
        assert await self.bodies(directory) == [None, None]
        assert files() == []

    async def test_a_damaged_index(self, directory: Path) -> None:
        (directory / "index.sqlite").write_bytes(b"no database" * 1000)
        assert await self.bodies(directory) == [None, None]

    async def test_a_file_that_vanishes_while_it_is_used(
        self, cache: Cache, answers: Answers, files: Callable[[], list[Path]]
    ) -> None:
        entry = await answers.put(body=LARGE)
        assert entry is not None
        files()[0].unlink()
        with pytest.raises(FileNotFoundError):
            await read(cache, entry)
        assert answers.get() is None  # so the next viewer gets it from the origin

    async def test_a_disk_that_cannot_be_written(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "cache").write_text("no directory")
        cache = Cache(tmp_path / "cache", ROOM)
        with pytest.raises(OSError):
            await cache.open()
        answers = Answers(cache)
        with caplog.at_level(logging.WARNING):
            assert await answers.put("/small", b"abcd") is not None
            assert await answers.put("/large", LARGE) is None
        assert await answers.body("/small") == b"abcd"
        assert "3000000 bytes or more is not cached" in caplog.text
        await cache.close()

    async def test_a_disk_that_fills_up(
        self,
        cache: Cache,
        answers: Answers,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        objects = tmp_path / "cache" / "objects"
        objects.rmdir()
        objects.write_text("no directory")
        with caplog.at_level(logging.WARNING):
            for number in range(3):
                await answers.put(f"/{number}")
            await written(cache)
        assert await answers.body("/1") == b"body"
        assert caplog.text.count("cannot be kept on disk") == 1
        objects.unlink()


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abcd"), st.integers(0, 400_000)),
    st.tuples(st.just("head"), st.sampled_from("abcd"), st.just(0)),
    st.tuples(st.just("part"), st.sampled_from("abcd"), st.integers(1, 50_000)),
    st.tuples(st.just("get"), st.sampled_from("abcd"), st.just(0)),
    st.tuples(st.just("refresh"), st.sampled_from("abcd"), st.just(0)),
    st.tuples(st.just("invalidate"), st.sampled_from("abcd*"), st.just(0)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=25))
def test_count_index_and_files_agree(steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory), steps))


async def run(directory: Path, steps: list[tuple[str, str, int]]) -> None:
    cache = Cache(directory, 1_000_000, most_memory_bytes=300_000)
    await cache.open()
    await take(cache, steps)  # its names are gone then: nobody reads a body any more
    before = cache.statistics
    await cache.close()
    sizes = [path.stat().st_size for path in directory.glob("objects/*/*")]
    after = Cache(directory, 1_000_000)
    await after.open()
    found = after.statistics
    await after.close()
    assert (found.objects, found.bytes) == (before.objects, before.bytes)
    heads = before.bytes - sum(sizes)
    assert 1024 * before.objects <= heads <= 2048 * before.objects


async def take(cache: Cache, steps: list[tuple[str, str, int]]) -> None:
    answers = Answers(cache)
    for number, (step, letter, size) in enumerate(steps):
        path = f"/{letter}"
        if step == "put":
            await answers.put(path, bytes([number]) * size)
        elif step == "head":
            await answers.put(path, b"", method="HEAD", came=NOW + number)
        elif step == "part":
            told = (("Content-Range", f"bytes 0-{size - 1}/50000"),)
            await answers.put(path, bytes(size), told, status=206)
        elif step == "invalidate":
            cache.invalidate("E1", [path])
        elif (entry := answers.get(path)) is not None:
            if step == "refresh":
                entry = cache.refresh(entry, Headers(), Ttls(0, 5, 9, 10), NOW, NOW)
            assert len(await read(cache, entry)) == entry.body.size
        assert cache.statistics.bytes <= 1_000_000
        assert cache.statistics.memory_bytes <= 600_000
