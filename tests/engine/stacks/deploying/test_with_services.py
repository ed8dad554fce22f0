"""What stacks need from services: a whole engine, and AWS's own client."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Engine

from lambda_nb.engine.aws_calls.as_a_service import HEADER

from .conftest import until

QUEUE = "AWS::SQS::Queue"
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def deployed(engine: Engine, text: str, **options: Any) -> dict[str, Any]:
    """The stack of a template, once nothing runs on it any more."""
    client = engine.client("cloudformation")
    stack = client.create_stack(StackName=engine.name("s"), TemplateBody=text, **options)
    return settled(engine, stack["StackId"])


def settled(engine: Engine, stack_id: str) -> dict[str, Any]:
    client = engine.client("cloudformation")

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_stacks(StackName=stack_id)["Stacks"][0]
        return None if found["StackStatus"].endswith("IN_PROGRESS") else found

    found: dict[str, Any] = until(look, 100.0)
    return found


def template(resources: Mapping[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def reasons(engine: Engine, stack: Mapping[str, Any]) -> dict[str, str]:
    """Why resources failed, by their logical IDs."""
    events = engine.client("cloudformation").describe_stack_events(StackName=stack["StackId"])
    return {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in events["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    }


def test_references_to_parameters_and_secrets(engine: Engine) -> None:
    ssm, secrets = engine.client("ssm"), engine.client("secretsmanager")
    name, secret = engine.name("p"), engine.name("secret")
    ssm.put_parameter(Name=name, Value="30", Type="String")
    secrets.create_secret(Name=secret, SecretString=json.dumps({"user": "ann", "word": "hush it"}))
    resources = {
        "Q": {
            "Type": QUEUE,
            "Properties": {
                "VisibilityTimeout": f"{{{{resolve:ssm:{name}}}}}",
                "DelaySeconds": {"Ref": "Delay"},
            },
        },
        "P": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Type": "String",
                "Value": f"u={{{{resolve:secretsmanager:{secret}:SecretString:user}}}} "
                f"w={{{{resolve:secretsmanager:{secret}:SecretString:word}}}}",
            },
        },
    }
    parameters = {"Delay": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}}
    outputs = {"P": {"Value": {"Ref": "P"}}, "Q": {"Value": {"Ref": "Q"}}}
    stack = deployed(engine, template(resources, Parameters=parameters, Outputs=outputs))
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(engine, stack)
    (told,) = stack["Parameters"]
    assert (told["ParameterValue"], told["ResolvedValue"]) == (name, "30")
    values = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    attributes = engine.client("sqs").get_queue_attributes(
        QueueUrl=values["Q"], AttributeNames=["VisibilityTimeout", "DelaySeconds"]
    )["Attributes"]
    assert attributes == {"VisibilityTimeout": "30", "DelaySeconds": "30"}
    value = ssm.get_parameter(Name=values["P"])["Parameter"]["Value"]
    assert value == "u=ann w=hush it"
    events = engine.client("cloudformation").describe_stack_events(StackName=stack["StackId"])
    assert "hush it" not in str(events)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("ssm:/nobody/has/this", "Unable to fetch parameters [/nobody/has/this]"),
        ("secretsmanager:nobody-has-this", "Secrets Manager can't find the specified secret"),
    ],
)
def test_references_to_nothing_fail_the_resource(engine: Engine, reference: str, why: str) -> None:
    queue = {"Type": QUEUE, "Properties": {"QueueName": f"{{{{resolve:{reference}}}}}"}}
    stack = deployed(engine, template({"Q": queue}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert why in reasons(engine, stack)["Q"]


def test_a_parameter_that_is_not_in_ssm_is_refused(engine: Engine) -> None:
    parameters = {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/not/there"}}
    text = template({"Q": {"Type": QUEUE}}, Parameters=parameters)
    with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/not/there\]"):
        deployed(engine, text)


def test_a_name_that_is_taken_gives_the_services_reason(engine: Engine) -> None:
    name = engine.create("def handler(event, context): pass")
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": PYTHON,
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/lambda-role",
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }
    stack = deployed(engine, template({"F": function}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    told = reasons(engine, stack)["F"]
    assert told.startswith('Resource handler returned message: "')
    assert name in told
    assert told.endswith("HandlerErrorCode: AlreadyExists)")
    engine.client().get_function(FunctionName=name)  # it is not the stack's, and so still there


def test_a_resource_with_a_name_of_its_own_is_not_replaced(engine: Engine) -> None:
    name = engine.name("role")

    def role(path: str) -> str:
        lambda_ = {"Service": "lambda.amazonaws.com"}
        allow = {"Effect": "Allow", "Principal": lambda_, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [allow]}
        properties = {"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust}
        return template({"R": {"Type": "AWS::IAM::Role", "Properties": properties}})

    capable = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
    stack = deployed(engine, role("/one/"), **capable)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(engine, stack)
    client = engine.client("cloudformation")
    client.update_stack(StackName=stack["StackId"], TemplateBody=role("/two/"), **capable)
    stack = settled(engine, stack["StackId"])
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert reasons(engine, stack)["R"] == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {name} and update the stack again."
    )
    assert engine.client("iam").get_role(RoleName=name)["Role"]["Path"] == "/one/"


def test_each_event_is_published(engine: Engine) -> None:
    sns, sqs = engine.client("sns"), engine.client("sqs")
    topic = sns.create_topic(Name=engine.name("t"))["TopicArn"]
    url = sqs.create_queue(QueueName=engine.name("q"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )  # fmt: skip
    stack = deployed(engine, template({"Q": {"Type": QUEUE}}), NotificationARNs=[topic])
    told: list[str] = []

    def all_came() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        told.extend(message["Body"] for message in answer.get("Messages", ()))
        return len(told) >= 5

    until(all_came)
    last = [text for text in told if "ResourceStatus='CREATE_COMPLETE'" in text]
    assert any(f"LogicalResourceId='{stack['StackName']}'" in text for text in last)
    assert all(f"StackId='{stack['StackId']}'\n" in text for text in told)


def test_tags_of_a_stack_are_given_to_its_resources(engine: Engine) -> None:
    text = template({"Q": {"Type": QUEUE}}, Outputs={"Q": {"Value": {"Ref": "Q"}}})
    stack = deployed(engine, text, Tags=[{"Key": "team", "Value": "blue"}])
    url = stack["Outputs"][0]["OutputValue"]

    def tags() -> dict[str, str]:
        found: dict[str, str] = engine.client("sqs").list_queue_tags(QueueUrl=url)["Tags"]
        return found

    assert tags()["team"] == "blue"
    engine.client("cloudformation").update_stack(
        StackName=stack["StackId"], TemplateBody=text, Tags=[{"Key": "team", "Value": "green"}]
    )
    stack = settled(engine, stack["StackId"])
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert tags()["team"] == "green"


def test_tags_that_a_stack_loses_are_taken_from_its_resources(engine: Engine) -> None:
    """And given back if the update fails."""
    text = template({"Q": {"Type": QUEUE}}, Outputs={"Q": {"Value": {"Ref": "Q"}}})
    both = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
    stack = deployed(engine, text, Tags=both)
    url = stack["Outputs"][0]["OutputValue"]

    def tags() -> set[str]:
        found = engine.client("sqs").list_queue_tags(QueueUrl=url)["Tags"]
        return {name for name in found if not name.startswith("aws:")}

    assert tags() == {"team", "stage"}
    api = engine.client("cloudformation")
    wrong = {"Type": QUEUE, "DependsOn": "Q", "Properties": {"QueueName": "not a name"}}
    api.update_stack(
        StackName=stack["StackId"],
        TemplateBody=template({"Q": {"Type": QUEUE}, "Wrong": wrong}),
        Tags=[{"Key": "other", "Value": "x"}],
    )
    assert settled(engine, stack["StackId"])["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert tags() == {"team", "stage"}
    api.update_stack(StackName=stack["StackId"], TemplateBody=text, Tags=both[:1])
    assert settled(engine, stack["StackId"])["StackStatus"] == "UPDATE_COMPLETE"
    assert tags() == {"team"}


def test_wrong_properties_are_refused_before_anything_is_made(engine: Engine) -> None:
    name = engine.name("queue")
    queue = {"Type": QUEUE, "Properties": {"QueueName": name, "DelaySecond": 1}}
    stack = deployed(engine, template({"Q": queue}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reasons(engine, stack)["Q"].startswith(
        "Properties validation failed for resource Q with message: "
        "[#: extraneous key [DelaySecond] is not permitted]"
    )
    assert "QueueUrls" not in engine.client("sqs").list_queues(QueueNamePrefix=name)


def test_what_lambda_refuses_has_lambdas_words(engine: Engine) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": PYTHON,
            "Handler": "index.handler",
            "Role": ROLE,
            "MemorySize": 1,
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }
    told = reasons(engine, deployed(engine, template({"F": function})))["F"]
    assert "Value '1' at 'memorySize' failed to satisfy constraint" in told
    assert told.endswith("HandlerErrorCode: InvalidRequest)")


def test_what_happens_to_a_stack_comes_to_the_default_event_bus(engine: Engine) -> None:
    sqs, events = engine.client("sqs"), engine.client("events")
    url = sqs.create_queue(QueueName=engine.name("told"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    rule = engine.name("rule")
    pattern = {"source": ["aws.cloudformation"]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn["QueueArn"]}])
    stack = deployed(engine, template({"Q": {"Type": QUEUE}}))
    cloudformation = engine.client("cloudformation")
    cloudformation.detect_stack_drift(StackName=stack["StackId"])
    told: dict[tuple[str, str], dict[str, Any]] = {}
    wanted = {
        ("Q", "CREATE_COMPLETE"),
        ("CloudFormation Stack Status Change", "CREATE_COMPLETE"),
        ("CloudFormation Drift Detection Status Change", "DETECTION_COMPLETE"),
    }

    def came() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", ()):
            event = json.loads(message["Body"])
            detail = event["detail"]
            if detail["stack-id"] == stack["StackId"]:
                states = detail["status-details"]
                status = states.get("status") or states["detection-status"]
                told[detail.get("logical-resource-id", event["detail-type"]), status] = event
        return wanted <= told.keys()

    until(came)
    made = told["Q", "CREATE_COMPLETE"]
    assert made["detail-type"] == "CloudFormation Resource Status Change"
    assert made["resources"] == [stack["StackId"]]
    assert made["detail"]["resource-type"] == QUEUE
    assert made["detail"]["physical-resource-id"].endswith(
        cloudformation.describe_stack_resource(StackName=stack["StackId"], LogicalResourceId="Q")[
            "StackResourceDetail"
        ]["PhysicalResourceId"]
    )
    events.remove_targets(Rule=rule, Ids=["1"])
    events.delete_rule(Name=rule)


def test_nobody_else_can_speak_for_a_service(engine: Engine) -> None:
    events = engine.client("events")
    events.meta.events.register(
        "before-call.events.PutEvents",
        lambda params, **_: params["headers"].update({HEADER: "yes"}),
    )
    entry = {"Source": "aws.cloudformation", "DetailType": "d", "Detail": "{}"}
    answer = events.put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_what_is_made_of_nothing_is_named(engine: Engine) -> None:
    """As in the templates of ``sam init``."""
    group = {
        "Type": "AWS::ResourceGroups::Group",
        "Properties": {
            "Name": engine.name("group"),
            "ResourceQuery": {"Type": "CLOUDFORMATION_STACK_1_0"},
        },
    }
    kind = "AWS::ApplicationInsights::Application"
    watched = {"ResourceGroupName": {"Ref": "Group"}, "AutoConfigurationEnabled": "true"}
    text = template({"Group": group, "Watch": {"Type": kind, "Properties": watched}})
    stack = deployed(engine, text)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(engine, stack)
    told = engine.client("cloudformation").describe_stack_resource(
        StackName=stack["StackId"], LogicalResourceId="Watch"
    )["StackResourceDetail"]
    assert told["ResourceStatusReason"] == (
        f"lambda_nb does not have what {kind} does; nothing was made."
    )
