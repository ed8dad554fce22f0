"""Whatever a function does, its caller gets Lambda's own error and the next invocation works."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Ear, Engine


class Answer:
    """What Invoke answered, with its log."""

    def __init__(self, response: dict[str, Any]) -> None:
        self.status = response["StatusCode"]
        self.error = response.get("FunctionError")
        self.payload = json.loads(response["Payload"].read())
        self.log = base64.b64decode(response.get("LogResult", "")).decode()
        self.request_id = response["ResponseMetadata"]["RequestId"]


def invoke(engine: Engine, name: str, event: Any = None) -> Answer:
    payload = json.dumps(event).encode()
    return Answer(engine.client().invoke(FunctionName=name, Payload=payload, LogType="Tail"))


WELL = 'if event != "fail": return {"pid": __import__("os").getpid()}'


def failing(body: str) -> str:
    return f"import os, sys, time\ndef handler(event, context):\n    {WELL}\n    {body}\n"


def check_frame(answer: Answer) -> None:
    """Check START, END and REPORT exactly."""
    assert re.search(rf"^START RequestId: {answer.request_id} Version: \$LATEST$", answer.log, re.M)
    assert re.search(rf"^END RequestId: {answer.request_id}$", answer.log, re.M)
    assert re.search(
        rf"^REPORT RequestId: {answer.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms"
        r"\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t",
        answer.log,
        re.M,
    )


def test_an_infinite_loop(engine: Engine) -> None:
    name = engine.create(failing("while True: pass"), Timeout=1)
    assert invoke(engine, name).error is None
    answer = invoke(engine, name, "fail")
    assert (answer.status, answer.error) == (200, "Unhandled")
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 1.00 seconds",
    }
    check_frame(answer)
    assert "\tStatus: timeout" in answer.log
    assert invoke(engine, name).error is None


def test_kill_9_of_the_function_by_itself(engine: Engine) -> None:
    name = engine.create(failing("os.kill(os.getpid(), 9)"))
    answer = invoke(engine, name, "fail")
    assert (answer.status, answer.error) == (200, "Unhandled")
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited with error: "
        "signal: killed",
    }
    check_frame(answer)
    assert "\tStatus: error\tError Type: Runtime.ExitError" in answer.log
    assert invoke(engine, name).error is None


def test_kill_9_of_a_busy_function_from_outside(engine: Engine, ear: Ear) -> None:
    name = engine.create(ear.say + failing("say('busy'); time.sleep(60)"), Timeout=90)
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(invoke(engine, name, "fail")))
    caller.start()
    ear.wait(lambda heard: heard == ["busy"])
    pid = _process_of(engine, name, answers)
    os.kill(pid, signal.SIGKILL)
    caller.join(20)
    assert answers, "the caller got no answer"
    assert answers[0].error == "Unhandled"
    assert answers[0].payload["errorType"] == "Runtime.ExitError"
    assert invoke(engine, name).error is None


def test_kill_9_of_an_idle_function(engine: Engine) -> None:
    name = engine.create(failing("pass"))
    before = invoke(engine, name).payload["pid"]
    os.kill(_process_of(engine, name, []), signal.SIGKILL)
    time.sleep(0.2)
    again = invoke(engine, name)
    if again.error is not None:  # Lambda, too, only notices at the next call
        again = invoke(engine, name)
    assert again.error is None
    assert before


def _process_of(engine: Engine, name: str, answers: list[Answer]) -> int:
    """The id that the function's process has outside its sandbox."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not answers:
        for environment in engine.status()["environments"]:
            if environment["function"] == name and environment["pid"]:
                return int(environment["pid"])
        time.sleep(0.02)
    raise AssertionError(f"{name} has no process; answers: {[a.payload for a in answers]}")


def test_a_memory_hog(engine: Engine) -> None:
    name = engine.create(
        failing("x = []\n    while True: x.append(bytearray(1 << 20))"), Timeout=30
    )
    assert invoke(engine, name).error is None
    answer = invoke(engine, name, "fail")
    assert (answer.status, answer.error) == (200, "Unhandled")
    assert answer.payload["errorType"] in ("Runtime.OutOfMemory", "Runtime.ExitError")
    assert answer.payload["errorMessage"] == (
        f"RequestId: {answer.request_id} Error: Runtime exited with error: signal: killed"
    )
    check_frame(answer)
    assert "Error Type: Runtime.OutOfMemory" in answer.log
    assert "Max Memory Used: 128 MB" in answer.log
    assert invoke(engine, name).error is None


def test_a_syntax_error_and_its_repair(engine: Engine) -> None:
    name = engine.create("def handler(event, context)\n    return 1\n")
    answer = invoke(engine, name)
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.UserCodeSyntaxError"
    assert answer.payload["errorMessage"].startswith("Syntax error in module 'index': ")
    assert re.match(r'  File "/.*/index.py" Line 1\n', answer.payload["stackTrace"][0])
    check_frame(answer)
    engine.update(name, "def handler(event, context):\n    return 1\n")
    assert invoke(engine, name).payload == 1


def test_a_7_mb_response(engine: Engine) -> None:
    name = engine.create(failing("return 'x' * 7_000_000"))
    answer = invoke(engine, name, "fail")
    assert answer.error == "Unhandled"
    assert answer.payload == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    check_frame(answer)
    assert invoke(engine, name).error is None


def test_an_unserialisable_result(engine: Engine) -> None:
    name = engine.create(failing("return {1, 2}"))
    answer = invoke(engine, name, "fail")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.MarshalError"
    assert answer.payload["errorMessage"] == (
        "Unable to marshal response: Object of type set is not JSON serializable"
    )
    check_frame(answer)
    assert invoke(engine, name).error is None


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        (
            "index.absent",
            "Runtime.HandlerNotFound",
            "Handler 'absent' missing on module 'index'",
        ),
        (
            "absent.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'absent': No module named 'absent'",
        ),
        (
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
    ],
)
def test_a_missing_handler(engine: Engine, handler: str, kind: str, message: str) -> None:
    name = engine.create("def handler(event, context):\n    return 1\n", handler=handler)
    answer = invoke(engine, name)
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == kind
    assert answer.payload["errorMessage"] == message
    check_frame(answer)
    engine.client().update_function_configuration(FunctionName=name, Handler="index.handler")
    engine.wait(name)
    assert invoke(engine, name).payload == 1


def test_an_exception(engine: Engine) -> None:
    name = engine.create(failing("raise KeyError('x')"))
    answer = invoke(engine, name, "fail")
    assert answer.error == "Unhandled"
    assert list(answer.payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert answer.payload["errorMessage"] == "'x'"
    assert answer.payload["errorType"] == "KeyError"
    assert answer.payload["requestId"] == answer.request_id
    assert len(answer.payload["stackTrace"]) == 1
    frame = r'  File "/.*/index.py", line 4, in handler\n    raise KeyError'
    assert re.match(frame, answer.payload["stackTrace"][0])
    assert "[ERROR] KeyError: 'x'" in answer.log
    check_frame(answer)
    assert invoke(engine, name).error is None


@pytest.mark.parametrize("call", ["sys.exit(3)", "os._exit(0)"])
def test_an_exit(engine: Engine, call: str) -> None:
    name = engine.create(failing(call))
    answer = invoke(engine, name, "fail")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.ExitError"
    reason = "without providing a reason" if "0" in call else "with error: exit status 3"
    assert answer.payload["errorMessage"] == (
        f"RequestId: {answer.request_id} Error: Runtime exited {reason}"
    )
    assert invoke(engine, name).error is None


@pytest.mark.slow
def test_an_environment_grows_too_old_however_busy(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine("--max-age", "1.5")
    name = engine.create("import uuid\nME = str(uuid.uuid4())\ndef handler(e, c):\n    return ME\n")
    seen: list[str] = []
    ends = time.monotonic() + 4
    while time.monotonic() < ends:
        answer = engine.client().invoke(FunctionName=name)["Payload"].read().decode()
        if answer not in seen:
            seen.append(answer)
        assert answer == seen[-1]  # the old one never comes back
        time.sleep(0.05)
    assert 2 <= len(seen) <= 4
    assert engine.status()["max_age_s"] == 1.5
