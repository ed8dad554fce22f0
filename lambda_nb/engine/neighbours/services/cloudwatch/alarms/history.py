"""The history of alarms: changes of their state and configuration, and their actions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.engine.neighbours.services.cloudwatch.metric_data import utc
from lambda_nb.rules.alarms.reasons import compact

KEPT = timedelta(days=30)
"""CloudWatch keeps an alarm's history for 30 days (User Guide, "Alarms", 2026)."""
MOST_ITEMS = 10_000
_KEY = "alarm_history"


def _add(backend: Any, alarm: Any, kind: str, summary: str, data: Mapping[str, Any]) -> None:
    items: list[dict[str, Any]] = backend.__dict__.setdefault(_KEY, [])
    now = alarms.now()
    items.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": alarms.kind(alarm),
            "Timestamp": now,
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": compact(data),
        }
    )
    while items and (len(items) > MOST_ITEMS or items[0]["Timestamp"] < now - KEPT):
        del items[0]


def state_update(backend: Any, alarm: Any, previous: Mapping[str, Any]) -> None:
    """Note that an alarm's state changed."""
    data = {
        "version": "1.0",
        "oldState": _state(previous),
        "newState": _state(alarms.state(alarm)),
    }
    summary = f"Alarm updated from {previous['value']} to {alarm.state_value}"
    _add(backend, alarm, "StateUpdate", summary, data)


def _state(state: Mapping[str, Any]) -> dict[str, Any]:
    told = {"stateValue": state["value"], "stateReason": state["reason"]}
    if state.get("reasonData"):
        told["stateReasonData"] = json.loads(state["reasonData"])
    return told


def configuration_update(
    backend: Any, alarm: Any, operation: str, before: Mapping[str, Any] | None = None
) -> None:
    """Note that an alarm was made (``create``), changed or deleted."""
    data: dict[str, Any] = {"version": "1.0", "type": operation.capitalize()}
    if before is not None:
        data["originalUpdatedFields"] = {
            name: value
            for name, value in before.items()
            if alarms.whole_configuration(alarm).get(name) != value
        }
    data["updatedAlarm" if operation == "update" else f"{operation}dAlarm"] = (
        alarms.whole_configuration(alarm)
    )
    summary = f'Alarm "{alarm.name}" {operation}d'
    _add(backend, alarm, "ConfigurationUpdate", summary, data)


def action(backend: Any, alarm: Any, arn: str, failure: str | None) -> None:
    """Note that an action was carried out, or failed."""
    data: dict[str, Any] = {
        "actionState": "Succeeded" if failure is None else "Failed",
        "stateUpdateTimestamp": alarms.milliseconds(alarm.state_updated_timestamp),
        "notificationResource": arn,
    }
    if failure is None:
        summary = f"Successfully executed action {arn}"
    else:
        data["error"] = failure
        summary = f"Failed to execute action {arn}. {failure}"
    _add(backend, alarm, "Action", summary, data)


def items(backend: Any, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The items that a request of DescribeAlarmHistory means, newest first unless it says else."""
    kinds = asked.get("AlarmTypes") or ["MetricAlarm", "CompositeAlarm"]
    found = list(backend.__dict__.get(_KEY, ()))
    if asked.get("ScanBy") != "TimestampAscending":
        found.reverse()
    for item in found:
        named = asked.get("AlarmName") in (None, item["AlarmName"])
        typed = item["AlarmType"] in kinds
        wanted = asked.get("HistoryItemType") in (None, item["HistoryItemType"])
        start, end = asked.get("StartDate"), asked.get("EndDate")
        late = start is None or item["Timestamp"] >= utc(start)
        early = end is None or item["Timestamp"] <= utc(end)
        if named and typed and wanted and late and early:
            yield item
