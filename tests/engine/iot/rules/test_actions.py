"""The call that each action makes of its service."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from topic_rules_lab import ACCOUNT, REGION, ROLE, Lab, Made, rules_lab

from lambda_nb.engine.aws_calls.upstream import Answer
from lambda_nb.engine.iot.message import Properties
from lambda_nb.engine.iot.rules.actions import CARRIED_OUT
from lambda_nb.engine.iot.rules.actions.kinds import KINDS
from lambda_nb.engine.iot.rules.actions.tables import attribute

ALL = "SELECT * FROM 'a/#'"


async def one_call(
    path: Path, action: dict[str, Any], document: Any, sql: str = ALL, topic: str = "a/b"
) -> Made:
    """The call that a rule with one action makes for one message."""
    async with rules_lab(path) as lab:
        lab.create("r", sql, action)
        await lab.say(topic, document)
        await lab.done()
        (made,) = lab.made
        assert_success(lab)
        return made


def assert_success(lab: Lab) -> None:
    names = [name for name, _ in lab.counted.figures]
    assert "Success" in names
    assert "Failure" not in names


def test_the_list_of_actions_is_that_of_the_kinds() -> None:
    assert sorted(KINDS) == list(CARRIED_OUT)


async def test_sqs(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:1/{ACCOUNT}/q"
    action = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("sqs", "SendMessage")
    assert made.parameters == {"QueueUrl": url, "MessageBody": '{"n":1}'}


async def test_sqs_in_base64_of_any_payload(tmp_path: Path) -> None:
    action = {"sqs": {"queueUrl": "http://q/1/q", "roleArn": ROLE, "useBase64": True}}
    made = await one_call(tmp_path, action, b"\x00\xff")
    assert made.parameters["MessageBody"] == "AP8="


async def test_sns_with_a_template_in_its_arn(tmp_path: Path) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
    action = {"sns": {"targetArn": arn + "${topic(2)}", "roleArn": ROLE, "messageFormat": "JSON"}}
    made = await one_call(tmp_path, action, {"default": "x"})
    assert (made.service, made.operation) == ("sns", "Publish")
    assert made.parameters["TargetArn"] == arn + "b"
    assert made.parameters["Message"] == '{"default":"x"}'
    assert made.parameters["MessageStructure"] == "json"


async def test_sns_raw_is_the_default(tmp_path: Path) -> None:
    action = {"sns": {"targetArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"n": 1})
    assert "MessageStructure" not in made.parameters


async def test_dynamodb_with_typed_keys(tmp_path: Path) -> None:
    action = {
        "dynamoDB": {
            "tableName": "t",
            "roleArn": ROLE,
            "hashKeyField": "device",
            "hashKeyValue": "${clientid()}",
            "rangeKeyField": "at",
            "rangeKeyValue": "${n}",
            "rangeKeyType": "NUMBER",
            "payloadField": "data",
        }
    }
    made = await one_call(tmp_path, action, {"n": 7, "ok": True, "list": [1.5, None, "x"]})
    assert (made.service, made.operation) == ("dynamodb", "PutItem")
    assert made.parameters == {
        "TableName": "t",
        "Item": {
            "device": {"S": "sensor-1"},
            "at": {"N": "7"},
            "data": {
                "M": {
                    "n": {"N": "7"},
                    "ok": {"BOOL": True},
                    "list": {"L": [{"N": "1.5"}, {"NULL": True}, {"S": "x"}]},
                }
            },
        },
    }


async def test_dynamodb_writes_other_payloads_as_binary(tmp_path: Path) -> None:
    keys = {"hashKeyField": "k", "hashKeyValue": "v"}
    action = {"dynamoDB": {"tableName": "t", "roleArn": ROLE, **keys}}
    made = await one_call(tmp_path, action, b"\x00\xff")
    assert made.parameters["Item"] == {"k": {"S": "v"}, "payload": {"B": "AP8="}}


async def test_dynamodb_updates(tmp_path: Path) -> None:
    keys = {"hashKeyField": "k", "hashKeyValue": "v", "operation": "${op}"}
    action = {"dynamoDB": {"tableName": "t", "roleArn": ROLE, **keys}}
    made = await one_call(tmp_path, action, {"op": "UPDATE"})
    assert made.operation == "UpdateItem"
    assert made.parameters["Key"] == {"k": {"S": "v"}}
    assert made.parameters["ExpressionAttributeNames"] == {"#payload": "payload"}


async def test_dynamodb_deletes(tmp_path: Path) -> None:
    keys = {"hashKeyField": "k", "hashKeyValue": "v", "operation": "DELETE"}
    action = {"dynamoDB": {"tableName": "t", "roleArn": ROLE, **keys}}
    made = await one_call(tmp_path, action, {})
    assert (made.operation, made.parameters["Key"]) == ("DeleteItem", {"k": {"S": "v"}})


async def test_dynamodb_v2_has_a_column_for_each_attribute(tmp_path: Path) -> None:
    action = {"dynamoDBv2": {"putItem": {"tableName": "${topic(2)}"}, "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"id": "x", "n": 1, "o": {"p": 2}})
    assert made.parameters == {
        "TableName": "b",
        "Item": {"id": {"S": "x"}, "n": {"N": "1"}, "o": {"M": {"p": {"N": "2"}}}},
    }


def test_what_is_undefined_is_left_out_of_items() -> None:
    from lambda_nb.engine.iot.sql import UNDEFINED

    assert attribute({"a": UNDEFINED, "b": [UNDEFINED, 1]}) == {"M": {"b": {"L": [{"N": "1"}]}}}


async def test_kinesis(tmp_path: Path) -> None:
    action = {"kinesis": {"streamName": "s", "partitionKey": "${topic()}", "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("kinesis", "PutRecord")
    assert made.parameters == {
        "StreamName": "s",
        "PartitionKey": "a/b",
        "Data": base64.b64encode(b'{"n":1}').decode(),
    }


async def test_kinesis_without_a_partition_key_spreads(tmp_path: Path) -> None:
    made = await one_call(tmp_path, {"kinesis": {"streamName": "s", "roleArn": ROLE}}, {})
    assert len(made.parameters["PartitionKey"]) == 36


@pytest.mark.parametrize(
    ("given", "written"), [("\\n", b"\n"), ("\\r\\n", b"\r\n"), ("\n", b"\n"), (",", b",")]
)
async def test_firehose_with_a_separator(tmp_path: Path, given: str, written: bytes) -> None:
    action = {"firehose": {"deliveryStreamName": "d", "separator": given, "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("firehose", "PutRecord")
    assert base64.b64decode(made.parameters["Record"]["Data"]) == b'{"n":1}' + written


async def test_firehose_batches_make_a_record_of_each_element(tmp_path: Path) -> None:
    action = {"firehose": {"deliveryStreamName": "d", "batchMode": True, "roleArn": ROLE}}
    sql = "SELECT VALUE readings FROM 'a/#'"
    made = await one_call(tmp_path, action, {"readings": [{"n": 1.5}, {"n": 2}]}, sql)
    assert made.operation == "PutRecordBatch"
    parts = [base64.b64decode(record["Data"]) for record in made.parameters["Records"]]
    assert parts == [b'{"n":1.5}', b'{"n":2}']


async def test_s3(tmp_path: Path) -> None:
    action = {
        "s3": {
            "bucketName": "bucket",
            "key": "${topic()}/ä ${n}",
            "cannedAcl": "public-read",
            "roleArn": ROLE,
        }
    }
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("s3", "PUT /bucket/a/b/%C3%A4%201")
    assert made.parameters == b'{"n":1}'
    assert made.headers["x-amz-acl"] == "public-read"


async def test_cloudwatch_logs(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000_000
    action = {"cloudwatchLogs": {"logGroupName": "group", "roleArn": ROLE}}
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("logs", "PutLogEvents")
    (event,) = made.parameters["logEvents"]
    assert event["message"] == '{"n":1}'
    assert before <= event["timestamp"] <= time.time_ns() // 1_000_000


async def test_cloudwatch_logs_in_batches(tmp_path: Path) -> None:
    action = {"cloudwatchLogs": {"logGroupName": "g", "batchMode": True, "roleArn": ROLE}}
    events = [{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}]
    made = await one_call(tmp_path, action, events)
    assert made.parameters["logEvents"] == sorted(events, key=lambda event: event["message"])


async def test_cloudwatch_metric(tmp_path: Path) -> None:
    action = {
        "cloudwatchMetric": {
            "metricName": "${topic(2)}",
            "metricNamespace": "N",
            "metricUnit": "${unit}",
            "metricValue": "${value}",
            "metricTimestamp": "1456821314",
            "roleArn": ROLE,
        }
    }
    made = await one_call(tmp_path, action, {"unit": "Percent", "value": 2.5})
    assert (made.service, made.operation) == ("monitoring", "PutMetricData")
    member = "MetricData.member.1."
    told = {k.removeprefix(member): v for k, v in made.parameters.items() if k != "Version"}
    assert told == {
        "Namespace": "N",
        "MetricName": "b",
        "Unit": "Percent",
        "Value": "2.5",
        "Timestamp": "2016-03-01T08:35:14Z",
    }


async def test_cloudwatch_alarm(tmp_path: Path) -> None:
    action = {
        "cloudwatchAlarm": {
            "alarmName": "hot",
            "stateReason": "${why}",
            "stateValue": "ALARM",
            "roleArn": ROLE,
        }
    }
    made = await one_call(tmp_path, action, {"why": "too hot"})
    assert (made.service, made.operation) == ("monitoring", "SetAlarmState")
    assert made.parameters["StateReason"] == "too hot"


async def test_step_functions(tmp_path: Path) -> None:
    action = {
        "stepFunctions": {
            "stateMachineName": "machine",
            "executionNamePrefix": "${topic(2)}-",
            "roleArn": ROLE,
        }
    }
    made = await one_call(tmp_path, action, {"n": 1})
    assert (made.service, made.operation) == ("states", "StartExecution")
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:machine"
    assert made.parameters["stateMachineArn"] == machine
    assert made.parameters["input"] == '{"n":1}'
    assert made.parameters["name"].startswith("b-")
    assert len(made.parameters["name"]) == 2 + 36


async def test_timestream_has_a_record_for_each_measure(tmp_path: Path) -> None:
    action = {
        "timestream": {
            "databaseName": "db",
            "tableName": "t",
            "roleArn": ROLE,
            "dimensions": [{"name": "device_id", "value": "${clientid()}"}],
            "timestamp": {"value": "${at}", "unit": "SECONDS"},
        }
    }
    sql = "SELECT yes, whole, part, text, many FROM 'a/#'"
    document = {"yes": True, "whole": 3, "part": 0.5, "text": "3", "many": [1], "at": 1700000000}
    made = await one_call(tmp_path, action, document, sql)
    assert (made.service, made.operation) == ("timestream", "WriteRecords")
    assert made.parameters["CommonAttributes"] == {
        "Dimensions": [{"Name": "device_id", "Value": "sensor-1"}],
        "Time": "1700000000",
        "TimeUnit": "SECONDS",
    }
    found = [
        (record["MeasureName"], record["MeasureValueType"], record["MeasureValue"])
        for record in made.parameters["Records"]
    ]
    assert found == [
        ("yes", "BOOLEAN", "true"),
        ("whole", "BIGINT", "3"),
        ("part", "DOUBLE", "0.5"),
        ("text", "VARCHAR", "3"),
        ("many", "VARCHAR", "[1]"),
    ]


@pytest.mark.parametrize("name", ["elasticsearch", "openSearch"])
async def test_search(tmp_path: Path, name: str) -> None:
    action = {
        name: {
            "endpoint": "https://search.example.com",
            "index": "i",
            "type": "t",
            "id": "${newuuid()}",
            "roleArn": ROLE,
        }
    }
    made = await one_call(tmp_path, action, {"n": 1})
    assert made.operation == "PUT"
    assert made.service.startswith("https://search.example.com/i/t/")
    assert f"/{REGION}/es/aws4_request" in made.headers["Authorization"]


async def test_republish_with_the_headers_of_mqtt_5(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        headers = {
            "payloadFormatIndicator": "UTF8_DATA",
            "contentType": "${kind}",
            "responseTopic": "answers/${topic(2)}",
            "correlationData": base64.b64encode(b"id").decode(),
            "messageExpiry": "60",
            "userProperties": [{"key": "k", "value": "${kind}"}],
        }
        to = {"topic": "$$aws/things/${kind}/shadow/update", "qos": 1, "headers": headers}
        lab.create("r", ALL, {"republish": {**to, "roleArn": ROLE}})
        await lab.say("a/b", {"kind": "x"})
        await lab.done()
        message = lab.topics.messages[-1]
        assert (message.topic, message.qos) == ("$aws/things/x/shadow/update", 1)
        assert json.loads(message.payload) == {"kind": "x"}
        assert message.sender is None
        assert message.properties == Properties(
            user=(("k", "x"),),
            content_type="x",
            response_topic="answers/b",
            correlation_data=b"id",
            is_text=True,
            expiry_s=60,
        )


async def test_a_rule_that_republishes_to_its_own_topic_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("circle", ALL, {"republish": {"topic": "a/again", "roleArn": ROLE}})
        await lab.say("a/b", {})
        await lab.done()
        assert len(lab.topics.messages) == 1 + 16
        assert "rule circle seems to select what it publishes" in caplog.text


async def test_messages_of_a_topic_keep_their_order(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        action = {"kinesis": {"streamName": "s", "partitionKey": "${topic()}", "roleArn": ROLE}}
        lab.create("r", ALL, action)
        for number in range(50):
            await lab.say(f"a/{number % 3}", {"n": number})
        await lab.done()
        by_key: dict[str, list[int]] = {}
        for made in lab.made:
            data = json.loads(base64.b64decode(made.parameters["Data"]))
            by_key.setdefault(made.parameters["PartitionKey"], []).append(data["n"])
        assert len(by_key) == 3
        assert all(numbers == sorted(numbers) for numbers in by_key.values())


async def test_a_missing_log_stream_is_made(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        streams: list[str] = []

        def reply(made: Made) -> Answer | None:
            if made.operation == "CreateLogStream":
                streams.append(made.parameters["logStreamName"])
            elif not streams:
                told = {"__type": "ResourceNotFoundException", "message": "no stream"}
                return Answer(400, (), json.dumps(told).encode())
            return None

        lab.upstream.reply = reply
        lab.create("r", ALL, {"cloudwatchLogs": {"logGroupName": "g", "roleArn": ROLE}})
        await lab.say("a/b", {})
        await lab.done()
        operations = [made.operation for made in lab.made]
        assert operations == ["PutLogEvents", "CreateLogStream", "PutLogEvents"]
        assert_success(lab)
