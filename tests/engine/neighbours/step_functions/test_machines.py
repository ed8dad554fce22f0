"""State machines run: their tasks invoke functions with verified signatures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Engine

ROLE = "arn:aws:iam::000000000000:role/machine"
DOUBLE = "def handler(event, context):\n    return {'n': event['n'] * 2}\n"
FAIL = "def handler(event, context):\n    raise ValueError('too much')\n"


def definition(double: str, fail: str) -> str:
    """Doubles, then fails for numbers above ten, and says what it caught."""
    caught = {"ErrorEquals": ["ValueError"], "ResultPath": "$.caught", "Next": "Told"}
    return json.dumps(
        {
            "StartAt": "Double",
            "States": {
                "Double": {"Type": "Task", "Resource": double, "Next": "Large"},
                "Large": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Fail"}],
                    "Default": "Fine",
                },
                "Fine": {"Type": "Pass", "End": True},
                "Fail": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": fail, "Payload.$": "$"},
                    "Catch": [caught],
                    "End": True,
                },
                "Told": {"Type": "Pass", "End": True},
            },
        }
    )


def finished(machines: Any, execution: str) -> dict[str, Any]:
    """The description of an execution that has ended."""
    deadline = time.monotonic() + 60
    while True:
        told: dict[str, Any] = machines.describe_execution(executionArn=execution)
        if told["status"] != "RUNNING":
            return told
        assert time.monotonic() < deadline
        time.sleep(0.05)


def make(engine: Engine) -> str:
    """A state machine over two functions; its ARN."""
    arns = [
        engine.client().get_function(FunctionName=engine.create(code))["Configuration"][
            "FunctionArn"
        ]
        for code in (DOUBLE, FAIL)
    ]
    made = engine.client("stepfunctions").create_state_machine(
        name=engine.name("machine"), definition=definition(*arns), roleArn=ROLE
    )
    return str(made["stateMachineArn"])


@pytest.mark.slow
def test_tasks_choices_and_catches(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    machine = make(engine)
    states = engine.client("stepfunctions")
    runs = [
        states.start_execution(stateMachineArn=machine, input=json.dumps({"n": n}))["executionArn"]
        for n in (2, 20)
    ]
    small, large = (finished(states, run) for run in runs)
    assert small["status"] == large["status"] == "SUCCEEDED"
    assert json.loads(small["output"]) == {"n": 4}
    output = json.loads(large["output"])
    assert output["n"] == 40
    assert output["caught"]["Error"] == "ValueError"
    assert json.loads(output["caught"]["Cause"])["errorMessage"] == "too much"
    history = states.get_execution_history(executionArn=runs[1])["events"]
    assert history[-1]["type"] == "ExecutionSucceeded"

    # After a restart the machine and its executions still exist, and it runs again. What ran when
    # the engine ended has failed.
    wait = {"A": {"Type": "Wait", "Seconds": 300, "End": True}}
    waiting = states.create_state_machine(
        name=engine.name("machine"),
        definition=json.dumps({"StartAt": "A", "States": wait}),
        roleArn=ROLE,
    )["stateMachineArn"]
    left = states.start_execution(stateMachineArn=waiting)["executionArn"]
    assert engine.stop() == 0
    again = start_engine()
    states = again.client("stepfunctions")
    assert states.describe_execution(executionArn=runs[1])["output"] == large["output"]
    run = states.start_execution(stateMachineArn=machine, input='{"n": 3}')["executionArn"]
    assert json.loads(finished(states, run)["output"]) == {"n": 6}
    lost = states.describe_execution(executionArn=left)
    assert (lost["status"], lost["error"]) == ("FAILED", "States.Runtime")
    assert "The engine ended" in lost["cause"]
    assert lost["stopDate"] >= lost["startDate"]
    events = states.get_execution_history(executionArn=left)["events"]
    assert events[-1]["type"] == "ExecutionFailed"
