"""SimFaaS's published examples, against their tight references."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.simulator import simulate


@pytest.mark.parametrize(("engine", "requests"), [("simpy", 150_000), ("compiled", 1_000_000)])
def test_the_example(engine: Any, requests: int) -> None:
    rate, warm, cold = 0.9, 1.991, 2.244
    hours = requests / rate / 3600
    law = traces.laws.exponential(warm)
    trace = traces.poisson(rate, duration=law, hours=hours, seed=11)
    result = simulate(trace, init=cold - warm, keep_alive=600.0, engine=engine)
    # Cold starts come in clumps: batch means give the standard errors.
    was_cold = (result.invocations["start"] == "cold").to_numpy()
    batches = was_cold[: len(was_cold) // 50 * 50].reshape(50, -1).mean(axis=1)
    timeline = result.timeline(hours * 3600 / 52).iloc[1:-1]
    for values, reference, known in (
        (batches[1:], 0.001346, 0.000006),
        (timeline["in_flight"].to_numpy(), 1.7922, 0.0),
        (timeline["environments"].to_numpy(), 7.712, 0.008),
    ):
        error = math.hypot(known, values.std(ddof=1) / math.sqrt(len(values)))
        assert values.mean() == pytest.approx(reference, abs=5 * error)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_half_of_the_requests_are_turned_away(engine: Any) -> None:
    # Notebook 03: 1000/s for 2.016 s each, at most 1000 at once: Erlang B(2016, 1000).
    trace = traces.poisson(1000.0, duration=traces.laws.exponential(2.016), hours=0.06, seed=12)
    result = simulate(trace, keep_alive=math.inf, scale_burst=1e9, engine=engine)
    throttled = (result.invocations["start"] == "throttle").to_numpy()[20_000:]
    batches = np.array([part.mean() for part in np.array_split(throttled, 20)])
    error = batches.std(ddof=1) / math.sqrt(len(batches))
    assert throttled.mean() == pytest.approx(0.504455, abs=5 * error)
