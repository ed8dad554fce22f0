"""What authorizers decided, kept for a while."""

from __future__ import annotations

from lambda_nb.engine.gateways.shared.authorizer_cache import AuthorizerCache


def test_a_decision_counts_for_its_ttl() -> None:
    cache: AuthorizerCache[str] = AuthorizerCache()
    cache.put(("api", "v"), "yes", 10, 100.0)
    assert cache.get(("api", "v"), 109.9) == "yes"
    assert cache.get(("api", "w"), 109.9) is None
    assert cache.get(("api", "v"), 110.0) is None
    assert cache.get(("api", "v"), 100.0) is None, "what has ended is gone"


def test_without_a_ttl_nothing_is_kept() -> None:
    cache: AuthorizerCache[str] = AuthorizerCache()
    cache.put(("api", "v"), "yes", 0, 0.0)
    assert cache.get(("api", "v"), 0.0) is None


def test_an_hour_is_the_longest() -> None:
    cache: AuthorizerCache[str] = AuthorizerCache()
    cache.put(("api", "v"), "yes", 10_000, 0.0)
    assert cache.get(("api", "v"), 3599.0) == "yes"
    assert cache.get(("api", "v"), 3600.0) is None


def test_what_was_used_longest_ago_makes_room() -> None:
    cache: AuthorizerCache[int] = AuthorizerCache(most=2)
    cache.put(("a",), 1, 10, 0.0)
    cache.put(("b",), 2, 10, 0.0)
    assert cache.get(("a",), 1.0) == 1
    cache.put(("c",), 3, 10, 1.0)
    assert [cache.get((key,), 1.0) for key in "abc"] == [1, None, 3]


def test_reset() -> None:
    cache: AuthorizerCache[int] = AuthorizerCache()
    for key in (("a", "dev", 1), ("a", "dev", 2), ("a", "prod", 1), ("b", "dev", 1)):
        cache.put(key, 1, 10, 0.0)
    cache.reset("a", "dev")
    kept = [key for key in (("a", "dev", 1), ("a", "prod", 1)) if cache.get(key, 0.0)]
    assert kept == [("a", "prod", 1)]
    cache.reset()
    assert cache.get(("b", "dev", 1), 0.0) is None
