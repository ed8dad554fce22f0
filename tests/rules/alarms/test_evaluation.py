"""An alarm's state, by the tables of the guide and by properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.alarms.evaluation import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    TREATMENTS,
    Criterion,
    decide,
    evaluation_range,
    every_s,
    windows,
)

ORDER = ("missing", "ignore", "breaching", "notBreaching")


def points(drawing: str) -> list[float | None]:
    """Data points as the guide draws them: 0 is fine, X breaches, - is missing."""
    return [{"0": 0.0, "X": 9.0, "-": None}[mark] for mark in drawing.split()]


@pytest.mark.parametrize(
    ("drawing", "to_alarm", "states"),
    [
        ("0 - X - X", 3, (OK, OK, OK, OK)),
        ("0 - - - -", 3, (OK, OK, OK, OK)),
        ("- - - - -", 3, (INSUFFICIENT_DATA, None, ALARM, OK)),
        ("0 X X - X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", 3, (ALARM, None, ALARM, OK)),
        ("0 - X - X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", 2, (OK, OK, ALARM, OK)),
        ("- - - - 0", 2, (OK, OK, ALARM, OK)),
        ("- - - X -", 2, (ALARM, None, ALARM, OK)),
    ],
)
def test_the_guides_tables(drawing: str, to_alarm: int, states: tuple[str | None, ...]) -> None:
    for missing, state in zip(ORDER, states, strict=True):
        test = Criterion("GreaterThanThreshold", 5.0, 3, to_alarm, missing)
        assert decide(points(drawing), test).state == state, missing


@pytest.mark.parametrize("drawing", ["- - - - X", "- - - X -"])
def test_a_first_breach_is_no_alarm_yet(drawing: str) -> None:
    """Guide, "Avoiding premature transitions to alarm state"."""
    assert decide(points(drawing), Criterion("GreaterThanThreshold", 5.0, 3, 3)).state != ALARM


@pytest.mark.parametrize(
    ("comparison", "at", "above", "below"),
    [
        ("GreaterThanOrEqualToThreshold", ALARM, ALARM, OK),
        ("GreaterThanThreshold", OK, ALARM, OK),
        ("LessThanOrEqualToThreshold", ALARM, OK, ALARM),
        ("LessThanThreshold", OK, OK, ALARM),
    ],
)
def test_comparisons(comparison: str, at: str, above: str, below: str) -> None:
    test = Criterion(comparison, 5.0, 1, 1)
    assert [decide([value], test).state for value in (5.0, 6.0, 4.0)] == [at, above, below]


VALUES = st.lists(st.none() | st.sampled_from((0.0, 9.0)), min_size=1, max_size=12)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[float | None], Criterion]:
    periods = draw(st.integers(1, 8))
    to_alarm = draw(st.integers(1, periods))
    missing = draw(st.sampled_from(TREATMENTS))
    count = evaluation_range(periods)
    data = draw(st.lists(st.none() | st.sampled_from((0.0, 9.0)), min_size=count, max_size=count))
    return data, Criterion("GreaterThanThreshold", 5.0, periods, to_alarm, missing)


@given(cases())
def test_what_is_used_is_real_and_recent(case: tuple[list[float | None], Criterion]) -> None:
    data, test = case
    found = decide(data, test)
    real = [i for i, value in enumerate(data) if value is not None]
    assert list(found.used) == real[-test.periods :]
    assert found.filled == test.periods - len(found.used)


@given(cases())
def test_enough_breaches_always_alarm_and_none_never_do(
    case: tuple[list[float | None], Criterion],
) -> None:
    data, test = case
    found = decide(data, test)
    used = [data[i] for i in found.used]
    if used.count(9.0) >= test.to_alarm:
        assert found.state == ALARM
    if not found.filled and used.count(9.0) < test.to_alarm:
        assert found.state == OK
    if test.missing == "notBreaching" and used.count(9.0) < test.to_alarm:
        assert found.state == OK


@given(cases())
def test_more_breaches_never_make_it_better(case: tuple[list[float | None], Criterion]) -> None:
    data, test = case
    worse = [9.0 if value == 0.0 else value for value in data]
    if decide(data, test).state == ALARM:
        assert decide(worse, test).state == ALARM


def test_when_alarms_are_evaluated() -> None:
    assert [every_s(period) for period in (10, 20, 30, 60, 300, 3600, 86400)] == [
        10, 10, 10, 60, 60, 60, 3600,
    ]  # fmt: skip
    assert windows(600, 60, 3) == [420, 480, 540]
