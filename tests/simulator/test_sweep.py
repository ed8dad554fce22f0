"""Several settings at once: compared, swept, and the best chosen."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

from lambda_nb import traces
from lambda_nb.rules.keepalive.idle import Fixed, Hazard
from lambda_nb.simulator import WorkloadError, compare, optimise, simulate, sweep

mpl.use("agg")
TRACE = traces.poisson(0.01, duration=traces.laws.exponential(5.0), hours=30, memory=512, seed=1)
GRID = {"keep_alive": [60.0, 600.0], "provisioned": [0, 1, 2]}


def test_compare_is_the_results_side_by_side() -> None:
    done = simulate(TRACE, keep_alive=60, init=1.0)
    made = compare({"short": done, "long": {"keep_alive": 600}}, trace=TRACE, init=1.0)
    assert list(made.table.index) == ["short", "long"]
    long = simulate(TRACE, keep_alive=600, init=1.0).summary().iloc[-1]
    long = long.rename({"provisioned": "provisioned_starts"})
    assert made.table.loc["long"].to_dict() == long.to_dict()
    assert made.table.loc["short", "cold_starts"] > made.table.loc["long", "cold_starts"]
    assert made["short"] is done
    assert len(made.plot("10min").axes) == 3
    assert "cold_starts" in made._repr_html_()


def test_compare_names_the_scenario_that_was_wrong() -> None:
    with pytest.raises(WorkloadError, match=r"'odd'.*keep"):
        compare({"odd": {"keep_alive": -1}}, trace=TRACE)
    with pytest.raises(WorkloadError, match=r"'odd'.*keepalive"):
        compare({"odd": {"keepalive": 1}}, trace=TRACE)
    with pytest.raises(WorkloadError, match="trace="):
        compare({"odd": {}})
    with pytest.raises(WorkloadError, match="at least one"):
        compare({})


def test_sweep_is_simulate_for_each_combination() -> None:
    table = sweep(TRACE, GRID, init=1.0)
    assert len(table) == 6
    for row in table.to_dict("records"):
        point = {name: row[name] for name in GRID}
        alone = simulate(TRACE, init=1.0, **point).summary().iloc[-1]
        alone = alone.rename({"provisioned": "provisioned_starts"})
        assert {name: row[name] for name in alone.index} == alone.to_dict()


def test_sweep_over_what_belongs_to_the_trace() -> None:
    table = sweep(TRACE, {"duration": [1.0, 3.0], "memory": [128, 256]})
    assert table["mean_duration"].tolist() == pytest.approx([1.0, 1.0, 3.0, 3.0])
    assert table["cost"].is_unique


def test_processes_give_the_same_answer() -> None:
    grid: dict[str, Any] = {"keep_alive": [Fixed(60.0), Hazard([0.0, 900.0], [1.0, 0.0])]}
    pd.testing.assert_frame_equal(sweep(TRACE, grid, workers=2), sweep(TRACE, grid, workers=1))


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_answer() -> None:
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own event loop and ports
        with (
            distributed.LocalCluster(
                n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            table = sweep(TRACE, GRID, client=client)
    pd.testing.assert_frame_equal(table, sweep(TRACE, GRID))


def test_mistakes_in_a_grid() -> None:
    with pytest.raises(WorkloadError, match="list of values"):
        sweep(TRACE, {"keep_alive": 600})  # type: ignore[dict-item]
    with pytest.raises(WorkloadError, match="empty"):
        sweep(TRACE, {"keep_alive": []})
    with pytest.raises(WorkloadError, match="empty"):
        sweep(TRACE, {})
    with pytest.raises(WorkloadError, match="both"):
        sweep(TRACE, {"keep_alive": [1]}, keep_alive=2)
    with pytest.raises(WorkloadError, match="workers is 0"):
        sweep(TRACE, GRID, workers=0)


def test_laws_can_be_sent_to_processes() -> None:
    common = {"duration": traces.laws.lognormal(0.2, 0.9), "init": traces.laws.percentiles({50: 1})}
    grid = {"keep_alive": [1.0, 60.0]}
    two, one = (sweep(TRACE, grid, workers=workers, **common) for workers in (2, 1))
    pd.testing.assert_frame_equal(two, one)


def test_optimise_takes_the_cheapest_that_keeps_the_constraints() -> None:
    found = optimise(TRACE, "cost", {"cold_share": 0.01}, GRID, init=1.0)
    table = found.table
    assert table.loc[found.chosen, "cold_share"] <= 0.01
    allowed = table[table["cold_share"] <= 0.01]
    assert table.loc[found.chosen, "cost"] == allowed["cost"].min()
    assert not table["feasible"].all()
    again = simulate(TRACE, init=1.0, **found.settings).summary().iloc[-1]
    assert again["cost"] == table.loc[found.chosen, "cost"]
    axes = found.plot()
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert repr(found).startswith(f"<Optimum {found.settings}: objective ")


def test_optimise_takes_a_function_and_limits_on_both_sides() -> None:
    found = optimise(
        TRACE, lambda row: -row["cost"], {"cold_share": (0.001, None), "throttles": 0}, GRID
    )
    allowed = found.table[found.table["cold_share"] >= 0.001]
    assert found.table.loc[found.chosen, "cost"] == allowed["cost"].max()


def test_optimise_says_why_nothing_will_do() -> None:
    with pytest.raises(WorkloadError, match=r"no combination of 6 .* cold_share .* \(asked: -1\)"):
        optimise(TRACE, "cost", {"cold_share": -1}, GRID)
    with pytest.raises(WorkloadError, match="'price' is no figure"):
        optimise(TRACE, "price", {}, GRID)
