"""SAM's templates become CloudFormation's, by AWS's own library; its errors are AWS's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError

Expanding = Callable[..., dict[str, Any]]
HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def types(made: dict[str, Any]) -> dict[str, str]:
    return {name: each["Type"] for name, each in made["Resources"].items()}


def test_a_function_with_globals_events_and_policies(expanding: Expanding) -> None:
    made = expanding(
        HEAD
        + """
Globals: {Function: {Runtime: python3.12, Timeout: 7}}
Parameters: {Memory: {Type: Number, Default: 256}}
Resources:
  Resize:
    Type: AWS::Serverless::Function
    Metadata: {SamResourceId: Resize}
    Properties:
      Handler: app.handler
      CodeUri: s3://bucket/key
      MemorySize: !Ref Memory
      AutoPublishAlias: live
      Policies:
        - AWSLambdaBasicExecutionRole
        - MadeUpYesterday
        - SQSPollerPolicy: {QueueName: !GetAtt Jobs.QueueName}
      Events:
        Http: {Type: Api, Properties: {Path: /resize, Method: post}}
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Jobs: {Type: AWS::SQS::Queue}
Outputs:
  Url: {Value: !Sub 'https://${ServerlessRestApi}.x/${ServerlessRestApi.Stage}'}
  Version: {Value: !Ref Resize.Version}
"""
    )
    found = types(made)
    assert found["Resize"] == "AWS::Lambda::Function"
    assert {
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::Stage",
    } < set(found.values())
    function = made["Resources"]["Resize"]
    assert function["Metadata"] == {"SamResourceId": "Resize"}
    assert function["Properties"]["Timeout"] == 7
    assert function["Properties"]["MemorySize"] == {"Ref": "Memory"}
    role = made["Resources"]["ResizeRole"]["Properties"]
    assert "arn:aws:iam::aws:policy/MadeUpYesterday" in role["ManagedPolicyArns"]
    assert "Globals" not in made
    assert json.loads(json.dumps(made)) == made


def test_other_resources_and_connectors(expanding: Expanding) -> None:
    made = expanding(
        HEAD
        + """
Resources:
  Web: {Type: AWS::Serverless::HttpApi}
  Table: {Type: AWS::Serverless::SimpleTable}
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://b/k}}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {Definition: {StartAt: A, States: {A: {Type: Succeed}}}}
  App: {Type: AWS::Serverless::Application, Properties: {Location: 'https://b.s3.x/app.yaml'}}
  Reader:
    Type: AWS::Serverless::Function
    Connectors: {Read: {Properties: {Destination: {Id: Table}, Permissions: [Read]}}}
    Properties: {Handler: a.b, Runtime: nodejs22.x, InlineCode: x}
"""
    )
    assert {
        "AWS::ApiGatewayV2::Api",
        "AWS::DynamoDB::Table",
        "AWS::Lambda::LayerVersion",
        "AWS::StepFunctions::StateMachine",
        "AWS::CloudFormation::Stack",
        "AWS::IAM::ManagedPolicy",
    } <= set(types(made).values())
    assert "Connectors" not in made["Resources"]["Reader"]


def test_loops_come_before_sam(expanding: Expanding) -> None:
    made = expanding(
        """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Fn::ForEach::Functions:
    - Name
    - [A, B]
    - 'F${Name}':
        Type: AWS::Serverless::Function
        Properties: {Handler: a.b, Runtime: python3.12, InlineCode: x, FunctionName: !Ref Name}
"""
    )
    assert made["Resources"]["FB"]["Properties"]["FunctionName"] == "B"


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (
            "{Type: AWS::Serverless::Function, Properties: {Handler: 5}}",
            "Invalid Serverless Application Specification document. Number of errors found: 1. "
            "Resource with id [F] is invalid.",
        ),
        (
            "{Type: AWS::Serverless::Application, Properties: {Location: "
            "{ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/a', "
            "SemanticVersion: 1.0.0}}}",
            "is in the Serverless Application Repository, which cannot be reached from here",
        ),
    ],
)
def test_an_invalid_template_is_refused_as_aws_does(
    expanding: Expanding, resource: str, message: str
) -> None:
    with pytest.raises(AWSError) as refused:
        expanding(f"{HEAD}Resources: {{F: {resource}}}")
    assert refused.value.code == "ValidationError"
    assert refused.value.message.startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless"
    )
    assert message in refused.value.message


def test_sam_is_only_imported_for_its_templates() -> None:
    code = """
import sys
from lambda_nb.engine.stacks.templates.transforms import expansion
from lambda_nb.engine.stacks.templates import evaluation, properties_check
slow = {"samtranslator", "jsonschema", "boto3", "pydantic", "rfc3987_syntax"}
sys.exit(" ".join(sorted(slow & set(sys.modules))) or None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
