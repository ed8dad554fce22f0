"""Alarms where functions fail and engines die: no action is lost, states are true afterwards."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from cloudwatch_lab import (
    events_of,
    history,
    in_state,
    put_alarm,
    put_datum,
    shown,
    telling_function,
    until,
)
from engine_fixtures import Ear, Engine, lives

StartEngine = Callable[..., Engine]


def test_a_function_that_fails_is_an_asynchronous_failure(engine: Engine, ear: Ear) -> None:
    """The action succeeded: Lambda has the event, with its own retries and destinations."""
    arn = telling_function(engine, ear, body="    raise ValueError('no')\n")
    sqs, cloudwatch = engine.client("sqs"), engine.client("cloudwatch")
    url = sqs.create_queue(QueueName=engine.name("failed"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    engine.client().put_function_event_invoke_config(
        FunctionName=arn,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue["QueueArn"]}},
    )
    name = engine.name("failing")
    put_alarm(cloudwatch, name, AlarmActions=[arn])
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    told = until(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    record = json.loads(told[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"]["alarmData"]["alarmName"] == name
    (action,) = history(cloudwatch, name, "Action")
    assert action["HistorySummary"] == f"Successfully executed action {arn}"
    assert len(events_of(ear, name)) == 1


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_failing_function_raises_an_alarm_by_itself(engine: Engine, ear: Ear) -> None:
    """Errors of a function, its metric, an alarm on it, another function.

    Lambda's metrics carry the start of their minute, so shorter periods would often see nothing.
    """
    arn = telling_function(engine, ear)
    failing = engine.create("def handler(event, context):\n    raise ValueError('no')\n")
    cloudwatch, name = engine.client("cloudwatch"), engine.name("errors")
    put_alarm(
        cloudwatch,
        name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": failing}],
        Threshold=0.0,
        TreatMissingData="notBreaching",
        AlarmActions=[arn],
    )
    in_state(cloudwatch, name, "OK")
    engine.client().invoke(FunctionName=failing)
    alarm = in_state(cloudwatch, name, "ALARM", deadline_s=130)
    assert "datapoint [1.0 (" in alarm["StateReason"]
    (event,) = until(lambda: events_of(ear, name))
    metric = event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]
    assert (metric["name"], metric["dimensions"]) == ("Errors", {"FunctionName": failing})


def kill(engine: Engine) -> None:
    """Kill the engine and its services at once, as a power cut would."""
    children = psutil.Process(engine.process.pid).children(recursive=True)
    os.kill(engine.process.pid, signal.SIGSTOP)
    for process in children:
        os.kill(process.pid, signal.SIGKILL)
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.process.wait()
    until(lambda: not any(lives(process.pid) for process in children))


@pytest.mark.slow
def test_no_action_is_lost_when_the_engine_dies(start_engine: StartEngine, ear: Ear) -> None:
    engine = start_engine()
    arn = telling_function(engine, ear)
    cloudwatch = engine.client("cloudwatch")
    names = [f"alarm-{i}" for i in range(8)]
    for name in names:
        put_alarm(cloudwatch, name, AlarmActions=[arn], TreatMissingData="ignore")
    saved = engine.data_dir / "services"

    def on_disk() -> bool:
        files = list(saved.glob("moto.cloudwatch*.state"))
        return any(names[-1].encode() in file.read_bytes() for file in files)

    until(on_disk)
    for name in names:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    kill(engine)
    started = start_engine()
    until(lambda: all(events_of(ear, name) for name in names))
    states = {shown(started.client("cloudwatch"), name)["StateValue"] for name in names}
    assert states <= {"ALARM", "INSUFFICIENT_DATA"}  # the last second of moto's state may be lost


@pytest.mark.slow
def test_what_the_clock_found_is_saved(start_engine: StartEngine) -> None:
    """Nobody calls CloudWatch after the alarm is made."""
    engine = start_engine()
    cloudwatch = engine.client("cloudwatch")
    put_alarm(cloudwatch, "lonely", Period=10, TreatMissingData="breaching")
    saved = engine.data_dir / "services"

    def on_disk() -> bool:
        files = list(saved.glob("moto.cloudwatch*.state"))
        return any(b"Alarm updated from" in file.read_bytes() for file in files)

    until(on_disk)


@pytest.mark.slow
def test_alarms_are_kept_and_evaluated_after_a_restart(start_engine: StartEngine) -> None:
    engine = start_engine()
    cloudwatch = engine.client("cloudwatch")
    put_datum(cloudwatch, "kept", 9.0)
    put_alarm(cloudwatch, "kept", TreatMissingData="ignore")
    cloudwatch.put_composite_alarm(AlarmName="above", AlarmRule="ALARM(kept)")
    before = in_state(cloudwatch, "kept", "ALARM")
    os.kill(engine.process.pid, signal.SIGKILL)  # the services save and end by themselves
    engine.process.wait()
    cloudwatch = start_engine().client("cloudwatch")
    alarm: dict[str, Any] = shown(cloudwatch, "kept")
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateTransitionedTimestamp"] == before["StateTransitionedTimestamp"]
    assert shown(cloudwatch, "above")["StateValue"] == "ALARM"
    summaries = [item["HistorySummary"] for item in history(cloudwatch, "kept")]
    assert summaries == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "kept" created',
    ]
    put_alarm(cloudwatch, "kept", Period=10, TreatMissingData="notBreaching")
    in_state(cloudwatch, "kept", "OK")
    assert time.time() > alarm["StateUpdatedTimestamp"].timestamp()
    in_state(cloudwatch, "above", "OK")
