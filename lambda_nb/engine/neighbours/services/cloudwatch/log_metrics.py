"""Metrics out of log events: metric filters, and events in the embedded metric format."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.rules.events import embedded_metrics, log_fields, log_patterns
from lambda_nb.rules.refusal import validation_text
from lambda_nb.rules.settings import constraints

log = logging.getLogger(__name__)

MOST_FILTERS = 100
"""Metric filters of one log group (CloudWatch Logs quotas, 2026)."""
MOST_DIMENSIONS = 3
_MINUTE_MS = 60_000
Told = Sequence[tuple[int, str]]
"""Events: timestamps in milliseconds, and messages."""
_Data = dict[str, list[dict[str, Any]]]
"""Data for PutMetricData by namespace."""


def take(stream: Any, events: Told) -> None:
    """Make metric data of a stream's new events."""
    data: _Data = defaultdict(list)
    for at, message in events:
        if embedded_metrics.MARK in message:
            _embedded(data, at, message)
    group = stream.log_group
    filters = sys.modules["moto.logs.models"].logs_backends[group.account_id][group.region].filters
    for one in list(filters.metric_filters):
        if one["logGroupName"] == group.name:
            _filtered(data, one, events)
    if not data:
        return
    from moto.cloudwatch.models import cloudwatch_backends

    backend: Any = cloudwatch_backends[group.account_id][group.region]
    for namespace, some in data.items():
        try:
            backend.put_metric_data(namespace, some)
        except Exception as error:  # whoever wrote the log is not told
            log.warning("metrics of the log group %s are lost: %r", group.name, error)


def _embedded(data: _Data, at: int, message: str) -> None:
    for datum in embedded_metrics.metrics_of(message):
        counted = Counter(datum.values)
        data[datum.namespace].append(
            {
                "MetricName": datum.name,
                "Dimensions": [{"Name": n, "Value": v} for n, v in datum.dimensions],
                "Unit": datum.unit,
                "Values": list(counted),
                "Counts": [float(count) for count in counted.values()],
                "Timestamp": _moment(datum.at_ms or at),
            }
        )


def _filtered(data: _Data, one: Mapping[str, Any], events: Told) -> None:
    pattern, (transformation,) = one["filterPattern"], one["metricTransformations"]
    test = log_patterns.compiled(pattern)
    unit = transformation.get("unit") or "None"
    named = {"MetricName": transformation["metricName"], "Unit": unit}
    namespace = transformation["metricNamespace"]
    matched = set()
    for at, message in events:
        if not test(message):
            continue
        value = log_fields.number(pattern, message, transformation["metricValue"])
        dimensions = _dimensions(pattern, message, transformation.get("dimensions") or {})
        if value is None or dimensions is None:
            continue
        matched.add(at // _MINUTE_MS)
        datum = {**named, "Value": value, "Dimensions": dimensions, "Timestamp": _moment(at)}
        data[namespace].append(datum)
    default = transformation.get("defaultValue")
    for minute in _unmatched(one, events, matched) if default is not None else ():
        moment = _moment(minute * _MINUTE_MS)
        data[namespace].append({**named, "Value": float(default), "Timestamp": moment})


def _unmatched(one: Mapping[str, Any], events: Told, matched: set[int]) -> Iterator[int]:
    """Minutes with events that do not match, told once; matches are remembered for a while."""
    told: dict[int, None] = one.setdefault("_told", {})  # type: ignore[attr-defined]
    for minute in sorted({at // _MINUTE_MS for at, _ in events}):
        if minute not in told and minute not in matched:
            yield minute
        told[minute] = None
    while len(told) > _MINUTES_REMEMBERED:
        del told[next(iter(told))]


_MINUTES_REMEMBERED = 1000


def _dimensions(
    pattern: str, message: str, asked: Mapping[str, str]
) -> list[dict[str, str]] | None:
    """The dimensions of a datum; ``None`` if the event lacks one."""
    found = []
    for name, selector in asked.items():
        value = log_fields.value(pattern, message, selector)
        if value is None:
            return None
        found.append({"Name": name, "Value": value})
    return found


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)


def install() -> None:
    """Answer the operations on metric filters."""
    from moto.logs.models import LogsBackend
    from moto.logs.responses import LogsResponse

    def put_metric_filter(self: Any) -> str:
        asked = _checked("PutMetricFilter", self.body)
        _put(self.logs_backend, asked)
        return ""

    def test_metric_filter(self: Any) -> str:
        asked = _checked("TestMetricFilter", self.body)
        return json.dumps({"matches": list(_tested(asked))})

    def describe_metric_filters(self: Any) -> str:
        asked = _checked("DescribeMetricFilters", self.body)
        return json.dumps(_described(self.logs_backend, asked))

    def delete_metric_filter(self: Any) -> str:
        from moto.logs.exceptions import ResourceNotFoundException

        asked = _checked("DeleteMetricFilter", self.body)
        _group(self.logs_backend, asked["logGroupName"])
        filters = self.logs_backend.filters.metric_filters
        found = _find(filters, asked["logGroupName"], asked["filterName"])
        if found is None:
            raise ResourceNotFoundException("The specified metric filter does not exist.")
        filters.remove(found)
        return ""

    response_class: Any = LogsResponse
    response_class.put_metric_filter = put_metric_filter
    response_class.test_metric_filter = test_metric_filter
    response_class.describe_metric_filters = describe_metric_filters
    response_class.delete_metric_filter = delete_metric_filter

    original = LogsBackend.delete_log_group

    def delete_log_group(self: Any, log_group_name: str) -> None:
        original(self, log_group_name)
        self.filters.metric_filters = [
            one for one in self.filters.metric_filters if one["logGroupName"] != log_group_name
        ]

    backend_class: Any = LogsBackend
    backend_class.delete_log_group = delete_log_group


def _checked(operation: str, body: str) -> dict[str, Any]:
    from moto.logs.exceptions import InvalidParameterException

    asked: dict[str, Any] = json.loads(body or "{}")
    shape = service_model.operation(operation, "logs").input_shape
    if shape is None:
        return asked
    problems = [
        f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        for name in shape.required_members
        if asked.get(name) is None
    ]
    problems += constraints.problems(shape, asked)
    if problems:
        raise InvalidParameterException(msg=validation_text(problems))
    return asked


def _put(backend: Any, asked: Mapping[str, Any]) -> None:
    from moto.logs.exceptions import InvalidParameterException, LimitExceededException

    group = _group(backend, asked["logGroupName"])
    (transformation,) = asked["metricTransformations"]
    for name in ("fieldSelectionCriteria", "emitSystemFieldDimensions"):
        if asked.get(name):
            raise InvalidParameterException(msg=f"lambda_nb has no metric filters with {name}.")
    _compiled(asked["filterPattern"])
    value = transformation["metricValue"]
    if not value.startswith("$") and not _is_number(value):
        raise InvalidParameterException(msg=f"Invalid metric transformation: {value} is no number.")
    dimensions = transformation.get("dimensions") or {}
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidParameterException(
            msg=f"Invalid metric transformation: at most {MOST_DIMENSIONS} dimensions are allowed."
        )
    if dimensions and transformation.get("defaultValue") is not None:
        raise InvalidParameterException(
            msg="Invalid metric transformation: dimensions and default value are mutually "
            "exclusive properties."
        )
    filters = backend.filters.metric_filters
    before = _find(filters, group.name, asked["filterName"])
    if before is None and sum(f["logGroupName"] == group.name for f in filters) >= MOST_FILTERS:
        raise LimitExceededException
    made = {
        "filterName": asked["filterName"],
        "filterPattern": asked["filterPattern"],
        "logGroupName": group.name,
        "metricTransformations": [{**transformation, "unit": transformation.get("unit", "None")}],
        "creationTime": time.time_ns() // 1_000_000,
        "applyOnTransformedLogs": bool(asked.get("applyOnTransformedLogs")),
    }
    if before is None:
        filters.append(made)
    else:
        filters[filters.index(before)] = made


def _group(backend: Any, name: str) -> Any:
    from moto.logs.exceptions import ResourceNotFoundException

    group = backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group


def _find(filters: Sequence[Any], group: str, name: str) -> Any:
    found = (f for f in filters if f["logGroupName"] == group and f["filterName"] == name)
    return next(found, None)


def _compiled(pattern: str) -> log_patterns.Test:
    from moto.logs.exceptions import InvalidParameterException

    try:
        return log_patterns.compiled(pattern)
    except ValueError as error:
        raise InvalidParameterException(msg=f"Invalid metric filter pattern: {error}") from None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _tested(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    test = _compiled(asked["filterPattern"])
    for number, message in enumerate(asked["logEventMessages"], 1):
        if test(message):
            yield {
                "eventNumber": number,
                "eventMessage": message,
                "extractedValues": log_fields.extracted(asked["filterPattern"], message),
            }


def _described(backend: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked.get("logGroupName"):
        _group(backend, asked["logGroupName"])
    found = backend.filters.get_matching_filters(
        asked.get("filterNamePrefix"),
        asked.get("logGroupName"),
        asked.get("metricName"),
        asked.get("metricNamespace"),
    )
    start = int(asked.get("nextToken") or 0)
    end = start + int(asked.get("limit") or 50)
    told = [{k: v for k, v in one.items() if not k.startswith("_")} for one in found[start:end]]
    return {"metricFilters": told} | ({"nextToken": str(end)} if end < len(found) else {})
