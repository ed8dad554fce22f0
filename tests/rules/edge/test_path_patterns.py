"""Path patterns of cache behaviours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.path_patterns import PathPattern, compiled, normalized

PATTERNS = st.text("ab/?*.", max_size=12)
PATHS = st.text("ab/.", max_size=14).map("/{}".format)
ENCODED = st.text("aZ%2eEfF/.~", max_size=16).map("/{}".format)


def as_expression(pattern: str) -> re.Pattern[str]:
    """The plain meaning of a pattern, with the backtracking that the compiled form is spared."""
    whole = pattern if pattern.startswith("/") else f"/{pattern}"
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in whole), re.DOTALL
    )


@given(PATTERNS, PATHS)
def test_a_pattern_means_what_its_wildcards_say(pattern: str, path: str) -> None:
    expected = as_expression(pattern).fullmatch(path) is not None
    assert PathPattern(pattern).matches(path) is expected


@given(PATTERNS, PATHS)
def test_the_first_slash_may_be_left_out(pattern: str, path: str) -> None:
    bare = pattern.lstrip("/")
    assert PathPattern(bare).matches(path) == PathPattern(f"/{bare}").matches(path)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.jpg", "/images/a.jpg", True),
        ("*.jpg", "/LOGO.JPG", False),
        ("images/*.jpg", "/images/product1/a.jpg", True),
        ("images/*.jpg", "/pictures/images/a.jpg", False),
        ("a*.jpg", "/abra/cadabra/magic.jpg", True),
        ("a??.jpg", "/ant.jpg", True),
        ("a??.jpg", "/a.jpg", False),
        ("*.doc*", "/a.docm", True),
        ("*.doc*", "/a.doc", True),
        ("*.doc?", "/a.doc", False),
        ("/*product.jpg", "/x/product.jpg", True),
        ("/api", "/api/", False),
        ("/api/*", "/api/", True),
        ("/api/*", "/api", False),
        ("/a*a", "/a", False),
        ("*", "/", True),
        ("/$~\"'@:+&.html", "/$~\"'@:+&.html", True),
        ("/a.c", "/abc", False),
    ],
)
def test_patterns_of_the_guide(pattern: str, path: str, expected: bool) -> None:
    assert PathPattern(pattern).matches(path) is expected


def test_many_stars_take_no_longer_than_few() -> None:
    """A backtracking matcher would not come back from this in our lifetime."""
    assert not PathPattern("/" + "a*" * 60 + "b").matches("/" + "a" * 8000)


def test_a_pattern_is_compiled_once() -> None:
    assert compiled("/once/*") is compiled("/once/*")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b/..", "/a/"),
        ("/a/b/../c", "/a/c"),
        ("/a/./b", "/a/b"),
        ("/a/.", "/a/"),
        ("/../../a", "/a"),
        ("/..", "/"),
        ("/a//b///c", "/a/b/c"),
        ("/%61%2Dz", "/a-z"),
        ("/a%2fb", "/a%2Fb"),
        ("/%2e%2e/a", "/a"),
        ("/a%20b", "/a%20b"),
        ("/%zz%4", "/%zz%4"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a..b/...", "/a..b/..."),
        ("/", "/"),
    ],
)
def test_paths_are_normalised(path: str, expected: str) -> None:
    assert normalized(path) == expected


@given(ENCODED)
def test_a_normalised_path_has_no_dots_and_no_repeated_slashes(path: str) -> None:
    result = normalized(path)
    assert result.startswith("/")
    assert "//" not in result
    assert not {".", ".."} & set(result.split("/"))
