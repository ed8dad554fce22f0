"""Policies that look at the whole fleet, by hand-worked examples, in the reference engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb.rules.keepalive.fleet_wide import (
    GreedyDual,
    LargestFirst,
    LeastFrequentlyUsed,
    LeastRecentlyUsed,
    Measured,
)
from lambda_nb.rules.keepalive.idle import Fixed
from lambda_nb.simulator import WorkloadError, simulate
from lambda_nb.traces import Trace

MB = {"a": 100.0, "b": 100.0, "c": 100.0}


def starts(requests: list[tuple[float, str]], policy: Any) -> str:
    """``c`` and ``w`` for each request of 1 s: cold or warm."""
    arrival, function = zip(*requests, strict=True)
    trace = Trace({"arrival": arrival, "function": function, "duration": [1.0] * len(arrival)})
    result = simulate(trace, init=0.0, keep_alive=policy)
    return "".join(result.invocations["start"].astype(str).str[0])


class TestMeasured:
    def test_a_silent_function_loses_all_its_environments(self) -> None:
        # Two at once, then silence of 99 s (kept), then of 101 s (lost).
        policy = Measured(Fixed(1e9), silence=100.0)
        requests = [(0.0, "a"), (0.5, "a"), (100.4, "a"), (100.6, "a"), (202.7, "a"), (203.0, "a")]
        assert starts(requests, policy) == "ccwwcc"

    def test_the_one_used_last_outlives_its_idle_life_in_silence(self) -> None:
        policy = Measured(Fixed(10.0), silence=100.0)
        assert starts([(0.0, "a"), (50.0, "a"), (50.5, "a")], policy) == "cwc"

    def test_a_surplus_environment_ends_while_the_function_is_in_use(self) -> None:
        policy = Measured(Fixed(10.0), silence=100.0)
        use = [(float(t), "a") for t in range(2, 30, 2)]
        asked_again = [(30.0, "a"), (30.5, "a")]
        assert starts([(0.0, "a"), (0.5, "a"), *use, *asked_again], policy)[-2:] == "wc"
        few = [(float(t), "a") for t in range(2, 8, 2)]
        assert starts([(0.0, "a"), (0.5, "a"), *few, (8.0, "a"), (8.5, "a")], policy)[-2:] == "ww"

    def test_another_function_is_no_use(self) -> None:
        policy = Measured(Fixed(1e9), silence=100.0)
        others = [(float(t), "b") for t in range(1, 150, 10)]
        assert starts([(0.0, "a"), *others, (150.0, "a")], policy)[-1] == "c"

    def test_a_run_does_not_remember_the_one_before(self) -> None:
        policy = Measured(Fixed(1e9), silence=100.0)
        assert starts([(500.0, "a")], policy) == starts([(0.0, "a")], policy) == "c"

    def test_silence_must_be_a_time(self) -> None:
        with pytest.raises(ValueError, match="silence is -1"):
            Measured(Fixed(1.0), -1)


def test_least_recently_used_goes_first() -> None:
    policy = LeastRecentlyUsed(200.0, MB)
    requests = [(0.0, "a"), (10.0, "b"), (20.0, "a"), (30.0, "c"), (40.0, "a"), (50.0, "b")]
    assert starts(requests, policy) == "ccwcwc"


def test_without_need_nothing_ends() -> None:
    policy = LeastRecentlyUsed(300.0, MB)
    requests = [(0.0, "a"), (10.0, "b"), (20.0, "c"), (1e6, "a"), (2e6, "b"), (3e6, "c")]
    assert starts(requests, policy) == "cccwww"


def test_requests_that_run_are_never_ended() -> None:
    policy = LeastRecentlyUsed(100.0, MB)
    assert starts([(0.0, "a"), (0.1, "b"), (10.0, "b"), (20.0, "a")], policy) == "ccww"


def test_greedy_dual_keeps_what_is_dear() -> None:
    # b was used longer ago, but its cold start costs ten times as much.
    policy = GreedyDual(200.0, MB, {"a": 1.0, "b": 10.0, "c": 1.0})
    requests = [(0.0, "b"), (10.0, "a"), (20.0, "c"), (30.0, "b")]
    assert starts(requests, policy) == "cccw"
    assert starts(requests, LeastRecentlyUsed(200.0, MB)) == "cccc"


def test_the_largest_goes_first() -> None:
    sizes = {"a": 50.0, "b": 150.0, "c": 50.0}
    requests = [(0.0, "a"), (10.0, "b"), (20.0, "c"), (30.0, "a"), (40.0, "b")]
    assert starts(requests, LargestFirst(200.0, sizes)) == "cccwc"
    assert starts(requests, LeastRecentlyUsed(200.0, sizes)) == "ccccc"


def test_the_least_used_goes_first() -> None:
    requests = [(0.0, "a"), (10.0, "a"), (20.0, "b"), (30.0, "c"), (40.0, "a"), (50.0, "b")]
    assert starts(requests, LeastFrequentlyUsed(200.0, MB)) == "cwccwc"
    # A function that lost its last environment starts from zero: old requests do not count.
    crowd = [(0.0, "a"), (10.0, "a"), (20.0, "b"), (21.5, "b"), (23.0, "b"), (30.0, "c")]
    assert starts([*crowd, (40.0, "a"), (50.0, "c")], LeastFrequentlyUsed(200.0, MB))[-2:] == "cc"


@pytest.mark.parametrize("kind", [LargestFirst, LeastFrequentlyUsed, LeastRecentlyUsed])
@settings(max_examples=50, deadline=None)
@given(gaps=st.lists(st.sampled_from([0.0, 0.4, 2.0]), min_size=1, max_size=30), data=st.data())
def test_a_cold_start_makes_room(kind: Any, gaps: list[float], data: Any) -> None:
    function = [data.draw(st.sampled_from("abc")) for _ in gaps]
    trace = Trace({"arrival": np.cumsum(gaps), "function": function, "duration": [1.0] * len(gaps)})
    sizes = {"a": 50.0, "b": 100.0, "c": 200.0}
    result = simulate(trace, init=0.0, keep_alive=kind(400.0, sizes))
    lives = result.environments
    end = lives["ended"].fillna(math.inf)
    busy = result.invocations
    # A warm request needs no memory, so only a cold start makes room.
    for now in busy.loc[busy["start"] == "cold", "arrival"]:
        alive = lives[(lives["created"] <= now) & (end > now)]
        taken = sum(sizes[name] for name in alive["function"])
        working = busy[(busy["arrival"] <= now) & (busy["finish"] > now)]
        # No policy may end busy environments, so the limit holds only for the idle ones.
        assert taken <= max(400.0, sum(sizes[name] for name in working["function"]))


def test_greedy_dual_grows_old() -> None:
    # Each eviction moves the clock up by 1/100, until b's 3/100 is the lowest priority.
    policy = GreedyDual(200.0, MB, {"a": 1.0, "b": 3.0, "c": 1.0})
    turns = [(20.0 + 10 * k, "ac"[k % 2]) for k in range(2)]
    assert starts([(0.0, "b"), *turns, (100.0, "b")], policy)[-1] == "w"
    turns = [(20.0 + 10 * k, "ac"[k % 2]) for k in range(5)]
    assert starts([(0.0, "b"), *turns, (100.0, "b")], policy)[-1] == "c"


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="limit is 0"):
        LeastRecentlyUsed(0, MB)
    with pytest.raises(ValueError, match="memory of 'a'"):
        GreedyDual(1.0, {"a": 0.0}, {})
    with pytest.raises(ValueError, match="'d'"):
        starts([(0.0, "d")], LeastRecentlyUsed(100.0, MB))
    with pytest.raises(WorkloadError, match="compiled engine"):
        simulate(
            Trace({"arrival": [0.0], "function": ["f"], "duration": [1.0]}),
            keep_alive=LeastRecentlyUsed(100.0, {"function": 1.0}),
            engine="compiled",
        )
