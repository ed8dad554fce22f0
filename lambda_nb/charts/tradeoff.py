"""A trade-off: each choice as a point, and the unbeaten ones (Pareto front) as a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from lambda_nb.charts import style


def trade_off(
    frame: pd.DataFrame,
    x: str,
    y: str,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    chosen: Any = None,
    x_unit: str = "",
    y_unit: str = "",
    title: str | None = "Trade-off",
) -> Axes:
    """Draw choices by two figures that should be small, and join the unbeaten ones by a line.

    Parameters
    ----------
    frame : DataFrame
        A row for each choice.
    x, y : str
        Its columns; for both, less is better.
    label : str, optional
        Column with the labels of the unbeaten points; None: the index.
    chosen : index value, optional
        The choice to mark.
    x_unit, y_unit : {"", "$", "s", "%"}
        ``$`` and ``s`` are written as money and lengths of time; ``%`` takes shares, 0 to 1.

    Raises
    ------
    ValueError
        A column is missing, or the chosen row is.
    """
    for column in (x, y, *([label] if label else [])):
        if column not in frame:
            raise ValueError(f"frame has no column {column!r}: it has {list(frame.columns)}")
    if chosen is not None and chosen not in frame.index:
        raise ValueError(f"no row {chosen!r} in the frame: it has {list(frame.index)[:10]}")
    ax = style.axes(ax)
    style.titled(ax, title)
    known = frame[frame[[x, y]].notna().all(axis=1)]
    if not len(known):
        return style.empty(ax, "no choices")
    xs, ys = (known[c].to_numpy(dtype=np.float64) for c in (x, y))
    best = unbeaten(xs, ys)
    ax.plot(xs[~best], ys[~best], "o", color=style.GREY, markersize=5, alpha=0.6, label="beaten")
    line = np.flatnonzero(best)[np.argsort(xs[best], kind="stable")]
    ax.plot(
        xs[line], ys[line], "o-", color=style.BLUE, markersize=6, linewidth=1.5, label="unbeaten"
    )
    for i in line:
        words = str(known[label].iloc[i] if label else known.index[i])
        ax.annotate(
            style.short(words),
            (xs[i], ys[i]),
            xytext=(6, 6),
            textcoords="offset points",
            color=style.INK,
            fontsize=8.5,
        )
    if chosen is not None:
        mark = frame.loc[chosen]
        ax.plot(
            mark[x],
            mark[y],
            "o",
            markersize=14,
            markerfacecolor="none",
            markeredgecolor=style.VERMILION,
            markeredgewidth=2,
            label="chosen",
        )
    ax.margins(0.1, 0.15)
    ax.set_xlabel(style.label_of(x))
    ax.set_ylabel(style.label_of(y))
    for axis, unit in ((ax.xaxis, x_unit), (ax.yaxis, y_unit)):
        if unit:
            axis.set_major_formatter(FuncFormatter(_written(unit)))
    ax.grid(visible=True, axis="x", color=style.INK, alpha=0.25, linewidth=0.6)
    style.legend(ax)
    return ax


def unbeaten(xs: Any, ys: Any) -> npt.NDArray[np.bool_]:
    """Which points are unbeaten: no other is as good in both figures and better in one."""
    xs, ys = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    order = np.lexsort((ys, xs))
    best = np.zeros(len(xs), dtype=bool)
    least = np.inf
    at = None
    for i in order:
        if ys[i] < least or (ys[i], xs[i]) == at:
            best[i] = True
            least, at = ys[i], (ys[i], xs[i])
    return best


def _written(unit: str) -> Any:
    writers = {
        "$": lambda value, _: style.money(float(value)),
        "s": lambda value, _: style.length(float(value)) if value >= 0 else "",
        "%": lambda value, _: f"{100 * value:.3g} %",
    }
    if unit not in writers:
        raise ValueError(f"unit {unit!r} must be one of {', '.join(writers)}")
    return writers[unit]
