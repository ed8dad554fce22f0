"""An alarm as its request described it, and the forms in which CloudWatch shows it.

moto's object keeps the state. What the request said is kept beside it, in the API's own names.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import metric_data
from lambda_nb.rules.alarms import evaluation
from lambda_nb.rules.alarms.evaluation import Criterion
from lambda_nb.rules.alarms.reasons import iso

ACTIONS = {
    evaluation.ALARM: "AlarmActions",
    evaluation.OK: "OKActions",
    evaluation.INSUFFICIENT_DATA: "InsufficientDataActions",
}
_LISTS = (*ACTIONS.values(), "Dimensions", "Metrics")
_DYNAMO = "AWS/DynamoDB"
_STATISTICS = {"Minimum": "MINIMUM", "Maximum": "MAXIMUM", "SampleCount": "SAMPLE_COUNT"}


def requested(alarm: Any) -> dict[str, Any]:
    """What was asked for, in the API's names."""
    found: dict[str, Any] | None = alarm.__dict__.get("requested")
    if found is None:  # made by another of moto's services, or by an earlier version
        found = alarm.requested = _from_moto(alarm)
    return found


def _from_moto(alarm: Any) -> dict[str, Any]:
    told = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": alarm.statistic,
        "ExtendedStatistic": alarm.extended_statistic,
        "Dimensions": [{"Name": d.name, "Value": d.value} for d in alarm.dimensions],
        "Period": alarm.period,
        "Unit": alarm.unit,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "Metrics": [_query(query) for query in alarm.metric_data_queries],
        "AlarmRule": alarm.rule,
    }
    numbers = {
        "Period": int,
        "EvaluationPeriods": int,
        "DatapointsToAlarm": int,
        "Threshold": float,
    }
    return {
        name: numbers[name](value) if name in numbers else value
        for name, value in told.items()
        if value is not None and (value != [] or name not in ("Dimensions", "Metrics"))
    }


def _query(query: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"Id": query.id, "Label": query.label, "Expression": query.expression}
    told["ReturnData"] = query.return_data if isinstance(query.return_data, bool) else True
    stat = query.metric_stat
    if stat is not None:
        told["MetricStat"] = {
            "Metric": {
                "Namespace": stat.metric.namespace,
                "MetricName": stat.metric.metric_name,
                "Dimensions": [{"Name": d.name, "Value": d.value} for d in stat.metric.dimensions],
            },
            "Period": int(stat.period),
            "Stat": stat.stat,
        }
    return {name: value for name, value in told.items() if value is not None}


def is_composite(alarm: Any) -> bool:
    """Whether an alarm looks at other alarms."""
    return alarm.rule is not None


def kind(alarm: Any) -> str:
    """The alarm's type, as DescribeAlarms names it."""
    return "CompositeAlarm" if is_composite(alarm) else "MetricAlarm"


def criterion_of(alarm: Any) -> Criterion:
    """What a metric alarm compares."""
    asked = requested(alarm)
    periods = int(asked["EvaluationPeriods"])
    default = evaluation.IGNORE if asked.get("Namespace") == _DYNAMO else evaluation.MISSING
    return Criterion(
        asked["ComparisonOperator"],
        float(asked["Threshold"]),
        periods,
        int(asked.get("DatapointsToAlarm") or periods),
        asked.get("TreatMissingData") or default,
    )


def period_of(asked: Mapping[str, Any]) -> int:
    """The period of a metric alarm, in seconds."""
    if asked.get("Period"):
        return int(asked["Period"])
    periods = [query["MetricStat"]["Period"] for query in asked["Metrics"] if "MetricStat" in query]
    return int(periods[0] if periods else 60)


def statistic_of(asked: Mapping[str, Any]) -> str | None:
    """The statistic of an alarm on one metric."""
    return asked.get("Statistic") or asked.get("ExtendedStatistic")


def described(alarm: Any) -> dict[str, Any]:
    """An alarm as DescribeAlarms shows it."""
    shown = {
        **{name: [] for name in ACTIONS.values()},
        **{name: value for name, value in requested(alarm).items() if name != "Tags"},
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmArn": alarm.alarm_arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data or None,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": alarm.__dict__.get(
            "state_transitioned_timestamp", alarm.state_updated_timestamp
        ),
    }
    if not is_composite(alarm) and not shown.get("Metrics"):
        shown.setdefault("Dimensions", [])
    if alarm.__dict__.get("suppressed_by"):
        shown["ActionsSuppressedBy"] = alarm.suppressed_by
        shown["ActionsSuppressedReason"] = f"Actions suppressed by {alarm.suppressed_by}"
    return shown


def state(alarm: Any) -> dict[str, Any]:
    """An alarm's state as events show it."""
    told: dict[str, Any] = {}
    if alarm.__dict__.get("suppressed_by"):
        told["actionsSuppressedBy"] = alarm.suppressed_by
        told["actionsSuppressedReason"] = f"Actions suppressed by {alarm.suppressed_by}"
    told |= {"value": alarm.state_value, "reason": alarm.state_reason}
    if alarm.state_reason_data:
        told["reasonData"] = alarm.state_reason_data
    told["timestamp"] = iso(milliseconds(alarm.state_updated_timestamp))
    return told


def milliseconds(moment: Any) -> int:
    """Milliseconds since 1970 of a time that moto keeps."""
    at = metric_data.utc(moment)
    return metric_data.seconds(at.replace(microsecond=0)) * 1000 + at.microsecond // 1000


def configuration(alarm: Any) -> dict[str, Any]:
    """An alarm's configuration as events of a state change show it."""
    asked = requested(alarm)
    told: dict[str, Any] = {}
    if is_composite(alarm):
        told["alarmRule"] = alarm.rule
        for name in _SUPPRESSION:
            if asked.get(name) is not None:
                told[name[0].lower() + name[1:]] = asked[name]
    if asked.get("AlarmDescription"):
        told["description"] = asked["AlarmDescription"]
    if not is_composite(alarm):
        told["metrics"] = _metrics(alarm, asked)
    return told


_SUPPRESSION = (
    "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod",
)  # fmt: skip


def whole_configuration(alarm: Any) -> dict[str, Any]:
    """An alarm's configuration as events of a change of it show it."""
    asked = requested(alarm)
    told: dict[str, Any] = {}
    if not is_composite(alarm):
        for name in _COMPARED:
            if asked.get(name) is not None:
                told[name[0].lower() + name[1:]] = asked[name]
    told |= configuration(alarm)
    return {
        **told,
        "alarmName": alarm.name,
        "actionsEnabled": alarm.actions_enabled,
        "timestamp": iso(milliseconds(alarm.configuration_updated_timestamp)),
        "okActions": asked.get("OKActions") or [],
        "alarmActions": asked.get("AlarmActions") or [],
        "insufficientDataActions": asked.get("InsufficientDataActions") or [],
    }


_COMPARED = (
    "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator",
    "TreatMissingData", "EvaluateLowSampleCountPercentile",
)  # fmt: skip


def _metrics(alarm: Any, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not asked.get("Metrics"):
        identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.alarm_arn))
        stat = {"Metric": asked, "Period": asked["Period"], "Stat": statistic_of(asked)}
        if asked.get("Unit"):
            stat["Unit"] = asked["Unit"]
        return [{"id": identifier, "metricStat": _metric_stat(stat), "returnData": True}]
    shown = []
    for query in asked["Metrics"]:
        told: dict[str, Any] = {"id": query["Id"]}
        if "MetricStat" in query:
            told["metricStat"] = _metric_stat(query["MetricStat"])
        for name in ("Expression", "Label", "Period"):
            if query.get(name) is not None:
                told[name.lower()] = query[name]
        told["returnData"] = query.get("ReturnData", True)
        shown.append(told)
    return shown


def _metric_stat(stat: Mapping[str, Any]) -> dict[str, Any]:
    metric = stat["Metric"]
    told = {
        "metric": {
            "namespace": metric.get("Namespace"),
            "name": metric.get("MetricName"),
            "dimensions": {d["Name"]: d["Value"] for d in metric.get("Dimensions") or []},
        },
        "period": stat["Period"],
        "stat": stat["Stat"],
    }
    if stat.get("Unit"):
        told["unit"] = stat["Unit"]
    return told


def trigger(alarm: Any) -> dict[str, Any]:
    """What an alarm looks at, as notifications show it."""
    asked, test = requested(alarm), criterion_of(alarm)
    told: dict[str, Any] = {}
    if asked.get("Metrics"):
        told["Metrics"] = [_query_shown(query) for query in asked["Metrics"]]
    else:
        statistic = asked.get("Statistic")
        told = {
            "MetricName": asked.get("MetricName"),
            "Namespace": asked.get("Namespace"),
            "StatisticType": "Statistic" if statistic else "ExtendedStatistic",
        }
        if statistic:
            told["Statistic"] = _STATISTICS.get(statistic, statistic.upper())
        else:
            told["ExtendedStatistic"] = asked.get("ExtendedStatistic")
        told["Unit"] = asked.get("Unit")
        told["Dimensions"] = [
            {"value": d["Value"], "name": d["Name"]} for d in asked.get("Dimensions") or []
        ]
    told |= {"Period": period_of(asked), "EvaluationPeriods": test.periods}
    if asked.get("DatapointsToAlarm"):
        told["DatapointsToAlarm"] = test.to_alarm
    return {
        **told,
        "ComparisonOperator": test.comparison,
        "Threshold": test.threshold,
        "TreatMissingData": asked.get("TreatMissingData") or "",
        "EvaluateLowSampleCountPercentile": asked.get("EvaluateLowSampleCountPercentile") or "",
    }


def _query_shown(query: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(query)
    shown.setdefault("ReturnData", True)
    if "MetricStat" in shown:
        stat = dict(shown["MetricStat"])
        metric = dict(stat["Metric"])
        metric["Dimensions"] = [
            {"value": d["Value"], "name": d["Name"]} for d in metric.get("Dimensions") or []
        ]
        shown["MetricStat"] = {**stat, "Metric": metric}
    return shown


def now() -> Any:
    """The time as moto keeps it."""
    return metric_data.moment(time.time())
