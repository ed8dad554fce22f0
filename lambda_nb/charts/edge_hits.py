"""How the hit ratio of a cache comes about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from lambda_nb.charts import style, timeaxis

_MOST_GROUPS = 6


def hit_ratio(
    time: Any,
    hit: Any,
    ax: Axes | None = None,
    *,
    groups: Any = None,
    start: datetime | None = None,
    title: str | None = "Hit ratio so far",
) -> Axes:
    """Draw the share of hits among the requests so far, of all and of each group.

    Parameters
    ----------
    time : array-like of datetime or float
        When each request came, in order; numbers are seconds.
    hit : array-like of bool
        Whether the cache had it.
    groups : array-like of str, optional
        The behaviour or location of each request; the busiest get lines of their own.
    start : datetime, optional
        What numbers in ``time`` count from.

    Examples
    --------
    >>> import lambda_nb, numpy as np
    >>> rng = np.random.default_rng(1)
    >>> time = np.sort(rng.uniform(0, 3600, 2000))
    >>> hit = rng.random(2000) < 0.9 * time / (time + 300)
    >>> ax = lambda_nb.charts.hit_ratio(time, hit)
    """
    ax = style.axes(ax)
    style.titled(ax, title)
    hits = np.asarray(hit, dtype=np.float64)
    if not len(hits):
        return style.empty(ax, "no requests")
    at, first = timeaxis.seconds_of(time)
    start = first or start
    size = timeaxis.along(ax, float(at[0]), float(max(at[-1], at[0] + 1e-3)), start)
    lines = {"all": np.ones(len(hits), dtype=bool)}
    if groups is not None:
        names = pd.Series(np.asarray(groups, dtype=object))
        busiest = names.value_counts().index[:_MOST_GROUPS]
        if len(busiest) > 1:
            lines |= {style.short(str(name)): np.asarray(names == name) for name in busiest}
    colours = style.colours(list(lines))
    for (name, mine), colour in zip(lines.items(), colours, strict=True):
        share = np.cumsum(hits[mine]) / np.arange(1, int(mine.sum()) + 1)
        shown = name if len(lines) > 1 else None
        width = 2.2 if name == "all" else 1.3
        ax.step(at[mine] / size, share, where="post", color=colour, linewidth=width, label=shown)
    ax.set_ylim(0, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_ylabel("hits")
    style.legend(ax)
    return ax
