"""Event patterns: AWS's own examples, and laws that hold for all patterns."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.patterns import matches

EVENT = {
    "source": "aws.ec2",
    "time": "2026-01-02T03:04:05Z",
    "empty": "",
    "null": None,
    "list": ["a", "b"],
    "detail": {"state": "running", "n": 5, "ip": "10.0.0.7", "file": "photos/cat.JPG", "ok": True},
    "things": [{"kind": "x", "n": 1}, {"kind": "y", "n": 2}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.ec2", "aws.fargate"]}, True),
        ({"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}, False),
        ({"empty": [""]}, True),
        ({"null": [None]}, True),
        ({"source": [None]}, False),
        ({"list": ["b"]}, True),
        ({"list": ["c"]}, False),
        ({"time": [{"prefix": "2026-01-02"}]}, True),
        ({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}, True),
        ({"detail": {"file": [{"suffix": ".jpg"}]}}, False),
        ({"detail": {"file": [{"suffix": {"equals-ignore-case": ".jpg"}}]}}, True),
        ({"detail": {"state": [{"equals-ignore-case": "RUNNING"}]}}, True),
        ({"detail": {"state": [{"anything-but": "running"}]}}, False),
        ({"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}}, True),
        ({"detail": {"state": [{"anything-but": {"prefix": "run"}}]}}, False),
        ({"detail": {"state": [{"anything-but": {"suffix": ["ed", "ing"]}}]}}, False),
        ({"detail": {"file": [{"anything-but": {"wildcard": "*/lib/*"}}]}}, True),
        ({"detail": {"absent": [{"anything-but": "x"}]}}, False),
        ({"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"n": [{"numeric": ["=", 4]}]}}, False),
        ({"detail": {"n": [5.0]}}, True),
        ({"detail": {"ok": [{"numeric": ["=", 1]}]}}, False),
        ({"detail": {"ok": [1]}}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"state": [{"cidr": "10.0.0.0/24"}]}}, False),
        ({"detail": {"n": [{"exists": True}]}}, True),
        ({"detail": {"m": [{"exists": False}]}}, True),
        ({"detail": [{"exists": True}]}, False),
        ({"gone": {"deeper": [{"exists": False}]}}, True),
        ({"detail": {"file": [{"wildcard": "photos/*.JPG"}]}}, True),
        ({"detail": {"file": [{"wildcard": "photos/*.png"}]}}, False),
        ({"$or": [{"source": ["x"]}, {"detail": {"n": [5]}}]}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"n": [6]}}]}, False),
        ({"things": {"kind": ["y"]}}, True),
        ({"things": {"kind": ["z"]}}, False),
        ({}, True),
    ],
)
def test_operators(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize("star", ["a*b", r"a\*b", r"a\\b"])
def test_an_escaped_star_is_a_star(star: str) -> None:
    literal = star.replace("\\*", "*").replace("\\\\", "\\")
    assert matches({"k": [{"wildcard": star}]}, {"k": literal})
    assert matches({"k": [{"wildcard": star}]}, {"k": "aXb"}) is (star == "a*b")


@pytest.mark.parametrize("leaf", [{"near": 1}, {"prefix": "a", "suffix": "b"}, {}])
def test_an_unknown_operator_is_named(leaf: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=re.escape(str(leaf))):
        matches({"k": [leaf]}, {"k": "v"})


scalars = st.none() | st.booleans() | st.integers() | st.text()
events = st.dictionaries(
    st.text(min_size=1), st.recursive(scalars, lambda v: st.dictionaries(st.text(), v)), max_size=4
)


def _pattern_of(event: dict[str, Any]) -> dict[str, Any]:
    """The pattern that names every leaf of an event."""
    return {
        key: _pattern_of(value) if isinstance(value, dict) else [value]
        for key, value in event.items()
        if key != "$or"
    }


@given(events)
def test_an_event_matches_the_pattern_of_itself(event: dict[str, Any]) -> None:
    pattern = _pattern_of(event)
    assert matches(pattern, event)
    assert matches(json.loads(json.dumps(pattern)), json.loads(json.dumps(event)))


@given(events, events)
def test_more_keys_let_less_through(one: dict[str, Any], other: dict[str, Any]) -> None:
    both = {**_pattern_of(one), **_pattern_of(other)}
    for event in (one, other):
        if matches(both, event):
            assert all(matches({key: both[key]}, event) for key in both)


@given(scalars, st.lists(scalars, min_size=1))
def test_anything_but_is_the_opposite_of_equality(value: Any, listed: list[Any]) -> None:
    equal = matches({"k": listed}, {"k": value})
    assert matches({"k": [{"anything-but": listed}]}, {"k": value}) is not equal


@given(st.text(), st.text(), st.text())
def test_a_wildcard_bridges_what_lies_between(start: str, middle: str, end: str) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("*", "\\*")

    pattern = {"k": [{"wildcard": f"{escaped(start)}*{escaped(end)}"}]}
    assert matches(pattern, {"k": start + middle + end})


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_comparisons_split_the_line(value: float, bound: float) -> None:
    signs = [
        sign
        for sign in ("<", "=", ">")
        if matches({"k": [{"numeric": [sign, bound]}]}, {"k": value})
    ]
    assert len(signs) == 1


@pytest.mark.parametrize(
    ("network", "value", "matched"),
    [
        ("10.0.0.1/24", "10.0.0.77", True),  # bits beyond the mask count for nothing
        ("10.0.0.1/24", "10.0.1.1", False),
        ("0.0.0.0/8", 5, False),
        ("2001:db8::1/32", "2001:db8:1::", True),
    ],
)
def test_networks(network: str, value: object, matched: bool) -> None:
    assert matches({"ip": [{"cidr": network}]}, {"ip": value}) is matched
