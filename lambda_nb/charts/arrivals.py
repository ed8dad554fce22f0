"""Arrivals over time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lambda_nb.charts import style, timeaxis


def arrivals(
    arrival: Any,
    ax: Axes | None = None,
    *,
    start: datetime | None = None,
    title: str | None = "Arrivals",
) -> Axes:
    """Draw the rate of arrivals, in invocations per second of each bin.

    Parameters
    ----------
    arrival : array-like of float
        Seconds.
    start : datetime, optional
        The time that ``arrival`` counts from.

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(2, duration=0.3, hours=24, seed=1)
    >>> ax = lambda_nb.charts.arrivals(trace.numbers("arrival"))
    """
    values = np.asarray(arrival, dtype=np.float64)
    ax = style.axes(ax)
    style.titled(ax, title)
    if not len(values):
        return style.empty(ax, "no arrivals")
    low, high = float(values.min()), float(values.max())
    width = timeaxis.bin_width(max(high - low, 1e-3))
    first = np.floor(low / width) * width
    edges = first + np.arange(int(np.floor((high - first) / width)) + 2) * width
    counts, _ = np.histogram(values, edges)
    size = timeaxis.along(ax, float(edges[0]), float(edges[-1]), start)
    ax.stairs(counts / width, edges / size, fill=True, color=style.BLUE, alpha=0.85, linewidth=0)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("invocations per s")
    ax.set_title(
        f"{len(values):,} in bins of {style.length(width)}",
        loc="right",
        color=style.INK,
        fontsize=8.5,
    )
    return ax
