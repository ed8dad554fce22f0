"""Durations that depend on memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambda_nb.simulator.assumptions.scaling import DurationLaw, cpu_bound, factors, fit_duration

SIZES = (128, 256, 512, 1024, 1769, 3008)


def test_computing_takes_as_much_longer_as_the_share_is_smaller() -> None:
    law = DurationLaw(waiting=0.1, cpu=1.0)
    assert law(1769) == pytest.approx(1.1)
    assert law(1769 / 2) == pytest.approx(2.1)
    assert law(10_240) == pytest.approx(1.1)  # one thread cannot use a second vCPU
    assert DurationLaw(0.1, 1.0, threads=2)(2 * 1769) == pytest.approx(0.6)


@given(waiting=st.floats(0.0, 10.0), cpu=st.floats(0.0, 10.0))
def test_a_fit_finds_the_law_that_made_the_durations(waiting: float, cpu: float) -> None:
    assume(waiting + cpu > 1e-3)
    law = DurationLaw(waiting, cpu)
    fitted = fit_duration(SIZES, law(SIZES))
    assert fitted(SIZES) == pytest.approx(law(SIZES), rel=1e-6)


@given(noise=st.lists(st.floats(0.5, 2.0), min_size=len(SIZES), max_size=len(SIZES)))
def test_no_fit_has_negative_seconds_or_a_better_neighbour(noise: list[float]) -> None:
    measured = np.array(noise)
    fitted = fit_duration(SIZES, measured)

    def error(law: DurationLaw) -> float:
        return float(((law(SIZES) / measured - 1) ** 2).sum())

    assert fitted.waiting >= 0
    assert fitted.cpu >= 0
    for waiting, cpu in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)]:
        near = max(fitted.waiting + waiting, 0.0), max(fitted.cpu + cpu, 0.0)
        assert error(fitted) <= error(DurationLaw(*near)) + 1e-9


def test_what_cannot_be_fitted_is_said() -> None:
    with pytest.raises(ValueError, match="two memories below 1769 MB"):
        fit_duration([3008, 10_240], [1.0, 1.0])
    with pytest.raises(ValueError, match="more than 0"):
        fit_duration([128, 256], [1.0, float("nan")])
    with pytest.raises(ValueError, match="give a number from 0 to 1"):
        cpu_bound(1.5, 128)


def test_factors_are_one_where_the_memory_stays() -> None:
    codes, before = np.array([0, 1, 0]), np.array([128, 256, 512])
    after = np.array([128, 512, 1024])
    assert factors(1.0, ["a", "b"], codes, before, after) == pytest.approx([1.0, 0.5, 0.5])
    assert factors({"b": 0.5}, ["a", "b"], codes, before, after) == pytest.approx([1, 0.75, 1])
    law = DurationLaw(1.0, 1769 / 256)
    assert factors({"b": law}, ["a", "b"], codes, before, after)[1] == pytest.approx(
        float(law(512) / law(256))
    )
    with pytest.raises(ValueError, match="'c', which is not in the trace"):
        factors({"c": 0.5}, ["a", "b"], codes, before, after)
    with pytest.raises(ValueError, match="scaling of 'a' is 'x'"):
        factors({"a": "x"}, ["a", "b"], codes, before, after)  # type: ignore[dict-item]
