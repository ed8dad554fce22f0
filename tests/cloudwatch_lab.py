"""What the tests of CloudWatch share: polling, a function that tells what alarms send it, data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from engine_fixtures import Ear, Engine

PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
NAMESPACE = "Shop"
DEADLINE_S = 25.0


def until(found: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Poll until a function returns something true, and return that."""
    end = time.monotonic() + deadline_s
    while not (value := found()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)
    return value


def telling_function(engine: Engine, listener: Ear, body: str = "") -> str:
    """A function that tells the listener each event, and that alarms may invoke; its ARN."""
    code = (
        "import json\n" + listener.say + "def handler(event, context):\n"
        "    say(json.dumps(event))\n" + body
    )
    name = engine.create(code)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal=PRINCIPAL,
        SourceAccount=engine.account,
    )
    found = engine.client().get_function(FunctionName=name)
    return str(found["Configuration"]["FunctionArn"])


def put_alarm(cloudwatch: Any, name: str, **settings: Any) -> None:
    """An alarm on the metric of the same name: its sum in a minute is more than 5."""
    usual = {
        "MetricName": name,
        "Namespace": NAMESPACE,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    cloudwatch.put_metric_alarm(AlarmName=name, **{**usual, **settings})


def put_datum(cloudwatch: Any, name: str, value: float, ago_s: float = 65.0, **more: Any) -> None:
    """One value of a metric, of the minute before: in the range of an alarm that is made now."""
    at = datetime.now(timezone.utc) - timedelta(seconds=ago_s)
    one = {"MetricName": name, "Value": value, "Timestamp": at, **more}
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[one])


def shown(cloudwatch: Any, name: str) -> dict[str, Any]:
    """An alarm as DescribeAlarms shows it."""
    found = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (alarm,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return dict(alarm)


def in_state(cloudwatch: Any, name: str, state: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait until an alarm has a state, and return it."""

    def look() -> Any:
        alarm = shown(cloudwatch, name)
        return alarm if alarm["StateValue"] == state else None

    return until(look, deadline_s)


def events_of(listener: Ear, alarm: str) -> list[dict[str, Any]]:
    """What the functions of an alarm got."""
    heard = [json.loads(text) for text in list(listener.heard)]
    return [event for event in heard if event.get("alarmData", {}).get("alarmName") == alarm]


def history(cloudwatch: Any, name: str, kind: str | None = None) -> list[dict[str, Any]]:
    """An alarm's history, newest first."""
    asked = {"HistoryItemType": kind} if kind else {}
    found = cloudwatch.describe_alarm_history(AlarmName=name, **asked)
    return list(found["AlarmHistoryItems"])
