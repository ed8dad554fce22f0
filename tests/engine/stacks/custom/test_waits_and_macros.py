"""Wait conditions, macros, and types that make nothing, in real stacks."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from typing import Any

from engine_fixtures import Engine
from stacks_api_lab import Stack, inline

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def waiting(count: int, timeout_s: int) -> dict[str, Any]:
    """A wait condition."""
    return {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Count": count, "Timeout": str(timeout_s)},
    }


def signal(url: str, name: str, status: str = "SUCCESS") -> None:
    """Send a signal, as cfn-signal and curl do."""
    said = {"Status": status, "Reason": "why", "UniqueId": name, "Data": f"from {name}"}
    request = urllib.request.Request(url, json.dumps(said).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status == 200


def address(stack: Stack) -> str:
    """The handle's address, once it is there."""
    waiter = stack.api.get_waiter("stack_exists")
    waiter.wait(StackName=stack.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
    for _ in range(2000):
        for one in stack.api.describe_stack_resources(StackName=stack.name)["StackResources"]:
            if one["LogicalResourceId"] == "Handle" and one.get("PhysicalResourceId"):
                return str(one["PhysicalResourceId"])
    raise AssertionError("no handle")


def begin(stack: Stack, count: int, timeout_s: int) -> None:
    resources = {"Handle": HANDLE, "Wait": waiting(count, timeout_s)}
    outputs = {"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}}
    body = json.dumps({"Resources": resources, "Outputs": outputs})
    stack.api.create_stack(StackName=stack.name, TemplateBody=body)


def test_a_stack_waits_for_its_signals(engine: Engine) -> None:
    stack = Stack(engine)
    begin(stack, 2, 60)
    url = address(stack)
    for name in ("one", "one", "two"):  # the same sender counts once
        signal(url, name)
    assert stack.wait() == "CREATE_COMPLETE", stack.history()
    assert json.loads(stack.outputs()["Data"]) == {"one": "from one", "two": "from two"}
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_signal_and_a_missing_one_fail_the_stack(engine: Engine) -> None:
    failed, late = Stack(engine), Stack(engine)
    begin(failed, 1, 60)
    begin(late, 1, 1)
    signal(address(failed), "one", "FAILURE")
    assert failed.wait() == late.wait() == "ROLLBACK_COMPLETE"
    reasons = [
        why
        for stack in (failed, late)
        for _, status, why in stack.history()
        if status == "CREATE_FAILED"
    ]
    assert "WaitCondition received failed message: 'why' for uniqueId: one" in reasons[0]
    assert "WaitCondition timed out. Received 0 conditions when expecting 1" in reasons[1]


def test_a_creation_policy_waits_for_signals_by_the_api(engine: Engine) -> None:
    stack = Stack(engine)
    policy = {"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}}
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "CreationPolicy": policy}
    stack.api.create_stack(
        StackName=stack.name,
        TemplateBody=json.dumps({"Resources": {"Handle": HANDLE, "Wait": wait}}),
    )
    address(stack)
    deadline = time.monotonic() + 60
    while not any(name == "Wait" for name, _, _ in stack.history()):
        assert time.monotonic() < deadline, stack.history()
        time.sleep(0.02)
    stack.api.signal_resource(
        StackName=stack.name, LogicalResourceId="Wait", UniqueId="me", Status="SUCCESS"
    )
    assert stack.wait() == "CREATE_COMPLETE", stack.history()


MACRO = """
def handler(event, context):
    fragment = event["fragment"]
    if event["templateParameterValues"].get("Fail"):
        return {"requestId": event["requestId"], "status": "failure", "errorMessage": "not today"}
    fragment["Resources"]["Added"] = {"Type": "AWS::SQS::Queue"}
    return {"requestId": event["requestId"], "status": "success", "fragment": fragment}
"""


def test_a_macro_rewrites_templates(engine: Engine) -> None:
    owner, user = Stack(engine), Stack(engine)
    name = engine.name("Macro").replace("-", "")
    function = {"Fn::GetAtt": ["Function", "Arn"]}
    macro = {
        "Type": "AWS::CloudFormation::Macro",
        "Properties": {"Name": name, "FunctionName": function},
    }
    made = {"Function": inline(PYTHON, MACRO), "Macro": macro}
    assert owner.create(made) == "CREATE_COMPLETE", owner.history()
    template = {
        "Transform": name,
        "Parameters": {"Fail": {"Type": "String", "Default": ""}},
        "Resources": {"Meta": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}}},
    }
    user.api.create_stack(
        StackName=user.name,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
    )
    assert user.wait() == "CREATE_COMPLETE", user.history()
    listed = user.api.list_stack_resources(StackName=user.name)["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in listed} == {"Meta", "Added"}

    asked = {"StackName": engine.name("stack"), "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    fail = [{"ParameterKey": "Fail", "ParameterValue": "yes"}]
    user.api.create_change_set(**asked, TemplateBody=json.dumps(template), Parameters=fail)
    told = user.api.describe_change_set(StackName=asked["StackName"], ChangeSetName="c")
    assert told["Status"] == "FAILED"
    assert told["StatusReason"].endswith(f"{name} failed with: not today")
    assert user.delete() == owner.delete() == "DELETE_COMPLETE"
