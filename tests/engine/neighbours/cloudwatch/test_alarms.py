"""Alarms end to end: evaluated by a clock, their functions, topics and event rules are told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine

NAMESPACE = "Shop"
PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
DEADLINE_S = 25.0


def until(found: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Poll until a function returns something true."""
    end = time.monotonic() + deadline_s
    while not (value := found()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="module")
def listener() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


@pytest.fixture(scope="module")
def function(engine: Engine, listener: Ear) -> str:
    """A function that tells what it got; fails its first attempt for alarms named ``fail...``."""
    code = (
        "import json, os\n" + listener.say + "failed = set()\n"
        "def handler(event, context):\n"
        "    name = event.get('alarmData', {}).get('alarmName', '')\n"
        "    say(json.dumps(event))\n"
        "    if name.startswith('fail'):\n"
        "        raise ValueError('no')\n"
    )
    name = engine.create(code)
    account = engine.account
    engine.client().add_permission(
        FunctionName=name,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal=PRINCIPAL,
        SourceAccount=account,
    )
    arn: str = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return arn


@pytest.fixture(scope="module")
def cloudwatch(engine: Engine) -> Any:
    return engine.client("cloudwatch")


def events_of(listener: Ear, alarm: str) -> list[dict[str, Any]]:
    heard = [json.loads(text) for text in list(listener.heard)]
    return [event for event in heard if event.get("alarmData", {}).get("alarmName") == alarm]


def put(cloudwatch: Any, name: str, **settings: Any) -> None:
    cloudwatch.put_metric_alarm(
        **{
            "AlarmName": name,
            "MetricName": name,
            "Namespace": NAMESPACE,
            "Statistic": "Sum",
            "Period": 10,
            "EvaluationPeriods": 1,
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **settings,
        }
    )


def datum(cloudwatch: Any, name: str, value: float, ago_s: float = 0.0, **more: Any) -> None:
    at = datetime.now(timezone.utc) - timedelta(seconds=ago_s)
    one = {"MetricName": name, "Value": value, "Timestamp": at, **more}
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[one])


def shown(cloudwatch: Any, name: str) -> dict[str, Any]:
    found = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (alarm,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return dict(alarm)


def in_state(cloudwatch: Any, name: str, state: str) -> Callable[[], Any]:
    def look() -> Any:
        alarm = shown(cloudwatch, name)
        return alarm if alarm["StateValue"] == state else None

    return look


def test_a_new_alarm_is_evaluated_and_its_function_told(
    engine: Engine, cloudwatch: Any, function: str, listener: Ear
) -> None:
    name = engine.name("sales")
    datum(cloudwatch, name, 7.5, ago_s=15, Dimensions=[{"Name": "Till", "Value": "1"}])
    put(
        cloudwatch,
        name,
        AlarmActions=[function],
        Dimensions=[{"Name": "Till", "Value": "1"}],
        AlarmDescription="much",
        Unit="None",
    )
    alarm = until(in_state(cloudwatch, name, "ALARM"))
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 datapoint [7.5 (")
    assert alarm["StateReason"].endswith(")] was greater than the threshold (5.0).")
    data = json.loads(alarm["StateReasonData"])
    assert data["recentDatapoints"] == [7.5]
    assert data["statistic"], data["period"] == ("Sum", 10)
    (event,) = until(lambda: events_of(listener, name))
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmArn"] == alarm["AlarmArn"]
    assert event["accountId"] == engine.account
    assert event["region"] == engine.region
    told = event["alarmData"]
    assert told["state"]["value"] == "ALARM"
    assert told["state"]["reason"] == alarm["StateReason"]
    assert told["state"]["reasonData"] == alarm["StateReasonData"]
    assert event["time"] == told["state"]["timestamp"]
    assert told["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert told["previousState"]["reason"] == "Unchecked: Initial alarm creation"
    (metric,) = told["configuration"]["metrics"]
    assert told["configuration"]["description"] == "much"
    assert metric["returnData"] is True
    assert metric["metricStat"] == {
        "metric": {"namespace": NAMESPACE, "name": name, "dimensions": {"Till": "1"}},
        "period": 10,
        "stat": "Sum",
        "unit": "None",
    }
    history = cloudwatch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in history] == [
        "Action",
        "StateUpdate",
        "ConfigurationUpdate",
    ]
    assert history[0]["HistorySummary"] == f"Successfully executed action {function}"
    assert history[1]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert history[2]["HistorySummary"] == f'Alarm "{name}" created'
