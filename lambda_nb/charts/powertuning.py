"""Duration and cost of a function by its memory, on two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from lambda_nb.charts import style


def power_tuning(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    best: float | None = None,
    law: Callable[[Any], Any] | None = None,
    title: str | None = "Power tuning",
) -> Axes:
    """Draw duration (left) and cost (right) by memory.

    Parameters
    ----------
    frame : DataFrame
        Index: memory in MB. Columns: ``p50`` and optionally ``p95`` (s; a band between them),
        and ``cost`` ($ per million invocations). Rows without a duration are left out.
    best : float, optional
        The memory to mark.
    law : function of memory, optional
        Seconds, drawn as a dashed line over the measured ones.

    Returns
    -------
    Axes
        The Axes of the durations; its twin has the costs.

    Raises
    ------
    ValueError
        A column is missing.

    Examples
    --------
    >>> import lambda_nb, pandas as pd
    >>> sizes = pd.Index([128, 256, 512, 1024, 2048], name="memory")
    >>> seconds = pd.Series(0.08 + 150 / sizes, index=sizes)
    >>> dollars = 0.2 + 1e6 * seconds * sizes / 1024 * 0.0000166667
    >>> frame = pd.DataFrame({"p50": seconds, "cost": dollars})
    >>> ax = lambda_nb.charts.power_tuning(frame, best=512)
    """
    for column in ("p50", "cost"):
        if column not in frame:
            raise ValueError(f"frame has no column {column!r}: it has {list(frame.columns)}")
    ax = style.axes(ax)
    style.titled(ax, title)
    known = frame[frame["p50"].notna()].sort_index()
    if not len(known):
        return style.empty(ax, "no memory at which it succeeded")
    sizes = known.index.to_numpy(dtype=np.float64)
    seconds = known["p50"].to_numpy(dtype=np.float64)
    ax.plot(sizes, seconds, "o-", color=style.BLUE, markersize=5, linewidth=1.8, label="duration")
    if "p95" in known:
        ax.fill_between(sizes, seconds, known["p95"], color=style.BLUE, alpha=0.2, linewidth=0)
    if law is not None:
        between = np.geomspace(sizes[0], sizes[-1], 200)
        ax.plot(between, law(between), "--", color=style.INK, linewidth=1.2, label="fitted")
    money = ax.twinx()
    style.dress(money)
    money.grid(visible=False)
    money.spines["left"].set_visible(False)
    money.spines["right"].set_visible(True)
    cost = known["cost"].to_numpy(dtype=np.float64)
    money.plot(sizes, cost, "s-", color=style.VERMILION, markersize=4.5, linewidth=1.8)
    # An empty line on the first axes puts the cost into the same legend.
    ax.plot([], [], "s-", color=style.VERMILION, markersize=4.5, linewidth=1.8, label="cost")
    if best is not None and best in known.index:
        ax.axvline(best, color=style.GREEN, linewidth=1.5, alpha=0.8, label=f"{best:g} MB")
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("memory, MB")
    ax.set_ylabel("duration, median to 95 %" if "p95" in known else "median duration")
    money.set_ylabel("per million invocations")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: style.length(v) if v >= 0 else ""))
    money.yaxis.set_major_formatter(FuncFormatter(lambda v, _: style.money(v)))
    ax.set_ylim(bottom=0)
    money.set_ylim(0, float(cost.max()) * 1.15 or 1)
    style.legend(ax)
    return ax
