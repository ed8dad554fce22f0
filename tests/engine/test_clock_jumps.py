"""Setting the machine's clock, forward or back, makes nothing late, early or too old."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Ear, Engine

# The engine in a process whose wall clock is off by the seconds in a file.
JUMPY = """
import pathlib, runpy, sys, time
offset = pathlib.Path(sys.argv.pop(1))
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + float(offset.read_text())
time.time_ns = lambda: real_ns() + int(float(offset.read_text()) * 1e9)
runpy.run_module("lambda_nb.engine", run_name="__main__")
"""
DAY = 86_400.0
FAILS_ONCE = """
def handler(event, context):
    say(context.aws_request_id)
    if event["fails"]:
        raise ValueError
"""


@pytest.mark.parametrize("jump_s", [-DAY, DAY])
def test_retries_come_in_time(
    start_engine: Callable[..., Engine], ear: Ear, tmp_path: Path, jump_s: float
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    serve = [sys.executable, "-c", JUMPY, str(offset), "serve", "--port", "0"]
    engine = start_engine("--auth", "none", "--retry-delay", "3", serve=serve)
    name = engine.create(ear.say + FAILS_ONCE)
    engine.client().put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=3600
    )
    engine.client().invoke(FunctionName=name, InvocationType="Event", Payload=b'{"fails": true}')
    ear.wait(lambda said: len(said) == 1)
    offset.write_text(str(jump_s))
    ear.wait(lambda said: len(said) == 2)
    assert ear.heard[0] == ear.heard[1]
    deadline = time.monotonic() + 20
    while [e["state"] for e in engine.status()["environments"]] != ["idle"]:
        assert time.monotonic() < deadline  # nor is it too old to be kept
        time.sleep(0.02)
    answer = engine.client().invoke(FunctionName=name, Payload=b'{"fails": false}')
    assert "FunctionError" not in answer


def test_events_of_a_later_time_do_not_wait_for_it(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    name = engine.create(f"{ear.say}def handler(event, context):\n    say(event)\n")
    engine.client().invoke(FunctionName=name, InvocationType="Event", Payload=b'"first"')
    ear.wait(lambda said: said == ["first"])
    assert engine.stop() == 0
    database = sqlite3.connect(engine.data_dir / "events.sqlite")
    columns = "due, accepted, function, request_id, payload, source"
    database.execute(
        f"INSERT INTO event ({columns}) VALUES (?, ?, ?, 'id', ?, 'event')",
        (time.time() + DAY, time.time() + DAY - 60, name, b'"from tomorrow"'),
    )
    database.commit()
    database.close()
    start_engine()
    ear.wait(lambda said: said == ["first", "from tomorrow"])
