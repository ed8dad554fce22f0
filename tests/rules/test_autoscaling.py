"""Target tracking of provisioned concurrency."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.scheduling.autoscaling import TargetTracking

NAN = math.nan
POLICY = TargetTracking(minimum=2, maximum=100, target=0.7)


def test_three_minutes_above_the_target_scale_out_in_proportion() -> None:
    assert POLICY.desired(10, [0.1, 0.8, 0.9]) == 10
    assert POLICY.desired(10, [0.8, 0.9, 1.0]) == 15
    assert POLICY.desired(10, [0.8, 0.9, 0.7]) == 10
    assert POLICY.desired(90, [1.0] * 3) == 100


def test_fifteen_minutes_below_ninety_percent_of_it_scale_in() -> None:
    assert POLICY.desired(10, [0.35] * 14) == 10
    assert POLICY.desired(10, [0.35] * 15) == 5
    assert POLICY.desired(10, [0.64] * 15) == 10
    assert POLICY.desired(10, [0.0] * 15) == 2


def test_a_minute_without_requests_gives_no_reason_to_change() -> None:
    assert POLICY.desired(10, [1.0, NAN, 1.0]) == 10
    assert POLICY.desired(10, [0.1] * 14 + [NAN]) == 10


@given(
    capacity=st.integers(2, 100),
    utilization=st.lists(st.floats(0.0, 1.0) | st.just(NAN), max_size=20),
)
def test_it_stays_within_its_bounds_and_moves_the_way_of_the_load(
    capacity: int, utilization: list[float]
) -> None:
    wanted = POLICY.desired(capacity, utilization)
    assert 2 <= wanted <= 100
    if wanted > capacity:
        assert min(utilization[-3:]) > 0.7
    if wanted < capacity:
        assert max(utilization[-15:]) < 0.63


def test_bounds_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="minimum <= maximum"):
        TargetTracking(minimum=5, maximum=2)
    with pytest.raises(ValueError, match="share above 0"):
        TargetTracking(minimum=1, maximum=2, target=70)
