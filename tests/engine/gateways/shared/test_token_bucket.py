"""Limits of requests a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.shared.token_bucket import TokenBucket


@given(
    st.floats(0, 100),
    st.integers(0, 50),
    st.lists(st.floats(0, 0.5), max_size=100),
)
def test_never_more_than_rate_and_burst_allow(rate: float, burst: int, gaps: list[float]) -> None:
    bucket = TokenBucket(rate, burst)
    now_s, let_in = 0.0, 0
    for gap in gaps:
        now_s += gap
        let_in += bucket.take(now_s)
        assert let_in <= burst + rate * now_s + 1e-6


def test_a_steady_stream_at_the_rate_passes() -> None:
    bucket = TokenBucket(10, 1)
    assert all(bucket.take(i * 0.1) for i in range(1000))


@pytest.mark.parametrize("burst", [0, 3])
def test_the_burst_comes_at_once(burst: int) -> None:
    bucket = TokenBucket(0, burst)
    assert [bucket.take(5.0) for _ in range(5)] == [True] * burst + [False] * (5 - burst)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
