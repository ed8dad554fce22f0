"""The life of every execution environment: when it was made, what it served, when it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.ticker import MaxNLocator

from lambda_nb.charts import style, timeaxis

_THICK = 0.38
"""Half the height of a row's bars."""


def gantt(
    invocations: pd.DataFrame,
    ax: Axes | None = None,
    *,
    environments: pd.DataFrame | None = None,
    most: int = 60,
    start: datetime | None = None,
    title: str | None = "Execution environments, one row each",
) -> Axes:
    """Draw each environment as a row: init, invocations, and its idle life between and after.

    Parameters
    ----------
    invocations : DataFrame
        Columns ``environment``, ``arrival`` and ``finish`` (s); optionally ``init`` (s, of cold
        starts: it begins at the arrival). Rows without an environment (throttles) are left out.
    environments : DataFrame, optional
        Index: environment; columns ``created`` and ``ended`` (s; NaN: still alive). Draws the life
        of each; without it a life goes from the first arrival to the last finish.
    most : int
        Rows at most: the environments created first are shown.

    Raises
    ------
    ValueError
        A column is missing.

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.poisson(0.05, duration=10, hours=1, seed=1)
    >>> result = lambda_nb.simulate(trace, init=3, keep_alive="2min")
    >>> ax = lambda_nb.charts.gantt(result.invocations, environments=result.environments)
    """
    missing = [c for c in ("environment", "arrival", "finish") if c not in invocations]
    if missing:
        raise ValueError(f"invocations lack {missing}: they have {list(invocations.columns)}")
    ax = style.axes(ax)
    style.titled(ax, title)
    frame = invocations[invocations["environment"].notna() & invocations["finish"].notna()]
    if pd.api.types.is_numeric_dtype(frame["environment"]):
        frame = frame[frame["environment"] >= 0]
    if not len(frame):
        return style.empty(ax, "no environments")
    lives = _lives(frame, environments)
    total = len(lives)
    lives = lives.iloc[:most]
    frame = frame[frame["environment"].isin(lives.index)]
    row = pd.Series(np.arange(len(lives)), index=lives.index).loc[frame["environment"]].to_numpy()
    low, high = float(lives["created"].min()), float(lives["ended"].max())
    size = timeaxis.along(ax, low, high, start)
    rows = np.arange(len(lives))
    segments = np.stack(
        [
            np.column_stack([lives["created"] / size, rows]),
            np.column_stack([lives["ended"] / size, rows]),
        ],
        axis=1,
    )
    ax.add_collection(
        LineCollection(
            list(segments), colors=style.SKY, alpha=0.6, linewidths=1.6, label="idle", zorder=1
        )
    )
    begin, finish = _numbers(frame["arrival"]), _numbers(frame["finish"])
    init = _numbers(frame["init"]) if "init" in frame else np.full(len(frame), np.nan)
    cold = init > 0
    served = begin + np.where(cold, init, 0.0)
    _boxes(ax, begin[cold] / size, served[cold] / size, row[cold], "initialising")
    _boxes(ax, served / size, np.maximum(finish, served) / size, row, "running")
    ax.set_ylim(len(lives) - 0.3, -0.7)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.set_ylabel("environment")
    ax.grid(visible=False)
    if total > most:
        ax.set_xlabel(f"{ax.get_xlabel()}; the first {most} of {total:,} environments")
    style.legend(ax)
    return ax


def _lives(frame: pd.DataFrame, environments: pd.DataFrame | None) -> pd.DataFrame:
    grouped = frame.groupby("environment", observed=True)
    lives = pd.DataFrame({"created": grouped["arrival"].min(), "ended": grouped["finish"].max()})
    if environments is not None:
        known = environments.reindex(lives.index)
        end = lives["ended"].max()
        lives["created"] = known["created"].fillna(lives["created"])
        lives["ended"] = known["ended"].replace(np.inf, np.nan).fillna(end)
    ordered: pd.DataFrame = lives.sort_values("created", kind="stable")
    return ordered


def _numbers(column: Any) -> timeaxis.Floats:
    return np.asarray(column, dtype=np.float64)


def _boxes(ax: Axes, left: Any, right: Any, row: Any, name: str) -> None:
    if not len(left):
        return
    corners = np.empty((len(left), 4, 2))
    corners[:, (0, 1), 0] = np.asarray(left)[:, None]
    corners[:, (2, 3), 0] = np.asarray(right)[:, None]
    corners[:, (0, 3), 1] = np.asarray(row)[:, None] - _THICK
    corners[:, (1, 2), 1] = np.asarray(row)[:, None] + _THICK
    colour = style.COLOUR_OF[name]
    # The edge keeps invocations shorter than a pixel visible.
    ax.add_collection(
        PolyCollection(
            list(corners),
            facecolors=colour,
            edgecolors=colour,
            linewidths=0.6,
            label=name,
            zorder=2,
        )
    )
