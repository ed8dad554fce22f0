"""Tumbling windows and the metrics of event source mappings, on real streams and queues."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from engine_fixtures import Ear, Engine

from lambda_nb.rules.events import windows


def summing(ear: Ear, then: str = "") -> str:
    """A function that counts records in its state and reports each event."""
    return (
        f"import json\n{ear.say}\ndef handler(event, context):\n"
        "    say(json.dumps(event))\n"
        f"{then}"
        "    n = event['state'].get('n', 0) + len(event['Records'])\n"
        "    return {'state': {'n': n}}\n"
    )


def kinesis_stream(engine: Engine, shards: int = 1) -> tuple[str, str]:
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    return name, kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]


def total(engine: Engine, metric: str, name: str, value: str, statistic: str = "Sum") -> float:
    now = datetime.now(timezone.utc)
    points = engine.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return float(sum(point[statistic] for point in points))


def expect(engine: Engine, mapping: str, **counts: int) -> None:
    """Wait until a mapping's counts are as they should be."""
    deadline = time.monotonic() + 20
    while True:
        found = {name: total(engine, name, "EventSourceMappingUUID", mapping) for name in counts}
        if found == counts:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_state_goes_from_call_to_call_until_the_window_ends(engine: Engine, ear: Ear) -> None:
    name, arn = kinesis_stream(engine)
    engine.client().create_event_source_mapping(
        FunctionName=engine.create(summing(ear)),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=2,
        TumblingWindowInSeconds=4,
    )
    time.sleep(4 - time.time() % 4)  # the first records share one window
    for n in range(5):
        engine.client("kinesis").put_record(StreamName=name, PartitionKey="k", Data=b"%d" % n)
    ear.wait(lambda said: any('"isFinalInvokeForWindow": true' in text for text in said))
    engine.client("kinesis").put_record(StreamName=name, PartitionKey="k", Data=b"late")
    ear.wait(lambda said: sum('"isFinalInvokeForWindow": true' in text for text in said) == 2)
    calls = [json.loads(text) for text in ear.heard]
    first = [call for call in calls if call["window"] == calls[0]["window"]]
    *folding, final = first
    assert sum(len(call["Records"]) for call in folding) == 5
    seen = 0
    for call in folding:
        assert call["state"] == ({"n": seen} if seen else {})
        seen += len(call["Records"])
        assert call["isFinalInvokeForWindow"] is call["isWindowTerminatedEarly"] is False
    assert (final["Records"], final["state"]) == ([], {"n": 5})
    start, end = (datetime.fromisoformat(final["window"][e][:-1]) for e in ("start", "end"))
    assert (end - start).total_seconds() == 4
    assert final["eventSourceARN"] == arn
    assert final["shardId"] == "shardId-000000000000"
    *_, opening, closing = calls
    assert opening["state"] == {}
    assert closing["state"] == {"n": 1}


def test_a_dynamodb_window_without_state_in_the_answer_is_tried_again(
    engine: Engine, ear: Ear
) -> None:
    table = engine.name("table")
    dynamodb = engine.client("dynamodb")
    arn = dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    forgetful = "    global tries\n    tries += 1\n    if tries == 1:\n        return None\n"
    engine.client().create_event_source_mapping(
        FunctionName=engine.create("tries = 0\n" + summing(ear, forgetful)),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        TumblingWindowInSeconds=2,
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "a"}})
    ear.wait(lambda said: any('"isFinalInvokeForWindow": true' in text for text in said))
    first, second, *_, final = (json.loads(text) for text in ear.heard)
    assert first["Records"] == second["Records"]
    assert first["state"] == second["state"] == {}
    assert final["state"] == {"n": 1}


def test_too_large_a_state_ends_the_window_early(engine: Engine, ear: Ear) -> None:
    name, arn = kinesis_stream(engine)
    code = (
        f"{ear.say}\ndef handler(event, context):\n"
        "    flags = event['isWindowTerminatedEarly'], event['isFinalInvokeForWindow']\n"
        "    say(f\"{len(event['Records'])} {len(event['state'])} {flags}\")\n"
        "    return {'state': {'big': 'x' * 1_100_000}}\n"
    )
    engine.client().create_event_source_mapping(
        FunctionName=engine.create(code),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        TumblingWindowInSeconds=3,
    )
    engine.client("kinesis").put_record(StreamName=name, PartitionKey="k", Data=b"1")
    ear.wait(lambda said: len(said) == 3)
    assert ear.heard == ["1 0 (False, False)", "0 1 (True, False)", "0 0 (False, True)"]


def test_the_events_of_a_stream_are_counted_if_asked_for(engine: Engine) -> None:
    name, arn = kinesis_stream(engine)
    code = "def handler(event, context):\n    raise ValueError('no')\n"
    function = engine.create(code)
    mapping = engine.client().create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        MetricsConfig={"Metrics": ["EventCount"]},
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"wanted": [true]}}'}]},
    )["UUID"]
    records = [
        {"PartitionKey": "k", "Data": json.dumps({"wanted": wanted}).encode()}
        for wanted in (True, False, True)
    ]
    engine.client("kinesis").put_records(StreamName=name, Records=records)
    counts = {"PolledEventCount": 3, "FilteredOutEventCount": 1, "DroppedEventCount": 2}
    expect(engine, mapping, **counts, InvokedEventCount=4, FailedInvokeEventCount=4)
    assert total(engine, "IteratorAge", "FunctionName", function, "Maximum") > 0


def test_records_with_the_failure_destination_are_not_dropped(engine: Engine) -> None:
    name, arn = kinesis_stream(engine)
    queue = engine.client("sqs").create_queue(QueueName=engine.name("failed"))["QueueUrl"]
    target = engine.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    mapping = engine.client().create_event_source_mapping(
        FunctionName=engine.create("def handler(event, context):\n    raise ValueError\n"),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        MetricsConfig={"Metrics": ["EventCount"]},
        DestinationConfig={"OnFailure": {"Destination": target["Attributes"]["QueueArn"]}},
    )["UUID"]
    engine.client("kinesis").put_record(StreamName=name, PartitionKey="k", Data=b"1")
    expect(
        engine, mapping, OnFailureDestinationDeliveredEventCount=1, DroppedEventCount=0,
        FilteredOutEventCount=0,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [True, False])
def test_the_messages_of_a_queue_are_counted_if_asked_for(
    engine: Engine, ear: Ear, asked: bool
) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    settings: dict[str, Any] = {"MetricsConfig": {"Metrics": ["EventCount"]}} if asked else {}
    code = (
        f"{ear.say}\ndef handler(event, context):\n"
        "    bad = [r['messageId'] for r in event['Records'] if r['body'] == 'bad']\n"
        "    for record in event['Records']:\n        say('on')\n"
        "    return {'batchItemFailures': [{'itemIdentifier': i} for i in bad]}\n"
    )
    mapping = engine.client().create_event_source_mapping(
        FunctionName=engine.create(code),
        EventSourceArn=arn["QueueArn"],
        FunctionResponseTypes=["ReportBatchItemFailures"],
        **settings,
    )["UUID"]
    for body in ("good", "bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    ear.wait(lambda said: len(said) == 3)
    if asked:
        expect(
            engine, mapping, PolledEventCount=3, InvokedEventCount=3, FailedInvokeEventCount=1,
            DeletedEventCount=2, DroppedEventCount=0,
        )  # fmt: skip
    else:
        expect(engine, mapping, PolledEventCount=0, DeletedEventCount=0)


def test_the_limit_of_a_state_is_one_megabyte() -> None:
    rest = len('{"k":""}')
    assert not windows.too_large({"k": "x" * (windows.STATE_LIMIT - rest)})
    assert windows.too_large({"k": "x" * (windows.STATE_LIMIT - rest + 1)})
