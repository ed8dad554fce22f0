"""Calibration finds the laws that made a trace, and predicts runs that it has not seen."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.rules.keepalive.fleet_wide import Measured
from lambda_nb.rules.keepalive.idle import Hazard
from lambda_nb.simulator import Prior, WorkloadError, calibrate, simulate
from lambda_nb.simulator.questions import predict
from lambda_nb.simulator.questions.idle_periods import served
from lambda_nb.traces import Trace

RUNS = Path(__file__).resolve().parents[3] / "shared" / "traces" / "aws-lambda-2020"
CURVE = Hazard([0.0, 300.0, 301.0, 900.0, 901.0], [1.0, 1.0, 0.6, 0.6, 0.0])


def recorded(seed: int = 1, environment: bool = True, **settings: Any) -> Trace:
    """A run of the simulator as a log would have it."""
    # Busy and quiet hours, so that there is both surplus and silence.
    busy = traces.poisson(0.02, duration=traces.laws.exponential(40.0), hours=60, seed=seed)
    quiet = traces.poisson(1 / 900, duration=1.0, hours=200, seed=seed, function="quiet")
    result = simulate(traces.merge(busy, quiet), init=0.3, seed=seed, **settings)
    frame = result.invocations
    frame["environment"] = frame["environment"].astype(str)
    if not environment:
        del frame["environment"]
    return Trace.from_pandas(frame)


def test_it_finds_silence_and_the_curve_that_made_a_trace() -> None:
    fit = calibrate(recorded(keep_alive=Measured(CURVE, silence=750.0)))
    assert fit.silence == pytest.approx(750.0, abs=15.0)
    assert math.isinf(fit.max_age)
    for gap, share in ((200.0, 1.0), (600.0, 0.6), (1400.0, 0.0)):
        assert fit.p_there(gap, silent=False) == pytest.approx(share, abs=0.12)
    assert fit.p_there(700.0, silent=True) == 1.0
    assert fit.p_there(800.0, silent=True) == 0.0


def test_it_finds_a_limit_of_age() -> None:
    fit = calibrate(recorded(keep_alive=Measured(CURVE, silence=750.0), max_age=7200.0))
    assert fit.max_age == pytest.approx(7200.0, rel=0.05)


def test_environments_are_inferred_as_lambda_reuses_them() -> None:
    known = served(recorded(keep_alive=600.0))
    inferred = served(recorded(keep_alive=600.0, environment=False))
    pairs = set(zip(known["environment"], inferred["environment"], strict=True))
    assert len(pairs) == known["environment"].nunique() == inferred["environment"].nunique()


def test_without_data_the_prior_stands() -> None:
    one = Trace({"arrival": [0.0], "function": ["f"], "duration": [1.0], "start": ["cold"]})
    fit = calibrate(one, prior=Prior(keep_alive=300.0))
    assert fit.silence == pytest.approx(300.0)
    assert fit.p_there(300.0, silent=False) == pytest.approx(0.5, abs=0.1)
    assert fit.init is None


def test_laws_of_init_and_duration_are_the_measured_values() -> None:
    run = recorded()
    fit = calibrate(run)
    again = simulate(run, init=fit.init, duration=fit.duration, seed=3, **fit.settings)
    assert set(again.invocations["init"].dropna()) == {0.3}
    assert set(again.invocations["duration"]) <= set(run.numbers("duration"))


def test_the_report_counts_every_idle_period_once() -> None:
    fit = calibrate(recorded(keep_alive=Measured(CURVE, silence=750.0)))
    report = fit.report()
    assert report[["looks", "silent", "old"]].to_numpy().sum() == len(fit.looks)
    assert (report["there"] <= report["looks"]).all()
    assert report["fitted"].dropna().is_monotonic_decreasing


def test_a_trace_that_does_not_say_how_requests_started() -> None:
    with pytest.raises(WorkloadError, match="'start'"):
        calibrate(Trace({"arrival": [0.0], "function": ["f"], "duration": [1.0]}))
    with pytest.raises(WorkloadError, match="nothing to learn"):
        calibrate(
            Trace({"arrival": [0.0], "function": ["f"], "duration": [1.0], "start": ["throttle"]})
        )
    with pytest.raises(WorkloadError, match="at least one"):
        calibrate([])


def test_the_probability_of_a_cold_start_of_a_fixed_keep_alive_is_0_or_1() -> None:
    run = recorded(keep_alive=600.0)
    p, cold = predict.p_cold(run, lambda gap, silent, age: float(gap <= 600.0))
    assert (p == cold).all()
    assert predict.log_score(p, cold) == pytest.approx(-math.log(0.999))
    assert predict.log_score(np.full(len(cold), 0.5), cold) == pytest.approx(math.log(2))


@pytest.mark.slow
@pytest.mark.skipif(not RUNS.is_dir(), reason=f"{RUNS} is not there")
def test_it_foresees_the_run_that_was_left_out() -> None:
    runs = [traces.aws_lambda_2020(path, memory=128) for path in sorted(RUNS.glob("res-01-*"))]
    errors = []
    for k, run in enumerate(runs):
        fit = calibrate([other for j, other in enumerate(runs) if j != k])
        counts = [
            (simulate(run, init=0.0, seed=s, **fit.settings).invocations["start"] == "cold").sum()
            for s in range(10)
        ]
        actual = served(run)["cold"].sum()
        errors.append(abs(np.mean(counts) - actual) / actual)
    assert np.mean(errors) < 0.08
