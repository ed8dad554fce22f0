"""What an alarm sends: the event for a function, the notification, the event for EventBridge.

Source: CloudWatch User Guide, "Invoke a Lambda function from an alarm" and "Alarm events and
EventBridge" (2026); notifications as topics receive them (public records, 2020 to 2026).
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.rules.alarms.reasons import iso

STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"
_LONGEST_SUBJECT = 100


@dataclass(frozen=True)
class Change:
    """One change of an alarm's state.

    Attributes
    ----------
    previous
        The state before, as events show it.
    children
        The alarms that caused it, for a composite alarm: ``Arn`` and ``State``.
    """

    alarm: Any
    previous: Mapping[str, Any]
    children: Sequence[Mapping[str, Any]] = ()


def function_event(change: Change, account: str) -> dict[str, Any]:
    """The event for a function."""
    alarm = change.alarm
    state = alarms.state(alarm)
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": account,
        "time": state["timestamp"],
        "region": alarm.region_name,
        "alarmData": {
            "alarmName": alarm.name,
            "state": state,
            "previousState": dict(change.previous),
            "configuration": alarms.configuration(alarm),
        },
    }


def notification(change: Change, account: str) -> tuple[str, str]:
    """The subject and the message for a topic."""
    alarm = change.alarm
    asked, region = alarms.requested(alarm), _region_name(alarm.region_name)
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": asked.get("AlarmDescription"),
        "AWSAccountId": account,
    }
    if not alarms.is_composite(alarm):
        updated = alarms.milliseconds(alarm.configuration_updated_timestamp)
        told["AlarmConfigurationUpdatedTimestamp"] = iso(updated)
    told |= {
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": iso(alarms.milliseconds(alarm.state_updated_timestamp)),
        "Region": region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": change.previous["value"],
        "OKActions": asked.get("OKActions") or [],
        "AlarmActions": asked.get("AlarmActions") or [],
        "InsufficientDataActions": asked.get("InsufficientDataActions") or [],
    }
    if alarms.is_composite(alarm):
        told["AlarmRule"] = alarm.rule
        told["TriggeringChildren"] = list(change.children)
    else:
        told["Trigger"] = alarms.trigger(alarm)
    subject = f'{alarm.state_value}: "{alarm.name}" in {region}'
    return subject[:_LONGEST_SUBJECT], json.dumps(told, separators=(",", ":"))


def state_event(change: Change, account: str) -> dict[str, Any]:
    """The event of a state change for EventBridge."""
    detail = {
        "alarmName": change.alarm.name,
        "state": alarms.state(change.alarm),
        "previousState": dict(change.previous),
        "configuration": alarms.configuration(change.alarm),
    }
    return _event(STATE_CHANGE, change.alarm, account, detail)


def configuration_event(
    alarm: Any, operation: str, account: str, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The event of a change of an alarm's configuration for EventBridge.

    Parameters
    ----------
    operation
        ``create``, ``update`` or ``delete``.
    before
        The configuration before, for ``update``.
    """
    state = alarms.state(alarm)
    detail: dict[str, Any] = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": {"value": state["value"], "timestamp": state["timestamp"]},
        "configuration": alarms.whole_configuration(alarm),
    }
    if before is not None:
        detail["previousConfiguration"] = dict(before)
    return _event(CONFIGURATION_CHANGE, alarm, account, detail)


def _event(kind: str, alarm: Any, account: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.cloudwatch",
        "account": account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": alarm.region_name,
        "resources": [alarm.alarm_arn],
        "detail": detail,
    }


@lru_cache
def _region_name(region: str) -> str:
    """A Region's long name, as notifications have it: ``EU (Ireland)``."""
    from botocore.loaders import Loader

    for partition in Loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"]).replace("Europe", "EU")
    return region
