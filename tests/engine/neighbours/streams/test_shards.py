"""Resharding, consumers and subscriptions of Kinesis, on a real engine."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import OrderedDict
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from pipe_lab import tell, until

from lambda_nb.engine.neighbours.services.streams.sequence_numbers import expire, kinesis_number

FIRST = "shardId-000000000000"


def stream(engine: Engine, shards: int = 1) -> tuple[str, str]:
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    told = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return name, str(told["StreamARN"])


def put(engine: Engine, name: str, *texts: str, key: str = "k") -> None:
    for text in texts:
        engine.client("kinesis").put_record(StreamName=name, PartitionKey=key, Data=text.encode())


def read(engine: Engine, name: str, shard: str) -> dict[str, Any]:
    kinesis = engine.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    told: dict[str, Any] = kinesis.get_records(ShardIterator=iterator)
    return told


def test_records_stay_in_a_split_shard_and_its_end_names_the_children(engine: Engine) -> None:
    name, _ = stream(engine)
    put(engine, name, "before")
    engine.client("kinesis").split_shard(
        StreamName=name, ShardToSplit=FIRST, NewStartingHashKey=str(2**127)
    )
    put(engine, name, "after")
    told = read(engine, name, FIRST)
    assert [record["Data"] for record in told["Records"]] == [b"before"]
    assert "NextShardIterator" not in told
    children = [child["ShardId"] for child in told["ChildShards"]]
    assert children == ["shardId-000000000001", "shardId-000000000002"]
    assert {tuple(child["ParentShards"]) for child in told["ChildShards"]} == {(FIRST,)}
    found = [record["Data"] for c in children for record in read(engine, name, c)["Records"]]
    assert found == [b"after"]
    summary = engine.client("kinesis").describe_stream_summary(StreamName=name)
    assert summary["StreamDescriptionSummary"]["OpenShardCount"] == 2


def test_merged_shards_have_one_child(engine: Engine) -> None:
    name, _ = stream(engine, 2)
    kinesis = engine.client("kinesis")
    second = "shardId-000000000001"
    kinesis.merge_shards(StreamName=name, ShardToMerge=FIRST, AdjacentShardToMerge=second)
    for parent in (FIRST, second):
        (child,) = read(engine, name, parent)["ChildShards"]
        assert child["ParentShards"] == [FIRST, second]
    with pytest.raises(kinesis.exceptions.InvalidArgumentException, match="already been merged"):
        kinesis.merge_shards(StreamName=name, ShardToMerge=FIRST, AdjacentShardToMerge=second)


def test_order_per_key_is_kept_while_shards_change_under_load(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine, 2)
    kinesis = engine.client("kinesis")
    engine.client().create_event_source_mapping(
        FunctionName=engine.create(tell(ear)),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=50,
    )
    keys, count = [f"key{n}" for n in range(8)], 40

    def send() -> None:
        for n in range(count):
            records = [{"PartitionKey": key, "Data": b"%s %d" % (key.encode(), n)} for key in keys]
            kinesis.put_records(StreamName=name, Records=records)

    sending = threading.Thread(target=send)
    sending.start()
    kinesis.split_shard(StreamName=name, ShardToSplit=FIRST, NewStartingHashKey=str(2**126))
    kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    lower, upper = pair(engine, name)
    kinesis.merge_shards(StreamName=name, ShardToMerge=lower, AdjacentShardToMerge=upper)
    sending.join()

    def arrived() -> list[str]:
        return [
            base64.b64decode(record["kinesis"]["data"]).decode()
            for text in list(ear.heard)
            for record in json.loads(text)["Records"]
        ]

    ear.wait(lambda said: len(arrived()) >= len(keys) * count, within_s=60)
    for key in keys:
        mine = [text for text in arrived() if text.startswith(f"{key} ")]
        assert mine == [f"{key} {n}" for n in range(count)]


def pair(engine: Engine, name: str) -> list[str]:
    """Two open shards that are neighbours."""
    shards = engine.client("kinesis").list_shards(StreamName=name)["Shards"]
    is_open = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    is_open.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
    return [shard["ShardId"] for shard in is_open[:2]]


def consumer(engine: Engine, arn: str) -> str:
    made = engine.client("kinesis").register_stream_consumer(
        StreamARN=arn, ConsumerName=engine.name("consumer")
    )
    return str(made["Consumer"]["ConsumerARN"])


def test_consumers_are_registered_once_and_deregistered(engine: Engine) -> None:
    _, arn = stream(engine)
    kinesis = engine.client("kinesis")
    kept, gone = consumer(engine, arn), consumer(engine, arn)
    assert f"{arn}/consumer/consumer-" in kept
    assert kept.rpartition(":")[2].isdecimal()
    again = kept.split("/")[-1].partition(":")[0]
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=again)
    kinesis.deregister_stream_consumer(
        StreamARN=arn, ConsumerName=gone.split("/")[-1].partition(":")[0]
    )
    left = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    assert [one["ConsumerARN"] for one in left] == [kept]


def test_a_subscription_brings_records_until_the_shard_ends(engine: Engine) -> None:
    name, arn = stream(engine)
    kinesis = engine.client("kinesis")
    put(engine, name, "a")
    subscribed = kinesis.subscribe_to_shard(
        ConsumerARN=consumer(engine, arn),
        ShardId=FIRST,
        StartingPosition={"Type": "TRIM_HORIZON"},
    )
    seen: list[dict[str, Any]] = []
    for event in subscribed["EventStream"]:
        told = event["SubscribeToShardEvent"]
        seen.append(told)
        if len(seen) == 1:
            put(engine, name, "b")
        elif len(seen) == 2:
            kinesis.split_shard(StreamName=name, ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    data = [record["Data"] for told in seen for record in told["Records"]]
    assert data == [b"a", b"b"]
    first, *_, last = seen
    assert first["ContinuationSequenceNumber"] == first["Records"][-1]["SequenceNumber"]
    assert first["MillisBehindLatest"] == 0
    assert len(last["ChildShards"]) == 2
    assert "ContinuationSequenceNumber" not in last


def test_a_consumer_has_one_subscription_to_a_shard(engine: Engine) -> None:
    _, arn = stream(engine)
    kinesis = engine.client("kinesis")
    asked = {"ShardId": FIRST, "StartingPosition": {"Type": "LATEST"}}
    one = consumer(engine, arn)
    first = kinesis.subscribe_to_shard(ConsumerARN=one, **asked)
    with pytest.raises(kinesis.exceptions.ResourceInUseException, match="Another active"):
        kinesis.subscribe_to_shard(ConsumerARN=one, **asked)
    first["EventStream"].close()
    missing = one.replace("consumer-", "missing-")
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.subscribe_to_shard(ConsumerARN=missing, **asked)


def test_a_mapping_reads_by_a_consumer(engine: Engine, ear: Ear) -> None:
    name, arn = stream(engine)
    by = consumer(engine, arn)
    put(engine, name, "a")
    engine.client().create_event_source_mapping(
        FunctionName=engine.create(tell(ear)), EventSourceArn=by, StartingPosition="TRIM_HORIZON"
    )
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])["Records"]
    assert record["eventSourceARN"] == by


def test_on_demand_streams(engine: Engine) -> None:
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    told = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert told["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert told["OpenShardCount"] == 4
    kinesis.update_stream_mode(
        StreamARN=told["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"}
    )
    whole = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    assert whole["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    kinesis.update_shard_count(StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    deadline = time.monotonic() + 10
    until(lambda: len(pair(engine, name)) == 2 and time.monotonic() < deadline)


class OldShard:
    """A shard with records of other days."""

    def __init__(self, *hours: int) -> None:
        now = time.time_ns()
        numbers = [kinesis_number(now - hour * 3600 * 10**9, 1) for hour in hours]
        self.records: dict[int, str] = OrderedDict((number, "r") for number in numbers)


@pytest.mark.parametrize(("hours", "left"), [(24, 2), (72, 4)])
def test_records_are_forgotten_after_the_retention_period(hours: int, left: int) -> None:
    shard = OldShard(48, 25, 23, 0)
    expire(shard, hours)
    expire(shard, hours)
    assert len(shard.records) == left


def test_records_are_read_from_anywhere_in_pages(engine: Engine) -> None:
    kinesis, (name, _) = engine.client("kinesis"), stream(engine)
    put = [
        kinesis.put_record(StreamName=name, Data=str(i), PartitionKey="k")["SequenceNumber"]
        for i in range(7)
    ]
    iterator = kinesis.get_shard_iterator(
        StreamName=name,
        ShardId="shardId-000000000000",
        ShardIteratorType="AFTER_SEQUENCE_NUMBER",
        StartingSequenceNumber=put[1],
    )["ShardIterator"]
    found: list[str] = []
    behind: list[int] = []
    while len(found) < 5:
        told = kinesis.get_records(ShardIterator=iterator, Limit=2)
        found += [one["SequenceNumber"] for one in told["Records"]]
        behind.append(told["MillisBehindLatest"])
        iterator = told["NextShardIterator"]
    assert found == put[2:]
    assert behind[0] >= behind[1] >= behind[2] == 0
