"""The control plane as a stranger's boto3 sees it: over HTTP, signed, serialised, with waiters."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import zip_of
from recorded_lab import eventually

if TYPE_CHECKING:
    from engine_fixtures import Engine

CODE = "def handler(event, context):\n    return {'version': context.function_version}\n"


def error(caught: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    """Status, code and message of an error."""
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response["Error"]["Message"]


def test_create_wait_get_update_delete(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE, Tags={"a": "b"}, Description="words")
    got = lambda_.get_function(FunctionName=name)
    assert got["Configuration"]["State"] == "Active"
    assert got["Tags"] == {"a": "b"}
    with urllib.request.urlopen(got["Code"]["Location"]) as download:  # a link of this engine
        archive = download.read()
    size, digest = got["Configuration"]["CodeSize"], got["Configuration"]["CodeSha256"]
    assert len(archive) == size
    assert base64.b64encode(hashlib.sha256(archive).digest()).decode() == digest
    lambda_.update_function_configuration(FunctionName=name, Timeout=9, MemorySize=256)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert lambda_.get_function_configuration(FunctionName=name)["Timeout"] == 9
    deleted = lambda_.delete_function(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException) as caught:
        lambda_.get_function(FunctionName=name)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    assert error(caught) == (404, "ResourceNotFoundException", f"Function not found: {arn}")


def test_errors_arrive_as_botocore_s_own_exceptions(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE)
    lambda_.create_alias(FunctionName=name, Name="a", FunctionVersion="$LATEST")
    with pytest.raises(lambda_.exceptions.ResourceConflictException):
        lambda_.create_alias(FunctionName=name, Name="a", FunctionVersion="$LATEST")
    with pytest.raises(lambda_.exceptions.PreconditionFailedException):
        lambda_.publish_version(FunctionName=name, RevisionId="0" * 36)
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException):
        lambda_.delete_function(FunctionName=name, Qualifier="$LATEST")
    with pytest.raises(ClientError) as caught:
        lambda_.update_function_configuration(FunctionName=name, Timeout=901)
    assert error(caught) == (
        400,
        "ValidationException",
        "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: "
        "Member must have value less than or equal to 900",
    )
    lambda_.publish_version(FunctionName=name)
    with pytest.raises(lambda_.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")


def invoked(engine: Engine, name: str, **request: Any) -> tuple[str, dict[str, Any]]:
    """The executed version: as the response header gives it, and as the handler sees it."""
    answer = engine.client().invoke(FunctionName=name, **request)
    return answer["ExecutedVersion"], json.loads(answer["Payload"].read())


def test_versions_and_aliases_run_their_own_code(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE)
    lambda_.publish_version(FunctionName=name)
    engine.update(name, CODE.replace("{'version'", "{'new': True, 'version'"))
    lambda_.publish_version(FunctionName=name)
    live = lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert invoked(engine, name) == ("$LATEST", {"new": True, "version": "$LATEST"})
    assert invoked(engine, name, Qualifier="1") == ("1", {"version": "1"})
    assert invoked(engine, live["AliasArn"]) == ("1", {"version": "1"})
    lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert invoked(engine, f"{name}:live") == ("2", {"new": True, "version": "2"})


def test_paginators(engine: Engine) -> None:
    lambda_ = engine.client()
    names = {engine.create(CODE, wait=False) for _ in range(3)}
    pages = list(lambda_.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1}))
    found = [f["FunctionName"] for page in pages for f in page["Functions"]]
    assert names <= set(found)
    assert len(found) == len(set(found)) == len(pages)


def test_layers_reach_the_function(engine: Engine) -> None:
    lambda_ = engine.client()
    layer = lambda_.publish_layer_version(
        LayerName=engine.name("layer"),
        Content={"ZipFile": zip_of({"python/shared_words.py": "WORD = 'from the layer'"})},
    )
    name = engine.create(
        "import shared_words\ndef handler(event, context):\n    return shared_words.WORD\n",
        Layers=[layer["LayerVersionArn"]],
    )
    assert invoked(engine, name)[1] == "from the layer"


def test_code_from_s3(engine: Engine) -> None:
    bucket = engine.name("code")
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="f.zip", Body=zip_of({"index.py": CODE}))
    name = engine.create(CODE, Code={"S3Bucket": bucket, "S3Key": "f.zip"})
    assert invoked(engine, name) == ("$LATEST", {"version": "$LATEST"})
    with pytest.raises(ClientError) as caught:
        engine.create(CODE, Code={"S3Bucket": bucket, "S3Key": "missing.zip"})
    assert error(caught)[1:] == (
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist.",
    )


def test_reserved_concurrency_of_zero_stops_the_function(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(lambda_.exceptions.TooManyRequestsException) as caught:
        lambda_.invoke(FunctionName=name)
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    lambda_.delete_function_concurrency(FunctionName=name)
    assert invoked(engine, name)[0] == "$LATEST"


def test_mappings_and_event_invoke_configs_carry_their_times(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE)
    queue = engine.client("sqs").create_queue(QueueName=engine.name("q"))["QueueUrl"]
    arn = f"arn:aws:sqs:{engine.region}:{engine.account}:{queue.rpartition('/')[2]}"
    made = lambda_.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert made["LastModified"].year >= 2026
    assert made["State"] == "Creating"
    eventually(lambda: lambda_.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled")
    put = lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    assert put["LastModified"].tzinfo is not None
    lambda_.delete_event_source_mapping(UUID=made["UUID"])


def test_what_the_neighbours_do_not_have_is_refused(engine: Engine) -> None:
    lambda_ = engine.client()
    name = engine.create(CODE)
    here = f"{engine.region}:{engine.account}"
    with pytest.raises(ClientError) as caught:
        lambda_.create_event_source_mapping(
            FunctionName=name, EventSourceArn=f"arn:aws:sqs:{here}:no-such-queue"
        )
    assert "Error occurred while ReceiveMessage. SQS Error Code: " in error(caught)[2]
    stream = f"arn:aws:kinesis:{here}:stream/no-such-stream"
    with pytest.raises(ClientError) as caught:
        lambda_.create_event_source_mapping(
            FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST"
        )
    assert error(caught)[2] == f"Stream not found: {stream}"
    with pytest.raises(ClientError) as caught:
        lambda_.update_function_configuration(
            FunctionName=name, VpcConfig={"SubnetIds": ["subnet-12345"], "SecurityGroupIds": []}
        )
    assert error(caught)[2] == (
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
        "EC2 Error Message: The subnet ID 'subnet-12345' does not exist"
    )


DURABLE = """
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration

@durable_execution
def handler(event, context):
    first = context.step(lambda _: event["n"] + 1, name="first")
    context.wait(Duration.from_seconds(1))
    return context.step(lambda _: first * 2, name="second")
"""


def durable_function(engine: Engine) -> str:
    """A durable function whose code includes AWS's SDK."""
    sdk = pytest.importorskip("aws_durable_execution_sdk_python")
    root = Path(sdk.__file__).parent
    files: dict[str, str | bytes] = {
        f"{root.name}/{path.relative_to(root)}": path.read_bytes() for path in root.rglob("*.py")
    }
    code = zip_of({**files, "index.py": DURABLE})
    return engine.create(
        "", Code={"ZipFile": code}, DurableConfig={"ExecutionTimeout": 60}, Timeout=30
    )


@pytest.mark.slow
def test_a_durable_execution_survives_kill_9_of_the_engine(
    start_engine: Callable[..., Engine],
) -> None:
    first = start_engine()
    name = durable_function(first)
    begun = first.client().invoke(
        FunctionName=name, Qualifier="$LATEST", InvocationType="Event", Payload=b'{"n": 2}'
    )
    where = {"DurableExecutionArn": begun["DurableExecutionArn"]}

    def events(engine: Engine) -> list[str]:
        history = engine.client().get_durable_execution_history(**where)
        return [event["EventType"] for event in history["Events"]]

    while "WaitStarted" not in events(first):
        time.sleep(0.05)
    first.process.kill()
    first.process.wait()
    second = start_engine()  # on the same directory
    while second.client().get_durable_execution(**where)["Status"] == "RUNNING":
        time.sleep(0.05)
    got = second.client().get_durable_execution(**where)
    assert (got["Status"], got["Result"]) == ("SUCCEEDED", "6")
    assert events(second).count("StepSucceeded") == 2  # the first step did not run again


def test_a_durable_function_runs_with_aws_s_sdk(engine: Engine) -> None:
    name = durable_function(engine)
    lambda_ = engine.client()
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException):
        lambda_.invoke(FunctionName=name)
    answer = lambda_.invoke(FunctionName=name, Qualifier="$LATEST", Payload=b'{"n": 20}')
    assert answer["Payload"].read() == b"42"
    arn = answer["DurableExecutionArn"]
    got = lambda_.get_durable_execution(DurableExecutionArn=arn)
    assert (got["Status"], got["Result"]) == ("SUCCEEDED", "42")
    history = lambda_.get_durable_execution_history(DurableExecutionArn=arn)
    types = [event["EventType"] for event in history["Events"]]
    assert types.count("InvocationCompleted") == 2
    begun = lambda_.invoke(
        FunctionName=name, Qualifier="$LATEST", InvocationType="Event", Payload=b'{"n": 1}'
    )
    assert begun["StatusCode"] == 202
    assert begun["DurableExecutionArn"].startswith(arn.partition("/")[0])
    stopped = lambda_.stop_durable_execution(DurableExecutionArn=begun["DurableExecutionArn"])
    assert stopped["StopTimestamp"].year >= 2026
