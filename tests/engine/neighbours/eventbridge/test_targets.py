"""Events of a bus reach the targets of its rules, each in its service's form."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from engine_fixtures import Ear, Engine
from eventbridge_lab import ROLE, Queue, attributes, put, rule, until


def test_the_envelope_and_the_three_inputs(engine: Engine) -> None:
    queue = Queue(engine)
    transformer = {
        "InputPathsMap": {"k": "$.detail.k"},
        "InputTemplate": '{"k": <k>, "text": "it is <k>", "rule": <aws.events.rule-name>}',
    }
    name = rule(
        engine,
        {"Arn": queue.arn},
        {"Arn": queue.arn, "Input": '{"constant": true}'},
        {"Arn": queue.arn, "InputPath": "$.detail"},
        {"Arn": queue.arn, "InputTransformer": transformer},
    )
    identifier = put(engine, name, {"k": 5}, Resources=["arn:x"], Time=1767323045)
    whole, constant, part, transformed = queue.bodies(4)
    assert whole == {
        "version": "0",
        "id": identifier,
        "detail-type": "t",
        "source": name,
        "account": engine.account,
        "time": "2026-01-02T03:04:05Z",
        "region": engine.region,
        "resources": ["arn:x"],
        "detail": {"k": 5},
    }
    assert constant == {"constant": True}
    assert part == {"k": 5}
    assert transformed == {"k": 5, "text": "it is 5", "rule": name}


def test_a_function(engine: Engine, ear: Ear) -> None:
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    function = engine.create(code)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    name = rule(engine, {"Arn": arn})
    identifier = put(engine, name)
    ear.wait(lambda heard: len(heard) == 1)
    assert json.loads(ear.heard[0])["id"] == identifier


def test_a_function_that_does_not_exist_is_a_dead_letter(engine: Engine) -> None:
    dead = Queue(engine)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{engine.name()}"
    name = rule(engine, {"Arn": arn, "DeadLetterConfig": {"Arn": dead.arn}})
    identifier = put(engine, name)
    (message,) = dead.receive()
    assert json.loads(message["Body"])["id"] == identifier
    assert attributes(message) == {
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": f"Function not found: {arn}",
        "RETRY_ATTEMPTS": "0",
        "RULE_ARN": f"arn:aws:events:{engine.region}:{engine.account}:rule/{name}",
        "TARGET_ARN": arn,
    }


def test_a_fifo_queue_keeps_the_order_and_the_trace(engine: Engine) -> None:
    queue = Queue(engine, fifo=True)
    name = rule(engine, {"Arn": queue.arn, "SqsParameters": {"MessageGroupId": "g"}})
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    for number in range(5):
        put(engine, name, {"n": number}, TraceHeader=trace)
    messages = queue.receive(5)
    assert [json.loads(m["Body"])["detail"]["n"] for m in messages] == list(range(5))
    assert {m["Attributes"]["MessageGroupId"] for m in messages} == {"g"}
    assert {m["Attributes"]["AWSTraceHeader"] for m in messages} == {trace}


def test_a_topic(engine: Engine) -> None:
    queue = Queue(engine)
    sns = engine.client("sns")
    topic = sns.create_topic(Name=engine.name("topic"))["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue.arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    name = rule(engine, {"Arn": topic})
    identifier = put(engine, name)
    assert queue.bodies()[0]["id"] == identifier


def test_a_stream_with_a_partition_key(engine: Engine) -> None:
    kinesis, stream = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    description = until(lambda: _active(kinesis, stream))
    parameters = {"PartitionKeyPath": "$.detail.user"}
    arn = description["StreamARN"]
    name = rule(engine, {"Arn": arn, "RoleArn": ROLE, "KinesisParameters": parameters})
    identifier = put(engine, name, {"user": "ann"})
    shard = description["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = until(lambda: kinesis.get_records(ShardIterator=iterator)["Records"])
    assert record["PartitionKey"] == "ann"
    assert json.loads(record["Data"])["id"] == identifier


def _active(kinesis: Any, stream: str) -> Any:
    found = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    return found if found["StreamStatus"] == "ACTIVE" else None


def test_a_log_group(engine: Engine) -> None:
    logs, group = engine.client("logs"), f"/aws/events/{engine.name('group')}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}"
    name = rule(engine, {"Arn": arn})
    now = int(time.time())
    identifier = put(engine, name, Time=now)
    (event,) = until(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert json.loads(event["message"])["id"] == identifier
    assert event["timestamp"] == now * 1000


def test_a_delivery_stream_to_a_bucket(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=bucket)
    firehose, stream = engine.client("firehose"), engine.name("delivery")
    destination = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{bucket}"}
    arn = firehose.create_delivery_stream(
        DeliveryStreamName=stream, ExtendedS3DestinationConfiguration=destination
    )["DeliveryStreamARN"]
    name = rule(engine, {"Arn": arn, "RoleArn": ROLE})
    identifier = put(engine, name)
    (found,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    content = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
    assert json.loads(content)["id"] == identifier


def test_a_state_machine(engine: Engine) -> None:
    states = engine.client("stepfunctions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    machine = states.create_state_machine(
        name=engine.name("machine"), definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    name = rule(engine, {"Arn": machine, "RoleArn": ROLE})
    identifier = put(engine, name)
    (execution,) = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    assert execution["name"].startswith(f"{identifier}_")
    told = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(told["input"])["id"] == identifier


def test_an_http_api(engine: Engine, ear: Ear) -> None:
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    function = engine.create(code)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    apis = engine.client("apigatewayv2")
    api = apis.create_api(Name=engine.name("api"), ProtocolType="HTTP", Target=arn)["ApiId"]
    engine.client().add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    target = f"arn:aws:execute-api:{engine.region}:{engine.account}:{api}/$default/POST/a/*"
    parameters = {
        "PathParameterValues": ["$.detail.who"],
        "HeaderParameters": {"x-kind": "test"},
        "QueryStringParameters": {"q": "$.source"},
    }
    name = rule(engine, {"Arn": target, "HttpParameters": parameters})
    identifier = put(engine, name, {"who": "ann"})
    ear.wait(lambda heard: len(heard) == 1)
    event = json.loads(ear.heard[0])
    assert (event["rawPath"], event["queryStringParameters"]) == ("/a/ann", {"q": name})
    assert event["headers"]["x-kind"] == "test"
    body = event["body"]
    content = base64.b64decode(body) if event["isBase64Encoded"] else body
    assert json.loads(content)["id"] == identifier


def test_s3_tells_the_default_bus(engine: Engine) -> None:
    queue, bucket = Queue(engine), engine.name("bucket")
    s3, events, name = engine.client("s3"), engine.client("events"), engine.name("rule")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    s3.put_object(Bucket=bucket, Key="a", Body=b"123")
    s3.put_object(Bucket=bucket, Key="b", Body=b"123")
    one, other = queue.bodies(2)
    assert one["id"] != other["id"]
    assert one["detail"]["object"]["key"] == "a"
    assert one["account"] == engine.account
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
