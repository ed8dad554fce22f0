"""State machines for tests: made, run and waited for through the API."""

from __future__ import annotations

import json
import time
from typing import Any

from engine_fixtures import Engine

DOUBLE = "def handler(event, context):\n    return {'n': event['n'] * 2}\n"
FAIL = "def handler(event, context):\n    raise ValueError('too much')\n"


def task(resource: str, parameters: Any = None, **more: Any) -> dict[str, Any]:
    """A Task state that ends its scope."""
    told = {} if parameters is None else {"Parameters": parameters}
    return {"Type": "Task", "Resource": resource, **told, "End": True, **more}


def program(states: dict[str, Any], **more: Any) -> str:
    """A definition that begins with the first state."""
    return json.dumps({"StartAt": next(iter(states)), "States": states, **more})


class Lab:
    """The state machines of one engine.

    Attributes
    ----------
    calls
        The client of Step Functions.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls = engine.client("stepfunctions")

    def function(self, code: str) -> str:
        """The ARN of a new function."""
        name = self.engine.create(code)
        told = self.engine.client().get_function(FunctionName=name)["Configuration"]
        return str(told["FunctionArn"])

    def make(self, states: dict[str, Any], kind: str = "STANDARD", **more: Any) -> str:
        """The ARN of a new state machine; ``program`` holds fields of its definition."""
        definition = program(states, **more.pop("program", {}))
        return str(
            self.calls.create_state_machine(
                name=self.engine.name("machine"),
                definition=definition,
                roleArn=f"arn:aws:iam::{self.engine.account}:role/machine",
                type=kind,
                **more,
            )["stateMachineArn"]
        )

    def start(self, machine: str, told: Any = None) -> str:
        """The ARN of a new execution."""
        begun = self.calls.start_execution(stateMachineArn=machine, input=json.dumps(told or {}))
        return str(begun["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """The description of an execution that has ended."""
        deadline = time.monotonic() + 60
        while True:
            told: dict[str, Any] = self.calls.describe_execution(executionArn=execution)
            if told["status"] != "RUNNING":
                return told
            assert time.monotonic() < deadline, "the execution goes on"
            time.sleep(0.02)

    def run(self, states: dict[str, Any], told: Any = None, **more: Any) -> dict[str, Any]:
        """The description of an execution of a new state machine."""
        return self.ended(self.start(self.make(states, **more), told))

    def output(self, states: dict[str, Any], told: Any = None, **more: Any) -> Any:
        """The output of an execution of a new state machine."""
        ran = self.run(states, told, **more)
        assert ran["status"] == "SUCCEEDED", ran
        return json.loads(ran["output"])

    def events(self, execution: str) -> list[str]:
        """The types of the events of an execution."""
        told = self.calls.get_execution_history(executionArn=execution)["events"]
        return [event["type"] for event in told]
