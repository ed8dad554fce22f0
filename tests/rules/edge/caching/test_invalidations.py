"""Invalidations: which paths mean which objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.caching.invalidations import encoded, matcher


@pytest.mark.parametrize(
    ("path", "address", "meant"),
    [
        ("/a.jpg", "/a.jpg", True),
        ("/a.jpg", "/A.jpg", False),
        ("/a.jpg", "/a.jpg?x=1", False),
        ("/a.jpg?x=1", "/a.jpg?x=1", True),
        ("/a.jpg?x=1", "/a.jpg?x=2", False),
        ("/a.jpg*", "/a.jpg?x=2", True),
        ("/a.jpg*", "/a.jpg", True),
        ("/images/*", "/images/b/c.png", True),
        ("/images/*", "/images", False),
        ("/images*", "/images2/x", True),
        ("/*", "/", True),
        ("/*", "/~me", True),
        ("*", "/a", True),
        ("/a*b", "/axb", False),
        ("/a*b", "/a*b", True),
        ("/a*b*", "/a*bc", True),
        ("a.jpg", "/a.jpg", True),
        ("/caf%c3%a9", "/caf%C3%A9", True),
        ("/café", "/caf%C3%A9", True),
        ("/caf%C3%A9*", "/café?x", True),
        ("/a b", "/a%20b", True),
        ("/a%2Db", "/a-b", False),
        ("/~me", "/~me", False),
        ("/%7Eme*", "/%7Eme", False),
    ],
    ids=range(24),
)
def test_paths(path: str, address: str, meant: bool) -> None:
    assert matcher([path])(address) is meant


def test_any_of_several() -> None:
    hit = matcher(["/a", "/b/*", "/c*"])
    assert [hit(address) for address in ("/a", "/b/x", "/c", "/b", "/d")] == [True] * 3 + [
        False
    ] * 2


def test_no_path_means_nothing() -> None:
    assert not matcher([])("/a")


@given(st.text())
def test_encoding_twice_changes_nothing(path: str) -> None:
    once = encoded(path)
    assert encoded(once) == once
    assert once.isascii()


@given(st.text(), st.text())
def test_an_asterisk_stands_for_any_rest(path: str, rest: str) -> None:
    if "~" not in path and "%" not in path + rest:
        assert matcher([f"/{path}*"])(f"/{path}{rest}")
