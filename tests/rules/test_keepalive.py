"""Keep-alive policies: what they answer, and what they refuse."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb import simulate, traces
from lambda_nb.rules.keepalive import idle
from lambda_nb.rules.keepalive.idle import Fixed, Hazard, KeepAlive, inverse_survival, share_left
from lambda_nb.simulator import Asynchronous

GAPS = [0.0, 300.0, 600.0, 900.0]
SURVIVAL = [1.0, 0.9, 0.9, 0.2]


def test_fixed_answers_its_number() -> None:
    assert Fixed().idle_limit("f", 0.0, 0.3) == 600.0
    assert Fixed(90).idle_limit("f", 1e9, 0.99) == 90
    assert isinstance(Fixed(), KeepAlive)


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_fixed_names_a_bad_number(seconds: float) -> None:
    with pytest.raises(ValueError, match=f"keep-alive is {seconds}"):
        Fixed(seconds)


def test_hazard_reads_the_curve_backwards() -> None:
    policy = Hazard(GAPS, SURVIVAL)
    assert isinstance(policy, KeepAlive)
    assert policy.idle_limit("f", 0.0, 0.0) == 0.0
    assert policy.idle_limit("f", 0.0, 0.05) == pytest.approx(150.0)
    assert policy.idle_limit("f", 0.0, 0.45) == pytest.approx(750.0)
    assert policy.idle_limit("f", 0.0, 0.81) == math.inf


@pytest.mark.parametrize(
    ("gaps", "survival", "message"),
    [
        ([0.0], [1.0], "1 and 1 values"),
        ([0.0, 1.0], [1.0], "2 and 1 values"),
        ([1.0, 2.0], [1.0, 0.5], "start at 0"),
        ([0.0, 2.0, 2.0], [1.0, 0.5, 0.4], "increase"),
        ([0.0, 1.0], [0.9, 0.5], "start at 1"),
        ([0.0, 1.0, 2.0], [1.0, 0.5, 0.6], "never increase"),
        ([0.0, 1.0], [1.0, -0.1], "below 0"),
    ],
)
def test_hazard_names_a_curve_that_is_none(
    gaps: list[float], survival: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Hazard(gaps, survival)


@given(
    falls=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8),
    steps=st.lists(st.floats(0.1, 1e4), min_size=8, max_size=8),
    u=st.floats(0.0, 1.0, exclude_max=True),
)
def test_inverse_and_curve_agree(falls: list[float], steps: list[float], u: float) -> None:
    gaps, survival = [0.0], [1.0]
    for fall, step in zip(falls, steps, strict=False):
        gaps.append(gaps[-1] + step)
        survival.append(survival[-1] * (1.0 - fall))
    gap = inverse_survival(1.0 - u, gaps, survival)
    if math.isinf(gap):
        assert 1.0 - u < survival[-1]
    else:
        assert share_left(gap, gaps, survival) == pytest.approx(1.0 - u, abs=1e-9)


class Mine:
    """A user's own policy."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def idle_limit(self, function: str, now: float, u: float) -> float:
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [math.nan, -1.0, "10min", b"5", None, True, [1.0], np.nan])
def test_an_answer_that_is_no_number_of_seconds(answer: object) -> None:
    policy = Mine(answer)
    said = f"policy Mine answered {answer!r} for function 'thumb' at 12.5 s"
    with pytest.raises(ValueError, match=re.escape(said)):
        idle.idle_limit(policy, "thumb", 12.5, 0.5)
    trace = traces.Trace({"arrival": [0.0, 1.0], "function": ["thumb"] * 2, "duration": [0.5] * 2})
    for more in ({}, {"source": Asynchronous()}):
        with pytest.raises(ValueError, match=r"policy Mine answered .* for function 'thumb'"):
            simulate(trace, keep_alive=policy, **more)


@pytest.mark.parametrize("answer", [0, 5, 2.5, math.inf, np.float32(1.5), np.int64(3)])
def test_answers_that_are(answer: float) -> None:
    assert idle.idle_limit(Mine(answer), "f", 0.0, 0.5) == answer
