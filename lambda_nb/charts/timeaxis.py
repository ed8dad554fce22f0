"""The time axis: seconds, minutes, hours or days, whichever reads best."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator

Floats = npt.NDArray[np.float64]

_UNITS = (("days", 86400.0, 4 * 86400.0), ("hours", 3600.0, 3 * 3600.0), ("minutes", 60.0, 180.0))


def seconds_of(index: Any) -> tuple[Floats, datetime | None]:
    """Read an index as seconds: numbers as they are, timedeltas, or timestamps from the first.

    Raises
    ------
    TypeError
        The index is none of these.
    """
    index = pd.Index(index)
    if isinstance(index, pd.TimedeltaIndex):
        return np.asarray(index.total_seconds(), dtype=np.float64), None
    if isinstance(index, pd.DatetimeIndex):
        if not len(index):
            return np.empty(0), None
        first = index[0]
        passed = (index - first).total_seconds()
        return np.asarray(passed, dtype=np.float64), first.to_pydatetime()
    if not pd.api.types.is_numeric_dtype(index):
        raise TypeError(f"time must be seconds, timedeltas or timestamps, not {index.dtype}")
    return np.asarray(index, dtype=np.float64), None


def unit_for(span: float) -> tuple[str, float]:
    """The unit to label a span of so many seconds with, and its length in seconds."""
    for name, size, least in _UNITS:
        if span >= least:
            return name, size
    return "seconds", 1.0


def along(ax: Axes, low: float, high: float, start: datetime | None = None) -> float:
    """Set up the x axis for seconds from low to high; returns the length of its unit (s)."""
    name, size = unit_for(high - low)
    since = f" since {start:%Y-%m-%d %H:%M} {start.tzname() or ''}".rstrip() if start else ""
    ax.set_xlabel(f"time ({name}{since})")
    if high > low:
        ax.set_xlim(low / size, high / size)
    spread = (high - low) / size
    if name == "hours" and spread > 8:
        ax.xaxis.set_major_locator(
            MultipleLocator(3 if spread <= 30 else 6 if spread <= 60 else 12)
        )
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
    return size


def bin_width(span: float, most: int = 240) -> float:
    """A round bin width (s) that cuts a span into at most ``most`` bins."""
    steps = [s * 10**e for e in (-3, -2, -1) for s in (1, 2, 5)]
    steps += [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]
    for step in steps:
        if span / step <= most:
            return float(step)
    return float(np.ceil(span / most / 86400.0) * 86400.0)
