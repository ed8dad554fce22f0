"""Nothing that was answered with success is lost when the engine is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from control_harness import Harness, archive

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.databases import DatabaseError

TESTS = Path(__file__).parents[2]

# Writes in an endless loop and prints what was answered.
WRITER = """
import asyncio, sys
from pathlib import Path
from control_harness import Harness, archive

async def write():
    harness = Harness(Path(sys.argv[1]))
    number = 0
    while True:
        name = f"f{number}"
        await harness.function(name, Code={"ZipFile": archive(f"number = {number}")})
        print("function", name, flush=True)
        await harness("UpdateFunctionConfiguration", FunctionName=name, Timeout=number % 900 + 1)
        print("timeout", name, flush=True)
        await asyncio.sleep(0)
        await harness("PublishVersion", FunctionName=name)
        print("version", name, flush=True)
        await harness("CreateAlias", FunctionName=name, Name="live", FunctionVersion="1")
        print("alias", name, flush=True)
        number += 1

asyncio.run(write())
"""


@pytest.mark.parametrize("answers", [1, 2, 7, 60, 203])
async def test_what_was_answered_survives_kill_9(tmp_path: Path, answers: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(answers)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    answered = [line.split() for line in lines if line.endswith("\n")]  # the last may be cut off
    assert len(answered) >= answers
    harness = Harness(tmp_path)
    for what, name in answered:
        number = int(name[1:])
        got = await harness("GetFunctionConfiguration", FunctionName=name)
        assert (got["State"], got["LastUpdateStatus"]) == ("Active", "Successful")
        version = harness.control.resolve(name, None).function
        assert (version.code_dir / "m.py").read_text() == f"number = {number}"
        if what == "timeout":
            assert version.timeout_s == number % 900 + 1
        if what == "version":
            assert harness.control.resolve(name, "1").function.timeout_s == number % 900 + 1
        if what == "alias":
            assert harness.control.resolve(name, "live").function.version == "1"
    await harness.settled("UpdateFunctionCode", FunctionName="f0", ZipFile=archive("x = 1"))
    harness.close()


def test_records_are_private(tmp_path: Path) -> None:
    Harness(tmp_path).close()
    assert (tmp_path / "control.db").stat().st_mode & 0o077 == 0


async def test_a_stop_between_answer_and_activity_is_made_up_for(tmp_path: Path) -> None:
    first = Harness(tmp_path)
    await first.function()
    await first("UpdateFunctionConfiguration", FunctionName="f", Timeout=8)
    queue = "arn:aws:sqs:us-east-1:000000000000:q"
    mapping = await first("CreateEventSourceMapping", FunctionName="f", EventSourceArn=queue)
    first.close()  # before the event loop's next turn
    second = Harness(tmp_path)
    got = await second("GetFunctionConfiguration", FunctionName="f")
    assert (got["Timeout"], got["LastUpdateStatus"]) == (8, "Successful")
    kept = await second("GetEventSourceMapping", UUID=mapping["UUID"])
    assert kept["State"] == "Enabled"
    second.close()


async def test_reserved_concurrency_is_announced_again(tmp_path: Path) -> None:
    first = Harness(tmp_path)
    await first.function()
    await first("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    first.close()
    second = Harness(tmp_path)
    second.control.announce()
    assert second.hooks.told == [("reserved", "f", 0)]
    second.close()


def test_a_failed_batch_leaves_no_trace(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")

    def fail_while_collecting() -> None:
        with store.write() as batch:
            batch.put("kind", "", "key", {"a": 1})
            raise ZeroDivisionError

    def fail_while_committing() -> None:
        with store.write() as batch:
            batch.put("kind", "", "first", {"a": 1})
            batch.put("kind", "", "second", {"a": object()})  # not JSON

    with pytest.raises(ZeroDivisionError):
        fail_while_collecting()
    with pytest.raises(TypeError):
        fail_while_committing()
    assert store.children("kind", "") == {}
    store.close()
    again = Store(tmp_path / "db")
    assert again.children("kind", "") == {}
    again.close()


def test_one_engine_a_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    program = (
        "import sys; from pathlib import Path\n"
        "from lambda_nb.engine.control.records.store import Store\n"
        "Store(Path(sys.argv[1]))"
    )
    second = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode != 0
    assert "is in use by another engine" in second.stderr
    store.close()


def test_a_database_of_another_format_is_refused(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(DatabaseError, match="has format 99"):
        Store(tmp_path / "db")
