"""Pipes from Kinesis and DynamoDB streams, on a real engine."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from pipe_lab import arn_of, pipe, queue, reach, receive, tell


def stream(engine: Engine) -> tuple[str, str]:
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return name, kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
        "StreamARN"
    ]


def put(engine: Engine, name: str, *values: Any) -> None:
    records = [{"Data": json.dumps(value).encode(), "PartitionKey": "k"} for value in values]
    engine.client("kinesis").put_records(StreamName=name, Records=records)


def from_kinesis(**settings: Any) -> dict[str, Any]:
    return {"KinesisStreamParameters": {"StartingPosition": "TRIM_HORIZON", **settings}}


def test_records_of_kinesis_have_everything_on_one_level(engine: Engine, ear: Ear) -> None:
    name, source = stream(engine)
    put(engine, name, {"n": 1})
    pipe(
        engine,
        source,
        arn_of(engine, engine.create(tell(ear))),
        SourceParameters=from_kinesis(),
    )
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])
    number = record["sequenceNumber"]
    assert abs(record.pop("approximateArrivalTimestamp") - 1.7e9) < 1e9
    assert record == {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "k",
        "sequenceNumber": number,
        "data": base64.b64encode(b'{"n": 1}').decode(),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::000000000000:role/pipe",
        "awsRegion": engine.region,
        "eventSourceARN": source,
    }
    put(engine, name, {"n": 2})
    ear.wait(lambda said: len(said) == 2)


def test_filters_and_templates_see_the_data_of_kinesis_parsed(engine: Engine, ear: Ear) -> None:
    name, source = stream(engine)
    pipe(
        engine,
        source,
        arn_of(engine, engine.create(tell(ear))),
        SourceParameters={
            **from_kinesis(BatchSize=10),
            "FilterCriteria": {"Filters": [{"Pattern": json.dumps({"data": {"n": [2, 3]}})}]},
        },
        TargetParameters={"InputTemplate": '{"n": <$.data.n>}'},
    )
    put(engine, name, {"n": 1}, {"n": 2}, {"n": 3})
    ear.wait(lambda said: sum(len(json.loads(text)) for text in said) == 2)
    assert [one for text in ear.heard for one in json.loads(text)] == [{"n": 2}, {"n": 3}]


def test_a_failed_record_is_found_tried_again_and_given_up(engine: Engine, ear: Ear) -> None:
    name, source = stream(engine)
    dead_url, dead = queue(engine)
    report = (
        "    import base64\n"
        "    bad = [r['eventID'] for r in event if base64.b64decode(r['data']) == b'\"bad\"']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': one} for one in bad]}\n"
    )
    put(engine, name, "a", "bad", "b")
    target = arn_of(engine, engine.create(tell(ear, report)))
    made = pipe(
        engine,
        source,
        target,
        SourceParameters=from_kinesis(
            MaximumRetryAttempts=1,
            OnPartialBatchItemFailure="AUTOMATIC_BISECT",
            DeadLetterConfig={"Arn": dead},
        ),
    )
    (message,) = receive(engine, dead_url)
    told = json.loads(message["Body"])
    assert told["context"] == {
        "partnerResourceArn": f"arn:aws:pipes:{engine.region}:{engine.account}:pipe/{made}",
        "condition": "RetryAttemptsExhausted",
    }
    batch = told["KinesisBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (1, source)

    def seen() -> list[list[str]]:
        texts = [json.loads(text) for text in ear.heard]
        return [[json.loads(base64.b64decode(r["data"])) for r in text] for text in texts]

    ear.wait(lambda said: ["b"] in seen())
    assert seen()[0] == ["a", "bad", "b"]
    assert sum(one.count("a") for one in seen()) == 1
    assert sum(one == ["bad"] for one in seen()) >= 1


def test_changes_of_a_table_go_to_a_queue(engine: Engine) -> None:
    dynamodb, table = engine.client("dynamodb"), engine.name("table")
    source = dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    url, target = queue(engine)
    pipe(
        engine,
        source,
        target,
        SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}},
        TargetParameters={"InputTemplate": '{"kind": <$.eventName>, "id": <$.dynamodb.Keys.id.S>}'},
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "7"}})
    (message,) = receive(engine, url)
    assert json.loads(message["Body"]) == {"kind": "INSERT", "id": "7"}


def test_a_fifo_queue_gets_its_ids_from_the_event(engine: Engine) -> None:
    name, source = stream(engine)
    url, target = queue(engine, ".fifo", FifoQueue="true")
    pipe(
        engine,
        source,
        target,
        SourceParameters=from_kinesis(BatchSize=10),
        TargetParameters={
            "InputTemplate": "<$.data.text>",
            "SqsQueueParameters": {
                "MessageGroupId": "$.data.group",
                "MessageDeduplicationId": "$.data.id",
            },
        },
    )
    put(engine, name, {"text": "a", "group": "g", "id": "1"})
    (message,) = receive(engine, url)
    assert message["Body"] == "a"
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["MessageDeduplicationId"] == "1"


@pytest.mark.slow
def test_no_record_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    first = start_engine()
    name, source = stream(first)
    slow = (
        "    import time, base64\n"
        "    data = [base64.b64decode(r['data']).decode() for r in event]\n"
        "    time.sleep(30 if '2' in data else 0)\n"
        "    say('done ' + ' '.join(data))\n"
    )
    target = arn_of(first, first.create(tell(ear, slow), Timeout=60))
    made = pipe(first, source, target, SourceParameters=from_kinesis(BatchSize=1))
    put(first, name, 1, 2)
    ear.wait(lambda said: sum(text.startswith("[") for text in said) == 2)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = start_engine()
    reach(second, made, "RUNNING")
    ear.wait(lambda said: sum(text.startswith("[") for text in said) == 3)
    last = json.loads([text for text in ear.heard if text.startswith("[")][-1])
    assert [base64.b64decode(one["data"]) for one in last] == [b"2"]
    assert ear.heard.count("done 1") == 1
