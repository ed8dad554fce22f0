"""Statistics of a metric by period: what alarms, GetMetricData and GetMetricStatistics show."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import metric_data
from lambda_nb.engine.neighbours.services.cloudwatch.metric_data import Series

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_OF_BUCKETS = "AWS/S3"
_PERCENTILE = re.compile(r"(?:p(\d{1,2}(?:\.\d{0,10})?|100)|IQM)")
_TRIMMED = re.compile(r"(tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)")


def is_statistic(name: str) -> bool:
    """Whether a statistic is worked out here: the simple ones, ``p90``, ``tm90``, ``IQM``..."""
    return name in SIMPLE or bool(_PERCENTILE.fullmatch(name) or _TRIMMED.fullmatch(name))


def value(statistic: str, data: Sequence[Any]) -> float | None:
    """A statistic of the data of one period; ``None`` if there are none, or it is not known.

    Raises
    ------
    ValueError
        There is no such statistic.
    """
    if not is_statistic(statistic):
        raise ValueError(f"{statistic} is no statistic")
    count = math.fsum(datum.sample_count for datum in data)
    if not count:
        return None
    if statistic == "SampleCount":
        return count
    if statistic == "Minimum":
        return float(min(datum.min for datum in data))
    if statistic == "Maximum":
        return float(max(datum.max for datum in data))
    if statistic in ("Sum", "Average"):
        total = math.fsum(datum.sum for datum in data)
        return total if statistic == "Sum" else total / count
    values = _together(data)
    return None if values is None else _of_values(statistic, values)


def _together(data: Sequence[Any]) -> list[tuple[float, float]] | None:
    """All values and how often each came, by value; ``None`` if some are not known."""
    found: dict[float, float] = {}
    for datum in data:
        values = datum.__dict__.get("values")
        if values is None:
            return None
        for one, count in values.items():
            found[one] = found.get(one, 0.0) + count
    return sorted(found.items())


def _of_values(statistic: str, values: Sequence[tuple[float, float]]) -> float | None:
    percent = _PERCENTILE.fullmatch(statistic)
    if percent and percent[1]:
        return _percentile(values, float(percent[1]))
    if percent:
        return _mean(_cut(values, 25, 75))
    trimmed = _TRIMMED.fullmatch(statistic)
    if trimmed is None:
        return None
    kind, upto = trimmed[1], float(trimmed[2])
    inside = _cut(values, 0, upto)
    if kind == "tc":
        return math.fsum(count for _, count in inside)
    if kind == "ts":
        return math.fsum(one * count for one, count in inside)
    if kind == "wm":
        limit = _percentile(values, upto)
        return _mean([(min(one, limit), count) for one, count in values])
    return _mean(inside)


def _percentile(values: Sequence[tuple[float, float]], percent: float) -> float:
    """The value at a percentile, by linear interpolation between the ranks."""
    total = math.fsum(count for _, count in values)
    rank = (total - 1) * percent / 100
    below, after = _at(values, math.floor(rank)), _at(values, math.ceil(rank))
    return below + (after - below) * (rank - math.floor(rank))


def _at(values: Sequence[tuple[float, float]], rank: float) -> float:
    seen = 0.0
    for one, count in values:
        seen += count
        if rank < seen:
            return one
    return values[-1][0]


def _cut(
    values: Sequence[tuple[float, float]], low: float, high: float
) -> list[tuple[float, float]]:
    total = math.fsum(count for _, count in values)
    start, end = total * low / 100, total * high / 100
    kept, seen = [], 0.0
    for one, count in values:
        part = min(seen + count, end) - max(seen, start)
        if part > 0:
            kept.append((one, part))
        seen += count
    return kept or [values[0]]


def _mean(values: Sequence[tuple[float, float]]) -> float:
    total = math.fsum(count for _, count in values)
    return math.fsum(one * count for one, count in values) / total


def by_period(
    backend: Any,
    series: Series,
    starts: Sequence[int],
    period_s: int,
    unit: str | None = None,
) -> list[list[Any]]:
    """A series' data in each of some periods that follow one another, given by their starts."""
    if not starts:
        return []
    first = metric_data.moment(starts[0])
    end = first + timedelta(seconds=period_s * len(starts))
    found: list[list[Any]] = [[] for _ in starts]
    data = metric_data.between(backend, series, first, end, unit)
    if series[0] == _OF_BUCKETS:
        data += [datum for datum in _of_buckets(backend, series) if first <= datum.timestamp < end]
    for datum in data:
        found[(metric_data.seconds(datum.timestamp) - starts[0]) // period_s].append(datum)
    return found


def _of_buckets(backend: Any, series: Series) -> Iterator[Any]:
    """What moto knows of buckets' sizes."""
    from moto.cloudwatch.models import MetricAggregatedDatum

    for datum in backend.aws_metric_data:
        named = [{"Name": d.name, "Value": d.value} for d in datum.dimensions]
        if metric_data.series_of(datum.namespace, datum.name, named) == series:
            one: Any = MetricAggregatedDatum(
                namespace=datum.namespace,
                name=datum.name,
                min_stat=datum.value,
                max_stat=datum.value,
                sample_count=1,
                sum_stat=datum.value,
                dimensions=named,
                timestamp=metric_data.utc(datum.timestamp),
                unit=datum.unit,
            )
            one.values = {float(datum.value): 1.0}
            yield one


def series_of(metric: Mapping[str, Any]) -> Series:
    """The key of a series that a request names."""
    return metric_data.series_of(
        metric.get("Namespace", ""), metric.get("MetricName", ""), metric.get("Dimensions") or []
    )
