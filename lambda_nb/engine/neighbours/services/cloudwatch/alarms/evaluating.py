"""Evaluates metric alarms: from the metric's data to a decision about the state."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import statistics
from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.rules.alarms import evaluation, metric_math, reasons
from lambda_nb.rules.alarms.evaluation import Decision
from lambda_nb.rules.alarms.math_functions import Grid, MathError, Series
from lambda_nb.rules.alarms.reasons import Point

_SIGNIFICANT = 10
"""Data points of a percentile's smaller side (guide, "Percentile-based alarms and low data
samples")."""


@dataclass(frozen=True)
class Verdict:
    """A state, and why."""

    state: str
    reason: str
    data: str


def evaluate(backend: Any, alarm: Any, end_s: int) -> Verdict | None:
    """Evaluate an alarm for the time up to ``end_s`` (seconds since 1970).

    Returns
    -------
    Verdict or None
        ``None`` if the alarm keeps its state whatever that is.
    """
    asked, test = alarms.requested(alarm), alarms.criterion_of(alarm)
    period = alarms.period_of(asked)
    count = evaluation.evaluation_range(test.periods)
    starts = evaluation.windows(end_s, period, count)
    if asked.get("Metrics"):
        points = _of_math(backend, asked["Metrics"], starts, period)
    else:
        points = _of_metric(backend, asked, starts, period)
    decision = evaluation.decide([point.value for point in points], test)
    if decision.state is None or _insignificant(asked, points, decision):
        return None
    settings: dict[str, Any] = {}
    statistic = alarms.statistic_of(asked)
    if statistic:
        settings["statistic"] = statistic
    if asked.get("Unit"):
        settings["unit"] = asked["Unit"]
    settings["period"] = period
    now_ms = time.time_ns() // 1_000_000
    explicit = bool(asked.get("DatapointsToAlarm"))
    return Verdict(
        decision.state,
        reasons.reason(test, points, decision, explicit),
        reasons.reason_data(test, points, decision, now_ms, settings),
    )


def _insignificant(asked: Mapping[str, Any], points: Sequence[Point], found: Decision) -> bool:
    """Whether a percentile has too few samples, and the alarm should wait for more."""
    statistic = str(asked.get("ExtendedStatistic") or "")
    if asked.get("EvaluateLowSampleCountPercentile") != "ignore" or statistic[:1] != "p":
        return False
    part = float(statistic[1:]) / 100
    smaller = 1 - part if part >= 0.5 else part
    if not smaller:
        return False
    least = _SIGNIFICANT / smaller
    return any((points[i].samples or 0) < least for i in found.used)


def _of_metric(
    backend: Any, asked: Mapping[str, Any], starts: Sequence[int], period: int
) -> list[Point]:
    found = statistics.by_period(
        backend, statistics.series_of(asked), starts, period, asked.get("Unit")
    )
    statistic = alarms.statistic_of(asked) or "Average"
    return [
        Point(
            start,
            statistics.value(statistic, data),
            math.fsum(datum.sample_count for datum in data) or None,
        )
        for start, data in zip(starts, found, strict=True)
    ]


def _of_math(
    backend: Any, queries: Sequence[Mapping[str, Any]], starts: Sequence[int], period: int
) -> list[Point]:
    values = series_of_queries(backend, queries, starts, period)
    returned = next(query["Id"] for query in queries if query.get("ReturnData", True))
    return [Point(start, value) for start, value in zip(starts, values[returned], strict=True)]


def series_of_queries(
    backend: Any, queries: Sequence[Mapping[str, Any]], starts: Sequence[int], period: int
) -> dict[str, Series]:
    """The time series of each query of a metric alarm.

    Raises
    ------
    MathError
        An expression cannot be worked out, or needs itself.
    """
    known: dict[str, Series] = {}
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            data = statistics.by_period(
                backend, statistics.series_of(stat["Metric"]), starts, period, stat.get("Unit")
            )
            known[query["Id"]] = tuple(statistics.value(stat["Stat"], one) for one in data)
    metrics = tuple(known)
    waiting = {q["Id"]: metric_math.parse(q["Expression"]) for q in queries if q.get("Expression")}
    while waiting:
        ready = [name for name, one in waiting.items() if not one.ids & waiting.keys()]
        if not ready:
            raise MathError("expressions need each other in a circle")
        grid = Grid(dict(known), metrics, len(starts), period)
        for name in ready:
            known[name] = tuple(
                None if value is None or math.isnan(value) else value
                for value in waiting.pop(name).series(grid)
            )
    return known
