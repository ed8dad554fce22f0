"""When the engine is killed, everything it started dies with it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from engine_fixtures import lives

from lambda_nb.engine.execution.runtimes.interpreters import own_python
from lambda_nb.engine.execution.runtimes.launch import BOOTSTRAPS
from lambda_nb.engine.execution.runtimes.zygotes import Process, Zygote, ZygoteKind

PROGRAM = """
import asyncio, sys
from pathlib import Path
from lambda_nb.engine.execution import Executor
from lambda_nb.engine.model import FunctionVersion, Invocation

class Sink:
    def put(self, *event): pass
    def record(self, record): pass

async def main():
    folder = Path(sys.argv[1])
    executor = Executor(
        work_dir=folder / "work", account="000000000000", region="us-east-1",
        api_endpoint=lambda: "", credentials_for=lambda function: ("", "", ""),
        logs=Sink(), records=Sink(), isolation=sys.argv[2],
    )
    await executor.start()
    function = FunctionVersion(
        account="000000000000", region="us-east-1", name="f", version="$LATEST", arn="arn",
        revision="1", handler="app.handler", runtime="python%d.%d" % sys.version_info[:2],
        code_dir=folder / "code", timeout_s=100,
    )
    def call(seconds):
        return executor.invoke(function, Invocation("id", str(seconds).encode(), "arn"))
    await asyncio.gather(call(0.2), call(0.2))
    print("ready", flush=True)
    await call(90)

asyncio.run(main())
"""

HANDLER = """
import subprocess, time
def handler(event, context):
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    time.sleep(event)
"""


@pytest.mark.parametrize("level", ["L0", "auto"])
def test_kill_9_of_the_engine_ends_every_process(tmp_path: Path, level: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text(HANDLER)
    engine = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), level], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout is not None
    assert engine.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 20
    # the fork server, two environments (one of them frozen), three times sleep
    while len(started := psutil.Process(engine.pid).children(recursive=True)) < 6:
        assert time.monotonic() < deadline, started
        time.sleep(0.02)
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    engine.stdout.close()
    while living := [process for process in started if lives(process.pid)]:
        assert time.monotonic() < deadline, living
        time.sleep(0.02)


def test_an_engine_that_dies_without_having_read_is_gone_like_any_other() -> None:
    """The kernel says ECONNRESET then instead of the end of the stream."""
    path = BOOTSTRAPS / "python" / "lambda_runtime" / "snapshot.py"
    spec = importlib.util.spec_from_file_location("snapshot_of_the_runtime", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    engine, zygote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with zygote:
        zygote.send(b"unread")
        engine.close()
        assert module.receive(zygote) == (b"", [])


async def test_a_process_that_has_no_group_yet_is_killed_too() -> None:
    """The fork server tells a process's id before the process has made its own group."""
    child = subprocess.Popen(["sleep", "300"])
    process = Process(child.pid, Zygote(ZygoteKind(own_python())))
    process.kill()
    assert await asyncio.to_thread(child.wait, 60) == -signal.SIGKILL
