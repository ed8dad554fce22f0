"""One figure over time from several runs: real and simulated, or different settings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from lambda_nb.charts import style, timeaxis

_MOST_STEPS = 1000
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))


def compare(
    timelines: Mapping[str, pd.DataFrame],
    column: str = "in_flight",
    ax: Axes | None = None,
    *,
    cumulative: bool = False,
    title: str | None = None,
) -> Axes:
    """Draw the same column of several timelines as lines, told apart by colour and by dashes.

    Parameters
    ----------
    timelines : mapping of label to DataFrame
        Index: time (seconds, timedeltas or timestamps; timestamps count from the first bin of
        their timeline).
    column : str
        ``in_flight``, ``environments``, ``cold_starts`` and so on.
    cumulative : bool
        Draw the sum so far: for counts such as ``cold_starts``.

    Raises
    ------
    ValueError
        A timeline has no such column.
    """
    for label, frame in timelines.items():
        if column not in frame:
            raise ValueError(f"timeline {label!r} has no {column!r}: it has {list(frame.columns)}")
    ax = style.axes(ax)
    name = style.label_of(column)
    style.titled(ax, title or name.capitalize())
    drawn = {label: frame for label, frame in timelines.items() if len(frame)}
    if not drawn:
        return style.empty(ax, "no invocations")
    times = {label: timeaxis.seconds_of(frame.index)[0] for label, frame in drawn.items()}
    low = min(float(at[0]) for at in times.values())
    high = max(float(at[-1]) for at in times.values())
    size = timeaxis.along(ax, low, high)
    for place, (label, frame) in enumerate(drawn.items()):
        values = np.nan_to_num(frame[column].to_numpy(dtype=np.float64))
        at, values = _thinned(times[label], np.cumsum(values) if cumulative else values)
        ax.step(
            at / size,
            values,
            where="post",
            color=style.COLOURS[place % len(style.COLOURS)],
            linestyle=_DASHES[place % len(_DASHES)],
            linewidth=1.6,
            label=label,
        )
    ax.set_ylim(bottom=0)
    ax.set_ylabel(f"{name}, so far" if cumulative else name)
    style.legend(ax)
    return ax


def _thinned(
    at: timeaxis.Floats, values: timeaxis.Floats
) -> tuple[timeaxis.Floats, timeaxis.Floats]:
    """Join steps if there are more than a screen can show; each joined step shows its peak."""
    if len(at) <= _MOST_STEPS:
        return at, values
    begins = np.linspace(0, len(at), _MOST_STEPS + 1).astype(np.int64)[:-1]
    return at[begins], np.maximum.reduceat(values, begins)
