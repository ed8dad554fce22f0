"""When schedules fire, by the examples of AWS's guide and by brute force."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambda_nb.rules.events.schedules import next_time

START = datetime(2026, 1, 1)


def after(expression: str, moment: datetime) -> datetime | None:
    return next_time(expression, START, moment)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("cron(0 10 * * ? *)", datetime(2026, 1, 1, 10), datetime(2026, 1, 2, 10)),
        ("cron(15 12 * * ? *)", datetime(2026, 1, 1, 10), datetime(2026, 1, 1, 12, 15)),
        ("cron(0 18 ? * MON-FRI *)", datetime(2026, 1, 2, 18), datetime(2026, 1, 5, 18)),
        ("cron(0 8 1 * ? *)", datetime(2026, 1, 1, 8), datetime(2026, 2, 1, 8)),
        ("cron(0/15 * * * ? *)", datetime(2026, 1, 1, 0, 50), datetime(2026, 1, 1, 1)),
        ("cron(0/30 20-2 ? * MON-FRI *)", datetime(2026, 1, 1, 2, 30), datetime(2026, 1, 1, 20)),
        ("cron(0/30 20-2 ? * MON-FRI *)", datetime(2026, 1, 1, 23, 30), datetime(2026, 1, 2)),
        ("cron(0 9 ? * 2#1 *)", datetime(2026, 1, 6), datetime(2026, 2, 2, 9)),
        ("cron(0 0 L * ? *)", datetime(2026, 1, 31), datetime(2026, 2, 28)),
        ("cron(0 0 L 2 ? 2028)", datetime(2026, 1, 31), datetime(2028, 2, 29)),
        ("cron(0 0 ? * 6L *)", datetime(2026, 1, 1), datetime(2026, 1, 30)),
        ("cron(0 0 3W * ? *)", datetime(2026, 1, 1), datetime(2026, 1, 2)),
        ("cron(0 0 31 * ? *)", datetime(2026, 1, 31), datetime(2026, 3, 31)),
        ("cron(0 0 1 1 ? 2025)", datetime(2026, 1, 1), None),
        ("cron(0 0 1 JAN,JUL ? *)", datetime(2026, 1, 2), datetime(2026, 7, 1)),
        ("at(2026-05-06T07:08:09)", datetime(2026, 1, 1), datetime(2026, 5, 6, 7, 8, 9)),
        ("at(2026-05-06T07:08:09)", datetime(2026, 5, 6, 7, 8, 9), None),
        ("rate(5 minutes)", START, START + timedelta(minutes=5)),
        ("rate(1 hour)", START + timedelta(minutes=90), START + timedelta(hours=2)),
        ("rate(7 days)", START, START + timedelta(days=7)),
    ],
)
def test_examples(expression: str, moment: datetime, expected: datetime | None) -> None:
    assert after(expression, moment) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(1 second)", "every day",
        "cron(* * * * * *)", "cron(0 12 ? * ? *)", "cron(60 * * * ? *)", "cron(0 12 * * ?)",
        "cron(0 25 * * ? *)", "cron(0 0 * FOO ? *)", "at(tomorrow)",
    ],
)  # fmt: skip
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        after(expression, START)


minutes = st.sampled_from(["*", "0", "7", "0/10", "5-9", "1,31"])
hours = st.sampled_from(["*", "3", "0/6", "8-17"])
months = st.sampled_from(["*", "2", "JAN-MAR", "6,12"])
days = st.sampled_from(["* ?", "1 ?", "31 ?", "L ?", "15W ?", "? MON", "? 1-5", "? FRI#2", "? 3L"])


@given(minutes, hours, days, months, st.integers(0, 600 * 1440))
def test_times_follow_one_another_and_repeat_from_any_point(
    minute: str, hour: str, day: str, month: str, offset: int
) -> None:
    assume(not (day == "31 ?" and month == "2"))  # never
    of_month, of_week = day.split()
    expression = f"cron({minute} {hour} {of_month} {month} {of_week} *)"
    moment = START + timedelta(minutes=offset)
    times = []
    for _ in range(4):
        found = after(expression, moment)
        assert found is not None
        times.append(found)
        moment = found
    assert all(one < other for one, other in pairwise(times))
    # Nothing lies between: asking from just before a time gives that time.
    for time in times:
        assert after(expression, time - timedelta(seconds=1)) == time


@given(st.integers(2, 500), st.integers(0, 100_000))
def test_a_rate_counts_from_its_beginning(count: int, seconds: int) -> None:
    moment = START + timedelta(seconds=seconds)
    found = after(f"rate({count} minutes)", moment)
    assert found is not None
    assert (found - START) % timedelta(minutes=count) == timedelta(0)
    assert timedelta(0) < found - moment <= timedelta(minutes=count)
