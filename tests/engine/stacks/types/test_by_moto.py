"""Types that moto makes: what its source text says of them, and stacks with such resources."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import Engine

from lambda_nb.engine.stacks.types import by_moto, moto_types

DONE = ("_COMPLETE", "_FAILED")
MODEL = {
    "Type": "AWS::SageMaker::Model",
    "Properties": {
        "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
        "PrimaryContainer": {"Image": "image:1"},
    },
}


def settled(engine: Engine, stack: str) -> Mapping[str, Any]:
    """A stack once its operation has ended."""
    calls = engine.client("cloudformation")
    deadline = time.monotonic() + 110  # the first one loads nearly all of moto
    while time.monotonic() < deadline:
        found: Mapping[str, Any] = calls.describe_stacks(StackName=stack)["Stacks"][0]
        if found["StackStatus"].endswith(DONE):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{stack} does not end")


def create(engine: Engine, resource: Any, attribute: str | None = None) -> Mapping[str, Any]:
    outputs: dict[str, Any] = {"Ref": {"Value": {"Ref": "Thing"}}}
    if attribute is not None:
        outputs["Attribute"] = {"Value": {"Fn::GetAtt": ["Thing", attribute]}}
    stack = engine.name("moto")
    engine.client("cloudformation").create_stack(
        StackName=stack,
        TemplateBody=json.dumps({"Resources": {"Thing": resource}, "Outputs": outputs}),
    )
    return settled(engine, stack)


def outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def why_failed(engine: Engine, stack: Mapping[str, Any]) -> str:
    events = engine.client("cloudformation").describe_stack_events(StackName=stack["StackId"])
    (reason,) = [
        one["ResourceStatusReason"]
        for one in events["StackEvents"]
        if one["LogicalResourceId"] == "Thing" and one["ResourceStatus"].endswith("FAILED")
    ]
    return str(reason)


def test_what_moto_knows_is_read_and_moto_not_imported() -> None:
    code = (
        "import sys; from lambda_nb.engine.stacks.types.moto_types import moto_knows;"
        "assert moto_knows('AWS::RDS::DBInstance'); assert 'moto' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "name", ["AWS::Lambda::Function", "AWS::CloudFormation::Stack", "AWS::ApiGateway::RestApi"]
)
def test_moto_makes_nothing_that_the_engine_keeps(name: str) -> None:
    assert moto_types.moto_knows(name) is None


def test_a_type_that_moto_cannot_change_is_replaced() -> None:
    fallback = by_moto.Fallback(lambda region: None)
    group = fallback.find("AWS::Redshift::ClusterSubnetGroup")
    assert group is not None
    old = {"Description": "a", "SubnetIds": []}
    assert group.replacing(old, {**old, "Description": "b"}) == {"Description"}
    assert fallback.find("AWS::Nobody::Knows") is None


def test_a_stack_with_it(engine: Engine) -> None:
    stack = create(engine, MODEL, "ModelName")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    calls, name = engine.client("sagemaker"), outputs_of(stack)["Attribute"]
    made = calls.describe_model(ModelName=name)
    assert made["ModelArn"] == outputs_of(stack)["Ref"]
    assert made["PrimaryContainer"]["Image"] == "image:1"

    changed = json.loads(json.dumps(MODEL))
    changed["Properties"]["PrimaryContainer"]["Image"] = "image:2"
    engine.client("cloudformation").update_stack(
        StackName=stack["StackName"], TemplateBody=json.dumps({"Resources": {"Thing": changed}})
    )
    assert settled(engine, stack["StackName"])["StackStatus"] == "UPDATE_COMPLETE"
    (now,) = calls.list_models(NameContains=stack["StackName"])["Models"]
    image = calls.describe_model(ModelName=now["ModelName"])["PrimaryContainer"]["Image"]
    assert image == "image:2"

    engine.client("cloudformation").delete_stack(StackName=stack["StackName"])
    assert settled(engine, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert calls.list_models(NameContains=stack["StackName"])["Models"] == []


def test_its_name_is_made_as_cloudformation_makes_names(engine: Engine) -> None:
    content = {"schemaVersion": "2.2", "description": "d", "mainSteps": []}
    document = {
        "Type": "AWS::SSM::Document",
        "Properties": {"Content": content, "DocumentType": "Command"},
    }
    stack = create(engine, document)
    name = outputs_of(stack)["Ref"]
    assert name.startswith(f"{stack['StackName']}-Thing-")
    found = engine.client("ssm").get_document(Name=name)
    assert json.loads(found["Content"]) == content


def test_what_moto_does_not_tell_is_said(engine: Engine) -> None:
    group = {
        "Type": "AWS::RDS::DBSecurityGroup",
        "Properties": {"GroupDescription": "d", "DBSecurityGroupIngress": []},
    }
    stack = create(engine, group)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "cannot tell the physical ID" in why_failed(engine, stack)
    groups = engine.client("rds").describe_db_security_groups()["DBSecurityGroups"]
    assert not [one for one in groups if stack["StackName"] in one["DBSecurityGroupName"]]


def test_motos_refusal_is_the_reason(engine: Engine) -> None:
    group = {
        "Type": "AWS::Redshift::ClusterSubnetGroup",
        "Properties": {"Description": "d", "SubnetIds": ["subnet-0"]},
    }
    stack = create(engine, group)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = why_failed(engine, stack)
    assert "moto, which keeps AWS::Redshift::ClusterSubnetGroup here, could not" in reason
    assert "subnet-0" in reason


def test_what_moto_cannot_delete_is_said(engine: Engine) -> None:
    stack = create(engine, {"Type": "AWS::ECS::Cluster", "Properties": {}})
    calls = engine.client("cloudformation")
    calls.delete_stack(StackName=stack["StackName"])
    assert settled(engine, stack["StackName"])["StackStatus"] == "DELETE_FAILED"
    assert "lambda_nb cannot delete resources of type AWS::ECS::Cluster" in why_failed(
        engine, stack
    )
    calls.delete_stack(StackName=stack["StackName"], RetainResources=["Thing"])
    assert settled(engine, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_failure_of_motos_own_says_what_to_do(engine: Engine) -> None:
    machines = {"Type": "AWS::Batch::ComputeEnvironment", "Properties": {"Type": "UNMANAGED"}}
    reason = why_failed(engine, create(engine, machines))
    assert "AWS::Batch::ComputeEnvironment" in reason
    assert "<html" not in reason
