"""When schedules invoke: start, end, windows and daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.eventbridge.schedule_plans import Plan, is_missed
from lambda_nb.rules.events.schedules import next_moment, next_time

UTC = timezone.utc
BERLIN = ZoneInfo("Europe/Berlin")  # from 02:00 to 03:00 on 29 March 2026, back on 25 October
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def times(expression: str, begin: datetime, count: int) -> list[str]:
    found, moment = [], begin
    for _ in range(count):
        following = next_moment(expression, BERLIN, begin, moment)
        assert following is not None
        found.append(f"{following.astimezone(BERLIN):%m-%d %H:%M %Z}")
        moment = following
    return found


def test_a_time_that_does_not_exist_in_spring_is_skipped() -> None:
    begin = datetime(2026, 3, 27, 12, tzinfo=UTC)
    expected = ["03-28 02:30 CET", "03-30 02:30 CEST", "03-31 02:30 CEST"]
    assert times("cron(30 2 * * ? *)", begin, 3) == expected


def test_a_time_that_comes_twice_in_autumn_counts_once() -> None:
    begin = datetime(2026, 10, 24, 12, tzinfo=UTC)
    expected = ["10-25 02:30 CEST", "10-26 02:30 CET"]
    assert times("cron(30 2 * * ? *)", begin, 2) == expected


def test_every_quarter_of_an_hour_through_the_autumn_change() -> None:
    begin = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)  # 02:20, the first time
    expected = ["10-25 02:30 CEST", "10-25 02:45 CEST", "10-25 03:00 CET", "10-25 03:15 CET"]
    assert times("cron(0/15 * * * ? *)", begin, 4) == expected


def test_a_rate_of_days_is_in_real_hours() -> None:
    begin = datetime(2026, 3, 28, 11, tzinfo=UTC)
    assert times("rate(1 day)", begin, 2) == ["03-29 13:00 CEST", "03-30 13:00 CEST"]


def test_one_time_in_a_zone() -> None:
    moment = next_moment("at(2026-07-01T12:00:00)", BERLIN, MADE, MADE)
    assert moment == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert moment is not None
    assert next_moment("at(2026-07-01T12:00:00)", BERLIN, MADE, moment) is None


@pytest.mark.parametrize("expression", ["rate(5 minute)", "rate(5 minutes)"])
def test_the_unit_of_a_rate_need_not_agree_with_its_number(expression: str) -> None:
    found = next_moment(expression, BERLIN, MADE, MADE)
    assert found == MADE + timedelta(minutes=5)
    with pytest.raises(ValueError, match="rate"):
        next_moment("rate(0 minutes)", BERLIN, MADE, MADE)


crons = st.builds(
    "cron({} {} * * ? *)".format,
    st.sampled_from(["0", "30", "0/7", "59"]),
    st.sampled_from(["*", "1", "2", "3", "0/2"]),
)


@given(crons, st.integers(0, 525_600))
def test_next_times_follow_match_and_are_left_out_only_by_the_clocks(
    expression: str, minutes: int
) -> None:
    moment = MADE + timedelta(minutes=minutes)
    found = next_moment(expression, BERLIN, MADE, moment)
    assert found is not None
    assert found > moment
    local = found.astimezone(BERLIN).replace(tzinfo=None)
    assert next_time(expression, local, local - timedelta(seconds=1)) == local
    assert found.astimezone(BERLIN).fold == 0
    assert next_moment(expression, BERLIN, MADE, found - timedelta(seconds=1)) == found


def test_a_rate_of_scheduler_begins_at_once_and_one_of_a_rule_after_a_period() -> None:
    assert Plan("rate(5 minutes)", since=MADE, at_once=True).first() == MADE
    assert Plan("rate(5 minutes)", since=MADE).first() == MADE + timedelta(minutes=5)


def test_start_and_end() -> None:
    start, end = MADE + timedelta(hours=1), MADE + timedelta(hours=3)
    plan = Plan("rate(1 hour)", since=MADE, start=start, end=end, at_once=True)
    found, moment = [], plan.first()
    while moment is not None:
        found.append(moment)
        moment = plan.after(moment)
    assert found == [start, start + timedelta(hours=1), end]


def test_a_cron_waits_for_its_start() -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    plan = Plan("cron(0 12 * * ? *)", since=MADE, start=start)
    assert plan.first() == start
    assert plan.after(start) == start + timedelta(days=1)


@pytest.mark.parametrize(
    ("expression", "late_s", "missed"),
    [
        ("at(2026-01-01T00:00:00)", 10**6, False),
        ("cron(0 0 * * ? *)", 61, True),
        ("rate(1 hour)", 59, False),
    ],
)
def test_only_a_single_time_is_made_up_for_when_it_is_long_past(
    expression: str, late_s: int, missed: bool
) -> None:
    plan = Plan(expression, since=MADE)
    assert is_missed(plan, MADE, MADE + timedelta(seconds=late_s)) is missed
