"""How every chart looks: colours, ink, and figures that suit a light and a dark page.

The background is transparent. Text and axes are a middle grey, readable on white and on near-black
(contrast above 4:1 on both), so a chart made in one theme is right in the other. The colours are
those of Okabe and Ito, which people with any kind of colour vision can tell apart. Their blue is
lightened, because its lines vanish on a dark page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

BLUE = "#1A83C4"
SKY = "#56B4E9"
GREEN = "#009E73"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#9A9A9A"
INK = "#7D7D7D"

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, GREY)
"""For series without a fixed colour, in this order."""

COLOUR_OF = {
    "in_flight": BLUE,
    "running": BLUE,
    "warm": BLUE,
    "initialising": ORANGE,
    "cold": ORANGE,
    "cold_starts": ORANGE,
    "provisioned": GREEN,
    "idle": SKY,
    "throttle": VERMILION,
    "throttles": VERMILION,
    "environments": INK,
}
"""What has the same meaning has the same colour in every chart."""

WIDTH, HEIGHT = 8.0, 2.9
"""Inches of one chart."""


class Board(Figure):
    """A figure that displays itself, once, as the value of a cell, in any notebook."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        png = io.BytesIO()
        dpi = 2 * self.dpi
        self.savefig(png, format="png", dpi=dpi, facecolor="none")
        width, height = (self.get_size_inches() * self.dpi).round().astype(int)
        # Twice the pixels, for sharp screens; the size on the page stays the same.
        return png.getvalue(), {"width": int(width), "height": int(height)}


def board(
    rows: int,
    columns: int = 1,
    *,
    title: str | None = None,
    heights: Sequence[float] | None = None,
) -> tuple[Board, list[Axes]]:
    """Make an empty figure of several charts; returns it and its Axes, row by row.

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(1, duration=0.5, hours=24, seed=1)
    >>> figure, (left, right) = lambda_nb.charts.board(1, 2, title="A day")
    >>> ax = lambda_nb.charts.arrivals(trace.numbers("arrival"), left)
    >>> ax = lambda_nb.charts.concurrency(lambda_nb.simulate(trace).timeline(), right)
    """
    sizes = [1.0] * rows if heights is None else list(heights)
    figure = Board(
        figsize=(WIDTH * (1 if columns == 1 else 1.25), HEIGHT * sum(sizes)),
        facecolor="none",
        layout="constrained",
    )
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw={"height_ratios": sizes})
    if title:
        figure.suptitle(title, color=INK, fontsize=12, fontweight="bold")
    axes: list[Axes] = list(grid.flat)
    for ax in axes:
        dress(ax)
    return figure, axes


def axes(ax: Axes | None) -> Axes:
    """The Axes to draw on: the one given, else a new one (shown by the notebook as usual)."""
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(figsize=(WIDTH, HEIGHT), facecolor="none", layout="constrained")
    return dress(ax)


def dress(ax: Axes) -> Axes:
    """Give an Axes the common colours, grid and transparency."""
    ax.set_facecolor("none")
    ax.tick_params(colors=INK, labelsize=9)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(9.5)
    ax.title.set_color(INK)
    ax.grid(True, axis="y", color=INK, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def titled(ax: Axes, title: str | None) -> None:
    """Put a title at the left."""
    if title:
        ax.set_title(title, loc="left", color=INK, fontsize=10.5, fontweight="bold")


_LEGEND_ABOVE = 60
"""Letters that fit beside a title."""


def legend(ax: Axes, **options: Any) -> None:
    """Put a legend above the chart, or beside it if it is long, so that it hides nothing."""
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return
    if sum(map(len, labels)) > _LEGEND_ABOVE:
        options = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "ncols": 1, **options}
    settings = {
        "loc": "lower right",
        "bbox_to_anchor": (1.0, 1.0),
        "ncols": min(len(labels), 5),
        "frameon": False,
        "fontsize": 8.5,
        "labelcolor": INK,
        "borderaxespad": 0.2,
        "handlelength": 1.2,
        "columnspacing": 1.2,
    }
    ax.legend(handles, labels, **{**settings, **options})


def empty(ax: Axes, why: str) -> Axes:
    """Write into an empty chart why there is nothing to draw."""
    ax.text(0.5, 0.5, why, color=INK, ha="center", va="center", transform=ax.transAxes)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def label_of(name: str) -> str:
    """A column's name as people read it."""
    return name.replace("_", " ")


def log_ticks(low: float, high: float, most: int = 9) -> list[float]:
    """Round values between two, for a logarithmic axis: at least three, however near they are."""
    low, high = float(low), float(high)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
        if len(found) >= 4 or len(found) >= most / 2:
            break
    if len(found) < 3:
        found = [float(v) for v in MaxNLocator(5).tick_values(low, high) if low <= v <= high]
    return found[:: int(np.ceil(len(found) / most))]


def log_axis(axis: Any, low: float, high: float) -> None:
    """Give a logarithmic axis of durations (s) readable ticks between two values."""
    axis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: length(float(value))))
    axis.set_minor_locator(NullLocator())


def short(name: str, most: int = 24) -> str:
    """A name that fits beside an axis: long ones are cut in the middle."""
    return name if len(name) <= most else f"{name[: most - 6]}…{name[-4:]}"


def colours(names: Sequence[str]) -> list[str]:
    """A colour for each name: its own where it has one, else the next free one."""
    free = [c for c in COLOURS if c not in {COLOUR_OF.get(name) for name in names}] or list(COLOURS)
    found = []
    at = 0
    for name in names:
        own = COLOUR_OF.get(name)
        found.append(own if own is not None else free[at % len(free)])
        at += own is None
    return found


def money(value: float) -> str:
    """US dollars with as many digits as they need: $1,234, $12.34, $0.0012."""
    if value == 0:
        return "$0"
    size = abs(value)
    if size >= 1000:
        return f"${value:,.0f}"
    if size >= 0.1:
        return f"${value:,.2f}"
    digits = int(-np.floor(np.log10(size))) + 1
    return f"${value:.{min(digits, 9)}f}".rstrip("0")


def length(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    if seconds == 0:
        return "0"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * (2.0 if size >= 60 else 1.0) or seconds == size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
