"""``Cache-Control``: what each spelling of a directive means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.caching.cache_control import MOST_SECONDS, Directives, directives


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=3600", 3600),
        ("MaX-aGe=3600", 3600),
        ("foobar, max-age=3600", 3600),
        ('max-age="3600"', 3600),
        ("max-age=003600", 3600),
        ("max-age=1800, max-age=1", 1800),
        ('extension="max-age=3600", max-age=1', 1),
        ('max-age=1, extension="max-age=3600"', 1),
        (",, ,max-age=7", 7),
        ('="odd", max-age=7', 7),
        ("max-age=2147483649", 2147483649),
        ("max-age=99999999999", MOST_SECONDS),
        ("max-age=" + "9" * 5000, MOST_SECONDS),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=-3600", 0),
        ("max-age=3600.0", 0),
        ("max-age=3600a", 0),
        ("max-age='3600'", 0),
        ("max-age= 3600", 0),
        ("max-age =3600", 0),
        ("max-age=٣", 0),
        ("public", None),
    ],
    ids=range(23),
)
def test_max_age(value: str, seconds: float | None) -> None:
    assert directives([value]).max_age == seconds


def test_several_fields_are_one_list() -> None:
    found = directives(["max-age=1", "s-maxage=2, public", "proxy-revalidate"])
    assert found == Directives(max_age=1.0, s_maxage=2.0, public=True, must_revalidate=True)


def test_s_maxage_goes_before_max_age() -> None:
    assert directives(["max-age=3600, s-maxage=1"]).lifetime == 1
    assert directives(["max-age=3600"]).lifetime == 3600
    assert directives([]).lifetime is None


@pytest.mark.parametrize("name", ["no-cache", "No-StOrE", "private", 'no-store="x"', 'private=""'])
def test_restrictions(name: str) -> None:
    assert directives([f"max-age=5, {name}"]).restricted


def test_named_fields_are_no_restriction() -> None:
    found = directives(['no-cache="a, Set-Cookie", private=X-Mine, max-age=3600'])
    assert found.left_out == {"a", "set-cookie", "x-mine"}
    assert not found.restricted


@given(st.lists(st.text(st.sampled_from('max-ge=,;" \\15privto'), max_size=40)))
def test_any_text_is_read(values: list[str]) -> None:
    found = directives(values)
    assert found.max_age is None or 0 <= found.max_age <= MOST_SECONDS
