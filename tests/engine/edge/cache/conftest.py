"""A cache in a directory of its own, and answers to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from edge_cache_lab import Answers

from lambda_nb.engine.edge.cache.cache import Cache


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    cache = Cache(tmp_path / "cache", 100_000_000)
    await cache.open()
    yield cache
    await cache.close()


@pytest.fixture
def answers(cache: Cache) -> Answers:
    return Answers(cache)


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], list[Path]]:
    """The bodies' files that are there now, finished or not."""
    return lambda: sorted(path for path in tmp_path.glob("cache/objects/*/*"))
