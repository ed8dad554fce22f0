"""Cold starts and throttles over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lambda_nb.charts import style, timeaxis
from lambda_nb.charts.concurrency import bars

_MOST_BARS = 240


def cold_starts(
    timeline: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str | None = "Cold starts",
) -> Axes:
    """Draw cold starts, and throttles where there are any, as counts in each bin.

    Parameters
    ----------
    timeline : DataFrame
        Index: time (seconds, timedeltas or timestamps), the beginning of each bin. Columns:
        ``cold_starts``, and optionally ``throttles`` (counts in the bin). Fine bins are joined
        until at most 240 are left.

    Raises
    ------
    ValueError
        There is no column ``cold_starts``.

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(0.05, duration=2, hours=24, seed=1)
    >>> result = lambda_nb.simulate(trace, init=0.5, keep_alive="5min")
    >>> ax = lambda_nb.charts.cold_starts(result.timeline("10min"))
    """
    if "cold_starts" not in timeline:
        raise ValueError(f"timeline has no cold_starts: it has {list(timeline.columns)}")
    ax = style.axes(ax)
    shown = ["cold_starts"]
    if "throttles" in timeline and float(timeline["throttles"].sum()) > 0:
        shown.append("throttles")
        title = f"{title} and throttles" if title else title
    style.titled(ax, title)
    if not len(timeline):
        return style.empty(ax, "no invocations")
    joined, width = _joined(timeline[shown])
    bars(ax, joined, shown)
    ax.set_ylabel(f"count per {style.length(width)}")
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    totals = ", ".join(f"{style.label_of(c)} {int(timeline[c].sum()):,}" for c in shown)
    if len(shown) == 1:
        ax.set_title(f"total {totals.split()[-1]}", loc="right", color=style.INK, fontsize=8.5)
    else:
        style.legend(ax)
    return ax


def _joined(timeline: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Join neighbouring bins to a round width; returns that width (s) too."""
    at, _ = timeaxis.seconds_of(timeline.index)
    own = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    if len(at) <= _MOST_BARS:
        return timeline, own
    width = max(own, timeaxis.bin_width(float(at[-1] - at[0]) + own, _MOST_BARS))
    bins = np.floor((at - at[0]) / width).astype(np.int64)
    joined = timeline.groupby(bins).sum()
    first = pd.Index(timeline.index)[np.searchsorted(bins, joined.index)]
    return joined.set_index(first), width
