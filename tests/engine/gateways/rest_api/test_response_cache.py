"""What a stage's cache keeps of answers, and for how long it has room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.rest_api import response_cache
from lambda_nb.engine.gateways.rest_api.response_cache import ResponseCache

EXCHANGE: Any = SimpleNamespace(
    header=lambda name: None,
    log=SimpleNamespace(say=lambda text: None),
    method=SimpleNamespace(settings=SimpleNamespace(cache_ttl_s=60)),
)


def found(cache: ResponseCache, key: str) -> bytes | None:
    reply, _ = cache.find(key, EXCHANGE)
    return None if reply is None else reply.body


def test_the_oldest_answers_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_cache, "_MOST_BYTES", 30)
    cache = ResponseCache(lambda api_id, stage: (0, 0))
    for key in "abc":
        cache.keep(key, Reply(200, key.encode() * 10), EXCHANGE)
    assert found(cache, "a") == b"a" * 10  # used last
    cache.keep("b", Reply(200, b"B" * 10), EXCHANGE)  # in the place of the other
    cache.keep("d", Reply(200, b"d" * 20), EXCHANGE)
    assert [found(cache, key) for key in "abcd"] == [None, b"B" * 10, None, b"d" * 20]


def test_what_changes_a_reply_does_not_change_what_is_kept() -> None:
    cache = ResponseCache(lambda api_id, stage: (0, 0))
    reply = Reply(200, b"body", [(b"a", b"b")])
    cache.keep("a", reply, EXCHANGE)
    reply.headers.append((b"own", b"1"))
    reply.body = b"packed"
    kept, _ = cache.find("a", EXCHANGE)
    assert kept is not None
    kept.headers.append((b"own", b"2"))
    again, _ = cache.find("a", EXCHANGE)
    assert again is not None
    assert (again.body, again.headers) == (b"body", [(b"a", b"b")])
