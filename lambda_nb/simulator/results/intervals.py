"""How many of many intervals are open, over time.

Intervals are given as when they began and when they ended, each in order of time: which end belongs
to which beginning makes no difference. One that ends when another begins is over by then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lambda_nb.simulator.assumptions.workload import Floats

_STRETCH = 8
"""Beginnings that are passed over together when none of them can be at a peak."""


def average_of(began: Floats, ended: Floats, edges: Floats) -> Floats:
    """The average number of intervals open in each bin."""
    area = _area(began, edges) - _area(ended, edges)
    average: Floats = np.maximum(np.diff(area) / np.diff(edges), 0.0)
    return average


def _area(moments: Floats, edges: Floats) -> Floats:
    """For each edge: the sum of how long before it each earlier moment was."""
    summed = np.zeros(len(moments) + 1)
    np.cumsum(moments, out=summed[1:])
    count = np.searchsorted(moments, edges, side="right")
    area: Floats = count * edges - summed[count]
    return area


def counts(moments: Floats, edges: Floats) -> Any:
    """How many moments, which are in order, lie in each bin; the last one has its end as well."""
    places = np.searchsorted(moments, edges)
    places[-1] = np.searchsorted(moments, edges[-1], side="right")
    return np.diff(places)


def peak_of(began: Floats, ended: Floats) -> float:
    """The most intervals open at once."""
    if not len(began):
        return 0.0
    return float(_highest(began, ended, np.zeros(1, dtype=np.int64))[0])


def peaks(began: Floats, ended: Floats, edges: Floats) -> Any:
    """The most intervals open at once in each bin."""
    first = np.searchsorted(began, edges[:-1])
    highest = first - np.searchsorted(ended, edges[:-1])  # carried into the bin
    some = np.flatnonzero(np.diff(first, append=len(began)) > 0)
    if len(some):
        highest[some] = np.maximum(highest[some], _highest(began, ended, first[some]))
    return highest


def _highest(began: Floats, ended: Floats, first: Any) -> Any:
    """The most intervals open just after a beginning, in each run of beginnings.

    ``first`` has the places where runs begin; the first of them runs from there. Only stretches
    that can hold the peak of their run, by what is open before them and how many begin in them, are
    looked at one beginning after the other.
    """
    marks = np.zeros(len(began), dtype=bool)
    marks[first[0] :: _STRETCH] = marks[first] = True
    heads = np.flatnonzero(marks)
    length = np.diff(heads, append=len(began))
    before = heads - np.searchsorted(ended, began[heads], side="right")
    run = np.searchsorted(first, heads, side="right") - 1
    highest = np.maximum.reduceat(before, np.searchsorted(heads, first)) + 1
    some = np.flatnonzero(before + length > highest[run])
    steps = np.arange(_STRETCH)
    places = (heads[some, None] + steps)[steps < length[some, None]]
    levels = places + 1 - np.searchsorted(ended, began[places], side="right")
    np.maximum.at(highest, np.repeat(run[some], length[some]), levels)
    return highest
