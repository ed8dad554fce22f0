"""What a simulation looks like: its figure, its line of text, its table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(
    timeline: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    title: str,
    limit: int,
    start: datetime | None,
    bands: Mapping[str, pd.DataFrame] | None = None,
) -> Figure:
    """Draw environments, cold starts and cost, one below the other; waiting requests too.

    Parameters
    ----------
    timeline, lines
        Of ``Result.timeline`` and ``Result.cost``.
    title
        Heads the figure.
    limit
        The account's concurrency, drawn where the peak comes near it.
    start
        What the timeline counts from, if that is known.
    bands
        The timeline of each function, to draw its environments as a band.
    """
    from lambda_nb import charts

    if start is not None:
        for frame in (timeline, *(bands or {}).values()):
            frame.index = pd.Timestamp(start) + pd.to_timedelta(frame.index, unit="s")
    queued = "waiting" in timeline and timeline["waiting"].max() > 0
    figure, axes = charts.board(4 if queued else 3, title=title)
    near = timeline["peak"].max() > 0.5 * limit
    if bands:
        charts.stacked(bands, ax=axes[0], title="Execution environments by function")
    else:
        charts.concurrency(timeline, axes[0], limit=limit if near else None)
    charts.cold_starts(timeline, axes[1])
    if queued:
        charts.compare({"requests": timeline}, "waiting", axes[2], title="Waiting requests")
    charts.cost(lines.drop(columns="total"), axes[-1], sums=True)
    return figure


def text(total: Mapping[str, float], engine: str) -> str:
    """One line of the figures of all functions: invocations, cold starts, throttles, peak, cost."""
    throttled = f", {int(total['throttles']):,} throttled" if total["throttles"] else ""
    return (
        f"Result({int(total['invocations']):,} invocations, {int(total['cold_starts']):,} cold "
        f"starts ({total['cold_share']:.2%}){throttled}, peak concurrency "
        f"{int(total['peak_concurrency']):,}, ${total['cost']:,.6g}; {engine})"
    )


def html(summary: pd.DataFrame) -> str:
    """The summary as a table."""
    return f"<div>{summary.style.format(_FORMATS).to_html()}</div>"


_FORMATS: dict[Any, Any] = {
    "cold_share": "{:.2%}",
    "mean_duration": "{:.3f}",
    "p99_duration": "{:.3f}",
    "billed_gb_s": "{:,.1f}",
    "cost": "${:,.6f}",
    "invocations": "{:,.0f}",
    "cold_starts": "{:,.0f}",
    "provisioned": "{:,.0f}",
    "throttles": "{:,.0f}",
    "peak_concurrency": "{:,.0f}",
    "environments": "{:,.0f}",
}
