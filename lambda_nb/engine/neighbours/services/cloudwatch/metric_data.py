"""moto's CloudWatch with one datum per series and second, however many values are put.

moto makes an object for every value: 15 for each invocation of a function. CloudWatch's answers
need sum, count, minimum and maximum, and for percentiles the values and how often each came.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import retention

MOST_VALUES = 100
"""Different values of one second and series that are kept as they are; more are rounded."""
_ROUNDED_TO = 1.02
"""Values that differ by less than two percent then count as one."""

_lock = threading.Lock()
Series = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, name and dimensions."""


def install() -> None:
    """Add up values when they are put."""
    from moto.cloudwatch.models import CloudWatchBackend

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for i, metric in enumerate(metric_data):
            self._validate_parameters_put_metric_data(metric, i + 1)
        with _lock:
            for metric in metric_data:
                add(self, namespace, metric)
            age(self, time.time())

    backend_class: Any = CloudWatchBackend
    backend_class.put_metric_data = put_metric_data


def age(backend: Any, now_s: float) -> None:
    """Add up old data, from time to time."""
    last_s = backend.__dict__.get("rolled_up_s", 0.0)
    if 0 <= now_s - last_s < retention.EVERY_S:
        return
    backend.rolled_up_s = now_s
    kept = _index(backend)
    changed = [
        retention.rolled_up(data, min(last_s, now_s), now_s, _seconds, _move, _join)
        for data in kept.values()
    ]
    if any(changed):
        for series in [one for one, data in kept.items() if not data]:
            del kept[series]
        backend.metric_data = [datum for data in kept.values() for datum in data]


def _seconds(datum: Any) -> int:
    return seconds(datum.timestamp)


def _move(datum: Any, at_s: int) -> None:
    datum.timestamp = moment(at_s)


def _join(datum: Any, other: Any) -> None:
    values = other.__dict__.get("values")
    _sum_up(datum, other.min, other.max, other.sample_count, other.sum, values)


def series_of(namespace: str, name: str, dimensions: Sequence[Mapping[str, str]]) -> Series:
    """The key of a series; CloudWatch keeps one for each exact set of dimensions."""
    return namespace, name, tuple(sorted((d["Name"], d["Value"]) for d in dimensions))


def between(
    backend: Any, series: Series, start: datetime, end: datetime, unit: str | None = None
) -> list[Any]:
    """A series' data with ``start <= timestamp < end``, by time; of all units if none is given."""
    with _lock:
        data = _index(backend).get(series, [])
        first = bisect_left(data, start, key=_time)
        last = bisect_left(data, end, key=_time)
        found = list(data[first:last])
    return [datum for datum in found if unit is None or (datum.unit or "None") == unit]


def one_of_each(backend: Any) -> list[Any]:
    """The newest datum of each series."""
    with _lock:
        return [data[-1] for data in _index(backend).values() if data]


def utc(moment: datetime) -> datetime:
    """A time as moto keeps it: UTC, without a zone."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def seconds(moment: datetime) -> int:
    """Seconds since 1970 of a time that moto keeps."""
    return int((moment - _EPOCH) / timedelta(seconds=1))


def moment(seconds_: float) -> datetime:
    """The reverse of :func:`seconds`."""
    return _EPOCH + timedelta(seconds=seconds_)


_EPOCH = datetime(1970, 1, 1)


def _time(datum: Any) -> datetime:
    found: datetime = datum.timestamp
    return found


def _index(backend: Any) -> dict[Series, list[Any]]:
    """Each series' data by time; made again when an earlier version wrote the state."""
    kept: dict[Series, list[Any]] | None = backend.__dict__.get("_series")
    if kept is None:
        kept = {}
        backend.__dict__["_series"] = kept
        for datum in backend.metric_data:
            datum.timestamp = utc(datum.timestamp)
            named = [{"Name": d.name, "Value": d.value} for d in datum.dimensions]
            key = series_of(datum.namespace, datum.name, named)
            insort(kept.setdefault(key, []), datum, key=_time)
    return kept


def add(backend: Any, namespace: str, metric: Mapping[str, Any]) -> None:
    """Add one datum of PutMetricData to its series."""
    from moto.cloudwatch.models import MetricAggregatedDatum
    from moto.core.utils import utcnow

    values = _values(metric)
    least, greatest, count, total = _summary(metric, values)
    if not count:
        return
    dimensions = metric.get("Dimensions") or []
    at = utc(metric.get("Timestamp") or utcnow())
    at = at.replace(microsecond=0)  # no series is finer than a second
    unit = metric.get("Unit")
    data = _index(backend).setdefault(series_of(namespace, metric["MetricName"], dimensions), [])
    place = bisect_left(data, at, key=_time)
    while place < len(data) and data[place].timestamp == at:
        if data[place].unit == unit:
            _sum_up(data[place], least, greatest, count, total, values)
            return
        place += 1
    datum: Any = MetricAggregatedDatum(
        namespace=namespace,
        name=metric["MetricName"],
        min_stat=least,
        max_stat=greatest,
        sample_count=count,
        sum_stat=total,
        dimensions=list(dimensions),
        timestamp=at,
        unit=unit,
    )
    datum.values = values
    data.insert(place, datum)
    backend.metric_data.append(datum)


def _sum_up(
    datum: Any,
    least: float,
    greatest: float,
    count: float,
    total: float,
    values: dict[float, float] | None,
) -> None:
    datum.min = min(datum.min, least)
    datum.max = max(datum.max, greatest)
    datum.sample_count += count
    datum.sum += total
    kept: dict[float, float] | None = datum.__dict__.get("values")
    if kept is None or values is None:
        datum.values = None
        return
    if not datum.__dict__.get("rounded") and len(kept) + len(values) > MOST_VALUES:
        datum.rounded, datum.values = True, {}
        _count(datum.values, kept, rounded=True)
    _count(datum.values, values, rounded=datum.__dict__.get("rounded", False))


def _count(kept: dict[float, float], values: Mapping[float, float], rounded: bool) -> None:
    for value, times in values.items():
        near = _near(value) if rounded else value
        kept[near] = kept.get(near, 0.0) + times


def _near(value: float) -> float:
    if value == 0:
        return 0.0
    power = round(math.log(abs(value), _ROUNDED_TO))
    return math.copysign(_ROUNDED_TO**power, value)


def _values(metric: Mapping[str, Any]) -> dict[float, float] | None:
    """Each value and how often it came; ``None`` if only statistics are told."""
    if metric.get("Values"):
        found: dict[float, float] = {}
        counts = metric.get("Counts") or [1] * len(metric["Values"])
        for value, count in zip(metric["Values"], counts, strict=True):
            found[float(value)] = found.get(float(value), 0.0) + float(count)
        return found
    told = metric.get("StatisticValues")
    if not told:
        return {float(metric.get("Value", 0)): 1.0}
    # Percentiles need the values, unless they are known all the same (guide, "Percentiles").
    if float(told["Minimum"]) == float(told["Maximum"]):
        return {float(told["Minimum"]): float(told["SampleCount"])}
    return None


def _summary(
    metric: Mapping[str, Any], values: Mapping[float, float] | None
) -> tuple[float, float, float, float]:
    """Minimum, maximum, count and sum of one datum of a request."""
    told = metric.get("StatisticValues")
    if told:
        parts = ("Minimum", "Maximum", "SampleCount", "Sum")
        least, greatest, count, total = (float(told[part]) for part in parts)
        return least, greatest, count, total
    counted = values or {}
    total = sum(value * count for value, count in counted.items())
    return min(counted), max(counted), sum(counted.values()), total
