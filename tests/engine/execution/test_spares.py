"""Environments forked early, and functions prepared before their first invocation."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import psutil
from execution_lab import TELL, Lab, MakeLab, lab, make_lab, until

__all__ = ["lab", "make_lab"]


def zygote_pid(lab: Lab) -> int:
    """The one fork server that runs."""
    (row,) = lab.executor.status()["zygotes"]
    return int(row["pid"])


def waiting(lab: Lab) -> list[int]:
    """Children of the fork server that belong to no environment of the engine."""
    known = {row["pid"] for row in lab.executor.status()["environments"]}
    return [c.pid for c in psutil.Process(zygote_pid(lab)).children() if c.pid not in known]


async def the_spare(lab: Lab) -> int:
    await until(lambda: lab.executor.status()["zygotes"] and len(waiting(lab)) == 1)
    return waiting(lab)[0]


async def test_a_new_environment_is_the_process_that_waited(lab: Lab) -> None:
    function = lab.function(TELL)
    spare = await the_spare(lab)
    told = json.loads((await lab.invoke(function)).payload)
    assert told["pid"] == spare
    assert await the_spare(lab) != spare


async def test_it_differs_in_nothing_from_one_forked_on_demand(lab: Lab) -> None:
    function = lab.function(TELL)
    await the_spare(lab)
    first, second = await asyncio.gather(lab.invoke(function), lab.invoke(function))
    ahead, on_demand = json.loads(first.payload), json.loads(second.payload)
    assert ahead.pop("pid") != on_demand.pop("pid")
    assert abs(ahead.pop("used_mb") - on_demand.pop("used_mb")) <= 2
    for told in (ahead, on_demand):
        # At the lowest level of isolation paths name the environment's own directory.
        told["path"] = [part.rpartition("/")[2] for part in told["path"]]
    assert ahead == on_demand
    assert "_X_AMZN_TRACE_ID" in ahead["variables"]


async def test_a_spare_that_ended_is_replaced(lab: Lab) -> None:
    function = lab.function(TELL)
    spare = await the_spare(lab)
    os.kill(spare, signal.SIGKILL)
    told = json.loads((await lab.invoke(function)).payload)
    assert told["pid"] != spare
    assert await the_spare(lab) != spare


async def test_spares_end_with_their_fork_server(lab: Lab) -> None:
    lab.function(TELL)
    spare = await the_spare(lab)
    os.kill(zygote_pid(lab), signal.SIGKILL)
    await until(lambda: not psutil.pid_exists(spare))


async def test_a_burst_is_served_by_one_spare_and_forks(make_lab: MakeLab) -> None:
    lab = await make_lab()
    function = lab.function(
        "import os, time\ndef handler(e, c):\n    time.sleep(0.2)\n    return 1"
    )
    await the_spare(lab)
    results = await asyncio.gather(*(lab.invoke(function) for _ in range(6)))
    assert [result.payload for result in results] == [b"1"] * 6
    assert {result.start for result in results} == {"cold"}


async def test_a_version_is_prepared_before_it_is_invoked(lab: Lab) -> None:
    """The prepared result is used: the engine looks for the entry point only once."""
    function = lab.function("echo {}", runtime="provided.al2023")
    lab.executor.hooks.prepare(function)
    bootstrap = function.code_dir / "bootstrap"
    await until(lambda: bool(lab.executor._pools._ahead))
    bootstrap.write_text("#!/bin/sh\nexit 1\n")
    bootstrap.chmod(0o755)
    result = await lab.invoke(function)
    assert "Couldn't find valid bootstrap(s)" in result.payload.decode()


async def test_what_cannot_be_prepared_says_so_when_invoked(lab: Lab) -> None:
    function = lab.function("pass", runtime="cobol1.x")
    lab.executor.hooks.prepare(function)
    await asyncio.sleep(0.05)
    assert lab.executor._pools._ahead == {}
