"""The operators and functions of metric math, on time series.

A time series has one value for each period, ``None`` where there is no data. What is missing on one
side of an operator is missing in the result.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Series = tuple[float | None, ...]
Value: TypeAlias = "float | Series | list[Series]"
"""A number, a time series, or several of them."""


@dataclass(frozen=True)
class Grid:
    """What an expression is worked out on.

    Attributes
    ----------
    series
        The time series by their ids; all equally long.
    metrics
        The ids that ``METRICS()`` means: those of metrics, not of expressions.
    length
        Number of periods.
    period_s
        Seconds of one.
    """

    series: Mapping[str, Value]
    metrics: tuple[str, ...]
    length: int
    period_s: int


class MathError(ValueError):
    """An expression that cannot be worked out; the text says why."""


def one_series(value: Value, grid: Grid) -> Series:
    """A value as one time series; a number is the same in each period.

    Raises
    ------
    MathError
        It is a list.
    """
    if isinstance(value, list):
        raise MathError("a list of time series is used where one is needed")
    return value if isinstance(value, tuple) else (float(value),) * grid.length


def over(value: Value, function: Callable[[Series], Series]) -> Value:
    """Apply a function to each time series of a value."""
    if isinstance(value, list):
        return [function(series) for series in value]
    return function(value) if isinstance(value, tuple) else value


def each(function: Callable[[float], float], value: Value) -> Value:
    """Apply a function to each number of a value."""
    if not isinstance(value, (tuple, list)):
        found = _safe(function, value)
        return math.nan if found is None else found
    return over(value, lambda series: tuple(_safe(function, item) for item in series))


def _safe(function: Callable[..., float], *values: float | None) -> float | None:
    """A function's value; ``None`` where data is missing or there is none."""
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return None
    try:
        found = function(*numbers)
    except (ArithmeticError, ValueError):
        return None
    return float(found) if not isinstance(found, complex) and math.isfinite(found) else None


def combined(
    function: Callable[[float, float], float], first: Value, second: Value, grid: Grid
) -> Value:
    """An operator's value, period by period.

    Raises
    ------
    MathError
        Both sides are lists of time series.
    """
    if isinstance(first, list) and isinstance(second, list):
        raise MathError("an operator takes at most one list of time series")
    if isinstance(first, list):
        return [_paired(function, one, one_series(second, grid)) for one in first]
    if isinstance(second, list):
        return [_paired(function, one_series(first, grid), one) for one in second]
    if isinstance(first, tuple) or isinstance(second, tuple):
        return _paired(function, one_series(first, grid), one_series(second, grid))
    found = _safe(function, first, second)
    return math.nan if found is None else found


def _paired(function: Callable[[float, float], float], left: Series, right: Series) -> Series:
    return tuple(_safe(function, a, b) for a, b in zip(left, right, strict=True))


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b),
    "AND": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
}


def repeated(series: Series) -> Series:
    """What is missing has the value before it."""
    found: list[float | None] = []
    for item in series:
        found.append(found[-1] if item is None and found else item)
    return tuple(found)


def between(series: Series) -> Series:
    """What is missing is on the line between its neighbours."""
    known = [i for i, item in enumerate(series) if item is not None]
    found = list(series)
    for left, right in itertools.pairwise(known):
        start, end = series[left], series[right]
        if start is not None and end is not None:
            for i in range(left + 1, right):
                found[i] = start + (end - start) * (i - left) / (right - left)
    return tuple(found)


def first_of(series: Series, other: Series) -> Series:
    """What is missing has another series' value."""
    return tuple(b if a is None else a for a, b in zip(series, other, strict=True))


_Function = Callable[[Grid, "list[Value]"], Value]


def _aggregate(function: Callable[[Sequence[float]], float]) -> _Function:
    """Over several series: one series, by period. Over one series: one number."""

    def aggregated(grid: Grid, arguments: list[Value]) -> Value:
        (value,) = arguments
        if isinstance(value, list):
            columns = zip(*value, strict=True) if value else [()] * grid.length
            return tuple(_of(function, column) for column in columns)
        if isinstance(value, tuple):
            found = _of(function, value)
            return math.nan if found is None else found
        return value

    return aggregated


def _of(
    function: Callable[[Sequence[float]], float], items: Sequence[float | None]
) -> float | None:
    known = [item for item in items if item is not None]
    return float(function(known)) if known else None


def _mean(items: Sequence[float]) -> float:
    return math.fsum(items) / len(items)


def _deviation(items: Sequence[float]) -> float:
    mean = _mean(items)
    return math.sqrt(math.fsum((item - mean) ** 2 for item in items) / len(items))


def _simple(function: Callable[[float], float]) -> _Function:
    return lambda grid, arguments: each(function, arguments[0])


def _if(grid: Grid, arguments: list[Value]) -> Value:
    condition, yes = arguments[0], arguments[1]
    no: Value = arguments[2] if len(arguments) > 2 else (None,) * grid.length
    if not isinstance(condition, (tuple, list)):
        return yes if condition and not math.isnan(condition) else no
    tested, first, second = (one_series(value, grid) for value in (condition, yes, no))
    return tuple(
        None if test is None else (a if test else b)
        for test, a, b in zip(tested, first, second, strict=True)
    )


def _changes(series: Series) -> Series:
    before: Series = (None, *series[:-1])
    return _paired(operator.sub, series, before)


def _running(series: Series) -> Series:
    total, found = 0.0, []
    for item in series:
        total += item or 0.0
        found.append(None if item is None else total)
    return tuple(found)


def _rate(grid: Grid, arguments: list[Value]) -> Value:
    changed = over(arguments[0], _changes)
    return each(lambda difference: difference / grid.period_s, changed)


FUNCTIONS: dict[str, _Function] = {
    "ABS": _simple(abs),
    "AVG": _aggregate(_mean),
    "CEIL": _simple(math.ceil),
    "DATAPOINT_COUNT": _aggregate(len),
    "DIFF": lambda grid, arguments: over(arguments[0], _changes),
    "FIRST": lambda grid, arguments: _end_of(arguments[0], 0),
    "FLOOR": _simple(math.floor),
    "IF": _if,
    "LAST": lambda grid, arguments: _end_of(arguments[0], -1),
    "LOG": _simple(math.log),
    "LOG10": _simple(math.log10),
    "MAX": _aggregate(max),
    "METRIC_COUNT": lambda grid, arguments: (
        float(len(arguments[0])) if isinstance(arguments[0], list) else 1.0
    ),
    "MIN": _aggregate(min),
    "PERIOD": lambda grid, arguments: float(grid.period_s),
    "RATE": _rate,
    "RUNNING_SUM": lambda grid, arguments: over(arguments[0], _running),
    "STDDEV": _aggregate(_deviation),
    "SUM": _aggregate(math.fsum),
}
ARGUMENTS = {"IF": (2, 3)}


def _end_of(value: Value, index: int) -> Value:
    if not isinstance(value, list) or not value:
        raise MathError("FIRST and LAST take a list of time series")
    return value[index]
