"""What executions tell: CloudWatch Logs by the logging configuration, and EventBridge."""

from __future__ import annotations

import functools
import json
import time
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from states_lab import FAIL, Lab, task


def logged(engine: Engine, group: str) -> list[dict[str, Any]]:
    told = engine.client("logs").filter_log_events(logGroupName=group)["events"]
    return [json.loads(event["message"]) for event in told]


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        ("ALL", ["ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled"]),
        ("ERROR", ["LambdaFunctionFailed", "ExecutionFailed"]),
        ("FATAL", ["ExecutionFailed"]),
        ("OFF", []),
    ],
)
def test_the_level_says_what_is_logged(
    engine: Engine, lab: Lab, level: str, kinds: list[str]
) -> None:
    group = f"/machines/{engine.name()}"
    engine.client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}:*"
    configuration = {
        "level": level,
        "includeExecutionData": level == "ALL",
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    states = {"A": task(lab.function(FAIL))}
    machine = lab.make(states, loggingConfiguration=configuration)
    execution = lab.start(machine, {"secret": 1})
    assert lab.ended(execution)["status"] == "FAILED"
    told = logged(engine, group)
    assert [one["type"] for one in told][: len(kinds)] == kinds
    assert all(one["execution_arn"] == execution for one in told)
    assert ("secret" in json.dumps(told)) == (level == "ALL")
    streams = engine.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    name = machine.rpartition(":")[2]
    assert all(one["logStreamName"].startswith(f"states/{name}/") for one in streams)


def test_a_configuration_that_cannot_work(engine: Engine, lab: Lab) -> None:
    states = {"A": {"Type": "Pass", "End": True}}
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:/none:*"
    there = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
    for destinations in ([], there):
        configuration = {"level": "ALL", "destinations": destinations}
        call = functools.partial(lab.make, states, loggingConfiguration=configuration)
        code, _ = error_of(call)
        assert code == "InvalidLoggingConfiguration"


def test_rules_hear_of_the_beginning_and_the_end(engine: Engine, lab: Lab) -> None:
    queues, events = engine.client("sqs"), engine.client("events")
    name = engine.name("heard")
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    machine = lab.make({"A": {"Type": "Pass", "End": True}})
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = f"arn:aws:sqs:{engine.region}:{engine.account}:{name}"
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])
    execution = lab.start(machine, {"n": 1})
    heard: dict[str, Any] = {}
    deadline = time.monotonic() + 60
    while len(heard) < 2 and time.monotonic() < deadline:
        got = queues.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        for message in got.get("Messages", []):
            event = json.loads(message["Body"])
            heard[event["detail"]["status"]] = event
    assert set(heard) == {"RUNNING", "SUCCEEDED"}
    end = heard["SUCCEEDED"]
    assert end["detail-type"] == "Step Functions Execution Status Change"
    assert end["resources"] == [execution]
    assert json.loads(end["detail"]["output"]) == {"n": 1}
    assert end["detail"]["stopDate"] >= end["detail"]["startDate"]
