"""Each action against the services of a real engine, through its door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from iot_topics import MemoryTopics
from topic_rules_lab import DEVICE, ROLE, Counted

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.rules.engine import Rules
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.permissions.functions import Functions


class Workshop:
    """A rules engine of this process, with the rules and services of a real engine."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.topics = MemoryTopics()
        self.counted = Counted()
        keys = (engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
        self.upstream = Upstream(engine.url, keys)
        self.rules = Rules(
            Surroundings(
                account=engine.account,
                region=engine.region,
                journal=path / "rules.sqlite",
                functions=no_functions,
                services=Services(self.upstream, engine.region),
                upstream=self.upstream,
                keys=Keys(*keys),
                changes=self.counted,
                topics=self.topics,
                shadow=no_shadow,
                logs=self.counted,
                figures=self.counted,
            )
        )

    async def ask(self, service: str, operation: str, **parameters: Any) -> Any:
        """A call of boto3."""
        call = getattr(self.engine.client(service), operation)
        return await asyncio.to_thread(lambda: call(**parameters))

    async def outcome(self, action: dict[str, Any], document: Any, sql: str = "SELECT *") -> None:
        """Send a message through a new rule with one action, which must succeed."""
        failed = await self.failures(action, document, sql)
        assert failed == []

    async def failures(
        self, action: dict[str, Any], document: Any, sql: str = "SELECT *"
    ) -> list[Any]:
        """What a new rule's error action gets to hear, for one message."""
        name = self.engine.name("rule").replace("-", "_")
        rule = {
            "sql": f"{sql} FROM 'rules/{name}'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [action],
            "errorAction": {"republish": {"topic": f"errors/{name}", "roleArn": ROLE}},
        }
        await self.ask("iot", "create_topic_rule", ruleName=name, topicRulePayload=rule)
        self.counted.changed()
        payload = json.dumps(document).encode()
        await self.topics.publish(Message(f"rules/{name}", payload, 1, sender=DEVICE))
        await self.until(lambda: not len(self.rules))
        await self.ask("iot", "delete_topic_rule", ruleName=name)
        return [
            failure
            for _, told in self.topics.said(f"errors/{name}")
            for failure in told["failures"]
        ]

    async def until(self, holds: Callable[[], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + 30
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, "it has not come about"
            await asyncio.sleep(0.01)


def no_functions(arn: str) -> Functions:
    raise AssertionError("these rules have no function")


async def no_shadow(thing: str, name: str | None) -> bytes | None:
    return None


@pytest.fixture
async def shop(engine: Engine, tmp_path: Path) -> AsyncIterator[Workshop]:
    workshop = Workshop(engine, tmp_path)
    await workshop.rules.start()
    yield workshop
    await workshop.rules.close()
    await workshop.upstream.close()


async def test_sqs_and_sns(shop: Workshop) -> None:
    name = shop.engine.name("q")
    url = (await shop.ask("sqs", "create_queue", QueueName=name))["QueueUrl"]
    topic = (await shop.ask("sns", "create_topic", Name=name))["TopicArn"]
    arn = f"arn:aws:sqs:{shop.engine.region}:{shop.engine.account}:{name}"
    raw = {"RawMessageDelivery": "true"}
    await shop.ask("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    await shop.outcome({"sqs": {"queueUrl": url, "roleArn": ROLE}}, {"by": "sqs"})
    await shop.outcome({"sns": {"targetArn": topic, "roleArn": ROLE}}, {"by": "sns"})
    received = await shop.ask(
        "sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
    )
    bodies = {message["Body"] for message in received["Messages"]}
    assert bodies == {'{"by":"sqs"}', '{"by":"sns"}'}


async def test_a_queue_that_is_missing(shop: Workshop) -> None:
    url = f"{shop.engine.url}/{shop.engine.account}/no-such-queue"
    (failure,) = await shop.failures({"sqs": {"queueUrl": url, "roleArn": ROLE}}, {})
    assert failure["failedAction"] == "SqsAction"
    assert failure["failedResource"] == url
    assert "The specified queue does not exist" in failure["errorMessage"]
    assert "Service: AmazonSQS; Status Code: 400; Error Code: " in failure["errorMessage"]


async def test_dynamodb(shop: Workshop) -> None:
    table = shop.engine.name("table")
    await shop.ask(
        "dynamodb",
        "create_table",
        TableName=table,
        KeySchema=[
            {"AttributeName": "device", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "device", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    keys = {
        "hashKeyField": "device",
        "hashKeyValue": "${clientid()}",
        "rangeKeyField": "n",
        "rangeKeyType": "NUMBER",
        "rangeKeyValue": "${n}",
    }
    one = {"dynamoDB": {"tableName": table, "roleArn": ROLE, **keys, "operation": "${op}"}}
    await shop.outcome(one, {"n": 1, "op": "INSERT", "temp": 20.5})
    await shop.outcome(one, {"n": 1, "op": "UPDATE", "temp": 21.5})
    await shop.outcome(one, {"n": 2, "op": "INSERT"})
    await shop.outcome(one, {"n": 2, "op": "DELETE"})
    two = {"dynamoDBv2": {"putItem": {"tableName": table}, "roleArn": ROLE}}
    await shop.outcome(two, {"device": "other", "n": 3, "o": {"p": [1]}})
    items = (await shop.ask("dynamodb", "scan", TableName=table))["Items"]
    first, second = sorted(items, key=lambda item: int(item["n"]["N"]))
    assert first["payload"]["M"]["temp"] == {"N": "21.5"}
    assert second["o"] == {"M": {"p": {"L": [{"N": "1"}]}}}


async def test_a_table_that_is_missing(shop: Workshop) -> None:
    action = {"dynamoDBv2": {"putItem": {"tableName": "no-such-table"}, "roleArn": ROLE}}
    (failure,) = await shop.failures(action, {"id": "x"})
    assert failure["failedResource"] == "no-such-table"
    assert "Error Code: ResourceNotFoundException" in failure["errorMessage"]


async def test_kinesis(shop: Workshop) -> None:
    stream = shop.engine.name("stream")
    await shop.ask("kinesis", "create_stream", StreamName=stream, ShardCount=1)
    action = {"kinesis": {"streamName": stream, "partitionKey": "${clientid()}", "roleArn": ROLE}}
    await shop.outcome(action, {"n": 1})
    shard = {"StreamName": stream, "ShardId": "shardId-000000000000"}
    iterator = await shop.ask(
        "kinesis", "get_shard_iterator", **shard, ShardIteratorType="TRIM_HORIZON"
    )
    found = await shop.ask("kinesis", "get_records", ShardIterator=iterator["ShardIterator"])
    (record,) = found["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b'{"n":1}', "sensor-1")


async def test_s3(shop: Workshop) -> None:
    bucket = shop.engine.name("bucket")
    await shop.ask("s3", "create_bucket", Bucket=bucket)
    key = {"bucketName": bucket, "key": "ä/${clientid()} ${n}.json", "cannedAcl": "public-read"}
    await shop.outcome({"s3": {**key, "roleArn": ROLE}}, {"n": 1})
    found = await shop.ask("s3", "get_object", Bucket=bucket, Key="ä/sensor-1 1.json")
    assert found["Body"].read() == b'{"n":1}'
    grants = await shop.ask("s3", "get_object_acl", Bucket=bucket, Key="ä/sensor-1 1.json")
    assert any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants["Grants"])


async def test_a_bucket_that_is_missing(shop: Workshop) -> None:
    action = {"s3": {"bucketName": "no-such-bucket-here", "key": "k", "roleArn": ROLE}}
    (failure,) = await shop.failures(action, {})
    assert (
        "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code"
        in (failure["errorMessage"])
    )


async def test_firehose(shop: Workshop) -> None:
    name = shop.engine.name("delivery")
    await shop.ask("s3", "create_bucket", Bucket=name)
    await shop.ask(
        "firehose",
        "create_delivery_stream",
        DeliveryStreamName=name,
        S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{name}"},
    )
    action = {"firehose": {"deliveryStreamName": name, "separator": "\n", "roleArn": ROLE}}
    await shop.outcome(action, {"n": 1})
    batch = {"firehose": {"deliveryStreamName": name, "batchMode": True, "roleArn": ROLE}}
    await shop.outcome(batch, {"list": [{"n": 2}, {"n": 3}]}, "SELECT VALUE list")
    objects = (await shop.ask("s3", "list_objects_v2", Bucket=name))["Contents"]
    bodies = [
        (await shop.ask("s3", "get_object", Bucket=name, Key=one["Key"]))["Body"].read()
        for one in objects
    ]
    assert b'{"n":1}\n' in b"".join(bodies)
    assert b'{"n":2}{"n":3}' in b"".join(bodies)


async def test_cloudwatch(shop: Workshop) -> None:
    group = shop.engine.name("group")
    to_logs = {"cloudwatchLogs": {"logGroupName": group, "roleArn": ROLE}}
    (failure,) = await shop.failures(to_logs, {})
    assert "ResourceNotFoundException" in failure["errorMessage"]
    await shop.ask("logs", "create_log_group", logGroupName=group)
    await shop.outcome(to_logs, {"n": 1})
    found = await shop.ask("logs", "filter_log_events", logGroupName=group)
    assert [event["message"] for event in found["events"]] == ['{"n":1}']

    namespace = shop.engine.name("namespace")
    metric = {"metricNamespace": namespace, "metricName": "temp", "metricUnit": "None"}
    to_metric = {"cloudwatchMetric": {**metric, "metricValue": "${temp}", "roleArn": ROLE}}
    await shop.outcome(to_metric, {"temp": 21.5})
    listed = (await shop.ask("cloudwatch", "list_metrics", Namespace=namespace))["Metrics"]
    assert [one["MetricName"] for one in listed] == ["temp"]

    state = {"alarmName": namespace, "stateReason": "${why}", "stateValue": "ALARM"}
    to_alarm = {"cloudwatchAlarm": {**state, "roleArn": ROLE}}
    (failure,) = await shop.failures(to_alarm, {"why": "hot"})
    assert failure["failedAction"] == "CloudwatchAlarmAction"
    await shop.ask(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=namespace,
        MetricName="temp",
        Namespace=namespace,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=30,
        ComparisonOperator="GreaterThanThreshold",
    )
    await shop.outcome(to_alarm, {"why": "hot"})
    (alarm,) = (await shop.ask("cloudwatch", "describe_alarms", AlarmNames=[namespace]))[
        "MetricAlarms"
    ]
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "hot")


async def test_step_functions(shop: Workshop) -> None:
    name = shop.engine.name("machine")
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    machine = await shop.ask(
        "stepfunctions",
        "create_state_machine",
        name=name,
        definition=json.dumps(definition),
        roleArn=ROLE,
    )
    started = {"stateMachineName": name, "executionNamePrefix": "iot-"}
    await shop.outcome({"stepFunctions": {**started, "roleArn": ROLE}}, {"n": 1})
    arn = machine["stateMachineArn"]
    (execution,) = (await shop.ask("stepfunctions", "list_executions", stateMachineArn=arn))[
        "executions"
    ]
    assert execution["name"].startswith("iot-")
    described = await shop.ask(
        "stepfunctions", "describe_execution", executionArn=execution["executionArn"]
    )
    assert json.loads(described["input"]) == {"n": 1}


async def test_timestream(shop: Workshop) -> None:
    name = shop.engine.name("db").replace("-", "_")
    await shop.ask("timestream-write", "create_database", DatabaseName=name)
    await shop.ask("timestream-write", "create_table", DatabaseName=name, TableName="t")
    action = {
        "timestream": {
            "databaseName": name,
            "tableName": "t",
            "dimensions": [{"name": "device", "value": "${clientid()}"}],
            "roleArn": ROLE,
        }
    }
    await shop.outcome(action, {"temp": 21.5})
    gone = {"timestream": {**action["timestream"], "tableName": "none"}}
    (failure,) = await shop.failures(gone, {"temp": 1})
    assert failure["failedAction"] == "TimestreamAction"


async def test_what_sql_asks_of_tables_secrets_objects_and_the_registry(shop: Workshop) -> None:
    name = shop.engine.name("lookup")
    await shop.ask("secretsmanager", "create_secret", Name=name, SecretString='{"key":"s3cret"}')
    await shop.ask("iot", "create_thing", thingName=name)
    await shop.ask(
        "dynamodb",
        "create_table",
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "sensor-1"}, "room": {"S": "kitchen"}, "floor": {"N": "2"}}
    await shop.ask("dynamodb", "put_item", TableName=name, Item=item)
    queue = await shop.ask("sqs", "create_queue", QueueName=name)
    sql = (
        f"SELECT get_dynamodb('{name}', 'id', clientid(), '{ROLE}').room AS room, "
        f"get_secret('{name}', 'SecretString', 'key', '{ROLE}') AS secret, "
        f"get_registry_data('DescribeThing', '{name}', '{ROLE}').thingName AS thing"
    )
    url = queue["QueueUrl"]
    await shop.outcome({"sqs": {"queueUrl": url, "roleArn": ROLE}}, {}, sql)
    received = await shop.ask("sqs", "receive_message", QueueUrl=url, WaitTimeSeconds=1)
    (message,) = received["Messages"]
    assert json.loads(message["Body"]) == {"room": "kitchen", "secret": "s3cret", "thing": name}
