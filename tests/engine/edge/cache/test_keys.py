"""Keys of requests by the cache policy."""

from __future__ import annotations

import pytest

from lambda_nb.engine.edge.cache.keys import key_of, ttls_of
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request
from lambda_nb.engine.edge.settings import CachePolicy, Selection

ALL = Selection("all")


def policy(**parts: Selection | bool) -> CachePolicy:
    return CachePolicy("p", 1, 2, 3, **parts)  # type: ignore[arg-type]


def request(uri: str = "/a", query: str = "", *headers: tuple[str, str]) -> Request:
    return Request("GET", uri, query, Headers(headers))


def test_by_default_only_the_path_counts() -> None:
    noisy = request("/a", "x=1", ("Cookie", "a=1"), ("Accept", "b"), ("Accept-Encoding", "gzip"))
    assert key_of(noisy, policy()) == ("/a", "/a")


@pytest.mark.parametrize(
    ("query", "address"),
    [
        (ALL, "/a?x=1&y=2&"),
        (Selection("some", frozenset({"y"})), "/a?y=2"),
        (Selection("all-except", frozenset({"y"})), "/a?x=1"),
        (Selection("some", frozenset({"z"})), "/a"),
    ],
    ids=["all", "some", "all-except", "none-of-them"],
)
def test_query(query: Selection, address: str) -> None:
    assert key_of(request("/a", "x=1&y=2&"), policy(query=query)).address == address


def test_cookies_and_headers() -> None:
    some = policy(
        cookies=Selection("some", frozenset({"a"})), headers=Selection("some", frozenset({"x"}))
    )
    one = key_of(request("/a", "", ("Cookie", "b=1; a=2"), ("X", "3")), some)
    same = key_of(request("/a", "", ("x", "3"), ("cookie", "a=2; c=7")), some)
    assert one == same
    assert one.address == "/a"
    for other in (("X", "4"), ("Cookie", "a=3")):
        assert key_of(request("/a", "", other), some).text != one.text


def test_cookies_are_no_header_of_the_key() -> None:
    everything = policy(headers=ALL)
    assert key_of(request("/a", "", ("Cookie", "a=1")), everything).text == "/a"


@pytest.mark.parametrize(
    ("accepted", "same_as"),
    [
        ("gzip, deflate, br", "br,gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("deflate", None),
        ("gzip;q=0", None),
    ],
)
def test_encodings_are_normalised(accepted: str, same_as: str | None) -> None:
    both = policy(gzip=True, brotli=True, headers=Selection("some", frozenset({"accept-encoding"})))
    other = request("/a", "", *([("Accept-Encoding", same_as)] if same_as else []))
    assert key_of(request("/a", "", ("Accept-Encoding", accepted)), both) == key_of(other, both)


def test_an_encoding_as_any_header() -> None:
    plain = policy(headers=Selection("some", frozenset({"accept-encoding"})))
    keys = {key_of(request("/a", "", ("Accept-Encoding", v)), plain) for v in ("gzip", "gzip, br")}
    assert len(keys) == 2


def test_ttls() -> None:
    ttls = ttls_of(policy(), 7)
    assert (ttls.least, ttls.default, ttls.most, ttls.errors) == (1, 2, 3, 7)
