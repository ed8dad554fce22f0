"""The actions ``cloudwatchLogs``, ``cloudwatchMetric`` and ``cloudwatchAlarm``."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
    text_of,
)
from lambda_nb.engine.iot.rules.actions.service_calls import (
    ServiceRefusedError,
    call_json,
    call_query,
)
from lambda_nb.engine.iot.rules.surroundings import Surroundings

_STREAM = str(uuid.uuid4())
"""Log stream of this engine; AWS's has one for each of its hosts."""


def _log_events(parameters: Parameters, result: Result) -> Parameters:
    if parameters.get("batchMode") not in (True, "true"):
        return {**parameters, "_at": time.time_ns() // 1_000_000}
    events = result.value
    if not isinstance(events, list) or not all(_is_log_event(event) for event in events):
        raise ActionError(
            'with batchMode the payload is an array of {"timestamp": milliseconds, "message": text}'
        )
    parts = [{"timestamp": int(one["timestamp"]), "message": one["message"]} for one in events]
    return {**parameters, "_events": sorted(parts, key=lambda part: part["timestamp"])}


def _is_log_event(event: Any) -> bool:
    return (
        isinstance(event, Mapping)
        and isinstance(event.get("message"), str)
        and isinstance(event.get("timestamp"), int)
    )


async def _put_events(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    events = parameters.get("_events")
    if events is None:
        events = [{"timestamp": parameters["_at"], "message": text_of(payload)}]
    if not events:
        return
    stream = {"logGroupName": parameters["logGroupName"], "logStreamName": _STREAM}
    request = {**stream, "logEvents": events}
    try:
        await call_json(surroundings, "logs", "PutLogEvents", request)
        return
    except ServiceRefusedError as error:
        if error.code != "ResourceNotFoundException":
            raise
    try:  # the stream is missing, or the group
        await call_json(surroundings, "logs", "CreateLogStream", stream)
    except ServiceRefusedError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    await call_json(surroundings, "logs", "PutLogEvents", request)


CLOUDWATCH_LOGS = Kind(
    name="cloudwatchLogs",
    label="CloudwatchLogsAction",
    metric_type="CloudwatchLogs",
    failed="Failed to put log events",
    perform=_put_events,
    resource=lambda parameters: str(parameters["logGroupName"]),
    told=lambda parameters: {"Log Group": str(parameters["logGroupName"])},
    prepare=_log_events,
    service="logs",
)


@cache
def _units() -> frozenset[str]:
    return frozenset(service_model.model("cloudwatch").shape_for("StandardUnit").enum)  # type: ignore[attr-defined]


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ActionError(f"{what} is no number: {text!r}")
    return number


def _datum(parameters: Parameters, result: Result) -> Parameters:
    value = _number(str(parameters["metricValue"]), "metricValue")
    unit = str(parameters["metricUnit"])
    if unit not in _units():
        raise ActionError(f"metricUnit is no unit of CloudWatch: {unit!r}")
    given = parameters.get("metricTimestamp")
    at = _number(str(given), "metricTimestamp") if given else time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return {**parameters, "_value": repr(value), "_at": stamp}


async def _put_metric(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request = {
        "Namespace": str(parameters["metricNamespace"]),
        "MetricData.member.1.MetricName": str(parameters["metricName"]),
        "MetricData.member.1.Value": parameters["_value"],
        "MetricData.member.1.Unit": str(parameters["metricUnit"]),
        "MetricData.member.1.Timestamp": parameters["_at"],
    }
    await call_query(surroundings, "cloudwatch", "PutMetricData", request)


CLOUDWATCH_METRIC = Kind(
    name="cloudwatchMetric",
    label="CloudwatchMetricAction",
    metric_type="CloudwatchMetric",
    failed="Failed to put metric data",
    perform=_put_metric,
    resource=lambda parameters: str(parameters["metricName"]),
    told=lambda parameters: {
        "Namespace": str(parameters["metricNamespace"]),
        "Metric Name": str(parameters["metricName"]),
        "Value": str(parameters["metricValue"]),
        "Unit": str(parameters["metricUnit"]),
    },
    prepare=_datum,
    service="cloudwatch",
)


async def _set_state(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request = {
        "AlarmName": str(parameters["alarmName"]),
        "StateReason": str(parameters["stateReason"]),
        "StateValue": str(parameters["stateValue"]),
    }
    await call_query(surroundings, "cloudwatch", "SetAlarmState", request)


CLOUDWATCH_ALARM = Kind(
    name="cloudwatchAlarm",
    label="CloudwatchAlarmAction",
    metric_type="CloudwatchAlarm",
    failed="Failed to set alarm state",
    perform=_set_state,
    resource=lambda parameters: str(parameters["alarmName"]),
    told=lambda parameters: {
        "Alarm Name": str(parameters["alarmName"]),
        "State Value": str(parameters["stateValue"]),
    },
    service="cloudwatch",
)
