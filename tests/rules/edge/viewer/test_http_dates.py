"""Dates of HTTP headers."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import http_dates


@given(st.integers(0, 253_402_300_799))
def test_a_time_written_and_read_is_the_same_time(time: int) -> None:
    assert http_dates.seconds(http_dates.text(time)) == time


@given(st.integers(0, 4_000_000_000))
def test_it_is_written_as_mail_writes_it(time: int) -> None:
    assert http_dates.text(time) == formatdate(time, usegmt=True)


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_forms_of_the_standard(date: str) -> None:
    assert http_dates.seconds(date) == 784111777.0


def test_years_of_two_digits() -> None:
    assert http_dates.seconds("Friday, 01-Jan-70 00:00:00 GMT") == 0
    assert http_dates.seconds("Saturday, 01-Jan-00 00:00:00 GMT") == http_dates.seconds(
        "Sat, 01 Jan 2000 00:00:00 GMT"
    )


def test_a_leap_second_is_the_next_minutes_first() -> None:
    assert http_dates.seconds("Sat, 31 Dec 2016 23:59:60 GMT") == http_dates.seconds(
        "Sun, 01 Jan 2017 00:00:00 GMT"
    )


@pytest.mark.parametrize(
    "date",
    [
        "",
        "0",
        "-1",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "1994-11-06T08:49:37Z",
    ],
)
def test_what_is_no_date(date: str) -> None:
    assert http_dates.seconds(date) is None
