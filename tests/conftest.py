"""What all tests share: a headless matplotlib, hypothesis profiles, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["engine_fixtures", "recorded_lab"]

# Before anything imports matplotlib, and inherited by the kernels that tests start.
os.environ["MPLBACKEND"] = "Agg"
# A developer's own AWS settings must not affect a test, and no test may reach AWS.
for _name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
    os.environ.pop(_name, None)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
# Jupyter's own warning about its move to platformdirs would fail every notebook test.
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

# "dev" for people, "ci" repeatable: no example may depend on the machine's speed.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

_GRACE_S = 15.0
# Python's own helper processes, which live as long as the interpreter.
_EXPECTED = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
_MARK = "LAMBDA_NB_TESTS"


@pytest.fixture(scope="session", autouse=True)
def no_process_left_behind() -> Iterator[None]:
    """Fail the run if a process started by a test outlives the tests.

    It checks the processes below this one. Processes whose parent is gone (such as an execution
    environment of a killed engine) have a mark in their environment variables.
    """
    mark = f"{os.getpid()}-{time.time_ns()}"
    os.environ[_MARK] = mark
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    deadline = time.monotonic() + _GRACE_S
    while (left := _living(before, f"{_MARK}={mark}")) and time.monotonic() < deadline:
        time.sleep(0.1)
    descriptions = [_describe(process) for process in left]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert not left, "tests left processes behind:\n" + "\n".join(descriptions)


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """pyplot keeps every figure, and warns at the 21st, in whichever test opens it."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _living(ignored: set[int], mark: str) -> list[psutil.Process]:
    below = {process.pid for process in psutil.Process().children(recursive=True)}
    living = []
    for process in psutil.process_iter():
        if process.pid in ignored or process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            if process.pid not in below and mark not in _started_with(process.pid):
                continue
            command = " ".join(process.cmdline())
            ended = process.status() == psutil.STATUS_ZOMBIE
            if not ended and not any(expected in command for expected in _EXPECTED):
                living.append(process)
    return living


def _started_with(pid: int) -> list[str]:
    """The environment variables at the start of a process (a fork has its parent's)."""
    return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")


def _describe(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"  {process.pid} ({process.status()}): {' '.join(process.cmdline())[:200]}"
    return f"  {process.pid} (just ended)"
