"""The engine's process: its ready line, its end, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from engine_fixtures import READY, Engine, lives, zip_of

SERVE = [sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0"]
ECHO = "def handler(event, context):\n    return event\n"


def gone(pids: list[int], within_s: float = 15.0) -> bool:
    """Whether all processes end in time. Zombies of other parents count as ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(lives(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_whole_family(
    start_engine: Callable[..., Engine], number: signal.Signals
) -> None:
    engine = start_engine()
    name = engine.create(ECHO)
    engine.client().invoke(FunctionName=name)
    pids = family(engine.process.pid)
    assert len(pids) >= 3  # the engine, its neighbours, an environment
    engine.process.send_signal(number)
    assert engine.process.wait(20) == 0
    assert gone(pids)
    assert engine.log_file.read_text() == ""


def test_a_signal_during_an_invocation(start_engine: Callable[..., Engine]) -> None:
    import threading

    engine = start_engine()
    name = engine.create(
        "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=100
    )
    ended = threading.Event()

    def call() -> None:
        try:
            engine.client().invoke(FunctionName=name)
        except Exception:
            ended.set()

    caller = threading.Thread(target=call)
    caller.start()
    while not engine.status()["environments"]:
        time.sleep(0.02)
    pids = family(engine.process.pid)
    engine.process.send_signal(signal.SIGTERM)
    assert engine.process.wait(20) == 0
    assert gone(pids)
    caller.join(20)
    assert ended.is_set()


def test_kill_9_leaves_no_process_and_loses_nothing(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    name = engine.create(ECHO)
    engine.client().invoke(FunctionName=name)
    keys = engine.keys
    pids = family(engine.process.pid)
    engine.process.kill()
    engine.process.wait(10)
    assert gone(pids)
    again = start_engine()
    assert again.keys == keys
    answer = again.client().invoke(FunctionName=name, Payload=b"7")
    assert json.loads(answer["Payload"].read()) == 7


def test_it_ends_with_its_parent_even_by_kill_9(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        f"engine = subprocess.Popen({[*SERVE, '--end-with-parent']!r}, stdout=subprocess.PIPE)\n"
        "print(engine.pid, engine.stdout.readline().decode().strip(), flush=True)\n"
        "time.sleep(100)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None
        pid, _, line = p.stdout.readline().partition(" ")
        ready = READY.fullmatch(line)
        assert ready is not None, line
        pids = family(int(pid))
        p.kill()
    assert gone(pids)
    assert not Path(ready["credentials"]).parent.exists()  # the private directory


def test_what_a_killed_engine_leaves_the_next_one_removes(tmp_path: Path) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    left = []
    for end in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True, env=environ) as engine:
            assert engine.stdout is not None
            engine.stdout.readline()
            left.append(list(tmp_path.glob("lambda-nb-*")))
            pids = family(engine.pid)
            engine.send_signal(end)
        assert gone(pids)
    assert [len(directories) for directories in left] == [1, 1]
    assert left[0] != left[1]
    assert list(tmp_path.glob("*lambda-nb-*")) == []


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*SERVE[:-1], port], capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"lambda-nb: cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another port with --port, or 0 for a free one.\n"
    )


def test_a_data_directory_in_use(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    name = engine.create(ECHO)
    engine.client().invoke(FunctionName=name)
    done = subprocess.run(
        [*SERVE, "--data-dir", str(engine.data_dir)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("lambda-nb: ")
    assert done.stderr.count("\n") == 1
    assert "in use by another engine" in done.stderr
    # The first engine still works: with running environments and with new ones.
    for reserved in (5, 6):
        engine.client().put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=reserved
        )
        answer = engine.client().invoke(FunctionName=name, Payload=b"1")
        assert answer["Payload"].read() == b"1"
        engine.update(name, ECHO + f"# {reserved}\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--port", "x"],
        ["--port", "70000"],
        ["--account", "12"],
        ["--region", "Mars"],
        ["--keep-alive", "-1"],
        ["--neighbours", "nowhere"],
        ["--neighbour", "s3"],
        ["--neighbour", "s3=nowhere"],
        ["--neighbour", "s4=http://127.0.0.1:9"],
        ["--neighbour", "lambda=http://127.0.0.1:9"],
        ["--neighbour", "s3=http://127.0.0.1:9/path"],
        ["--neighbour", "s3=http://127.0.0.1:9?query"],
        ["--neighbour", "s3=http://127.0.0.1:9", "--neighbour", "s3=http://127.0.0.1:8"],
        ["--neighbour", "s3=http://me:secret@127.0.0.1:9"],
        ["--allow-host", "http://engine.test"],
        ["--isolation", "L9"],
    ],
)
def test_wrong_options(wrong: list[str]) -> None:
    done = subprocess.run([*SERVE, *wrong], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert wrong[0] in done.stderr


def test_the_version() -> None:
    command = [sys.executable, "-m", "lambda_nb.engine", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == f"lambda-nb {version('lambda-nb')}\n"


def test_it_listens_on_loopback_only(engine: Engine) -> None:
    for pid in family(engine.process.pid):
        for connection in psutil.Process(pid).net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip == "127.0.0.1"


def test_the_state_of_the_account_is_the_options(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine(
        *("--account", "123456789012", "--region", "eu-central-1", "--account-concurrency", "150")
    )
    settings = engine.client().get_account_settings()
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 150
    created = engine.client().create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::123456789012:role/r",
        Handler="index.handler",
        Code={"ZipFile": zip_of({"index.py": ECHO})},
    )
    assert created["FunctionArn"] == "arn:aws:lambda:eu-central-1:123456789012:function:f"
    assert os.path.exists(engine.data_dir)
