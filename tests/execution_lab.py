"""An executor for tests: functions from source text, invocations, and all reports."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.engine.execution import Executor
from lambda_nb.engine.execution.sandbox.isolation import LEVELS, Isolation, IsolationError
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationRecord,
    InvocationResult,
)
from lambda_nb.rules import loglines

PYTHON = "python{}.{}".format(*sys.version_info[:2])
ARN = "arn:aws:lambda:us-east-1:000000000000:function"
_ids = count(1)

TELL = """
import os, resource, sys

def handler(event, context):
    return {
        "pid": os.getpid(),
        "variables": sorted(os.environ),
        "modules": sorted(m for m in sys.modules if not m.startswith("lambda_runtime")),
        "descriptors": sorted(
            os.readlink(f"/proc/self/fd/{fd}").split(":")[0]
            for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
        "path": sys.path,
        "used_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
"""
"""A function that reports what a new environment is like."""


@dataclass
class Sink:
    """Keeps what the executor reports."""

    events: list[tuple[str, str, int, str]] = field(default_factory=list)
    rows: list[InvocationRecord] = field(default_factory=list)

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        self.events.append((group, stream, timestamp_ms, message))

    def record(self, record: InvocationRecord) -> None:
        self.rows.append(record)

    @property
    def text(self) -> str:
        return "".join(message for *_, message in self.events)


@dataclass
class Lab:
    """An executor with helpers for tests."""

    executor: Executor
    sink: Sink
    folder: Path

    def function(self, source: str = "", **settings: Any) -> FunctionVersion:
        name = settings.pop("name", f"f{next(_ids)}")
        code = self.folder / f"code-{next(_ids)}"
        code.mkdir()
        files = settings.pop("files", {"app.py": source})
        for path, text in files.items():
            (code / path).parent.mkdir(parents=True, exist_ok=True)
            (code / path).write_text(text)
            (code / path).chmod(0o755)
        defaults: dict[str, Any] = {
            "account": "000000000000",
            "region": "us-east-1",
            "name": name,
            "version": "$LATEST",
            "arn": f"{ARN}:{name}",
            "revision": str(next(_ids)),
            "handler": "app.handler",
            "runtime": PYTHON,
            "code_dir": code,
            "runtime_version_arn": "arn:aws:lambda:us-east-1::runtime:0",
        }
        return FunctionVersion(**{**defaults, **settings})

    async def invoke(
        self, function: FunctionVersion, event: Any = None, **fields: Any
    ) -> InvocationResult:
        request_id = f"00000000-0000-4000-8000-{next(_ids):012d}"
        payload = fields.pop("payload", json.dumps(event).encode())
        return await self.executor.invoke(
            function, Invocation(request_id, payload, function.arn, **fields)
        )


MakeLab = Callable[..., "Any"]


@pytest.fixture
async def make_lab(tmp_path: Path) -> AsyncIterator[MakeLab]:
    labs: list[Lab] = []

    async def make(**options: Any) -> Lab:
        sink = Sink()
        executor = Executor(
            work_dir=tmp_path / f"work-{len(labs)}",
            account="000000000000",
            region="us-east-1",
            api_endpoint=lambda: "http://127.0.0.1:9",
            credentials_for=lambda function: ("AKIDEXAMPLE", "secret", "token"),
            logs=sink,
            records=sink,
            # Tests in other languages run on whatever version of them this machine has.
            **{"runtime_fallback": "nearest", **options},
        )
        await executor.start()
        labs.append(Lab(executor, sink, tmp_path))
        return labs[-1]

    yield make
    for lab in labs:
        await lab.executor.close()


@pytest.fixture
async def lab(make_lab: MakeLab) -> Lab:
    made: Lab = await make_lab()
    return made


@pytest.fixture(params=LEVELS)
async def at_level(request: pytest.FixtureRequest, make_lab: MakeLab, tmp_path: Path) -> Lab:
    level: str = request.param
    try:
        Isolation(level, tmp_path / "probe").probe()
    except IsolationError as refusal:
        pytest.skip(str(refusal))
    made: Lab = await make_lab(isolation=level)
    assert made.executor.status()["isolation"]["level"] == level
    return made


def task_root(lab: Lab, function: FunctionVersion) -> str:
    """Where the function sees its own code."""
    level = lab.executor.status()["isolation"]["level"]
    return "/var/task" if level in ("L2", "L3") else str(function.code_dir)


def error(result: InvocationResult) -> dict[str, Any]:
    assert result.function_error == "Unhandled"
    decoded: dict[str, Any] = json.loads(result.payload)
    return decoded


def report(result: InvocationResult) -> loglines.Report:
    line = next(
        message
        for message in result.log_tail.decode().splitlines(keepends=True)
        if message.startswith("REPORT ")
    )
    parsed = loglines.parse(line)
    assert isinstance(parsed, loglines.Report)
    return parsed


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)
