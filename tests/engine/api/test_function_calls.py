"""The page that shows what functions call with their own credentials."""

from __future__ import annotations

import json
import re
import urllib.error
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.function_calls import naming
from lambda_nb.engine.api.function_calls.call import Call

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


CALLING = """
import boto3, botocore.exceptions, os
def handler(event, context):
    boto3.client("sqs", region_name=event["region"]).list_queues()
    keys = {"aws_secret_access_key": "wrong"} if event["wrong"] else {}
    keys |= {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"]} if keys else {}
    for service, operation in (
        ("lambda", "list_functions"), ("cloudformation", "list_stacks"), ("sns", "list_topics"),
    ):
        try:
            getattr(boto3.client(service, **keys), operation)()
        except botocore.exceptions.ClientError as error:
            assert event["wrong"], error
"""


def test_the_next_function_of_a_name_begins_afresh(engine: Engine) -> None:
    name = engine.create(CALLING, Timeout=60, MemorySize=512)
    kept = engine.create(CALLING, Timeout=60, MemorySize=512)
    event = json.dumps({"region": "eu-west-1", "wrong": False})
    for one in (name, kept):
        answer = engine.client().invoke(FunctionName=one, Payload=event)
        assert "FunctionError" not in answer, answer["Payload"].read()
    called = {
        ("sqs", "ListQueues", ""),
        ("lambda", "ListFunctions", ""),
        ("cloudformation", "ListStacks", ""),
        ("sns", "ListTopics", ""),
    }
    assert told(engine, name) == called
    version = engine.client().publish_version(FunctionName=name)["Version"]
    engine.client().delete_function(FunctionName=name, Qualifier=version)
    assert told(engine, name) == called
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    engine.client().delete_function(FunctionName=arn)
    engine.create("def handler(event, context): pass", FunctionName=name)
    assert told(engine, name) == set()
    assert told(engine, kept) == called


def test_a_deleted_function_stays_forgotten(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    event = json.dumps({"region": "eu-west-1", "wrong": False})
    names = [engine.create(CALLING, Timeout=60, MemorySize=512) for _ in range(2)]
    for name in names:
        engine.client().invoke(FunctionName=name, Payload=event)
    engine.client().delete_function(FunctionName=names[0])
    engine.stop()
    engine = start_engine()
    assert [bool(told(engine, name)) for name in names] == [False, True]


def test_calls_with_a_wrong_signature_are_not_noted(engine: Engine) -> None:
    name = engine.create(CALLING, Timeout=60, MemorySize=512)
    event = json.dumps({"region": engine.region, "wrong": True})
    answer = engine.client().invoke(FunctionName=name, Payload=event)
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert told(engine, name) == {("sqs", "ListQueues", "")}


def of_s3() -> list[tuple[str, str, str]]:
    """The operations of S3 with their methods and URIs, as botocore has them."""
    model = botocore.session.get_session().get_service_model("s3")
    return [
        (name, told["method"], told["requestUri"])
        for name in model.operation_names
        if (told := model.operation_model(name).http)
    ]


OTHERWISE = {
    # Parts of what another operation begins; IAM knows only the writing of objects.
    **dict.fromkeys(
        ("CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "UploadPart"),
        "PutObject",
    ),
    "UploadPartCopy": "PutObject",
    "DeleteBucketLifecycle": "DeleteBucketLifecycleConfiguration",
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListObjects": "ListObjectsV2",
    **{
        f"ListBucket{what}Configurations": f"GetBucket{what}Configuration"
        for what in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
    },
}
"""Operations that cannot be told from others, or need not."""
UNKNOWN = re.compile("Directory|Session|Metadata|Abac|Annotation|Rename|WriteGet|UpdateObject")
"""Of directory buckets, of tables of metadata, and newer than the others."""


@pytest.mark.parametrize(("operation", "method", "uri"), of_s3())
def test_operations_of_s3_have_their_names(operation: str, method: str, uri: str) -> None:
    if UNKNOWN.search(operation):
        return
    path, _, query = uri.partition("?")
    path = path.replace("{Bucket}", "b").replace("{Key+}", "*")
    words = [part.partition("=")[0] for part in query.split("&") if part]
    uploads = ("AbortMultipartUpload", "ListParts", "UploadPart", "CompleteMultipartUpload")
    words += ["uploadId"] if operation in uploads else []
    assert {word for word in words if word != "list-type"} - {"select-type"} <= naming.OF_S3
    (told,) = naming.meanings(Call("r/f", "", "s3", (method, path, *words), ()))
    assert told[1] == OTHERWISE.get(operation, operation)


@given(st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1), st.text())
def test_the_key_of_an_object_is_not_kept(bucket: str, key: str) -> None:
    assert naming.bucket_path(f"/{bucket}/{key}") == (f"/{bucket}/*" if key else f"/{bucket}")
