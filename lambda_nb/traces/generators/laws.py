"""Laws of durations, for generators that need more than one fixed number."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lambda_nb.traces.schema import Floats, TraceError

Law: TypeAlias = "float | Callable[[np.random.Generator, int], Floats] | npt.ArrayLike"
"""A duration in seconds: a number, a function ``(rng, n) -> n seconds``, or measured durations to
draw from with replacement."""

_Z95 = 1.6448536269514722


def draw(law: Law, rng: np.random.Generator, count: int) -> Floats:
    """Take ``count`` durations (s) from a law.

    Raises
    ------
    TraceError
        The law gives a negative duration, NaN, or the wrong number of durations.
    """
    if callable(law):
        values = np.asarray(law(rng, count), dtype=np.float64)
    else:
        sample = np.asarray(law, dtype=np.float64)
        if sample.ndim and not sample.size:
            raise TraceError("a law of measured durations needs at least one of them")
        values = rng.choice(sample, count) if sample.ndim else np.full(count, float(sample))
    if values.shape != (count,):
        raise TraceError(f"the law gave {values.shape} durations where {count} were asked for")
    if not bool(np.all(np.isfinite(values) & (values >= 0))):
        wrong = values[~(np.isfinite(values) & (values >= 0))][0]
        raise TraceError(
            f"the law gave a duration of {wrong:g} s; it must give finite numbers, 0 or more"
        )
    return values


def exponential(mean: float) -> Callable[[np.random.Generator, int], Floats]:
    """Exponential durations with this mean (s)."""
    _positive("mean", mean)
    return partial(_exponential, mean)


def lognormal(median: float, p95: float) -> Callable[[np.random.Generator, int], Floats]:
    """Log-normal durations with this median and 95th percentile (s): right-skewed, as measured."""
    _positive("median", median)
    if not p95 >= median:
        raise TraceError(f"p95={p95!r} s must be at least the median, {median!r} s")
    sigma = math.log(p95 / median) / _Z95
    return partial(_lognormal, math.log(median), sigma)


def percentiles(points: dict[float, float]) -> Callable[[np.random.Generator, int], Floats]:
    """Durations from published percentiles, ``{50: 0.1, 99: 0.8, 100: 2.0}``, linear in between.

    Below the lowest and above the highest given percentile, the value stays constant.
    """
    if not points:
        raise TraceError("percentiles need at least one point")
    ranks = np.array(sorted(points), dtype=np.float64)
    values = np.array([points[rank] for rank in sorted(points)], dtype=np.float64)
    if ranks[0] < 0 or ranks[-1] > 100 or bool(np.any(np.diff(values) < 0)):
        raise TraceError(f"percentiles must rise with their rank, 0 to 100: {points}")
    return partial(_interpolated, ranks, values)


# Module-level functions, so that a law can be pickled for another process.


def _exponential(mean: float, rng: np.random.Generator, count: int) -> Floats:
    return rng.exponential(mean, count)


def _lognormal(log_median: float, sigma: float, rng: np.random.Generator, count: int) -> Floats:
    return rng.lognormal(log_median, sigma, count)


def _interpolated(ranks: Floats, values: Floats, rng: np.random.Generator, count: int) -> Floats:
    drawn: Floats = np.interp(rng.uniform(0, 100, count), ranks, values)
    return drawn


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise TraceError(f"{name}={value!r} must be a finite number above 0")
