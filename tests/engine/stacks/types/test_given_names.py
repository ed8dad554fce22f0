"""What has the name that a template gives: it is not taken over, and found again after a kill."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine
from stack_types_lab import Lab
from stacks_api_lab import Stack

from lambda_nb.engine.stacks.types import finding, registry
from lambda_nb.engine.stacks.types.finding import Lost
from lambda_nb.engine.stacks.types.resource_type import ResourceType

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}],
}
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
OF_ERRORS = {
    "Namespace": "tests",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
TYPES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "AWS::ApiGateway::ApiKey": ("Name", {}),
    "AWS::CloudWatch::Alarm": ("AlarmName", OF_ERRORS),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName", {"AlarmRule": "FALSE"}),
    "AWS::CloudWatch::Dashboard": ("DashboardName", {"DashboardBody": '{"widgets": []}'}),
    "AWS::Cognito::IdentityPool": ("IdentityPoolName", {"AllowUnauthenticatedIdentities": True}),
    "AWS::Cognito::UserPool": ("UserPoolName", {}),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name", {"TargetType": "lambda"}),
    "AWS::Events::EventBusPolicy": (
        "StatementId",
        {"Action": "events:PutEvents", "Principal": "111122223333"},
    ),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", {"PolicyDocument": DOCUMENT}),
    "AWS::IoT::Thing": ("ThingName", {}),
    "AWS::IoT::ThingGroup": ("ThingGroupName", {}),
    "AWS::IoT::ThingType": ("ThingTypeName", {}),
    "AWS::Logs::ResourcePolicy": ("PolicyName", {"PolicyDocument": '{"Statement": []}'}),
    "AWS::SNS::Topic": ("TopicName", {}),
    "AWS::SSM::Parameter": ("Name", {"Type": "String", "Value": "v"}),
    "AWS::SecretsManager::Secret": ("Name", {"SecretString": "hush"}),
    "AWS::StepFunctions::Activity": ("Name", {}),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        {"RoleArn": ROLE, "DefinitionString": PASS},
    ),
}


def of(kind: str) -> ResourceType:
    found = registry.find(kind)
    assert found is not None
    return found


def check(lab: Lab, kind: str, properties: Mapping[str, Any]) -> None:
    """Nothing has the name; then the one that was made has it, and is found by it."""
    of_type, context = of(kind), lab.context()
    name, since = finding.name_to_claim(kind, properties), time.time()
    assert name
    assert finding.taken(context, of_type, kind, properties) is None
    made = of_type.create(context, properties)
    assert context.named == []
    there = finding.taken(context, of_type, kind, properties)
    lost = Lost(kind, name, properties, since, lambda physical_id: False)
    assert there == finding.found(context, of_type, lost)
    assert there in (made.physical_id, made.attributes.get("Name"), properties.get("Name"))
    of_type.delete(context, made, properties)
    assert finding.taken(context, of_type, kind, properties) is None


@pytest.mark.parametrize("kind", TYPES)
def test_what_has_a_name_is_known(engine: Engine, kind: str) -> None:
    key, more = TYPES[kind]
    check(Lab(engine), kind, {**more, key: engine.name("own")})


def test_a_load_balancer_of_this_name_is_known(engine: Engine) -> None:
    calls = engine.client("ec2")
    own = [{"Name": "default-for-az", "Values": ["true"]}]
    subnets = [one["SubnetId"] for one in calls.describe_subnets(Filters=own)["Subnets"][:2]]
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    check(Lab(engine), kind, {"Name": engine.name("own"), "Subnets": subnets})


def test_filters_of_a_log_group_are_known(engine: Engine) -> None:
    logs, group = engine.client("logs"), engine.name("group")
    logs.create_log_group(logGroupName=group)
    within = {"LogGroupName": group, "FilterPattern": "x"}
    counted = {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}
    filtered = {**within, "FilterName": "f"}
    check(Lab(engine), "AWS::Logs::MetricFilter", {**filtered, "MetricTransformations": [counted]})
    function = engine.create("def handler(event, context): pass")
    engine.client().add_permission(
        FunctionName=function,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
    )
    target = engine.client().get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    check(Lab(engine), "AWS::Logs::SubscriptionFilter", {**filtered, "DestinationArn": target})


def test_settings_of_a_function_a_stream_and_a_role_are_known(engine: Engine) -> None:
    lab, name = Lab(engine), engine.name("own")
    function = engine.create("def handler(event, context): pass")
    config = {"FunctionName": function, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    check(lab, "AWS::Lambda::EventInvokeConfig", config)

    engine.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    inline = {"PolicyName": "p", "RoleName": name, "PolicyDocument": DOCUMENT}
    check(lab, "AWS::IAM::RolePolicy", inline)

    streams = engine.client("kinesis")
    streams.create_stream(StreamName=name, ShardCount=1)
    arn = streams.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    policy = {"ResourceArn": arn, "ResourcePolicy": DOCUMENT}
    check(lab, "AWS::Kinesis::ResourcePolicy", policy)


def test_the_domain_of_a_user_pool_and_an_address_are_known(engine: Engine) -> None:
    lab, name = Lab(engine), engine.name("own")
    pool = engine.client("cognito-idp").create_user_pool(PoolName=name)["UserPool"]["Id"]
    check(lab, "AWS::Cognito::UserPoolDomain", {"UserPoolId": pool, "Domain": name})
    check(lab, "AWS::SES::EmailIdentity", {"EmailIdentity": f"{name}@example.com"})


def test_the_policies_of_a_queue_and_a_topic_are_known(engine: Engine) -> None:
    lab, name = Lab(engine), engine.name("own")
    topic = engine.client("sns").create_topic(Name=name)["TopicArn"]
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    check(lab, "AWS::SNS::TopicInlinePolicy", {"TopicArn": topic, "PolicyDocument": policy})
    url = engine.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{engine.region}:{engine.account}:{name}"
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    check(lab, "AWS::SQS::QueueInlinePolicy", {"Queue": url, "PolicyDocument": policy})


def test_what_scales_a_table_is_known(engine: Engine) -> None:
    lab, name = Lab(engine), engine.name("table")
    place = {
        "ResourceId": f"table/{name}",
        "ServiceNamespace": "dynamodb",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    target = {**place, "MinCapacity": 1, "MaxCapacity": 5, "RoleARN": ROLE}
    check(lab, "AWS::ApplicationAutoScaling::ScalableTarget", target)
    of("AWS::ApplicationAutoScaling::ScalableTarget").create(lab.context(), target)
    measure = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
    policy = {
        **place,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 50,
            "PredefinedMetricSpecification": measure,
        },
    }
    check(lab, "AWS::ApplicationAutoScaling::ScalingPolicy", policy)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::CloudWatch::Alarm", {**OF_ERRORS, "Threshold": 5}),
        ("AWS::StepFunctions::StateMachine", TYPES["AWS::StepFunctions::StateMachine"][1]),
    ],
)
def test_a_stack_takes_nothing_over(engine: Engine, kind: str, properties: dict[str, Any]) -> None:
    lab, key, name = Lab(engine), TYPES[kind][0], engine.name("own")
    there = lab.create(of(kind), {**TYPES[kind][1], key: name})
    stack = Stack(engine)
    resources = {"Own": {"Type": kind, "Properties": {**properties, key: name}}}
    assert stack.create(resources) == "ROLLBACK_COMPLETE"
    reason = next(
        why for who, status, why in stack.history() if (who, status) == ("Own", "CREATE_FAILED")
    )
    assert f"Resource of type '{kind}' with identifier '{there.ref}' already exists." in reason
    assert "HandlerErrorCode: AlreadyExists" in reason
    assert finding.taken(there.context, there.type, kind, there.properties) == there.ref
    if kind == "AWS::CloudWatch::Alarm":
        found = engine.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert found[0]["Threshold"] == 1
    stack.delete()
    lab.delete(there)


def test_a_method_of_a_path_is_known(engine: Engine) -> None:
    calls = engine.client("apigateway")
    api = calls.create_rest_api(name=engine.name("api"))["id"]
    (root,) = calls.get_resources(restApiId=api)["items"]
    place = {"RestApiId": api, "ResourceId": root["id"], "HttpMethod": "GET"}
    lab, kind = Lab(engine), "AWS::ApiGateway::Method"
    context = lab.context()
    assert finding.taken(context, of(kind), kind, place) is None
    method = lab.create(of(kind), {**place, "AuthorizationType": "NONE"})
    assert finding.taken(context, of(kind), kind, place) == f"{api}|{root['id']}|GET"
    lab.delete(method)
    assert finding.taken(context, of(kind), kind, place) is None


def test_one_of_the_same_name_in_another_place_replaces_the_old_one(engine: Engine) -> None:
    """Both have one physical ID, and are two things all the same."""
    logs, stack = engine.client("logs"), Stack(engine)
    groups = [engine.name("group"), engine.name("group")]

    def resources(group: str) -> dict[str, Any]:
        counted = {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}
        properties = {"LogGroupName": group, "FilterName": "f", "FilterPattern": "x"}
        within = {**properties, "MetricTransformations": [counted]}
        return {"Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": within}}

    def filters() -> list[int]:
        told = [logs.describe_metric_filters(logGroupName=name) for name in groups]
        return [len(one["metricFilters"]) for one in told]

    for name in groups:
        logs.create_log_group(logGroupName=name)
    assert stack.create(resources(groups[0])) == "CREATE_COMPLETE"
    assert stack.update(resources(groups[1])) == "UPDATE_COMPLETE"
    assert filters() == [0, 1]
    assert stack.delete() == "DELETE_COMPLETE"
    assert filters() == [0, 0]
