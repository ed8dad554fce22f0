"""``AWS::SQS::*``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.messaging.queues import Queue, QueueInlinePolicy, QueuePolicy


def attributes(engine: Engine, url: str) -> dict[str, str]:
    found: dict[str, str] = engine.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["All"]
    )["Attributes"]
    return found


def test_a_queue_through_its_life(engine: Engine) -> None:
    lab, calls = Lab(engine, tags={"team": "a"}), engine.client("sqs")
    tags = [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}]
    queue = lab.create(Queue(), {"VisibilityTimeout": "7", "DelaySeconds": 1, "Tags": tags})
    assert queue.ref == calls.get_queue_url(QueueName=queue.attribute("QueueName"))["QueueUrl"]
    assert attributes(engine, queue.ref)["QueueArn"] == queue.attribute("Arn")
    assert attributes(engine, queue.ref)["VisibilityTimeout"] == "7"

    queue = lab.update(queue, {"VisibilityTimeout": 9, "Tags": tags[:1]})
    now = attributes(engine, queue.ref)
    assert (now["VisibilityTimeout"], now["DelaySeconds"]) == ("9", "0")
    kept = calls.list_queue_tags(QueueUrl=queue.ref)["Tags"]
    assert kept["x"] == "1"
    assert kept["team"] == "a"
    assert kept["aws:cloudformation:logical-id"] == "Thing"
    assert "y" not in kept

    lab.delete(queue)
    code, _ = error_of(lambda: attributes(engine, queue.ref))
    assert "NonExistentQueue" in code


def test_messages_that_fail_go_where_the_template_says(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sqs")
    dead = lab.create(Queue(), {}, "Dead")
    redrive = {"deadLetterTargetArn": dead.attribute("Arn"), "maxReceiveCount": 1}
    queue = lab.create(Queue(), {"RedrivePolicy": redrive, "VisibilityTimeout": 0})
    calls.send_message(QueueUrl=queue.ref, MessageBody="bad")
    assert calls.receive_message(QueueUrl=queue.ref, WaitTimeSeconds=5)["Messages"]
    assert "Messages" not in calls.receive_message(QueueUrl=queue.ref)
    (message,) = calls.receive_message(QueueUrl=dead.ref, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == "bad"
    queue = lab.update(queue, {"VisibilityTimeout": 0})
    assert not attributes(engine, queue.ref).get("RedrivePolicy")


def test_a_fifo_queue_has_a_name_of_its_kind(engine: Engine) -> None:
    lab = Lab(engine)
    queue = lab.create(Queue(), {"FifoQueue": True, "ContentBasedDeduplication": True})
    assert queue.attribute("QueueName").endswith(".fifo")
    assert attributes(engine, queue.ref)["ContentBasedDeduplication"] == "true"


def test_drift(engine: Engine) -> None:
    lab = Lab(engine)
    queue = lab.create(Queue(), {"VisibilityTimeout": 7})
    read = queue.type.read
    assert read(lab.context(), queue.made, queue.properties) == queue.properties
    engine.client("sqs").set_queue_attributes(
        QueueUrl=queue.ref, Attributes={"VisibilityTimeout": "8"}
    )
    assert read(lab.context(), queue.made, queue.properties) == {"VisibilityTimeout": "8"}
    lab.delete(queue)
    assert read(lab.context(), queue.made, queue.properties) is None


def test_a_redrive_policy_may_have_its_number_as_a_text(engine: Engine) -> None:
    lab = Lab(engine)
    dead = lab.create(Queue(), {}, "Dead")
    policy = {"maxReceiveCount": "3", "deadLetterTargetArn": dead.attribute("Arn")}
    queue = lab.create(Queue(), {"RedrivePolicy": policy})
    assert queue.type.read(lab.context(), queue.made, queue.properties) == queue.properties


@pytest.mark.parametrize("kind", [QueuePolicy(), QueueInlinePolicy()], ids=lambda one: one.name)
def test_policies(engine: Engine, kind: QueuePolicy | QueueInlinePolicy) -> None:
    lab = Lab(engine)
    queue = lab.create(Queue(), {})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.attribute("Arn"),
    }
    where = {"Queues": [queue.ref]} if isinstance(kind, QueuePolicy) else {"Queue": queue.ref}
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "a", **statement}]}
    policy = lab.create(kind, {**where, "PolicyDocument": document}, "Policy")
    assert json.loads(attributes(engine, queue.ref)["Policy"]) == document
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "b", **statement}]}
    policy = lab.update(policy, {**where, "PolicyDocument": document})
    assert json.loads(attributes(engine, queue.ref)["Policy"]) == document
    lab.delete(policy)
    assert not attributes(engine, queue.ref).get("Policy")


def test_a_wrong_value_is_refused(engine: Engine) -> None:
    lab = Lab(engine)
    code, _ = error_of(lambda: lab.create(Queue(), {"QueueName": "no/name"}))
    assert code == "InvalidParameterValue"
