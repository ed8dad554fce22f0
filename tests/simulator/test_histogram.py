"""The hybrid histogram: its windows by hand, and in the reference engine."""

from __future__ import annotations

import numpy as np
import pytest

from lambda_nb.rules.keepalive.histogram import HybridHistogram, Window
from lambda_nb.simulator import simulate
from lambda_nb.traces import Trace

RANGE = Window(0.0, 240 * 60.0)


def seen(*idle: float) -> Window:
    policy = HybridHistogram()
    for seconds in idle:
        policy.came("f", seconds)
    return policy.window("f")


def test_a_pattern_makes_a_window() -> None:
    # All in the 31st minute: 30 min less 10 %, 31 min plus 10 %.
    assert seen(*[1830.0] * 20) == pytest.approx(Window(27 * 60.0, 34.1 * 60.0))


def test_short_idle_times_are_never_unloaded() -> None:
    head, tail = seen(*[30.0] * 99, 90.0)
    assert head == 0
    assert tail == pytest.approx(66.0)


def test_without_a_pattern_the_whole_range_is_kept() -> None:
    assert seen() == RANGE
    assert seen(*[1830.0] * 9) == RANGE
    assert seen(*np.arange(30.0, 240 * 60.0, 60.0)) == RANGE


def test_beyond_the_range_a_forecast() -> None:
    assert seen(*[20_000.0] * 10) == pytest.approx(Window(17_000.0, 23_000.0))
    assert seen(*[1830.0] * 6, *[20_000.0] * 5)[1] < 3600.0


def test_periodic_requests_become_warm_while_the_environment_is_mostly_unloaded() -> None:
    arrival = np.arange(60) * 1830.0
    trace = Trace({"arrival": arrival, "function": ["f"] * 60, "duration": [1.0] * 60})
    policy = HybridHistogram()
    result = simulate(trace, keep_alive=policy, init=0.0)
    assert result.summary()["cold_starts"].tolist() == [1]
    lives = result.environments
    # After ten idle times it is loaded each time 27 minutes after the previous request.
    later = lives.iloc[1:-1]
    assert len(lives) == 51
    gaps = later["created"].to_numpy() - (arrival[10:-1] + 1.0)
    assert gaps == pytest.approx(np.full(len(later), 27 * 60.0))
    assert later["ended"].to_numpy() == pytest.approx(arrival[11:] + 1.0)
    assert (later["invocations"] == 1).all()
    # The same object again: it starts from nothing.
    again = simulate(trace, keep_alive=policy, init=0.0)
    assert again.environments.equals(lives)


def test_a_request_that_comes_early_is_cold_and_stops_the_loading() -> None:
    arrival = [*(np.arange(20) * 1830.0), 19 * 1830.0 + 100.0]
    trace = Trace({"arrival": arrival, "function": ["f"] * 21, "duration": [1.0] * 21})
    result = simulate(trace, keep_alive=HybridHistogram(), init=0.0)
    starts = result.invocations["start"].astype(str).tolist()
    assert starts[-2:] == ["warm", "cold"]
    # The load due 27 minutes after the previous request does not happen. Now the 5th percentile
    # is in the second minute: 54 s after the last request.
    last = 19 * 1830.0
    created = result.environments["created"].tolist()
    assert created[-2:] == pytest.approx([last + 100.0, last + 101.0 + 54.0])


def test_a_histogram_needs_a_bin() -> None:
    with pytest.raises(ValueError, match="bins is 0"):
        HybridHistogram(bins=0)
