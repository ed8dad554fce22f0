"""Definitions that AWS refuses, and what may be created twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from states_lab import Lab, program, task

PASS = {"Type": "Pass", "End": True}
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


@pytest.mark.parametrize(
    ("definition", "code", "location"),
    [
        ("{", "INVALID_JSON_DESCRIPTION", "/"),
        ("[]", "INVALID_JSON_DESCRIPTION", "/"),
        ('{"StartAt": "A", "States": {}}', "SCHEMA_VALIDATION_FAILED", "/"),
        ('{"StartAt": "B", "States": {"A": {}}}', "MISSING_TRANSITION_TARGET", "/StartAt"),
        (program({"A": {"Type": "Pass"}}), "SCHEMA_VALIDATION_FAILED", "/States/A"),
        (program({"A": {"Type": "Go", "End": True}}), "SCHEMA_VALIDATION_FAILED", "/States/A"),
        (
            program({"A": {"Type": "Pass", "Next": "B"}}),
            "MISSING_TRANSITION_TARGET",
            "/States/A/Next",
        ),
        (program({"A": PASS, "B": PASS}), "MISSING_TRANSITION_TARGET", "/States/B"),
        (program({"A": {**PASS, "Nonsense": 1}}), "SCHEMA_VALIDATION_FAILED", "/"),
        (
            program({"A": task("arn:aws:states:::nothing:go")}),
            "SCHEMA_VALIDATION_FAILED",
            "/",
        ),
        (
            program(
                {
                    "A": {
                        "Type": "Parallel",
                        "Branches": [json.loads(program({"B": {}}))],
                        "End": True,
                    }
                }
            ),
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Branches[0]/States/B",
        ),
    ],
)
def test_what_is_wrong_is_told(
    engine: Engine, lab: Lab, definition: str, code: str, location: str
) -> None:
    told = lab.calls.validate_state_machine_definition(definition=definition)
    assert told["result"] == "FAIL"
    assert (told["diagnostics"][0]["code"], told["diagnostics"][0]["location"]) == (code, location)
    refused = error_of(
        lambda: lab.calls.create_state_machine(
            name=engine.name("m"),
            definition=definition,
            roleArn=f"arn:aws:iam::{engine.account}:role/machine",
        )
    )
    assert refused[0] == "InvalidDefinition"
    assert code in refused[1]


@pytest.mark.parametrize(
    "state",
    [
        task(TOKEN, {"QueueUrl": "q", "MessageBody": "m"}),
        task("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": "m"}),
        task("arn:aws:states:us-east-1:000000000000:activity:a"),
    ],
)
def test_what_only_standard_ones_may_have(lab: Lab, state: dict[str, Any]) -> None:
    definition = program({"A": state})
    fine = lab.calls.validate_state_machine_definition(definition=definition)
    assert fine["result"] == "OK", fine
    told = lab.calls.validate_state_machine_definition(definition=definition, type="EXPRESS")
    assert told["result"] == "FAIL"


def test_names_are_unique_but_the_same_request_is_none(engine: Engine, lab: Lab) -> None:
    told = {
        "name": engine.name("m"),
        "definition": program({"A": PASS}),
        "roleArn": f"arn:aws:iam::{engine.account}:role/machine",
    }
    first = lab.calls.create_state_machine(**told)
    again = lab.calls.create_state_machine(**told)
    assert again["stateMachineArn"] == first["stateMachineArn"]
    other = {**told, "definition": program({"B": PASS})}
    refused = error_of(lambda: lab.calls.create_state_machine(**other))
    assert refused[0] == "StateMachineAlreadyExists"
    bad = error_of(lambda: lab.calls.create_state_machine(**{**told, "name": "a b"}))
    assert bad[0] == "InvalidName"


def test_names_of_executions(lab: Lab) -> None:
    wait = {"A": {"Type": "Wait", "Seconds": 300, "End": True}}
    machine = lab.make(wait)
    told = {"stateMachineArn": machine, "name": "one", "input": '{"n": 1}'}
    first = lab.calls.start_execution(**told)
    assert lab.calls.start_execution(**told)["startDate"] == first["startDate"]
    other = error_of(lambda: lab.calls.start_execution(**{**told, "input": "{}"}))
    assert other[0] == "ExecutionAlreadyExists"
    lab.calls.stop_execution(executionArn=first["executionArn"])
    assert error_of(lambda: lab.calls.start_execution(**told))[0] == "ExecutionAlreadyExists"
    assert (
        error_of(lambda: lab.calls.start_execution(**{**told, "name": "a b"}))[0] == "InvalidName"
    )
