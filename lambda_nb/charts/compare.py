"""One figure over time from several timelines: of runs, side by side; of functions, stacked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from lambda_nb.charts import style, timeaxis
from lambda_nb.charts.concurrency import bands

MOST_BANDS = 6
_OTHERS = "others"

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

    Examples
    --------
    >>> import lambda_nb
    >>> trace = lambda_nb.traces.daily(0.05, duration=2, hours=24, seed=1)
    >>> runs = {k: lambda_nb.simulate(trace, init=1, keep_alive=k) for k in ("1min", "10min")}
    >>> lines = {k: run.timeline("10min") for k, run in runs.items()}
    >>> ax = lambda_nb.charts.compare(lines, "cold_starts", cumulative=True)
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


def stacked(
    timelines: Mapping[str, pd.DataFrame],
    column: str = "environments",
    ax: Axes | None = None,
    *,
    most: int = MOST_BANDS,
    title: str | None = None,
) -> Axes:
    """Draw the same column of several timelines as bands, one on the other.

    Parameters
    ----------
    timelines : mapping of label to DataFrame
        With the same index: time (seconds, timedeltas or timestamps), the beginning of each bin.
    column : str
        ``environments``, ``in_flight``, ``arrivals`` and so on.
    most : int
        Bands at most: the largest are shown, the rest is joined into "others".

    Raises
    ------
    ValueError
        A timeline has no such column, or their bins differ.

    Examples
    --------
    >>> import lambda_nb
    >>> one = lambda_nb.traces.poisson(2, duration=0.5, hours=1, function="resize", seed=1)
    >>> two = lambda_nb.traces.poisson(1, duration=2, hours=1, function="mail", seed=2)
    >>> result = lambda_nb.simulate(lambda_nb.traces.merge(one, two))
    >>> lines = {name: result.timeline("1min", function=name) for name in ("resize", "mail")}
    >>> ax = lambda_nb.charts.stacked(lines)
    """
    for label, frame in timelines.items():
        if column not in frame:
            raise ValueError(f"timeline {label!r} has no {column!r}: it has {list(frame.columns)}")
    ax = style.axes(ax)
    name = style.label_of(column)
    style.titled(ax, title or name.capitalize())
    frames = list(timelines.values())
    if not frames or not len(frames[0]):
        return style.empty(ax, "no invocations")
    if any(not frame.index.equals(frames[0].index) for frame in frames):
        raise ValueError("the timelines have different bins: make them with the same freq")
    at, start = timeaxis.seconds_of(frames[0].index)
    heights = np.nan_to_num(np.array([frame[column] for frame in frames], dtype=np.float64))
    order = np.argsort(-heights.sum(axis=1), kind="stable")
    labels = [style.short(str(list(timelines)[i])) for i in order]
    heights = heights[order]
    if len(labels) > most:
        rest = heights[most - 1 :].sum(axis=0, keepdims=True)
        labels = [*labels[: most - 1], f"{_OTHERS} ({len(labels) - most + 1})"]
        heights = np.vstack([heights[: most - 1], rest])
    heights = bands(
        ax, at, start, heights, colors=style.COLOURS[: len(labels)], labels=labels, alpha=0.9
    )
    ax.set_ylim(0, max(float(heights.sum(axis=0).max()) * 1.08, 1e-9))
    ax.set_ylabel(name)
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
