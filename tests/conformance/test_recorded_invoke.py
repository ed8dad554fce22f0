"""Invoke as callers see it, and what arrives in the CloudWatch of an external endpoint."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine, needs_program, needs_runtime, zip_of
from recorded_lab import ECHO, Lab, eventually

needs_node = needs_program("node")


def call(lab: Lab, name: str, payload: Any = b"{}", **more: Any) -> dict[str, Any]:
    """Invoke a function; returns the response, with the payload read."""
    data = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
    answer: dict[str, Any] = lab.client("lambda").invoke(FunctionName=name, Payload=data, **more)
    answer["Payload"] = answer["Payload"].read()
    return answer


def failure(lab: Lab, name: str, payload: Any = b"{}") -> dict[str, Any]:
    """The error with which a function answers, and the request's id as ``id``."""
    answer = call(lab, name, payload)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    told: dict[str, Any] = lab.with_lambda_s_paths(answer["Payload"])
    return {**told, "id": answer["ResponseMetadata"]["RequestId"]}


def raw(
    lab: Lab, path: str, data: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """A plain HTTP request to the engine: status, headers by lower-case name, body."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(lab.engine.url + path, data=data, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            told = {k.lower(): v for k, v in error.headers.items()}
            return error.code, told, error.read()


def node(lab: Lab, code: str, **settings: Any) -> str:
    """Create a Node.js function whose ``index.js`` is ``code``."""
    files = zip_of({"index.js": code})
    return lab.engine.create("", Runtime="nodejs22.x", Code={"ZipFile": files}, **settings)


# Answers


def test_an_answer_and_its_log(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    print('said')\n    return event\n")
    answer = call(lab, name, {"a": 1}, LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"]) == {"a": 1}
    request_id = answer["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert re.fullmatch(
        rf"(INIT_START .*\n)?START RequestId: {request_id} Version: \$LATEST\nsaid\n"
        rf"END RequestId: {request_id}\n"
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t\n",
        log,
    )
    assert "LogResult" not in call(lab, name)


def test_the_log_tail_is_four_kilobytes(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    print('x' * 9000)\n")
    log = base64.b64decode(call(lab, name, LogType="Tail")["LogResult"])
    assert len(log) == 4096
    assert log.endswith(b"\t\n")


@pytest.mark.parametrize(
    ("returned", "payload"),
    [
        ("None", b"null"),
        ("'text'", b'"text"'),
        ("3.5", b"3.5"),
        ("[1, 'a', None]", b'[1, "a", null]'),
    ],
)
def test_values_are_written_as_the_runtime_writes_them(
    lab: Lab, returned: str, payload: bytes
) -> None:
    name = lab.engine.create(f"def handler(event, context):\n    return {returned}\n")
    assert call(lab, name)["Payload"] == payload


def test_no_payload_is_an_empty_object(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    answer = lab.client("lambda").invoke(FunctionName=name)
    assert answer["Payload"].read() == b"{}"


def test_dry_run_only_checks(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    answer = call(lab, name, InvocationType="DryRun")
    assert (answer["StatusCode"], answer["Payload"]) == (204, b"")
    with pytest.raises(ClientError) as caught:
        call(lab, "nobody", InvocationType="DryRun")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_versions_and_aliases_name_what_ran(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    return context.function_version\n")
    client = lab.client("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    for qualifier, ran in (("$LATEST", "$LATEST"), ("1", "1"), ("live", "1")):
        answer = call(lab, name, Qualifier=qualifier)
        assert (answer["ExecutedVersion"], json.loads(answer["Payload"])) == (ran, ran)
        assert call(lab, f"{name}:{qualifier}")["ExecutedVersion"] == ran
    with pytest.raises(ClientError, match=f"Function not found: arn:.*:function:{name}:9"):
        call(lab, name, Qualifier="9")


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_a_body_that_is_not_json_is_refused(lab: Lab, kind: str) -> None:
    name = lab.engine.create(ECHO)
    with pytest.raises(ClientError) as caught:
        call(lab, name, b"{not json", InvocationType=kind)
    answer = caught.value.response
    assert answer["Error"]["Code"] == "InvalidRequestContentException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Type"] == "User"
    assert answer["Error"]["Message"].startswith(
        "Could not parse request body into json: Could not parse payload into json: "
        "Unexpected character ('n' (code 110)): was expecting double-quote to start field name\n"
    )


@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        (
            "RequestResponse",
            6291457,
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            "Event",
            1048577,
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
        ),
    ],
)
def test_payloads_have_a_limit(lab: Lab, kind: str, size: int, message: str) -> None:
    name = lab.engine.create(ECHO)
    with pytest.raises(ClientError) as caught:
        call(lab, name, b'"' + b"x" * (size - 2) + b'"', InvocationType=kind)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert answer["Error"] == {"Code": "RequestEntityTooLargeException", "Message": message}


def test_throttled_callers_are_told_why(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    lab.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    status, headers, body = raw(lab, f"/2015-03-31/functions/{name}/invocations", b"{}")
    assert status == 429
    assert headers["x-amzn-errortype"].split(":")[0] == "TooManyRequestsException"
    assert json.loads(body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_reserved_concurrency_bounds_what_runs(lab: Lab) -> None:
    name = lab.engine.create("import time\ndef handler(event, context):\n    time.sleep(2)\n")
    lab.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    codes: list[int] = []

    def one() -> None:
        codes.append(raw(lab, f"/2015-03-31/functions/{name}/invocations", b"{}")[0])

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 429, 429]


# Errors of Python functions


def test_an_exception(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    raise KeyError('k')\n")
    told = failure(lab, name)
    request_id = told.pop("id")
    assert told == {
        "errorMessage": "'k'",
        "errorType": "KeyError",
        "requestId": request_id,
        "stackTrace": [
            "  File \"/var/task/index.py\", line 2, in handler\n    raise KeyError('k')\n"
        ],
    }


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        (
            "",
            "index",
            "Runtime.MalformedHandlerName",
            "Bad handler 'index': not enough values to unpack (expected 2, got 1)",
        ),
        (
            "",
            "gone.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'gone': No module named 'gone'",
        ),
        (
            "import no_such_module\n",
            "index.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'no_such_module'",
        ),
        (
            "x = 1\n",
            "index.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'index'",
        ),
        (
            "def handler(:\n",
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 1)",
        ),
    ],
)
def test_code_that_cannot_be_loaded(
    lab: Lab, code: str, handler: str, kind: str, message: str
) -> None:
    name = lab.engine.create(code, handler=handler)
    for _ in range(2):
        told = failure(lab, name)
        assert (told["errorType"], told["errorMessage"]) == (kind, message)
        assert told["requestId"] == ""


def test_an_exception_while_loading(lab: Lab) -> None:
    name = lab.engine.create("raise RuntimeError('at init')\n")
    told = failure(lab, name)
    assert (told["errorMessage"], told["errorType"]) == ("at init", "RuntimeError")
    assert told["requestId"] == ""


def test_what_json_cannot_hold(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    return {1, 2}\n")
    told = failure(lab, name)
    assert told["errorType"] == "Runtime.MarshalError"
    assert told["errorMessage"] == (
        "Unable to marshal response: Object of type set is not JSON serializable"
    )
    assert told["stackTrace"] == []


def test_a_timeout(lab: Lab) -> None:
    name = lab.engine.create(
        "import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=1
    )
    told = failure(lab, name)
    request_id = told.pop("id")
    assert told == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("import sys; sys.exit(0)", "Runtime exited without providing a reason"),
        ("import os; os._exit(0)", "Runtime exited without providing a reason"),
        ("import os; os._exit(3)", "Runtime exited with error: exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends(lab: Lab, statement: str, reason: str) -> None:
    name = lab.engine.create(f"def handler(event, context):\n    {statement}\n")
    told = failure(lab, name)
    request_id = told.pop("id")
    assert told == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {reason}",
    }


def test_a_response_that_is_too_large(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    return 'x' * event['n']\n")
    assert len(call(lab, name, {"n": 6291456})["Payload"]) == 6291458
    told = failure(lab, name, {"n": 6291556})
    told.pop("id")
    assert told == {
        "errorMessage": (
            "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        ),
        "errorType": "Function.ResponseSizeTooLarge",
    }


# Node.js


@needs_node
def test_node_errors(lab: Lab) -> None:
    thrown = failure(
        lab, node(lab, "exports.handler = async () => { throw new TypeError('no') }\n")
    )
    assert (thrown["errorType"], thrown["errorMessage"]) == ("TypeError", "no")
    assert thrown["trace"][0] == "TypeError: no"
    assert "/var/task/index.js:1" in thrown["trace"][1]
    missing = failure(lab, node(lab, "exports.other = 1\n"))
    assert (missing["errorType"], missing["errorMessage"]) == (
        "Runtime.HandlerNotFound",
        "index.handler is undefined or not exported",
    )
    absent = failure(lab, node(lab, "", handler="gone.handler"))
    assert absent["errorType"] == "Runtime.ImportModuleError"
    assert absent["errorMessage"].startswith("Error: Cannot find module 'gone'")
    broken = failure(lab, node(lab, "exports.handler = }\n"))
    assert broken["errorType"] == "Runtime.UserCodeSyntaxError"
    assert broken["errorMessage"].startswith("SyntaxError: Unexpected token '}'")
    badly = failure(lab, node(lab, "", handler="index"))
    assert badly["errorType"] == "Runtime.MalformedHandlerName"
    assert badly["errorMessage"] == "Bad handler"
    ended = failure(lab, node(lab, "exports.handler = async () => { process.exit(0) }\n"))
    assert ended["errorType"] == "Runtime.ExitError"
    never = failure(lab, node(lab, "exports.handler = () => new Promise(() => {})\n"))
    assert never["errorType"] == "Runtime.NodejsExit"


@needs_node
def test_node_answers_undefined_with_null(lab: Lab) -> None:
    name = node(lab, "exports.handler = async () => {}\n")
    assert call(lab, name)["Payload"] == b"null"


# Streams of responses


def test_a_streamed_answer(lab: Lab) -> None:
    name = lab.engine.create(ECHO)
    answer = lab.client("lambda").invoke_with_response_stream(
        FunctionName=name, Payload=b'{"a": 1}', LogType="Tail"
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    *chunks, complete = answer["EventStream"]
    data = b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks)
    assert json.loads(data) == {"a": 1}
    assert list(complete["InvokeComplete"]) == ["LogResult"]


@needs_node
def test_node_streams(lab: Lab) -> None:
    name = node(
        lab,
        "exports.handler = awslambda.streamifyResponse(async (event, out) => {\n"
        "  out.write('a'); out.write('b'); out.end()\n"
        "})\n",
    )
    answer = lab.client("lambda").invoke_with_response_stream(FunctionName=name)
    *chunks, complete = answer["EventStream"]
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == b"ab"
    assert complete["InvokeComplete"] == {}
    assert call(lab, name)["Payload"] == b"ab"


# What the function sees


def test_environment_variables(lab: Lab) -> None:
    name = lab.engine.create(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        Environment={"Variables": {"MINE": "1"}},
        MemorySize=256,
    )
    told = lab.with_lambda_s_paths(call(lab, name)["Payload"])
    runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_REGION": "us-east-1",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LANG": "en_US.UTF-8",
        "MINE": "1",
        "TZ": ":UTC",
        "_HANDLER": "index.handler",
    }
    assert {key: told.get(key) for key in expected} == expected
    stream = told["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONPATH",
        "_X_AMZN_TRACE_ID",
        "AWS_XRAY_DAEMON_ADDRESS",
    } <= told.keys()


def test_the_context(lab: Lab) -> None:
    name = lab.engine.create(
        "def handler(event, context):\n"
        "    c = context\n"
        "    return {'id': c.aws_request_id, 'name': c.function_name,\n"
        "            'version': c.function_version, 'arn': c.invoked_function_arn,\n"
        "            'memory': c.memory_limit_in_mb, 'group': c.log_group_name,\n"
        "            'stream': c.log_stream_name, 'left': c.get_remaining_time_in_millis(),\n"
        "            'custom': c.client_context and c.client_context.custom,\n"
        "            'identity': c.identity.cognito_identity_id}\n"
    )
    given = base64.b64encode(json.dumps({"custom": {"a": "b"}, "env": {"c": "d"}}).encode())
    answer = call(lab, name, ClientContext=given.decode())
    told = json.loads(answer["Payload"])
    assert 0 < told.pop("left") <= 3000
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told.pop("stream"))
    arn = lab.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    assert told == {
        "id": answer["ResponseMetadata"]["RequestId"],
        "name": name,
        "version": "$LATEST",
        "arn": arn,
        "memory": "128",
        "group": f"/aws/lambda/{name}",
        "custom": {"a": "b"},
        "identity": None,
    }


# CloudWatch


def test_logs_arrive_in_the_external_endpoint(lab: Lab) -> None:
    name = lab.engine.create(
        "import logging\n"
        "logging.getLogger().setLevel('INFO')\n"
        "def handler(event, context):\n"
        "    print('printed')\n"
        "    logging.info('logged')\n"
        "    return context.log_stream_name\n"
    )
    answer = call(lab, name)
    request_id = answer["ResponseMetadata"]["RequestId"]
    eventually(lambda: any(line.startswith("REPORT") for line in lab.log(name)), 5)
    kinds = [line.split(" ")[0] for line in lab.log(name)]
    assert kinds[0] == "INIT_START"
    assert kinds[1] == "START"
    assert kinds[-2:] == ["END", "REPORT"]
    assert "printed\n" in lab.log(name)
    (logged,) = (line for line in lab.log(name) if line.startswith("[INFO]"))
    assert re.fullmatch(
        rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{request_id}\tlogged\n", logged
    )
    logs = lab.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    assert stream["logStreamName"] == json.loads(answer["Payload"])
    found = logs.get_log_events(
        logGroupName=f"/aws/lambda/{name}",
        logStreamName=stream["logStreamName"],
        startFromHead=True,
    )["events"]
    assert [event["message"] for event in found] == lab.log(name)


def test_json_logs_and_another_group(lab: Lab) -> None:
    group = f"/custom/{lab.engine.name('g')}"
    name = lab.engine.create(
        "import logging\n"
        "def handler(event, context):\n"
        "    logging.getLogger().warning('careful')\n",
        LoggingConfig={"LogFormat": "JSON", "LogGroup": group},
    )
    request_id = call(lab, name)["ResponseMetadata"]["RequestId"]
    logs = lab.client("logs")

    def records() -> list[Any]:
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(event["message"]) for event in events]

    eventually(lambda: any(r.get("type") == "platform.report" for r in records()), 5)
    (warned,) = (record for record in records() if record.get("level") == "WARNING")
    assert warned["message"] == "careful"
    assert warned["requestId"] == request_id
    types = [record["type"] for record in records() if "type" in record]
    assert types == ["platform.initStart", "platform.start", "platform.report"]


def test_metrics_arrive_in_the_external_endpoint(lab: Lab) -> None:
    name = lab.engine.create("def handler(event, context):\n    raise ValueError('no')\n")
    failure(lab, name)
    now = datetime.now(timezone.utc)

    def total(metric: str) -> float:
        points = lab.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    eventually(lambda: total("Invocations") == 1, 20)
    assert total("Errors") == 1


@needs_runtime("python3.11", "python3.12")
def test_characters_stay_as_they_are_from_python_3_12_on(lab: Lab) -> None:
    code = "def handler(event, context):\n    return {'k': '\\u00e9'}\n"
    for runtime, payload in (
        ("python3.11", b'{"k": "\\u00e9"}'),
        ("python3.12", b'{"k": "\xc3\xa9"}'),
    ):
        name = lab.engine.create(code, Runtime=runtime)
        assert call(lab, name)["Payload"] == payload


def test_logs_of_another_region_are_kept_there(
    start_engine: Callable[..., Engine], elsewhere: str
) -> None:
    engine = start_engine("--auth", "none", "--region", "eu-west-1", "--neighbours", elsewhere)
    lab = Lab(engine, elsewhere, region="eu-west-1")
    try:
        name = engine.create(ECHO)
        call(lab, name)
        lab.events(name)
    finally:
        lab.close()
