"""The frames of failed Python functions: what travels, what does not, and at what price."""

from __future__ import annotations

import ast
import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from execution_lab import Lab, MakeLab, error, lab, make_lab

from lambda_nb.engine.execution.failures import MOST_BYTES, MOST_FAILURES, Failures
from lambda_nb.engine.model import InvocationResult

__all__ = ["lab", "make_lab"]

BOOTSTRAP = (
    Path(__file__).parents[3]
    / "lambda_nb/engine/execution/runtimes/bootstraps/python/lambda_runtime"
)

Frame = dict[str, Any]


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
async def keeping(make_lab: MakeLab, failures: Failures) -> Lab:
    made: Lab = await make_lab(failures=failures)
    return made


async def failed(
    lab: Lab, failures: Failures, source: str, event: Any = None, **settings: Any
) -> dict[str, Any]:
    """What was kept of a function's failure."""
    result = await lab.invoke(lab.function(source, **settings), event)
    assert result.function_error
    return told(failures, result)


def told(failures: Failures, result: InvocationResult) -> dict[str, Any]:
    kept = failures.told({"request": result.request_id})
    assert kept is not None
    frames: dict[str, Any] = kept["frames"]
    return frames


def frame(kept: dict[str, Any], name: str, exception: int = 0) -> Frame:
    found: Frame = next(
        one for one in kept["exceptions"][exception]["frames"] if one["name"] == name
    )
    return found


def variables(kept: dict[str, Any], name: str = "handler", exception: int = 0) -> dict[str, Any]:
    return dict(frame(kept, name, exception)["locals"])


TWO_FRAMES = """
LIMIT = 3

def inner(item, *more, scale=1):
    ratio = item / 0
    return ratio

def handler(event, context):
    name = event["name"]
    return inner(7, 8, scale=2)
"""


@pytest.mark.parametrize("runtime", [f"python3.{minor}" for minor in range(8, 15)])
async def test_frames_have_lines_arguments_variables_and_the_source(
    keeping: Lab, failures: Failures, runtime: str
) -> None:
    kept = await failed(keeping, failures, TWO_FRAMES, {"name": "Ada"}, runtime=runtime)
    (exception,) = kept["exceptions"]
    assert (exception["type"], exception["message"]) == ("ZeroDivisionError", "division by zero")
    outer, inner = exception["frames"]
    assert (outer["name"], outer["line"], outer["first_line"]) == ("handler", 10, 8)
    assert (inner["name"], inner["line"], inner["first_line"]) == ("inner", 5, 4)
    assert inner["arguments"] == ["item", "scale", "more"]
    assert (inner["positional"], inner["named"], inner["rest"]) == (1, 1, True)
    assert variables(kept)["name"] == "Ada"
    assert variables(kept, "inner")["more"]["v"] == [8]
    assert "ratio" not in variables(kept, "inner")
    (module,) = kept["modules"]
    assert dict(module["variables"])["LIMIT"] == 3
    assert kept["sources"][outer["file"]] == TWO_FRAMES
    assert kept["cut"] == ""


async def test_the_error_and_the_log_are_those_of_an_engine_that_keeps_no_frames(
    make_lab: MakeLab, failures: Failures
) -> None:
    seen: list[tuple[str, str | None, str | None, str]] = []
    for options in ({}, {"failures": failures}):
        lab: Lab = await make_lab(**options)
        function = lab.function(TWO_FRAMES, name=f"same{len(seen)}")
        result = await lab.invoke(function, {"name": "Ada"})
        payload = {**error(result), "requestId": ""}
        log = re.sub(r"[0-9.]+ ms|[0-9.]+ MB|same\d|[0-9a-f-]{36}", "-", result.log_tail.decode())
        # Without isolation a function's code lies in a folder of its own.
        where = str(function.code_dir)
        told = [text.replace(where, "/var/task") for text in (json.dumps(payload), log)]
        seen.append((told[0], result.function_error, result.error_type, told[1]))
    assert seen[0][:3] == seen[1][:3]
    assert seen[0][3] == seen[1][3]
    assert "ZeroDivisionError" in seen[0][3]


POSTS = """
import http.client, os

def handler(event, context):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("POST", "/2018-06-01/runtime/lambda-nb/frames", event["body"])
    status = connection.getresponse().status
    connection.close()
    if event.get("fail"):
        os._exit(3)
    return {"status": status, "asked": [name for name in os.environ if "FRAMES" in name]}
"""


async def test_nothing_travels_unless_the_engine_was_told_to_keep_it(lab: Lab) -> None:
    result = await lab.invoke(lab.function(POSTS), {"body": "{}"})
    assert json.loads(result.payload) == {"status": 404, "asked": []}


async def test_a_function_does_not_see_that_frames_are_kept(keeping: Lab) -> None:
    result = await keeping.invoke(keeping.function(POSTS), {"body": "{}"})
    assert json.loads(result.payload) == {"status": 202, "asked": []}


@pytest.mark.parametrize("body", ["", "no json", "[" * 5000, "null"])
async def test_a_function_may_send_anything_instead(
    keeping: Lab, failures: Failures, body: str
) -> None:
    result = await keeping.invoke(keeping.function(POSTS), {"body": body, "fail": True})
    kept = failures.told({"request": result.request_id})
    assert kept is not None
    assert kept["frames"] is None


async def test_more_than_a_megabyte_is_refused(keeping: Lab) -> None:
    result = await keeping.invoke(keeping.function(POSTS), {"body": "x" * (1 << 20) + "x"})
    assert json.loads(result.payload)["status"] == 413


async def test_frames_of_a_success_are_nobodys(keeping: Lab, failures: Failures) -> None:
    result = await keeping.invoke(keeping.function(POSTS), {"body": "{}"})
    assert failures.told({"request": result.request_id}) is None


KINDS = """
import collections, datetime, decimal, enum, json, os, pathlib, uuid
from dataclasses import dataclass

@dataclass
class Order:
    number: int
    lines: list

class Slotted:
    __slots__ = ("left", "unset")
    def __init__(self):
        self.left = 1
    @property
    def costly(self):
        raise SystemExit("nobody may ask")

Point = collections.namedtuple("Point", "x y")

def handler(event, context):
    nan = float("nan"); big = 2 ** 200; deep = [[[[[[[[1]]]]]]]]
    when = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)
    price = decimal.Decimal("1.10"); path = pathlib.Path("/tmp/x"); raw = b"\\x00\\xff"
    order = Order(7, [1, 2]); again = order.lines; slotted = Slotted(); point = Point(1, 2)
    own = collections.defaultdict(list, a=[1]); loop = []; loop.append(loop)
    lone = "\\ud800"; table = {(1, 2): {3}}
    raise RuntimeError("enough")
"""


async def test_values_of_every_kind(keeping: Lab, failures: Failures) -> None:
    seen = variables(await failed(keeping, failures, KINDS, {"a": [1, None, True, 2.5]}))
    assert seen["event"]["v"] == [["a", {"t": "list", "i": 1, "v": [1, None, True, 2.5], "n": 4}]]
    assert seen["nan"] == {"t": "float", "v": "nan"}
    assert seen["big"] == 2**200
    assert seen["when"] == {"t": "known", "type": "datetime", "v": "2026-11-30T12:00:00+00:00"}
    assert (seen["price"]["v"], seen["path"]["v"]) == ("1.10", "/tmp/x")
    assert seen["raw"] == {"t": "bytes", "v": "AP8=", "n": 2}
    assert seen["order"]["r"] == "Order(number=7, lines=[1, 2])"
    attributes = dict(seen["order"]["a"])
    assert attributes["number"] == 7
    assert dict(seen["slotted"]["a"]) == {"left": 1}
    assert [name for name, _ in seen["point"]["a"]] == ["x", "y"]
    assert seen["own"]["pairs"] == [["a", seen["own"]["pairs"][0][1]]]
    assert seen["loop"]["v"] == [{"t": "ref", "i": seen["loop"]["i"]}]
    assert seen["lone"] == "\ud800"
    assert seen["table"]["v"][0][0]["v"] == [1, 2]
    assert "cut" in json.dumps(seen["deep"])
    assert "nobody may ask" not in json.dumps(seen)


LARGE = """
class Node:
    def __init__(self, depth):
        self.children = [Node(depth - 1) for _ in range(12)] if depth else []
        self.text = "n" * 3000

def handler(event, context):
    text = "x" * 10_000_000
    numbers = list(range(1_000_000))
    table = {n: "y" * 1000 for n in range(100_000)}
    tree = Node(4)
    many = {f"v{n}": [[n] * 50] * 50 for n in range(500)}
    locals().update(many)
    return deep(900, numbers)

def deep(n, numbers):
    here = list(range(n, n + 1000))
    return deep(n - 1, numbers) if n else 1 / 0
"""


async def test_large_data_does_not_travel(keeping: Lab, failures: Failures) -> None:
    result = await keeping.invoke(keeping.function(LARGE, memory_mb=1024, timeout_s=60))
    kept = told(failures, result)
    assert len(json.dumps(kept)) < 600_000
    (exception,) = kept["exceptions"]
    assert len(exception["frames"]) == 50
    assert exception["left_out"] == 902 - 50
    assert [one["name"] for one in exception["frames"][:2]] == ["handler", "deep"]
    assert dict(exception["frames"][-1]["locals"])["here"]["n"] == 1000


HOSTILE = """
import time

class Raises:
    def __repr__(self):
        raise ValueError(self)

class Exits:
    def __repr__(self):
        raise SystemExit(1)

class Loops:
    def __repr__(self):
        while True:
            pass

class Sleeps:
    def __repr__(self):
        time.sleep(60)

class NoText:
    def __repr__(self):
        return 42

class Huge:
    def __repr__(self):
        return "h" * 5_000_000

class Endless:
    def __repr__(self):
        return repr(self)

class Lies:
    __class__ = property(lambda self: time.sleep(60))
    def __getattribute__(self, name):
        time.sleep(60)

class Meta(type):
    def __getattribute__(cls, name):
        time.sleep(60)
    def __eq__(cls, other):
        time.sleep(60)
    __hash__ = None
    def __instancecheck__(cls, other):
        time.sleep(60)

class OfMeta(metaclass=Meta):
    pass

class Dict(dict):
    def items(self):
        time.sleep(60)
    __iter__ = __len__ = __getitem__ = items

def handler(event, context):
    raises, exits, loops, sleeps, no_text = Raises(), Exits(), Loops(), Sleeps(), NoText()
    huge, endless, lies, own = Huge(), Endless(), Lies(), Dict(a=1)
    of_meta = OfMeta()
    last = "still here"
    raise RuntimeError("enough")
"""


async def test_hostile_objects_neither_hang_nor_hide_the_failure(
    keeping: Lab, failures: Failures
) -> None:
    function = keeping.function(HOSTILE, timeout_s=20)
    result = await keeping.invoke(function)
    assert error(result)["errorMessage"] == "enough"
    seen = variables(told(failures, result))
    assert seen["raises"]["r"] == "<app.Raises: its __repr__ raised ValueError>"
    assert seen["exits"]["r"] == "<app.Exits: its __repr__ raised SystemExit>"
    assert seen["loops"]["r"] == "<app.Loops: its __repr__ takes too long>"
    assert seen["sleeps"]["r"] == "<app.Sleeps: its __repr__ takes too long>"
    assert seen["no_text"]["r"] == "<app.NoText: its __repr__ raised TypeError>"
    assert set(seen) >= {"huge", "endless", "lies", "own", "of_meta", "last"}
    assert result.duration_ms < 20_000
    assert (await keeping.invoke(function)).error_type == "RuntimeError"


SECRETS = """
import json
import os

class Config:
    def __init__(self):
        self.user, self.api_key = "ada", "sk-1234567890"
    def __repr__(self):
        return f"Config({self.user}, {self.api_key})"

def handler(event, context):
    password = "correct horse"
    token = None
    next_token = "page-2"
    tokens_used = 12
    config = Config()
    header = "Basic " + password
    sent = header.encode()
    private_key = "-----BEGIN KEY-----\\nmany lines\\n"
    shown = [repr({"key": private_key}), json.dumps({"key": private_key})]
    object_password = "object"
    endpoint = "http://localhost:8080/a@b"
    short = "redis://:pw@cache/0"
    says = "it was swordfish"
    raise ValueError("no password here")
"""


async def test_what_is_named_a_secret_stays_in_the_function(
    keeping: Lab, failures: Failures
) -> None:
    event = {"headers": {"Authorization": "Bearer abcdef123456"}, "dbPassword": "hunter2-hunter2"}
    environment = {"DB_PASSWORD": "from the environment", "TABLE": "orders"}
    environment["DATABASE_URL"] = "postgres://ada:swordfish@db:5432/orders"
    kept = await failed(keeping, failures, SECRETS, event, environment=environment)
    text = json.dumps(kept["exceptions"]) + json.dumps(kept["modules"])
    for secret in ("correct horse", "sk-1234567890", "abcdef123456", "hunter2", "from the env"):
        assert secret not in text
    seen = variables(kept)
    assert seen["password"] == {"t": "hidden", "type": "str"}
    assert seen["token"] is None
    assert seen["next_token"] == "page-2"
    assert seen["header"] == "Basic <hidden>"
    assert base64.b64decode(seen["sent"]["v"]) == b"Basic <hidden>"
    assert "many lines" not in text
    assert seen["config"]["t"] == "object"
    assert seen["config"]["r"] is None
    assert dict(seen["config"]["a"])["user"] == "ada"
    (module,) = kept["modules"]
    variables_of_os = dict(dict(module["variables"])["os"]["a"][0][1]["v"])
    assert variables_of_os["TABLE"] == "orders"
    assert variables_of_os["DATABASE_URL"] == "postgres://ada:<hidden>@db:5432/orders"
    assert seen["endpoint"] == "http://localhost:8080/a@b"
    assert seen["short"] == "redis://:<hidden>@cache/0"
    assert seen["says"] == "it was <hidden>"
    assert variables_of_os["AWS_SECRET_ACCESS_KEY"]["t"] == "hidden"


IMPORTS = """
LIMIT = 3

def prepare(n):
    doubled = n * 2
    raise KeyError(doubled)

prepare(LIMIT)

def handler(event, context):
    pass
"""


async def test_frames_of_a_failed_init_phase_are_of_the_request_that_waited(
    keeping: Lab, failures: Failures
) -> None:
    function = keeping.function(IMPORTS)
    for _ in range(2):  # the first init phase, and the one inside an invocation
        kept = told(failures, await keeping.invoke(function))
        names = [one["name"] for one in kept["exceptions"][0]["frames"]]
        assert names == ["<module>", "prepare"]
        assert variables(kept, "prepare") == {"n": 3, "doubled": 6}


ONCE = """
import os
if not os.path.exists("/tmp/tried"):
    open("/tmp/tried", "w").close()
    raise KeyError("the first time")

def handler(event, context):
    while True:
        pass
"""


async def test_frames_of_an_init_phase_are_not_of_a_later_failure(
    keeping: Lab, failures: Failures
) -> None:
    result = await keeping.invoke(keeping.function(ONCE, timeout_s=1))
    kept = failures.told({"request": result.request_id})
    assert (result.error_type, kept and kept["frames"]) == ("Sandbox.Timedout", None)


async def test_a_missing_module_shows_the_import(keeping: Lab, failures: Failures) -> None:
    source = "import json\nimport nowhere_to_be_found\ndef handler(event, context): pass\n"
    kept = await failed(keeping, failures, source)
    (exception,) = kept["exceptions"]
    assert exception["type"] == "ModuleNotFoundError"
    assert [(one["name"], one["line"]) for one in exception["frames"]] == [("<module>", 2)]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def handler(:\n", "Runtime.UserCodeSyntaxError"),
        ("def other(event, context): pass\n", "Runtime.HandlerNotFound"),
        ("def handler(event, context): return object()\n", "Runtime.MarshalError"),
        ("import os\ndef handler(event, context): os._exit(1)\n", "Runtime.ExitError"),
        ("import time\ndef handler(event, context): time.sleep(9)\n", "Sandbox.Timedout"),
    ],
    ids=["syntax", "no-handler", "no-json", "exit", "timeout"],
)
async def test_a_failure_without_frames_is_known_as_one(
    keeping: Lab, failures: Failures, source: str, kind: str
) -> None:
    result = await keeping.invoke(keeping.function(source, timeout_s=1))
    assert error(result)["errorType"] == kind
    kept = failures.told({"request": result.request_id})
    assert kept is not None
    assert (kept["frames"], kept["runtime"][:6]) == (None, "python")


CHAINED = """
def low(a):
    return 1 / a

def handler(event, context):
    try:
        low(0)
    except ZeroDivisionError as error:
        raise KeyError("n") from error
"""


async def test_chained_exceptions_come_along(keeping: Lab, failures: Failures) -> None:
    kept = await failed(keeping, failures, CHAINED)
    first, second = kept["exceptions"]
    assert (first["type"], first["cause"], second["type"]) == ("KeyError", 1, "ZeroDivisionError")
    assert variables(kept, "low", exception=1) == {"a": 0}


GROUP = """
def one(a):
    return 1 / a

def handler(event, context):
    errors = []
    for n in (0, "x"):
        try:
            one(n)
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("several", errors)
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is of Python 3.11")
async def test_members_of_a_group_come_along(keeping: Lab, failures: Failures) -> None:
    kept = await failed(keeping, failures, GROUP)
    assert kept["exceptions"][0]["members"] == [1, 2]
    assert variables(kept, "one", exception=1) == {"a": 0}
    assert variables(kept, "one", exception=2) == {"a": "x"}


ALARMS = """
import signal, time
rang = []
signal.signal(signal.SIGALRM, lambda *_: rang.append(time.monotonic()))

class Shown:
    def __repr__(self):
        return "shown"

def handler(event, context):
    shown = Shown()
    if event["first"]:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        raise ValueError
    deadline = time.monotonic() + 10
    while not rang and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(rang)
"""


async def test_a_functions_own_alarm_still_rings(keeping: Lab, failures: Failures) -> None:
    function = keeping.function(ALARMS, timeout_s=15)
    kept = told(failures, await keeping.invoke(function, {"first": True}))
    assert variables(kept)["shown"]["r"] == "shown"
    assert (await keeping.invoke(function, {"first": False})).payload == b"1"


async def test_an_environment_restored_from_a_snapshot_sends_frames(
    keeping: Lab, failures: Failures
) -> None:
    function = keeping.function(TWO_FRAMES, snap_start=True, version="1", timeout_s=10)
    kept = told(failures, await keeping.invoke(function, {"name": "Ada"}))
    assert variables(kept)["name"] == "Ada"


async def test_other_languages_have_a_name_and_no_frames(keeping: Lab, failures: Failures) -> None:
    files = {"index.js": "exports.handler = async () => { throw new Error('no') }"}
    function = keeping.function(files=files, runtime="nodejs20.x", handler="index.handler")
    result = await keeping.invoke(function)
    kept = failures.told({"request": result.request_id})
    assert kept is not None
    assert (kept["frames"], kept["runtime"]) == (None, "nodejs20.x")


def test_the_latest_failures_are_kept_within_bounds() -> None:
    failures = Failures()
    for number in range(MOST_FAILURES + 5):
        failures.keep(f"r{number}", "f", "1", "python3.12", b"{}")
    assert failures.told({"request": "r4"}) is None
    assert failures.told({"request": "r5"}) is not None
    latest = failures.told({"function": "f"})
    assert latest is not None
    assert latest["request_id"] == f"r{MOST_FAILURES + 4}"
    large = b'"' + b"x" * (MOST_BYTES // 4) + b'"'
    for number in range(6):
        failures.keep(f"large{number}", "g", "1", "python3.12", large)
    assert failures.told({"request": "large0"}) is None
    assert failures.told({"request": "large5"}) is not None
    assert failures.told({"request": f"r{MOST_FAILURES + 4}"}) is None
    with pytest.raises(ValueError, match="request=ID or function=NAME"):
        failures.told({})


@pytest.mark.parametrize("module", ["frames", "frame_values", "failures"])
def test_the_code_is_python_3_8(module: str) -> None:
    ast.parse((BOOTSTRAP / f"{module}.py").read_text(), feature_version=(3, 8))
