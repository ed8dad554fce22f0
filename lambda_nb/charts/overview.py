"""One figure of a whole trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from lambda_nb.charts import style
from lambda_nb.charts.arrivals import arrivals
from lambda_nb.charts.heat import heat_map
from lambda_nb.charts.latency import latency


def trace(
    arrival: Any,
    duration: Any,
    codes: Any,
    functions: Sequence[str],
    *,
    start: datetime | None = None,
    title: str | None = None,
) -> style.Board:
    """Draw arrivals, durations and, for several functions, a heat map of invocations.

    Parameters
    ----------
    arrival, duration : array-like of float
        Seconds; an unknown duration is NaN.
    codes : array-like of int
        The function of each invocation as an index into ``functions``.

    Examples
    --------
    >>> import lambda_nb
    >>> one = lambda_nb.traces.daily(0.1, duration=1, hours=24, function="resize", seed=1)
    >>> two = lambda_nb.traces.poisson(0.05, duration=3, hours=24, function="mail", seed=2)
    >>> both = lambda_nb.traces.merge(one, two)
    >>> figure = both.plot()  # is lambda_nb.charts.trace of its columns
    """
    several = len(np.unique(np.asarray(codes))) > 1
    figure, axes = style.board(
        2 + several, title=title, heights=[1.0, 1.0, 1.3] if several else None
    )
    arrivals(arrival, axes[0], start=start)
    latency(duration, axes[1])
    if several:
        heat_map(arrival, codes, axes[2], names=functions, start=start)
    return figure
