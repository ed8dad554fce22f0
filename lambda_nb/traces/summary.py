"""Summarise a trace: text, table, HTML and a figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from lambda_nb.traces import schema
from lambda_nb.traces.schema import Floats, Rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_ALL = "(all)"
_SHOWN = 8


def describe(trace: Rows) -> pd.DataFrame:
    """Figures of each function, busiest first, after a row ``(all)`` for all functions together.

    Columns: ``invocations``; ``rate`` (1/s, over the span of the trace); ``peak_rate`` (1/s, in
    the busiest minute); ``duration_mean``, ``duration_p50``, ``duration_p95``, ``duration_p99``
    (s); ``memory`` (MB, median); ``concurrency`` (mean number running at once); ``unknown``
    (rows without a duration); and, where the trace was recorded: ``cold``, ``throttles``,
    ``errors`` (counts).
    """
    return _describe(trace, len(trace.functions))


def _describe(trace: Rows, most: int) -> pd.DataFrame:
    """The row ``(all)`` of :func:`describe` and the ``most`` rows after it."""
    import pandas as pd

    codes, names = trace.codes, trace.functions
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(names))
    ends = np.cumsum(counts)
    arrival, duration = trace.numbers("arrival"), trace.numbers("duration")
    memory = trace.numbers("memory")
    marks = {
        label: _is(trace, column, word)
        for label, column, words in (
            ("cold", "start", ("cold",)),
            ("throttles", "start", ("throttle",)),
            ("errors", "status", ("error", "timeout")),
        )
        if column in trace
        for word in (words,)
    }

    def figures(rows: Any) -> dict[str, float]:
        return _figures(
            arrival[rows],
            duration[rows],
            memory[rows],
            trace.span,
            {label: mark[rows] for label, mark in marks.items()},
        )

    found = {_ALL: figures(slice(None))}
    for code in np.argsort(-counts, kind="stable")[:most]:
        if counts[code]:
            found[names[code]] = figures(order[ends[code] - counts[code] : ends[code]])
    frame: pd.DataFrame = pd.DataFrame.from_dict(found, orient="index")
    whole = [c for c in ("invocations", "unknown", *marks) if c in frame]
    frame[whole] = frame[whole].astype("int64")
    frame.index.name = "function"
    return frame


def _figures(
    arrival: Floats, duration: Floats, memory: Floats, span: float, marks: dict[str, Any]
) -> dict[str, float]:
    known = duration[~np.isnan(duration)]
    settings = memory[~np.isnan(memory)]
    p50, p95, p99 = np.quantile(known, [0.5, 0.95, 0.99]) if len(known) else [np.nan] * 3
    minutes = np.unique(np.floor(arrival / 60.0), return_counts=True)[1]
    return {
        "invocations": len(arrival),
        "rate": len(arrival) / span if span else np.nan,
        "peak_rate": minutes.max() / min(60.0, span or 60.0) if len(minutes) else np.nan,
        "duration_mean": float(known.mean()) if len(known) else np.nan,
        "duration_p50": p50,
        "duration_p95": p95,
        "duration_p99": p99,
        "memory": float(np.median(settings)) if len(settings) else np.nan,
        "concurrency": float(known.sum()) / span if span else np.nan,
        "unknown": len(duration) - len(known),
        **{label: int(mark.sum()) for label, mark in marks.items()},
    }


def _is(trace: Rows, column: str, words: tuple[str, ...]) -> Any:
    found = schema.words_of(trace.table.column(column))
    wanted = np.array([word in words for word in found.dictionary.to_pylist()] + [False])
    codes = found.indices.fill_null(len(wanted) - 1).to_numpy(zero_copy_only=False)
    return wanted[codes]


def text(trace: Rows) -> str:
    """One line: number of invocations and functions, time span, and start."""
    count, functions = len(trace), trace.functions
    if not count:
        return "Trace(empty)"
    what = f"{count:,} invocation{'s' * (count != 1)} of {len(functions):,} function"
    what += f"{'s' * (len(functions) != 1)} over {_span(trace.span)}"
    if trace.start is not None:
        what += f" from {trace.start:%Y-%m-%d %H:%M:%S} UTC"
    return f"Trace({what})"


def html(trace: Rows) -> str:
    """The line of :func:`text` and a table of the busiest functions; the page sets the colours."""
    heading = escape(text(trace)[len("Trace(") : -1])
    if trace.name:
        heading = f"<b>{escape(trace.name)}</b>: {heading}"
    if not len(trace):
        return f"<div>{heading}</div>"
    frame = _describe(trace, _SHOWN)
    shown = frame.iloc[1:] if len(frame) == 2 else frame
    marks = [label for label in ("cold", "throttles", "errors") if label in frame]
    cells: dict[str, Callable[[pd.Series[Any]], str]] = {
        "function": lambda row: escape(_short(str(row.name))),
        "invocations": lambda row: f"{int(row['invocations']):,}",
        "per second": lambda row: _number(row["rate"]),
        "duration p50": lambda row: _span(row["duration_p50"]),
        "p95": lambda row: _span(row["duration_p95"]),
        "p99": lambda row: _span(row["duration_p99"]),
        "memory": lambda row: f"{row['memory']:.0f} MB" if row["memory"] > 0 else "–",
        **{label: partial(_count, label) for label in marks},
    }
    head = "".join(f"<th>{label}</th>" for label in cells)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell(row)}</td>" for cell in cells.values()) + "</tr>"
        for _, row in shown.iterrows()
    )
    more = len(trace.functions) - _SHOWN
    rest = f"<div>and {more:,} more functions</div>" if more > 0 else ""
    return f"<div>{heading}</div><table><tr>{head}</tr>{body}</table>{rest}"


def plot(trace: Rows) -> Figure:
    """Draw arrivals over time, durations, and functions by hour if there are several."""
    from lambda_nb import charts

    figure: Figure = charts.trace(
        trace.numbers("arrival"),
        trace.numbers("duration"),
        trace.codes,
        trace.functions,
        start=trace.start,
        title=trace.name or None,
    )
    return figure


def _count(label: str, row: pd.Series[Any]) -> str:
    return f"{int(row[label]):,}"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:12]}…{name[-6:]}"


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3g}"


def _span(seconds: float) -> str:
    """A length of time in a suitable unit."""
    if np.isnan(seconds):
        return "–"
    if seconds == 0.0:
        return "0 s"
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * (1.0 if unit in ("s", "ms") else 2.0):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
