"""moto's CloudWatch with one datum per series and second, however many values are put.

moto makes an object for every value: 15 for each invocation of a function. CloudWatch's answers
need only four numbers: sum, count, minimum and maximum.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

_lock = threading.Lock()


def install() -> None:
    """Add up values when they are put; match dimensions exactly when they are read."""
    _add_up()
    _match_dimensions_exactly()


def _add_up() -> None:
    from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum
    from moto.core.utils import utcnow

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for i, metric in enumerate(metric_data):
            self._validate_parameters_put_metric_data(metric, i + 1)
        with _lock:
            for metric in metric_data:
                add(self, namespace, metric)

    def add(backend: Any, namespace: str, metric: dict[str, Any]) -> None:
        least, greatest, count, total = _summary(metric)
        if not count:
            return
        dimensions = metric.get("Dimensions") or []
        moment: datetime = metric.get("Timestamp") or utcnow()
        moment = moment.replace(microsecond=0)  # no series is finer than a second
        named = tuple(sorted((d["Name"], d["Value"]) for d in dimensions))
        key = (namespace, metric["MetricName"], named, metric.get("Unit"), moment)
        kept = backend.__dict__.setdefault("_by_series", {})
        datum = kept.get(key)
        if datum is None:
            datum = kept[key] = MetricAggregatedDatum(
                namespace=namespace,
                name=metric["MetricName"],
                min_stat=least,
                max_stat=greatest,
                sample_count=count,
                sum_stat=total,
                dimensions=dimensions,
                timestamp=moment,
                unit=metric.get("Unit"),
            )
            backend.metric_data.append(datum)
            return
        datum.min = min(datum.min, least)
        datum.max = max(datum.max, greatest)
        datum.sample_count += count
        datum.sum += total

    backend_class: Any = CloudWatchBackend
    backend_class.put_metric_data = put_metric_data


def _summary(metric: dict[str, Any]) -> tuple[float, float, float, float]:
    """Minimum, maximum, count and sum of one datum of a request."""
    statistics = metric.get("StatisticValues")
    if metric.get("Values"):
        values = [float(value) for value in metric["Values"]]
        counts = [float(count) for count in metric.get("Counts") or [1] * len(values)]
        weighted = sum(value * count for value, count in zip(values, counts, strict=True))
        return min(values), max(values), sum(counts), weighted
    if statistics:
        parts = ("Minimum", "Maximum", "SampleCount", "Sum")
        least, greatest, count, total = (float(statistics[part]) for part in parts)
        return least, greatest, count, total
    value = float(metric.get("Value", 0))
    return value, value, 1.0, value


def _match_dimensions_exactly() -> None:
    """CloudWatch keeps a series for each exact set of dimensions; moto adds up all that match."""
    from moto.cloudwatch.models import CloudWatchBackend

    original: Any = CloudWatchBackend.get_metric_statistics

    def get_metric_statistics(
        self: Any, *arguments: Any, dimensions: list[dict[str, str]], **named: Any
    ) -> Any:
        wanted = {(d["Name"], d.get("Value")) for d in dimensions or []}
        every = self.get_all_metrics

        def exact() -> list[Any]:
            return [
                datum
                for datum in every()
                if {(d.name, d.value) for d in datum.dimensions} == wanted
            ]

        self.get_all_metrics = exact
        try:
            return original(self, *arguments, dimensions=dimensions, **named)
        finally:
            del self.get_all_metrics

    backend_class: Any = CloudWatchBackend
    backend_class.get_metric_statistics = get_metric_statistics
