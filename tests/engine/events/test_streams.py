"""Streams as event sources, on a real engine: Kinesis and DynamoDB of the neighbours."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from engine_fixtures import Ear, Engine


def stream(engine: Engine, shards: int = 1) -> tuple[str, str]:
    """A new Kinesis stream: its name and ARN."""
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    description = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    return name, description["StreamARN"]


def put(engine: Engine, name: str, *texts: str, key: str = "k") -> None:
    """Put records of one key."""
    for text in texts:
        engine.client("kinesis").put_record(StreamName=name, PartitionKey=key, Data=text.encode())


def mapped(engine: Engine, code: str, arn: str, **settings: Any) -> str:
    """Create a function and map a stream to it; the mapping's identifier."""
    mapping = engine.client().create_event_source_mapping(
        FunctionName=engine.create(code),
        EventSourceArn=arn,
        **{"StartingPosition": "TRIM_HORIZON", **settings},
    )
    return str(mapping["UUID"])


def tell_all(ear: Ear) -> str:
    """Code of a function that reports its whole event."""
    return f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"


def tell_data(ear: Ear, then: str = "") -> str:
    """Code of a function that reports its records' data, joined, and then runs ``then``."""
    return (
        f"import base64\n{ear.say}\ndef handler(event, context):\n"
        "    data = [base64.b64decode(r['kinesis']['data']).decode() for r in event['Records']]\n"
        f"    say(''.join(data))\n{then}"
    )


def test_kinesis_records_arrive_in_order(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    put(engine, name, "a", "b")
    mapped(engine, tell_all(ear), arn)
    ear.wait(lambda said: len(said) == 1)
    put(engine, name, "c")
    ear.wait(lambda said: len(said) == 2)
    records = [record for text in ear.heard for record in json.loads(text)["Records"]]
    assert [base64.b64decode(r["kinesis"]["data"]) for r in records] == [b"a", b"b", b"c"]
    first = records[0]
    assert set(first) == {
        "kinesis", "eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn",
        "awsRegion", "eventSourceARN",
    }  # fmt: skip
    assert first["kinesis"]["partitionKey"] == "k"
    assert first["eventSource"] == "aws:kinesis"
    assert first["eventID"] == f"shardId-000000000000:{first['kinesis']['sequenceNumber']}"
    assert first["invokeIdentityArn"].endswith(":role/lambda-role")
    assert abs(first["kinesis"]["approximateArrivalTimestamp"] - time.time()) < 120


def test_latest_starts_at_the_end(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    put(engine, name, "old")
    mapped(engine, tell_data(ear), arn, StartingPosition="LATEST")
    deadline = time.monotonic() + 30
    count = 0
    while not ear.heard and time.monotonic() < deadline:  # LATEST begins when the reader does
        count += 1
        put(engine, name, "new")
        time.sleep(0.2)
    assert ear.heard
    assert "old" not in "".join(ear.heard)


def test_a_failed_batch_holds_the_shard_until_it_is_given_up(engine: Engine, ear: Ear) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("failed"))["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    target = {"OnFailure": {"Destination": told["Attributes"]["QueueArn"]}}
    name, arn = stream(engine)
    put(engine, name, "bad", "good")
    fail = "    if 'bad' in data:\n        raise ValueError('no')\n"
    mapped(
        engine,
        tell_data(ear, fail),
        arn,
        BatchSize=1,
        MaximumRetryAttempts=1,
        DestinationConfig=target,
    )
    ear.wait(lambda said: "good" in said)
    assert ear.heard == ["bad", "bad", "good"]
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    batch = record["KinesisBatchInfo"]
    assert batch["batchSize"] == 1
    assert batch["shardId"] == "shardId-000000000000"
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    assert batch["streamArn"] == arn


def test_bisecting_finds_the_bad_record(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    put(engine, name, *"abXcd")
    fail = "    if 'X' in data:\n        raise ValueError('no')\n    say('done:' + ''.join(data))\n"
    mapped(
        engine, tell_data(ear, fail), arn, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0
    )
    ear.wait(lambda said: any(text.startswith("done:") and "d" in text[5:] for text in said))
    done = "".join(text[5:] for text in ear.heard if text.startswith("done:"))
    assert done == "abcd"


def test_reading_goes_on_from_the_first_reported_failure(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    put(engine, name, *"abc")
    report = (
        "    if ''.join(data) != 'abc':\n        return {}\n"
        "    number = event['Records'][1]['kinesis']['sequenceNumber']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': number}]}\n"
    )
    mapped(engine, tell_data(ear, report), arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    ear.wait(lambda said: len(said) == 2)
    assert ear.heard == ["abc", "bc"]


def test_filters_skip_records(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    put(engine, name, '{"n": 1}', '{"n": 20}', "text")
    pattern = json.dumps({"data": {"n": [{"numeric": [">", 10]}]}})
    mapped(engine, tell_data(ear), arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    put(engine, name, '{"n": 30}')
    ear.wait(lambda said: "30" in "".join(said))
    assert "".join(ear.heard).replace(" ", "") == '{"n":20}{"n":30}'


@pytest.mark.slow
def test_the_children_of_a_split_shard_are_read(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    kinesis = engine.client("kinesis")
    put(engine, name, "before")
    kinesis.split_shard(
        StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    put(engine, name, "after")
    mapped(engine, tell_data(ear), arn)
    ear.wait(lambda said: "after" in "".join(said))
    assert "".join(ear.heard) == "beforeafter"


def test_dynamodb_changes_arrive(engine: Engine, ear: Ear) -> None:
    dynamodb, table = engine.client("dynamodb"), engine.name("table")
    created = dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = created["TableDescription"]["LatestStreamArn"]
    mapped(engine, tell_all(ear), arn)
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "n": {"N": "1"}})
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "n": {"N": "2"}})
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "1"}})

    def records() -> list[dict[str, Any]]:
        return [record for text in ear.heard for record in json.loads(text)["Records"]]

    ear.wait(lambda said: len(records()) == 3)
    assert [record["eventName"] for record in records()] == ["INSERT", "MODIFY", "REMOVE"]
    changed = records()[1]
    assert changed["eventSource"] == "aws:dynamodb"
    assert changed["eventSourceARN"] == arn
    assert changed["dynamodb"]["Keys"] == {"id": {"S": "1"}}
    assert changed["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert changed["dynamodb"]["NewImage"]["n"] == {"N": "2"}
    assert changed["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
