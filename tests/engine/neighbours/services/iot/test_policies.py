"""Policies: documents, versions, attachments, and which count for whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine

ALLOW = json.dumps({"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}})


@pytest.fixture(scope="module")
def iot(engine: Engine) -> Any:
    return engine.client("iot")


@pytest.mark.parametrize(
    "document",
    [
        '{"Statement": "x"}',
        '{"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*", "Principal": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "iot:*"}}',
        '{"Statement": {"Effect": "Perhaps", "Action": "iot:*", "Resource": "*"}}',
        json.dumps({"Statement": json.loads(ALLOW)["Statement"], "Id": "x" * 2048}),
        "[]",
        "no JSON",
    ],
)
def test_a_bad_document_is_refused(engine: Engine, iot: Any, document: str) -> None:
    with pytest.raises(iot.exceptions.MalformedPolicyException):
        iot.create_policy(policyName=engine.name("policy"), policyDocument=document)


def test_a_policy_has_five_versions_and_one_that_counts(engine: Engine, iot: Any) -> None:
    name = engine.name("policy")
    iot.create_policy(policyName=name, policyDocument=ALLOW)
    for number in range(2, 6):
        made = iot.create_policy_version(
            policyName=name, policyDocument=ALLOW, setAsDefault=number == 3
        )
        assert made["policyVersionId"] == str(number)
    with pytest.raises(iot.exceptions.VersionsLimitExceededException):
        iot.create_policy_version(policyName=name, policyDocument=ALLOW)
    assert iot.get_policy(policyName=name)["defaultVersionId"] == "3"
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.set_default_policy_version(policyName=name, policyVersionId="9")
    versions = iot.list_policy_versions(policyName=name)["policyVersions"]
    assert [v["versionId"] for v in versions if v["isDefaultVersion"]] == ["3"]
    with pytest.raises(iot.exceptions.DeleteConflictException):
        iot.delete_policy(policyName=name)
    for version in ("1", "2", "4", "5"):
        iot.delete_policy_version(policyName=name, policyVersionId=version)
    iot.delete_policy(policyName=name)


def test_what_counts_for_a_device_is_its_own_and_its_groups(engine: Engine, iot: Any) -> None:
    own, of_child, of_parent = (engine.name("policy") for _ in range(3))
    for name in (own, of_child, of_parent):
        iot.create_policy(policyName=name, policyDocument=ALLOW)
    thing, child, parent = (engine.name(kind) for kind in ("thing", "child", "parent"))
    iot.create_thing(thingName=thing)
    arns = {
        parent: iot.create_thing_group(thingGroupName=parent)["thingGroupArn"],
        child: iot.create_thing_group(thingGroupName=child, parentGroupName=parent)[
            "thingGroupArn"
        ],
    }
    iot.add_thing_to_thing_group(thingGroupName=child, thingName=thing)
    principal = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    for name, target in ((own, principal), (of_child, arns[child]), (of_parent, arns[parent])):
        iot.attach_policy(policyName=name, target=target)

    def names(answer: Any, member: str = "policies") -> list[str]:
        return [policy["policyName"] for policy in answer[member]]

    assert names(iot.list_attached_policies(target=principal)) == [own]
    assert names(iot.list_attached_policies(target=arns[child])) == [of_child]
    recursive = iot.list_attached_policies(target=arns[child], recursive=True)
    assert names(recursive) == [of_child, of_parent]
    effective = iot.get_effective_policies(principal=principal, thingName=thing)
    assert names(effective, "effectivePolicies") == [own, of_child, of_parent]
    assert iot.list_targets_for_policy(policyName=of_parent)["targets"] == [arns[parent]]
    with pytest.raises(iot.exceptions.DeleteConflictException):
        iot.delete_policy(policyName=of_parent)
    iot.detach_policy(policyName=of_parent, target=arns[parent])
    effective = iot.get_effective_policies(thingName=thing)
    assert names(effective, "effectivePolicies") == [of_child]
    with pytest.raises(ClientError, match="Name a principal"):
        iot.get_effective_policies()


def test_a_policy_of_a_stack_has_its_document_as_text(engine: Engine, iot: Any) -> None:
    stack, name = engine.name("stack"), engine.name("policy")
    resource = {
        "Type": "AWS::IoT::Policy",
        "Properties": {"PolicyName": name, "PolicyDocument": json.loads(ALLOW)},
    }
    stacks = engine.client("cloudformation")
    stacks.create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": {"Policy": resource}})
    )
    soon = {"Delay": 0.05, "MaxAttempts": 600}
    stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=soon)
    assert json.loads(iot.get_policy(policyName=name)["policyDocument"]) == json.loads(ALLOW)
    stacks.delete_stack(StackName=stack)
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=soon)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.get_policy(policyName=name)
