"""Change sets by the API, as the AWS CLI, SAM and CDK use them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stacks_api_lab import Stack

HANDLE: dict[str, Any] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def queue(name: str) -> str:
    """A template with one queue."""
    made = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
    return json.dumps({"Resources": {"Queue": made, "Handle": HANDLE}})


def make(stack: Stack, template: str, kind: str = "UPDATE", **more: Any) -> dict[str, Any]:
    """Make a change set and wait until it is there, as ``aws cloudformation deploy`` does."""
    asked = {"StackName": stack.name, "ChangeSetName": "change"}
    made = stack.api.create_change_set(**asked, TemplateBody=template, ChangeSetType=kind, **more)
    assert made["Id"].startswith("arn:aws:cloudformation:")
    told: dict[str, Any] = stack.api.describe_change_set(**asked)
    return told


@pytest.fixture
def stack(engine: Engine) -> Stack:
    return Stack(engine)


def test_a_stack_begins_with_a_change_set(stack: Stack) -> None:
    name = stack.engine.name("queue")
    told = make(stack, queue(name), "CREATE", Description="first", OnStackFailure="DELETE")
    assert (told["Status"], told["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert (told["Description"], told["OnStackFailure"]) == ("first", "DELETE")
    changes = {one["ResourceChange"]["LogicalResourceId"]: one for one in told["Changes"]}
    assert changes["Queue"]["Type"] == "Resource"
    assert changes["Queue"]["ResourceChange"]["Action"] == "Add"
    assert changes["Queue"]["ResourceChange"]["ResourceType"] == "AWS::SQS::Queue"
    assert stack.told()["StackStatus"] == "REVIEW_IN_PROGRESS"

    (listed,) = stack.api.list_change_sets(StackName=stack.name)["Summaries"]
    assert listed["ChangeSetId"] == told["ChangeSetId"]
    stack.api.execute_change_set(ChangeSetName=told["ChangeSetId"])
    assert stack.wait() == "CREATE_COMPLETE", stack.history()
    assert stack.told()["ChangeSetId"] == told["ChangeSetId"]
    told = stack.api.describe_change_set(ChangeSetName=told["ChangeSetId"])
    assert (told["Status"], told["ExecutionStatus"]) == ("CREATE_COMPLETE", "EXECUTE_COMPLETE")
    again = error_of(lambda: stack.api.execute_change_set(ChangeSetName=told["ChangeSetId"]))
    assert again[0] == "InvalidChangeSetStatus"


def test_a_wish_to_import_what_exists_hinders_nobody(stack: Stack) -> None:
    """CDK's bootstrap always wishes it."""
    name = stack.engine.name("queue")
    told = make(stack, queue(name), "CREATE", ImportExistingResources=True)
    assert [one["ResourceChange"]["Action"] for one in told["Changes"]] == ["Add", "Add"]
    stack.api.execute_change_set(ChangeSetName=told["ChangeSetId"])
    assert stack.wait() == "CREATE_COMPLETE", stack.history()


def test_what_exists_is_not_imported_and_the_stack_says_so(stack: Stack) -> None:
    name = stack.engine.name("bucket")
    stack.engine.client("s3").create_bucket(Bucket=name)
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    template = json.dumps({"Resources": {"Bucket": bucket}})
    told = make(stack, template, "CREATE", ImportExistingResources=True)
    stack.api.execute_change_set(ChangeSetName=told["ChangeSetId"])
    assert stack.wait() == "ROLLBACK_COMPLETE"
    assert any(f"{name} already exists" in (why or "") for _, _, why in stack.history())
    stack.engine.client("s3").head_bucket(Bucket=name)


def test_what_an_update_would_do_and_then_does(stack: Stack) -> None:
    old, new = stack.engine.name("old"), stack.engine.name("new")
    make(stack, queue(old), "CREATE")
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName="change")
    stack.wait()
    stack.api.delete_change_set(StackName=stack.name, ChangeSetName="change")
    told = make(stack, queue(new))
    (change,) = [one["ResourceChange"] for one in told["Changes"]]
    assert (change["Action"], change["Replacement"]) == ("Modify", "True")
    assert change["Scope"] == ["Properties"]
    assert change["PhysicalResourceId"].endswith(old)
    (detail,) = change["Details"]
    assert detail["Target"]["Name"] == "QueueName"
    assert "AfterValue" not in detail["Target"]
    told = stack.api.describe_change_set(
        StackName=stack.name, ChangeSetName="change", IncludePropertyValues=True
    )
    (change,) = [one["ResourceChange"] for one in told["Changes"]]
    assert new in change["AfterContext"]
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName="change")
    assert stack.wait() == "UPDATE_COMPLETE", stack.history()
    assert stack.engine.client("sqs").get_queue_url(QueueName=new)


def test_one_without_changes_fails_and_says_why(stack: Stack) -> None:
    template = json.dumps({"Resources": {"Handle": HANDLE}})
    stack.create({"Handle": HANDLE})
    told = make(stack, template)
    assert (told["Status"], told["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert told["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set."
    )
    code, text = error_of(
        lambda: stack.api.execute_change_set(StackName=stack.name, ChangeSetName="change")
    )
    assert code == "InvalidChangeSetStatus"
    assert text == (
        f"ChangeSet [{told['ChangeSetId']}] cannot be executed in its current status of [FAILED]"
    )


def test_names_that_are_wrong(stack: Stack) -> None:
    api, name = stack.api, stack.name
    template = json.dumps({"Resources": {"Handle": HANDLE}})

    def create(kind: str) -> tuple[str, str]:
        asked = {"StackName": name, "ChangeSetName": "c", "ChangeSetType": kind}
        return error_of(lambda: api.create_change_set(**asked, TemplateBody=template))

    assert create("UPDATE") == ("ValidationError", f"Stack [{name}] does not exist")
    stack.create({"Handle": HANDLE})
    assert create("CREATE") == (
        "ValidationError",
        f"Stack [{name}] already exists and cannot be created again with the changeSet [c].",
    )
    assert error_of(lambda: api.describe_change_set(StackName=name, ChangeSetName="no")) == (
        "ChangeSetNotFound",
        "ChangeSet [no] does not exist",
    )
    code, text = error_of(
        lambda: api.create_change_set(StackName=name, ChangeSetName="a_b", TemplateBody=template)
    )
    assert (code, "Value 'a_b' at 'changeSetName' failed" in text) == ("ValidationError", True)
    code, text = create("IMPORT")
    assert "does not import existing resources" in text
    make(stack, template)
    code, text = error_of(lambda: make(stack, template))
    assert (code, text) == ("AlreadyExistsException", "ChangeSet [change] already exists")


def test_a_bad_template_leaves_no_stack_behind(stack: Stack) -> None:
    code, _ = error_of(lambda: make(stack, "Resources: [", "CREATE"))
    assert code == "ValidationError"
    assert error_of(stack.told)[1] == f"Stack with id {stack.name} does not exist"


EXTENDED = """
Transform: AWS::LanguageExtensions
Parameters: {Needed: {Type: String}}
Resources: {Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}}
"""
NEEDED = [{"ParameterKey": "Needed", "ParameterValue": "here"}]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("", "Requires capabilities : [CAPABILITY_IAM]"),
        (
            "Outputs: {O: {Value: !Ref Nobody}}",
            "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block "
            "of the template",
        ),
    ],
)
def test_what_is_seen_only_after_transforms_fails_the_change_set(
    stack: Stack, more: str, reason: str
) -> None:
    told = make(stack, EXTENDED + more, "CREATE", Parameters=NEEDED)
    assert (told["Status"], told["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert told["StatusReason"] == reason


def test_a_parameter_is_missed_before_transforms(stack: Stack) -> None:
    wanted = ("ValidationError", "Parameters: [Needed] must have values")
    assert error_of(lambda: make(stack, EXTENDED, "CREATE")) == wanted
    before = [{"ParameterKey": "Needed", "UsePreviousValue": True}]
    assert error_of(lambda: make(stack, EXTENDED, "CREATE", Parameters=before)) == (
        "ValidationError",
        "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE",
    )


def test_a_stack_in_review_can_be_deleted(stack: Stack) -> None:
    make(stack, json.dumps({"Resources": {"Handle": HANDLE}}), "CREATE")
    stack.api.delete_stack(StackName=stack.name)
    waiter = stack.api.get_waiter("stack_delete_complete")
    waiter.wait(StackName=stack.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})


def test_one_that_is_being_executed_is_not_deleted(stack: Stack) -> None:
    waiting = {"Handle": {"Ref": "Handle"}, "Timeout": "600"}
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": waiting}
    make(stack, json.dumps({"Resources": {"Handle": HANDLE, "Wait": wait}}), "CREATE")
    named = {"StackName": stack.name, "ChangeSetName": "change"}
    stack.api.execute_change_set(**named)
    code, text = error_of(lambda: stack.api.delete_change_set(**named))
    assert (code, "is being executed" in text) == ("InvalidChangeSetStatus", True)
    assert stack.delete() == "DELETE_COMPLETE", stack.history()


def test_wrong_properties_fail_a_change_set_early(stack: Stack) -> None:
    topic = {"Type": "AWS::SNS::Topic"}
    wrong = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"Wrong": "x", "KmsMasterKeyId": {"Ref": "Topic"}, "DelaySeconds": "soon"},
    }
    told = make(stack, json.dumps({"Resources": {"Q": wrong, "Topic": topic}}), "CREATE")
    assert (told["Status"], told["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "[AWS::EarlyValidation::PropertyValidation]" in told["StatusReason"]
    asked = {"ChangeSetName": told["ChangeSetId"], "Filters": {"FailedEvents": True}}
    events = stack.api.describe_events(**asked)["OperationEvents"]
    assert {(one["LogicalResourceId"], one["ValidationStatusReason"]) for one in events} == {
        ("Q", "#: extraneous key [Wrong] is not permitted"),
        ("Q", "#/DelaySeconds: expected type: Integer, found: String"),
    }
    assert {one["EventType"] for one in events} == {"VALIDATION_ERROR"}
