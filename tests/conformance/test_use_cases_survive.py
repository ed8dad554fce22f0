"""The set-ups of the tutorials lose nothing that was accepted when the engine is killed."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

import paho.mqtt.client as paho
import pytest
from engine_fixtures import Ear, Engine
from paho.mqtt.enums import CallbackAPIVersion

MESSAGES = 40
KILLED_AFTER = 15

TELL = """
import base64, json, re
{say}
def handler(event, context):
    text = json.dumps(event)
    for record in event.get("Records", []):
        if "kinesis" in record:
            text += base64.b64decode(record["kinesis"]["data"]).decode()
    for mark in sorted(set(re.findall(r"mark-[0-9]+-", text))):
        say(mark)
    return {{"statusCode": 200}}
"""
POST = """
import json, boto3
table = boto3.resource("dynamodb").Table("updates")
def handler(event, context):
    table.put_item(Item={"id": json.loads(event["body"])["text"]})
    return {"statusCode": 201}
"""

Send = Callable[[Engine, str], None]


class SetUp(NamedTuple):
    """How a set-up is made, and how one message is sent; it is accepted when that returns."""

    make: Callable[[Engine, Ear], None]
    send: Callable[[Engine], Callable[[str], Any]]


def told(engine: Engine, ear: Ear, *services: str) -> str:
    """The ARN of a function that tells the ear which marks reached it."""
    name = engine.create(TELL.format(say=ear.say), FunctionName="told", Timeout=20)
    for service in services:
        engine.client().add_permission(
            FunctionName=name,
            StatementId=service,
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
        )
    return str(engine.client().get_function_configuration(FunctionName=name)["FunctionArn"])


def make_files(engine: Engine, ear: Ear) -> None:
    arn = told(engine, ear, "s3")
    engine.client("s3").create_bucket(Bucket="pictures")
    wanted = [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    engine.client("s3").put_bucket_notification_configuration(
        Bucket="pictures", NotificationConfiguration={"LambdaFunctionConfigurations": wanted}
    )


def send_file(engine: Engine) -> Callable[[str], Any]:
    s3 = engine.client("s3")
    return lambda mark: s3.put_object(Bucket="pictures", Key=mark, Body=b"1")


def make_stream(engine: Engine, ear: Ear) -> None:
    arn = told(engine, ear)
    kinesis = engine.client("kinesis")
    kinesis.create_stream(StreamName="posts", ShardCount=2)
    stream = kinesis.describe_stream_summary(StreamName="posts")["StreamDescriptionSummary"]
    engine.client().create_event_source_mapping(
        FunctionName=arn, EventSourceArn=stream["StreamARN"], StartingPosition="TRIM_HORIZON"
    )


def send_record(engine: Engine) -> Callable[[str], Any]:
    kinesis = engine.client("kinesis")
    return lambda mark: kinesis.put_record(
        StreamName="posts", Data=mark.encode(), PartitionKey=mark
    )


def make_rule(engine: Engine, ear: Ear) -> None:
    arn = told(engine, ear, "iot")
    engine.client("iot").create_topic_rule(
        ruleName="told",
        topicRulePayload={
            "sql": "SELECT * FROM 'building/+/sensor'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"lambda": {"functionArn": arn}}],
        },
    )


def send_reading(engine: Engine) -> Callable[[str], Any]:
    keys = engine.keys
    device = paho.Client(CallbackAPIVersion.VERSION2, client_id="sensor-1")
    device.username_pw_set(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    device.connect("127.0.0.1", int(engine.url.rpartition(":")[2]))
    device.loop_start()

    def send(mark: str) -> None:
        sent = device.publish("building/room/sensor", json.dumps({"mark": mark}), qos=1)
        sent.wait_for_publish(30)
        if not sent.is_published():
            device.loop_stop()
            raise ConnectionError("the broker has not acknowledged it")

    return send


def make_app(engine: Engine, ear: Ear) -> None:
    """An API whose function writes to a table, whose stream reaches another function."""
    arn = told(engine, ear)
    stream = engine.client("dynamodb").create_table(
        TableName="updates",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    engine.client().create_event_source_mapping(
        FunctionName=arn, EventSourceArn=stream, StartingPosition="TRIM_HORIZON"
    )
    post = engine.create(POST, FunctionName="post", Timeout=20)
    target = engine.client().get_function_configuration(FunctionName=post)["FunctionArn"]
    engine.client("apigatewayv2").create_api(Name="app", ProtocolType="HTTP", Target=target)
    engine.client().add_permission(
        FunctionName=post,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )


def send_update(engine: Engine) -> Callable[[str], Any]:
    (api,) = engine.client("apigatewayv2").get_apis()["Items"]
    address = f"{engine.url}/execute-api/{api['ApiId']}/"

    def send(mark: str) -> None:
        body = json.dumps({"text": mark}).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(address, body, kind, method="POST")
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 201

    return send


SET_UPS = {
    "file processing": SetUp(make_files, send_file),
    "stream processing": SetUp(make_stream, send_record),
    "IoT backend": SetUp(make_rule, send_reading),
    "mobile backend": SetUp(make_app, send_update),
}


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", sorted(SET_UPS))
def test_nothing_accepted_is_lost_when_the_engine_is_killed(
    name: str, start_engine: Callable[..., Engine], ear: Ear
) -> None:
    set_up = SET_UPS[name]
    engine = start_engine("--retry-delay", "1")
    set_up.make(engine, ear)
    accepted: list[str] = []
    refused: list[Exception] = []
    enough = threading.Event()

    def send_all(engine: Engine, first: int) -> None:
        send = set_up.send(engine)
        for number in range(first, first + MESSAGES):
            mark = f"mark-{number}-"
            try:
                send(mark)
            except Exception as error:  # the engine has gone: this one was not accepted
                refused.append(error)
                return
            accepted.append(mark)
            if len(accepted) >= KILLED_AFTER:
                enough.set()

    sender = threading.Thread(target=send_all, args=(engine, 0))
    sender.start()
    assert enough.wait(120), refused
    engine.process.kill()
    engine.process.wait(20)
    sender.join(60)
    assert not sender.is_alive()
    assert len(accepted) >= KILLED_AFTER
    again = start_engine("--retry-delay", "1")
    send_all(again, MESSAGES)
    assert len(accepted) >= KILLED_AFTER + MESSAGES, refused[1:]
    ear.wait(lambda said: set(accepted) <= set(said), within_s=90)
