"""SnapStart: hooks around the snapshot, what the log says, and how hooks fail."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest
from execution_lab import Lab, MakeLab, error, lab, make_lab, report, until

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.sandbox.isolation import IsolationError
from lambda_nb.engine.model import FileSystemMount, InvocationResult

__all__ = ["lab", "make_lab"]

SOURCE = """
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot
order = []
kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
log_stream = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
register_before_snapshot(order.append, "before 1")
@register_before_snapshot
def before():
    order.append("before 2")
@register_after_restore
def after():
    order.append("after 1")
register_after_restore(order.append, "after 2")
def handler(event, context):
    return [kind, log_stream, order]
"""


async def test_hooks_run_around_the_snapshot(lab: Lab) -> None:
    function = lab.function(SOURCE, snap_start=True, version="1")
    first = await lab.invoke(function)
    expected = ["before 2", "before 1", "after 1", "after 2"]
    assert json.loads(first.payload) == ["snap-start", None, expected]
    line = report(first)
    assert line.init_ms is None
    assert line.restore_ms is not None
    assert line.billed_restore_ms == -(-round(line.restore_ms * 100) // 100)
    text = lab.sink.text
    assert "Phase: init\n" in text
    assert text.index("INIT_REPORT ") < text.index("RESTORE_START ") < text.index("START RequestId")
    second = await lab.invoke(function)
    assert second.start == "warm"
    assert report(second).restore_ms is None


async def test_a_failing_hook_before_the_snapshot(lab: Lab) -> None:
    function = lab.function(
        "from snapshot_restore_py import register_before_snapshot\n"
        "@register_before_snapshot\ndef before():\n    raise ValueError('not now')\n"
        "def handler(event, context):\n    return 1\n",
        snap_start=True,
        version="1",
    )
    result = await lab.invoke(function)
    assert error(result)["errorMessage"] == "not now"
    assert result.error_type == "Runtime.BeforeSnapshotError"


async def test_a_failing_hook_after_the_restore(lab: Lab) -> None:
    function = lab.function(
        "from snapshot_restore_py import register_after_restore\n"
        "@register_after_restore\ndef after():\n    raise ValueError('not now')\n"
        "def handler(event, context):\n    return 1\n",
        snap_start=True,
        version="1",
    )
    result = await lab.invoke(function)
    assert error(result)["errorMessage"] == "not now"
    assert result.error_type == "Runtime.AfterRestoreError"
    assert "RESTORE_REPORT Restore Duration: " in lab.sink.text
    assert "\tStatus: error\tError Type: Runtime.AfterRestoreError\n" in lab.sink.text


async def test_without_snapstart_hooks_do_not_run(lab: Lab) -> None:
    result = await lab.invoke(lab.function(SOURCE))
    assert json.loads(result.payload)[2] == []


COUNTED = """
import os, random, sys, tempfile, time, uuid
print("module code runs")
born = str(uuid.uuid4())
ballast = bytes(range(256)) * 4096 * 60
seeded = random.random()
made_at_init = os.path.join(tempfile.gettempdir(), "model.bin")
with open(made_at_init, "w") as model:
    model.write("weights")
def handler(event, context):
    time.sleep(event or 0)
    with open(os.path.join(tempfile.gettempdir(), "mine"), "x") as mine:
        mine.write(str(os.getpid()))
    return {
        "born": born,
        "drawn": random.random(),
        "fresh": str(uuid.uuid4()),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "model": open(made_at_init).read(),
        "tmp": tempfile.gettempdir(),
        "ballast": len(ballast),
    }
"""


def rank(lab: Lab) -> int:
    return int(lab.executor.status()["isolation"]["level"][1:])


def answer(result: InvocationResult) -> dict[str, object]:
    assert result.function_error is None, result.payload
    decoded: dict[str, object] = json.loads(result.payload)
    return decoded


async def at_level(make_lab: MakeLab, isolation: str) -> Lab:
    try:
        lab: Lab = await make_lab(isolation=isolation)
    except IsolationError as refusal:
        pytest.skip(str(refusal))
    return lab


@pytest.mark.parametrize("isolation", ["L0", "L1", "L2", "L3"])
async def test_all_environments_come_of_one_initialised_process(
    make_lab: MakeLab, isolation: str
) -> None:
    lab = await at_level(make_lab, isolation)
    function = lab.function(COUNTED, snap_start=True, version="1", timeout_s=10, memory_mb=256)
    results = await asyncio.gather(*(lab.invoke(function, 0.5) for _ in range(5)))
    assert [r.start for r in results] == ["cold"] * 5
    answers = [answer(r) for r in results]
    assert lab.sink.text.count("module code runs") == 1
    assert len({a["born"] for a in answers}) == 1
    assert len({a["drawn"] for a in answers}) == 1, "a restored generator has the snapshot's state"
    assert len({a["fresh"] for a in answers}) == 5
    assert len({a["pid"] for a in answers}) == 5
    views = rank(lab) >= 2  # each has its own /tmp; "mine" was new in all of them
    assert len({a["tmp"] for a in answers}) == (1 if views else 5)
    assert {a["model"] for a in answers} == {"weights"}
    (zygote,) = {a["parent"] for a in answers}
    assert zygote in {z["pid"] for z in lab.executor.status()["zygotes"]}
    assert lab.sink.text.count("RESTORE_START ") == 5
    assert lab.sink.text.count("INIT_START ") == 1
    (snapshot,) = lab.executor.status()["snapshots"]
    assert snapshot["taken"] == 1
    assert len({r.log_stream for r in results}) == 5


async def test_restored_environments_share_the_memory_of_the_snapshot(lab: Lab) -> None:
    function = lab.function(COUNTED, snap_start=True, version="1", timeout_s=10, memory_mb=256)
    results = await asyncio.gather(*(lab.invoke(function, 0.3) for _ in range(3)))
    for result in results:
        memory = psutil.Process(int(str(answer(result)["pid"]))).memory_full_info()
        assert memory.uss < 20 << 20 < 60 << 20 < memory.rss


async def test_hooks_make_unique_what_must_be(lab: Lab) -> None:
    source = COUNTED + (
        "from snapshot_restore_py import register_after_restore\n"
        "register_after_restore(random.seed)\n"
        "@register_after_restore\ndef again():\n    global born\n    born = str(uuid.uuid4())\n"
    )
    function = lab.function(source, snap_start=True, version="1", timeout_s=10, memory_mb=256)
    results = await asyncio.gather(*(lab.invoke(function, 0.3) for _ in range(3)))
    answers = [answer(result) for result in results]
    assert len({a["born"] for a in answers}) == len({a["drawn"] for a in answers}) == len(answers)


async def test_a_snapshot_that_was_killed_is_taken_again(lab: Lab) -> None:
    source = COUNTED.replace('"mine"), "x"', '"mine"), "w"')
    function = lab.function(source, snap_start=True, version="1", timeout_s=10, memory_mb=256)
    running = asyncio.create_task(lab.invoke(function, 1.0))
    await until(lambda: "START RequestId" in lab.sink.text)
    (snapshot,) = lab.executor.status()["snapshots"]
    os.kill(snapshot["pid"], signal.SIGKILL)
    await until(lambda: lab.executor.status()["snapshots"][0]["pid"] is None)
    second = await lab.invoke(function)
    first = await running
    assert (first.start, second.start) == ("cold", "cold")
    assert answer(first)["born"] != answer(second)["born"], "the first outlived its snapshot"
    assert lab.executor.status()["snapshots"][0]["taken"] == 2
    assert lab.sink.text.count("module code runs") == 2
    third, fourth = await asyncio.gather(lab.invoke(function), lab.invoke(function))
    assert (third.start, fourth.start) == ("warm", "warm")


async def test_a_zygote_that_was_killed_takes_the_snapshot_with_it(lab: Lab) -> None:
    source = COUNTED.replace('"mine"), "x"', '"mine"), "w"')
    function = lab.function(source, snap_start=True, version="1", timeout_s=10, memory_mb=256)
    before = answer(await lab.invoke(function))
    os.kill(int(str(before["parent"])), signal.SIGKILL)
    await until(lambda: lab.executor.status()["snapshots"][0]["pid"] is None)
    after = await lab.invoke(function)
    assert after.start == "warm", "the environment is the same, its processes are new"
    assert answer(after)["born"] != before["born"]
    assert lab.executor.status()["snapshots"][0]["taken"] == 2


async def test_restores_leave_nothing_behind_in_the_engine(make_lab: MakeLab) -> None:
    lab = await make_lab(keep_alive_s=0.05)
    source = "def handler(event, context):\n    return 1\n"
    function = lab.function(source, snap_start=True, version="1")

    async def restore() -> None:
        assert (await lab.invoke(function)).start == "cold"
        await until(lambda: not lab.executor.status()["environments"])

    await restore()
    engine = psutil.Process()
    files, processes = engine.num_fds(), len(engine.children(recursive=True))
    for _ in range(20):
        await restore()
    await until(lambda: engine.num_fds() <= files)
    await until(lambda: len(engine.children(recursive=True)) <= processes)
    assert lab.executor.status()["snapshots"][0]["taken"] == 1


async def test_the_next_environment_after_a_timeout_is_restored_too(lab: Lab) -> None:
    source = COUNTED.replace('"mine"), "x"', '"mine"), "w"')
    function = lab.function(source, snap_start=True, version="1", timeout_s=1, memory_mb=256)
    slow = await lab.invoke(function, 5)
    assert slow.status == "timeout"
    assert answer(await lab.invoke(function))["model"] == "weights"
    assert lab.sink.text.count("module code runs") == 1


async def test_nothing_is_left_of_a_deleted_version(lab: Lab) -> None:
    function = lab.function(COUNTED, snap_start=True, version="1", memory_mb=256)
    result = answer(await lab.invoke(function))
    (snapshot,) = lab.executor.status()["snapshots"]
    lab.executor.hooks.deleted(function.name, "1")
    pids = [snapshot["pid"], int(str(result["pid"]))]
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    homes = Path(lab.executor._work_dir) / "environments"
    await until(lambda: not list(homes.iterdir()))
    assert lab.executor.status()["snapshots"] == []


async def test_the_function_hears_of_threads_that_a_fork_leaves_behind(lab: Lab) -> None:
    function = lab.function(
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, name='poller', daemon=True).start()\n"
        "def handler(event, context):\n    return threading.active_count()\n",
        snap_start=True,
        version="1",
    )
    assert json.loads((await lab.invoke(function)).payload) == 1
    assert "1 thread(s) of the init phase (poller) will not run" in lab.sink.text


async def test_a_restore_takes_ten_seconds_at_most(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.engine.execution.environment.restoring.RESTORE_LIMIT_S", 0.3)
    function = lab.function(
        "import time\n"
        "from snapshot_restore_py import register_after_restore\n"
        "register_after_restore(time.sleep, 60)\n"
        "def handler(event, context):\n    return 1\n",
        snap_start=True,
        version="1",
    )
    with pytest.raises(AWSError) as raised:
        await lab.invoke(function)
    assert raised.value.code == "SnapStartTimeoutException"
    assert "\tStatus: timeout\n" in lab.sink.text


CONFINED = """
import ctypes, os
from lambda_runtime_probe import probe
at_init = probe()
def handler(event, context):
    return [at_init, probe()]
"""

PROBE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def refused(call, *arguments):
    number = ctypes.get_errno() if call(*arguments) < 0 else 0
    return os.strerror(number)
def probe():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    every = (ctypes.c_uint32 * 6)(1 << 21 | 1 << 18, 1 << 21 | 1 << 18)
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    return {
        "effective": int(status["CapEff"], 16),
        "capset": refused(libc.capset, header, every),
        "setns": refused(libc.setns, own, 0x20000),
        "chroot": refused(libc.chroot, b"/"),
        "home": os.path.exists(__file__) and [
            name for name in os.listdir("/tmp") if os.path.isfile(f"/tmp/{name}")
        ],
        "efs": os.path.isdir("/mnt/efs") and os.listdir("/mnt/efs"),
    }
"""


@pytest.mark.parametrize("isolation", ["L2", "L3"])
async def test_only_the_engine_changes_views(
    make_lab: MakeLab, isolation: str, tmp_path: Path
) -> None:
    lab = await at_level(make_lab, isolation)
    shared = tmp_path / "efs"
    shared.mkdir()
    (shared / "file").touch()
    function = lab.function(
        files={"app.py": CONFINED, "lambda_runtime_probe.py": PROBE},
        snap_start=True,
        version="1",
        file_systems=(FileSystemMount(shared, "/mnt/efs", "arn"),),
    )
    refused = "Operation not permitted"
    for seen in json.loads((await lab.invoke(function)).payload):
        assert seen == {
            "effective": 0,
            "capset": refused,
            "setns": refused,
            "chroot": refused,
            "home": [],
            "efs": ["file"],
        }


async def test_each_environment_begins_with_a_copy_of_the_snapshots_tmp(lab: Lab) -> None:
    if rank(lab) < 2:
        pytest.skip("needs views: isolation L2")
    function = lab.function(
        "import os, socket, time\n"
        "open('/tmp/state', 'w').write('as initialised')\n"
        "socket.socket(socket.AF_UNIX).bind('/tmp/socket')\n"
        "def handler(event, context):\n"
        "    before = open('/tmp/state').read()\n"
        "    open('/tmp/state', 'w').write('changed')\n"
        "    time.sleep(0.2)\n"
        "    return [before, os.path.realpath('/var/task') == os.getcwd()]\n",
        snap_start=True,
        version="1",
    )
    for result in await asyncio.gather(lab.invoke(function), lab.invoke(function)):
        assert json.loads(result.payload) == ["as initialised", True]
