"""Sequence numbers have as many digits as AWS's, rise, and mark positions to read from."""

from __future__ import annotations

import subprocess
import sys
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


# Runs in its own process, since it changes moto. Threads switch as often as possible.
MANY_AT_ONCE = """
import sys, threading
from types import SimpleNamespace
from lambda_nb.engine.neighbours.services.streams import sequence_numbers
from moto.kinesis.models import Shard
from moto.sqs.models import Queue

stored = []
Queue.add_message = lambda self, message: stored.append(message.sequence_number)
sequence_numbers.install()
sys.setswitchinterval(1e-6)
shard = Shard(0, 0, 2**128)
queue = SimpleNamespace(fifo_queue=True)
numbers = []

def put():
    for n in range(400):
        numbers.append(shard.put_record("k", "data", ""))
        Queue.add_message(queue, SimpleNamespace(body="text"))

threads = [threading.Thread(target=put) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
kept = list(shard.records)
print(len(set(numbers)) == len(kept) == 3200, kept == sorted(kept))
print(len(set(stored)) == 3200, stored == sorted(stored))
"""


def test_what_is_sent_at_once_is_stored_in_the_order_of_its_numbers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"] * 4
