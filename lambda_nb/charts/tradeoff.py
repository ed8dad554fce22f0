"""A trade-off: each choice as a point, and the unbeaten ones (Pareto front) as a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text
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

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(0.02, duration=1, hours=24, seed=1)
    >>> grid = {"keep_alive": ["1min", "5min", "15min"], "provisioned": [0, 1]}
    >>> runs = lambda_nb.sweep(trace, grid, init=1).set_index(["keep_alive", "provisioned"])
    >>> ax = lambda_nb.charts.trade_off(runs, "cost", "cold_share", x_unit="$", y_unit="%")
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
    names = known[label] if label else known.index.to_series()
    _name(ax, xs, ys, {int(i): style.short(str(names.iloc[i])) for i in line})
    return ax


_PLACES = (
    (7, 7, "left", "bottom"), (7, -7, "left", "top"), (-7, -7, "right", "top"),
    (-7, 7, "right", "bottom"), (0, 10, "center", "bottom"), (0, -10, "center", "top"),
    (24, 20, "left", "bottom"), (-24, -20, "right", "top"), (24, -20, "left", "top"),
    (-24, 20, "right", "bottom"),
)  # fmt: skip
"""Where a label may stand beside its point: offsets in points, and its alignment."""
_NEAR, _FEW = 6, 10


def _name(ax: Axes, xs: Any, ys: Any, words: dict[int, str]) -> None:
    """Write labels beside points so that they cover neither points nor each other.

    A label further away gets a thin line to its point. One that finds no room is left out.
    """
    figure: Any = ax.figure.canvas.figure
    figure.draw_without_rendering()  # the layout decides what is beside what
    points = ax.transData.transform(np.column_stack([xs, ys]))
    line = points[list(words)]
    between = np.linspace(0.15, 0.85, 20)[:, None, None] * np.diff(line, axis=0) + line[:-1]
    points = np.vstack([points, between.reshape(-1, 2)])
    frame = ax.get_window_extent()
    taken: list[Any] = []
    # The ends of the line are the choices that people look for first.
    ends_first = sorted(words, key=lambda i: i not in (min(words), max(words)))
    for i in ends_first:
        # Among many points, lines from far labels would cross.
        for right, up, across, along in _PLACES[: None if len(words) <= _FEW else _NEAR]:
            far = abs(right) > 10
            text = ax.annotate(
                words[i],
                (xs[i], ys[i]),
                xytext=(right, up),
                textcoords="offset points",
                ha=across,
                va=along,
                color=style.INK,
                fontsize=8.5,
                arrowprops={"arrowstyle": "-", "color": style.INK, "lw": 0.6} if far else None,
            )
            text.get_window_extent()  # puts it where it belongs
            box = Text.get_window_extent(text)  # of the words, without the line
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0
            wide = box.expanded(1.02, 1.0)
            free = not any(box.overlaps(other) for other in taken)
            free = free and not any(wide.contains(x, y) for x, y in points)
            if inside and box.y1 <= frame.y1 and free:
                taken.append(box)
                break
            text.remove()


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
