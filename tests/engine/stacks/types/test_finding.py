"""What was made and not recorded is found again: by its name, its tags or the moment."""

from __future__ import annotations

import contextlib
import time
from typing import Any, cast

import pytest
from engine_fixtures import Engine
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Made
from lambda_nb.engine.stacks.types import finding, registry
from lambda_nb.engine.stacks.types.finding import Lost

ASSUMED = {"Version": "2012-10-17", "Statement": []}
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
DEFINITION = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
ROLE = "arn:aws:iam::000000000000:role/any"

TYPES: dict[str, dict[str, Any]] = {
    "AWS::ApiGateway::ApiKey": {},
    "AWS::ApiGateway::RestApi": {"Name": "lost"},
    "AWS::ApiGatewayV2::Api": {"Name": "lost", "ProtocolType": "HTTP"},
    "AWS::Cognito::IdentityPool": {"AllowUnauthenticatedIdentities": True},
    "AWS::Cognito::UserPool": {},
    "AWS::DynamoDB::Table": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    },
    "AWS::EC2::EIP": {},
    "AWS::EC2::SecurityGroup": {"GroupDescription": "d"},
    "AWS::EC2::VPC": {"CidrBlock": "10.9.0.0/16"},
    "AWS::Events::Rule": {"ScheduleExpression": "rate(1 hour)"},
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": ALLOWED},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": ASSUMED},
    "AWS::Kinesis::Stream": {"ShardCount": 1},
    "AWS::Logs::LogGroup": {},
    "AWS::S3::Bucket": {},
    "AWS::SNS::Topic": {},
    "AWS::SQS::Queue": {},
    "AWS::SSM::Parameter": {"Type": "String", "Value": "v"},
    "AWS::SecretsManager::Secret": {"SecretString": "hush"},
    "AWS::StepFunctions::StateMachine": {"RoleArn": ROLE, "DefinitionString": DEFINITION},
}


class Killed(Exception):
    """The engine was killed after a resource was made, and before that was recorded."""


def _killed(physical_id: str) -> None:
    raise Killed


def unknown(physical_id: str) -> bool:
    """No stack knows any of them."""
    return False


@pytest.mark.parametrize("name", TYPES)
def test_a_lost_resource_is_found_and_can_be_deleted(engine: Engine, name: str) -> None:
    """What is found is as good as what was recorded: the type deletes it, and it is gone."""
    of_type = registry.find(name)
    assert of_type is not None
    lab = Lab(engine)
    context, properties = lab.context(), TYPES[name]
    since = time.time()
    context.made = _killed  # type: ignore[method-assign]
    with contextlib.suppress(Killed):
        of_type.create(context, properties)
    lost = Lost(name, context.named[-1] if context.named else "", properties, since, unknown)
    found = finding.found(context, of_type, lost)
    assert found is not None
    of_type.delete(context, Made(found), properties)
    try:
        left = of_type.read(context, Made(found), properties)
    except NotImplementedError:
        left = None
    assert left is None


def test_a_lost_fifo_topic_is_found(engine: Engine) -> None:
    topic, lab = registry.find("AWS::SNS::Topic"), Lab(engine)
    assert topic is not None
    context, properties = lab.context(), {"FifoTopic": True}
    made = topic.create(context, properties)
    lost = Lost(topic.name, context.named[-1], properties, time.time(), unknown)
    assert finding.found(context, topic, lost) == made.physical_id
    topic.delete(context, made, properties)


NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "AWS::ApiGateway::UsagePlan": ("UsagePlanName", {}),
    "AWS::CloudWatch::Dashboard": ("DashboardName", {"DashboardBody": "{}"}),
    "AWS::Cognito::UserPool": ("UserPoolName", {}),
    "AWS::ECR::Repository": ("RepositoryName", {}),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name", {"TargetType": "lambda"}),
    "AWS::IoT::Thing": ("ThingName", {}),
    "AWS::Scheduler::ScheduleGroup": ("Name", {}),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        TYPES["AWS::StepFunctions::StateMachine"],
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_no_name_is_made_up_for_what_has_one(engine: Engine, name: str) -> None:
    """It would be recorded, and a resource that was lost looked for by it."""
    of_type, lab = registry.find(name), Lab(engine)
    assert of_type is not None
    key, given = NAMED[name]
    context, properties = lab.context(), {**given, key: engine.name("own").lower()[-32:]}
    made = of_type.create(context, properties)
    assert context.named == []
    of_type.delete(context, made, properties)


def test_what_a_stack_knows_or_was_there_before_is_not_taken_for_a_lost_one(engine: Engine) -> None:
    calls, name = engine.client("apigatewayv2"), engine.name("api")
    of_type = registry.find("AWS::ApiGatewayV2::Api")
    assert of_type is not None
    api = calls.create_api(Name=name, ProtocolType="HTTP")
    context = Lab(engine).context()

    def found(since: float, known: bool) -> str | None:
        lost = Lost("AWS::ApiGatewayV2::Api", "", {"Name": name}, since, lambda physical_id: known)
        return finding.found(context, of_type, lost)

    begun = cast(float, api["CreatedDate"].timestamp())
    assert found(begun, False) == api["ApiId"]
    assert found(begun, True) is None
    assert found(begun + 1, False) is None


@pytest.mark.parametrize(
    ("kind", "properties", "name"),
    [
        ("AWS::Lambda::Function", {"FunctionName": "mine"}, "mine"),
        ("AWS::SQS::Queue", {"QueueName": "mine"}, "mine"),
        ("AWS::SNS::Topic", {"TopicName": "mine"}, "mine"),
        ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "mine"}, "mine"),
        ("AWS::StepFunctions::StateMachine", {"StateMachineName": "mine"}, "mine"),
        ("AWS::Cognito::UserPool", {"UserPoolName": "mine"}, ""),
        ("AWS::Logs::MetricFilter", {"FilterName": "mine"}, ""),
        ("AWS::Lambda::Function", {}, ""),
        ("AWS::ApiGatewayV2::Api", {"Name": "mine"}, ""),
        ("Custom::Thing", {"Name": "mine"}, ""),
    ],
)
def test_a_given_name_counts_where_a_resource_can_be_found_by_it(
    kind: str, properties: dict[str, str], name: str
) -> None:
    assert finding.given_name(kind, properties) == name
