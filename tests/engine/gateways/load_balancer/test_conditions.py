"""Conditions of listener rules."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.load_balancer.conditions import (
    Asked,
    UnknownCondition,
    compiled,
    pairs,
    wildcard,
)

ALPHABET = st.text(alphabet="ab/.*?", max_size=8)


def asked(**told: Any) -> Asked:
    settings: dict[str, Any] = {
        "method": "GET",
        "host": "www.example.com",
        "path": "/img/cat.png",
        "query": "v=1&Name=Ada",
        "headers": ((b"accept", b"text/html"), (b"x-tag", b"one"), (b"x-tag", b"Two")),
        "peer": "10.1.2.3",
    }
    return Asked(**{**settings, **told})


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def query(**pair: str) -> dict[str, Any]:
    return {"Field": "query-string", "QueryStringConfig": {"Values": [pair]}}


def header(name: str, *values: str) -> dict[str, Any]:
    told = {"HttpHeaderName": name, "Values": list(values)}
    return {"Field": "http-header", "HttpHeaderConfig": told}


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def path_regex(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": list(values)}}


def source(*values: str) -> dict[str, Any]:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(values)}}


def method(*values: str) -> dict[str, Any]:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(values)}}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (host("WWW.example.*"), True),
        (host("other.example.com", "???.example.com"), True),
        (host("example.com"), False),
        ({"Field": "host-header", "Values": ["*.example.com"]}, True),
        ({"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^www[.]"]}}, True),
        (path("/img/*"), True),
        (path("/img/*.p?g"), True),
        (path("/IMG/*"), False),
        (path("/img"), False),
        (path_regex("/cat[.](png|gif)$"), True),
        (path_regex("/CAT"), False),
        (header("Accept", "*HTML*"), True),
        (header("x-tag", "two"), True),
        (header("x-tag", "three"), False),
        (header("x-none", "*"), False),
        (method("GET", "HEAD"), True),
        (method("get"), False),
        (query(Key="V", Value="1"), True),
        (query(Key="name", Value="A*"), True),
        (query(Value="ada"), True),
        (query(Key="v", Value="2"), False),
        (query(Key="v", Value=r"\*"), False),
        (source("192.168.0.0/16", "10.1.0.0/16"), True),
        (source("10.2.0.0/16"), False),
        (source("2001:db8::/32"), False),
    ],
)  # fmt: skip
def test_a_condition_is_met_or_not(condition: dict[str, Any], met: bool) -> None:
    assert bool(compiled(condition)(asked())) is met


def test_an_address_of_ipv4_may_come_as_one_of_ipv6() -> None:
    holds = compiled(source("10.1.0.0/16"))
    assert holds(asked(peer="::ffff:10.1.2.3"))
    assert not holds(asked(peer=""))


@pytest.mark.parametrize(
    "condition",
    [
        {"Field": "moon-phase"},
        source("10.0.0.0/40"),
        path_regex("("),
    ],
)
def test_a_condition_that_nothing_can_meet_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(UnknownCondition):
        compiled(condition)


@given(ALPHABET, ALPHABET)
def test_wildcards_mean_what_they_mean_to_a_shell(pattern: str, text: str) -> None:
    """There are no brackets in the alphabet, the one thing that differs."""
    ours = wildcard(pattern, fold=False).fullmatch(text) is not None
    assert ours == (re.match(translate(pattern), text) is not None)


@given(st.text(max_size=20))
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    escaped = re.sub(r"([*?])", r"\\\1", text.replace("\\", ""))
    pattern = wildcard(escaped, fold=False, escapes=True)
    assert pattern.fullmatch(text.replace("\\", ""))
    assert not pattern.fullmatch(text.replace("\\", "") + "x")


@given(st.text(alphabet="a=&%2", max_size=12))
def test_pairs_lose_nothing_of_a_query(query: str) -> None:
    named = [part for part in query.split("&") if part]
    assert [key + ("=" + value if value else "") for key, value in pairs(query)] == [
        part if part.partition("=")[2] else part.rstrip("=") for part in named
    ]
