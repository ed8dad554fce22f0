"""Making, changing and deleting stacks by the API: what is refused, and with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stacks_api_lab import Stack

QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
HANDLE: dict[str, Any] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"
BODY = json.dumps({"Resources": {"Handle": HANDLE}})


@pytest.fixture
def stack(engine: Engine) -> Stack:
    return Stack(engine)


@pytest.fixture
def there(stack: Stack) -> Stack:
    assert stack.create({"Handle": HANDLE}) == "CREATE_COMPLETE"
    return stack


def named(count: int) -> dict[str, Any]:
    """A template whose parameter has another value each time."""
    return {
        "Parameters": {"P": {"Type": "String", "Default": str(count)}},
        "Resources": {"Handle": HANDLE},
        "Outputs": {"O": {"Value": {"Ref": "P"}}},
    }


def test_a_stack_that_does_not_exist(engine: Engine, stack: Stack) -> None:
    name, api = stack.name, stack.api
    texts = {
        "describe_stacks": f"Stack with id {name} does not exist",
        "describe_stack_events": f"Stack [{name}] does not exist",
        "describe_stack_resources": f"Stack with id {name} does not exist",
        "list_stack_resources": f"Stack with id {name} does not exist",
        "get_template": f"Stack with id {name} does not exist",
        "cancel_update_stack": f"Stack [{name}] does not exist",
        "detect_stack_drift": f"Stack [{name}] does not exist",
    }
    for operation, text in texts.items():
        assert error_of(lambda: getattr(api, operation)(StackName=name)) == (  # noqa: B023
            "ValidationError",
            text,
        )
    assert error_of(lambda: api.update_stack(StackName=name, TemplateBody=BODY)) == (
        "ValidationError",
        f"Stack [{name}] does not exist",
    )
    api.delete_stack(StackName=name)  # no error, as on AWS


def test_one_that_exists_is_not_created_again(there: Stack) -> None:
    def again() -> None:
        there.api.create_stack(StackName=there.name, TemplateBody=BODY)

    assert error_of(again) == ("AlreadyExistsException", f"Stack [{there.name}] already exists")


def test_the_same_token_is_the_same_request(stack: Stack) -> None:
    asked = {"StackName": stack.name, "TemplateBody": BODY, "ClientRequestToken": "t-1"}
    first = stack.api.create_stack(**asked)["StackId"]
    assert stack.api.create_stack(**asked)["StackId"] == first
    assert stack.wait() == "CREATE_COMPLETE"


def test_nothing_to_update(there: Stack) -> None:
    def update(**asked: Any) -> tuple[str, str]:
        return error_of(lambda: there.api.update_stack(StackName=there.name, **asked))

    none = ("ValidationError", "No updates are to be performed.")
    assert update(TemplateBody=BODY) == none
    assert update(UsePreviousTemplate=True) == none


def test_parameters_of_before_and_their_defaults(stack: Stack) -> None:
    api, name = stack.api, stack.name
    given = [{"ParameterKey": "P", "ParameterValue": "given"}]
    api.create_stack(StackName=name, TemplateBody=json.dumps(named(1)), Parameters=given)
    stack.wait()
    assert stack.outputs() == {"O": "given"}
    kept = [{"ParameterKey": "P", "UsePreviousValue": True}]
    more = {**named(2), "Description": "d"}
    more["Resources"] = {"Handle": HANDLE, "Other": HANDLE}
    api.update_stack(StackName=name, TemplateBody=json.dumps(more), Parameters=kept)
    assert stack.wait() == "UPDATE_COMPLETE"
    assert stack.outputs() == {"O": "given"}
    api.update_stack(StackName=name, UsePreviousTemplate=True)
    assert stack.wait() == "UPDATE_COMPLETE"
    assert stack.outputs() == {"O": "2"}
    (told,) = stack.told()["Parameters"]
    assert told == {"ParameterKey": "P", "ParameterValue": "2"}
    assert stack.told()["Description"] == "d"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({}, "Either Template URL or Template Body must be specified."),
        (
            {"TemplateBody": BODY, "TemplateURL": "s3://a/b"},
            "Either Template URL or Template Body must be specified.",
        ),
        ({"TemplateBody": " " * 51_201}, "Member must have length less than or equal to 51200"),
        ({"TemplateURL": "https://example.com/t"}, "is no address of Amazon S3"),
        ({"TemplateURL": "s3://nobodys-bucket/t"}, "(NoSuchBucket, s3://nobodys-bucket/t)"),
        ({"TemplateBody": BODY, "OnFailure": "DELETE", "DisableRollback": True}, "not both"),
        ({"TemplateBody": BODY, "Tags": [{"Key": "aws:x", "Value": "y"}]}, "aws: prefixed tag"),
        (
            {"TemplateBody": BODY, "Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]},
            "at 'tags' failed to satisfy constraint: Member must have length less than or equal "
            "to 50",
        ),
        (
            {"TemplateBody": BODY, "NotificationARNs": [f"{TOPIC}{n}" for n in range(6)]},
            "at 'notificationARNs' failed to satisfy constraint: Member must have length less "
            "than or equal to 5",
        ),
        (
            {"TemplateBody": BODY, "NotificationARNs": [f"{TOPIC}-nobodys"]},
            "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; ",
        ),
        (
            {"TemplateBody": BODY, "NotificationARNs": ["arn:aws:sns:us-east-1::t"]},
            "Invalid parameter: AccountId (Service: AmazonSNS; Status Code: 400; Error Code: "
            "InvalidParameter; ",
        ),
        (
            {"TemplateBody": BODY, "NotificationARNs": ["arn:aws:sqs:us-east-1:000000000000:q"]},
            "Invalid parameter: TopicArn: arn:aws:sqs:us-east-1:000000000000:q is not the ARN of",
        ),
        (
            {"TemplateBody": BODY, "NotificationARNs": ["topic"]},
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
        ),
        ({"TemplateBody": BODY, "ResourceTypes": ["AWS::*"]}, "Leave it out."),
        ({"TemplateBody": BODY, "StackPolicyBody": "{}"}, "Error validating stack policy"),
    ],
)
def test_what_creation_refuses(stack: Stack, asked: dict[str, Any], text: str) -> None:
    code, told = error_of(lambda: stack.api.create_stack(StackName=stack.name, **asked))
    assert code == "ValidationError"
    assert text in told
    assert error_of(stack.told)[1] == f"Stack with id {stack.name} does not exist"


def test_a_name_has_its_form(stack: Stack) -> None:
    code, text = error_of(lambda: stack.api.create_stack(StackName="a_b", TemplateBody=BODY))
    assert code == "ValidationError"
    assert text == (
        "1 validation error detected: Value 'a_b' at 'stackName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )


def test_rights_are_to_be_acknowledged(stack: Stack) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "named"},
    }
    body = json.dumps({"Resources": {"Role": role}})

    def create(*capabilities: str) -> tuple[str, str]:
        return error_of(
            lambda: stack.api.create_stack(
                StackName=stack.name, TemplateBody=body, Capabilities=list(capabilities)
            )
        )

    wanted = (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
    )
    assert create() == create("CAPABILITY_IAM") == wanted


def test_a_protected_stack_stays(there: Stack) -> None:
    api, name = there.api, there.name
    api.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    assert there.told()["EnableTerminationProtection"]
    assert error_of(lambda: api.delete_stack(StackName=name)) == (
        "ValidationError",
        f"Stack [{name}] cannot be deleted while TerminationProtection is enabled",
    )
    api.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert there.delete() == "DELETE_COMPLETE"


def test_a_deleted_stack_is_known_by_its_id(there: Stack) -> None:
    name = there.name
    assert there.delete() == "DELETE_COMPLETE"
    assert error_of(lambda: there.api.describe_stacks(StackName=name))[1].endswith("not exist")
    assert there.told()["DeletionTime"]
    assert there.history()[-1][1] == "DELETE_COMPLETE"
    listed = there.api.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert there.name in [one["StackId"] for one in listed]
    there.api.delete_stack(StackName=there.name)


def test_wrong_statuses(there: Stack) -> None:
    api, name = there.api, there.name
    for call in (
        lambda: api.cancel_update_stack(StackName=name),
        lambda: api.continue_update_rollback(StackName=name),
        lambda: api.rollback_stack(StackName=name),
    ):
        code, text = error_of(call)
        assert code == "ValidationError"
        assert "is in CREATE_COMPLETE" in text
    code, text = error_of(lambda: api.delete_stack(StackName=name, RetainResources=["Handle"]))
    assert "DELETE_FAILED state" in text
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {}}
    broken = Stack(there.engine)
    assert broken.create({"Wait": {**wait, "Properties": {"Handle": "x", "Timeout": "1"}}}) == (
        "ROLLBACK_COMPLETE"
    )
    code, text = error_of(lambda: api.update_stack(StackName=broken.name, TemplateBody=BODY))
    assert text == (
        f"Stack:{broken.told()['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
    )


def test_a_topic_that_went_does_not_hinder_an_update(stack: Stack) -> None:
    sns = stack.engine.client("sns")
    topic = sns.create_topic(Name=stack.engine.name("topic"))["TopicArn"]
    stack.api.create_stack(StackName=stack.name, TemplateBody=BODY, NotificationARNs=[topic])
    assert stack.wait() == "CREATE_COMPLETE"
    sns.delete_topic(TopicArn=topic)
    assert stack.update({"Handle": HANDLE, "Queue": QUEUE}) == "UPDATE_COMPLETE"
    assert stack.told()["NotificationARNs"] == [topic]


def test_policies(there: Stack) -> None:
    api, name = there.api, there.name
    assert "StackPolicyBody" not in api.get_stack_policy(StackName=name)
    deny = {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    policy = json.dumps({"Statement": [deny]})
    api.set_stack_policy(StackName=name, StackPolicyBody=policy)
    assert api.get_stack_policy(StackName=name)["StackPolicyBody"] == policy
    assert error_of(lambda: api.set_stack_policy(StackName=name, StackPolicyBody="no"))[1] == (
        "Error validating stack policy: Invalid stack policy"
    )


def test_resources_and_their_stack(engine: Engine, stack: Stack) -> None:
    made = {"Queue": QUEUE, "Handle": {**HANDLE, "Metadata": {"a": 1}}}
    assert stack.create(made) == "CREATE_COMPLETE"
    api, name = stack.api, stack.name
    rows = api.describe_stack_resources(StackName=name)["StackResources"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in rows}
    by_id = api.describe_stack_resources(PhysicalResourceId=ids["Queue"])["StackResources"]
    assert {one["StackName"] for one in by_id} == {name}
    detail = api.describe_stack_resource(StackName=name, LogicalResourceId="Handle")
    assert json.loads(detail["StackResourceDetail"]["Metadata"]) == {"a": 1}
    assert error_of(
        lambda: api.describe_stack_resource(StackName=name, LogicalResourceId="Nobody")
    ) == ("ValidationError", f"Resource Nobody does not exist for stack {name}")
    assert error_of(lambda: api.describe_stack_resources(PhysicalResourceId="x"))[1] == (
        "Stack for x does not exist"
    )


def test_events_come_page_by_page(engine: Engine, stack: Stack) -> None:
    handles = {f"H{number}": HANDLE for number in range(40)}
    assert stack.create(handles) == "CREATE_COMPLETE"
    pages = list(stack.api.get_paginator("describe_stack_events").paginate(StackName=stack.name))
    events = [event for page in pages for event in page["StackEvents"]]
    assert len(pages) > 1
    assert len({event["EventId"] for event in events}) == len(events) == 122
    assert events[-1]["ResourceStatusReason"] == "User Initiated"


def test_exports_and_who_imports_them(engine: Engine, stack: Stack) -> None:
    user, name = Stack(engine), engine.name("export")
    body = {
        "Resources": {"Handle": HANDLE},
        "Outputs": {"O": {"Value": "v", "Export": {"Name": name}}},
    }
    stack.api.create_stack(StackName=stack.name, TemplateBody=json.dumps(body))
    assert stack.wait() == "CREATE_COMPLETE"
    exports = stack.api.get_paginator("list_exports").paginate().build_full_result()["Exports"]
    assert {"ExportingStackId": stack.told()["StackId"], "Name": name, "Value": "v"} in exports
    assert error_of(lambda: stack.api.list_imports(ExportName=name)) == (
        "ValidationError",
        f"Export '{name}' is not imported by any stack.",
    )
    assert user.create({"Handle": HANDLE}, {"I": {"Fn::ImportValue": name}}) == "CREATE_COMPLETE"
    assert user.outputs() == {"I": "v"}
    assert stack.api.list_imports(ExportName=name)["Imports"] == [user.name]
    assert user.delete() == stack.delete() == "DELETE_COMPLETE"


def test_what_is_not_here_says_so(engine: Engine) -> None:
    api = engine.client("cloudformation")
    code, text = error_of(lambda: api.list_generated_templates())
    assert (code, text.startswith("lambda_nb does not implement the operation")) == (
        "NotImplemented",
        True,
    )
    limits = api.describe_account_limits()["AccountLimits"]
    assert {"Name": "StackLimit", "Value": 2000} in limits


def test_types(engine: Engine) -> None:
    api = engine.client("cloudformation")
    told = api.describe_type(Type="RESOURCE", TypeName="AWS::SQS::Queue")
    assert "QueueName" in json.loads(told["Schema"])["properties"]
    assert api.describe_type(Arn=told["Arn"])["TypeName"] == "AWS::SQS::Queue"
    asked = {"Visibility": "PUBLIC", "Filters": {"TypeNamePrefix": "AWS::SQS::"}}
    names = [one["TypeName"] for one in api.list_types(**asked)["TypeSummaries"]]
    assert "AWS::SQS::QueuePolicy" in names
    code, _ = error_of(lambda: api.describe_type(Type="RESOURCE", TypeName="Abc::Def::Ghi"))
    assert code == "TypeNotFoundException"
