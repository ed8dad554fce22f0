"""Durations: their distribution, and their percentiles over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lambda_nb.charts import style, timeaxis

_PERCENTILES = (50.0, 95.0, 99.0)
_FLOOR = 1e-4
"""A logarithmic axis has no 0: a tenth of the millisecond that AWS bills stands for it."""


def latency(
    seconds: Any,
    ax: Axes | None = None,
    *,
    percentiles: Sequence[float] = _PERCENTILES,
    title: str | None = "Duration",
) -> Axes:
    """Draw the share of invocations that were done by each duration, with percentiles marked.

    Parameters
    ----------
    seconds : array-like of float, or mapping of label to array-like
        Durations in seconds, a line for each label; NaN is left out.
    percentiles : sequence of float
        Marked on each line, 0 to 100.

    Examples
    --------
    >>> import lambda_nb
    >>> took = lambda_nb.traces.laws.lognormal(median=0.2, p95=0.9)
    >>> trace = lambda_nb.traces.poisson(1, duration=took, hours=1, seed=1)
    >>> ax = lambda_nb.charts.latency(trace.numbers("duration"))
    """
    groups = seconds if isinstance(seconds, Mapping) else {"": seconds}
    ax = style.axes(ax)
    style.titled(ax, title)
    known = {
        label: np.sort(values[~np.isnan(values)])
        for label, given in groups.items()
        for values in (np.asarray(given, dtype=np.float64),)
        if bool(np.any(~np.isnan(values)))
    }
    if not known:
        return style.empty(ax, "no known durations")
    colours = style.colours(list(known))
    for (label, values), colour in zip(known.items(), colours, strict=True):
        at, share = _steps(np.maximum(values, _FLOOR))
        ax.step(at, share, where="post", color=colour, linewidth=1.8, label=label or None)
        marks = np.quantile(values, np.asarray(percentiles) / 100.0)
        ax.plot(np.maximum(marks, _FLOOR), percentiles, "o", color=colour, markersize=5)
        if len(known) == 1:
            _name_marks(ax, marks, percentiles)
    low = min(float(v[0]) for v in known.values())
    high = max(float(v[-1]) for v in known.values())
    ax.set_xscale("log")
    ax.set_xlim(max(low, _FLOOR) / 1.3, max(high, _FLOOR) * 1.6)
    style.log_axis(ax.xaxis, *ax.get_xlim())
    ax.set_ylim(0, 104)
    ax.set_xlabel("duration")
    ax.set_ylabel("% done")
    style.legend(ax)
    return ax


def percentiles_over_time(
    arrival: Any,
    seconds: Any,
    ax: Axes | None = None,
    *,
    percentiles: Sequence[float] = _PERCENTILES,
    start: datetime | None = None,
    title: str | None = "Duration over time",
) -> Axes:
    """Draw percentiles of the durations of the invocations that arrived in each bin.

    Parameters
    ----------
    arrival, seconds : array-like of float
        Arrivals and durations (s), one per invocation; rows without a duration are left out.

    Examples
    --------
    >>> import lambda_nb
    >>> took = lambda_nb.traces.laws.exponential(0.2)
    >>> trace = lambda_nb.traces.poisson(1, duration=took, hours=1, seed=1)
    >>> columns = trace.numbers("arrival"), trace.numbers("duration")
    >>> ax = lambda_nb.charts.percentiles_over_time(*columns)
    """
    at, took = np.asarray(arrival, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    at, took = at[~np.isnan(took)], took[~np.isnan(took)]
    ax = style.axes(ax)
    style.titled(ax, title)
    if not len(at):
        return style.empty(ax, "no known durations")
    order = np.argsort(at, kind="stable")
    at, took = at[order], took[order]
    width = timeaxis.bin_width(max(float(at[-1] - at[0]), 1e-3), 120)
    bins = np.floor(at / width)
    begins = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    parts = np.split(took, begins[1:])
    size = timeaxis.along(ax, float(at[0]), float(at[-1]), start)
    x = (bins[begins] + 0.5) * width / size
    for p, colour in zip(percentiles, style.COLOURS, strict=False):
        ax.plot(x, [np.percentile(part, p) for part in parts], color=colour, label=f"p{p:g}")
    ax.set_yscale("log")
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in ax.lines])
    ax.set_ylim(max(float(drawn.min()), _FLOOR) / 1.3, max(float(drawn.max()), _FLOOR) * 1.3)
    style.log_axis(ax.yaxis, *ax.get_ylim())
    ax.set_ylabel(f"duration, per {style.length(width)}")
    style.legend(ax)
    return ax


def _steps(values: timeaxis.Floats, most: int = 4000) -> tuple[timeaxis.Floats, timeaxis.Floats]:
    """The distribution in at most ``most`` steps: a screen cannot show more."""
    ranks = np.arange(1, len(values) + 1)
    if len(values) > most:
        ranks = np.unique(np.linspace(1, len(values), most).astype(np.int64))
    at = np.concatenate([values[:1], values[ranks - 1]])
    return at, np.concatenate([[0.0], ranks / len(values) * 100.0])


def _name_marks(ax: Axes, marks: timeaxis.Floats, percentiles: Sequence[float]) -> None:
    texts = [f"p{p:g} {style.length(float(m))}" for p, m in zip(percentiles, marks, strict=True)]
    ax.set_title(" · ".join(texts), loc="right", color=style.INK, fontsize=8.5)
