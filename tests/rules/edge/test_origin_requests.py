"""What an origin gets of a viewer's request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.edge.settings import Selection, SelectionMode
from lambda_nb.rules.edge import origin_requests
from lambda_nb.rules.edge.origin_requests import Forwarding, Selections

NONE, ALL = Selection(), Selection("all")
Pairs = list[tuple[str, str]]


def some(*names: str) -> Selection:
    return Selection("some", frozenset(names))


def all_except(*names: str) -> Selection:
    return Selection("all-except", frozenset(names))


def rules(
    cached: Selection = NONE, forwarded: Selection = NONE, part: str = "headers", **more: Any
) -> Forwarding:
    """Rules for headers, cookies or the query; nothing of the others is selected."""
    nothing = {"headers": NONE, "cookies": NONE, "query": NONE}
    return Forwarding(
        Selections(**{**nothing, part: cached}), Selections(**{**nothing, part: forwarded}), **more
    )


def sent(how: Forwarding, *pairs: tuple[str, str], method: str = "GET") -> dict[str, str]:
    """The origin's headers by their names in lower case; none is there twice."""
    given = origin_requests.headers(
        how,
        method,
        [("Host", "d1.cloudfront.net"), *pairs],
        host="origin.example.com",
        viewer_ip="192.0.2.2",
        via="1.1 x.cloudfront.net (CloudFront)",
    )
    by_name = {name.lower(): value for name, value in given}
    assert len(by_name) == len(given)
    return by_name


def test_what_every_origin_gets() -> None:
    assert sent(rules(), ("X-Own", "1"), ("User-Agent", "curl/8"), ("Origin", "http://a")) == {
        "host": "origin.example.com",
        "user-agent": "Amazon CloudFront",
        "x-forwarded-for": "192.0.2.2",
        "via": "1.1 x.cloudfront.net (CloudFront)",
    }


@pytest.mark.parametrize("name", sorted(origin_requests.ALWAYS_FORWARDED))
def test_headers_that_need_not_be_selected(name: str) -> None:
    assert sent(rules(), (name.title(), "v"))[name] == "v"


@pytest.mark.parametrize("name", [*sorted(origin_requests.NEVER_FORWARDED), "x-edge-location"])
def test_headers_that_no_policy_brings_to_the_origin(name: str) -> None:
    assert name not in sent(rules(some(name), ALL), (name.title(), "v"))


def test_addresses_and_proxies_are_appended() -> None:
    headers = sent(rules(), ("X-Forwarded-For", "192.0.2.4,192.0.2.3"), ("Via", "1.0 fred"))
    assert headers["x-forwarded-for"] == "192.0.2.4,192.0.2.3,192.0.2.2"
    assert headers["via"] == "1.0 fred, 1.1 x.cloudfront.net (CloudFront)"


def test_host_and_user_agent_are_the_viewers_if_selected() -> None:
    agent = ("User-Agent", "curl/8")
    headers = sent(rules(NONE, ALL), agent)
    assert (headers["host"], headers["user-agent"]) == ("d1.cloudfront.net", "curl/8")
    headers = sent(rules(some("user-agent")), agent)
    assert (headers["host"], headers["user-agent"]) == ("origin.example.com", "curl/8")
    assert sent(rules(NONE, all_except("host")), agent)["host"] == "origin.example.com"


def test_a_bucket_never_gets_the_viewers_host() -> None:
    assert sent(rules(NONE, ALL, s3=True))["host"] == "origin.example.com"


def test_headers_keep_their_spelling_their_order_and_their_number() -> None:
    pairs = [("X-B", "2"), ("x-a", "1"), ("X-B", "3")]
    result = origin_requests.headers(
        rules(some("x-a", "x-b")), "GET", pairs, host="o", viewer_ip="192.0.2.2", via="v"
    )
    assert result[:4] == [("Host", "o"), *pairs]


@pytest.mark.parametrize(
    ("method", "caches_options", "expected"),
    [
        ("GET", False, False),
        ("HEAD", False, False),
        ("OPTIONS", True, False),
        ("OPTIONS", False, True),
        ("POST", False, True),
        ("PUT", True, True),
        ("PATCH", False, True),
        ("DELETE", False, True),
    ],
)
def test_authorization_goes_with_what_is_not_cached(
    method: str, caches_options: bool, expected: bool
) -> None:
    header = ("Authorization", "Basic eA==")
    unselected = sent(rules(caches_options=caches_options), header, method=method)
    assert ("authorization" in unselected) is expected
    selected = rules(some("authorization"), caches_options=caches_options)
    assert "authorization" in sent(selected, header, method=method)


def test_headers_that_cloudfront_adds_reach_the_origin() -> None:
    header = ("CloudFront-Viewer-Country", "DE")
    assert "cloudfront-viewer-country" not in sent(rules(), header)
    added = rules(added=frozenset({"cloudfront-viewer-country"}))
    assert sent(added, header)["cloudfront-viewer-country"] == "DE"


LEGACY = all_except(*origin_requests.LEGACY_REMOVED)


@pytest.mark.parametrize("name", sorted(origin_requests.LEGACY_REMOVED - {"host", "user-agent"}))
def test_legacy_settings_remove_some_headers_unless_they_are_listed(name: str) -> None:
    assert name not in sent(rules(NONE, LEGACY), (name, "v"))
    assert sent(rules(some(name), LEGACY), (name, "v"))[name] == "v"


def test_legacy_settings_forward_other_headers() -> None:
    headers = sent(rules(NONE, LEGACY), ("X-Own", "1"), ("Origin", "http://a"))
    assert (headers["x-own"], headers["origin"]) == ("1", "http://a")
    assert headers["user-agent"] == "Amazon CloudFront"
    assert headers["host"] == "origin.example.com"


MODES: list[SelectionMode] = ["none", "some", "all", "all-except"]
SELECTIONS = st.builds(
    Selection, st.sampled_from(MODES), st.frozensets(st.sampled_from("abcd"), max_size=4)
)


@given(SELECTIONS, SELECTIONS)
def test_the_guides_table_of_both_policies(cached: Selection, forwarded: Selection) -> None:
    """ "Understand how origin request policies and cache policies work together"."""
    everything = set("abcd")

    def meant(selection: Selection) -> set[str]:
        return {
            "none": set[str](),
            "some": set(selection.names),
            "all": everything,
            "all-except": everything - selection.names,
        }[selection.mode]

    expected = meant(cached) | meant(forwarded)
    if cached.mode == forwarded.mode == "all-except":
        expected = everything - cached.names - forwarded.names
    how = rules(cached, forwarded, "query")
    assert origin_requests.query(how, "d=1&c=2&b=3&a=4").split("&") == (
        [one for one in ("d=1", "c=2", "b=3", "a=4") if one[0] in expected] or [""]
    )
    how = rules(cached, forwarded, "cookies")
    assert origin_requests.cookies(how, ["d=1; c=2", "b=3; a=4"]) == "; ".join(
        one for one in ("a=4", "b=3", "c=2", "d=1") if one[0] in expected
    )


def test_all_of_the_query_is_as_the_viewer_sent_it() -> None:
    assert origin_requests.query(rules(ALL, part="query"), "a&&b=%20;c=1&a") == "a&&b=%20;c=1&a"


def test_only_an_ampersand_stands_between_parameters() -> None:
    how = rules(some("color"), part="query")
    assert origin_requests.query(how, "color=red;size=large") == "color=red;size=large"
    assert origin_requests.query(how, "size=large;color=red") == ""
    assert origin_requests.query(how, "Color=red&color=Red&color=b") == "color=Red&color=b"


def test_cookies_are_sorted_and_strange_ones_left_out() -> None:
    how = rules(ALL, part="cookies")
    assert origin_requests.cookies(how, ["b=2; a=1=1; $Version=1; bad; =x; B=3;"]) == (
        "B=3; a=1=1; b=2"
    )


def test_cookies_are_no_header_that_can_be_selected() -> None:
    assert "cookie" not in sent(rules(NONE, ALL), ("Cookie", "a=1"))
    assert sent(rules(some("a"), part="cookies"), ("Cookie", "b=2; a=1"))["cookie"] == "a=1"


def test_conditions_on_age_do_not_go_with_cookies() -> None:
    conditions: Pairs = [("If-None-Match", '"x"'), ("If-Modified-Since", "d"), ("If-Match", '"y"')]
    headers = sent(rules(NONE, some("a"), "cookies"), *conditions)
    assert {"if-none-match", "if-modified-since", "if-match"} & set(headers) == {"if-match"}


@pytest.mark.parametrize(
    ("accepted", "gzip", "brotli", "expected"),
    [
        ("gzip, deflate, br", True, True, "br,gzip"),
        ("gzip, deflate, br", True, False, "gzip"),
        ("gzip, deflate, br", False, True, "br"),
        ("deflate", True, True, "identity"),
        ("br", True, False, "identity"),
        ("GZIP;q=0.5", True, True, "gzip"),
        ("gzip;q=0, br;q=0.000", True, True, "identity"),
        ("gzip, deflate, br", False, False, None),
    ],
)
def test_accept_encoding_is_normalised(
    accepted: str, gzip: bool, brotli: bool, expected: str | None
) -> None:
    headers = sent(rules(gzip=gzip, brotli=brotli), ("Accept-Encoding", accepted))
    assert headers.get("accept-encoding") == expected


def test_without_accept_encoding_the_origin_gets_none() -> None:
    assert "accept-encoding" not in sent(rules(gzip=True, brotli=True))


def test_accept_encoding_is_a_header_like_others_if_nothing_compressed_is_cached() -> None:
    assert sent(rules(NONE, ALL), ("Accept-Encoding", "br, x"))["accept-encoding"] == "br, x"
