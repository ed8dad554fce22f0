"""A recorded run beside its simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

import lambda_nb
from lambda_nb import traces
from lambda_nb.simulator import WorkloadError, simulate
from lambda_nb.traces import Trace

SETTINGS = {"keep_alive": 3.0, "account_limit": 10}


@pytest.fixture(scope="module")
def recorded() -> Trace:
    """A run of the simulator itself, in the form of a recording."""
    trace = traces.poisson(15, duration=traces.laws.lognormal(0.1, 1.0), hours=0.1, seed=1)
    rows = simulate(trace, init=traces.laws.lognormal(0.2, 0.5), **SETTINGS).invocations
    rows["environment"] = rows["environment"].astype(str)
    return Trace.from_pandas(rows.drop(columns="cost"))


def test_the_right_settings_repeat_every_decision(recorded: Trace) -> None:
    found = lambda_nb.validate(recorded, **SETTINGS)
    assert found.same == 1.0
    assert found.differences.empty
    assert (found.table["error"] == 0.0).all()
    assert f"{len(recorded):,} of {len(recorded):,}" in repr(found)
    assert f">{found.table.loc['invocations', 'real']:,.0f}</td>" in found._repr_html_()


def test_wrong_settings_show(recorded: Trace) -> None:
    found = lambda_nb.validate(recorded, keep_alive=0.5, account_limit=10)
    assert found.same < 1.0
    assert set(found.differences["simulated"]) >= {"cold"}
    assert found.table.loc["cold starts", "error"] > 0


def test_laws_instead_of_measurements_show_their_error(recorded: Trace) -> None:
    found = lambda_nb.validate(recorded, duration=0.2, **SETTINGS)
    assert found.table.loc["billed GB-s", "error"] != 0


def test_the_chart_is_drawn(recorded: Trace, tmp_path: Path) -> None:
    figure = lambda_nb.validate(recorded, **SETTINGS).plot("10s")
    figure.savefig(tmp_path / "chart.png")
    lines = figure.axes[0].get_lines()
    same = [line.get_ydata() for line in lines if len(line.get_ydata()) > 2]
    assert same[0] == pytest.approx(same[1])


def test_a_trace_that_was_not_recorded() -> None:
    trace = traces.poisson(1, duration=0.1, hours=0.1, seed=2)
    with pytest.raises(WorkloadError, match="no start and no finish"):
        lambda_nb.validate(trace)
