"""Replications: independent runs, and intervals with the stated coverage."""

from __future__ import annotations

import math
from typing import Any

import pytest

import lambda_nb
from lambda_nb import traces
from lambda_nb.simulator import WorkloadError, replicate
from lambda_nb.simulator.questions.replicate import student_t
from lambda_nb.traces import Trace


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (120, 1.9799)],
)
def test_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_t(0.95, degrees) == pytest.approx(quantile, abs=5e-5)


def blocked(seed: int) -> Trace:
    return traces.poisson(8.0, duration=traces.laws.exponential(1.0), hours=0.2, seed=seed)


def test_intervals_hold_erlangs_answer_about_as_often_as_they_say() -> None:
    b = 0.121661  # Erlang B: offered load 8, 10 servers (facts/simulation.md section 4)
    held = 0
    for seed in range(20):
        runs = replicate(blocked, n=8, seed=seed, account_limit=10, scale_burst=1e9)
        share = runs.frame["throttles"] / (runs.frame["throttles"] + runs.frame["invocations"])
        half = student_t(0.95, 7) * share.std(ddof=1) / math.sqrt(8)
        held += abs(share.mean() - b) <= half
    # The start from an empty system hardly matters; 20 intervals of 95 % miss 6 or more times in
    # one of 3000 tries.
    assert held >= 15


def test_runs_are_independent_and_repeatable() -> None:
    first, again = (replicate(blocked, n=4, seed=1) for _ in range(2))
    assert first.frame.equals(again.frame)
    assert first.frame["seed"].nunique() == 4
    assert first.frame["invocations"].nunique() > 1
    other = replicate(blocked, n=4, seed=2)
    assert not set(first.frame["seed"]) & set(other.frame["seed"])


def test_a_given_trace_varies_by_what_the_simulation_draws() -> None:
    trace = blocked(0)
    runs = lambda_nb.replicate(trace, n=5, errors=0.2, workers=1)
    assert runs.frame["invocations"].nunique() == 1  # callers do not retry
    drawn = lambda_nb.replicate(trace, n=5, duration=traces.laws.exponential(1.0), workers=1)
    low, high = drawn.table.loc["mean_duration", ["low", "high"]]
    assert low < 1.0 < high
    assert "95 % confidence" in repr(drawn)


@pytest.mark.parametrize(
    ("given", "said"), [({"n": 1}, "two runs or more"), ({"trace": 3}, "not int")]
)
def test_what_cannot_be_replicated(given: Any, said: str) -> None:
    with pytest.raises(WorkloadError, match=said):
        replicate(**{"trace": blocked, **given})
