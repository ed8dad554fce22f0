"""When a failed delivery is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.eventbridge.delivery import (
    MOST_AGE_S,
    MOST_RETRIES,
    MOST_WAIT_S,
    next_try,
)


@given(st.integers(0, 184), st.floats(0, 1), st.floats(0, 1000))
def test_waits_grow_and_stay_within_their_bounds(retries: int, jitter: float, asked: float) -> None:
    wait = next_try(retries, 0.0, jitter, retry_after_s=asked)
    assert isinstance(wait, float)
    whole = min(MOST_WAIT_S, 2.0**retries)
    assert max(whole / 2, asked) <= wait <= max(whole, asked)


@pytest.mark.parametrize(("retries", "most"), [(0, 0), (2, 2), (185, 185)])
def test_no_more_retries_than_allowed(retries: int, most: int) -> None:
    assert next_try(retries, 0.0, 0.0, most_retries=most) == "MaximumRetryAttempts"


@given(st.integers(0, 10), st.floats(0, 1), st.floats(60, 86_400), st.integers(60, 86_400))
def test_nothing_is_tried_after_its_age(retries: int, jitter: float, age: float, most: int) -> None:
    wait = next_try(retries, age, jitter, most_age_s=most)
    if isinstance(wait, str):
        assert wait == "MaximumEventAgeInSeconds"
    else:
        assert age + wait <= most


def test_all_retries_take_about_a_day() -> None:
    age = 0.0
    for retries in range(MOST_RETRIES):
        wait = next_try(retries, age, 0.5)
        if isinstance(wait, str):
            break
        age += wait
    assert 0.8 * MOST_AGE_S < age <= MOST_AGE_S
