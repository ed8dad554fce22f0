"""Bad input for CloudFormation: each piece is refused in AWS's words, and the engine serves on."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Engine, error_of
from stacks_api_lab import Stack

WAIT = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
QUEUE = {"Type": "AWS::SQS::Queue"}
TEXT_BOMB: Any = {"Fn::Sub": ["${a}" * 10, {"a": "x" * 10}]}
for _ in range(7):
    TEXT_BOMB = {"Fn::Sub": ["${a}" * 10, {"a": TEXT_BOMB}]}

BAD_TEMPLATES: dict[str, tuple[str, str]] = {
    "a cycle": (
        json.dumps(
            {"Resources": {"A": {**QUEUE, "DependsOn": "B"}, "B": {**QUEUE, "DependsOn": "A"}}}
        ),
        "Circular dependency between resources: [A, B]",
    ),
    "a missing parameter": (
        json.dumps({"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": QUEUE}}),
        "Parameters: [P] must have values",
    ),
    "half a character": (
        '{"Description": "\\ud800", "Resources": {"A": {"Type": "AWS::SQS::Queue"}}}',
        "a text has characters that Unicode does not have",
    ),
    "too deep JSON": ('{"Resources": ' + "[" * 20_000, "nested too deeply"),
    "too deep YAML": ("Resources: " + "[" * 20_000, "YAML not well-formed"),
    "aliases": ("Resources: &r {A: *r}", "YAML aliases are not allowed"),
    "objects of Python": (
        "Resources: !!python/object/apply:os.system ['id']",
        "Resources must be an object",
    ),
    "too many resources": (
        json.dumps({"Resources": {f"A{number}": WAIT for number in range(501)}}),
        "Number of resources, 501, is greater than maximum allowed, 500",
    ),
}


def call(engine: Engine) -> Any:
    """A client that sends even what botocore knows to be wrong."""
    return engine.client(
        "cloudformation",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize("name", BAD_TEMPLATES)
def test_a_bad_template_is_refused(engine: Engine, name: str) -> None:
    body, why = BAD_TEMPLATES[name]
    stack = Stack(engine)
    code, message = error_of(
        lambda: stack.api.create_stack(StackName=stack.name, TemplateBody=body)
    )
    assert code == "ValidationError"
    assert why in message
    code, _ = error_of(stack.told)
    assert code == "ValidationError"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://arn:aws:s3:us-east-1:000000000000:accesspoint/x/key", "S3"),
        ("s3://a b/key", "S3"),
        ("http://[::1/x", "must be a URL"),
        ("https://s3.amazonaws.com/%ff%fe/x", "must be a URL"),
        ("https://bucket.s3.amazonaws.com/\x01", "S3"),
        ("http://127.0.0.1@example.com/bucket/key", "is no address of Amazon S3"),
        ("http://localhost.example.com/bucket/key", "is no address of Amazon S3"),
        ("file:///etc/passwd", "must be a supported URL"),
    ],
)
def test_a_template_is_read_only_from_the_engines_s3(engine: Engine, url: str, why: str) -> None:
    code, message = error_of(
        lambda: engine.client("cloudformation").create_stack(StackName="never", TemplateURL=url)
    )
    assert code == "ValidationError"
    assert why in message


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"OnFailure": "BOOM"}, "Member must satisfy enum value set"),
        ({"Capabilities": ["CAPABILITY_ALL"]}, "Member must satisfy enum value set"),
        ({"TimeoutInMinutes": -5}, "Member must have value greater than or equal to 1"),
        ({"TimeoutInMinutes": 10**12}, "Member must have value less than or equal to"),
        ({"StackPolicyBody": '{"Statement": ' + "[" * 8000}, "Invalid stack policy"),
        (
            {
                "StackPolicyBody": json.dumps(
                    {"Statement": {"Effect": "Deny", "Action": 5, "Resource": "*"}}
                )
            },
            "has Action that is neither a text nor a list of texts",
        ),
        (
            {
                "StackPolicyBody": json.dumps(
                    {
                        "Statement": {
                            "Effect": "Deny",
                            "Action": "*",
                            "Resource": "*",
                            "Condition": [1],
                        }
                    }
                )
            },
            "has a Condition that is not an object",
        ),
    ],
)
def test_a_wrong_setting_is_refused(engine: Engine, asked: dict[str, Any], why: str) -> None:
    body = json.dumps({"Resources": {"A": WAIT}})
    code, message = error_of(
        lambda: call(engine).create_stack(StackName="never", TemplateBody=body, **asked)
    )
    assert code == "ValidationError"
    assert why in message


def test_a_text_that_would_fill_the_memory_fails_its_stack(engine: Engine) -> None:
    stack = Stack(engine)
    assert stack.create({"A": WAIT}, {"Bomb": TEXT_BOMB}) == "ROLLBACK_COMPLETE"
    assert any("more than a whole template may have" in why for _, _, why in stack.history())


@pytest.mark.parametrize(
    ("kind", "member", "make", "look"),
    [
        (
            "AWS::SQS::Queue",
            "QueueName",
            lambda engine, name: engine.client("sqs").create_queue(QueueName=name),
            lambda engine, name: engine.client("sqs").get_queue_url(QueueName=name),
        ),
        (
            "AWS::SNS::Topic",
            "TopicName",
            lambda engine, name: engine.client("sns").create_topic(Name=name),
            lambda engine, name: engine.client("sns").get_topic_attributes(
                TopicArn=f"arn:aws:sns:{engine.region}:{engine.account}:{name}"
            ),
        ),
        (
            "AWS::Events::Rule",
            "Name",
            lambda engine, name: engine.client("events").put_rule(
                Name=name, ScheduleExpression="rate(1 hour)"
            ),
            lambda engine, name: engine.client("events").describe_rule(Name=name),
        ),
    ],
)
def test_what_somebody_else_made_is_not_taken(
    engine: Engine,
    kind: str,
    member: str,
    make: Callable[[Engine, str], Any],
    look: Callable[[Engine, str], Any],
) -> None:
    name = engine.name("mine")
    make(engine, name)
    properties: dict[str, Any] = {member: name}
    if kind == "AWS::Events::Rule":
        properties["ScheduleExpression"] = "rate(1 hour)"
    stack = Stack(engine)
    assert stack.create({"Thing": {"Type": kind, "Properties": properties}}) == "ROLLBACK_COMPLETE"
    assert any("already exists" in why for _, _, why in stack.history())
    assert stack.delete() == "DELETE_COMPLETE"
    assert look(engine, name)


def test_a_stack_inside_of_itself_ends(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), engine.name("templates")
    s3.create_bucket(Bucket=bucket)
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"s3://{bucket}/self"},
    }
    s3.put_object(Bucket=bucket, Key="self", Body=json.dumps({"Resources": {"Again": nested}}))
    stack = Stack(engine)
    assert stack.create({"Again": nested}) == "ROLLBACK_COMPLETE"
    assert any("has itself as a nested stack" in why for _, _, why in stack.history())
    assert stack.delete() == "DELETE_COMPLETE"
    names = [one["StackName"] for one in stack.api.describe_stacks()["Stacks"]]
    assert not [name for name in names if name.startswith(stack.name)]


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """The codes of the errors of calls that are made together; empty for those that succeed."""

    def code(one: Callable[[], Any]) -> str:
        try:
            one()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(code, calls))


@pytest.mark.parametrize("by", ["stacks", "change sets"])
def test_a_name_is_given_once(engine: Engine, by: str) -> None:
    api, body = engine.client("cloudformation"), json.dumps({"Resources": {"A": WAIT}})
    name = engine.name("once")

    def make(number: int) -> None:
        if by == "stacks":
            api.create_stack(StackName=name, TemplateBody=body)
        else:
            api.create_change_set(
                StackName=name,
                ChangeSetName=f"c{number}",
                ChangeSetType="CREATE",
                TemplateBody=body,
            )

    codes = at_once(*(partial(make, number) for number in range(6)))
    assert set(codes) <= {"", "AlreadyExistsException"}
    found = [one for one in api.list_stacks()["StackSummaries"] if one["StackName"] == name]
    assert len(found) == 1


def test_a_change_set_is_executed_once_and_only_on_what_it_was_made_for(engine: Engine) -> None:
    stack = Stack(engine)

    def queue(seconds: int) -> dict[str, Any]:
        return {"A": {**QUEUE, "Properties": {"VisibilityTimeout": seconds}}}

    assert stack.create(queue(1)) == "CREATE_COMPLETE"
    change = stack.api.create_change_set(
        StackName=stack.name, ChangeSetName="c", TemplateBody=json.dumps({"Resources": queue(2)})
    )["Id"]
    assert stack.update(queue(3)) == "UPDATE_COMPLETE"
    told = stack.api.describe_change_set(ChangeSetName=change)
    assert told["ExecutionStatus"] == "OBSOLETE"
    code, _ = error_of(lambda: stack.api.execute_change_set(ChangeSetName=change))
    assert code == "InvalidChangeSetStatus"

    change = stack.api.create_change_set(
        StackName=stack.name, ChangeSetName="d", TemplateBody=json.dumps({"Resources": queue(4)})
    )["Id"]
    codes = at_once(*[lambda: stack.api.execute_change_set(ChangeSetName=change)] * 4)
    assert codes.count("") == 1
    assert stack.wait() == "UPDATE_COMPLETE"


def test_an_export_is_given_once_and_not_deleted_while_it_is_imported(engine: Engine) -> None:
    name = engine.name("export")
    api = engine.client("cloudformation")
    exports = {"O": {"Value": "v", "Export": {"Name": name}}}
    body = json.dumps({"Resources": {"A": WAIT}, "Outputs": exports})
    stacks = [Stack(engine) for _ in range(4)]
    at_once(
        *(
            lambda stack=stack: api.create_stack(StackName=stack.name, TemplateBody=body)
            for stack in stacks
        )
    )
    ends = {stack.wait(): stack for stack in stacks}
    assert sorted(ends) == ["CREATE_COMPLETE", "ROLLBACK_COMPLETE"]
    exporter, importer = ends["CREATE_COMPLETE"], Stack(engine)
    exporter.name = exporter.told()["StackId"]
    imports = {"I": {"Value": {"Fn::ImportValue": name}}}
    body = json.dumps({"Resources": {"A": WAIT}, "Outputs": imports})
    at_once(
        lambda: api.create_stack(StackName=importer.name, TemplateBody=body),
        lambda: api.delete_stack(StackName=exporter.name),
    )
    exported = exporter.wait() == "CREATE_COMPLETE"  # else it is DELETE_COMPLETE
    assert (name in [one["Name"] for one in api.list_exports()["Exports"]]) == exported
    there = [one["StackName"] for one in api.describe_stacks()["Stacks"]]
    if importer.name in there:  # else its template was refused, for the export was gone
        assert (importer.wait() == "CREATE_COMPLETE") == exported


MACRO = """
def handler(event, context):
    return {answer}
"""


@pytest.mark.parametrize(
    "answer",
    [
        "5",
        "{'status': 'success', 'requestId': event['requestId']}",
        "{'status': 'success', 'requestId': 'other', 'fragment': event['fragment']}",
        "{'status': 'success', 'requestId': event['requestId'], 'fragment': "
        "{'Description': '\\ud800', 'Resources': event['fragment']['Resources']}}",
        "{}['no such key']",
    ],
)
def test_what_a_macro_says_is_checked(engine: Engine, answer: str) -> None:
    name = engine.name("macro")
    engine.create(MACRO.format(answer=answer), FunctionName=name)
    stack, user = Stack(engine), Stack(engine)
    macro = {
        "Type": "AWS::CloudFormation::Macro",
        "Properties": {"Name": name, "FunctionName": name},
    }
    assert stack.create({"Macro": macro}) == "CREATE_COMPLETE"
    body = json.dumps({"Transform": name, "Resources": {"A": WAIT}})
    code, _ = error_of(
        lambda: user.api.create_stack(
            StackName=user.name, TemplateBody=body, Capabilities=["CAPABILITY_AUTO_EXPAND"]
        )
    )
    assert code == "ValidationError"
    assert stack.delete() == "DELETE_COMPLETE"


def test_secrets_are_not_told(engine: Engine) -> None:
    secret = engine.name("secret")
    engine.client("secretsmanager").create_secret(
        Name=secret, SecretString=json.dumps({"p": "resolved-hush-1"})
    )
    resolved = "{{resolve:secretsmanager:" + secret + ":SecretString:p}}"
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": "x = 1"},
            "Environment": {"Variables": {"Given": {"Ref": "P"}, "Resolved": resolved}},
        },
    }
    wrong = {**QUEUE, "Properties": {"QueueName": {"Fn::Sub": "no name: ${P}"}}}
    template = {
        "Parameters": {"P": {"Type": "String", "NoEcho": True}},
        "Resources": {"Function": function, "Wrong": {**wrong, "DependsOn": "Function"}},
    }
    stack = Stack(engine)
    api, name = stack.api, stack.name
    api.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "P", "ParameterValue": "given-hush-2"}],
        OnFailure="DO_NOTHING",
    )
    assert stack.wait() == "CREATE_FAILED"
    api.create_change_set(
        StackName=name,
        ChangeSetName="c",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "P", "ParameterValue": "given-hush-3"}],
    )
    said = json.dumps(
        [
            api.describe_stacks(StackName=name),
            api.describe_stack_events(StackName=name),
            api.describe_stack_resources(StackName=name),
            api.get_template(StackName=name, TemplateStage="Processed"),
            api.describe_change_set(StackName=name, ChangeSetName="c", IncludePropertyValues=True),
        ],
        default=str,
    )
    assert "****" in said
    assert "hush" not in said
    assert "hush" not in engine.log_file.read_text()
    assert stack.delete() == "DELETE_COMPLETE"
    kept = engine.data_dir.stat().st_mode & 0o777
    assert kept == 0o700
