"""Asynchronous invocation beside an external endpoint: records, retries, dead letters."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from recorded_lab import ECHO, Lab, eventually

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FAIL = "def handler(event, context):\n    raise ValueError('no ' + str(event.get('n')))\n"


def arn_of(lab: Lab, name: str) -> str:
    """A function's ARN."""
    told = lab.client("lambda").get_function_configuration(FunctionName=name)
    return str(told["FunctionArn"])


def configure(lab: Lab, name: str, **settings: Any) -> None:
    """Set the event invoke config of a function."""
    lab.client("lambda").put_function_event_invoke_config(FunctionName=name, **settings)


def send(lab: Lab, name: str, payload: str = '{"n": 1}', **more: Any) -> str:
    """Invoke a function asynchronously; the request's id."""
    answer = lab.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=payload, **more
    )
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert "ExecutedVersion" not in answer
    return str(answer["ResponseMetadata"]["RequestId"])


def test_success_reaches_a_queue(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, arn = lab.queue()
    configure(lab, name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    request_id = send(lab, name)
    (record,) = lab.bodies(url)
    assert STAMP.fullmatch(record.pop("timestamp"))
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{arn_of(lab, name)}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"n": 1},
    }


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_failure_reaches_a_queue_after_its_retries(lab: Lab, retries: int) -> None:
    name = lab.engine.create(FAIL)
    url, arn = lab.queue()
    configure(
        lab,
        name,
        MaximumRetryAttempts=retries,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    request_id = send(lab, name)
    (record,) = lab.bodies(url)
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{arn_of(lab, name)}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": retries + 1,
    }
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    told = record["responsePayload"]
    assert list(told) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (told["errorMessage"], told["errorType"]) == ("no 1", "ValueError")
    assert told["requestId"] == request_id
    start = f"START RequestId: {request_id} Version: $LATEST\n"
    eventually(lambda: lab.log(name).count(start) == retries + 1, 10)


def test_failure_of_a_version_names_the_qualifier(lab: Lab) -> None:
    name = lab.engine.create(FAIL)
    client = lab.client("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    url, arn = lab.queue()
    destination = {"OnFailure": {"Destination": arn}}
    configure(lab, name, Qualifier="live", MaximumRetryAttempts=0, DestinationConfig=destination)
    send(lab, name, Qualifier="live")
    (record,) = lab.bodies(url)
    assert record["requestContext"]["functionArn"] == f"{arn_of(lab, name)}:live"
    assert record["responseContext"]["executedVersion"] == "1"


def test_success_reaches_a_topic_a_bus_and_a_function(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, arn = lab.queue()
    sns = lab.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    configure(lab, name, DestinationConfig={"OnSuccess": {"Destination": topic}})
    send(lab, name)
    (notification,) = lab.bodies(url)
    assert json.loads(notification["Message"])["requestContext"]["condition"] == "Success"

    events = lab.client("events")
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    pattern = json.dumps({"source": ["lambda"]})
    events.put_rule(Name=name, EventBusName=name, EventPattern=pattern)
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": arn}])
    configure(lab, name, DestinationConfig={"OnSuccess": {"Destination": bus}})
    send(lab, name)
    (event,) = lab.bodies(url)
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["source"] == "lambda"
    assert event["resources"] == [bus, f"{arn_of(lab, name)}:$LATEST"]
    assert event["detail"]["requestPayload"] == {"n": 1}

    other = lab.engine.create(ECHO)
    configure(lab, name, DestinationConfig={"OnSuccess": {"Destination": arn_of(lab, other)}})
    send(lab, name)
    (record,) = lab.events(other)
    assert record["responsePayload"] == {"n": 1}


def test_failure_reaches_a_bucket(lab: Lab) -> None:
    name = lab.engine.create(FAIL)
    s3 = lab.client("s3")
    s3.create_bucket(Bucket=name)
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{name}"}}
    configure(lab, name, MaximumRetryAttempts=0, DestinationConfig=destination)
    send(lab, name)
    eventually(lambda: s3.list_objects_v2(Bucket=name)["KeyCount"])
    (found,) = s3.list_objects_v2(Bucket=name)["Contents"]
    pattern = (
        rf"aws/lambda/async/{name}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[\w-]{{36}}"
    )
    assert re.fullmatch(pattern, found["Key"])
    record = json.load(s3.get_object(Bucket=name, Key=found["Key"])["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_no_reserved_concurrency_sends_events_to_the_failure_destination(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, arn = lab.queue()
    lab.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    configure(lab, name, DestinationConfig={"OnFailure": {"Destination": arn}})
    request_id = send(lab, name)
    (record,) = lab.bodies(url)
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{arn_of(lab, name)}:$LATEST",
        "condition": "ZeroReservedConcurrency",
        "approximateInvokeCount": 0,
    }
    assert record["requestPayload"] == {"n": 1}


def test_dead_letters_carry_the_event_and_why(lab: Lab) -> None:
    url, arn = lab.queue()
    name = lab.engine.create(FAIL, DeadLetterConfig={"TargetArn": arn})
    configure(lab, name, MaximumRetryAttempts=0)
    request_id = send(lab, name, '{"n":  7}')
    (letter,) = lab.receive(url)
    assert letter["Body"] == '{"n":  7}'
    assert letter["MessageAttributes"] == {
        "RequestID": {"StringValue": request_id, "DataType": "String"},
        "ErrorCode": {"StringValue": "200", "DataType": "Number"},
        "ErrorMessage": {"StringValue": "no 7", "DataType": "String"},
    }


def test_dead_letters_to_a_topic(lab: Lab) -> None:
    url, arn = lab.queue()
    sns = lab.client("sns")
    topic = sns.create_topic(Name=lab.engine.name("t"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    name = lab.engine.create(FAIL, DeadLetterConfig={"TargetArn": topic})
    configure(lab, name, MaximumRetryAttempts=0)
    send(lab, name, '{"n":7}')
    (letter,) = lab.bodies(url)
    assert letter["Message"] == '{"n":7}'
    assert letter["MessageAttributes"]["ErrorMessage"] == {"Type": "String", "Value": "no 7"}


def test_an_event_without_payload_is_an_empty_object(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    answer = lab.client("lambda").invoke(FunctionName=name, InvocationType="Event")
    assert answer["StatusCode"] == 202
    assert lab.events(name) == [{}]


def test_a_timeout_is_told_as_the_response(lab: Lab) -> None:
    name = lab.engine.create(
        "import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=1
    )
    url, arn = lab.queue()
    configure(
        lab, name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    request_id = send(lab, name)
    (record,) = lab.bodies(url)
    assert record["responsePayload"] == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
