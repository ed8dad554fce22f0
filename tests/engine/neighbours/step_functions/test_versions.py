"""Versions of state machines: published, run by their ARN and by an alias's, and deleted."""

from __future__ import annotations

import json
import time
from typing import Any

from engine_fixtures import ROLE, Engine, error_of


def saying(word: str) -> str:
    states = {"Say": {"Type": "Pass", "Result": word, "End": True}}
    return json.dumps({"StartAt": "Say", "States": states})


def output(engine: Engine, arn: str) -> Any:
    calls = engine.client("stepfunctions")
    execution = calls.start_execution(stateMachineArn=arn)["executionArn"]
    for _ in range(600):
        told = calls.describe_execution(executionArn=execution)
        if told["status"] != "RUNNING":
            return json.loads(told["output"])
        time.sleep(0.05)
    raise AssertionError(told)


def test_versions_and_an_alias_run_what_they_were(engine: Engine) -> None:
    calls = engine.client("stepfunctions")
    arn = calls.create_state_machine(
        name=engine.name("machine"), definition=saying("one"), roleArn=ROLE
    )["stateMachineArn"]
    one = calls.publish_state_machine_version(stateMachineArn=arn, description="first")
    one_arn = one["stateMachineVersionArn"]
    assert one_arn == f"{arn}:1"
    again = calls.publish_state_machine_version(stateMachineArn=arn)
    assert again["stateMachineVersionArn"] == one_arn

    old = calls.describe_state_machine(stateMachineArn=arn)["revisionId"]
    calls.update_state_machine(stateMachineArn=arn, definition=saying("two"))
    code, _ = error_of(
        lambda: calls.publish_state_machine_version(stateMachineArn=arn, revisionId=old)
    )
    assert code == "ConflictException"
    new = calls.describe_state_machine(stateMachineArn=arn)["revisionId"]
    two = calls.publish_state_machine_version(stateMachineArn=arn, revisionId=new)
    two_arn = two["stateMachineVersionArn"]

    alias = calls.create_state_machine_alias(
        name="live", routingConfiguration=[{"stateMachineVersionArn": one_arn, "weight": 100}]
    )["stateMachineAliasArn"]
    assert [output(engine, one) for one in (one_arn, two_arn, alias)] == ["one", "two", "one"]
    assert calls.describe_state_machine(stateMachineArn=one_arn)["description"] == "first"
    listed = calls.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [one["stateMachineVersionArn"] for one in listed] == [two_arn, one_arn]

    code, message = error_of(
        lambda: calls.delete_state_machine_version(stateMachineVersionArn=one_arn)
    )
    assert code == "ConflictException"
    assert alias in message
    calls.delete_state_machine_version(stateMachineVersionArn=two_arn)
    assert len(calls.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]) == 1
