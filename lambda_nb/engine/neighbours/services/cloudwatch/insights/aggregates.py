"""Aggregations of the command ``stats``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from lambda_nb.engine.neighbours.services.cloudwatch.insights import values
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import Figure
from lambda_nb.engine.neighbours.services.cloudwatch.insights.values import number


class Aggregate(Protocol):
    """Takes a value of each record, with the record's time; then has a result."""

    def add(self, value: Any, at: Any) -> None:
        """Take the value of one record."""

    def result(self) -> Any:
        """The aggregation's value."""


class _Count:
    def __init__(self, every: bool = False) -> None:
        self._every = every
        self._count = 0

    def add(self, value: Any, at: Any) -> None:
        if self._every or value is not None:
            self._count += 1

    def result(self) -> int:
        return self._count


class _Distinct:
    def __init__(self) -> None:
        self._found: set[str] = set()

    def add(self, value: Any, at: Any) -> None:
        if value is not None:
            self._found.add(values.text(value))

    def result(self) -> int:
        return len(self._found)


class _Numbers:
    """Keeps numbers, and works out one figure of them at the end."""

    def __init__(self, figure: Callable[[list[float]], float]) -> None:
        self._figure = figure
        self._numbers: list[float] = []

    def add(self, value: Any, at: Any) -> None:
        found = number(value)
        if found is not None:
            self._numbers.append(found)

    def result(self) -> float | None:
        return float(self._figure(self._numbers)) if self._numbers else None


class _Best:
    """Keeps the value that a rule prefers."""

    def __init__(self, key: Callable[[Any, Any], Any], down: bool) -> None:
        self._key = key
        self._down = down
        self._best: tuple[Any, Any] | None = None

    def add(self, value: Any, at: Any) -> None:
        if value is None:
            return
        key = self._key(value, at)
        if self._best is None or ((key > self._best[0]) if self._down else (key < self._best[0])):
            self._best = key, value

    def result(self) -> Any:
        value = None if self._best is None else self._best[1]
        return float(value) if isinstance(value, Figure) else value


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _deviation(numbers: list[float]) -> float:
    """The standard deviation of a sample."""
    if len(numbers) < 2:
        return 0.0
    mean = _mean(numbers)
    return math.sqrt(math.fsum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))


def _percentile(percent: float) -> Callable[[list[float]], float]:
    def figure(numbers: list[float]) -> float:
        numbers.sort()
        rank = (len(numbers) - 1) * percent / 100
        below, above = numbers[math.floor(rank)], numbers[math.ceil(rank)]
        return below + (above - below) * (rank - math.floor(rank))

    return figure


def _by_order(value: Any, at: Any) -> Any:
    return values.order(value)


def _by_time(value: Any, at: Any) -> Any:
    return number(at) or 0


_MAKERS: dict[str, Callable[[], Aggregate]] = {
    "count": _Count,
    "count_distinct": _Distinct,
    "sum": lambda: _Numbers(math.fsum),
    "avg": lambda: _Numbers(_mean),
    "stddev": lambda: _Numbers(_deviation),
    "min": lambda: _Best(_by_order, down=False),
    "max": lambda: _Best(_by_order, down=True),
    "sortsfirst": lambda: _Best(_by_order, down=False),
    "sortslast": lambda: _Best(_by_order, down=True),
    "earliest": lambda: _Best(_by_time, down=False),
    "latest": lambda: _Best(_by_time, down=True),
}
NAMES = frozenset((*_MAKERS, "pct", "percentile", "median", "values"))


class _Values:
    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, value: Any, at: Any) -> None:
        if value is not None:
            self._found[values.text(value)] = None

    def result(self) -> str:
        return ",".join(self._found)


def maker(name: str, percent: float | None, every: bool) -> Callable[[], Aggregate]:
    """What makes an aggregation's state for one group.

    Parameters
    ----------
    percent
        For ``pct``.
    every
        Whether ``count`` counts records, not values.
    """
    if name in ("pct", "percentile"):
        figure = _percentile(50.0 if percent is None else percent)
        return lambda: _Numbers(figure)
    if name == "median":
        return lambda: _Numbers(_percentile(50.0))
    if name == "values":
        return _Values
    if name == "count" and every:
        return lambda: _Count(every=True)
    return _MAKERS[name]
