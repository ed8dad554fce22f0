"""``AWS::SNS::*``."""

from __future__ import annotations

import json
from typing import Any

from engine_fixtures import Ear, Engine
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.types.messaging.queues import Queue
from lambda_nb.engine.stacks.types.messaging.subscriptions import Subscription
from lambda_nb.engine.stacks.types.messaging.topics import Topic, TopicInlinePolicy, TopicPolicy


def next_body(engine: Engine, queue: Resource) -> str:
    """The next message of a queue, taken from it."""
    calls = engine.client("sqs")
    (message,) = calls.receive_message(QueueUrl=queue.ref, WaitTimeSeconds=10)["Messages"]
    calls.delete_message(QueueUrl=queue.ref, ReceiptHandle=message["ReceiptHandle"])
    return str(message["Body"])


def open_queue(lab: Lab, logical_id: str = "Queue") -> Resource:
    """A queue that SNS may send to."""
    queue = lab.create(Queue(), {}, logical_id)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.attribute("Arn"),
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    lab.engine.client("sqs").set_queue_attributes(QueueUrl=queue.ref, Attributes={"Policy": policy})
    return queue


def test_a_topic_and_its_own_subscriptions(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sns")
    first, second = open_queue(lab, "First"), open_queue(lab, "Second")
    told = {"DisplayName": "a", "Tags": [{"Key": "x", "Value": "1"}]}
    endpoints = [{"Protocol": "sqs", "Endpoint": first.attribute("Arn")}]
    topic = lab.create(Topic(), {**told, "Subscription": endpoints})
    calls.publish(TopicArn=topic.ref, Message="one")
    assert json.loads(next_body(engine, first))["Message"] == "one"

    endpoints = [{"Protocol": "sqs", "Endpoint": second.attribute("Arn")}]
    topic = lab.update(topic, {"Subscription": endpoints})
    calls.publish(TopicArn=topic.ref, Message="two")
    assert json.loads(next_body(engine, second))["Message"] == "two"
    (left,) = calls.list_subscriptions_by_topic(TopicArn=topic.ref)["Subscriptions"]
    assert left["Endpoint"] == second.attribute("Arn")
    assert not calls.get_topic_attributes(TopicArn=topic.ref)["Attributes"].get("DisplayName")
    tags = calls.list_tags_for_resource(ResourceArn=topic.ref)["Tags"]
    assert "x" not in {one["Key"] for one in tags}

    lab.delete(topic)
    assert topic.ref not in {one["TopicArn"] for one in calls.list_topics()["Topics"]}


def test_a_subscription_and_its_filter(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sns")
    queue = open_queue(lab)
    topic = lab.create(Topic(), {})
    place = {"TopicArn": topic.ref, "Protocol": "sqs", "Endpoint": queue.attribute("Arn")}
    subscription = lab.create(
        Subscription(),
        {**place, "RawMessageDelivery": True, "FilterPolicy": {"kind": ["a"]}},
        "Subscription",
    )

    def publish(text: str, kind: str) -> None:
        attribute = {"DataType": "String", "StringValue": kind}
        calls.publish(TopicArn=topic.ref, Message=text, MessageAttributes={"kind": attribute})

    publish("filtered", "b")
    publish("raw", "a")
    assert next_body(engine, queue) == "raw"
    dead = {"deadLetterTargetArn": queue.attribute("Arn")}
    subscription = lab.update(subscription, {**place, "RedrivePolicy": dead})
    publish("all", "b")
    assert json.loads(next_body(engine, queue))["Message"] == "all"
    subscription = lab.update(subscription, place)
    now = calls.get_subscription_attributes(SubscriptionArn=subscription.ref)["Attributes"]
    assert "RedrivePolicy" not in now
    lab.delete(subscription)
    assert calls.list_subscriptions_by_topic(TopicArn=topic.ref)["Subscriptions"] == []


def test_a_filter_may_look_into_bodies_and_at_attributes_again(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sns")
    queue = open_queue(lab)
    topic = lab.create(Topic(), {})
    place = {
        "TopicArn": topic.ref,
        "Protocol": "sqs",
        "Endpoint": queue.attribute("Arn"),
        "RawMessageDelivery": "true",
    }
    by_attribute = {**place, "FilterPolicy": {"kind": ["a"]}}
    by_body = {
        **place,
        "FilterPolicy": {"order": {"kind": ["b"]}},
        "FilterPolicyScope": "MessageBody",
    }
    subscription = lab.create(Subscription(), by_attribute, "Subscription")
    subscription = lab.update(subscription, by_body)
    wanted = json.dumps({"order": {"kind": "b"}})
    for text in (json.dumps({"order": {"kind": "a"}}), wanted):
        calls.publish(TopicArn=topic.ref, Message=text)
    assert next_body(engine, queue) == wanted
    lab.update(subscription, by_attribute)
    for kind in ("b", "a"):
        attribute = {"DataType": "String", "StringValue": kind}
        calls.publish(TopicArn=topic.ref, Message=kind, MessageAttributes={"kind": attribute})
    assert next_body(engine, queue) == "a"


def test_a_function_gets_the_topics_messages(engine: Engine, ear: Ear) -> None:
    lab = Lab(engine)
    name = engine.create(
        f"{ear.say}\ndef handler(event, context):\n    say(event['Records'][0]['Sns']['Message'])\n"
    )
    function = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    topic = lab.create(Topic(), {})
    engine.client().add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic.ref,
    )
    lab.create(
        Subscription(),
        {"TopicArn": topic.ref, "Protocol": "lambda", "Endpoint": function},
        "Subscription",
    )
    engine.client("sns").publish(TopicArn=topic.ref, Message="hello")
    ear.wait(lambda heard: "hello" in heard)


def test_policies(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sns")
    topic = lab.create(Topic(), {})

    def policy() -> Any:
        return json.loads(calls.get_topic_attributes(TopicArn=topic.ref)["Attributes"]["Policy"])

    before = policy()["Statement"][0]["Sid"]
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "events",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic.ref,
            }
        ],
    }
    for kind, where in (
        (TopicPolicy(), {"Topics": [topic.ref]}),
        (TopicInlinePolicy(), {"TopicArn": topic.ref}),
    ):
        made = lab.create(kind, {**where, "PolicyDocument": document}, "Policy")
        assert policy()["Statement"][0]["Sid"] == "events"
        lab.delete(made)
        assert policy()["Statement"][0]["Sid"] == before
