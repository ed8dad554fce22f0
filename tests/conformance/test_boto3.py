"""A stranger's boto3 script against the engine: with the issued credentials, and without."""

from __future__ import annotations

import base64
import io
import json
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import botocore
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Ear, Engine, zip_of

ECHO = "def handler(event, context):\n    return event\n"


def refusal(call: Callable[[], Any]) -> tuple[str, int, str]:
    """Code, status and message of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


@pytest.fixture(scope="module")
def echo(engine: Engine) -> str:
    return engine.create(ECHO)


def test_a_script_that_knows_only_the_credentials_file(engine: Engine, echo: str) -> None:
    script = (
        "import boto3, sys\n"
        "answer = boto3.client('lambda').invoke(FunctionName=sys.argv[1], Payload=b'[1]')\n"
        "print(answer['Payload'].read().decode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, echo],
        env=engine.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("[1]\n", 0), done.stderr


def test_credentials_are_their_owners_only(engine: Engine) -> None:
    for path in (engine.credentials_file, engine.credentials_file.with_suffix(".json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_create_get_list_update_invoke_delete(engine: Engine) -> None:
    client = engine.client()
    name = engine.name()
    created = client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of({"index.py": ECHO})},
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["State"] == "Pending"
    engine.wait(name)
    found = client.get_function(FunctionName=name)
    assert found["Configuration"]["State"] == "Active"
    with urllib.request.urlopen(found["Code"]["Location"]) as reply:
        assert reply.read() == zip_of({"index.py": ECHO})
    names = [
        function["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for function in page["Functions"]
    ]
    assert name in names
    assert invoke(engine, name, {"a": 1}) == {"a": 1}
    engine.update(name, "def handler(event, context):\n    return 'second'\n")
    assert invoke(engine, name, None) == "second"
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"COLOUR": "red"}}, MemorySize=256
    )
    engine.wait(name)
    assert client.get_function_configuration(FunctionName=name)["MemorySize"] == 256
    deleted = client.delete_function(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    code, status, message = refusal(lambda: client.get_function(FunctionName=name))
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == f"Function not found: {arn}"


def invoke(engine: Engine, name: str, event: Any, **options: Any) -> Any:
    payload = json.dumps(event).encode()
    answer = engine.client().invoke(FunctionName=name, Payload=payload, **options)
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def test_what_invoke_answers(engine: Engine, echo: str) -> None:
    answer = engine.client().invoke(FunctionName=echo, Payload=b'{"x": "\xc3\xbc"}', LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert json.loads(answer["Payload"].read()) == {"x": "ü"}
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert str(uuid.UUID(request_id)) == request_id
    log = base64.b64decode(answer["LogResult"]).decode()
    assert log.startswith(f"START RequestId: {request_id} Version: $LATEST\n")


@pytest.mark.parametrize("form", ["name", "arn", "partial", "latest"])
def test_every_form_of_a_name(engine: Engine, echo: str, form: str) -> None:
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{echo}"
    name = {
        "name": echo,
        "arn": arn,
        "partial": f"{engine.account}:function:{echo}",
        "latest": f"{echo}:$LATEST",
    }[form]
    assert invoke(engine, name, 5) == 5


def test_no_payload_is_an_empty_object(engine: Engine, echo: str) -> None:
    answer = engine.client().invoke(FunctionName=echo)
    assert json.loads(answer["Payload"].read()) == {}


def test_dry_run(engine: Engine, echo: str) -> None:
    answer = engine.client().invoke(FunctionName=echo, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    missing = engine.name()
    code, _, _ = refusal(
        lambda: engine.client().invoke(FunctionName=missing, InvocationType="DryRun")
    )
    assert code == "ResourceNotFoundException"


def test_event(engine: Engine, ear: Ear) -> None:
    name = engine.create(f"{ear.say}def handler(event, context):\n    say(event['say'])\n")
    answer = engine.client().invoke(
        FunctionName=name, InvocationType="Event", Payload=b'{"say": "hello"}'
    )
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    assert "ExecutedVersion" not in answer
    ear.wait(lambda heard: heard == ["hello"])


def test_the_client_context(engine: Engine) -> None:
    name = engine.create(
        "def handler(event, context):\n"
        "    return [context.client_context.custom, context.client_context.client.app_title]\n"
    )
    context = {"custom": {"k": "v"}, "client": {"app_title": "t"}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    assert invoke(engine, name, None, ClientContext=encoded) == [{"k": "v"}, "t"]
    for wrong in ("no base64!", base64.b64encode(b"[]").decode()):
        code, status, _ = refusal(lambda w=wrong: invoke(engine, name, None, ClientContext=w))
        assert (code, status) == ("InvalidRequestContentException", 400)


def test_payloads_that_are_too_large(engine: Engine, echo: str) -> None:
    code, status, message = refusal(lambda: invoke(engine, echo, "x" * 6_291_456))
    assert (code, status) == ("RequestEntityTooLargeException", 413)
    assert message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    event = "x" * 1_048_576
    code, status, message = refusal(lambda: invoke(engine, echo, event, InvocationType="Event"))
    assert (code, status) == ("RequestEntityTooLargeException", 413)
    assert message == (
        "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    )


def test_a_large_payload_goes_through(engine: Engine, echo: str) -> None:
    event = "x" * 5_000_000
    assert invoke(engine, echo, event) == event


def test_a_payload_that_is_no_json(engine: Engine, echo: str) -> None:
    code, status, message = refusal(
        lambda: engine.client().invoke(FunctionName=echo, Payload=b"nope")
    )
    assert (code, status) == ("InvalidRequestContentException", 400)
    prefix = "Could not parse request body into json: Could not parse payload into json: "
    assert message.startswith(prefix + "Unrecognized token 'nope'")


def test_reserved_concurrency_of_none_throttles(engine: Engine) -> None:
    name = engine.create(ECHO)
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        invoke(engine, name, None)
    response = caught.value.response
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert response["Error"]["Message"] == "Rate Exceeded."
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert "retry-after" in response["ResponseMetadata"]["HTTPHeaders"]
    engine.client().delete_function_concurrency(FunctionName=name)
    assert invoke(engine, name, 1) == 1


def test_a_streamed_response(engine: Engine, echo: str) -> None:
    answer = engine.client().invoke_with_response_stream(
        FunctionName=echo, Payload=b"[1, 2]", LogType="Tail"
    )
    events = list(answer["EventStream"])
    body = b"".join(e["PayloadChunk"]["Payload"] for e in events if "PayloadChunk" in e)
    assert json.loads(body) == [1, 2]
    assert "REPORT" in base64.b64decode(events[-1]["InvokeComplete"]["LogResult"]).decode()


def test_a_streamed_error(engine: Engine) -> None:
    name = engine.create("def handler(event, context):\n    raise ValueError('no')\n")
    answer = engine.client().invoke_with_response_stream(FunctionName=name)
    complete = list(answer["EventStream"])[-1]["InvokeComplete"]
    assert complete["ErrorCode"] == "ValueError"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "no"


def test_an_unsigned_call(engine: Engine) -> None:
    client = engine.client(config=Config(signature_version=UNSIGNED))
    assert refusal(client.list_functions) == (
        "MissingAuthenticationTokenException",
        403,
        "Missing Authentication Token",
    )


def test_a_call_with_an_unknown_key(engine: Engine) -> None:
    client = engine.client(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
    assert refusal(client.list_functions) == (
        "UnrecognizedClientException",
        403,
        "The security token included in the request is invalid.",
    )


def test_a_call_with_a_wrong_secret(engine: Engine, echo: str) -> None:
    client = engine.client(aws_secret_access_key="wrong")
    code, status, message = refusal(lambda: client.invoke(FunctionName=echo))
    assert (code, status) == ("InvalidSignatureException", 403)
    assert message.startswith("The request signature we calculated does not match")


def test_a_call_to_a_region_that_aws_does_not_have(engine: Engine) -> None:
    client = engine.client(region_name="eu-nowhere-7")
    code, status, message = refusal(client.list_functions)
    assert (code, status) == ("InvalidSignatureException", 403)
    assert "us-east-1" in message


def test_the_neighbours_are_behind_the_same_check(engine: Engine) -> None:
    wrong = {"aws_secret_access_key": "wrong"}
    s3 = engine.client("s3", **wrong)
    assert refusal(s3.list_buckets)[:2] == ("SignatureDoesNotMatch", 403)
    sqs = engine.client("sqs", **wrong)
    assert refusal(lambda: sqs.create_queue(QueueName="q"))[1] == 403
    sns = engine.client("sns", **wrong)
    assert refusal(lambda: sns.list_topics())[:2] == ("SignatureDoesNotMatch", 403)
    unsigned = engine.client("s3", config=Config(signature_version=UNSIGNED))
    assert refusal(unsigned.list_buckets)[:2] == ("AccessDenied", 403)


def test_objects_of_every_way_to_send_them(engine: Engine) -> None:
    s3 = engine.client("s3")
    bucket = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    contents = {"small": b"x", "empty": b"", "a key/with ü+": b"y" * 100, "large": b"z" * 9_000_000}
    for key, content in contents.items():
        names = {"with_underscore": key.encode().hex(), "with-dash": "1"}
        s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata=names)
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert stored["Body"].read() == content
        assert stored["Metadata"] == names
    s3.upload_fileobj(io.BytesIO(contents["large"]), bucket, "multipart")
    assert s3.head_object(Bucket=bucket, Key="multipart")["ContentLength"] == 9_000_000


@pytest.mark.parametrize("options", [{}, {"config": Config(signature_version="s3v4")}])
def test_presigned_urls(engine: Engine, options: dict[str, Any]) -> None:
    s3 = engine.client("s3", **options)  # by default, boto3 signs URLs in the old form
    bucket = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    asked = {"Bucket": bucket, "Key": "k y"}
    put = urllib.request.Request(
        s3.generate_presigned_url("put_object", Params={**asked, "ContentType": "text/plain"}),
        data=b"x",
        headers={"Content-Type": "text/plain"},
        method="PUT",
    )
    with urllib.request.urlopen(put) as reply:
        assert reply.status == 200
    url = s3.generate_presigned_url("get_object", Params=asked)
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == b"x"
    for wrong in (url.replace("k%20y", "other"), url.replace("Expires=", "Expires=1")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong)
        assert caught.value.code == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in caught.value.read()


def test_code_from_s3(engine: Engine) -> None:
    s3 = engine.client("s3")
    bucket = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of({"index.py": ECHO}))
    name = engine.create("", Code={"S3Bucket": bucket, "S3Key": "code.zip"})
    assert invoke(engine, name, 1) == 1
    code, _, message = refusal(lambda: engine.create("", Code={"S3Bucket": bucket, "S3Key": "no"}))
    assert code == "InvalidParameterValueException"
    assert message == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist."
    )


def test_a_function_calls_aws_with_its_role(engine: Engine, echo: str) -> None:
    name = engine.create(
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    answer = boto3.client('lambda').invoke(FunctionName=event, Payload=b'\"inner\"')\n"
        "    return json.loads(answer['Payload'].read())\n",
        Timeout=30,
    )
    assert invoke(engine, name, echo) == "inner"


def test_an_assumed_role_may_call(engine: Engine, echo: str) -> None:
    sts = engine.client("sts")
    keys = sts.assume_role(RoleArn=ROLE, RoleSessionName="session")["Credentials"]
    client = engine.client(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert client.invoke(FunctionName=echo)["StatusCode"] == 200
    stolen = engine.client(
        aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )
    assert refusal(lambda: stolen.invoke(FunctionName=echo))[0] == "UnrecognizedClientException"


def test_a_recursive_loop_is_stopped(engine: Engine) -> None:
    name = engine.create(
        "import boto3, json\n"
        "def handler(depth, context):\n"
        "    client = boto3.client('lambda')\n"
        "    try:\n"
        "        answer = client.invoke(\n"
        "            FunctionName=context.function_name, Payload=str(depth + 1))\n"
        "    except client.exceptions.RecursiveInvocationException:\n"
        "        return depth\n"
        "    return json.loads(answer['Payload'].read())\n",
        Timeout=60,
        MemorySize=256,
    )
    assert invoke(engine, name, 1) == 16


def test_what_runs_leave_in_logs_and_metrics(engine: Engine) -> None:
    name = engine.create("def handler(event, context):\n    print('seen')\n")
    invoke(engine, name, None)
    logs = engine.client("logs")
    messages: list[str] = []
    deadline = time.monotonic() + 30
    while not any(m.startswith("REPORT") for m in messages) and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            continue
        messages = [event["message"] for event in found["events"]]
    kinds = [message.split()[0] for message in messages]
    assert kinds[-4:] == ["START", "seen", "END", "REPORT"]
    cloudwatch = engine.client("cloudwatch")
    dimension = {"Name": "FunctionName", "Value": name}
    names: set[str] = set()
    while "Invocations" not in names and time.monotonic() < deadline:
        time.sleep(0.1)
        found = cloudwatch.list_metrics(Namespace="AWS/Lambda", Dimensions=[dimension])
        names = {metric["MetricName"] for metric in found["Metrics"]}
    assert {"Invocations", "Errors", "Throttles", "Duration"} <= names


def test_an_unknown_path(engine: Engine) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        engine.get("/2015-03-31/nothing")
    assert caught.value.code == 403
    assert caught.value.headers["x-amzn-ErrorType"] == "AccessDeniedException"
    message = json.loads(caught.value.read())["Message"]
    assert message == "Unable to determine service/operation name to be authorized"


def test_health_needs_no_signature_and_status_does(engine: Engine) -> None:
    with urllib.request.urlopen(f"{engine.url}/_lambda_nb/health") as reply:
        assert json.load(reply) == {"status": "ok"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{engine.url}/_lambda_nb/status")
    assert caught.value.code == 403
    caught.value.close()
    status = engine.status()
    assert (status["account"], status["region"]) == (engine.account, engine.region)
    assert status["auth"] == "sigv4"


def test_auth_none(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine("--auth", "none")
    client = engine.client(config=Config(signature_version=UNSIGNED))
    assert client.list_functions()["Functions"] == []
    anyone = engine.client(aws_access_key_id="test", aws_secret_access_key="test")
    assert anyone.list_functions()["Functions"] == []
    s3 = engine.client("s3", aws_access_key_id="test", aws_secret_access_key="test")
    s3.create_bucket(Bucket="of-anyone")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["of-anyone"]
    page = urllib.request.Request(
        f"{engine.url}/2015-03-31/functions/", headers={"Sec-Fetch-Site": "cross-site"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(page)
    assert caught.value.code == 403
    caught.value.close()


def test_the_models_operations_are_all_known(engine: Engine) -> None:
    """Every operation answers in AWS's shape; none crashes."""
    client = engine.client()
    assert len(client.meta.service_model.operation_names) >= 85, botocore.__version__
