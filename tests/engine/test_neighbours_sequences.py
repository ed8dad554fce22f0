"""Sequence numbers have as many digits as AWS's, rise, and are where to read from."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from engine_fixtures import Engine


def read(kinesis: Any, stream: str, shard: str, kind: str, **where: Any) -> list[bytes]:
    """The data that an iterator of this kind leads to."""
    at = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType=kind, **where
    )["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=at)["Records"]]


def test_numbers_of_records(engine: Engine) -> None:
    kinesis, stream = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    put = kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"0")
    more = kinesis.put_records(
        StreamName=stream,
        Records=[{"PartitionKey": "k", "Data": str(n).encode()} for n in range(1, 20)],
    )["Records"]
    shard = put["ShardId"]
    numbers = [put["SequenceNumber"], *(one["SequenceNumber"] for one in more)]
    assert {len(number) for number in numbers} == {56}
    assert all(int(one) < int(next_one) for one, next_one in pairwise(numbers))
    described = kinesis.describe_stream(StreamName=stream)["StreamDescription"]["Shards"][0]
    first = described["SequenceNumberRange"]["StartingSequenceNumber"]
    assert len(first) == 56
    assert int(first) <= int(numbers[0])

    data = [str(n).encode() for n in range(20)]
    assert read(kinesis, stream, shard, "TRIM_HORIZON") == data
    assert read(kinesis, stream, shard, "LATEST") == []
    fifth = {"StartingSequenceNumber": numbers[5]}
    assert read(kinesis, stream, shard, "AT_SEQUENCE_NUMBER", **fifth) == data[5:]
    assert read(kinesis, stream, shard, "AFTER_SEQUENCE_NUMBER", **fifth) == data[6:]
    start = {"StartingSequenceNumber": first}
    assert read(kinesis, stream, shard, "AT_SEQUENCE_NUMBER", **start) == data


def test_numbers_of_messages(engine: Engine) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(
        QueueName=f"{engine.name('queue')}.fifo",
        Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"},
    )["QueueUrl"]
    answered = [
        sqs.send_message(QueueUrl=url, MessageBody=str(n), MessageGroupId=str(n))["SequenceNumber"]
        for n in range(5)
    ]
    batch = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "MessageBody": f"b{n}", "MessageGroupId": f"b{n}"} for n in (1, 2)],
    )["Successful"]
    answered += [one["SequenceNumber"] for one in batch]
    assert {len(number) for number in answered} == {20}
    assert all(one < next_one for one, next_one in pairwise(answered))
    messages = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["SequenceNumber"]
    )["Messages"]
    assert [one["Attributes"]["SequenceNumber"] for one in messages] == answered
