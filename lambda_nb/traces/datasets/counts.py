"""Turn counts per minute into arrivals: the time within the minute is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lambda_nb.traces.schema import Floats, TraceError

Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Placement = Literal["uniform", "even"]


def spread(
    counts: Counts, bin_s: float, placement: Placement, rng: np.random.Generator
) -> tuple[Floats, Codes]:
    """Place every counted invocation within its bin.

    Parameters
    ----------
    counts : int64 array, functions by bins
    bin_s : float
        Length of a bin in seconds.
    placement : {"uniform", "even"}
        At random, or at equal gaps from the beginning of the bin.

    Returns
    -------
    arrival : float64, s, ascending
    codes : int32
        The row of ``counts`` that each arrival belongs to.
    """
    row, column = np.nonzero(counts)
    repeats = counts[row, column]
    codes = np.repeat(row, repeats).astype(np.int32)
    arrival = (np.repeat(column, repeats) + _places(rng, repeats, placement)) * bin_s
    order = np.argsort(arrival, kind="stable")
    return arrival[order], codes[order]


def by_function(codes: Codes, count: int) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Each function that has invocations, and its rows."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=count))
    begin = 0
    for code, end in enumerate(ends):
        if end > begin:
            yield code, order[begin:end]
        begin = int(end)


def whole(values: Floats) -> Any:
    """Numbers as an int32 Arrow column; NaN becomes null."""
    known = ~np.isnan(values)
    return pa.array(np.rint(np.where(known, values, 0)).astype(np.int32), mask=~known)


def _places(rng: np.random.Generator, repeats: Counts, placement: Placement) -> Floats:
    """Position of each invocation in its bin, 0 to 1."""
    total = int(repeats.sum())
    if placement == "uniform":
        return rng.random(total)
    if placement == "even":
        begins = np.repeat(np.cumsum(repeats) - repeats, repeats)
        return np.asarray((np.arange(total) - begins) / np.repeat(repeats, repeats), np.float64)
    raise TraceError(f"placement={placement!r} must be 'uniform' or 'even'")
