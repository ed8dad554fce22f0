"""Templates with functions or APIs are refused with a message; others work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine

QUEUE = {"Q": {"Type": "AWS::SQS::Queue"}}
API = {"A": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "a"}}}
HTTP_API = {"A": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a"}}}
FUNCTION = {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}}}
YAML = """
Resources:
  Role:
    Type: AWS::IAM::Role
  F:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
      Environment: !Sub "${AWS::Region}"
"""
TRANSFORM = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Q:\n    Type: AWS::SQS::Queue\n"
REFUSED = [
    (json.dumps({"Resources": {**QUEUE, **FUNCTION}}), r"F \(AWS::Lambda::Function\)"),
    (json.dumps({"Resources": API}), r"A \(AWS::ApiGateway::RestApi\)"),
    (json.dumps({"Resources": HTTP_API}), r"A \(AWS::ApiGatewayV2::Api\)"),
    (YAML, r"F \(AWS::Serverless::Function\)"),
    (TRANSFORM, "the transform AWS::Serverless"),
]


@pytest.mark.parametrize(("template", "named"), REFUSED)
def test_functions_are_refused_at_every_way_in(engine: Engine, template: str, named: str) -> None:
    cloudformation, name = engine.client("cloudformation"), engine.name("stack")
    sentence = rf"ValidationError.*{named}.*boto3.*Terraform.*%%lambda"

    def refused(operation: str, **arguments: Any) -> None:
        with pytest.raises(ClientError, match=sentence):
            getattr(cloudformation, operation)(**arguments)

    refused("create_stack", StackName=name, TemplateBody=template)
    change: dict[str, Any] = {"StackName": name, "ChangeSetName": "c"}
    refused("create_change_set", **change, ChangeSetType="CREATE", TemplateBody=template)
    refused("create_stack_set", StackSetName=name, TemplateBody=template)
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)

    s3, bucket = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="t", Body=template.encode())
    url = f"https://{bucket}.s3.amazonaws.com/t"
    refused("create_stack", StackName=name, TemplateURL=url)
    nested = {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
    refused("create_stack", StackName=name, TemplateBody=json.dumps({"Resources": nested}))

    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": QUEUE}))
    refused("update_stack", StackName=name, TemplateBody=template)
    refused("create_change_set", **change, ChangeSetType="UPDATE", TemplateBody=template)
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_managed_policies_exist(engine: Engine) -> None:
    iam, name = engine.client("iam"), engine.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyArn"] == arn
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert "logs:PutLogEvents" in str(policy["Document"])
