"""Charts show the numbers they are given, with labels and units, on light and on dark pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_rgb

from lambda_nb import charts
from lambda_nb.charts import style, timeaxis, tradeoff


def timeline(index: Any = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "in_flight": [1, 3, 2, 0],
            "initialising": [1, 1, 0, 0],
            "idle": [0, 1, 3, 5],
            "cold_starts": [2, 1, 0, 0],
            "throttles": [0, 2, 0, 0],
        },
        index=[0.0, 1.0, 2.0, 3.0] if index is None else index,
    )


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def texts(ax: Axes) -> str:
    where = [ax.get_title(loc=loc) for loc in ("left", "center", "right")]
    return " | ".join([*where, *(text.get_text() for text in ax.texts)])


CHARTS: dict[str, Callable[[Axes | None], Axes]] = {
    "concurrency": lambda ax: charts.concurrency(timeline(), ax, limit=10),
    "cold_starts": lambda ax: charts.cold_starts(timeline(), ax),
    "arrivals": lambda ax: charts.arrivals([0.0, 1.0, 5.0, 5.1], ax),
    "latency": lambda ax: charts.latency([0.1, 0.2, 0.5, np.nan], ax),
    "percentiles": lambda ax: charts.percentiles_over_time(range(100), np.ones(100), ax),
    "compare": lambda ax: charts.compare({"real": timeline(), "simulated": timeline()}, ax=ax),
    "cost": lambda ax: charts.cost({"requests": 0.2, "duration": 1.5}, ax),
    "heat_map": lambda ax: charts.heat_map([0.0, 10.0, 20.0], ["a", "b", "a"], ax),
    "gantt": lambda ax: charts.gantt(
        pd.DataFrame({"environment": [0, 0, 1], "arrival": [0.0, 2, 1], "finish": [1.0, 3, 4]}), ax
    ),
    "trade_off": lambda ax: charts.trade_off(
        pd.DataFrame({"cost": [1.0, 2.0, 3.0], "p95": [3.0, 1.0, 2.0]}), "cost", "p95", ax
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_labelled_and_draws_anywhere(name: str) -> None:
    own = CHARTS[name](None)
    assert own.get_xlabel()
    assert own.get_ylabel() or name in ("cost", "heat_map")
    assert own.get_title(loc="left")
    _, given = pyplot.subplots()
    assert CHARTS[name](given) is given
    for ax in (own, given):
        ax.figure.savefig(io.BytesIO(), format="png")
    assert to_rgb(own.xaxis.label.get_color()) == to_rgb(style.INK)
    assert own.get_facecolor()[3] == 0.0, "the page shows through"


def luminance(colour: str) -> float:
    def linear(c: float) -> float:
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(c) for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_ink_reads_on_both_themes() -> None:
    """JupyterLab's pages are #ffffff and #111111."""
    assert contrast(style.INK, "#ffffff") > 4
    assert contrast(style.INK, "#111111") > 4
    for colour in style.COLOURS:
        assert min(contrast(colour, page) for page in ("#ffffff", "#111111")) > 1.9, colour


def test_concurrency_stacks_its_states() -> None:
    ax = charts.concurrency(timeline())
    assert labels(ax) == ["running", "initialising", "idle"]
    areas = [c for c in ax.collections if isinstance(c, PolyCollection)]
    tops = [area.get_paths()[0].vertices[:, 1].max() for area in areas]
    assert tops == [3, 4, 5]
    assert ax.get_xlabel() == "time (seconds)"
    assert ax.get_xlim() == (0.0, 4.0)
    only = charts.concurrency(timeline()[["in_flight"]], limit=50)
    assert labels(only) == ["running", "limit"]
    assert only.get_ylim()[1] > 50
    with pytest.raises(ValueError, match=r"none of .*in_flight.*: it has"):
        charts.concurrency(pd.DataFrame({"x": [1]}))


def test_peaks_survive_when_there_are_more_steps_than_pixels() -> None:
    heights = np.ones(100_000)
    heights[77_777] = 500.0
    ax = charts.concurrency(pd.DataFrame({"in_flight": heights}, index=np.arange(100_000.0)))
    area = ax.collections[0].get_paths()[0].vertices
    assert area[:, 1].max() == 500.0
    assert len(area) < 10_000
    at = area[area[:, 1].argmax(), 0] * 3600
    assert abs(at - 77_777) < 100


@pytest.mark.parametrize(
    ("index", "label", "right"),
    [
        (pd.to_timedelta([0, 10, 20, 30], unit="min"), "time (minutes)", 40),
        ([0.0, 36_000.0, 72_000.0, 108_000.0], "time (hours)", 40),
        (
            pd.date_range("2026-11-23T14:00", periods=4, freq="2D", tz="UTC"),
            "time (days since 2026-11-23 14:00 UTC)",
            8,
        ),
    ],
)
def test_time_is_in_the_unit_that_suits_it(index: Any, label: str, right: float) -> None:
    ax = charts.concurrency(timeline(index))
    assert ax.get_xlabel() == label
    assert ax.get_xlim()[1] == pytest.approx(right)
    with pytest.raises(TypeError, match="time must be seconds, timedeltas or timestamps"):
        charts.concurrency(timeline(list("abcd")))


def test_cold_starts_and_throttles_are_counted() -> None:
    ax = charts.cold_starts(timeline())
    assert labels(ax) == ["cold starts", "throttles"]
    assert ax.get_title(loc="left") == "Cold starts and throttles"
    assert sum(bar.get_height() for bar in ax.patches) == 5
    assert ax.get_ylabel() == "count per 1 s"
    calm = charts.cold_starts(timeline()[["cold_starts"]])
    assert "total 3" in texts(calm)
    assert calm.get_title(loc="left") == "Cold starts"


def test_fine_bins_are_joined_and_nothing_is_lost() -> None:
    counts = np.random.default_rng(1).poisson(0.3, 5000)
    frame = pd.DataFrame({"cold_starts": counts}, index=np.arange(5000.0))
    ax = charts.cold_starts(frame)
    assert len(ax.patches) <= 240
    assert sum(bar.get_height() for bar in ax.patches) == counts.sum()
    assert ax.get_ylabel() == "count per 30 s"


def test_runs_are_compared_line_by_line() -> None:
    long = pd.DataFrame({"in_flight": np.zeros(50_000)}, index=np.arange(50_000.0))
    long.iloc[33_333] = 9.0
    ax = charts.compare({"real": timeline(), "simulated": long})
    assert labels(ax) == ["real", "simulated"]
    assert ax.lines[0].get_ydata().tolist() == [1, 3, 2, 0]
    assert ax.lines[1].get_ydata().max() == 9
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    total = charts.compare({"real": timeline()}, "cold_starts", cumulative=True)
    assert total.lines[0].get_ydata().tolist() == [2, 3, 3, 3]
    assert total.get_ylabel() == "cold starts, so far"
    with pytest.raises(ValueError, match="timeline 'real' has no 'idle_time'"):
        charts.compare({"real": timeline()}, "idle_time")
    assert "no invocations" in texts(charts.compare({"real": timeline().iloc[:0]}))


def test_arrivals_are_a_rate() -> None:
    values = np.repeat(np.arange(100.0), 5) + 0.25
    ax = charts.arrivals(values, start=datetime(2026, 1, 1, tzinfo=timezone.utc))
    heights, edges, _ = ax.patches[0].get_data()
    width = edges[1] - edges[0]
    assert (heights * width).sum() == pytest.approx(500)
    assert "500 in bins of" in texts(ax)
    assert ax.get_xlabel() == "time (seconds since 2026-01-01 00:00 UTC)"


def test_latency_marks_its_percentiles() -> None:
    ax = charts.latency(np.linspace(0.001, 1.0, 1000))
    assert "p50 500 ms · p95 950 ms · p99 990 ms" in texts(ax)
    both = charts.latency({"cold": [1.0, 2.0], "warm": [0.1, 0.2]})
    assert labels(both) == ["cold", "warm"]
    assert [line.get_color() for line in both.lines[::2]] == [
        style.COLOUR_OF["cold"],
        style.COLOUR_OF["warm"],
    ]
    many = charts.latency(np.random.default_rng(1).exponential(1, 1_000_000))
    assert len(many.lines[0].get_xdata()) < 5000
    assert many.lines[0].get_ydata()[-1] == 100


def test_cost_adds_up() -> None:
    ax = charts.cost({"requests": 0.2, "duration": 1.5, "storage": 0.0})
    assert labels(ax) == ["requests $0.20", "duration $1.50"]
    assert "$1.70" in texts(ax)
    frame = pd.DataFrame(
        {"requests": np.arange(20.0), "duration": 1.0}, index=[f"f{i}" for i in range(20)]
    )
    many = charts.cost(frame, most=5)
    names = [text.get_text() for text in many.get_yticklabels()]
    assert names == ["f16", "f17", "f18", "f19", "others (16)"]
    assert sum(bar.get_width() for bar in many.patches) == pytest.approx(frame.to_numpy().sum())
    with pytest.raises(ValueError, match="cost of '', 'refund' is -1"):
        charts.cost({"refund": -1.0})


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "$0"), (1234.5, "$1,234"), (12.3, "$12.30"), (0.0012, "$0.0012"), (2e-7, "$0.0000002")],
)
def test_money(value: float, written: str) -> None:
    assert style.money(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0"),
        (2.5e-5, "25 µs"),
        (0.0125, "12.5 ms"),
        (1.0, "1 s"),
        (90.0, "90 s"),
        (3600.0, "1 h"),
        (5400.0, "90 min"),
        (86400.0, "1 d"),
    ],
)
def test_lengths_of_time(seconds: float, written: str) -> None:
    assert style.length(seconds) == written


def test_heat_map_counts_by_function_and_bin() -> None:
    arrival = [10.0, 20.0, 4000.0, 50_000.0, 80_000.0]
    ax = charts.heat_map(arrival, ["a", "b", "b", "b", "c"])
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    counts = np.ma.filled(mesh.get_array(), 0)
    assert counts.shape == (3, 23), "a column an hour"
    assert counts[0, [0, 1, 13]].tolist() == [1, 1, 1], "the busiest is at the top"
    assert counts.sum() == 5
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a", "c"]
    some = charts.heat_map(arrival, [0, 1, 1, 1, 2], names=["a", "b", "c"], most=1)
    assert "the busiest 1 of 3" in texts(some)


def test_gantt_draws_init_runs_and_lives() -> None:
    invocations = pd.DataFrame(
        {
            "environment": [0, 1, 0, -1],
            "arrival": [0.0, 1.0, 10.0, 11.0],
            "finish": [2.0, 3.0, 12.0, 11.0],
            "init": [0.5, np.nan, np.nan, np.nan],
        }
    )
    lives = pd.DataFrame({"created": [0.0, 0.5], "ended": [30.0, np.nan]}, index=[0, 1])
    ax = charts.gantt(invocations, environments=lives)
    assert labels(ax) == ["idle", "initialising", "running"]
    init, running = (c for c in ax.collections if isinstance(c, PolyCollection))
    assert len(init.get_paths()) == 1
    assert len(running.get_paths()) == 3, "a throttle has no environment"
    assert init.get_paths()[0].vertices[:, 0].max() == 0.5
    assert ax.get_xlim() == (0.0, 30.0)
    cut = charts.gantt(invocations, most=1)
    assert "the first 1 of 2 environments" in cut.get_xlabel()
    with pytest.raises(ValueError, match=r"lack \['finish'\]"):
        charts.gantt(invocations.drop(columns="finish"))


def test_unbeaten_choices() -> None:
    xs, ys = [1.0, 2.0, 2.0, 3.0, 3.0, 1.0], [5.0, 3.0, 4.0, 3.0, 1.0, 5.0]
    assert tradeoff.unbeaten(xs, ys).tolist() == [True, True, False, False, True, True]


def test_trade_off_names_the_unbeaten_and_marks_the_chosen() -> None:
    frame = pd.DataFrame(
        {"cost": [1.0, 2.0, 3.0], "p95": [0.3, 0.1, 0.2]}, index=["128 MB", "512 MB", "1 GB"]
    )
    ax = charts.trade_off(frame, "cost", "p95", chosen="512 MB", x_unit="$", y_unit="s")
    named = [text.get_text() for text in ax.texts]
    assert named == ["128 MB", "512 MB"]
    assert labels(ax) == ["beaten", "unbeaten", "chosen"]
    with pytest.raises(ValueError, match="no column 'latency'"):
        charts.trade_off(frame, "cost", "latency")
    with pytest.raises(ValueError, match="no row '2 GB'"):
        charts.trade_off(frame, "cost", "p95", chosen="2 GB")


def test_nothing_to_draw_is_said() -> None:
    empty = timeline().iloc[:0]
    for ax in (
        charts.concurrency(empty),
        charts.cold_starts(empty),
        charts.arrivals([]),
        charts.latency([np.nan]),
        charts.percentiles_over_time([1.0], [np.nan]),
        charts.cost({}),
        charts.heat_map([], []),
        charts.gantt(pd.DataFrame({"environment": [None], "arrival": [1.0], "finish": [1.0]})),
        charts.trade_off(pd.DataFrame({"a": [np.nan], "b": [1.0]}), "a", "b"),
    ):
        assert texts(ax).split("| ")[-1].startswith("no ")


def test_one_moment_is_enough_to_draw() -> None:
    charts.arrivals([5.0]).figure.savefig(io.BytesIO())
    charts.heat_map([5.0], ["a"]).figure.savefig(io.BytesIO())
    charts.percentiles_over_time([5.0], [1.0]).figure.savefig(io.BytesIO())
    charts.concurrency(timeline().iloc[:1]).figure.savefig(io.BytesIO())
    charts.latency([0.0]).figure.savefig(io.BytesIO())


def test_a_board_shows_itself_once_and_sharp() -> None:
    from IPython.core.formatters import DisplayFormatter

    before = pyplot.get_fignums()
    board = charts.trace([0.0, 5.0, 9.0], [0.1, np.nan, 0.3], [0, 1, 0], ["f", "g"], title="mine")
    assert pyplot.get_fignums() == before, "pyplot would show it a second time"
    assert len(board.axes) == 4, "three charts and a colour bar"
    data, metadata = DisplayFormatter().format(board)
    assert data["image/png"].startswith(b"\x89PNG")
    shown = metadata["image/png"]
    image = matplotlib.image.imread(io.BytesIO(data["image/png"]), format="png")
    assert image.shape[1] == pytest.approx(2 * shown["width"], abs=2)
    assert image[0, 0, 3] == 0.0, "transparent"
    assert len(charts.trace([0.0], [0.1], [0], ["f"]).axes) == 2


def test_bins_are_round_and_few() -> None:
    for span in (0.004, 1.0, 59.0, 3600.0, 86_400.0, 14 * 86_400.0, 1e9):
        assert span / timeaxis.bin_width(span) <= 241
