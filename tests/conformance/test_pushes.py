"""Ordinary AWS calls that name a function's ARN: what services push reaches the function."""

from __future__ import annotations

import json
import uuid

from engine_fixtures import Ear, Engine

SAY = "import json\ndef handler(event, context):\n    say(json.dumps(event))\n"


def arn(engine: Engine, name: str) -> str:
    return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"


def test_objects_in_s3(engine: Engine, ear: Ear) -> None:
    name = engine.create(ear.say + SAY)
    s3 = engine.client("s3")
    bucket = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
    )
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn(engine, name), "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket=bucket, Key="a key", Body=b"12345")
    ear.wait(lambda heard: any("a+key" in said for said in heard))
    event = json.loads(next(said for said in ear.heard if "a+key" in said))
    record = event["Records"][0]
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["object"]["size"] == 5


def test_messages_of_a_topic(engine: Engine, ear: Ear) -> None:
    name = engine.create(ear.say + SAY)
    sns = engine.client("sns")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4()}")["TopicArn"]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn(engine, name))
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    ear.wait(lambda heard: len(heard) > 0)
    record = json.loads(ear.heard[0])["Records"][0]
    assert record["EventSource"] == "aws:sns"
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("hello", "s")


def test_events_of_a_bus(engine: Engine, ear: Ear) -> None:
    name = engine.create(ear.say + SAY)
    events = engine.client("events")
    rule = f"rule-{uuid.uuid4()}"
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn(engine, name)}])
    entry = {"Source": rule, "DetailType": "t", "Detail": '{"k": 1}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    ear.wait(lambda heard: len(heard) > 0)
    event = json.loads(ear.heard[0])
    assert (event["source"], event["detail-type"], event["detail"]) == (rule, "t", {"k": 1})
    assert event["account"] == engine.account
