"""Headers that Lambda@Edge functions see and return."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.triggers.headers import (
    DISALLOWED,
    READ_ONLY,
    Pair,
    changed,
    generated,
    is_disallowed,
    shown,
)
from lambda_nb.rules.edge.triggers.invalid_results import (
    DISALLOWED_HEADER,
    HEADER_NOT_A_LIST,
    HEADER_SHAPE,
    READ_ONLY_HEADER,
    VALUE,
    InvalidResult,
)

REQUEST: list[Pair] = [
    ("Host", "d1.cloudfront.net"),
    ("connection", "keep-alive"),
    ("Accept", "text/html"),
    ("accept", "*/*"),
    ("Cookie", "a=1"),
    ("X-Amz-Cf-Id", "hidden"),
    ("cookie", "b=2"),
]


def returned(headers: dict[str, Any], event: str = "viewer-request") -> list[Pair]:
    """The pairs after a function has put these headers over those of the request."""
    before = shown(REQUEST)
    return changed(event, REQUEST, before, {**before, **headers})


def one(value: Any, key: Any = None) -> list[dict[str, Any]]:
    entry = {"value": value}
    return [entry if key is None else {"key": key, **entry}]


def test_a_function_sees_each_value_by_name_in_lower_case() -> None:
    assert shown(REQUEST) == {
        "host": [{"key": "Host", "value": "d1.cloudfront.net"}],
        "accept": [
            {"key": "Accept", "value": "text/html"},
            {"key": "accept", "value": "*/*"},
        ],
        "cookie": [{"key": "Cookie", "value": "a=1; b=2"}],
    }


@pytest.mark.parametrize("name", [*sorted(DISALLOWED), "x-amz-cf-anything", "x-edge-anything"])
def test_disallowed_headers_are_not_seen(name: str) -> None:
    assert is_disallowed(name)
    assert shown([(name.title(), "x")]) == {}


@pytest.mark.parametrize("name", [*sorted(DISALLOWED), "x-amz-cf-anything", "x-edge-anything"])
@pytest.mark.parametrize("event", sorted(READ_ONLY))
def test_disallowed_headers_cannot_be_added(event: str, name: str) -> None:
    with pytest.raises(InvalidResult) as refusal:
        returned({name: one("x")}, event)
    assert refusal.value.sentence == DISALLOWED_HEADER
    assert name in refusal.value.detail


def test_what_a_function_leaves_is_as_it_was() -> None:
    assert returned({}) == REQUEST


def test_what_a_function_changes_goes_to_the_end_and_the_rest_stays() -> None:
    pairs = returned({"accept": one("image/png", "ACCEPT"), "x-new": one("1")})
    assert pairs == [
        ("Host", "d1.cloudfront.net"),
        ("connection", "keep-alive"),
        ("Cookie", "a=1"),
        ("X-Amz-Cf-Id", "hidden"),
        ("cookie", "b=2"),
        ("ACCEPT", "image/png"),
        ("X-New", "1"),
    ]


@pytest.mark.parametrize("how", ["left out", "empty"])
def test_a_function_deletes_a_header(how: str) -> None:
    before = shown(REQUEST)
    after = {**before, "accept": []} if how == "empty" else {**before}
    if how == "left out":
        del after["accept"]
    pairs = changed("viewer-request", REQUEST, before, after)
    assert pairs == [pair for pair in REQUEST if pair[0].lower() != "accept"]


READ_ONLY_CASES = [
    (event, name) for event in sorted(READ_ONLY) for name in sorted(READ_ONLY[event])
]


@pytest.mark.parametrize(("event", "name"), READ_ONLY_CASES)
@pytest.mark.parametrize("how", ["add", "change", "delete"])
def test_read_only_headers(event: str, name: str, how: str) -> None:
    pairs: list[Pair] = [] if how == "add" else [(name.title(), "old")]
    after = {} if how == "delete" else {name: one("new")}
    with pytest.raises(InvalidResult) as refusal:
        changed(event, pairs, shown(pairs), after)
    assert refusal.value.sentence == READ_ONLY_HEADER
    assert f"may not {how} {name}" in refusal.value.detail


@pytest.mark.parametrize(("event", "name"), READ_ONLY_CASES)
def test_read_only_headers_may_stay_whatever_else_changes(event: str, name: str) -> None:
    pairs = [(name.title(), "old")]
    after = {name: one("old", name.upper()), "x-new": one("1")}
    assert ("X-New", "1") in changed(event, pairs, shown(pairs), after)


def test_the_lists_are_the_guides() -> None:
    """The host can be changed for the origin only; each event has its own list."""
    assert "host" in READ_ONLY["viewer-request"]
    assert "host" not in READ_ONLY["origin-request"]
    assert "content-length" not in READ_ONLY["origin-response"]
    assert {event: len(names) for event, names in READ_ONLY.items()} == {
        "viewer-request": 5,
        "origin-request": 9,
        "origin-response": 2,
        "viewer-response": 5,
    }


def test_a_viewer_request_function_cannot_add_the_viewers_country() -> None:
    with pytest.raises(InvalidResult, match=r"may not add cloudfront-viewer-country \(as 'DE'\)"):
        returned({"cloudfront-viewer-country": one("DE")})
    assert ("Cloudfront-Viewer-Country", "DE") in returned(
        {"cloudfront-viewer-country": one("DE")}, "origin-request"
    )


@pytest.mark.parametrize(
    ("headers", "sentence", "says"),
    [
        ({"a": "text"}, HEADER_NOT_A_LIST, "a is a string"),
        ({"a": {"value": "x"}}, HEADER_NOT_A_LIST, "a is an object"),
        ({"a": None}, HEADER_NOT_A_LIST, "a is null"),
        ({"a": ["text"]}, HEADER_SHAPE, "an entry of a is a string"),
        ({"a": [{}]}, HEADER_SHAPE, "the value of a is null"),
        ({"a": one(1)}, HEADER_SHAPE, "the value of a is a number"),
        ({"a": one(True)}, HEADER_SHAPE, "the value of a is a boolean"),
        ({"a": one(["x", 1])}, HEADER_SHAPE, "the value of a is a number"),
        ({"a": one("x", "b")}, HEADER_SHAPE, "the key 'b' stands under 'a'"),
        ({"a": one("x", 7)}, HEADER_SHAPE, "the key 7 stands under 'a'"),
        ({"a b": one("x")}, VALUE, "'A b' cannot be the name of a header"),
        ({"": one("x")}, VALUE, "'' cannot be the name of a header"),
        ({"a": one("x\r\nb: y")}, VALUE, "Invalid character %0D in the value of A"),
        ({"a": one("x\0")}, VALUE, "Invalid character %00 in the value of A"),
    ],
)
def test_bad_shapes(headers: dict[str, Any], sentence: str, says: str) -> None:
    with pytest.raises(InvalidResult) as refusal:
        returned(headers)
    assert refusal.value.sentence == sentence
    assert says in refusal.value.detail


@pytest.mark.parametrize("headers", [[], "text", 1, True])
def test_headers_must_be_an_object(headers: object) -> None:
    with pytest.raises(InvalidResult) as refusal:
        changed("viewer-request", REQUEST, shown(REQUEST), headers)
    assert refusal.value.sentence == HEADER_SHAPE


def test_a_key_is_not_needed_and_a_value_may_be_a_list() -> None:
    assert generated("origin-request", {"SET-cookie": one(["a=1", "b=2"])}) == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]


def test_generated_headers() -> None:
    assert generated("viewer-request", None) == []
    with pytest.raises(InvalidResult) as refusal:
        generated("viewer-request", {"content-length": one("5")})
    assert refusal.value.sentence == READ_ONLY_HEADER


def test_functions_see_utf_8_and_unchanged_bytes_stay() -> None:
    pairs = [("X-Utf8", "grün".encode().decode("latin-1")), ("X-Latin", "gr\xfcn")]
    before = shown(pairs)
    assert [entries[0]["value"] for entries in before.values()] == ["grün", "grün"]
    after = {**before, "x-new": one("grün")}
    wire = "grün".encode().decode("latin-1")
    assert changed("origin-request", pairs, before, after) == [*pairs, ("X-New", wire)]


NAMES = st.sampled_from(["Accept", "accept", "Host", "Via", "X-A", "x-a", "Connection", "Cookie"])
PAIRS = st.lists(st.tuples(NAMES, st.text(st.characters(min_codepoint=33, max_codepoint=255))))


@given(pairs=PAIRS, event=st.sampled_from(sorted(READ_ONLY)))
def test_a_function_that_adds_one_header_changes_nothing_else(
    pairs: list[Pair], event: str
) -> None:
    pairs = [pair for pair in pairs if "\x7f" not in pair[1]]
    before = shown(pairs)
    after = changed(event, pairs, before, {**before, "x-mine": one("1")})
    assert after == [*pairs, ("X-Mine", "1")]


@given(pairs=PAIRS, event=st.sampled_from(sorted(READ_ONLY)))
def test_what_functions_see_has_no_disallowed_header(pairs: list[Pair], event: str) -> None:
    assert not any(is_disallowed(name) for name in shown(pairs))
    assert changed(event, pairs, shown(pairs), shown(pairs)) == pairs
