"""How many of many intervals are open, over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from lambda_nb.simulator.workload import Floats

_STRETCH = 8
"""Intervals that are passed over together when none of them can be at the peak."""


def average_of(began: Floats, ended: Floats, edges: Floats) -> Floats:
    """The average number of intervals open in each bin."""
    area = _area(began, edges) - _area(ended, edges)
    average: Floats = np.maximum(np.diff(area) / np.diff(edges), 0.0)
    return average


def _area(moments: Floats, edges: Floats) -> Floats:
    """For each edge: the sum of how long before it each earlier moment was."""
    ordered = np.sort(moments)
    summed = np.zeros(len(ordered) + 1)
    np.cumsum(ordered, out=summed[1:])
    count = np.searchsorted(ordered, edges, side="right")
    area: Floats = count * edges - summed[count]
    return area


def peak_of(began: Floats, ended: Floats) -> float:
    """The most intervals open at once; ``began`` in order of time.

    An interval that ends when another begins is over by then.
    """
    if not len(began):
        return 0.0
    over = np.sort(ended)
    # Only stretches that could hold the peak, by what is open before them and what begins in
    # them, are looked at one beginning after the other.
    first = np.arange(0, len(began), _STRETCH)
    carried = first - np.searchsorted(over, began[first], side="right")
    several = first[carried + _STRETCH > carried.max()][:, None] + np.arange(_STRETCH)
    places = several[several < len(began)]
    return float((places + 1 - np.searchsorted(over, began[places], side="right")).max())


def peaks(began: Floats, ended: Floats, edges: Floats) -> Any:
    """The most intervals open at once in each bin; ``began`` in order of time."""
    if not len(began):
        return np.zeros(len(edges) - 1, dtype=np.int64)
    over = np.sort(ended)
    first = np.searchsorted(began, edges[:-1])
    highest = first - np.searchsorted(over, edges[:-1])  # carried into the bin
    levels = _levels(began, over)
    last = np.append(first[1:], len(began))
    some = np.flatnonzero(last > first)
    if len(some):
        within = np.maximum.reduceat(levels, first[some])
        highest[some] = np.maximum(highest[some], within)
    return highest


def _levels(began: Floats, over: Floats) -> Any:
    """How many intervals are open just after each beginning; both in order of time."""
    return np.arange(1, len(began) + 1) - np.searchsorted(over, began, side="right")
