"""Events that services push to functions, from the call that causes them to the handler."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Ear, Engine, error_of
from eventbridge_lab import until

Heard = Callable[[int], list[Any]]


@pytest.fixture
def listener(engine: Engine, ear: Ear) -> Iterator[tuple[str, Heard]]:
    """The ARN of a function that reports each event, and a way to wait for a number of events."""
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    name = engine.create(code)
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]

    def heard(count: int) -> list[Any]:
        ear.wait(lambda said: len(said) >= count)
        return [json.loads(text) for text in ear.heard]

    yield arn, heard
    engine.client().delete_function(FunctionName=name)


def allow(engine: Engine, arn: str, service: str, source: str) -> None:
    """Let a service invoke a function."""
    engine.client().add_permission(
        FunctionName=arn,
        StatementId=engine.name(service.replace(".", "-")),
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
    )


def test_s3_sends_complete_records(engine: Engine, listener: tuple[str, Heard]) -> None:
    arn, heard = listener
    s3, bucket = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=bucket)
    keys = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}
    configuration = {
        "Id": "cfg",
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
        "Filter": keys,
    }
    allow(engine, arn, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]}
    )
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"no")
    s3.put_object(Bucket=bucket, Key="in/my file(1).txt", Body=b"hello")
    s3.delete_object(Bucket=bucket, Key="in/my file(1).txt")

    events = sorted((event["Records"][0] for event in heard(2)), key=lambda r: r["eventName"])
    assert [record["eventName"] for record in events] == [
        "ObjectCreated:Put",
        "ObjectRemoved:Delete",
    ]
    created, removed = events
    assert created["eventSource"] == "aws:s3"
    assert created["s3"]["configurationId"] == "cfg"
    assert created["s3"]["bucket"]["name"] == bucket
    assert created["s3"]["object"]["key"] == "in/my+file%281%29.txt"
    assert created["s3"]["object"]["size"] == 5
    assert created["userIdentity"]["principalId"]
    assert created["requestParameters"]["sourceIPAddress"] == "127.0.0.1"
    assert set(created["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}
    assert set(removed["s3"]["object"]) == {"key", "sequencer"}
    assert created["s3"]["object"]["sequencer"] < removed["s3"]["object"]["sequencer"]


def test_s3_does_not_wait_for_the_function(engine: Engine, ear: Ear) -> None:
    name = engine.create(
        f"import time\n{ear.say}\n"
        "def handler(event, context):\n    say('begun')\n    time.sleep(2)\n    say('ended')\n"
    )
    s3, bucket = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=bucket)
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    to_function = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:Put"]}
    allow(engine, arn, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [to_function]}
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "ended" not in ear.heard
    ear.wait(lambda said: "ended" in said)


def test_sns_sends_attributes_and_applies_the_filter_policy(
    engine: Engine, listener: tuple[str, Heard]
) -> None:
    arn, heard = listener
    sns = engine.client("sns")
    topic = sns.create_topic(Name=engine.name("topic"))["TopicArn"]
    allow(engine, arn, "sns", topic)
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=arn,
        Attributes={"FilterPolicy": json.dumps({"kind": ["wanted"]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    for kind in ("unwanted", "wanted"):
        sns.publish(
            TopicArn=topic,
            Message=f"{kind} message",
            Subject="subject",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
    (record,) = heard(1)[0]["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"] == subscription
    message = record["Sns"]
    assert message["Message"] == "wanted message"
    assert message["Subject"] == "subject"
    assert message["TopicArn"] == topic
    assert message["MessageAttributes"] == {"kind": {"Type": "String", "Value": "wanted"}}
    assert message["Timestamp"][:4] == time.strftime("%Y", time.gmtime())


def test_eventbridge_sends_what_the_target_asks_for(
    engine: Engine, listener: tuple[str, Heard]
) -> None:
    arn, heard = listener
    events, rule = engine.client("events"), engine.name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    events.put_targets(
        Rule=rule,
        Targets=[
            {"Id": "whole", "Arn": arn},
            {"Id": "part", "Arn": arn, "InputPath": "$.detail"},
            {"Id": "fixed", "Arn": arn, "Input": json.dumps({"fixed": True})},
            {
                "Id": "transformed",
                "Arn": arn,
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.n"},
                    "InputTemplate": '{"transformed": <n>}',
                },
            },
        ],
    )
    entry = {"Source": rule, "DetailType": "test", "Detail": json.dumps({"n": 1})}
    other = {**entry, "Source": "other"}
    assert events.put_events(Entries=[other, entry])["FailedEntryCount"] == 0
    told = heard(4)
    (whole,) = (event for event in told if "detail-type" in event)
    assert whole["account"] == engine.account
    assert whole["detail"] == {"n": 1}
    time.strptime(whole["time"], "%Y-%m-%dT%H:%M:%SZ")
    assert {"n": 1} in told
    assert {"fixed": True} in told
    assert {"transformed": 1} in told


def test_logs_are_let_in_by_the_name_with_the_region_too(
    engine: Engine, listener: tuple[str, Heard]
) -> None:
    """As AWS's sample error-processor does."""
    arn, _ = listener
    logs, group = engine.client("logs"), engine.name("/group")
    logs.create_log_group(logGroupName=group)
    source = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}:*"
    allow(engine, arn, f"logs.{engine.region}", source)
    logs.put_subscription_filter(
        logGroupName=group, filterName="all", filterPattern="", destinationArn=arn
    )
    (kept,) = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert kept["destinationArn"] == arn


def test_logs_send_the_lines_that_the_filter_lets_through(
    engine: Engine, listener: tuple[str, Heard]
) -> None:
    arn, heard = listener
    logs, group = engine.client("logs"), engine.name("/group")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    asked = {"logGroupName": group, "filterName": "errors", "filterPattern": "ERROR"}
    assert error_of(lambda: logs.put_subscription_filter(**asked, destinationArn=arn)) == (
        "InvalidParameterException",
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
        "permission to execute your function.",
    )
    source = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}:*"
    allow(engine, arn, "logs", source)
    logs.put_subscription_filter(**asked, destinationArn=arn)
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": text} for text in ("fine", "ERROR: not fine")]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=lines)
    data = base64.b64decode(heard(1)[0]["awslogs"]["data"])
    document = json.loads(gzip.decompress(data))
    assert document["messageType"] == "DATA_MESSAGE"
    assert document["logGroup"] == group
    assert document["subscriptionFilters"] == ["errors"]
    assert [event["message"] for event in document["logEvents"]] == ["ERROR: not fine"]
    assert len(document["logEvents"][0]["id"]) == 56


def test_eventbridge_reaches_queues_topics_and_streams(engine: Engine) -> None:
    events, rule = engine.client("events"), engine.name("rule")
    sqs, sns, kinesis = engine.client("sqs"), engine.client("sns"), engine.client("kinesis")
    urls = [sqs.create_queue(QueueName=engine.name("queue"))["QueueUrl"] for _ in range(2)]
    queues = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        for url in urls
    ]
    topic = sns.create_topic(Name=engine.name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues[1])
    stream = engine.name("stream")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    description = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    targets = [queues[0], topic, description["StreamARN"]]
    events.put_targets(
        Rule=rule,
        Targets=[
            {"Id": str(i), "Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/events"}
            for i, arn in enumerate(targets)
        ],
    )
    events.put_events(Entries=[{"Source": rule, "DetailType": "t", "Detail": '{"n": 1}'}])

    def body(url: str) -> Any:
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        return json.loads(message["Body"])

    assert body(urls[0])["detail"] == {"n": 1}
    assert json.loads(body(urls[1])["Message"])["detail"] == {"n": 1}
    iterator = kinesis.get_shard_iterator(
        StreamName=stream,
        ShardId=description["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    (record,) = until(lambda: kinesis.get_records(ShardIterator=iterator)["Records"])
    assert json.loads(record["Data"])["detail"] == {"n": 1}
