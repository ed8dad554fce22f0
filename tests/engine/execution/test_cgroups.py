"""Control groups of version 2: on this machine's own hierarchy, and the controllers' settings.

The tests of the isolation levels use version 1, where it exists.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_nb.engine.execution.sandbox import cgroup_v2
from lambda_nb.engine.execution.sandbox.cgroup_v1 import CgroupsUnavailableError
from lambda_nb.engine.execution.sandbox.cgroup_v2 import UnifiedCgroups


def test_processes_join_a_group_and_are_killed_in_it() -> None:
    """Needs no controller: it runs wherever we own a mounted hierarchy of version 2."""
    try:
        groups = UnifiedCgroups(controllers=())
    except CgroupsUnavailableError as refusal:
        pytest.skip(str(refusal))
    group = groups.group("one", 128, share_cpu=False)
    (joining,) = group.files
    script = f"echo 0 > {joining}; sleep 60 & echo joined; wait"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"joined\n"
        assert shell.pid in group.processes()
        assert len(group.processes()) == 2
        assert not group.remove()
        group.kill()
        assert shell.wait(10) == -9
    for _ in range(500):
        if group.remove():
            break
        os.sched_yield()
    assert group.processes() == []
    assert group.out_of_memory() == 0
    groups.close()
    assert not Path(joining).parent.parent.exists()


@pytest.fixture
def hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files like the kernel's for a delegated group with one process, ours."""
    own = tmp_path / "user.slice" / "engine.scope"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (own.parent / "cgroup.subtree_control").write_text("\n")
    monkeypatch.setattr(cgroup_v2, "_own_path", lambda: "user.slice/engine.scope")
    return tmp_path


def test_limits_are_written_as_the_kernel_reads_them(hierarchy: Path) -> None:
    groups = UnifiedCgroups(hierarchy)
    own = hierarchy / "user.slice" / "engine.scope"
    pid = os.getpid()
    assert (own / f"lambda-nb-engine-{pid}" / "cgroup.procs").read_text() == str(pid)
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    parent = own / f"lambda-nb-{pid}"
    assert (parent / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    group = groups.group("one", 442, share_cpu=True)
    one = parent / "one"
    assert (one / "memory.max").read_text() == str(442 << 20)
    assert (one / "memory.swap.max").read_text() == "0"
    assert (one / "pids.max").read_text() == "1024"
    assert (one / "cpu.max").read_text() == "24985 100000"  # 442 / 1769 of a vCPU
    (one / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n")
    assert group.out_of_memory() == 1
    groups.group("two", 1769, share_cpu=False)
    assert not (parent / "two" / "cpu.max").exists()


def test_a_parent_that_passes_controllers_on_takes_the_groups(hierarchy: Path) -> None:
    slice_ = hierarchy / "user.slice"
    (slice_ / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (slice_ / "cgroup.procs").write_text("")
    UnifiedCgroups(hierarchy)
    assert (slice_ / f"lambda-nb-{os.getpid()}").is_dir()
    assert not list((slice_ / "engine.scope").glob("lambda-nb-*"))


_SHARING = """
import glob, os
from lambda_nb.engine.execution.sandbox.cgroup_v1 import Cgroups, CgroupsUnavailableError
try:
    groups, others = Cgroups(), Cgroups()
except CgroupsUnavailableError as refusal:
    raise SystemExit(f"skip: {refusal}")
others.close()
others.close()  # counts once
groups.group("one", 128, share_cpu=False).remove()
groups.close()
left = glob.glob(f"/sys/fs/cgroup/memory/**/lambda-nb-{os.getpid()}", recursive=True)
assert not left, left
"""


def test_executors_share_their_parent_group_until_the_last_one_ends() -> None:
    # In a process of its own: other tests' executors may use the group of this one.
    ran = subprocess.run([sys.executable, "-c", _SHARING], capture_output=True, text=True)
    if ran.stderr.startswith("skip: "):
        pytest.skip(ran.stderr)
    assert ran.returncode == 0, ran.stderr


def test_a_missing_controller_is_named(hierarchy: Path) -> None:
    own = hierarchy / "user.slice" / "engine.scope"
    (own / "cgroup.controllers").write_text("cpuset hugetlb\n")
    with pytest.raises(CgroupsUnavailableError, match=r"no cgroup \(v2\) controller 'memory'"):
        UnifiedCgroups(hierarchy)
