"""What holds for functions under a debugger in each language that has one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import debug_lab
import psutil
import pytest
from dap_client import DapClient
from debug_lab import invoking, lasts
from execution_lab import PYTHON, Lab, MakeLab, lab, make_lab

from lambda_nb.engine.model import FunctionVersion

__all__ = ["lab", "make_lab"]


@dataclass(frozen=True)
class App:
    """A function that doubles a number, in one language, with two lines to stop at."""

    runtime: str
    file: str
    source: str
    stop: int
    inside: int

    def debugged(self, lab: Lab, **settings: Any) -> FunctionVersion:
        return debug_lab.debugged(lab, {self.file: self.source}, runtime=self.runtime, **settings)

    async def attached(self, lab: Lab, function: FunctionVersion, line: int) -> DapClient:
        return await debug_lab.attached(lab, function, line, path=f"/var/task/{self.file}")


IN_PYTHON = """import os
def helper(n):
    doubled = n * 2
    return doubled
def handler(event, context):
    answer = helper(event["n"])
    return {"answer": answer, "pid": os.getpid()}
"""
IN_JAVASCRIPT = """function helper(n) {
  const doubled = n * 2;
  return doubled;
}
exports.handler = async (event) => {
  const answer = helper(event.n);
  return { answer, pid: process.pid };
};
"""
APPS = [
    App(PYTHON, "app.py", IN_PYTHON, stop=6, inside=3),
    App("nodejs20.x", "app.js", IN_JAVASCRIPT, stop=6, inside=2),
]


@pytest.fixture(params=APPS, ids=["python", "nodejs"])
def app(request: pytest.FixtureRequest) -> App:
    chosen: App = request.param
    return chosen


async def test_the_timeout_waits_while_it_is_stopped(app: App, lab: Lab) -> None:
    function = app.debugged(lab, timeout_s=1)
    client = await app.attached(lab, function, app.stop)
    called = invoking(lab, function, 4)
    frame = await client.stop()
    assert await lasts(called, 2.5)
    await client.ask("continue", threadId=frame["threadId"])
    result = await called
    assert json.loads(result.payload)["answer"] == 8
    assert result.duration_ms > 2000  # what REPORT says includes the stop
    await client.close()


async def test_other_events_run_meanwhile_without_a_debugger(app: App, lab: Lab) -> None:
    function = app.debugged(lab)
    client = await app.attached(lab, function, app.stop)
    called = invoking(lab, function)
    frame = await client.stop()
    others = await asyncio.gather(*(lab.invoke(function, {"n": n}) for n in range(3)))
    assert [json.loads(one.payload)["answer"] for one in others] == [0, 2, 4]
    await client.ask("continue", threadId=frame["threadId"])
    own = json.loads((await called).payload)["pid"]
    again = invoking(lab, function)  # not in one of those without a debugger
    frame = await client.stop()
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await again).payload)["pid"] == own
    await client.close()


async def test_a_client_that_vanishes_lets_the_function_run_on(app: App, lab: Lab) -> None:
    function = app.debugged(lab)
    client = await app.attached(lab, function, app.stop)
    called = invoking(lab, function)
    await client.stop()
    await client.close()
    assert json.loads((await asyncio.wait_for(called, 10)).payload)["answer"] == 2
    assert (await asyncio.wait_for(lab.invoke(function, {"n": 3}), 10)).start == "warm"
    client = await app.attached(lab, function, app.inside)  # and another one may come
    called = invoking(lab, function)
    frame = await client.stop()
    assert frame["name"] == "helper"
    await client.ask("disconnect")
    await asyncio.wait_for(called, 10)
    await client.close()


async def test_an_engine_that_ends_leaves_nothing(app: App, make_lab: MakeLab) -> None:
    lab = await make_lab()
    function = app.debugged(lab, timeout_s=900)
    client = await app.attached(lab, function, app.stop)
    called = invoking(lab, function)
    await client.stop()
    pids = [e["pid"] for e in lab.executor.status()["environments"]]
    assert pids
    await asyncio.wait_for(lab.executor.close(), 20)
    await asyncio.wait([called], timeout=10)
    assert called.done()
    called.exception()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    await asyncio.wait_for(client.ended.wait(), 5)
    await client.close()
