"""Init phases measured on AWS, as laws."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.simulator import WorkloadError, simulate
from lambda_nb.simulator.assumptions.init_times import RANKS, measured_init, measured_inits
from lambda_nb.traces import Trace

PUBLISHED = Path(__file__).parents[3] / "shared" / "traces" / "cold_starts_lambda_perf.csv"
NAMES = {
    "nodejs20.x": "nodejs20x",
    "nodejs22.x": "nodejs22x",
    "nodejs24.x": "nodejs24x",
    "java8.al2": "java8_al2",
    "dotnet8-aot": "dotnet8_aot_on_provided_al2023",
    "dotnet10-aot": "dotnet10_aot_on_provided_al2023",
}


def published_name(runtime: str) -> str:
    if runtime in ("go", "rust", "llrt"):
        return f"{runtime}_on_provided_al2023"
    if runtime.startswith(("python", "ruby")):
        return runtime.replace(".", "")
    return NAMES.get(runtime, runtime.replace("-", "_"))


def test_the_table_is_the_published_one() -> None:
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED} is not there: the table is compared with it")
    with PUBLISHED.open(newline="") as file:
        rows = {
            (row["runtime"], row["package_type"], row["architecture"]): row
            for row in csv.DictReader(file)
            if row["memory_mb"] == "512"
        }
    for (runtime, package, architecture), law in measured_inits().items():
        row = rows[published_name(runtime), package, architecture]
        published = [float(row[f"init_ms_p{rank:.0f}"]) for rank in RANKS]
        np.testing.assert_allclose(np.array(law.percentiles) * 1e3, published, atol=0.501)


@pytest.mark.parametrize("key", measured_inits(), ids="-".join)
def test_percentiles_come_back(key: tuple[str, str, str]) -> None:
    law = measured_inits()[key]
    drawn = law(np.random.default_rng(1), 100_000)
    assert drawn.min() > 0
    for rank, value in zip(RANKS, law.percentiles, strict=True):
        # Compare ranks, since percentiles may be on a steep part: 5 standard errors of a share.
        share = rank / 100
        error = 5 * (share * (1 - share) / 100_000) ** 0.5
        below, up_to = (drawn < value - 1e-9).mean(), (drawn <= value + 1e-9).mean()
        assert below - error <= share <= up_to + error


def test_a_runtime_may_stand_for_its_init() -> None:
    trace = traces.poisson(0.1, duration=0.1, hours=20, seed=1)
    result = simulate(trace, init="python3.13", keep_alive=1.0, seed=1)
    cold = result.invocations["init"].dropna()
    assert len(cold) > 1000
    assert cold.median() == pytest.approx(0.084, rel=0.03)
    image = simulate(trace, init="nodejs24.x image arm64", keep_alive=1.0, seed=1).invocations
    assert image["init"].median() == pytest.approx(
        measured_init("nodejs24.x", "image", "arm64").percentiles[2], rel=0.05
    )


def test_each_function_may_have_its_own() -> None:
    trace = Trace({"arrival": [0.0, 1.0], "function": ["f", "g"], "duration": [0.5, 0.5]})
    inits = simulate(trace, init={"f": "rust", "g": 7.0}).invocations["init"]
    assert 0.01 < inits[0] < 0.1
    assert inits[1] == 7.0


def test_it_can_be_sent_to_other_processes() -> None:
    law = measured_init("java21")
    assert pickle.loads(pickle.dumps(law)) == law


@pytest.mark.parametrize(
    "asked", ["python2.7", "python3.13 jar", "java21-snapstart image", "", "a b c d"]
)
def test_what_nobody_measured_is_named(asked: str) -> None:
    trace = Trace({"arrival": [0.0], "function": ["f"], "duration": [0.5]})
    with pytest.raises(WorkloadError, match=r"python3\.13"):
        simulate(trace, init=asked)
