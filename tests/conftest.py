"""What all tests share: a headless matplotlib, hypothesis profiles, and no process left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["engine_fixtures"]

# Before anything imports matplotlib, and inherited by the kernels that tests start.
os.environ["MPLBACKEND"] = "Agg"
# A developer's own AWS settings must not steer a test, nor may a test ever reach AWS.
for _name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
    os.environ.pop(_name, None)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
# Jupyter's own warning about its move to platformdirs would fail every notebook test.
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

# "dev" for people, "ci" repeatable: no example may depend on the machine's mood.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

_PR_SET_CHILD_SUBREAPER = 36
_GRACE_S = 15.0
# Helpers of Python's own that live as long as the interpreter.
_EXPECTED = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@pytest.fixture(scope="session", autouse=True)
def no_process_left_behind() -> Iterator[None]:
    """Fail the run if a process started by a test outlives the tests.

    On Linux this process adopts orphans (it becomes their "subreaper"), so that a process whose
    parent died, as an execution environment of a killed engine would, is found as well.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = {process.pid for process in _descendants()}
    yield
    deadline = time.monotonic() + _GRACE_S
    while (left := _living(before)) and time.monotonic() < deadline:
        time.sleep(0.1)
    descriptions = [_describe(process) for process in left]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert not left, "tests left processes behind:\n" + "\n".join(descriptions)


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _living(ignored: set[int]) -> list[psutil.Process]:
    living = []
    for process in _descendants():
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            zombie = process.status() == psutil.STATUS_ZOMBIE
            if (
                process.pid not in ignored
                and not zombie
                and not any(e in command for e in _EXPECTED)
            ):
                living.append(process)
    return living


def _describe(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"  {process.pid} ({process.status()}): {' '.join(process.cmdline())[:200]}"
    return f"  {process.pid} (just ended)"
