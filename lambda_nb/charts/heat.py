"""Invocations by function and hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter

from lambda_nb.charts import style, timeaxis


def heat_map(
    arrival: Any,
    function: Any,
    ax: Axes | None = None,
    *,
    names: Sequence[str] | None = None,
    bin_s: float | None = None,
    most: int = 20,
    start: datetime | None = None,
    title: str | None = "Invocations of each function",
) -> Axes:
    """Draw how often each function was invoked in each hour (shorter bins for a short trace).

    Parameters
    ----------
    arrival : array-like of float
        Seconds.
    function : array-like of str, or of int indices into ``names``
        The function of each invocation.
    bin_s : float, optional
        Width of a column in seconds; an hour, unless the trace is shorter than half a day.
    most : int
        Rows: the busiest functions, busiest at the top.

    Examples
    --------
    >>> import lambda_nb
    >>> one = lambda_nb.traces.daily(0.1, duration=1, hours=48, function="resize", seed=1)
    >>> two = lambda_nb.traces.bursts(9, every=7200, duration=1, hours=48, function="mail", seed=2)
    >>> trace = lambda_nb.traces.merge(one, two)
    >>> ax = lambda_nb.charts.heat_map(trace.numbers("arrival"), trace.codes, names=trace.functions)
    """
    at = np.asarray(arrival, dtype=np.float64)
    ax = style.axes(ax)
    style.titled(ax, title)
    if not len(at):
        return style.empty(ax, "no invocations")
    if names is None:
        labels, codes = np.unique(np.asarray(function), return_inverse=True)
        names = [str(label) for label in labels]
    else:
        codes = np.asarray(function)
    span = float(at.max() - at.min())
    width = bin_s or (3600.0 if span >= 12 * 3600 else timeaxis.bin_width(max(span, 1e-3), 48))
    first = np.floor(float(at.min()) / width)
    columns = (np.floor(at / width) - first).astype(np.int64)
    counts = np.zeros((len(names), int(columns.max()) + 1))
    np.add.at(counts, (codes, columns), 1.0)
    order = np.argsort(-counts.sum(axis=1), kind="stable")
    order = order[counts.sum(axis=1)[order] > 0]
    shown = counts[order[:most]]
    top = float(shown.max())
    low, high = first * width, (first + counts.shape[1]) * width
    size = timeaxis.along(ax, low, high, start)
    edges = np.linspace(low, high, counts.shape[1] + 1) / size
    mesh = ax.pcolormesh(
        edges,
        np.arange(len(shown) + 1),
        np.ma.masked_equal(shown, 0),
        cmap="viridis",
        norm=LogNorm(1, top) if top > 30 else Normalize(0, top),
    )
    ax.invert_yaxis()
    ax.set_yticks(
        np.arange(len(shown)) + 0.5, [style.short(names[i], 18) for i in order[:most]], fontsize=8
    )
    ax.grid(visible=False)
    figure = ax.figure
    bar = figure.colorbar(mesh, ax=ax, pad=0.02, fraction=0.04)
    bar.ax.tick_params(which="both", colors=style.INK, labelsize=8)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    bar.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(f"invocations per {style.length(width)}", color=style.INK, fontsize=8.5)
    if len(order) > most:
        ax.set_title(
            f"the busiest {most} of {len(order):,}", loc="right", color=style.INK, fontsize=8.5
        )
    return ax
