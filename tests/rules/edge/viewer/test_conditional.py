"""Conditional requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import conditional
from lambda_nb.rules.edge.viewer.conditional import Conditions

BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
CHANGED = "Sun, 06 Nov 1994 08:49:37 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"


@pytest.mark.parametrize(
    ("header", "etag", "expected"),
    [
        ('"a"', '"a"', 304),
        ('"a"', 'W/"a"', 304),  # compared weakly
        ('W/"a"', '"a"', 304),
        ('"b", W/"a" ,"c"', '"a"', 304),
        ('"x,y"', '"x,y"', 304),  # a comma inside a tag
        ("*", '"a"', 304),
        ("*", None, 304),
        ("a", "a", 304),  # no entity tags, but alike
        ('"b"', '"a"', None),
        ('"a', '"a"', None),
        ('"a"', None, None),
        ('"A"', '"a"', None),
    ],
)
def test_if_none_match(header: str, etag: str | None, expected: int | None) -> None:
    conditions = Conditions(if_none_match=header)
    assert conditional.outcome("GET", conditions, etag, None) == expected
    assert conditional.outcome("HEAD", conditions, etag, None) == expected
    assert conditional.outcome("PUT", conditions, etag, None) == (412 if expected else None)


@pytest.mark.parametrize(
    ("date", "expected"),
    [(BEFORE, None), (CHANGED, 304), (AFTER, 304), ("yesterday", None), ("0", None)],
)
def test_if_modified_since(date: str, expected: int | None) -> None:
    conditions = Conditions(if_modified_since=date)
    assert conditional.outcome("GET", conditions, None, CHANGED) == expected
    assert conditional.outcome("POST", conditions, None, CHANGED) is None
    assert conditional.outcome("GET", conditions, '"a"', None) is None


@given(st.sampled_from([BEFORE, CHANGED, AFTER, "x"]))
def test_an_entity_tag_goes_before_a_date(date: str) -> None:
    other = Conditions(if_none_match='"b"', if_modified_since=date)
    assert conditional.outcome("GET", other, '"a"', CHANGED) is None
    same = Conditions(if_none_match='"a"', if_modified_since=date)
    assert conditional.outcome("GET", same, '"a"', CHANGED) == 304


@pytest.mark.parametrize(
    ("header", "etag", "expected"),
    [
        ('"a"', '"a"', None),
        ('"b", "a"', '"a"', None),
        ("*", '"a"', None),
        ('"b"', '"a"', 412),
        ('W/"a"', 'W/"a"', 412),  # compared strongly
        ('"a"', None, 412),
    ],
)
def test_if_match(header: str, etag: str | None, expected: int | None) -> None:
    assert conditional.outcome("GET", Conditions(if_match=header), etag, None) == expected


@pytest.mark.parametrize(
    ("date", "expected"), [(BEFORE, 412), (CHANGED, None), (AFTER, None), ("x", None)]
)
def test_if_unmodified_since(date: str, expected: int | None) -> None:
    conditions = Conditions(if_unmodified_since=date)
    assert conditional.outcome("GET", conditions, '"a"', CHANGED) == expected
    matched = Conditions(if_match='"a"', if_unmodified_since=date)
    assert conditional.outcome("GET", matched, '"a"', CHANGED) is None


def test_a_failed_condition_goes_before_having_it() -> None:
    both = Conditions(if_match='"b"', if_none_match='"a"')
    assert conditional.outcome("GET", both, '"a"', None) == 412


def test_no_condition() -> None:
    assert conditional.outcome("GET", Conditions(), '"a"', CHANGED) is None
