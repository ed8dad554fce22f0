"""How many of many intervals are open, over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from lambda_nb.simulator.workload import Floats


def average_of(began: Floats, ended: Floats, edges: Floats) -> Floats:
    """The average number of intervals open in each bin."""
    area = _area(began, edges) - _area(ended, edges)
    average: Floats = np.maximum(np.diff(area) / np.diff(edges), 0.0)
    return average


def _area(moments: Floats, edges: Floats) -> Floats:
    """For each edge: the sum of how long before it each earlier moment was."""
    ordered = np.sort(moments)
    summed = np.concatenate([[0.0], np.cumsum(ordered)])
    count = np.searchsorted(ordered, edges, side="right")
    area: Floats = count * edges - summed[count]
    return area


def _steps(began: Floats, ended: Floats) -> tuple[Floats, Floats]:
    """Moments at which the number of open intervals changes, and that number after each.

    An interval that ends when another begins is over by then.
    """
    moments = np.concatenate([ended, began])
    change = np.concatenate([np.full(len(ended), -1.0), np.ones(len(began))])
    order = np.argsort(moments, kind="stable")
    return moments[order], np.cumsum(change[order])


def peak_of(began: Floats, ended: Floats) -> float:
    """The most intervals open at once."""
    if not len(began):
        return 0.0
    return float(_steps(began, ended)[1].max())


def peaks(began: Floats, ended: Floats, edges: Floats) -> Any:
    """The most intervals open at once in each bin."""
    if not len(began):
        return np.zeros(len(edges) - 1, dtype=np.int64)
    moments, level = _steps(began, ended)
    before = np.searchsorted(moments, edges[:-1], side="left")
    carried = np.concatenate([[0.0], level])[before]
    bins = np.minimum(np.searchsorted(edges, moments, side="right") - 1, len(edges) - 2)
    highest = carried.copy()
    np.maximum.at(highest, bins, level)
    return highest.astype(np.int64)
