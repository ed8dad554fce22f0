"""``AWS::DynamoDB::*``."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import Engine
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.data.tables import TYPES, Table

GLOBAL = TYPES[1]
BY_A: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
NO_STREAM = ("StreamArn",)


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str, key: str) -> dict[str, Any]:
    keys = [{"AttributeName": key, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}


def described(engine: Engine, name: str) -> dict[str, Any]:
    return dict(engine.client("dynamodb").describe_table(TableName=name)["Table"])


def test_a_table_whose_stream_begins_anew(engine: Engine) -> None:
    lab = Lab(engine)
    view = {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}
    table = lab.create(Table(), {**BY_A, **view})
    before = table.attribute("StreamArn")
    other = {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    table = lab.update(table, {**BY_A, **other})
    assert table.attribute("StreamArn") != before
    engine.client("dynamodb").put_item(TableName=table.ref, Item={"a": {"S": "1"}, "b": {"S": "2"}})
    streams = engine.client("dynamodbstreams")
    arn = table.attribute("StreamArn")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = streams.get_records(ShardIterator=start)["Records"]
    assert record["dynamodb"]["NewImage"]["b"] == {"S": "2"}
    table = lab.update(table, BY_A)
    assert "StreamArn" not in table.made.attributes or not described(engine, table.ref).get(
        "StreamSpecification", {}
    ).get("StreamEnabled")
    lab.delete(table)


def test_indexes_are_added_and_removed_in_place(engine: Engine) -> None:
    lab = Lab(engine)
    table = lab.create(Table(), BY_A, without=NO_STREAM)
    with_b = {
        **BY_A,
        "AttributeDefinitions": attributes("a", "b"),
        "GlobalSecondaryIndexes": [index("by-b", "b")],
    }
    table = lab.update(table, with_b)
    calls = engine.client("dynamodb")
    calls.put_item(TableName=table.ref, Item={"a": {"S": "1"}, "b": {"S": "2"}})
    found = calls.query(
        TableName=table.ref,
        IndexName="by-b",
        KeyConditionExpression="b = :b",
        ExpressionAttributeValues={":b": {"S": "2"}},
    )
    assert [item["a"]["S"] for item in found["Items"]] == ["1"]

    two = [index("by-b", "b"), index("by-c", "c"), index("by-d", "d")]
    more = {**with_b, "AttributeDefinitions": attributes("a", "b", "c", "d")}
    with pytest.raises(Refused, match="more than one GSI"):
        lab.update(table, {**more, "GlobalSecondaryIndexes": two})
    other = {"AttributeDefinitions": attributes("a", "c")}
    with pytest.raises(Refused, match="Cannot update GSI's properties"):
        lab.update(table, {**BY_A, **other, "GlobalSecondaryIndexes": [index("by-b", "c")]})
    table = lab.update(table, BY_A)
    assert not described(engine, table.ref).get("GlobalSecondaryIndexes")


def test_other_settings(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("dynamodb")
    table = lab.create(
        Table(),
        {
            **BY_A,
            "TimeToLiveSpecification": {"AttributeName": "x", "Enabled": "true"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
            "Tags": [{"Key": "x", "Value": "1"}],
        },
        without=NO_STREAM,
    )

    def expiry() -> dict[str, str]:
        told = calls.describe_time_to_live(TableName=table.ref)["TimeToLiveDescription"]
        return dict(told)

    assert expiry()["AttributeName"] == "x"
    backups = calls.describe_continuous_backups(TableName=table.ref)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    provisioned = {
        **BY_A,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": "3", "WriteCapacityUnits": 4},
        "TimeToLiveSpecification": {"AttributeName": "y", "Enabled": True},
        "DeletionProtectionEnabled": True,
    }
    table = lab.update(table, provisioned)
    assert expiry()["AttributeName"] == "y"
    told = described(engine, table.ref)
    assert told["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    assert told["DeletionProtectionEnabled"] is True
    tags = calls.list_tags_of_resource(ResourceArn=table.attribute("Arn"))["Tags"]
    assert "x" not in {one["Key"] for one in tags}
    table = lab.update(table, BY_A)
    assert expiry()["TimeToLiveStatus"] == "DISABLED"
    lab.delete(table)


def test_what_replaces_a_table() -> None:
    key = [{"AttributeName": "b", "KeyType": "HASH"}]
    number = [{"AttributeName": "a", "AttributeType": "N"}]
    replacing = Table().replacing
    assert replacing(BY_A, {**BY_A, "KeySchema": key}) == {"KeySchema"}
    assert replacing(BY_A, {**BY_A, "AttributeDefinitions": number}) == {"AttributeDefinitions"}
    assert replacing(BY_A, {**BY_A, "AttributeDefinitions": attributes("a", "b")}) == set()


def test_a_global_table_with_one_replica(engine: Engine) -> None:
    lab = Lab(engine)
    replica = {"Region": engine.region, "Tags": [{"Key": "x", "Value": "1"}]}
    stream = {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    table = lab.create(GLOBAL, {**BY_A, **stream, "Replicas": [replica]}, without=("TableId",))
    capacity = {"SeedCapacity": 2, "MinCapacity": 1, "MaxCapacity": 3}
    scaling = {
        "BillingMode": "PROVISIONED",
        "WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": capacity},
    }
    reading = {"ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 5}}
    table = lab.update(
        table, {**BY_A, **stream, **scaling, "Replicas": [{"Region": engine.region, **reading}]}
    )
    told = described(engine, table.ref)["ProvisionedThroughput"]
    assert (told["ReadCapacityUnits"], told["WriteCapacityUnits"]) == (5, 2)
    lab.delete(table)
    with pytest.raises(Refused, match="replicas in us-east-1, eu-west-1"):
        lab.create(GLOBAL, {**BY_A, "Replicas": [{"Region": "us-east-1"}, {"Region": "eu-west-1"}]})


def test_what_is_not_here_is_refused(engine: Engine) -> None:
    stream = {"StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}
    with pytest.raises(Refused, match="does not have the property KinesisStreamSpecification"):
        Lab(engine).create(Table(), {**BY_A, "KinesisStreamSpecification": stream})
