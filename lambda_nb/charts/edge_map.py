"""A map of edge locations: how many requests each took, how many were hits, how long they took."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import FuncFormatter, MultipleLocator

from lambda_nb.charts import style

# Outlines of the continents, longitude and latitude, drawn by hand: to find one's way, no more.
_LAND = (
    (-168, 66, -156, 71, -128, 70, -110, 68, -95, 72, -82, 68, -94, 59, -82, 55, -78, 62, -65, 59,
     -56, 52, -66, 49, -61, 46, -70, 43, -75, 38, -81, 31, -80, 25, -84, 30, -97, 27, -97, 21,
     -91, 19, -87, 21, -88, 16, -83, 15, -83, 10, -78, 8, -85, 11, -94, 16, -105, 20, -114, 30,
     -110, 24, -117, 33, -124, 40, -124, 48, -135, 58, -152, 59, -165, 54, -158, 58, -166, 62),
    (-78, 8, -72, 12, -62, 10, -50, 1, -35, -6, -39, -17, -48, -26, -58, -35, -65, -42, -69, -52,
     -75, -50, -72, -36, -71, -18, -81, -6, -80, 1),
    (-17, 15, -10, 30, -6, 36, 10, 37, 20, 31, 32, 31, 43, 12, 51, 12, 40, -5, 40, -16, 33, -26,
     26, -34, 18, -34, 12, -18, 9, 0, 8, 5, -8, 5),
    (-9, 37, -9, 43, -2, 44, -5, 48, 8, 54, 10, 58, 5, 60, 14, 68, 28, 71, 41, 67, 44, 66, 60, 69,
     70, 73, 104, 78, 140, 73, 180, 69, 163, 60, 156, 51, 156, 60, 141, 59, 135, 54, 141, 47,
     129, 41, 129, 35, 126, 38, 121, 40, 122, 31, 117, 23, 108, 21, 107, 11, 102, 13, 104, 1,
     98, 8, 95, 16, 90, 22, 80, 15, 77, 8, 72, 20, 66, 25, 57, 27, 50, 30, 56, 25, 59, 22, 45, 13,
     35, 28, 36, 36, 27, 37, 29, 41, 23, 40, 22, 37, 13, 45, 18, 40, 15, 38, 9, 44, 3, 43, -1, 37),
    (114, -22, 122, -18, 131, -12, 137, -12, 136, -15, 140, -17, 142, -11, 146, -19, 153, -26,
     150, -37, 145, -39, 138, -35, 131, -31, 124, -33, 115, -34),
    (-45, 60, -22, 70, -18, 80, -40, 83, -60, 81, -72, 78, -55, 70),
    (-6, 50, 1, 51, 0, 53, -2, 57, -5, 58, -3, 54, -5, 53),
    (-10, 52, -6, 52, -6, 55, -10, 54),
    (-24, 65, -14, 65, -19, 63),
    (130, 31, 136, 34, 141, 36, 142, 43, 145, 44, 141, 45, 140, 40, 136, 36, 131, 34),
    (95, 6, 106, -6, 102, -4),
    (106, -6, 115, -8, 108, -8),
    (109, 1, 117, 7, 118, 1, 114, -4),
    (131, -1, 141, -3, 150, -10, 143, -9, 138, -8),
    (120, 18, 122, 14, 126, 7, 122, 7),
    (173, -35, 178, -38, 175, -41, 167, -46, 173, -41),
    (44, -16, 50, -15, 47, -25, 43, -22),
    (-85, 22, -75, 20, -69, 19, -76, 20),
    (80, 9, 82, 7, 80, 6),
)  # fmt: skip
_LEAST, _MOST = 30.0, 700.0
"""Points squared of the smallest and the largest disc."""
_NAMED = 12
"""So many locations get a label; beyond that only the busiest."""


def edge_map(
    table: Any,
    ax: Axes | None = None,
    *,
    title: str | None = "Where requests were answered",
) -> Axes:
    """Draw a disc at each edge location: its area is requests, its colour the hit ratio.

    Parameters
    ----------
    table : DataFrame
        One row a location, its index what it is called: ``latitude`` and ``longitude`` (degrees),
        ``requests``, ``hit_ratio`` (0 to 1, or NaN), and if known ``p50`` (s), which its label
        tells.

    Examples
    --------
    >>> import lambda_nb, pandas as pd
    >>> columns = ["latitude", "longitude", "requests", "hit_ratio"]
    >>> rows = [(50.0, 8.6, 900, 0.92), (39.0, -77.5, 1500, 0.95), (1.3, 103.9, 300, 0.7)]
    >>> table = pd.DataFrame(rows, columns=columns, index=["FRA", "IAD", "SIN"])
    >>> ax = lambda_nb.charts.edge_map(table)
    """
    frame = pd.DataFrame(table)
    ax = style.axes(ax)
    style.titled(ax, title)
    for outline in _LAND:
        shape = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
        ax.fill(shape[:, 0], shape[:, 1], color=style.INK, alpha=0.16, linewidth=0, zorder=0)
    _graticule(ax)
    if not len(frame):
        return style.empty(ax, "no requests")
    frame = frame.sort_values("requests", ascending=False)
    share = np.asarray(frame["requests"], dtype=np.float64) / max(1, int(frame["requests"].max()))
    ratio = np.asarray(frame["hit_ratio"], dtype=np.float64)
    discs = ax.scatter(
        frame["longitude"],
        frame["latitude"],
        s=_LEAST + (_MOST - _LEAST) * share,
        c=np.ma.masked_invalid(ratio),
        cmap="cividis",
        norm=Normalize(0, 1),
        alpha=0.85,
        edgecolors=style.INK,
        linewidths=0.8,
        zorder=3,
        plotnonfinite=True,
    )
    for (name, row), part in zip(frame.head(_NAMED).iterrows(), share, strict=False):
        radius = float(np.sqrt((_LEAST + (_MOST - _LEAST) * part) / np.pi))
        _label(ax, str(name), row, radius)
    _bar(ax, discs)
    return ax


def _graticule(ax: Axes) -> None:
    ax.set_xlim(-180, 180)
    ax.set_ylim(-58, 84)
    ax.set_aspect(1.0)
    ax.xaxis.set_major_locator(MultipleLocator(60))
    ax.yaxis.set_major_locator(MultipleLocator(30))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _degrees(value, "E", "W")))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _degrees(value, "N", "S")))
    ax.grid(True, axis="both", color=style.INK, alpha=0.25, linewidth=0.6)
    ax.tick_params(colors=style.INK, labelsize=7.5, length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _degrees(value: float, over: str, under: str) -> str:
    if value == 0:
        return "0°"
    return f"{abs(value):.0f}°{over if value > 0 else under}"


def _label(ax: Axes, name: str, row: Any, radius: float) -> None:
    """Under its disc, whose radius is in points."""
    told = [f"{row['requests']:,.0f}"]
    if row["hit_ratio"] == row["hit_ratio"]:
        told.append(f"{row['hit_ratio']:.0%} hits")
    if "p50" in row and row["p50"] == row["p50"]:
        told.append(style.length(float(row["p50"])))
    ax.annotate(
        f"{name}\n{', '.join(told)}",
        (row["longitude"], row["latitude"]),
        xytext=(0, -radius - 2),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=7.5,
        color=style.INK,
        zorder=4,
    )


def _bar(ax: Axes, discs: Any) -> None:
    bar = ax.figure.colorbar(discs, ax=ax, pad=0.01, fraction=0.025, shrink=0.8)
    bar.ax.tick_params(which="both", colors=style.INK, labelsize=8)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    bar.outline.set_visible(False)
    bar.set_label("hits", color=style.INK, fontsize=8.5)
