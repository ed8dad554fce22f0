"""``AWS::StepFunctions::*``: a state machine of a stack really runs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.step_functions.activities import Activity
from lambda_nb.engine.stacks.types.identity.step_functions.state_machines import StateMachine
from lambda_nb.engine.stacks.types.identity.step_functions.versions import (
    StateMachineAlias,
    StateMachineVersion,
)

MACHINE, VERSION, ALIAS = StateMachine(), StateMachineVersion(), StateMachineAlias()


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def saying(word: str) -> dict[str, Any]:
    return {
        "StartAt": "Say",
        "States": {"Say": {"Type": "Pass", "Result": word, "End": True}},
    }


def output(engine: Engine, arn: str) -> Any:
    calls = engine.client("stepfunctions")
    execution = calls.start_execution(stateMachineArn=arn)["executionArn"]
    for _ in range(600):
        told = calls.describe_execution(executionArn=execution)
        if told["status"] != "RUNNING":
            return json.loads(told["output"])
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_machine_calls_a_function_and_changes(engine: Engine, lab: Lab) -> None:
    name = engine.create("def handler(event, context):\n    return 'from the function'\n")
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    task = {"Type": "Task", "Resource": "${Function}", "End": True}
    machine = lab.create(
        MACHINE,
        {
            "RoleArn": ROLE,
            "DefinitionString": json.dumps({"StartAt": "Call", "States": {"Call": task}}),
            "DefinitionSubstitutions": {"Function": arn},
            "Tags": [{"Key": "colour", "Value": "red"}],
            "TracingConfiguration": {"Enabled": "true"},
        },
    )
    assert machine.ref == machine.attribute("Arn")
    assert machine.ref.endswith(f":stateMachine:{machine.attribute('Name')}")
    assert output(engine, machine.ref) == "from the function"

    changed = lab.update(machine, {"RoleArn": ROLE, "Definition": saying("${Word}")})
    assert output(engine, changed.ref) == "${Word}"
    again = lab.update(
        changed,
        {
            "RoleArn": ROLE,
            "Definition": saying("${Word}"),
            "DefinitionSubstitutions": {"Word": "hello"},
        },
    )
    assert output(engine, again.ref) == "hello"
    calls = engine.client("stepfunctions")
    found = calls.describe_state_machine(stateMachineArn=machine.ref)
    assert found["tracingConfiguration"] == {"enabled": False}
    listed = calls.list_tags_for_resource(resourceArn=machine.ref)["tags"]
    assert "team" in {tag["key"] for tag in listed}
    assert MACHINE.read(again.context, again.made, again.properties) == again.properties
    lab.delete(again)
    assert MACHINE.read(again.context, again.made, again.properties) is None


def test_an_express_machine_from_s3(engine: Engine, lab: Lab) -> None:
    s3, bucket = engine.client("s3"), engine.name("definitions")
    s3.create_bucket(Bucket=bucket)
    text = "StartAt: Say\nStates:\n  Say:\n    Type: Pass\n    Result: yaml\n    End: true\n"
    s3.put_object(Bucket=bucket, Key="machine.yaml", Body=text.encode())
    machine = lab.create(
        MACHINE,
        {
            "RoleArn": ROLE,
            "DefinitionS3Location": {"Bucket": bucket, "Key": "machine.yaml"},
            "StateMachineType": "EXPRESS",
        },
    )
    answer = engine.client("stepfunctions").describe_state_machine(stateMachineArn=machine.ref)
    assert answer["type"] == "EXPRESS"
    assert json.loads(answer["definition"])["States"]["Say"]["Result"] == "yaml"


def test_a_definition_must_be_given_once(lab: Lab) -> None:
    with pytest.raises(Refused, match="not none"):
        lab.create(MACHINE, {"RoleArn": ROLE})
    with pytest.raises(Refused, match="not Definition and DefinitionString"):
        lab.create(MACHINE, {"RoleArn": ROLE, "Definition": saying("a"), "DefinitionString": "{}"})


def test_versions_and_an_alias(engine: Engine, lab: Lab) -> None:
    machine = lab.create(MACHINE, {"RoleArn": ROLE, "Definition": saying("one")})

    def published(owner: Any) -> Any:
        return lab.create(
            VERSION,
            {
                "StateMachineArn": owner.ref,
                "StateMachineRevisionId": owner.attribute("StateMachineRevisionId"),
            },
        )

    one = published(machine)
    route = {"StateMachineVersionArn": one.ref, "Weight": "100"}
    alias = lab.create(ALIAS, {"Name": "live", "RoutingConfiguration": [route]})
    assert output(engine, alias.ref) == "one"
    machine = lab.update(machine, {"RoleArn": ROLE, "Definition": saying("two")})
    two = published(machine)
    preference = {"StateMachineVersionArn": two.ref, "Type": "ALL_AT_ONCE"}
    moved = lab.update(alias, {"Name": "live", "DeploymentPreference": preference})
    assert output(engine, moved.ref) == "two"
    lab.delete(one)
    lab.delete(moved)
    lab.delete(two)
    lab.delete(machine)


def test_an_activity(engine: Engine, lab: Lab) -> None:
    activity = lab.create(Activity(), {"Name": engine.name("activity")})
    lab.update(activity, {**activity.properties, "Tags": [{"Key": "a", "Value": "b"}]})
    lab.delete(activity)
    code, _ = error_of(
        lambda: engine.client("stepfunctions").describe_activity(activityArn=activity.ref)
    )
    assert code == "ActivityDoesNotExist"
