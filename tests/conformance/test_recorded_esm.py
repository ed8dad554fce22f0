"""Event source mappings beside an external endpoint: their API, and what they deliver."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from recorded_lab import ECHO, Lab, eventually

FAIL = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    raise ValueError("no")
"""
REPORT = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    return json.loads(event["Records"][0]["body"])["answer"]
"""


def stream(lab: Lab, shards: int = 1) -> tuple[str, str]:
    """A new Kinesis stream: its name and ARN."""
    kinesis = lab.client("kinesis")
    name = lab.engine.name("s")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    told = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    return name, told["StreamARN"]


def table(lab: Lab) -> tuple[str, str]:
    """A new DynamoDB table with a stream: its name and the stream's ARN."""
    name = lab.engine.name("t")
    told = lab.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, told["TableDescription"]["LatestStreamArn"]


def refused(lab: Lab, operation: str, **request: Any) -> tuple[str, str, int]:
    """Code, message and status with which an operation of Lambda is refused."""
    with pytest.raises(ClientError) as caught:
        getattr(lab.client("lambda"), operation)(**request)
    answer = caught.value.response
    return (
        answer["Error"]["Code"],
        answer["Error"]["Message"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
    )


# The API


def test_a_queue_s_mapping_from_creation_to_its_end(lab: Lab) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(ECHO)
    _, queue = lab.queue()
    made = client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)
    status = made.pop("ResponseMetadata")["HTTPStatusCode"]
    identifier = made["UUID"]
    function = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    account = function.split(":")[4]
    assert status == 202
    assert isinstance(made.pop("LastModified"), datetime)
    shown = {
        "UUID": identifier,
        "BatchSize": 10,
        "EventSourceArn": queue,
        "EventSourceMappingArn": (
            f"arn:aws:lambda:us-east-1:{account}:event-source-mapping:{identifier}"
        ),
        "FunctionArn": function,
        "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0,
        "StateTransitionReason": "USER_INITIATED",
    }
    assert made == {**shown, "State": "Creating"}
    got = lab.mapping_is(identifier, "Enabled")
    assert {k: v for k, v in got.items() if k not in ("ResponseMetadata", "LastModified")} == {
        **shown,
        "State": "Enabled",
    }
    code, message, status = refused(
        lab, "create_event_source_mapping", FunctionName=name, EventSourceArn=queue
    )
    assert (code, status) == ("ResourceConflictException", 409)
    assert message == (
        f'An event source mapping with SQS arn (" {queue} ") and function (" {name} ") already '
        f"exists. Please update or delete the existing mapping with UUID {identifier}"
    )
    changed = client.update_event_source_mapping(UUID=identifier, BatchSize=5)
    assert (changed["State"], changed["BatchSize"]) == ("Updating", 5)
    lab.mapping_is(identifier, "Enabled")
    assert client.update_event_source_mapping(UUID=identifier, Enabled=False)["State"] in (
        "Disabling",
        "Updating",
    )
    lab.mapping_is(identifier, "Disabled")
    listed = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [entry["UUID"] for entry in listed] == [identifier]
    gone = client.delete_event_source_mapping(UUID=identifier)
    assert (gone["State"], gone["ResponseMetadata"]["HTTPStatusCode"]) == ("Deleting", 202)
    eventually(
        lambda: not client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"], 5
    )
    assert refused(lab, "get_event_source_mapping", UUID=identifier) == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
        404,
    )


@pytest.mark.parametrize("make", [stream, table])
def test_a_stream_s_mapping_shows_all_defaults(lab: Lab, make: Any) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(ECHO)
    _, arn = make(lab)
    made = client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, StartingPosition="LATEST"
    )
    shown = {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": arn,
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "LATEST",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }
    known = {
        "UUID",
        "FunctionArn",
        "EventSourceMappingArn",
        "LastModified",
        "ResponseMetadata",
    }
    assert {k: v for k, v in made.items() if k not in known} == shown
    lab.mapping_is(made["UUID"], "Enabled")
    assert refused(
        lab,
        "create_event_source_mapping",
        FunctionName=name,
        EventSourceArn=arn,
        StartingPosition="LATEST",
    ) == (
        "ResourceConflictException",
        f'The event source arn (" {arn} ") and function (" {name} ") provided mapping already '
        f"exists. Please update or delete the existing mapping with UUID {made['UUID']}",
        409,
    )


def test_what_mappings_refuse(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    _, queue = lab.queue()
    _, records = stream(lab)
    _, changes = table(lab)

    def message(**request: Any) -> str:
        request = {"FunctionName": name, **request}
        code, text, status = refused(lab, "create_event_source_mapping", **request)
        assert (code, status) == ("InvalidParameterValueException", 400)
        return text

    assert message() == "Unrecognized event source."
    assert message(FunctionName="nobody", EventSourceArn=queue) == "Function does not exist"
    assert message(EventSourceArn=records) == (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
        "constraint: Member must not be null."
    )
    at = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1}
    assert message(EventSourceArn=changes, **at) == (
        f"Unsupported starting position for arn type: {changes}"
    )
    gone = records.replace("stream/", "stream/no-")
    assert message(EventSourceArn=gone, StartingPosition="LATEST") == f"Stream not found: {gone}"
    assert message(EventSourceArn=f"{queue}-gone") == (
        "Error occurred while ReceiveMessage. SQS Error Code: "
        "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not "
        "exist."
    )
    filters = {"Filters": [{"Pattern": json.dumps({"body": {"a": "x"}})}]}
    assert message(EventSourceArn=queue, FilterCriteria=filters) == (
        "Invalid filter pattern definition."
    )
    assert message(EventSourceArn=queue, BatchSize=11) == (
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10"
    )
    failing = {"OnFailure": {"Destination": queue}}
    assert message(EventSourceArn=queue, DestinationConfig=failing) == (
        "Unsupported DestinationConfig parameter for given event source mapping type."
    )


# Queues


def test_messages_arrive_as_lambda_writes_them(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, queue = lab.queue()
    lab.mapping(name, queue)
    sent = lab.client("sqs").send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}},
    )
    (event,) = lab.events(name)
    (record,) = event["Records"]
    assert re.fullmatch(r"\d{13}", record["attributes"].pop("SentTimestamp"))
    assert re.fullmatch(r"\d{13}", record["attributes"].pop("ApproximateFirstReceiveTimestamp"))
    assert record["attributes"].pop("SenderId")
    assert record.pop("receiptHandle")
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            "k": {
                "stringValue": "v",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "md5OfBody": hashlib.md5(b"hello").hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": "us-east-1",
    }
    eventually(lambda: remaining(lab, url) == 0, 5)


def remaining(lab: Lab, url: str) -> int:
    """Messages in a queue, those in flight included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = lab.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(value) for value in told["Attributes"].values())


def test_a_failing_batch_goes_to_the_queue_s_dead_letter_queue(lab: Lab) -> None:
    name = lab.engine.create(FAIL)
    dead_url, dead = lab.queue()
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    url, queue = lab.queue(VisibilityTimeout="1", RedrivePolicy=policy)
    lab.mapping(name, queue, BatchSize=1)
    lab.client("sqs").send_message(QueueUrl=url, MessageBody='{"n": 1}')
    (letter,) = lab.receive(dead_url, 1, 30)
    assert letter["Body"] == '{"n": 1}'
    events = lab.events(name, 2)
    counts = [e["Records"][0]["attributes"]["ApproximateReceiveCount"] for e in events]
    assert counts == ["1", "2"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"batchItemFailures": []}, False),
        ({"batchItemFailures": None}, False),
        ({}, False),
        (None, False),
        ("", False),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, True),
        ({"batchItemFailures": [{"wrong": "x"}]}, True),
    ],
)
def test_what_a_report_of_failures_means(lab: Lab, answer: Any, failed: bool) -> None:
    name = lab.engine.create(REPORT)
    dead_url, dead = lab.queue()
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, queue = lab.queue(VisibilityTimeout="1", RedrivePolicy=policy)
    lab.mapping(name, queue, FunctionResponseTypes=["ReportBatchItemFailures"])
    lab.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"answer": answer}))
    if failed:
        lab.receive(dead_url, 1, 20)
    else:
        lab.events(name)
        eventually(lambda: remaining(lab, url) == 0, 5)
        assert remaining(lab, dead_url) == 0


def test_only_failed_messages_come_back(lab: Lab) -> None:
    name = lab.engine.create(
        "import json\n"
        "def handler(event, context):\n"
        "    print('EVENT ' + json.dumps([r['body'] for r in event['Records']]))\n"
        "    bad = [r for r in event['Records'] if r['body'] == 'bad']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in bad]}\n"
    )
    dead_url, dead = lab.queue()
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    url, queue = lab.queue(VisibilityTimeout="1", RedrivePolicy=policy)
    sqs = lab.client("sqs")
    for body in ("good", "bad", "fine"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    lab.mapping(
        name,
        queue,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BatchSize=3,
        MaximumBatchingWindowInSeconds=2,
    )
    (letter,) = lab.receive(dead_url, 1, 30)
    assert letter["Body"] == "bad"
    first, second = lab.events(name, 2)
    assert sorted(first) == ["bad", "fine", "good"]
    assert second == ["bad"]


def test_a_fifo_queue_keeps_order_and_stops_at_the_first_failure(lab: Lab) -> None:
    name = lab.engine.create(
        "import json\n"
        "def handler(event, context):\n"
        "    print('EVENT ' + json.dumps(event['Records']))\n"
        "    ids = [r['messageId'] for r in event['Records'] if r['body'] == 'bad']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': i} for i in ids]}\n"
    )
    dead_url, dead = lab.queue(f"{lab.engine.name('d')}.fifo", FifoQueue="true")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, queue = lab.queue(
        f"{lab.engine.name('q')}.fifo",
        FifoQueue="true",
        VisibilityTimeout="1",
        RedrivePolicy=policy,
    )
    sqs = lab.client("sqs")
    for body in ("a", "b", "bad"):
        sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body
        )
    lab.mapping(name, queue, FunctionResponseTypes=["ReportBatchItemFailures"])
    records = lab.events(name)[0]
    assert [record["body"] for record in records][:2] == ["a", "b"]
    assert records[0]["attributes"]["MessageGroupId"] == "g"
    assert {"SequenceNumber", "MessageDeduplicationId"} <= records[0]["attributes"].keys()
    (letter,) = lab.receive(dead_url, 1, 20)
    assert letter["Body"] == "bad"


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ({"body": {"test2": ["test2"]}}, '{"test2": "test2"}', '{"test2": "x"}'),
        ({"body": {"n": [{"numeric": [">", 3]}]}}, '{"n": 4}', '{"n": 3}'),
        ({"body": {"a": [{"exists": False}]}}, '{"b": 1}', '{"a": 1}'),
        ({"body": {"a": [{"prefix": "us-"}]}}, '{"a": "us-1"}', '{"a": "eu-1"}'),
        ({"body": ["plain"]}, "plain", '{"a": 1}'),
        ({"body": {"a": [{"anything-but": ["x"]}]}}, '{"a": "y"}', '{"a": "x"}'),
    ],
)
def test_filters_of_queues(lab: Lab, pattern: Any, matching: str, other: str) -> None:
    name = lab.engine.create(ECHO)
    url, queue = lab.queue()
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    made = lab.mapping(name, queue, FilterCriteria=criteria)
    assert made["FilterCriteria"] == criteria
    sqs = lab.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody=other)
    sqs.send_message(QueueUrl=url, MessageBody=matching)
    eventually(lambda: remaining(lab, url) == 0, 10)
    (event,) = lab.events(name)
    assert [record["body"] for record in event["Records"]] == [matching]


def test_a_disabled_mapping_reads_nothing_until_enabled(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, queue = lab.queue()
    made = lab.client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=queue, Enabled=False
    )
    lab.mapping_is(made["UUID"], "Disabled")
    lab.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    time.sleep(2)
    assert lab.log(name) == []
    lab.client("lambda").update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    lab.events(name)


# Streams


def test_kinesis_records_arrive_as_lambda_writes_them(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    lab.mapping(name, arn, StartingPosition="TRIM_HORIZON")
    put = lab.client("kinesis").put_record(StreamName=source, Data=b"data", PartitionKey="p")
    (event,) = lab.events(name)
    (record,) = event["Records"]
    assert isinstance(record["kinesis"].pop("approximateArrivalTimestamp"), float)
    function = lab.client("lambda").get_function_configuration(FunctionName=name)
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "p",
            "sequenceNumber": put["SequenceNumber"],
            "data": base64.b64encode(b"data").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{put['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": function["Role"],
        "awsRegion": "us-east-1",
        "eventSourceARN": arn,
    }


def test_table_changes_arrive_as_lambda_writes_them(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = table(lab)
    lab.mapping(name, arn, StartingPosition="TRIM_HORIZON", BatchSize=1)
    dynamodb = lab.client("dynamodb")
    dynamodb.put_item(TableName=source, Item={"id": {"S": "1"}, "a": {"N": "1"}})
    dynamodb.put_item(TableName=source, Item={"id": {"S": "1"}, "a": {"N": "2"}})
    dynamodb.delete_item(TableName=source, Key={"id": {"S": "1"}})
    events = lab.events(name, 3)
    records = [event["Records"][0] for event in events]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    change = records[1]["dynamodb"]
    assert isinstance(change.pop("ApproximateCreationDateTime"), float)
    assert isinstance(change.pop("SizeBytes"), int)
    assert change.pop("SequenceNumber")
    assert change == {
        "Keys": {"id": {"S": "1"}},
        "NewImage": {"id": {"S": "1"}, "a": {"N": "2"}},
        "OldImage": {"id": {"S": "1"}, "a": {"N": "1"}},
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    told = {k: v for k, v in records[1].items() if k not in ("dynamodb", "eventID")}
    assert told == {
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": arn,
    }
    assert "NewImage" not in records[2]["dynamodb"]


STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@pytest.mark.parametrize("make", [stream, table])
def test_records_that_were_given_up_reach_a_queue(lab: Lab, make: Any) -> None:
    name = lab.engine.create(FAIL)
    source, arn = make(lab)
    url, queue = lab.queue()
    lab.mapping(
        name,
        arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=1,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    kinesis = make is stream
    if kinesis:
        lab.client("kinesis").put_record(StreamName=source, Data=b"d", PartitionKey="p")
    else:
        lab.client("dynamodb").put_item(TableName=source, Item={"id": {"S": "1"}})
    (record,) = lab.bodies(url)
    function = lab.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    assert record["requestContext"].pop("requestId")
    info = record.pop("KinesisBatchInfo" if kinesis else "DDBStreamBatchInfo")
    assert re.fullmatch(STAMP + r"\.\d{3}Z", record.pop("timestamp"))
    assert record == {
        "requestContext": {
            "functionArn": function,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
    }
    form = STAMP + (r"\.\d{3}Z" if kinesis else "Z")
    assert re.fullmatch(form, info.pop("approximateArrivalOfFirstRecord"))
    assert re.fullmatch(form, info.pop("approximateArrivalOfLastRecord"))
    assert info.pop("startSequenceNumber") == info.pop("endSequenceNumber")
    assert info.pop("shardId").startswith("shardId-")
    assert info == {"batchSize": 1, "streamArn": arn}


def test_records_that_were_given_up_reach_a_topic_and_a_bucket(lab: Lab) -> None:
    name = lab.engine.create(FAIL)
    source, arn = stream(lab)
    url, queue = lab.queue()
    topic = lab.client("sns").create_topic(Name=name)["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    giving_up = {"StartingPosition": "TRIM_HORIZON", "MaximumRetryAttempts": 0}
    lab.mapping(name, arn, DestinationConfig={"OnFailure": {"Destination": topic}}, **giving_up)
    lab.client("kinesis").put_record(StreamName=source, Data=b"d", PartitionKey="p")
    (notification,) = lab.bodies(url)
    assert json.loads(notification["Message"])["KinesisBatchInfo"]["batchSize"] == 1

    s3 = lab.client("s3")
    s3.create_bucket(Bucket=name)
    other = lab.engine.create(FAIL)
    made = lab.mapping(
        other,
        arn,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{name}"}},
        **giving_up,
    )
    eventually(lambda: s3.list_objects_v2(Bucket=name)["KeyCount"])
    (found,) = s3.list_objects_v2(Bucket=name)["Contents"]
    assert re.fullmatch(
        rf"aws/lambda/{made['UUID']}/shardId-000000000000/\d{{4}}/\d\d/\d\d/"
        r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[\w-]{36}",
        found["Key"],
    )
    record = json.load(s3.get_object(Bucket=name, Key=found["Key"])["Body"])
    assert json.loads(record["payload"])["Records"][0]["kinesis"]["partitionKey"] == "p"


def test_a_stream_s_report_of_failures_is_a_checkpoint(lab: Lab) -> None:
    name = lab.engine.create(
        "import base64, json\n"
        "def handler(event, context):\n"
        "    told = [base64.b64decode(r['kinesis']['data']).decode() for r in event['Records']]\n"
        "    print('EVENT ' + json.dumps(told))\n"
        "    ids = [r['kinesis']['sequenceNumber'] for r in event['Records']]\n"
        "    failed = ids[told.index('bad'):] if 'bad' in told else []\n"
        "    return {'batchItemFailures': [{'itemIdentifier': i} for i in failed]}\n"
    )
    source, arn = stream(lab)
    for data in (b"a", b"b", b"bad", b"c"):
        lab.client("kinesis").put_record(StreamName=source, Data=data, PartitionKey="p")
    url, queue = lab.queue()
    lab.mapping(
        name,
        arn,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    (record,) = lab.bodies(url)
    assert record["KinesisBatchInfo"]["batchSize"] == 2
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": None,
    }
    assert lab.events(name, 2) == [["a", "b", "bad", "c"], ["bad", "c"]]


def test_filters_of_streams(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    lab.mapping(
        name,
        arn,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"k": ["yes"]}})}]},
    )
    kinesis = lab.client("kinesis")
    kinesis.put_record(StreamName=source, Data=b'{"k": "no"}', PartitionKey="p")
    kinesis.put_record(StreamName=source, Data=b'{"k": "yes"}', PartitionKey="p")
    (event,) = lab.events(name)
    (record,) = event["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b'{"k": "yes"}'

    other = lab.engine.create(ECHO)
    items, changes = table(lab)
    criteria = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]}
    lab.mapping(other, changes, StartingPosition="TRIM_HORIZON", FilterCriteria=criteria)
    for value in ("1", "2"):
        item = {"id": {"S": "1"}, "v": {"S": value}}
        lab.client("dynamodb").put_item(TableName=items, Item=item)
    (event,) = lab.events(other)
    assert [record["eventName"] for record in event["Records"]] == ["INSERT"]


def test_reading_from_a_time_on(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    kinesis = lab.client("kinesis")
    kinesis.put_record(StreamName=source, Data=b"old", PartitionKey="p")
    time.sleep(1.2)
    at = datetime.now(timezone.utc)
    time.sleep(1.2)
    kinesis.put_record(StreamName=source, Data=b"new", PartitionKey="p")
    made = lab.mapping(name, arn, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=at)
    assert isinstance(made["StartingPositionTimestamp"], datetime)
    (event,) = lab.events(name)
    (record,) = event["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b"new"


def test_parallel_lanes_run_at_the_same_time(lab: Lab) -> None:
    name = lab.engine.create(
        "import json, time\n"
        "def handler(event, context):\n"
        "    began = time.time()\n"
        "    time.sleep(2)\n"
        "    print('EVENT ' + json.dumps([began, time.time()]))\n",
        Timeout=10,
    )
    source, arn = stream(lab)
    kinesis = lab.client("kinesis")
    for key in range(10):
        kinesis.put_record(StreamName=source, Data=b"d", PartitionKey=str(key))
    lab.mapping(name, arn, StartingPosition="TRIM_HORIZON", ParallelizationFactor=10)
    spans = lab.events(name, 2)
    assert max(began for began, _ in spans) < min(ended for _, ended in spans)


def test_windows_carry_state(lab: Lab) -> None:
    name = lab.engine.create(
        "import json\n"
        "def handler(event, context):\n"
        "    print('EVENT ' + json.dumps(event))\n"
        "    return {'state': {'n': event['state'].get('n', 0) + len(event['Records'])}}\n"
    )
    source, arn = stream(lab)
    lab.mapping(name, arn, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=3)
    for data in (b"a", b"b"):
        lab.client("kinesis").put_record(StreamName=source, Data=data, PartitionKey="p")
    found: list[Any] = []

    def over() -> bool:
        found[:] = lab.events(name)
        final = [event for event in found if event["isFinalInvokeForWindow"]]
        return sum(event["state"]["n"] for event in final) == 2

    eventually(over, 20)
    first = found[0]
    assert set(first) == {
        "Records",
        "window",
        "state",
        "shardId",
        "eventSourceARN",
        "isFinalInvokeForWindow",
        "isWindowTerminatedEarly",
    }
    assert re.fullmatch(STAMP + "Z", first["window"]["start"])


def test_a_consumer_of_a_stream(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    kinesis = lab.client("kinesis")
    told = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")
    consumer = told["Consumer"]["ConsumerARN"]
    made = lab.mapping(name, consumer, StartingPosition="TRIM_HORIZON")
    assert made["EventSourceArn"] == consumer
    kinesis.put_record(StreamName=source, Data=b"d", PartitionKey="p")
    (event,) = lab.events(name)
    assert event["Records"][0]["eventSourceARN"] == consumer


def test_a_failing_batch_is_bisected(lab: Lab) -> None:
    name = lab.engine.create(
        "import base64, json\n"
        "def handler(event, context):\n"
        "    told = [base64.b64decode(r['kinesis']['data']).decode() for r in event['Records']]\n"
        "    print('EVENT ' + json.dumps(told))\n"
        "    assert 'bad' not in told\n"
    )
    source, arn = stream(lab)
    for data in (b"a", b"b", b"c", b"bad"):
        lab.client("kinesis").put_record(StreamName=source, Data=data, PartitionKey="p")
    url, queue = lab.queue()
    lab.mapping(
        name,
        arn,
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    (record,) = lab.bodies(url)
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    expected = [["a", "b", "c", "bad"], ["a", "b"], ["c", "bad"], ["c"], ["bad"], ["bad"]]
    assert lab.events(name, 6) == expected


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"batchItemFailures": []}, False),
        ({"batchItemFailures": None}, False),
        ({}, False),
        (None, False),
        ("", False),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, True),
        ({"batchItemFailures": [{"wrong": "x"}]}, True),
        ("(((", True),
    ],
)
def test_what_a_stream_s_report_of_failures_means(lab: Lab, answer: Any, failed: bool) -> None:
    name = lab.engine.create(
        "import json\n"
        "def handler(event, context):\n"
        "    print('EVENT ' + json.dumps(event))\n"
        f"    return json.loads({json.dumps(json.dumps(answer))})\n"
    )
    source, arn = stream(lab)
    url, queue = lab.queue()
    lab.client("kinesis").put_record(StreamName=source, Data=b"d", PartitionKey="p")
    lab.mapping(
        name,
        arn,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    if failed:
        (record,) = lab.bodies(url)
        assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    else:
        lab.events(name)
        time.sleep(1)
        assert "Messages" not in lab.client("sqs").receive_message(QueueUrl=url)


def test_a_mapping_for_an_alias(lab: Lab) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(
        "import json\n"
        "def handler(event, context):\n"
        "    print('EVENT ' + json.dumps([context.invoked_function_arn,\n"
        "                                 context.function_version]))\n"
    )
    client.publish_version(FunctionName=name)
    alias = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["AliasArn"]
    url, queue = lab.queue()
    made = lab.mapping(f"{name}:live", queue)
    assert made["FunctionArn"] == alias
    lab.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    assert lab.events(name) == [[alias, "1"]]


def test_a_mapping_begins_to_read_for_another_function(lab: Lab) -> None:
    client = lab.client("lambda")
    first, second = lab.engine.create(ECHO), lab.engine.create(ECHO)
    url, queue = lab.queue()
    made = lab.mapping(first, queue)
    lab.client("sqs").send_message(QueueUrl=url, MessageBody="1")
    lab.events(first)
    client.update_event_source_mapping(UUID=made["UUID"], FunctionName=second)
    lab.mapping_is(made["UUID"], "Enabled")
    lab.client("sqs").send_message(QueueUrl=url, MessageBody="2")
    (event,) = lab.events(second)
    assert event["Records"][0]["body"] == "2"


def test_a_throttled_function_gets_its_messages_later(lab: Lab) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(ECHO)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    url, queue = lab.queue(VisibilityTimeout="2")
    lab.mapping(name, queue)
    lab.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    time.sleep(1)
    client.delete_function_concurrency(FunctionName=name)
    (event,) = lab.events(name)
    assert int(event["Records"][0]["attributes"]["ApproximateReceiveCount"]) > 1


def test_a_large_batch_is_gathered_in_its_window(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    url, queue = lab.queue()
    sqs = lab.client("sqs")
    lab.mapping(name, queue, BatchSize=20, MaximumBatchingWindowInSeconds=3)
    for first in (0, 10):
        entries = [{"Id": str(i), "MessageBody": str(i)} for i in range(first, first + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    (event,) = lab.events(name)
    assert sorted(int(record["body"]) for record in event["Records"]) == list(range(20))


def test_a_disabled_stream_s_mapping_goes_on_where_it_stopped(lab: Lab) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    kinesis = lab.client("kinesis")
    made = lab.mapping(name, arn, StartingPosition="LATEST")
    kinesis.put_record(StreamName=source, Data=b"1", PartitionKey="p")
    lab.events(name)
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    lab.mapping_is(made["UUID"], "Disabled")
    kinesis.put_record(StreamName=source, Data=b"2", PartitionKey="p")
    time.sleep(1.5)
    assert len(lab.events(name)) == 1
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    told = [event["Records"][0]["kinesis"]["data"] for event in lab.events(name, 2)]
    assert [base64.b64decode(data) for data in told] == [b"1", b"2"]


def test_what_a_mapping_says_it_last_did(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    source, arn = stream(lab)
    made = lab.mapping(name, arn, StartingPosition="TRIM_HORIZON")
    lab.client("kinesis").put_record(StreamName=source, Data=b"1", PartitionKey="p")
    get = lab.client("lambda").get_event_source_mapping
    eventually(lambda: get(UUID=made["UUID"])["LastProcessingResult"] == "OK", 10)


@pytest.mark.parametrize("make", [stream, table])
def test_the_latest_begins_when_the_mapping_is_enabled(lab: Lab, make: Any) -> None:
    name = lab.engine.create(ECHO)
    source, arn = make(lab)

    def put(text: str) -> None:
        if make is stream:
            data = text.encode()
            lab.client("kinesis").put_record(StreamName=source, Data=data, PartitionKey="p")
        else:
            lab.client("dynamodb").put_item(TableName=source, Item={"id": {"S": text}})

    put("before")
    lab.mapping(name, arn, StartingPosition="LATEST")
    put("after")
    (event,) = lab.events(name)
    (record,) = event["Records"]
    if make is stream:
        assert base64.b64decode(record["kinesis"]["data"]) == b"after"
    else:
        assert record["dynamodb"]["Keys"] == {"id": {"S": "after"}}
