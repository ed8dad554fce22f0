"""Each isolation level: what an environment can still do, and what it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import venv
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import needs_program
from execution_lab import Lab, MakeLab, at_level, error, lab, make_lab, task_root, until

from lambda_nb.engine.execution.sandbox import tmp_size
from lambda_nb.engine.execution.sandbox.isolation import LEVELS, Isolation, IsolationError
from lambda_nb.engine.execution.sandbox.tmp_size import StorageWatchdog
from lambda_nb.engine.model import FileSystemMount

__all__ = ["at_level", "lab", "make_lab"]

TRY = """
import ctypes, os, shutil, socket, subprocess, sys, threading
def handler(event, context):
    try:
        return eval(event)
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror}"
def threads(count):
    waiting = threading.Event()
    try:
        for _ in range(count):
            threading.Thread(target=waiting.wait, daemon=True).start()
    except RuntimeError as error:
        return str(error)
    finally:
        waiting.set()
def write(path, size=1):
    with open(path, "wb") as file:
        file.write(b"x" * size)
    return "written"
def call(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    return os.strerror(ctypes.get_errno()) if libc.syscall(*arguments) < 0 else "done"
"""


def rank(lab: Lab) -> int:
    return LEVELS.index(lab.executor.status()["isolation"]["level"])


async def attempt(lab: Lab, expression: str, **settings: Any) -> Any:
    function = lab.function(TRY, **{"timeout_s": 30, **settings})
    result = await lab.invoke(function, expression)
    assert result.function_error is None, result.payload
    return json.loads(result.payload)


async def test_files_of_the_machine(at_level: Lab) -> None:
    answer = await attempt(at_level, f"len(open({__file__!r}).read()) > 0")
    if rank(at_level) >= 2 and __file__.startswith("/tmp/"):  # it has a private /tmp
        assert answer == "FileNotFoundError: No such file or directory"
    elif rank(at_level) >= 1 and not __file__.startswith("/tmp/"):  # which level 1 leaves open
        assert answer == "PermissionError: Permission denied"
    else:
        assert answer is True
    assert await attempt(at_level, "len(open('/etc/hostname').read()) > 0")
    assert await attempt(at_level, "subprocess.run(['sh', '-c', 'echo hi']).returncode") == 0


async def test_the_code_is_read_only(at_level: Lab) -> None:
    function = at_level.function(TRY)
    result = await at_level.invoke(function, f"write('{task_root(at_level, function)}/new')")
    words = json.loads(result.payload)
    # Below level 2 the environment may write all of /tmp, where pytest keeps the code.
    assert words == ("OSError: Read-only file system" if rank(at_level) >= 2 else "written")


async def test_tmp_is_writable_and_from_level_2_private(at_level: Lab) -> None:
    path = f"/tmp/lambda-nb-test-{os.getpid()}"
    try:
        assert await attempt(at_level, f"write({path!r})") == "written"
        assert Path(path).exists() == (rank(at_level) < 2)
        seen = await attempt(at_level, f"os.path.exists({path!r})")
        assert seen == (rank(at_level) < 2)
    finally:
        Path(path).unlink(missing_ok=True)
    own = "[write(os.environ['HOME'] + '/x'), os.listdir(os.environ['HOME'])]"
    written, listed = await attempt(at_level, own)
    # If these tests are in /tmp, the path to what functions need of them is visible there.
    way = (
        {__file__.split("/")[2]} if rank(at_level) >= 2 and __file__.startswith("/tmp/") else set()
    )
    assert (written, {"x"} <= set(listed) <= {"x", *way}) == ("written", True)


@needs_program("node")
async def test_the_cache_may_be_in_tmp(make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Path(tempfile.mkdtemp(prefix="lambda-nb-test-", dir="/tmp"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache / "made-by-the-engine"))
    reads = "require('fs').readFileSync(event, 'utf8')"
    try:
        lab = await make_lab()
        function = lab.function(
            runtime="nodejs20.x", handler="index.handler", timeout_s=20,
            files={"index.js": f"exports.handler = async event => {reads};"},
        )  # fmt: skip
        file = cache / "made-by-the-engine" / "lambda_nb" / "sdk"
        await lab.invoke(function, "nothing")
        file.write_text("fetched later")
        result = await lab.invoke(function, str(file))
        assert json.loads(result.payload) == "fetched later"
    finally:
        shutil.rmtree(cache)


async def test_files_larger_than_tmp_are_refused(at_level: Lab) -> None:
    expression = "write(os.environ['HOME'] + '/large', 3 << 20)"
    assert await attempt(at_level, expression, ephemeral_storage_mb=2) == "OSError: File too large"


FILL = """
import errno, os, time, tempfile
def handler(event, context):
    folder = tempfile.gettempdir()
    written = failed = 0
    deadline = time.monotonic() + 20
    while not failed and time.monotonic() < deadline:
        try:
            with open(f"{folder}/{written}", "wb") as file:
                file.write(bytes(1 << 20))
            written += 1
        except OSError as error:
            failed = error.errno
        time.sleep(0.01)
    for name in os.listdir(folder):
        if os.path.isfile(f"{folder}/{name}"):
            os.unlink(f"{folder}/{name}")
    while time.monotonic() < deadline:
        try:
            with open(f"{folder}/again", "wb") as file:
                file.write(b"x")
            return [written, errno.errorcode[failed], "again"]
        except OSError:
            time.sleep(0.01)
"""


async def test_the_sum_of_files_in_tmp_is_limited(at_level: Lab) -> None:
    function = at_level.function(FILL, timeout_s=40, ephemeral_storage_mb=16)
    result = await at_level.invoke(function)
    written, failed, again = json.loads(result.payload)
    assert 16 <= written < 200, "as many as the watchdog does not see between two looks"
    assert (failed, again) == ("EFBIG", "again")
    assert "/tmp holds " in at_level.sink.text
    assert "MB of 16 MB: writes to files fail until some are deleted" in at_level.sink.text


async def test_many_files_are_counted_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tmp_size, "_QUICK_S", 0.0)
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "one", tmp_path / "folder" / "two"):
        path.write_bytes(bytes(3 << 19))
    warnings: list[str] = []
    watchdog = StorageWatchdog(tmp_path, 2, list, warnings.append)
    watchdog.start()
    await until(lambda: bool(warnings))
    watchdog.close()
    assert "/tmp holds 3 MB of 2 MB" in warnings[0]


async def test_other_processes_are_out_of_reach(at_level: Lab) -> None:
    answer = await attempt(at_level, f"os.kill({os.getpid()}, 0)")
    assert answer == ("PermissionError: Operation not permitted" if rank(at_level) >= 1 else None)


async def test_dangerous_calls_are_refused(at_level: Lab) -> None:
    if rank(at_level) == 0:
        pytest.skip("level 0 filters no system calls")
    for arguments in ((272, 0x10000000), (101, 16, os.getpid(), 0, 0), (165, 0, 0, 0, 0, 0)):
        assert await attempt(at_level, f"call{arguments}") == "Operation not permitted"


async def test_capabilities_are_gone(at_level: Lab) -> None:
    status = await attempt(at_level, "open('/proc/self/status').read()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if rank(at_level) >= 2:
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == str(int(rank(at_level) >= 1))
    assert fields["Seccomp"] == ("2" if rank(at_level) >= 1 else "0")


async def test_limits_of_processes(at_level: Lab) -> None:
    assert await attempt(at_level, "os.sysconf('SC_OPEN_MAX')") == 1024
    if rank(at_level) == 3:
        answer = await attempt(at_level, "threads(1100)", memory_mb=1024)
        assert answer == "can't start new thread"


async def test_the_memory_limit(at_level: Lab) -> None:
    function = at_level.function(TRY, timeout_s=30)
    result = await at_level.invoke(
        function, "len([bytearray(b'x' * 5_000_000) for _ in range(99)])"
    )
    assert "signal: killed" in error(result)["errorMessage"]
    assert result.error_type == "Runtime.OutOfMemory"
    assert result.max_memory_mb == 128
    assert (await at_level.invoke(function, "1 + 1")).payload == b"2"


async def test_shared_file_systems(at_level: Lab, tmp_path: Path) -> None:
    if rank(at_level) < 2:
        pytest.skip("mounting at /mnt needs level 2")
    shared = tmp_path / "shared"
    shared.mkdir()
    mount = FileSystemMount(shared, "/mnt/data", "arn:aws:elasticfilesystem:x")
    settings = {"file_systems": (mount,)}
    assert await attempt(at_level, "write('/mnt/data/kept')", **settings) == "written"
    assert await attempt(at_level, "os.listdir('/mnt/data')", **settings) == ["kept"]
    assert (shared / "kept").exists()


BURN = """
import os, subprocess, sys, time
LOOP = "import time\\nwhile time.process_time() < 0.3: pass"
def handler(event, context):
    if event == "child":
        began = time.monotonic()
        subprocess.run([sys.executable, "-S", "-c", LOOP], check=True)
        return 0.3 / (time.monotonic() - began)
    wall, cpu = time.monotonic(), time.process_time()
    while time.process_time() - cpu < 0.3:
        pass
    return (time.process_time() - cpu) / (time.monotonic() - wall)
"""


@pytest.mark.parametrize("level", LEVELS)
async def test_cpu_time_in_proportion_to_memory(
    make_lab: MakeLab, tmp_path: Path, level: str
) -> None:
    try:
        Isolation(level, tmp_path / "probe").probe()
    except IsolationError as refusal:
        pytest.skip(str(refusal))
    lab = await make_lab(isolation=level, share_cpu=True)
    enforcer = lab.executor.status()["isolation"]["cpu"]
    assert enforcer.startswith("cgroup") if level == "L3" else enforcer == "watchdog"

    async def share(memory_mb: int, event: Any = None) -> float:
        function = lab.function(BURN, memory_mb=memory_mb, timeout_s=60)
        return float((await lab.invoke(function, event)).payload)

    quarter = await share(442)
    assert 0.05 < quarter < 0.4  # a quarter of a vCPU, plus the overrun of one period
    assert await share(442, "child") < 0.4, "what a function starts counts as well"
    for _ in range(10):  # other work on the machine can only lower a share
        if (whole := await share(1769)) > 1.5 * quarter:
            break
    assert whole > 1.5 * quarter


def engine_groups() -> list[Path]:
    return list(Path("/sys/fs/cgroup/pids").glob(f"lambda-nb-{os.getpid()}/*/"))


async def test_groups_are_removed(make_lab: MakeLab, tmp_path: Path) -> None:
    try:
        Isolation("L3", tmp_path / "probe").probe()
    except IsolationError as refusal:
        pytest.skip(str(refusal))
    groups = engine_groups()
    lab = await make_lab(isolation="L3")
    await asyncio.gather(*(lab.invoke(lab.function(TRY), "1") for _ in range(3)))
    assert len(engine_groups()) == 3
    await lab.executor.close()
    assert engine_groups() == groups


def test_an_unknown_level_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsolationError, match="choose auto, L0, L1, L2 or L3"):
        Isolation("L9", tmp_path)


WRAPPED = """
import os, subprocess, sys
def handler(event, context):
    ran = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
    return [os.environ.get("WRAPPED"), ran.stdout.strip() or ran.stderr]
"""


def private_home(tmp_path: Path) -> Path:
    """A directory that only its owner can enter, outside what every environment may read."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


async def test_a_wrapper_finds_a_python_below_a_home_directory(at_level: Lab) -> None:
    layer = at_level.folder / "layer"
    layer.mkdir()
    (layer / "wrap").write_text('#!/bin/sh\nWRAPPED=yes exec "$@"\n')
    (layer / "wrap").chmod(0o755)
    function = at_level.function(
        WRAPPED,
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"},
        layer_dirs=(layer,),
        timeout_s=30,
    )
    assert json.loads((await at_level.invoke(function)).payload) == ["yes", "42"]


async def test_a_script_starts_a_virtual_environment_of_a_private_home(
    at_level: Lab, tmp_path: Path
) -> None:
    """A custom runtime whose first line names the Python of a virtual environment."""
    home = private_home(tmp_path)
    venv.create(home / "venv", symlinks=True)
    site = next((home / "venv").glob("lib/python3*/site-packages"))
    (site / "shelf.py").write_text("BOOK = 'read'\n")
    bootstrap = f"#!{home}/venv/bin/python -I\n{CUSTOM}"
    function = at_level.function(
        files={"bootstrap": bootstrap}, runtime="provided.al2023", handler="x", timeout_s=30
    )
    result = await at_level.invoke(function)
    assert (result.function_error, result.payload) == (None, b'"read"'), at_level.sink.text


async def test_node_below_a_private_home(
    at_level: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    binaries = private_home(tmp_path) / "node" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(os.path.realpath(node), binaries / "node")
    monkeypatch.setenv("PATH", f"{binaries}:{os.environ['PATH']}")
    function = at_level.function(
        files={"index.mjs": "export const handler = async () => process.execPath;\n"},
        runtime="nodejs20.x",
        handler="index.handler",
        timeout_s=30,
    )
    result = await at_level.invoke(function)
    assert json.loads(result.payload) == f"{binaries}/node", at_level.sink.text


CUSTOM = """
import os, shelf, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        number = event.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(api + number + "/response", data=f'"{shelf.BOOK}"'.encode())
"""


async def test_what_amazon_linux_has(at_level: Lab) -> None:
    if rank(at_level) < 2:
        pytest.skip("below level 2 environments see the machine's own files")
    assert await attempt(at_level, "socket.gethostbyname('sandbox')") == "127.0.0.1"
    assert await attempt(at_level, "socket.gethostbyname('sandbox.localdomain')") == "127.0.0.1"
    values = "socket.gethostbyname('000000000000.localhost')"  # an account before the engine's name
    assert await attempt(at_level, values) == "127.0.0.1"
    pipe = "subprocess.run(['/bin/sh', '-c', 'set -euo pipefail; false | true']).returncode"
    assert await attempt(at_level, pipe) == 1
    version = "subprocess.run([{!r}, '-c', 'import sys; print(*sys.version_info[:2])'], "
    version += "capture_output=True, text=True).stdout"
    own = await attempt(at_level, "'{} {}'.format(*sys.version_info[:2])")
    for name in ("python", "python3"):
        assert (await attempt(at_level, version.format(name))).strip() == own
    assert await attempt(at_level, "shutil.which('python')") == "/var/lang/bin/python"
