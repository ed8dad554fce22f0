"""GetMetricData, GetMetricStatistics, ListMetrics.

moto's do not know percentiles, units and metric math, and compare every value with every other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import metric_data, statistics
from lambda_nb.rules.alarms import metric_math
from lambda_nb.rules.alarms.math_functions import Grid, MathError, Series

MOST_DATAPOINTS = 1440
"""Of one GetMetricStatistics (API reference)."""
_MINUTE_S = 60


def install() -> None:
    """Answer these operations."""
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult

    def get_metric_data(
        self: Any,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        _check_times(start_time, end_time)
        newest_first = scan_by == "TimestampDescending"
        return list(_results(self, queries, start_time, end_time, newest_first))

    def get_filtered_metrics(
        self: Any,
        metric_name: str | None,
        namespace: str | None,
        dimensions: list[dict[str, str]] | None,
    ) -> list[Any]:
        known = [*metric_data.one_of_each(self), *self.aws_metric_data]
        return [d for d in known if d.filter(namespace, metric_name, dimensions or [])]

    def get_metric_statistics(self: Any) -> Any:
        asked = self._get_params()
        return ActionResult(
            {
                "Label": asked.get("MetricName"),
                "Datapoints": list(_datapoints(self.cloudwatch_backend, asked)),
            }
        )

    backend_class: Any = CloudWatchBackend
    backend_class.get_metric_data = get_metric_data
    backend_class.get_filtered_metrics = get_filtered_metrics
    response_class: Any = CloudWatchResponse
    response_class.get_metric_statistics = get_metric_statistics


def _check_times(start: datetime, end: datetime) -> None:
    from moto.cloudwatch.exceptions import ValidationError

    first, last = metric_data.utc(start), metric_data.utc(end)
    if first > last:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    if first == last:
        raise ValidationError("The parameter StartTime must not equal parameter EndTime.")


def _starts(start: datetime, end: datetime, period: int) -> list[int]:
    """The starts of the periods from a time on, rounded down to the minute, up to another."""
    first = metric_data.seconds(metric_data.utc(start))
    first -= first % min(period, _MINUTE_S)
    last = math.ceil((metric_data.utc(end) - metric_data.moment(0)).total_seconds())
    return list(range(first, last, period))


def _results(
    backend: Any,
    queries: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    newest_first: bool,
) -> Iterator[dict[str, Any]]:
    from moto.cloudwatch.exceptions import ValidationError

    found: dict[str, tuple[list[int], Series]] = {}
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            starts = _starts(start, end, int(stat["Period"]))
            data = statistics.by_period(
                backend,
                statistics.series_of(stat["Metric"]),
                starts,
                int(stat["Period"]),
                stat.get("Unit"),
            )
            try:
                found[query["Id"]] = (
                    starts,
                    tuple(statistics.value(stat["Stat"], one) for one in data),
                )
            except ValueError as error:
                raise ValidationError(f"The parameter Stat is not valid: {error}") from None
    metrics = tuple(found)
    waiting = [query for query in queries if query.get("Expression")]
    while waiting:
        ready = [query for query in waiting if _is_ready(query, waiting)]
        for query in ready or waiting[:1]:
            waiting.remove(query)
            found[query["Id"]] = _worked_out(query, found, metrics)
    for query in queries:
        if query.get("ReturnData", True) is not False and query["Id"] in found:
            yield _told(query, *found[query["Id"]], newest_first)


def _parsed(query: Mapping[str, Any]) -> metric_math.Expression:
    from moto.cloudwatch.exceptions import ValidationError

    try:
        return metric_math.parse(query["Expression"])
    except MathError as error:
        raise ValidationError(f"Error in expression '{query['Id']}': {error}") from None


def _is_ready(query: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> bool:
    return not _parsed(query).ids & {other["Id"] for other in waiting}


def _worked_out(
    query: Mapping[str, Any],
    found: Mapping[str, tuple[list[int], Series]],
    metrics: tuple[str, ...],
) -> tuple[list[int], Series]:
    """The time series of an expression, on the longest period of what it uses."""
    from moto.cloudwatch.exceptions import ValidationError

    expression = _parsed(query)
    used = set(metrics) if expression.all_metrics else set()
    used |= expression.ids & found.keys()
    grids = [found[name][0] for name in used if found[name][0]]
    starts = min(grids, key=len, default=[])
    period = starts[1] - starts[0] if len(starts) > 1 else int(query.get("Period") or _MINUTE_S)
    series = {name: _on(starts, *found[name]) for name in used}
    known = tuple(name for name in metrics if name in series)
    try:
        return starts, expression.series(Grid(series, known, len(starts), period))
    except MathError as error:
        raise ValidationError(f"Error in expression '{query['Id']}': {error}") from None


def _on(starts: Sequence[int], own: Sequence[int], values: Series) -> Series:
    """A series at the starts of other periods."""
    by_start = dict(zip(own, values, strict=True))
    return tuple(by_start.get(start) for start in starts)


def _told(
    query: Mapping[str, Any], starts: Sequence[int], values: Series, newest_first: bool
) -> dict[str, Any]:
    pairs = [
        (_aware(start), value)
        for start, value in zip(starts, values, strict=True)
        if value is not None and not math.isnan(value)
    ]
    if newest_first:
        pairs.reverse()
    label = query.get("Label")
    if not label and "MetricStat" in query:
        label = f"{query['MetricStat']['Metric']['MetricName']} {query['MetricStat']['Stat']}"
    return {
        "id": query["Id"],
        "label": label or query["Id"],
        "timestamps": [at for at, _ in pairs],
        "values": [value for _, value in pairs],
        "status_code": "Complete",
    }


def _datapoints(backend: Any, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue

    simple, extended = asked.get("Statistics") or [], asked.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    if metric_data.utc(asked["StartTime"]) >= metric_data.utc(asked["EndTime"]):
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    period = int(asked["Period"])
    starts = _starts(asked["StartTime"], asked["EndTime"], period)
    if len(starts) > MOST_DATAPOINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {len(starts):,} datapoints, which exceeds the limit "
            f"of {MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing "
            "Period, or decreasing the time range."
        )
    for name in extended:
        if not statistics.is_statistic(name):
            raise InvalidParameterValue(
                f"The value {name} for parameter ExtendedStatistics is not supported."
            )
    unit = asked.get("Unit")
    data = statistics.by_period(backend, statistics.series_of(asked), starts, period, unit)
    for start, one in zip(starts, data, strict=True):
        if not one:
            continue
        told: dict[str, Any] = {"Timestamp": _aware(start), "Unit": one[-1].unit or "None"}
        told |= {name: statistics.value(name, one) for name in simple}
        values = {name: statistics.value(name, one) for name in extended}
        told["ExtendedStatistics"] = {n: v for n, v in values.items() if v is not None} or None
        yield told


def _aware(start: int) -> datetime:
    return datetime.fromtimestamp(start, timezone.utc)
