"""kill -9 in the middle of an operation on a stack: nothing is left that no stack knows."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine
from stacks_api_lab import DONE

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
BUCKET = "templates"
CHILD = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
MAKING = """
import json, urllib.request
def handler(event, context):
    if event["RequestType"] == "Create":
        return
    names = ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId")
    answer = {name: event[name] for name in names} | {"Status": "SUCCESS"}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(
        urllib.request.Request(event["ResponseURL"], data=body, method="PUT")
    )
"""

Listing = dict[str, set[str]]


def resources(version: int, prefix: str) -> dict[str, Any]:
    """What a stack has: with made-up names, with given ones, with IDs that say nothing."""
    function = {
        "Runtime": PYTHON,
        "Handler": "index.handler",
        "Role": ROLE,
        "FunctionName": f"{prefix}-function-{version}",
        "Code": {"ZipFile": "def handler(event, context): pass"},
    }
    queue = {"QueueName": f"{prefix}-queue", "VisibilityTimeout": 30 + version}
    return {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            },
        },
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "same", "ProtocolType": "HTTP"},
        },
        f"Only{version}": {"Type": "AWS::SQS::Queue"},
        "Nested": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": f"s3://{BUCKET}/child"},
        },
    }


def there(engine: Engine) -> Listing:
    """All that the services have."""

    def listed(service: str, operation: str, member: str, identity: str = "") -> set[str]:
        found = getattr(engine.client(service), operation)().get(member, [])
        return {one[identity] if identity else one for one in found}

    return {
        "functions": listed("lambda", "list_functions", "Functions", "FunctionName"),
        "mappings": listed("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        "queues": {url.rpartition("/")[2] for url in listed("sqs", "list_queues", "QueueUrls")},
        "apis": listed("apigatewayv2", "get_apis", "Items", "ApiId"),
        "stacks": listed("cloudformation", "describe_stacks", "Stacks", "StackId"),
    }


def until(engine: Engine, stack_id: str, wanted: Callable[[str, int], bool]) -> str:
    """Wait for a status and a number of events; the status."""
    api = engine.client("cloudformation")
    deadline = time.monotonic() + 90
    while True:
        (stack,) = api.describe_stacks(StackName=stack_id)["Stacks"]
        events = api.describe_stack_events(StackName=stack_id)["StackEvents"]
        status = str(stack["StackStatus"])
        if wanted(status, len(events)):
            return status
        assert time.monotonic() < deadline, (status, events)
        time.sleep(0.005)


def kill(engine: Engine) -> None:
    """End an engine as kill -9 does."""
    engine.process.kill()
    engine.process.wait()


@pytest.mark.parametrize(
    ("operation", "kills"), [("create", (5, 3)), ("update", (6,)), ("delete", (4,))]
)
def test_nothing_is_left_that_no_stack_knows(
    start_engine: Callable[..., Engine], operation: str, kills: tuple[int, ...]
) -> None:
    """Killed after so many events, and then perhaps once more in the rollback."""
    engine = start_engine()
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="child", Body=json.dumps(CHILD))
    before = there(engine)
    api = engine.client("cloudformation")
    prefix = engine.name("killed")

    def body(version: int) -> str:
        return json.dumps({"Resources": resources(version, prefix)})

    stack_id = api.create_stack(StackName=prefix, TemplateBody=body(1))["StackId"]
    seen = 1
    if operation != "create":
        assert until(engine, stack_id, lambda status, _: status in DONE) == "CREATE_COMPLETE"
        seen = len(api.describe_stack_events(StackName=stack_id)["StackEvents"])
        if operation == "update":
            api.update_stack(StackName=stack_id, TemplateBody=body(2))
        else:
            api.delete_stack(StackName=stack_id)
    for more in kills:
        until(engine, stack_id, partial(_reached, seen + more))
        kill(engine)
        engine = start_engine()
        api = engine.client("cloudformation")
        seen = len(api.describe_stack_events(StackName=stack_id)["StackEvents"])
    end = until(engine, stack_id, lambda status, _: status in DONE)
    assert not end.endswith("FAILED"), end
    if end != "DELETE_COMPLETE":
        api.delete_stack(StackName=stack_id)
        end = until(engine, stack_id, lambda status, _: status in DONE)
    assert end == "DELETE_COMPLETE"
    assert there(engine) == before


def _reached(goal: int, status: str, count: int) -> bool:
    return status in DONE or count >= goal


def test_who_was_asked_to_make_something_is_asked_to_delete_it(
    start_engine: Callable[..., Engine],
) -> None:
    """A custom resource whose answer would have come after the kill."""
    engine = start_engine()
    maker = engine.create(MAKING, FunctionName="maker")
    token = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{maker}"
    thing = {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": token, "ServiceTimeout": "3600"},
    }
    api = engine.client("cloudformation")
    body = json.dumps({"Resources": {"Thing": thing}})
    stack_id = api.create_stack(StackName="waits", TemplateBody=body)["StackId"]
    until(engine, stack_id, lambda _, count: count >= 3)  # it was asked, and does not answer
    kill(engine)
    engine = start_engine()
    assert until(engine, stack_id, lambda status, _: status in DONE) == "ROLLBACK_COMPLETE"
    events = engine.client("cloudformation").describe_stack_events(StackName=stack_id)
    deleted = [
        one["PhysicalResourceId"]
        for one in events["StackEvents"]
        if (one["LogicalResourceId"], one["ResourceStatus"]) == ("Thing", "DELETE_COMPLETE")
    ]
    assert len(deleted) == 1
    assert deleted[0].startswith("waits-Thing-")
