"""Express state machines: run and waited for; nothing of them is kept."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from states_lab import DOUBLE, FAIL, Lab, task


def calls(engine: Engine) -> Any:
    """A client as a user of the engine's credentials file has it."""
    import boto3
    from botocore.config import Config

    session = boto3.Session(region_name=engine.region, **engine.keys)
    return session.client(
        "stepfunctions", endpoint_url=engine.url, config=Config(inject_host_prefix=False)
    )


def test_the_answer_of_start_sync_execution(engine: Engine, lab: Lab) -> None:
    machine = lab.make({"A": task(lab.function(DOUBLE))}, "EXPRESS")
    client = calls(engine)
    told = client.start_sync_execution(
        stateMachineArn=machine, name="one", input='{"n": 3}', traceHeader="Root=1-0-0"
    )
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"]) == {"n": 6}
    name = machine.rpartition(":")[2]
    assert told["executionArn"].split(":")[5:8] == ["express", name, "one"]
    assert told["stateMachineArn"] == machine
    assert told["traceHeader"] == "Root=1-0-0"
    assert told["billingDetails"]["billedMemoryUsedInMB"] == 64
    assert told["billingDetails"]["billedDurationInMilliseconds"] % 100 == 0
    # A name is no key: executions are not remembered.
    again = client.start_sync_execution(stateMachineArn=machine, name="one", input='{"n": 4}')
    assert json.loads(again["output"]) == {"n": 8}
    client.close()


def test_failures_and_time_limits_are_answers(engine: Engine, lab: Lab) -> None:
    client = calls(engine)
    failing = lab.make({"A": task(lab.function(FAIL))}, "EXPRESS")
    told = client.start_sync_execution(stateMachineArn=failing)
    assert (told["status"], told["error"]) == ("FAILED", "ValueError")
    assert json.loads(told["cause"])["errorMessage"] == "too much"
    wait = {"A": {"Type": "Wait", "Seconds": 200, "End": True}}
    slow = lab.make(wait, "EXPRESS", program={"TimeoutSeconds": 1})
    told = client.start_sync_execution(stateMachineArn=slow)
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")
    client.close()


def test_what_express_executions_do_not_have(engine: Engine, lab: Lab) -> None:
    machine = lab.make({"A": {"Type": "Pass", "End": True}}, "EXPRESS")
    execution = lab.start(machine)
    for method in ("describe_execution", "get_execution_history", "stop_execution"):
        call = functools.partial(getattr(lab.calls, method), executionArn=execution)
        code, message = error_of(call)
        assert code == "InvalidArn"
        assert "express" in message
    listed = error_of(lambda: lab.calls.list_executions(stateMachineArn=machine))
    assert listed[0] == "StateMachineTypeNotSupported"
    standard = lab.make({"A": {"Type": "Pass", "End": True}})
    client = calls(engine)
    sync = error_of(lambda: client.start_sync_execution(stateMachineArn=standard))
    assert sync[0] == "StateMachineTypeNotSupported"
    client.close()


@pytest.mark.parametrize("text", ["{n", ""])
def test_input_that_is_no_json(lab: Lab, text: str) -> None:
    machine = lab.make({"A": {"Type": "Pass", "End": True}})
    if not text:  # as if there were none
        assert lab.calls.start_execution(stateMachineArn=machine, input=text)["executionArn"]
        return
    refused = error_of(lambda: lab.calls.start_execution(stateMachineArn=machine, input=text))
    assert refused[0] == "InvalidExecutionInput"


def test_a_function_runs_an_express_state_machine(engine: Engine, lab: Lab) -> None:
    machine = lab.make({"A": {"Type": "Pass", "Result": 7, "End": True}}, "EXPRESS")
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    calls = boto3.client('stepfunctions')\n"
        "    return calls.start_sync_execution(stateMachineArn=event)['output']\n"
    )
    name = engine.create(code, Timeout=60)
    got = engine.client().invoke(FunctionName=name, Payload=json.dumps(machine))
    assert json.loads(got["Payload"].read()) == "7"
