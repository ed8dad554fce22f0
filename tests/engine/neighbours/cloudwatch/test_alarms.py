"""Alarms end to end: evaluated by a clock; functions, topics and event rules are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import CloudWatchAlarmEvent
from botocore.exceptions import ClientError
from cloudwatch_lab import (
    NAMESPACE,
    events_of,
    history,
    in_state,
    put_alarm,
    put_datum,
    shown,
    telling_function,
    until,
)
from engine_fixtures import Ear, Engine


@pytest.fixture(scope="module")
def listener() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


@pytest.fixture(scope="module")
def function(engine: Engine, listener: Ear) -> str:
    return telling_function(engine, listener)


@pytest.fixture(scope="module")
def cloudwatch(engine: Engine) -> Any:
    return engine.client("cloudwatch")


@pytest.fixture(scope="module")
def queue(engine: Engine) -> tuple[str, str]:
    """A queue's URL and ARN."""
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("alarms"))["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, asked["Attributes"]["QueueArn"]


def messages(engine: Engine, url: str) -> list[dict[str, Any]]:
    found = engine.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]


def test_a_new_alarm_is_evaluated_and_its_function_told(
    engine: Engine, cloudwatch: Any, function: str, listener: Ear
) -> None:
    name = engine.name("sales")
    tills = [{"Name": "Till", "Value": "1"}]
    put_datum(cloudwatch, name, 7.5, Dimensions=tills)
    put_datum(cloudwatch, name, 70.0)  # another series
    put_alarm(
        cloudwatch,
        name,
        AlarmActions=[function],
        Dimensions=tills,
        AlarmDescription="much",
        Unit="None",
    )
    alarm = in_state(cloudwatch, name, "ALARM")
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 datapoint [7.5 (")
    assert alarm["StateReason"].endswith(")] was greater than the threshold (5.0).")
    data = json.loads(alarm["StateReasonData"])
    assert (data["version"], data["statistic"], data["period"]) == ("1.0", "Sum", 60)
    assert data["recentDatapoints"] == [7.5]
    assert alarm["StateTransitionedTimestamp"] == alarm["StateUpdatedTimestamp"]
    (event,) = until(lambda: events_of(listener, name))
    told = event["alarmData"]
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmArn"] == alarm["AlarmArn"]
    assert (event["accountId"], event["region"]) == (engine.account, engine.region)
    assert event["time"] == told["state"]["timestamp"]
    assert told["state"]["value"] == "ALARM"
    assert told["state"]["reason"] == alarm["StateReason"]
    assert told["state"]["reasonData"] == alarm["StateReasonData"]
    assert told["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert told["previousState"]["reason"] == "Unchecked: Initial alarm creation"
    (metric,) = told["configuration"]["metrics"]
    assert told["configuration"]["description"] == "much"
    assert metric["returnData"] is True
    assert metric["metricStat"] == {
        "metric": {"namespace": NAMESPACE, "name": name, "dimensions": {"Till": "1"}},
        "period": 60,
        "stat": "Sum",
        "unit": "None",
    }
    parsed = CloudWatchAlarmEvent(event)
    assert parsed.alarm_data.alarm_name == name
    assert parsed.alarm_data.state.value == "ALARM"
    assert parsed.alarm_data.configuration.metrics[0].metric_stat.stat == "Sum"
    items = history(cloudwatch, name)
    assert [item["HistorySummary"] for item in items] == [
        f"Successfully executed action {function}",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f'Alarm "{name}" created',
    ]
    kinds = [item["HistoryItemType"] for item in items]
    assert kinds == ["Action", "StateUpdate", "ConfigurationUpdate"]


def test_without_the_functions_permission_the_action_fails(engine: Engine, cloudwatch: Any) -> None:
    function = engine.create("def handler(event, context):\n    pass\n")
    arn = engine.client().get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    name = engine.name("closed")
    put_alarm(cloudwatch, name, AlarmActions=[arn])
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    (item,) = history(cloudwatch, name, "Action")
    assert item["HistorySummary"].startswith(f"Failed to execute action {arn}. Received error: ")
    assert "no resource-based policy allows" in item["HistorySummary"]
    assert json.loads(item["HistoryData"])["actionState"] == "Failed"


def test_set_state_tells_a_topic_and_an_event_rule(
    engine: Engine, cloudwatch: Any, queue: tuple[str, str]
) -> None:
    name, (url, arn) = engine.name("topic"), queue
    sns, events = engine.client("sns"), engine.client("events")
    topic = sns.create_topic(Name=engine.name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    rule = engine.name("rule")
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change"],
        "detail": {"alarmName": [name]},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    put_alarm(cloudwatch, name, AlarmActions=[topic], OKActions=[topic], DatapointsToAlarm=1)
    heard: list[dict[str, Any]] = []

    def three() -> bool:
        heard.extend(messages(engine, url))
        return len({one.get("detail-type", one.get("Type")) for one in heard}) == 3

    cloudwatch.set_alarm_state(
        AlarmName=name, StateValue="ALARM", StateReason="by hand", StateReasonData='{"a":1}'
    )
    until(three)
    (notification,) = [one for one in heard if one.get("Type") == "Notification"]
    told_first = reversed(heard)  # the end of the minute may change the state again
    changes = {one["detail-type"]: one["detail"] for one in told_first if "detail-type" in one}
    assert notification["Subject"].startswith(f'ALARM: "{name}" in ')
    told = json.loads(notification["Message"])
    assert told["AlarmName"] == name
    assert (told["OldStateValue"], told["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert told["NewStateReason"] == "by hand"
    assert told["AlarmActions"] == [topic]
    assert told["Trigger"] == {
        "MetricName": name,
        "Namespace": NAMESPACE,
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": "",
    }
    state = changes["CloudWatch Alarm State Change"]
    assert state["state"]["value"] == "ALARM"
    assert state["state"]["reasonData"] == '{"a":1}'
    assert state["previousState"]["value"] == "INSUFFICIENT_DATA"
    made = changes["CloudWatch Alarm Configuration Change"]
    assert (made["operation"], made["configuration"]["threshold"]) == ("create", 5.0)


def test_disabled_actions_are_not_carried_out(
    engine: Engine, cloudwatch: Any, function: str, listener: Ear
) -> None:
    name = engine.name("quiet")
    put_alarm(cloudwatch, name, AlarmActions=[function], OKActions=[function])
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert shown(cloudwatch, name)["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    (event,) = until(lambda: events_of(listener, name))
    assert event["alarmData"]["state"]["value"] == "OK"
    assert len(history(cloudwatch, name, "Action")) == 1


@pytest.mark.slow
def test_an_alarm_comes_back_when_its_data_does(engine: Engine, cloudwatch: Any) -> None:
    """The clock evaluates each ten seconds, without anybody's call."""
    name = engine.name("back")
    missing = {"TreatMissingData": "notBreaching", "DatapointsToAlarm": 1}
    put_alarm(cloudwatch, name, Period=10, **missing)
    alarm = in_state(cloudwatch, name, "OK")
    assert alarm["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching]."
    )

    def look() -> Any:
        put_datum(cloudwatch, name, 6.0, ago_s=0)
        alarm = shown(cloudwatch, name)
        return alarm if alarm["StateValue"] == "ALARM" else None

    alarm = until(look)
    assert "1 out of the last 1 datapoints [" in alarm["StateReason"]
    assert alarm["StateReason"].endswith("(minimum 1 datapoint for OK -> ALARM transition).")


def test_metric_math_and_percentiles(engine: Engine, cloudwatch: Any) -> None:
    rate, slow = engine.name("rate"), engine.name("slow")
    put_datum(cloudwatch, rate, 2.0)
    put_datum(cloudwatch, f"{rate}-calls", 8.0)
    for value in range(1, 101):
        put_datum(cloudwatch, slow, float(value))

    def query(name: str, metric: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": 60}
        return {"Id": name, "MetricStat": {**stat, "Stat": "Sum"}, "ReturnData": False}

    whole = {"Id": "e", "Expression": "100 * errors / calls", "Label": "error rate"}
    cloudwatch.put_metric_alarm(
        AlarmName=rate,
        Metrics=[whole, query("errors", rate), query("calls", f"{rate}-calls")],
        EvaluationPeriods=1,
        Threshold=20.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.put_metric_alarm(
        AlarmName=slow,
        MetricName=slow,
        Namespace=NAMESPACE,
        ExtendedStatistic="p90",
        Period=60,
        EvaluationPeriods=1,
        Threshold=90.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarm = in_state(cloudwatch, rate, "ALARM")
    assert "[25.0 (" in alarm["StateReason"]
    assert "was greater than or equal to the threshold (20.0)" in alarm["StateReason"]
    assert alarm["Metrics"][0]["Expression"] == "100 * errors / calls"
    alarm = in_state(cloudwatch, slow, "ALARM")
    assert "[90.1" in alarm["StateReason"]


def test_composite_alarms_follow_their_children(
    engine: Engine, cloudwatch: Any, function: str, listener: Ear
) -> None:
    a, b, both = (engine.name(name) for name in ("a", "b", "both"))
    for name in (a, b):
        put_alarm(cloudwatch, name)
    with pytest.raises(ClientError, match=r"alarms \[nobody\] in the alarm rule do not exist"):
        cloudwatch.put_composite_alarm(AlarmName=both, AlarmRule="ALARM(nobody)")
    with pytest.raises(ClientError, match="Alarm rule is not valid"):
        cloudwatch.put_composite_alarm(AlarmName=both, AlarmRule=f"ALARM({a}) AND")
    rule = f'ALARM("{a}") AND (ALARM({b}) OR FALSE)'
    cloudwatch.put_composite_alarm(AlarmName=both, AlarmRule=rule, AlarmActions=[function])
    first = shown(cloudwatch, both)
    assert first["StateValue"] == "OK"
    assert first["StateReason"].endswith("was created and its alarm rule evaluates to OK")
    cloudwatch.set_alarm_state(AlarmName=a, StateValue="ALARM", StateReason="test")
    assert shown(cloudwatch, both)["StateValue"] == "OK"
    cloudwatch.set_alarm_state(AlarmName=b, StateValue="ALARM", StateReason="test")
    alarm = shown(cloudwatch, both)
    assert alarm["StateValue"] == "ALARM"
    assert f":alarm:{b} transitioned to ALARM at " in alarm["StateReason"]
    (event,) = until(lambda: events_of(listener, both))
    assert event["alarmData"]["configuration"] == {"alarmRule": rule}
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName=both)["MetricAlarms"]
    assert {child["AlarmName"] for child in children} == {a, b}
    assert cloudwatch.describe_alarms(AlarmNames=[both])["CompositeAlarms"] == []
    cloudwatch.set_alarm_state(AlarmName=a, StateValue="OK", StateReason="test")
    assert shown(cloudwatch, both)["StateValue"] == "OK"


def test_a_suppressor_holds_actions_back(
    engine: Engine, cloudwatch: Any, function: str, listener: Ear
) -> None:
    child, works, top = (engine.name(name) for name in ("child", "works", "top"))
    for name in (child, works):
        put_alarm(cloudwatch, name)
    cloudwatch.put_composite_alarm(
        AlarmName=top,
        AlarmRule=f"ALARM({child})",
        AlarmActions=[function],
        ActionsSuppressor=works,
        ActionsSuppressorWaitPeriod=1,
        ActionsSuppressorExtensionPeriod=1,
    )
    cloudwatch.set_alarm_state(AlarmName=works, StateValue="ALARM", StateReason="works")
    cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="test")
    alarm = shown(cloudwatch, top)
    assert (alarm["StateValue"], alarm["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    assert events_of(listener, top) == []
    cloudwatch.set_alarm_state(AlarmName=works, StateValue="OK", StateReason="done")
    assert shown(cloudwatch, top)["ActionsSuppressedBy"] == "ExtensionPeriod"
    (event,) = until(lambda: events_of(listener, top))
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert "ActionsSuppressedBy" not in shown(cloudwatch, top)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"AlarmActions": ["nonsense"]}, "Invalid arn syntax: nonsense"),
        (
            {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]},
            "carries out alarm actions of Lambda and SNS only",
        ),
        ({"Period": 15}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"EvaluationPeriods": 100_000}, "cannot be checked across more than a day"),
        ({"DatapointsToAlarm": 2}, "less than or equal to EvaluationPeriods"),
        ({"TreatMissingData": "never"}, "Option never is not supported"),
        ({"ExtendedStatistic": "p90"}, "Exactly one of Statistic and ExtendedStatistic"),
        ({"ComparisonOperator": "LessThanLowerThreshold"}, "anomaly detection"),
    ],
)
def test_what_cannot_work_is_refused(
    engine: Engine, cloudwatch: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as error:
        put_alarm(cloudwatch, engine.name("wrong"), **settings)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_wrong_expression_is_refused(engine: Engine, cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="the function SEARCH is not supported"):
        cloudwatch.put_metric_alarm(
            AlarmName=engine.name("wrong"),
            Metrics=[{"Id": "e", "Expression": "SEARCH('{x}', 'Sum', 60)"}],
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )


def test_an_update_keeps_the_state_and_a_deleted_alarm_is_gone(
    engine: Engine, cloudwatch: Any
) -> None:
    name = engine.name("changed")
    put_alarm(cloudwatch, name, TreatMissingData="ignore")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    put_alarm(cloudwatch, name, TreatMissingData="ignore", Threshold=9.0)
    alarm = shown(cloudwatch, name)
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 9.0)
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    summaries = [item["HistorySummary"] for item in history(cloudwatch, name)]
    assert summaries[0] == f'Alarm "{name}" deleted'
    assert summaries[1] == f'Alarm "{name}" updated'
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"
