"""Cost, by line of the bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from lambda_nb.charts import style

_OTHERS = "others"


def cost(
    lines: pd.DataFrame | pd.Series[Any] | Mapping[str, float],
    ax: Axes | None = None,
    *,
    most: int = 12,
    sums: bool | None = None,
    title: str | None = "Cost",
) -> Axes:
    """Draw costs in US dollars as bars, stacked by line of the bill.

    Parameters
    ----------
    lines : DataFrame, Series or mapping
        Dollars. Series or mapping: one bar, a piece for each line. DataFrame: a bar for each row
        (a function, an hour, a scenario), a piece for each column.
    most : int
        Bars at most; the cheapest rows beyond it are joined into "others".
    sums : bool, optional
        Whether the legend tells the sum of each line over all bars; by default only for one bar.
        Bars that are alternatives have no sum.

    Raises
    ------
    ValueError
        An amount is negative or not a number.

    Examples
    --------
    >>> import lambda_nb, pandas as pd
    >>> trace = lambda_nb.traces.daily(5, duration=0.5, hours=24, seed=1)
    >>> bills = {mb: lambda_nb.simulate(trace, memory=mb).cost() for mb in (512, 1024, 2048)}
    >>> lines = pd.concat(bills).droplevel(1).drop(columns="total")
    >>> ax = lambda_nb.charts.cost(lines)
    """
    frame = lines if isinstance(lines, pd.DataFrame) else pd.DataFrame([dict(lines)], index=[""])
    values = frame.to_numpy(dtype=np.float64)
    if bool(np.any(~np.isfinite(values) | (values < 0))):
        at = np.argwhere(~np.isfinite(values) | (values < 0))[0]
        raise ValueError(
            f"cost of {frame.index[at[0]]!r}, {frame.columns[at[1]]!r} is {values[tuple(at)]}: "
            "it must be 0 or more"
        )
    ax = style.axes(ax)
    style.titled(ax, title)
    if not frame.size or not float(values.sum()):
        return style.empty(ax, "no cost")
    frame = _largest(frame.loc[:, values.sum(axis=0) > 0], most)
    places = np.arange(len(frame))[::-1]
    left = np.zeros(len(frame))
    columns = [str(c) for c in frame.columns]
    summed = len(frame) == 1 if sums is None else sums
    for column, colour in zip(frame.columns, style.colours(columns), strict=True):
        amount = frame[column].to_numpy(dtype=np.float64)
        told = f" {style.money(float(amount.sum()))}" if summed else ""
        ax.barh(
            places,
            amount,
            0.62,
            left=left,
            color=colour,
            label=f"{style.label_of(str(column))}{told}",
            linewidth=0,
        )
        left += amount
    for place, total in zip(places, left, strict=True):
        ax.text(
            total, place, f" {style.money(float(total))}", va="center", color=style.INK, fontsize=9
        )
    ax.set_yticks(places, [style.short(str(name), 18) for name in frame.index])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.7 if len(frame) > 1 else -1.2, len(frame) - (0.3 if len(frame) > 1 else -0.2))
    ax.set_xlim(0, float(left.max()) * 1.14)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.money(float(value))))
    ax.set_xlabel("US dollars")
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", color=style.INK, alpha=0.25, linewidth=0.6)
    style.legend(ax)
    return ax


def _largest(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(frame) <= most:
        return frame
    order = np.argsort(-frame.sum(axis=1).to_numpy(), kind="stable")
    kept = frame.iloc[np.sort(order[: most - 1])]
    rest = frame.iloc[order[most - 1 :]].sum().to_frame(f"{_OTHERS} ({len(frame) - most + 1})").T
    joined: pd.DataFrame = pd.concat([kept, rest])
    return joined
