"""Queues as event sources, on a real engine: SQS of the neighbours feeds functions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine


def queue(engine: Engine, *, fifo: bool = False, **attributes: str) -> tuple[str, str]:
    """A new queue: its URL and ARN. Failed messages come again after a second."""
    sqs = engine.client("sqs")
    settings = {"VisibilityTimeout": "1", **attributes}
    if fifo:
        settings |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    name = engine.name("queue") + (".fifo" if fifo else "")
    url = sqs.create_queue(QueueName=name, Attributes=settings)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def mapped(engine: Engine, code: str, arn: str, **settings: Any) -> str:
    """Create a function and map a source to it; the mapping's identifier."""
    name = engine.create(code)
    client = engine.client()
    mapping = client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, **settings)
    return str(mapping["UUID"])


def waiting(engine: Engine, url: str) -> int:
    """Messages in a queue, in flight ones included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(told["Attributes"][name]) for name in names)


def until_empty(engine: Engine, url: str) -> None:
    """Wait until a queue holds nothing."""
    deadline = time.monotonic() + 30
    while waiting(engine, url):
        assert time.monotonic() < deadline, f"{waiting(engine, url)} messages stay"
        time.sleep(0.05)


def tell_all(ear: Ear) -> str:
    """Code of a function that reports its whole event."""
    return f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"


def test_a_message_becomes_a_record_and_is_deleted(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine)
    mapped(engine, tell_all(ear), arn)
    engine.client("sqs").send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={
            "k": {"DataType": "String", "StringValue": "v"},
            "b": {"DataType": "Binary", "BinaryValue": b"raw"},
        },
    )
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])["Records"]
    assert set(record) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes",
        "md5OfMessageAttributes", "md5OfBody", "eventSource", "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert record["body"] == "hello"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["awsRegion"] == engine.region
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(
        record["attributes"]
    )
    assert record["messageAttributes"]["k"] == {
        "stringValue": "v",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["messageAttributes"]["b"]["binaryValue"] == "cmF3"
    until_empty(engine, url)


def test_a_window_gathers_a_batch(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine, VisibilityTimeout="30")
    code = f"{ear.say}\ndef handler(event, context):\n    say(str(len(event['Records'])))\n"
    mapped(engine, code, arn, BatchSize=20, MaximumBatchingWindowInSeconds=30)
    for start in (0, 10):
        entries = [{"Id": str(i), "MessageBody": str(i)} for i in range(start, start + 10)]
        engine.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    ear.wait(lambda said: said == ["20"])
    until_empty(engine, url)


def test_a_window_ends_when_the_event_is_full(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine)
    code = f"{ear.say}\ndef handler(event, context):\n    say(str(len(event['Records'])))\n"
    mapped(engine, code, arn, BatchSize=1000, MaximumBatchingWindowInSeconds=300)
    entries = [{"Id": str(i), "MessageBody": "x" * 100_000} for i in range(10)]
    for _ in range(7):
        engine.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    ear.wait(lambda said: len(said) == 1)
    assert 50 < int(ear.heard[0]) < 63


def test_a_failed_batch_comes_again_and_ends_in_the_dead_letter_queue(
    engine: Engine, ear: Ear
) -> None:
    dead_url, dead_arn = queue(engine)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = queue(engine, RedrivePolicy=redrive)
    code = (
        f"{ear.say}\ndef handler(event, context):\n"
        "    say(event['Records'][0]['attributes']['ApproximateReceiveCount'])\n"
        "    raise ValueError('no')\n"
    )
    mapped(engine, code, arn)
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="poison")
    (dead,) = engine.client("sqs").receive_message(QueueUrl=dead_url, WaitTimeSeconds=20)[
        "Messages"
    ]
    assert dead["Body"] == "poison"
    assert ear.heard == ["1", "2"]


def test_only_reported_failures_come_again(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine)
    code = f"""{ear.say}
def handler(event, context):
    failed = []
    for record in event["Records"]:
        count = record["attributes"]["ApproximateReceiveCount"]
        say(record["body"] + count)
        if record["body"] == "bad" and count == "1":
            failed.append({{"itemIdentifier": record["messageId"]}})
    return {{"batchItemFailures": failed}}
"""
    mapped(engine, code, arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    entries = [{"Id": body, "MessageBody": body} for body in ("good", "bad")]
    engine.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    ear.wait(lambda said: "bad2" in said)
    until_empty(engine, url)
    assert sorted(ear.heard) == ["bad1", "bad2", "good1"]


def test_filters_let_through_what_matches_and_delete_the_rest(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine)
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    mapped(engine, tell_all(ear), arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    bodies = ['{"kind": "unwanted"}', "plain text", '{"kind": "wanted"}']
    entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies)]
    engine.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    until_empty(engine, url)
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])["Records"]
    assert record["body"] == bodies[2]


def test_a_fifo_group_stays_in_order(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine, fifo=True, VisibilityTimeout="30")
    code = (
        f"{ear.say}\ndef handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        say(record['attributes']['MessageGroupId'] + record['body'])\n"
    )
    mapped(engine, code, arn, BatchSize=2)
    sqs = engine.client("sqs")
    for i in range(6):
        sqs.send_message(QueueUrl=url, MessageBody=str(i), MessageGroupId="g")
    until_empty(engine, url)
    assert ear.heard == [f"g{i}" for i in range(6)]


def test_a_mapping_can_be_switched_off_and_on(engine: Engine, ear: Ear) -> None:
    url, arn = queue(engine)
    identifier = mapped(engine, tell_all(ear), arn, Enabled=False)
    client, sqs = engine.client(), engine.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="early")
    client.update_event_source_mapping(UUID=identifier, Enabled=True)
    ear.wait(lambda said: len(said) == 1)
    until_empty(engine, url)
    client.delete_event_source_mapping(UUID=identifier)


def test_a_mapping_works_on_after_a_restart(start_engine: Any, ear: Ear) -> None:
    # The queue ends with the engine. The mapping does not, and finds its queue again.
    first = start_engine()
    _, arn = queue(first)
    mapped(first, tell_all(ear), arn)
    assert first.stop() == 0
    second = start_engine()
    sqs = second.client("sqs")
    url = sqs.create_queue(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="again")
    ear.wait(lambda said: len(said) == 1)
    until_empty(second, url)


@pytest.mark.parametrize("body", ["half \ud800", "bell \x07"])
def test_text_that_no_receiver_could_be_told_is_refused(engine: Engine, body: str) -> None:
    sqs, (url, _) = engine.client("sqs"), queue(engine)
    with pytest.raises(ClientError, match=r"InvalidMessageContents.*Invalid binary character '#x"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.send_message(QueueUrl=url, MessageBody="good \U0001f600\t")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == "good \U0001f600\t"
