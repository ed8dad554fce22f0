"""Our Python runtime beside AWS's own client, ``awslambdaric``: same handlers, same answers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from execution_lab import PYTHON, Lab, lab, make_lab, task_root

from lambda_nb.engine.execution.runtimes import interpreters
from lambda_nb.engine.model import FunctionVersion

pytest.importorskip("awslambdaric")

__all__ = ["lab", "make_lab"]

BODY = """
import collections, datetime, decimal, enum, json, logging, os, sys
Point = collections.namedtuple("Point", "x y")
class Colour(enum.IntEnum):
    RED = 1
class Custom(Exception):
    def __str__(self):
        return "custom: " + self.args[0]
def deep(n):
    if n == 0:
        raise Custom("deep")
    deep(n - 1)
def chained():
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("second") from error
def multiline():
    raise RuntimeError("first line\\nsecond line")
def log(level):
    logging.getLogger("named").log(level, "message %d", 7)
def handler(event, context):
    return eval(event["code"])
"""

CODES = [
    "1",
    "None",
    "'grüße ☃ \\U0001f600'",
    "{'a': [1, 2.5, True, None], 'b': {'c': ()}}",
    "{1: 'int key', None: 'none key', True: 'bool key'}",
    "decimal.Decimal('1.10')",
    "{'d': decimal.Decimal('1E+3'), 'n': decimal.Decimal('NaN')}",
    "[float('inf'), float('-inf'), float('nan')]",
    "b'raw bytes'",
    "{'b': b'bytes inside'}",
    "Colour.RED",
    "event",
    "{1, 2}",
    "object",
    "datetime.datetime(2026, 1, 1)",
    "{(1, 2): 3}",
    "1 / 0",
    "deep(3)",
    "chained()",
    "multiline()",
    "undefined_name",
    "'x'.nope",
    "sys.exit(3)",
    "os._exit(0)",
    "[context.function_name, context.memory_limit_in_mb, context.invoked_function_arn]",
    "[context.identity.cognito_identity_id, context.client_context]",
    "repr(context.identity)",
    "sorted(vars(context))",
    "context.w3c()",
    "log(10)",
    "log(30)",
    "log(50)",
    "print('two\\nlines')",
    "context.log('logged')",
    "logging.getLogger().handlers[0].__class__.__mro__[1].__name__",
    "[sys.argv[:0], sys.stdout.encoding, os.environ['AWS_LAMBDA_FUNCTION_NAME']]",
]


def pair(lab: Lab, **settings: Any) -> tuple[FunctionVersion, FunctionVersion]:
    """The same function on our runtime and, as a custom runtime, on AWS's client."""
    site = Path(sys.modules["awslambdaric"].__file__ or "").parent.parent
    bootstrap = (
        "#!/bin/sh\n"
        f"export AWS_EXECUTION_ENV=AWS_Lambda_{PYTHON} _LAMBDA_TELEMETRY_LOG_FD=3\n"
        f'PYTHONPATH={site} exec {interpreters.own_python()} -m awslambdaric "$_HANDLER" 3>&1\n'
    )
    settings = {"name": "same", "timeout_s": 30, **settings}
    ours = lab.function(BODY, **settings)
    theirs = lab.function(
        runtime="provided.al2023", files={"bootstrap": bootstrap, "app.py": BODY},
        **{**settings, "name": "same-theirs"},
    )  # fmt: skip
    return ours, theirs


def plain(lab: Lab, function: FunctionVersion, text: str, request_id: str) -> str:
    """The text without what may differ: request id, code path, name, times, digits."""
    text = text.replace(request_id, "ID").replace(task_root(lab, function), "TASK")
    text = text.replace("same-theirs", "same")
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)


def own_lines(tail: bytes) -> str:
    """What the function and its runtime wrote, without Lambda's own lines."""
    lines = tail.decode().splitlines(keepends=True)
    platform = ("START ", "END ", "REPORT ", "INIT_REPORT ")
    return "".join(line for line in lines if not line.startswith(platform))


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
async def test_answers_and_logs_are_the_same(lab: Lab, log_format: str) -> None:
    ours, theirs = pair(lab, log_format=log_format)
    differences = []
    for code in CODES:
        seen = []
        for function in (ours, theirs):
            result = await lab.invoke(function, {"code": code})
            written = own_lines(result.log_tail)
            if log_format == "JSON":
                written = "".join(
                    line for line in written.splitlines(keepends=True) if '"platform.' not in line
                )
            seen.append(
                (
                    result.function_error,
                    result.error_type,
                    plain(lab, function, result.payload.decode(), result.request_id),
                    plain(lab, function, written, result.request_id),
                )
            )
        if seen[0] != seen[1]:
            differences.append((code, *seen))
    assert not differences, "\n\n".join(
        f"{code}\n  ours   {ours}\n  theirs {theirs}" for code, ours, theirs in differences
    )


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        ("raise RuntimeError('no database')", "app.handler"),
        ("def handler(event, context)\n    pass", "app.handler"),
        ("import nowhere", "app.handler"),
        ("from os import nowhere", "app.handler"),
        ("handler = 1", "app.nope"),
        ("", "nodot"),
        ("", "missing.handler"),
        ("", "sys.exit"),
        ("class K:\n    pass\nhandler = K.nope", "app.handler"),
    ],
)
async def test_init_errors_are_the_same(lab: Lab, source: str, handler: str) -> None:
    ours, theirs = pair(lab, handler=handler)
    for function in (ours, theirs):
        (function.code_dir / "app.py").write_text(source)
    seen = []
    for function in (ours, theirs):
        result = await lab.invoke(function, {})
        assert result.function_error == "Unhandled"
        payload = plain(lab, function, result.payload.decode(), result.request_id)
        written = plain(lab, function, own_lines(result.log_tail), result.request_id)
        seen.append((json.loads(payload), written))
    assert seen[0] == seen[1]
