"""Execution environments over time: running, initialising, idle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lambda_nb.charts import style, timeaxis

STATES = ("in_flight", "initialising", "idle")
_LABELS = {"in_flight": "running", "initialising": "initialising", "idle": "idle"}
_OPACITY = {"idle": 0.45}
_MOST_STEPS = 2000
"""More steps than this cannot be told apart on a screen, but take seconds to draw."""


def concurrency(
    timeline: pd.DataFrame,
    ax: Axes | None = None,
    *,
    limit: float | None = None,
    title: str | None = "Execution environments",
) -> Axes:
    """Draw running, initialising and idle environments, stacked.

    Parameters
    ----------
    timeline : DataFrame
        Index: time (seconds, timedeltas or timestamps), the beginning of each bin. Columns, each
        optional: ``in_flight``, ``initialising``, ``idle`` (environments).
    limit : float, optional
        A concurrency limit to draw as a line.

    Raises
    ------
    ValueError
        None of the columns is there.

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(0.5, duration=4, hours=24, seed=1)
    >>> result = lambda_nb.simulate(trace, init=0.5, keep_alive="5min")
    >>> ax = lambda_nb.charts.concurrency(result.timeline("10min"))
    """
    states = [state for state in STATES if state in timeline]
    if not states:
        raise ValueError(f"timeline has none of {STATES}: it has {list(timeline.columns)}")
    ax = style.axes(ax)
    style.titled(ax, title)
    at, start = timeaxis.seconds_of(timeline.index)
    if not len(at):
        return style.empty(ax, "no environments")
    heights = bands(
        ax,
        at,
        start,
        np.nan_to_num(np.array([timeline[state] for state in states], dtype=np.float64)),
        colors=[style.COLOUR_OF[state] for state in states],
        labels=[_LABELS[state] for state in states],
    )
    for state, area in zip(states, ax.collections, strict=False):
        area.set_alpha(_OPACITY.get(state, 0.9))
    top = float(heights.sum(axis=0).max())
    if limit is not None:
        ax.axhline(limit, color=style.VERMILION, linewidth=1.2, linestyle="--", label="limit")
        top = max(top, limit)
    ax.set_ylim(0, max(1.0, top * 1.08))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.set_ylabel("environments")
    style.legend(ax)
    return ax


def bands(
    ax: Axes,
    at: timeaxis.Floats,
    start: datetime | None,
    heights: timeaxis.Floats,
    **options: Any,
) -> timeaxis.Floats:
    """Draw rows of heights as bands, one on the other; returns the heights as they are drawn.

    ``at`` are the beginnings of the bins (s). Of too many bins, neighbours are joined.
    """
    edges = _edges(at)
    size = timeaxis.along(ax, float(edges[0]), float(edges[-1]), start)
    edges, heights = _thinned(edges, heights)
    closed = np.hstack([heights, heights[:, -1:]])
    ax.stackplot(edges / size, closed, step="post", linewidth=0, **options)
    return heights


def _edges(at: timeaxis.Floats) -> timeaxis.Floats:
    """The edges of bins: their beginnings, and one width after the last."""
    width = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    return np.append(at, at[-1] + width)


def _thinned(edges: timeaxis.Floats, heights: timeaxis.Floats) -> tuple[Any, Any]:
    """Join neighbouring steps if there are too many; each joined step shows its peak."""
    count = heights.shape[1]
    if count <= _MOST_STEPS:
        return edges, heights
    begins = np.linspace(0, count, _MOST_STEPS + 1).astype(np.int64)[:-1]
    total = heights.sum(axis=0)
    peaks = [
        b + int(np.argmax(part))
        for b, part in zip(begins, np.split(total, begins[1:]), strict=True)
    ]
    return np.append(edges[begins], edges[-1]), heights[:, peaks]


def bars(
    ax: Axes, timeline: pd.DataFrame, columns: list[str], **options: Any
) -> tuple[timeaxis.Floats, float]:
    """Draw columns of counts as stacked bars over time; returns the edges and the unit (s)."""
    at, start = timeaxis.seconds_of(timeline.index)
    edges = _edges(at)
    size = timeaxis.along(ax, float(edges[0]), float(edges[-1]), start)
    below = np.zeros(len(at))
    for column, colour in zip(columns, style.colours(columns), strict=True):
        values = np.nan_to_num(np.asarray(timeline[column], dtype=np.float64))
        ax.bar(
            edges[:-1] / size,
            values,
            np.diff(edges) / size,
            bottom=below,
            align="edge",
            color=colour,
            label=style.label_of(column),
            linewidth=0,
            **options,
        )
        below += values
    return edges, size
