"""Stacks over time: killed in the middle, drifted, in other Regions, of unknown types."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from engine_fixtures import Engine
from stacks_api_lab import Stack, custom, inline

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
SILENT = "def handler(event, context):\n    pass\n"
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


def until(stack: Stack, logical_id: str, status: str) -> None:
    """Wait for an event."""
    deadline = time.monotonic() + 60
    while not any((name, said) == (logical_id, status) for name, said, _ in stack.history()):
        assert time.monotonic() < deadline, stack.history()
        time.sleep(0.02)


def test_a_kill_in_the_middle_is_rolled_back_at_the_next_start(
    start_engine: Callable[..., Engine],
) -> None:
    first = start_engine()
    stack = Stack(first)
    made = {
        "Maker": inline(PYTHON, SILENT),
        "Queue": QUEUE,
        "Thing": {**custom(ServiceTimeout=3600), "DependsOn": "Queue"},
    }
    stack.api.create_stack(StackName=stack.name, TemplateBody=json.dumps({"Resources": made}))
    until(stack, "Thing", "CREATE_IN_PROGRESS")
    (queue,) = first.client("sqs").list_queues()["QueueUrls"]
    function = first.client().list_functions()["Functions"][0]["FunctionName"]
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()

    again = start_engine()
    after = Stack(again)
    after.name = stack.name
    assert queue.rpartition("/")[2].startswith(stack.name)
    # Its function never answers: that it is being deleted is all there is to see of it.
    until(after, stack.name, "ROLLBACK_IN_PROGRESS")
    reasons = [why for _, status, why in after.history() if status == "ROLLBACK_IN_PROGRESS"]
    assert "The engine ended during the operation." in reasons[0]
    names = [one["FunctionName"] for one in again.client().list_functions()["Functions"]]
    assert set(names) <= {function}


def test_drift_is_found(engine: Engine) -> None:
    stack = Stack(engine)
    queue = {**QUEUE, "Properties": {"VisibilityTimeout": 30}}
    assert stack.create({"Queue": queue}, {"Url": {"Ref": "Queue"}}) == "CREATE_COMPLETE"
    api, name = stack.api, stack.name

    def detected() -> dict[str, Any]:
        begun = api.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
        while True:
            told = api.describe_stack_drift_detection_status(StackDriftDetectionId=begun)
            if told["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                return dict(told)

    assert detected()["StackDriftStatus"] == "IN_SYNC"
    changed = {"VisibilityTimeout": "55"}
    engine.client("sqs").set_queue_attributes(QueueUrl=stack.outputs()["Url"], Attributes=changed)
    told = detected()
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    (drift,) = api.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    assert drift["StackResourceDriftStatus"] == "MODIFIED"
    (difference,) = drift["PropertyDifferences"]
    assert difference["PropertyPath"] == "/VisibilityTimeout"
    assert stack.told()["DriftInformation"]["StackDriftStatus"] == "DRIFTED"
    assert stack.delete() == "DELETE_COMPLETE"


def test_regions_have_stacks_of_their_own(engine: Engine) -> None:
    stack = Stack(engine)
    stack.api = engine.client("cloudformation", region_name="eu-west-1")
    region = {"Region": {"Ref": "AWS::Region"}}
    assert stack.create({"Queue": QUEUE}, region) == "CREATE_COMPLETE"
    assert stack.outputs() == {"Region": "eu-west-1"}
    home = engine.client("cloudformation").list_stacks()["StackSummaries"]
    assert stack.name not in [one["StackName"] for one in home]
    assert stack.delete() == "DELETE_COMPLETE"


def test_an_unknown_type_fails_its_stack_or_is_skipped(
    engine: Engine, start_engine: Callable[..., Engine]
) -> None:
    unknown = {"Type": "AWS::RoboMaker::Fleet"}
    stack = Stack(engine)
    assert stack.create({"Queue": QUEUE, "Fleet": unknown}) == "ROLLBACK_COMPLETE"
    (reason,) = [
        why for name, said, why in stack.history() if said == "CREATE_FAILED" and name == "Fleet"
    ]
    assert "lambda_nb does not have the resource type AWS::RoboMaker::Fleet yet." in reason
    lenient = Stack(start_engine("--unknown-resources", "skip"))
    assert lenient.create({"Queue": QUEUE, "Fleet": unknown}) == "CREATE_COMPLETE"
    told = [why for name, _, why in lenient.history() if name == "Fleet"]
    assert any("Skipped" in why for why in told)
