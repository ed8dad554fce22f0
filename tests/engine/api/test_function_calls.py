"""The page that shows what functions call with their own credentials."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.function_calls import naming

CODE = """
import boto3, os
def handler(event, context):
    queue = boto3.client("sqs").get_queue_url(QueueName=event["name"])["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody='{"QueueUrl": "no"}')
    boto3.client("dynamodb").batch_write_item(RequestItems={event["name"]: [
        {"PutRequest": {"Item": {"id": {"S": "y"}, "text": {"S": "x" * 90_000}}}}]})
    boto3.client("dynamodb").get_item(TableName=event["name"], Key={"id": {"S": "x"}})
    s3 = boto3.client("s3")
    s3.put_object(Bucket=event["name"], Key="a/b c", Body=b"x" * 100_000)
    s3.copy_object(Bucket=event["name"], Key="c", CopySource=event["from"] + "/a b")
    s3.get_object_tagging(Bucket=event["name"], Key="a/b c")
    s3.list_objects_v2(Bucket=event["name"])
    boto3.client("sns").publish(TopicArn=event["topic"], Message="hello")
    boto3.client("lambda").invoke(FunctionName=event["function"], InvocationType="Event")
"""


def prepared(engine: Engine, name: str) -> dict[str, str]:
    """A queue, a table, a bucket, a topic and a function of one name; the event for ``CODE``."""
    engine.client("sqs").create_queue(QueueName=name)
    engine.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    engine.client("s3").create_bucket(Bucket=name)
    source = f"{name}-source"
    engine.client("s3").create_bucket(Bucket=source)
    engine.client("s3").put_object(Bucket=source, Key="a b", Body=b"x")
    topic = engine.client("sns").create_topic(Name=name)["TopicArn"]
    other = engine.create("def handler(event, context): pass")
    return {"name": name, "topic": topic, "function": other, "from": source}


def told(engine: Engine, function: str) -> set[tuple[str, str, str]]:
    page: dict[str, Any] = json.loads(engine.get(f"/_lambda_nb/calls?function={function}"))
    return {(row["service"], row["operation"], row["resource"]) for row in page["calls"]}


def test_calls_of_a_function_are_kept_with_what_they_are_for(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    name = engine.name("things")
    event = prepared(engine, name)
    caller = engine.create(CODE, Timeout=60, MemorySize=512)
    answer = engine.client().invoke(FunctionName=caller, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    queue = engine.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    expected = {
        ("sqs", "GetQueueUrl", name),
        ("sqs", "SendMessage", queue),
        ("dynamodb", "BatchWriteItem", name),
        ("dynamodb", "GetItem", name),
        ("s3", "PutObject", f"{name}/*"),
        ("s3", "GetObject", f"{event['from']}/*"),
        ("s3", "GetObjectTagging", f"{name}/*"),
        ("s3", "ListObjectsV2", name),
        ("sns", "Publish", event["topic"]),
        ("lambda", "Invoke", event["function"]),
    }
    assert told(engine, caller) == expected
    assert told(engine, event["function"]) == set()

    engine.stop()
    assert told(start_engine(), caller) == expected


def test_a_function_may_not_look(engine: Engine) -> None:
    name = engine.create(
        "import boto3, os, urllib.request\n"
        "from botocore.auth import SigV4Auth\nfrom botocore.awsrequest import AWSRequest\n"
        "def handler(event, context):\n"
        "    request = AWSRequest('GET', os.environ['AWS_ENDPOINT_URL'] + '/_lambda_nb/calls')\n"
        "    keys = boto3.Session().get_credentials()\n"
        "    SigV4Auth(keys, 'lambda', os.environ['AWS_REGION']).add_auth(request)\n"
        "    asked = urllib.request.Request(request.url, headers=dict(request.headers.items()))\n"
        "    try:\n        urllib.request.urlopen(asked)\n"
        "    except urllib.error.HTTPError as error:\n        return error.code\n",
        Timeout=60,
        MemorySize=512,
    )
    assert json.loads(engine.client().invoke(FunctionName=name)["Payload"].read()) == 403
    with pytest.raises(urllib.error.HTTPError):
        engine.get("/_lambda_nb/called")


@given(st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1), st.text())
def test_the_key_of_an_object_is_not_kept(bucket: str, key: str) -> None:
    assert naming.bucket_path(f"/{bucket}/{key}") == (f"/{bucket}/*" if key else f"/{bucket}")
