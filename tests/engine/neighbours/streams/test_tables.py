"""The stream records of DynamoDB and the expiry of items, on a real engine."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from hypothesis import given
from hypothesis import strategies as st
from pipe_lab import tell, until

from lambda_nb.engine.neighbours.services.streams import table_changes
from lambda_nb.rules.events.item_sizes import item_size


def table(engine: Engine) -> tuple[str, str]:
    """A new table with a stream: its name and the stream's ARN."""
    name = engine.name("table")
    made = engine.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, str(made["TableDescription"]["LatestStreamArn"])


def changes(engine: Engine, arn: str) -> list[dict[str, Any]]:
    streams = engine.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return list(streams.get_records(ShardIterator=iterator)["Records"])


def test_a_write_that_changes_nothing_leaves_no_record(engine: Engine) -> None:
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    item = {"Id": {"N": "1"}, "n": {"N": "2"}}
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.update_item(
        TableName=name,
        Key={"Id": {"N": "1"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
    )
    dynamodb.delete_item(TableName=name, Key={"Id": {"N": "9"}})
    dynamodb.put_item(TableName=name, Item={**item, "n": {"N": "3"}})
    assert [one["eventName"] for one in changes(engine, arn)] == ["INSERT", "MODIFY"]


def test_the_fields_of_a_record(engine: Engine) -> None:
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    key = {"Id": {"N": "101"}}
    dynamodb.put_item(TableName=name, Item={**key, "Message": {"S": "New item!"}})
    dynamodb.put_item(TableName=name, Item={**key, "Message": {"S": "This item has changed"}})
    dynamodb.delete_item(TableName=name, Key=key)
    records = changes(engine, arn)
    assert [one["dynamodb"]["SizeBytes"] for one in records] == [26, 59, 38]  # AWS's sample event
    assert all(re.fullmatch(r"[0-9a-f]{32}", one["eventID"]) for one in records)
    assert {(one["eventVersion"], one["awsRegion"]) for one in records} == {("1.1", engine.region)}
    numbers = [int(one["dynamodb"]["SequenceNumber"]) for one in records]
    assert numbers == sorted(set(numbers))
    times = [one["dynamodb"]["ApproximateCreationDateTime"] for one in records]
    assert all(at.microsecond == 0 and abs(at.timestamp() - time.time()) < 60 for at in times)


def test_batches_and_transactions_leave_a_record_for_each_item(engine: Engine) -> None:
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    puts = [{"PutRequest": {"Item": {"Id": {"N": str(n)}}}} for n in (1, 2)]
    dynamodb.batch_write_item(RequestItems={name: puts})
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": {"Id": {"N": "3"}}}},
            {"Delete": {"TableName": name, "Key": {"Id": {"N": "1"}}}},
        ]
    )
    refused = {"TableName": name, "Key": {"Id": {"N": "8"}}}
    refused |= {"ConditionExpression": "attribute_exists(Id)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": {"Id": {"N": "7"}}}},
                {"ConditionCheck": refused},
            ]
        )
    told = [(one["eventName"], one["dynamodb"]["Keys"]["Id"]["N"]) for one in changes(engine, arn)]
    assert told == [("INSERT", "1"), ("INSERT", "2"), ("INSERT", "3"), ("REMOVE", "1")]


def test_an_expired_item_is_deleted_and_its_record_says_by_whom(engine: Engine, ear: Ear) -> None:
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    pattern = json.dumps({"userIdentity": {"type": ["Service"]}})
    engine.client().create_event_source_mapping(
        FunctionName=engine.create(tell(ear)),
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    now = int(time.time())
    for number, at in (("1", now - 1), ("2", now + 900), ("3", now - 6 * 366 * 24 * 3600)):
        dynamodb.put_item(TableName=name, Item={"Id": {"N": number}, "until": {"N": at.__str__()}})
    dynamodb.put_item(TableName=name, Item={"Id": {"N": "4"}, "until": {"S": str(now - 1)}})
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])["Records"]
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert record["dynamodb"]["OldImage"]["Id"] == {"N": "1"}
    left = dynamodb.scan(TableName=name)["Items"]
    assert sorted(item["Id"]["N"] for item in left) == ["2", "3", "4"]
    removed = changes(engine, arn)[-1]
    told = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert removed["userIdentity"] == told
    dynamodb.delete_item(TableName=name, Key={"Id": {"N": "2"}})
    assert "userIdentity" not in changes(engine, arn)[-1]


@pytest.mark.slow
def test_records_after_a_crash_have_higher_numbers(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    dynamodb.put_item(TableName=name, Item={"Id": {"N": "1"}})
    (before,) = changes(engine, arn)
    engine.process.kill()
    engine.process.wait()
    engine = start_engine()
    engine.client("dynamodb").put_item(TableName=name, Item={"Id": {"N": "2"}})
    after = until(lambda: changes(engine, arn))[-1]
    numbers = [int(one["dynamodb"]["SequenceNumber"]) for one in (before, after)]
    assert numbers[0] < numbers[1]


@given(st.text(), st.integers(-(10**30), 10**30))
def test_sizes_follow_names_and_values(text: str, number: int) -> None:
    name = "é"
    assert item_size({name: {"S": text}}) == 2 + len(text.encode())
    digits = len(str(abs(number)).strip("0"))
    assert item_size({"n": {"N": str(number)}}) == 1 + (digits + 1) // 2 + 1 + (number < 0)
    inner = item_size({"a": {"S": text}})
    assert item_size({"m": {"M": {"a": {"S": text}}}}) == 1 + 3 + 1 + inner
    assert item_size({"l": {"L": [{"BOOL": True}, {"NULL": True}]}}) == 1 + 3 + 2 * 2
    assert item_size({"b": {"B": "aGk="}}) == 3


def test_an_iterator_says_itself_where_it_is(engine: Engine) -> None:
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    streams = engine.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    where = {"StreamArn": arn, "ShardId": shard["ShardId"]}
    latest = streams.get_shard_iterator(**where, ShardIteratorType="LATEST")["ShardIterator"]
    for number in range(5):
        dynamodb.put_item(TableName=name, Item={"Id": {"N": str(number)}})
    found, iterator = [], latest
    while len(found) < 5:
        told = streams.get_records(ShardIterator=iterator, Limit=2)
        found += [one["dynamodb"]["Keys"]["Id"]["N"] for one in told["Records"]]
        iterator = told["NextShardIterator"]
    assert found == ["0", "1", "2", "3", "4"]
    assert streams.get_records(ShardIterator=iterator)["Records"] == []
    assert len(streams.get_records(ShardIterator=latest)["Records"]) == 5
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        streams.get_records(ShardIterator=f"{arn}|1|nonsense")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        streams.get_shard_iterator(**{**where, "ShardId": "x" * 30}, ShardIteratorType="LATEST")


def test_a_reader_has_no_table_written_again(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()  # of its own: a large state is saved less often
    dynamodb, (name, arn) = engine.client("dynamodb"), table(engine)
    dynamodb.put_item(TableName=name, Item={"Id": {"N": "1"}, "text": {"S": "x" * 200_000}})
    changes(engine, arn)
    services = engine.data_dir / "services"

    def size(of: str) -> int:
        return sum(path.stat().st_size for path in services.glob(f"moto.{of}.*.state"))

    until(lambda: size("dynamodb") > 200_000)
    changes(engine, arn)
    dynamodb.put_item(TableName=name, Item={"Id": {"N": "2"}, "text": {"S": "x" * 200_000}})
    until(lambda: size("dynamodb") > 400_000)
    assert size("dynamodbstreams") < 20_000


def test_changes_are_forgotten_after_a_day() -> None:
    day_ns, now_ns = 24 * 3600 * 10**9, time.time_ns()
    times = [now_ns - 2 * day_ns, now_ns - day_ns - 1, now_ns - day_ns + 10**9, now_ns]
    records = [
        SimpleNamespace(record={"dynamodb": {"SequenceNumber": str(at * 10**9)}}) for at in times
    ]
    kept = records[2:]
    table_changes.expire(records, now_ns)
    assert records == kept
