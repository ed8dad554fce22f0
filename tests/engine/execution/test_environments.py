"""The executor with real processes: every way an invocation can end, and its log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
from dataclasses import replace

import psutil
import pytest
from engine_fixtures import lives
from execution_lab import PYTHON, Lab, MakeLab, error, lab, make_lab, report, task_root, until

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.environment.freezing import FREEZE_AFTER_S, Freezing
from lambda_nb.engine.execution.environment.phases import Phases
from lambda_nb.engine.model import (
    FunctionVersion,
    Throttled,
)
from lambda_nb.rules import loglines
from lambda_nb.rules.scheduling.fleet import DECISIONS
from lambda_nb.rules.scheduling.scheduler import Fleet

__all__ = ["lab", "make_lab"]

ECHO = "def handler(event, context):\n    return event\n"


# --- the life of an environment


async def test_first_invocation_is_cold_and_the_next_warm(lab: Lab) -> None:
    function = lab.function(
        "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n"
    )
    first = await lab.invoke(function)
    second = await lab.invoke(function)
    assert (first.start, second.start) == ("cold", "warm")
    assert (first.payload, second.payload) == (b"1", b"2")
    assert first.init_ms is not None
    assert second.init_ms is None
    assert first.log_stream == second.log_stream
    assert report(first).init_ms == pytest.approx(first.init_ms, abs=0.01)
    assert first.billed_ms == loglines.billed_ms(first.duration_ms, first.init_ms)


async def test_urllib_has_its_parts(lab: Lab) -> None:
    """AWS's published examples of Lambda@Edge say no more than ``import urllib``."""
    function = lab.function(
        "import urllib\ndef handler(e, c):\n    return urllib.parse.quote('a b')"
    )
    assert (await lab.invoke(function)).payload == b'"a%20b"'


async def test_log_of_an_invocation(lab: Lab) -> None:
    function = lab.function(
        "import logging\n"
        "def handler(event, context):\n"
        "    print('printed')\n"
        "    print('no line end', end='')\n"
        "    logging.getLogger().warning('two\\nlines')\n"
        "    context.log('logged')\n"
    )
    result = await lab.invoke(function)
    group, stream = f"/aws/lambda/{function.name}", result.log_stream
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert {(g, s) for g, s, *_ in lab.sink.events} == {(group, stream)}
    messages = [message for *_, message in lab.sink.events]
    assert messages[0] == (
        f"INIT_START Runtime Version: python:{PYTHON[6:]}\t"
        "Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:0\n"
    )
    assert messages[1] == f"START RequestId: {result.request_id} Version: $LATEST\n"
    assert messages[2:4] == ["printed\n", "no line end\n"]
    assert re.fullmatch(
        rf"\[WARNING\]\t[\d-]+T[\d:.]+Z\t{result.request_id}\ttwo\nlines\n", messages[4]
    )
    assert messages[5] == "logged\n"
    assert messages[6] == f"END RequestId: {result.request_id}\n"
    assert messages[7].startswith(f"REPORT RequestId: {result.request_id}\tDuration: ")
    assert messages[7].endswith(" ms\t\n")
    assert result.log_tail.decode() == "".join(messages[1:])


async def test_the_tail_is_the_last_4_kilobytes(lab: Lab) -> None:
    result = await lab.invoke(lab.function("def handler(e, c):\n    print('x' * 9000)\n"))
    assert len(result.log_tail) == 4096
    assert result.log_tail.endswith(b" ms\t\n")


async def test_a_flood_of_output_holds_nobody_up(lab: Lab) -> None:
    flood = lab.function(
        "def handler(event, context):\n    while True:\n        print('x' * 100)\n", timeout_s=1
    )
    other = lab.function(ECHO)
    call = asyncio.create_task(lab.invoke(flood))
    await asyncio.sleep(0.3)
    assert (await lab.invoke(other, 7)).payload == b"7"
    result = await call
    assert result.status == "timeout"
    assert len(result.log_tail) == 4096


async def test_json_log_format(lab: Lab) -> None:
    function = lab.function(
        "import logging\nlog = logging.getLogger()\n"
        "def handler(event, context):\n"
        "    log.debug('hidden')\n"
        "    log.warning('seen', extra={'order': 7})\n"
        '    print(\'{"level": "DEBUG", "message": "also hidden"}\')\n',
        log_format="JSON",
        application_log_level="INFO",
        system_log_level="INFO",
    )
    result = await lab.invoke(function)
    events = [json.loads(message) for *_, message in lab.sink.events]
    kinds = [event.get("type", event.get("message")) for event in events]
    assert kinds == ["platform.initStart", "platform.start", "seen", "platform.report"]
    assert events[2]["level"] == "WARNING"
    assert events[2]["order"] == 7
    assert events[2]["requestId"] == result.request_id
    assert events[3]["record"]["status"] == "success"


async def test_context_object(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n"
        "    return [context.function_name, context.function_version,\n"
        "            context.memory_limit_in_mb, context.invoked_function_arn,\n"
        "            context.aws_request_id, context.log_group_name, context.log_stream_name,\n"
        "            0 < context.get_remaining_time_in_millis() <= 3000,\n"
        "            context.client_context.custom, context.client_context.client.app_title,\n"
        "            context.identity.cognito_identity_id]\n",
        memory_mb=192,
    )
    sent = {"custom": {"k": "v"}, "client": {"app_title": "title"}}
    result = await lab.invoke(
        function,
        client_context=json.dumps(sent),
        cognito_identity=json.dumps({"cognitoIdentityId": "me", "cognitoIdentityPoolId": "us"}),
    )
    assert json.loads(result.payload) == [
        function.name, "$LATEST", "192", function.arn, result.request_id,
        f"/aws/lambda/{function.name}", result.log_stream, True, {"k": "v"}, "title", "me",
    ]  # fmt: skip


async def test_environment_variables(lab: Lab) -> None:
    function = lab.function(
        "import os\ndef handler(event, context):\n    return dict(os.environ)",
        environment={"COLOUR": "blue", "TZ": "Europe/Berlin"},
    )
    result = await lab.invoke(function, trace_header="Root=1-5759e988-bd862e3fe1be46a994272793")
    seen = json.loads(result.payload)
    assert seen["COLOUR"] == "blue"
    assert seen["TZ"] == "Europe/Berlin"
    assert seen["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{PYTHON}"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function.name
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert seen["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert seen["AWS_LAMBDA_LOG_STREAM_NAME"] == result.log_stream
    assert seen["AWS_ACCESS_KEY_ID"] == "AKIDEXAMPLE"
    assert seen["AWS_SESSION_TOKEN"] == "token"
    assert seen["_HANDLER"] == "app.handler"
    assert seen["_X_AMZN_TRACE_ID"] == "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", seen["AWS_LAMBDA_RUNTIME_API"])
    assert not {"VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & seen.keys()


@pytest.mark.parametrize("own", [False, True])
async def test_the_endpoint_of_key_value_stores_is_a_name(lab: Lab, own: bool) -> None:
    """SDKs put the account before it. A function that names an endpoint calls nothing else."""
    environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"} if own else {}
    function = lab.function(
        "import os\ndef handler(event, context):\n    return dict(os.environ)",
        environment=environment,
    )
    seen = json.loads((await lab.invoke(function)).payload)
    told = seen.get("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE")
    by_name = seen["AWS_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
    assert told == (None if own else by_name)
    assert not by_name.startswith("http://127.")


async def test_background_threads_stop_between_invocations(lab: Lab) -> None:
    function = lab.function(
        "import threading, time\nticks = 0\n"
        "def tick():\n    global ticks\n"
        "    while True:\n        ticks += 1\n        time.sleep(0.005)\n"
        "threading.Thread(target=tick, daemon=True).start()\n"
        "def handler(event, context):\n    time.sleep(0.05)\n    return ticks\n"
    )
    await lab.invoke(function)
    pid = lab.executor.status()["environments"][0]["pid"]
    await until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    before = psutil.Process(pid).cpu_times()
    await asyncio.sleep(0.3)
    assert psutil.Process(pid).cpu_times() == before
    again = await lab.invoke(function)
    assert 2 < int(again.payload) < 40


async def test_tmp_and_globals_survive_in_a_reused_environment(lab: Lab) -> None:
    function = lab.function(
        "import os, tempfile\n"
        "def handler(event, context):\n"
        "    path = os.path.join(tempfile.gettempdir(), 'kept')\n"
        "    seen = os.path.exists(path)\n"
        "    open(path, 'w').close()\n"
        "    return [seen, path]\n"
    )
    first = json.loads((await lab.invoke(function)).payload)
    second = json.loads((await lab.invoke(function)).payload)
    assert (first[0], second[0]) == (False, True)


async def test_idle_environments_end_and_leave_nothing(make_lab: MakeLab) -> None:
    lab = await make_lab(keep_alive_s=0.2)
    function = lab.function(ECHO)
    await lab.invoke(function)
    pid = lab.executor.status()["environments"][0]["pid"]
    await until(lambda: not lab.executor.status()["environments"])
    await until(lambda: not psutil.pid_exists(pid))
    homes = lab.folder / "work-0" / "environments"
    await until(lambda: not list(homes.iterdir()))
    assert (await lab.invoke(function)).start == "cold"


async def test_simultaneous_invocations_have_environments_of_their_own(lab: Lab) -> None:
    function = lab.function(
        "import os, time\ndef handler(e, c):\n    time.sleep(0.2)\n    return os.getpid()"
    )
    results = await asyncio.gather(*(lab.invoke(function) for _ in range(5)))
    assert len({result.payload for result in results}) == 5
    assert {result.start for result in results} == {"cold"}
    assert [row.concurrency for row in sorted(lab.sink.rows, key=lambda r: r.arrival_ns)] == [
        1,
        2,
        3,
        4,
        5,
    ]


async def test_a_cancelled_caller_does_not_end_the_invocation(lab: Lab) -> None:
    function = lab.function("import time\ndef handler(e, c):\n    time.sleep(0.3)")
    call = asyncio.create_task(lab.invoke(function))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: bool(lab.sink.rows))
    assert lab.sink.rows[0].status == "success"
    assert (await lab.invoke(function)).start == "warm"


# --- failures of the handler


async def test_an_exception(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n    return inner()\ndef inner():\n    raise KeyError('x')\n"
    )
    result = await lab.invoke(function)
    path = task_root(lab, function) + "/app.py"
    assert error(result) == {
        "errorMessage": "'x'",
        "errorType": "KeyError",
        "requestId": result.request_id,
        "stackTrace": [
            f'  File "{path}", line 2, in handler\n    return inner()\n',
            f"  File \"{path}\", line 4, in inner\n    raise KeyError('x')\n",
        ],
    }
    assert list(error(result)) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n" in result.log_tail.decode()
    assert result.status == "error"
    assert (await lab.invoke(function)).start == "warm"


@pytest.mark.parametrize(
    ("handler", "source", "kind", "message"),
    [
        ("app", ECHO, "Runtime.MalformedHandlerName",
         "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ("nope.handler", ECHO, "Runtime.ImportModuleError",
         "Unable to import module 'nope': No module named 'nope'"),
        ("app.missing", ECHO, "Runtime.HandlerNotFound",
         "Handler 'missing' missing on module 'app'"),
        ("time.sleep", ECHO, "Runtime.BuiltInModuleConflict",
         "Cannot use built-in module time as a handler module"),
    ],
)  # fmt: skip
async def test_a_handler_that_cannot_be_found(
    lab: Lab, handler: str, source: str, kind: str, message: str
) -> None:
    function = lab.function(source, handler=handler)
    result = await lab.invoke(function)
    assert error(result) == {
        "errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": [],
    }  # fmt: skip
    assert report(result).error_type == kind
    phases = re.findall(r"INIT_REPORT Init Duration: .*Phase: (\w+)\tStatus: error", lab.sink.text)
    assert phases == ["init", "invoke"]
    assert "LAMBDA_WARNING: Unhandled exception." in lab.sink.text


async def test_a_syntax_error(lab: Lab) -> None:
    function = lab.function("def handler(event, context)\n    return 1\n")
    failure = error(await lab.invoke(function))
    assert failure["errorType"] == "Runtime.UserCodeSyntaxError"
    assert failure["errorMessage"].startswith("Syntax error in module 'app': expected ':'")
    path = task_root(lab, function) + "/app.py"
    assert failure["stackTrace"] == [f'  File "{path}" Line 1\n    def handler(event, context)\n']


async def test_an_exception_in_the_init_phase(lab: Lab) -> None:
    result = await lab.invoke(lab.function("raise RuntimeError('no database')\n"))
    failure = error(result)
    assert failure["errorType"] == "RuntimeError"
    assert failure["errorMessage"] == "no database"
    assert failure["requestId"] == ""
    assert any("app.py" in frame for frame in failure["stackTrace"])


async def test_an_unserialisable_result(lab: Lab) -> None:
    function = lab.function("def handler(event, context):\n    return {1, 2} if event else 'fine'")
    result = await lab.invoke(function, True)
    assert error(result) == {
        "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
        "errorType": "Runtime.MarshalError",
        "requestId": result.request_id,
        "stackTrace": [],
    }
    assert (await lab.invoke(function)).payload == b'"fine"'


async def test_results_that_json_alone_would_refuse(lab: Lab) -> None:
    function = lab.function(
        "from decimal import Decimal\n"
        "def handler(event, context):\n"
        "    return {'price': Decimal('1.10'), 'raw': b'bytes', 'nan': float('nan')}\n"
    )
    assert (await lab.invoke(function)).payload == b'{"price": 1.10, "raw": "bytes", "nan": NaN}'


async def test_none_is_null_and_bytes_pass_through(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n    return bytes(event) if event else None"
    )
    assert (await lab.invoke(function)).payload == b"null"
    assert (await lab.invoke(function, [0, 255, 10])).payload == b"\x00\xff\n"


async def test_a_bad_event(lab: Lab) -> None:
    failure = error(await lab.invoke(lab.function(ECHO), payload=b"{not json"))
    assert failure["errorType"] == "Runtime.UnmarshalError"
    assert failure["errorMessage"].startswith("Unable to unmarshal input: ")


async def test_a_response_of_7_megabytes(lab: Lab) -> None:
    function = lab.function("def handler(event, context):\n    return 'x' * event")
    result = await lab.invoke(function, 7 << 20)
    assert result.payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size '
        b'(6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}'
    )
    assert result.function_error == "Unhandled"
    largest = await lab.invoke(function, 6_291_556 - 2)
    assert largest.function_error is None
    assert len(largest.payload) == 6_291_556
    assert largest.start == "warm"


# --- failures of the process


async def test_an_infinite_loop_times_out(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n    while event:\n        pass\n    return 'fine'",
        timeout_s=1,
    )
    result = await lab.invoke(function, True)
    request_id = result.request_id
    assert result.payload.decode() == (
        f'{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {request_id} '
        'Error: Task timed out after 1.00 seconds"}'
    )
    assert result.status == "timeout"
    assert f" {request_id} Task timed out after 1.00 seconds\n\n" in result.log_tail.decode()
    assert report(result).status == "timeout"
    assert 1000 <= result.duration_ms < 2000
    again = await lab.invoke(function)
    assert (again.payload, again.start, again.init_ms) == (b'"fine"', "warm", None)
    assert again.log_stream == result.log_stream


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(127)", "Runtime exited with error: exit status 127"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
async def test_the_process_ends_during_an_invocation(lab: Lab, statement: str, words: str) -> None:
    function = lab.function(
        f"import os, sys\ndef handler(event, context):\n"
        f"    if event:\n        {statement}\n    return 'fine'"
    )
    result = await lab.invoke(function, True)
    assert error(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: {words}",
    }
    tail = result.log_tail.decode()
    assert f"RequestId: {result.request_id} Error: {words}\nRuntime.ExitError\n" in tail
    assert (report(result).status, report(result).error_type) == ("error", "Runtime.ExitError")
    again = await lab.invoke(function)
    assert (again.payload, again.start) == (b'"fine"', "warm")


async def test_kill_9_from_outside(lab: Lab) -> None:
    function = lab.function(
        "import time\ndef handler(event, context):\n    print('sleeps for', event)\n"
        "    time.sleep(event or 0)\n    return 'fine'",
        timeout_s=30,
    )
    await lab.invoke(function)
    pid = lab.executor.status()["environments"][0]["pid"]
    call = asyncio.create_task(lab.invoke(function, 20))
    await until(lambda: any("sleeps for 20" in message for *_, message in lab.sink.events))
    os.kill(pid, signal.SIGKILL)
    assert "signal: killed" in error(await call)["errorMessage"]
    assert (await lab.invoke(function)).payload == b'"fine"'


async def test_killed_while_idle(lab: Lab) -> None:
    function = lab.function(ECHO)
    await lab.invoke(function)
    pid = lab.executor.status()["environments"][0]["pid"]
    os.kill(pid, signal.SIGKILL)
    await until(lambda: lab.executor.status()["environments"][0]["pid"] is None)
    assert (await lab.invoke(function, 5)).payload == b"5"


async def test_a_memory_hog(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n"
        "    hoard = []\n"
        "    for _ in range(event):\n"
        "        hoard.append(bytearray(b'x' * 5_000_000))\n"
        "    return len(hoard)\n",
        memory_mb=128,
        timeout_s=30,
    )
    result = await lab.invoke(function, 1000)
    assert error(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: "
        "Runtime exited with error: signal: killed",
    }
    assert report(result).error_type == "Runtime.OutOfMemory"
    assert result.max_memory_mb == 128
    assert (await lab.invoke(function, 3)).payload == b"3"


async def test_max_memory_used_grows_with_use(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n    return len(bytearray(b'x' * event))", memory_mb=512
    )
    small = await lab.invoke(function, 1)
    large = await lab.invoke(function, 100_000_000)
    assert small.max_memory_mb < 60
    assert 95 <= large.max_memory_mb - small.max_memory_mb <= 200


async def test_an_exit_in_the_init_phase(lab: Lab) -> None:
    result = await lab.invoke(lab.function("import sys\nsys.exit(3)\n"))
    assert error(result)["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert "Phase: init\tStatus: error\tError Type: Runtime.ExitError\n" in lab.sink.text


async def test_an_init_phase_longer_than_its_limit_is_tried_again_inside_the_invocation(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lambda_nb.engine.execution.environment import environment

    monkeypatch.setattr(environment.Environment.start, "__defaults__", (0.3,))
    slow = "import time\ntime.sleep(0.6)\ndef handler(event, context):\n    return 'fine'"
    result = await lab.invoke(lab.function(slow, timeout_s=10))
    assert result.payload == b'"fine"'
    assert result.init_ms is None
    assert result.duration_ms > 600
    assert "Phase: init\tStatus: timeout\n" in lab.sink.text
    late = await lab.invoke(lab.function("import time\ntime.sleep(9)\n", timeout_s=1))
    assert error(late)["errorType"] == "Sandbox.Timedout"


async def test_processes_that_escape_their_group_end_with_the_environment(lab: Lab) -> None:
    function = lab.function(
        "import subprocess\n"
        "def handler(event, context):\n"
        "    return subprocess.Popen(['sleep', '600'], start_new_session=True).pid\n"
    )
    pid = int((await lab.invoke(function)).payload)
    assert psutil.pid_exists(pid)
    lab.executor.hooks.deleted(function.name, None)
    await until(lambda: not lives(pid))


# --- decisions


async def test_reserved_concurrency_throttles(lab: Lab) -> None:
    function = lab.function("import time\ndef handler(e, c):\n    time.sleep(0.3)")
    lab.executor.hooks.reserved(function.name, 1)
    call = asyncio.create_task(lab.invoke(function))
    await asyncio.sleep(0.05)
    with pytest.raises(Throttled) as throttled:
        await lab.invoke(function)
    assert throttled.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    await call
    refused = next(row for row in lab.sink.rows if row.start == "throttle")
    assert refused.arrival_ns == refused.finish_ns
    assert refused.reason == throttled.value.reason
    lab.executor.hooks.reserved(function.name, None)
    assert (await lab.invoke(function)).start == "warm"


async def test_the_accounts_limit_throttles(make_lab: MakeLab) -> None:
    lab = await make_lab(account_limit=2)
    function = lab.function("import time\ndef handler(e, c):\n    time.sleep(0.3)")
    calls = [lab.invoke(function) for _ in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    throttled = [r for r in results if isinstance(r, Throttled)]
    assert [t.reason for t in throttled] == ["ConcurrentInvocationLimitExceeded"]


async def test_changed_code_drains_the_old_environments(lab: Lab) -> None:
    old = lab.function("import time\ndef handler(e, c):\n    time.sleep(e or 0)\n    return 'old'")
    await lab.invoke(old)
    call = asyncio.create_task(lab.invoke(old, 0.4))
    await asyncio.sleep(0.1)
    new = replace(lab.function("def handler(e, c):\n    return 'new'", name=old.name))
    lab.executor.hooks.code_changed(old.name, "$LATEST")
    result = await lab.invoke(new)
    assert (result.payload, result.start) == (b'"new"', "cold")
    assert (await call).payload == b'"old"'
    await until(lambda: len(lab.executor.status()["environments"]) == 1)


async def test_tenants_never_share_an_environment(lab: Lab) -> None:
    function = lab.function(
        "seen = set()\ndef handler(event, context):\n"
        "    seen.add(context.tenant_id)\n    return sorted(seen)",
        tenant_isolation=True,
    )
    for tenant in ("blue", "green", "blue"):
        result = await lab.invoke(function, tenant_id=tenant)
        assert json.loads(result.payload) == [tenant]
    assert [row.start for row in lab.sink.rows] == ["cold", "cold", "warm"]


async def test_provisioned_environments(make_lab: MakeLab) -> None:
    functions: dict[str, FunctionVersion] = {}
    lab = await make_lab(function_version=lambda name, version: functions[name])
    function = lab.function(
        "import os\nkind = os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
        "def handler(e, c):\n    return kind",
        version="1",
    )
    functions[function.name] = function
    lab.executor.hooks.provisioned(function.name, "1", 2)
    await until(lambda: lab.executor.hooks.provisioned_status(function.name, "1").available == 2)
    result = await lab.invoke(function)
    assert (result.start, result.payload) == ("provisioned", b'"provisioned-concurrency"')
    assert result.init_ms is None
    assert "INIT_REPORT Init Duration: " in lab.sink.text
    lab.executor.hooks.provisioned(function.name, "1", 0)
    await until(lambda: not lab.executor.status()["environments"])
    assert (await lab.invoke(function)).start == "cold"


async def test_records_replayed_through_the_rules_give_the_same_decisions(
    make_lab: MakeLab,
) -> None:
    lab = await make_lab(account_limit=4, keep_alive_s=0.15)
    functions = [
        lab.function("import time\ndef handler(e, c):\n    time.sleep(e)") for _ in range(2)
    ]

    async def call(i: int) -> None:
        await asyncio.sleep(0.02 * i + (0.25 if i > 15 else 0))
        with contextlib.suppress(Throttled):
            await lab.invoke(functions[i % 2], 0.01 * (i % 7))

    await asyncio.gather(*(call(i) for i in range(30)))
    rows = lab.sink.rows
    assert len(rows) == 30
    times = [t for r in rows for t in {r.arrival_ns, r.finish_ns}]
    assert len(times) == len(set(times))

    origin = min(times)
    fleet = Fleet(account_limit=4)
    pools = {f.name: fleet.add_pool(fleet.add_function()) for f in functions}
    events = [(r.arrival_ns, "arrive", r) for r in rows]
    events += [(r.finish_ns, "finish", r) for r in rows if r.start != "throttle"]
    slots: dict[str, int] = {}
    for at, what, row in sorted(events, key=lambda event: event[0]):
        now = (at - origin) / 1e9
        if what == "arrive":
            code, slot = fleet.arrive(now, pools[row.function])
            assert DECISIONS[code] == row.start
            slots[row.request_id] = slot
        else:
            fleet.finish(now, slots[row.request_id], 0.15)
        list(fleet.ended())
    assert {"cold", "warm"} <= {row.start for row in rows}


# --- what this machine cannot do, and the end of everything


async def test_a_runtime_that_is_not_here(make_lab: MakeLab) -> None:
    lab = await make_lab(runtime_fallback="none")
    with pytest.raises(AWSError) as raised:
        await lab.invoke(lab.function(ECHO, runtime="python3.99"))
    assert raised.value.code == "InvalidRuntimeException"
    assert "there is no Python 3.99 on this machine" in raised.value.message
    assert PYTHON in raised.value.message


async def test_a_plain_spawn_behaves_alike(make_lab: MakeLab) -> None:
    lab = await make_lab(fork=False)
    function = lab.function(
        "import sys, logging\ndef handler(event, context):\n"
        "    logging.getLogger().error('two\\nlines')\n    return sorted(sys.modules)[:1]\n"
    )
    assert (await lab.invoke(function)).function_error is None
    assert "two\nlines\n" in lab.sink.text
    failing = lab.function("def handler(event, context):\n    raise ValueError('x')")
    trace = error(await lab.invoke(failing))["stackTrace"]
    assert len(trace) == 1


async def test_preloaded_modules_are_those_the_function_would_find(lab: Lab) -> None:
    source = "import boto3\ndef handler(event, context):\n    return boto3.__file__"
    shared = lab.function(source, timeout_s=20)
    own = lab.function(source)
    (own.code_dir / "boto3.py").write_text("")
    assert "/runtime/boto3/" in (await lab.invoke(shared)).payload.decode()
    assert task_root(lab, own) in (await lab.invoke(own)).payload.decode()
    assert ["boto3"] in [zygote["preloaded"] for zygote in lab.executor.status()["zygotes"]]


async def test_close_leaves_no_process_and_no_descriptor(make_lab: MakeLab) -> None:
    children = set(psutil.Process().children(recursive=True))
    descriptors = len(os.listdir("/proc/self/fd"))
    lab = await make_lab()
    function = lab.function("import time\ndef handler(e, c):\n    time.sleep(e or 0)", timeout_s=60)
    await asyncio.gather(*(lab.invoke(function, 0.1) for _ in range(5)))
    running = asyncio.create_task(lab.invoke(function, 50))
    await asyncio.sleep(0.1)
    await lab.executor.close()
    with pytest.raises(AWSError, match="shutting down"):
        await running
    await asyncio.sleep(0.05)
    assert set(psutil.Process().children(recursive=True)) <= children
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 2


async def test_a_killed_fork_server_is_replaced(lab: Lab) -> None:
    function = lab.function(
        "import time\ndef handler(e, c):\n    time.sleep(e or 0)\n    return 1", timeout_s=30
    )
    call = asyncio.create_task(lab.invoke(function, 20))
    await until(lambda: any(e["pid"] for e in lab.executor.status()["environments"]))
    await asyncio.sleep(0.1)
    os.kill(lab.executor.status()["zygotes"][0]["pid"], signal.SIGKILL)
    assert "signal: killed" in error(await call)["errorMessage"]
    assert (await lab.invoke(function)).payload == b"1"


async def test_one_timer_ends_phases_of_any_length() -> None:
    phases = Phases()
    try:
        long = phases.wait(60.0, lambda: False)
        phases.end("next")
        assert await long == "next"
        # The timer of the first phase is still set. The second must still end at its own time.
        short = phases.wait(0.02, lambda: False)
        assert await short == "timeout"
        quick, slow = phases.wait(0.01, lambda: True), None
        phases.check()
        assert await quick == "next"
        slow = phases.wait(0.05, lambda: False)
        began = asyncio.get_running_loop().time()
        assert await slow == "timeout"
        assert asyncio.get_running_loop().time() - began >= 0.045
    finally:
        phases.close()


async def test_an_environment_rests_only_when_nothing_follows() -> None:
    frozen: list[float] = []
    rest = Freezing(lambda: frozen.append(1.0))
    for _ in range(20):
        rest.begin()
        await asyncio.sleep(0)
        rest.end()
    await asyncio.sleep(3 * FREEZE_AFTER_S)
    assert not frozen
    rest.begin()
    while not frozen:
        await asyncio.sleep(0.001)


class Nonsense:
    """A keep-alive policy that returns NaN."""

    def idle_limit(self, function: str, now: float, u: float) -> float:
        return float("nan")


async def test_a_policy_that_answers_nonsense_keeps_no_environment_busy(make_lab: MakeLab) -> None:
    lab = await make_lab(keep_alive_s=Nonsense(), account_limit=1)
    function = lab.function("def handler(event, context):\n    return event")
    for _ in range(3):  # the limit is one environment: if it stayed busy, this would throttle
        with pytest.raises(ValueError, match="policy Nonsense answered nan"):
            await lab.invoke(function)
