"""Requests for parts of an object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import byte_ranges
from lambda_nb.rules.edge.viewer.byte_ranges import Span

SIZES = st.integers(0, 60)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", (Span(0, 499),)),  # the examples of RFC 9110, 14.1.2
        ("bytes=500-999", (Span(500, 999),)),
        ("bytes=-500", (Span(9500, 9999),)),
        ("bytes=9500-", (Span(9500, 9999),)),
        ("bytes=0-0,-1", (Span(0, 0), Span(9999, 9999))),
        ("bytes=500-600,601-999", (Span(500, 600), Span(601, 999))),
        ("Bytes = 5-6 ,\t8-9", (Span(5, 6), Span(8, 9))),
        ("bytes=100-200,300-400", (Span(100, 200), Span(300, 400))),  # the guide's
        ("bytes=9999-20000", (Span(9999, 9999),)),
        ("bytes=-20000", (Span(0, 9999),)),
        ("bytes=0-9,10000-", (Span(0, 9),)),  # one of them can be satisfied
    ],
)
def test_what_is_asked(header: str, expected: tuple[Span, ...]) -> None:
    assert byte_ranges.spans(header, 10_000) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=300-400,100-200",  # not ascending
        "bytes=100-200,150-250",  # overlapping
        "bytes=100-200,200-250",
        "bytes=-1-5",  # a negative value
        "bytes=--5",
        "bytes=5-4",
        "bytes=0-1,x",
        "bytes=",
        "bytes=1",
        "bytes",
        "items=0-1",
        "bytes=20000-,-5",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_ranges_that_are_ignored(header: str) -> None:
    assert byte_ranges.spans(header, 10_000) is None


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0"])
def test_ranges_that_cannot_be_satisfied(header: str) -> None:
    assert byte_ranges.spans(header, 10_000) == ()


def test_of_an_empty_object() -> None:
    assert byte_ranges.spans("bytes=0-", 0) == ()
    assert byte_ranges.spans("bytes=-5", 0) is None


@given(SIZES, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80) | st.none()), max_size=4))
def test_ranges_are_inside_ascending_and_apart(
    size: int, asked: list[tuple[int, int | None]]
) -> None:
    header = "bytes=" + ",".join(f"{a}-{'' if b is None else b}" for a, b in asked)
    found = byte_ranges.spans(header, size)
    if found is None:
        return
    reached = -1
    for span in found:
        assert reached < span.first <= span.last < size
        reached = span.last


@given(SIZES, st.sets(st.integers(0, 59), min_size=2))
def test_every_byte_asked_for_is_given(size: int, ends: set[int]) -> None:
    cuts = sorted(ends)
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = byte_ranges.spans("bytes=" + ",".join(f"{a}-{b}" for a, b in pairs), size)
    wanted = {n for a, b in pairs for n in range(a, b + 1) if n < size}
    assert found is not None
    assert {n for span in found for n in range(span.first, span.last + 1)} == wanted


@given(SIZES.filter(bool), st.integers(1, 80))
def test_the_last_bytes(size: int, count: int) -> None:
    (span,) = byte_ranges.spans(f"bytes=-{count}", size) or ()
    assert span.last == size - 1
    assert span.length == min(count, size)


MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("header", "etag", "last_modified", "expected"),
    [
        ('"a"', '"a"', None, True),
        ('"a"', '"b"', None, False),
        ('"a"', 'W/"a"', None, False),
        ('W/"a"', 'W/"a"', None, False),
        ('"a"', None, MODIFIED, False),
        (MODIFIED, '"a"', MODIFIED, True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None, MODIFIED, True),
        ("Sun, 06 Nov 1994 08:49:38 GMT", None, MODIFIED, False),
        (MODIFIED, '"a"', None, False),
        ("a", "a", MODIFIED, False),
    ],
)
def test_if_range(header: str, etag: str | None, last_modified: str | None, expected: bool) -> None:
    assert byte_ranges.if_range_holds(header, etag, last_modified) is expected


def test_what_an_answer_says() -> None:
    assert byte_ranges.content_range(Span(0, 499), 1234) == "bytes 0-499/1234"
    assert byte_ranges.unsatisfied(1234) == "bytes */1234"


@given(st.sets(st.integers(0, 59), min_size=2), st.none() | st.just("text/html"))
def test_the_length_of_parts_is_their_length(ends: set[int], content_type: str | None) -> None:
    cuts = sorted(ends)
    wanted = [Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    body = b"".join(
        byte_ranges.part_head("xyz", content_type, span, 60) + b"." * span.length for span in wanted
    )
    body += byte_ranges.parts_end("xyz")
    assert byte_ranges.parts_length("xyz", content_type, wanted, 60) == len(body)
