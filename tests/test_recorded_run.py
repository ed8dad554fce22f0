"""A run of the real engine, replayed: the simulator makes the same decision for every invocation.

``tests/data/recorded_run.parquet`` is the trace of one `make demo`, taken from the engine's logs:
three functions under a bursty workload, one of them with reserved concurrency.
``tests/data/README.md`` says how to make it again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lambda_nb

DATA = Path(__file__).parent / "data" / "recorded_run.parquet"
RESERVED = {"resize": 4}  # as notebooks/demo.ipynb sets it
KEEP_ALIVE_S = 6.0


@pytest.fixture(scope="module")
def trace() -> lambda_nb.Trace:
    return lambda_nb.Trace.read(DATA)


@pytest.fixture(scope="module", params=["simpy", "compiled"])
def replayed(request: pytest.FixtureRequest, trace: lambda_nb.Trace) -> pd.DataFrame:
    result = lambda_nb.simulate(
        trace, reserved=RESERVED, keep_alive=KEEP_ALIVE_S, engine=request.param
    )
    return result.invocations


def test_the_recording_has_every_kind_of_decision(trace: lambda_nb.Trace) -> None:
    real = trace.to_pandas()
    counts = real["start"].value_counts()
    assert len(real) >= 2000
    assert counts["cold"] >= 20
    assert counts["throttle"] >= 20
    assert counts["warm"] >= 1000
    assert set(real["function"]) == {"crunch", "fetch", "resize"}


def test_same_decisions(trace: lambda_nb.Trace, replayed: pd.DataFrame) -> None:
    real = trace.to_pandas()
    differing = np.flatnonzero(real["start"].astype(str) != replayed["start"].astype(str))
    assert not len(differing), f"first differs: {real.iloc[differing[0]].to_dict()}"


def test_same_reasons_of_throttling(trace: lambda_nb.Trace, replayed: pd.DataFrame) -> None:
    throttled = (trace.to_pandas()["start"] == "throttle").to_numpy()
    real = trace.to_pandas()["reason"][throttled].astype(str)
    assert list(real) == list(replayed["reason"][throttled].astype(str))


def test_same_environment_for_every_invocation(
    trace: lambda_nb.Trace, replayed: pd.DataFrame
) -> None:
    real = trace.to_pandas()
    served = (real["start"] != "throttle").to_numpy()
    pairs = {
        (str(theirs), int(ours))
        for theirs, ours in zip(
            real["environment"][served], replayed["environment"][served], strict=True
        )
    }
    # One to one: each real environment is one simulated environment, and the other way round.
    assert len(pairs) == len({theirs for theirs, _ in pairs}) == len({ours for _, ours in pairs})


def test_same_bill(trace: lambda_nb.Trace, replayed: pd.DataFrame) -> None:
    real = trace.to_pandas()
    served = (real["start"] != "throttle").to_numpy()
    assert np.allclose(real["billed"][served], replayed["billed"][served])
