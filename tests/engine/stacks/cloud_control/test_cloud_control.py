"""Cloud Control tells what resources of stacks are, as ``sam list endpoints`` asks it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Engine, error_of
from stacks_api_lab import Stack

URL = "AWS::Lambda::Url"
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
        "Handler": "index.handler",
        "Role": ROLE,
        "Runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
    },
}


def told(engine: Engine, type_name: str, identifier: str) -> dict[str, Any]:
    client = engine.client("cloudcontrol")
    answer = client.get_resource(TypeName=type_name, Identifier=identifier)
    assert answer["TypeName"] == type_name
    description = answer["ResourceDescription"]
    assert description["Identifier"] == identifier
    properties: dict[str, Any] = json.loads(description["Properties"])
    return properties


def test_the_url_of_a_function_by_the_functions_name(engine: Engine) -> None:
    stack = Stack(engine)
    url = {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "Function"}}
    resources = {"Function": FUNCTION, "Url": {"Type": URL, "Properties": url}}
    outputs = {
        "Name": {"Ref": "Function"},
        "Arn": {"Ref": "Url"},
        "Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]},
    }
    assert stack.create(resources, outputs) == "CREATE_COMPLETE"
    made = {one["OutputKey"]: one["OutputValue"] for one in stack.told()["Outputs"]}
    for identifier in (made["Name"], made["Arn"]):
        properties = told(engine, URL, identifier)
        assert properties["FunctionUrl"] == made["Url"]
        assert properties["AuthType"] == "NONE"
    # What it is now, not what the template said.
    engine.client().update_function_url_config(FunctionName=made["Name"], AuthType="AWS_IAM")
    assert told(engine, URL, made["Name"])["AuthType"] == "AWS_IAM"
    engine.client().delete_function_url_config(FunctionName=made["Name"])
    code, _ = error_of(lambda: told(engine, URL, made["Name"]))
    assert code == "ResourceNotFoundException"


def test_what_can_only_be_written_is_not_told(engine: Engine) -> None:
    stack = Stack(engine)
    secret = {"Description": "d", "SecretString": "hush-hush"}
    resources = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": secret}}
    outputs = {"Arn": {"Ref": "Secret"}}
    assert stack.create(resources, outputs) == "CREATE_COMPLETE"
    (output,) = stack.told()["Outputs"]
    properties = told(engine, "AWS::SecretsManager::Secret", output["OutputValue"])
    assert properties["Description"] == "d"
    assert "hush-hush" not in json.dumps(properties)


def test_a_resource_whose_identifier_has_two_parts(engine: Engine) -> None:
    stack = Stack(engine)
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "s3.amazonaws.com",
        },
    }
    outputs = {
        "Function": {"Ref": "Function"},
        "Id": {"Fn::GetAtt": ["Permission", "Id"]},
    }
    resources = {"Function": FUNCTION, "Permission": permission}
    assert stack.create(resources, outputs) == "CREATE_COMPLETE"
    made = {one["OutputKey"]: one["OutputValue"] for one in stack.told()["Outputs"]}
    properties = told(engine, "AWS::Lambda::Permission", f"{made['Function']}|{made['Id']}")
    assert properties["Principal"] == "s3.amazonaws.com"


@pytest.mark.parametrize(
    ("type_name", "code"),
    [
        (URL, "ResourceNotFoundException"),
        ("AWS::SQS::Queue", "ResourceNotFoundException"),
        ("AWS::Nobody::Knows", "TypeNotFoundException"),
    ],
)
def test_what_is_not_there(engine: Engine, type_name: str, code: str) -> None:
    client = engine.client("cloudcontrol")
    found, text = error_of(lambda: client.get_resource(TypeName=type_name, Identifier="no-such"))
    assert found == code
    assert type_name in text


def test_a_type_that_cannot_be_read(engine: Engine) -> None:
    stack = Stack(engine)
    board = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": "{}"}}
    outputs = {"Name": {"Ref": "Board"}}
    assert stack.create({"Board": board}, outputs) == "CREATE_COMPLETE"
    (output,) = stack.told()["Outputs"]
    name = output["OutputValue"]
    code, text = error_of(lambda: told(engine, "AWS::CloudWatch::Dashboard", name))
    assert code == "UnsupportedActionException"
    assert "AWS::CloudWatch::Dashboard" in text


def test_other_operations_are_refused(engine: Engine) -> None:
    client = engine.client("cloudcontrol")
    with pytest.raises(ClientError, match="ListResources of Cloud Control, only GetResource"):
        client.list_resources(TypeName=URL)
