"""Ticks can be read, labels cover nothing, several functions can be stacked."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

import lambda_nb
from lambda_nb import charts, traces
from lambda_nb.charts import style

mpl.use("agg")


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.16, 0.72), (0.9, 1.1), (1e-4, 1000.0), (0.0123, 0.0124), (2.0, 5.0), (0.09, 9.0)],
)
def test_a_logarithmic_axis_has_some_ticks_and_not_many(low: float, high: float) -> None:
    ticks = style.log_ticks(low, high)
    assert 3 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert all(low <= tick <= high for tick in ticks)


def test_near_durations_have_readable_ticks() -> None:
    ax = charts.latency(np.random.default_rng(1).uniform(0.21, 0.45, 500))
    words = [label.get_text() for label in ax.get_xticklabels()]
    assert len([word for word in words if word]) >= 3
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("count", [4, 25])
def test_labels_of_a_trade_off_cover_neither_points_nor_each_other(count: int) -> None:
    rng = np.random.default_rng(count)
    x, y = np.sort(rng.uniform(1, 3, count)), np.sort(rng.uniform(0, 1, count))[::-1]
    names = [f"keep-alive {i} min" for i in range(count)]
    figure = Figure(figsize=(8, 3), layout="constrained")
    ax = figure.subplots()
    charts.trade_off(pd.DataFrame({"cost": x, "cold": y}, index=names), "cost", "cold", ax)
    figure.draw_without_rendering()
    labels = [one for one in ax.texts if isinstance(one, Annotation)]
    assert {names[0], names[-1]} <= {one.get_text() for one in labels}
    boxes = [Text.get_window_extent(one) for one in labels]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    points = ax.transData.transform(np.column_stack([x, y]))
    assert not any(box.contains(*point) for box in boxes for point in points)


@pytest.fixture(scope="module")
def result() -> lambda_nb.simulator.Result:
    parts = [
        traces.poisson(0.2 * (i + 1), duration=1.0, hours=0.5, function=f"f{i}", seed=i)
        for i in range(8)
    ]
    return lambda_nb.simulate(traces.merge(*parts), init=0.5, keep_alive="2min")


def test_timelines_of_functions_add_up(result: lambda_nb.simulator.Result) -> None:
    whole = result.timeline("10s")
    parts = [result.timeline("10s", function=f"f{i}") for i in range(8)]
    for column in ("in_flight", "initialising", "idle", "arrivals", "cold_starts", "throttles"):
        np.testing.assert_allclose(sum(part[column] for part in parts), whole[column], atol=1e-6)
    with pytest.raises(KeyError, match="no function 'g'"):
        result.timeline(function="g")


def test_functions_are_stacked_the_largest_first(result: lambda_nb.simulator.Result) -> None:
    frames = {f"f{i}": result.timeline("30s", function=f"f{i}") for i in range(8)}
    ax = charts.stacked(frames)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[0] == "f7"
    assert words[-1] == "others (3)"
    with pytest.raises(ValueError, match="has no 'speed'"):
        charts.stacked(frames, "speed")
    with pytest.raises(ValueError, match="different bins"):
        charts.stacked({"f0": frames["f0"], "f1": result.timeline("10s", function="f1")})


def test_a_result_draws_one_function_or_stacks_all(result: lambda_nb.simulator.Result) -> None:
    assert "by function" in result.plot(by="function").axes[0].get_title("left")
    one = result.plot(function="f3")
    assert "f3 of" in one.get_suptitle()
    (word,) = result.plot(function="f3", by="function").axes[0].get_legend().get_texts()
    assert word.get_text() == "f3"
    with pytest.raises(ValueError, match="by is 'hour'"):
        result.plot(by="hour")


def test_bars_that_are_alternatives_have_no_sum() -> None:
    bills = pd.DataFrame({"duration": [1.0, 2.0]}, index=["512 MB", "1024 MB"])
    (word,) = charts.cost(bills).get_legend().get_texts()
    assert word.get_text() == "duration"
    (word,) = charts.cost(bills, sums=True).get_legend().get_texts()
    assert word.get_text() == "duration $3.00"
