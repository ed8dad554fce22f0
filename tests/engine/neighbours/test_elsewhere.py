"""Services elsewhere, one by one, instead of the embedded ones.

The service elsewhere is a second engine. It verifies every signature and knows none of the first
engine's keys, so it refuses every request that was not signed again.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine, zip_of
from eventbridge_lab import until

from lambda_nb.engine.api.neighbours import signing_anew
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys

Start = Callable[..., Engine]


@pytest.fixture
def pair(start_engine: Start, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Starts an engine that holds services and one that uses some of them; returns both."""

    def start(*services: str) -> tuple[Engine, Engine]:
        other = start_engine(directory="other")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", other.keys["aws_access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", other.keys["aws_secret_access_key"])
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
        named = [word for name in services for word in ("--neighbour", f"{name}={other.url}")]
        return start_engine(*named), other

    return start


def heard(ear: Ear, number: int) -> list[Any]:
    ear.wait(lambda said: len(said) >= number)
    return [json.loads(text) for text in ear.heard]


SAYS = "import json\n{}\ndef handler(event, context):\n    say(json.dumps(event))\n"


def test_a_store_elsewhere_holds_objects_and_code(pair: Callable[..., Any]) -> None:
    engine, other = pair("s3")
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="shelf")
    awkward = "a b/ü+~(1)*'=&.txt"
    s3.put_object(Bucket="shelf", Key=awkward, Body=b"x" * 200_000, Metadata={"n": "a  b"})
    found = other.client("s3").get_object(Bucket="shelf", Key=awkward)
    assert (found["Body"].read(), found["Metadata"]) == (b"x" * 200_000, {"n": "a  b"})
    listed = s3.list_objects_v2(Bucket="shelf", Prefix="a b/", Delimiter="=")
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["a b/ü+~(1)*'="]
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="shelf", Key="none")

    code = zip_of({"index.py": "import os\ndef handler(event, context):\n    return 'here'\n"})
    s3.put_object(Bucket="shelf", Key="code.zip", Body=code)
    name = engine.create("", Code={"S3Bucket": "shelf", "S3Key": "code.zip"})
    answer = engine.client().invoke(FunctionName=name)
    assert json.load(answer["Payload"]) == "here"
    assert engine.status()["elsewhere"] == {"s3": other.url}
    # Other services are embedded; the other engine does not know their resources.
    engine.client("sqs").create_queue(QueueName="mine")
    assert "QueueUrls" not in other.client("sqs").list_queues()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_links_lead_elsewhere(pair: Callable[..., Any], version: str) -> None:
    engine, other = pair("s3")
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    s3 = engine.client("s3", config=config)
    engine.client("s3").create_bucket(Bucket="linked")
    for method, content in (("put_object", b"by link"), ("get_object", b"")):
        link = s3.generate_presigned_url(method, Params={"Bucket": "linked", "Key": "k"})
        send = requests.put if content else requests.get
        with send(link, data=content or None, timeout=30) as answer:
            assert answer.status_code == 200, answer.text
            got = answer.content
    assert got == b"by link"
    assert other.client("s3").get_object(Bucket="linked", Key="k")["Body"].read() == b"by link"
    with requests.get(f"{engine.url}/linked/k", timeout=30) as anonymous:
        assert anonymous.status_code == 403


@pytest.mark.parametrize("trailer", [b"", b"x-amz-checksum-crc32:AAAAAA==\r\n"])
@pytest.mark.parametrize("size", [10, 300_000])
def test_signed_chunks_come_out_whole(pair: Callable[..., Any], size: int, trailer: bytes) -> None:
    engine, other = pair("s3")
    engine.client("s3").create_bucket(Bucket="chunks")
    content = bytes(n % 251 for n in range(size))
    mark = b";chunk-signature=" + b"0" * 64
    parts = [content[i : i + 65536] for i in range(0, size, 65536)]
    framed = b"".join(b"%x%b\r\n%b\r\n" % (len(part), mark, part) for part in parts)
    framed += b"0%b\r\n%b\r\n" % (mark, trailer)
    word = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    keys = Keys(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    length = {"x-amz-decoded-content-length": str(size)}

    def put(key: str, body: bytes) -> tuple[int, bytes]:
        path = f"/chunks/{key}"
        headers = keys.sign("s3", "us-east-1", "PUT", engine.url + path, length, word)
        headers |= {"Content-Encoding": "aws-chunked, br", "Content-Length": str(len(body))}
        connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=30)
        connection.request("PUT", path, body, headers)
        with connection.getresponse() as reply:
            answer = reply.status, reply.read()
        connection.close()
        return answer

    assert put("k", framed)[0] == 200
    without_end = framed[: -len(trailer) - 2 - len(mark) - 3]
    for wrong in (framed[:60], without_end, framed.replace(b";", b"0;", 1), content):
        status, told = put("wrong", wrong)
        assert (status, b"<Code>IncompleteBody</Code>" in told) == (400, True), told
    stored = other.client("s3").list_objects_v2(Bucket="chunks")["Contents"]
    assert [one["Key"] for one in stored] == ["k"]
    found = other.client("s3").get_object(Bucket="chunks", Key="k")
    assert (found["Body"].read(), found["ContentEncoding"]) == (content, "br")


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1:4571", "/b/k"),
        ("localhost:4571", "/b/k"),
        ("s3.localhost:4571", "/b/k"),
        ("s3.eu-west-1.localhost", "/b/k"),
        ("b.localhost:4571", "/k"),
        ("b.s3.localhost:4571", "/k"),
        ("b.s3.eu-west-1.amazonaws.com", "/k"),
        ("b.s3-eu-west-1.amazonaws.com", "/k"),
    ],
)
def test_a_bucket_in_the_host_stands_in_the_path_elsewhere(host: str, path: str) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body is not needed")

    at = Endpoint("http://store.test:9000", keys=Keys("key", "secret"))
    request = HttpRequest("GET", path, "list-type=2&prefix=a/", {"host": host}, receive)
    sent, _ = signing_anew.addressed(request, b"", at, "s3", "us-east-1", signed=True)
    assert (sent.path, sent.headers["host"]) == ("/b/k", "store.test:9000")
    assert sent.query == "list-type=2&prefix=a%2F"
    assert "Credential=key/" in sent.headers["authorization"]


def test_sources_elsewhere_are_read(pair: Callable[..., Any], ear: Ear) -> None:
    engine, other = pair("sqs", "dynamodb", "kinesis")
    name = engine.create(SAYS.format(ear.say))
    queue = other.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    attributes = other.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )
    table = other.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    other.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    stream = other.client("kinesis").describe_stream_summary(StreamName="s")
    for source in (
        attributes["Attributes"]["QueueArn"],
        table["LatestStreamArn"],
        stream["StreamDescriptionSummary"]["StreamARN"],
    ):
        position = {} if ":sqs:" in source else {"StartingPosition": "TRIM_HORIZON"}
        engine.client().create_event_source_mapping(
            FunctionName=name, EventSourceArn=source, **position
        )
    engine.client("sqs").send_message(QueueUrl=queue, MessageBody="from here")
    engine.client("dynamodb").put_item(TableName="t", Item={"id": {"S": "1"}})
    other.client("kinesis").put_record(StreamName="s", Data=b"d", PartitionKey="p")
    records = [event["Records"][0] for event in heard(ear, 3)]
    assert {record["eventSource"] for record in records} == {
        "aws:sqs", "aws:dynamodb", "aws:kinesis",
    }  # fmt: skip
    (message,) = (record for record in records if record["eventSource"] == "aws:sqs")
    assert message["body"] == "from here"


def test_embedded_services_reach_queues_topics_and_streams_elsewhere(
    pair: Callable[..., Any],
) -> None:
    engine, other = pair("sqs", "kinesis")
    sqs = other.client("sqs")
    queue = sqs.create_queue(QueueName="far")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{other.account}:far"
    topic = engine.client("sns").create_topic(Name="near")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    engine.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    colour = {"colour": {"DataType": "String", "StringValue": "red"}}
    engine.client("sns").publish(TopicArn=topic, Message="by topic", MessageAttributes=colour)

    def received() -> dict[str, Any]:
        asked = {"WaitTimeSeconds": 10, "MessageAttributeNames": ["All"]}
        (message,) = sqs.receive_message(QueueUrl=queue, **asked)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        found: dict[str, Any] = message
        return found

    message = received()
    assert message["Body"] == "by topic"
    assert message["MessageAttributes"] == colour

    s3 = engine.client("s3")
    s3.create_bucket(Bucket="near")
    wanted = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    s3.put_bucket_notification_configuration(
        Bucket="near", NotificationConfiguration={"QueueConfigurations": wanted}
    )
    s3.put_object(Bucket="near", Key="k", Body=b"")
    bodies = [json.loads(received()["Body"])]
    while "Records" not in bodies[-1]:  # S3 sends a test event first
        bodies.append(json.loads(received()["Body"]))
    assert bodies[-1]["Records"][0]["s3"]["object"]["key"] == "k"

    other.client("kinesis").create_stream(StreamName="far", ShardCount=1)
    stream = f"arn:aws:kinesis:us-east-1:{other.account}:stream/far"
    events = engine.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["my.app"]}')
    events.put_targets(
        Rule="r", Targets=[{"Id": "q", "Arn": arn}, {"Id": "k", "Arn": stream, "RoleArn": arn}]
    )
    events.put_events(Entries=[{"Source": "my.app", "DetailType": "t", "Detail": '{"n": 1}'}])
    assert json.loads(received()["Body"])["detail"] == {"n": 1}
    kinesis = other.client("kinesis")
    (shard,) = kinesis.list_shards(StreamName="far")["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName="far", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = until(lambda: kinesis.get_records(ShardIterator=iterator)["Records"])
    assert json.loads(record["Data"])["detail"] == {"n": 1}


def test_dead_letters_logs_and_metrics_go_elsewhere(pair: Callable[..., Any]) -> None:
    engine, other = pair("sqs", "logs", "cloudwatch")
    queue = other.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    name = engine.create(
        "def handler(event, context):\n    raise ValueError('on purpose')\n",
        DeadLetterConfig={"TargetArn": f"arn:aws:sqs:us-east-1:{other.account}:dead"},
    )
    engine.client().put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    engine.client().invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 5}')
    asked = {"QueueUrl": queue, "WaitTimeSeconds": 20, "MessageAttributeNames": ["All"]}
    (message,) = other.client("sqs").receive_message(**asked)["Messages"]
    assert json.loads(message["Body"]) == {"n": 5}
    assert engine.stop() == 0  # it sends what waits to be sent
    events = other.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", filterPattern="ValueError"
    )
    assert events["events"]
    listed = other.client("cloudwatch").list_metrics(Namespace="AWS/Lambda", MetricName="Errors")
    dimensions = [one["Dimensions"] for one in listed["Metrics"]]
    assert [{"Name": "FunctionName", "Value": name}] in dimensions


def test_an_address_where_nobody_answers_is_named(start_engine: Start) -> None:
    engine = start_engine("--neighbour", "s3=http://127.0.0.1:9")
    with pytest.raises(ClientError, match=r"s3 at http://127\.0\.0\.1:9 does not answer"):
        engine.client("s3").list_buckets()
    assert engine.client("sqs").list_queues()  # the embedded ones do
