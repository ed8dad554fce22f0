"""Compute utilisation, and when a function is throttled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.functions.compute import PAUSE_S, RUN, Throttle, utilisation


@pytest.mark.parametrize(
    ("seconds", "percent"), [(0.0, 1), (0.00021, 21), (0.0005, 50), (0.001, 100), (0.02, 100)]
)
def test_utilisation(seconds: float, percent: int):
    """Percent of the time that a function may take."""
    assert utilisation(seconds) == percent


def test_a_function_is_throttled_when_it_is_slow_again_and_again():
    """And tried again after a pause, in which one more slow call throttles it anew."""
    throttle = Throttle()
    for _ in range(RUN):
        assert throttle.admits(0.0)
        throttle.ran(0.0, 0.002)
    assert not throttle.admits(PAUSE_S - 0.1)
    assert throttle.admits(PAUSE_S)
    throttle.ran(PAUSE_S, 0.002)
    assert not throttle.admits(PAUSE_S + 1)


@given(st.lists(st.booleans(), max_size=40))
def test_only_a_run_throttles(slow: list[bool]):
    """A call in time begins the count anew."""
    throttle, run = Throttle(), 0
    for one in slow:
        if not throttle.admits(0.0):
            assert run >= RUN
            return
        throttle.ran(0.0, 0.002 if one else 0.001)
        run = run + 1 if one else 0
    assert throttle.admits(0.0) == (run < RUN)
