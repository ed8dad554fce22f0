"""Environments laid out before a request comes: everything but the function's own init phase."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import psutil
import pytest
from execution_lab import TELL, Lab, MakeLab, at_level, lab, make_lab, report, until

from lambda_nb.engine.execution import prestarted
from lambda_nb.engine.execution.logs import log_stream
from lambda_nb.engine.model import FunctionVersion

__all__ = ["at_level", "lab", "make_lab"]

PID = "import os\nprint('loaded')\ndef handler(event, context):\n    return os.getpid()\n"


def laid_out(lab: Lab) -> dict[str, int]:
    """Process ids by function."""
    return {row["function"]: row["pid"] for row in lab.executor.status()["laid_out"]}


async def lay_out(lab: Lab, function: FunctionVersion) -> int:
    """Prepare the version; returns the process that waits for its first request."""
    lab.executor.hooks.prepare(function)
    await until(lambda: function.name in laid_out(lab))
    return laid_out(lab)[function.name]


async def pid(lab: Lab, function: FunctionVersion) -> int:
    result = await lab.invoke(function)
    assert result.function_error is None, result.payload
    return int(result.payload)


async def test_the_first_request_finds_its_process(at_level: Lab) -> None:
    function = at_level.function(PID)
    held = await lay_out(at_level, function)
    await asyncio.sleep(0.1)
    assert at_level.sink.events == []
    assert at_level.executor.status()["environments"] == []
    result = await at_level.invoke(function)
    assert int(result.payload) == held
    assert result.start == "cold"
    assert report(result).init_ms is not None
    assert "loaded" in at_level.sink.text
    assert laid_out(at_level) == {}
    assert await pid(at_level, function) == held


async def test_it_differs_in_nothing_from_one_started_by_the_request(lab: Lab) -> None:
    function = lab.function(TELL)
    held = await lay_out(lab, function)
    first, second = await asyncio.gather(lab.invoke(function), lab.invoke(function))
    told: list[dict[str, Any]] = [json.loads(r.payload) for r in (first, second)]
    told.sort(key=lambda one: one["pid"] != held)
    assert told[0].pop("pid") == held
    assert told[1].pop("pid") != held
    for one in told:
        one["path"] = [part.rpartition("/")[2] for part in one["path"]]
    assert abs(told[0].pop("used_mb") - told[1].pop("used_mb")) <= 2
    assert told[0] == told[1]


async def test_a_request_that_comes_too_early_waits_for_it(lab: Lab) -> None:
    function = lab.function(PID)
    lab.executor.hooks.prepare(function)
    first = await pid(lab, function)
    assert await pid(lab, function) == first
    assert [row.start for row in lab.sink.rows] == ["cold", "warm"]
    assert laid_out(lab) == {}


async def test_what_changed_since_reaches_the_function(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import os\nNAME = os.environ['AWS_LAMBDA_LOG_STREAM_NAME']\ndef handler(e, c):\n"
    function = lab.function(source + "    return [NAME, c.log_stream_name]")
    await lay_out(lab, function)
    monkeypatch.setattr(log_stream, "stream_name", lambda version, name: f"2030/01/01/[1]{name}")
    result = await lab.invoke(function)
    assert json.loads(result.payload) == [result.log_stream] * 2
    assert result.log_stream.startswith("2030/01/01/[1]")


async def test_new_code_ends_what_was_laid_out_for_the_old(lab: Lab) -> None:
    function = lab.function(PID)
    held = await lay_out(lab, function)
    lab.executor.hooks.code_changed(function.name, function.version)
    newer = lab.function(PID, name=function.name)
    assert await lay_out(lab, newer) != held
    await until(lambda: not psutil.pid_exists(held))
    assert await pid(lab, newer) not in (held, 0)


async def test_another_revision_does_not_get_it(lab: Lab) -> None:
    function = lab.function(PID)
    held = await lay_out(lab, function)
    assert await pid(lab, lab.function(PID, name=function.name)) != held


@pytest.mark.parametrize("version", ["$LATEST", None])
async def test_it_ends_with_its_function(lab: Lab, version: str | None) -> None:
    held = await lay_out(lab, function := lab.function(PID))
    lab.executor.hooks.deleted(function.name, version)
    await until(lambda: not psutil.pid_exists(held))
    assert laid_out(lab) == {}


async def test_a_function_that_is_gone_before_it_is_ready(lab: Lab) -> None:
    function = lab.function(PID)
    lab.executor.hooks.prepare(function)
    lab.executor.hooks.deleted(function.name, None)
    await pid(lab, other := lab.function(PID))
    assert {row["function"] for row in lab.executor.status()["environments"]} == {other.name}
    await until(lambda: not lab.executor._prestarted._ending)
    assert laid_out(lab) == {}


async def test_one_that_ends_while_it_starts_leaves_no_trace(lab: Lab) -> None:
    functions = [lab.function(PID) for _ in range(10)]
    for function in functions:
        lab.executor.hooks.prepare(function)
        lab.executor.hooks.deleted(function.name, None)
        await until(lambda: not lab.executor._prestarted._ending)
    assert lab.sink.events == []


async def test_one_that_was_killed_is_replaced(lab: Lab) -> None:
    function = lab.function(PID)
    held = await lay_out(lab, function)
    os.kill(held, signal.SIGKILL)
    result = await lab.invoke(function)
    assert result.function_error is None
    assert int(result.payload) != held
    assert result.start == "cold"


async def test_the_latest_few_are_held(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prestarted, "MOST", 2)
    functions = [lab.function(PID) for _ in range(4)]
    held = [await lay_out(lab, function) for function in functions]
    assert list(laid_out(lab)) == [function.name for function in functions[2:]]
    await until(lambda: not any(map(psutil.pid_exists, held[:2])))
    assert await pid(lab, functions[0]) not in held


async def test_none_outlives_the_engine(make_lab: MakeLab) -> None:
    lab = await make_lab()
    held = await lay_out(lab, lab.function(PID))
    await lab.executor.close()
    assert not psutil.pid_exists(held)


async def test_only_what_is_forked_is_held(lab: Lab) -> None:
    """Other programs could not be stopped before they load the function."""
    wrapped = lab.function(PID, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"})
    custom = lab.function(runtime="provided.al2023", files={"bootstrap": "#!/bin/sh\n"})
    for function in (wrapped, custom):
        lab.executor.hooks.prepare(function)
    await asyncio.gather(*(task for _, task in lab.executor._prestarted._ready.values()))
    assert laid_out(lab) == {}


async def test_an_init_phase_that_fails_is_tried_again(lab: Lab) -> None:
    function = lab.function("import nothing_of_this_name\n")
    held = await lay_out(lab, function)
    result = await lab.invoke(function)
    assert json.loads(result.payload)["errorType"] == "Runtime.ImportModuleError"
    assert not psutil.pid_exists(held)
