"""Routes of HTTP APIs that call services themselves."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from engine_fixtures import Engine
from http_apis import Api, Got, new_api


def service(api: Api, key: str, subtype: str, **parameters: str) -> None:
    """Put an operation of a service behind a route."""
    target = api.integrate(
        IntegrationType="AWS_PROXY",
        IntegrationSubtype=subtype,
        PayloadFormatVersion="1.0",
        CredentialsArn=f"arn:aws:iam::{api.engine.account}:role/api",
        RequestParameters=parameters,
    )
    api.route(key, target)


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    return new_api(engine)


def post(api: Api, path: str, body: Any) -> Got:
    return api.call(
        path,
        "POST",
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )


def test_a_queue(engine: Engine, api: Api) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("q"))["QueueUrl"]
    service(
        api,
        "POST /queue",
        "SQS-SendMessage",
        QueueUrl=url,
        MessageBody="$request.body.text",
        MessageAttributes="$request.body.attributes",
    )
    service(api, "GET /queue", "SQS-ReceiveMessage", QueueUrl=url, MaxNumberOfMessages="1")
    service(
        api,
        "DELETE /queue",
        "SQS-DeleteMessage",
        QueueUrl=url,
        ReceiptHandle="$request.querystring.handle",
    )
    service(api, "POST /purge", "SQS-PurgeQueue", QueueUrl=url)
    attributes = {"colour": {"DataType": "String", "StringValue": "red"}}
    got = post(api, "/queue", {"text": "héllo", "attributes": attributes})
    assert got.status == 200
    assert b"<MessageId>" in got.body
    got = api.call("/queue")
    assert "héllo" in got.body.decode()
    handle = got.body.decode().partition("<ReceiptHandle>")[2].partition("<")[0]
    assert api.call(f"/queue?handle={handle}", "DELETE").status == 200
    post(api, "/queue", {"text": "again", "attributes": attributes})
    received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert [message["Body"] for message in received] == ["again"]
    assert received[0]["MessageAttributes"] == attributes
    assert post(api, "/purge", {}).status == 200
    missing = post(api, "/queue", {"attributes": attributes})
    assert (missing.status, missing.json) == (500, {"message": "Internal Server Error"})


def test_an_event_bus(engine: Engine, api: Api) -> None:
    events, sqs = engine.client("events"), engine.client("sqs")
    name = engine.name("bus")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])
    service(
        api,
        "POST /events",
        "EventBridge-PutEvents",
        Detail="$request.body",
        DetailType="asked",
        Source=name,
    )
    got = post(api, "/events", {"a": 1})
    assert got.json["FailedEntryCount"] == 0
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["detail"]) == ("asked", {"a": 1})


def test_a_stream(engine: Engine, api: Api) -> None:
    kinesis = engine.client("kinesis")
    name = engine.name("s")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    service(
        api,
        "POST /stream",
        "Kinesis-PutRecord",
        StreamName=name,
        Data="$request.body.data",
        PartitionKey="${context.apiId}",
    )
    got = post(api, "/stream", {"data": base64.b64encode(b"hello").decode()})
    shard = got.json["ShardId"]
    at = kinesis.get_shard_iterator(
        StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    (record,) = kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b"hello", api.id)


def test_a_state_machine(engine: Engine, api: Api) -> None:
    states = engine.client("stepfunctions")
    arn = states.create_state_machine(
        name=engine.name("m"),
        definition=json.dumps(
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}
        ),
        roleArn=f"arn:aws:iam::{engine.account}:role/machine",
    )["stateMachineArn"]
    service(
        api,
        "POST /machine",
        "StepFunctions-StartExecution",
        StateMachineArn=arn,
        Input="$request.body",
    )
    execution = post(api, "/machine", {"a": 1}).json["executionArn"]
    assert states.describe_execution(executionArn=execution)["input"] == '{"a": 1}'
    service(
        api,
        "POST /stop",
        "StepFunctions-StopExecution",
        ExecutionArn="$request.body.arn",
        Cause="enough",
    )
    assert post(api, "/stop", {"arn": execution}).status == 200
    deadline = time.monotonic() + 60  # it stops soon, not at once
    while (status := states.describe_execution(executionArn=execution)["status"]) == "RUNNING":
        assert time.monotonic() < deadline, "the execution goes on"
        time.sleep(0.05)
    assert status == "ABORTED"


def test_a_state_machine_that_is_waited_for(engine: Engine, api: Api) -> None:
    arn = engine.client("stepfunctions").create_state_machine(
        name=engine.name("m"),
        type="EXPRESS",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
        roleArn=f"arn:aws:iam::{engine.account}:role/machine",
    )["stateMachineArn"]
    service(
        api,
        "POST /sync",
        "StepFunctions-StartSyncExecution",
        StateMachineArn=arn,
        Input="$request.body",
    )
    got = post(api, "/sync", {"a": 1})
    assert got.status == 200, got.body
    assert json.loads(got.json["output"]) == {"a": 1}


def test_an_error_of_the_service(engine: Engine, api: Api) -> None:
    arn = f"arn:aws:states:{engine.region}:{engine.account}:stateMachine:none"
    service(api, "POST /none", "StepFunctions-StartExecution", StateMachineArn=arn)
    got = post(api, "/none", {})
    assert got.status == 400
    assert "StateMachineDoesNotExist" in got.body.decode()


def test_a_configuration(engine: Engine, api: Api) -> None:
    service(
        api,
        "GET /configuration",
        "AppConfig-GetConfiguration",
        Application="$request.querystring.app",
        Environment="an environment",
        Configuration="c",
        ClientId="me",
    )
    # The embedded AppConfig has no such operation, and says so.
    answer = api.call("/configuration?app=a")
    assert (answer.status, b"The service appconfig" in answer.body) == (501, True)
    assert api.call("/configuration").status == 500, "Application is missing"
