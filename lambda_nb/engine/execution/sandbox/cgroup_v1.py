"""Control groups (version 1 hierarchies): memory, processes and CPU time of one environment."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from pathlib import Path

from lambda_nb.rules.quotas import VCPU_MB

CONTROLLERS = ("memory", "pids", "cpu")
MOST_PROCESSES = 1024
"""Processes and threads of an environment (AWS Developer Guide, quotas)."""

PERIOD_US = 100_000
"""Period of a group's CPU quota, in microseconds."""

PREFIX = "lambda-nb-"

users: Counter[Path] = Counter()
"""How many executors of this process use a parent group: each Region and location has one."""


class CgroupsUnavailableError(Exception):
    """This process may not make control groups; says why."""


class Cgroups:
    """The parent groups: the engine makes a group below them for each environment.

    Raises
    ------
    CgroupsUnavailableError
        When the controllers are missing, or we may not use them.
    """

    def __init__(self) -> None:
        self._parents: dict[str, Path] = {}
        mounted = _mounted()
        own = _own_paths()
        for controller in CONTROLLERS:
            if controller not in mounted:
                raise CgroupsUnavailableError(f"there is no cgroup (v1) controller {controller!r}")
            folder = mounted[controller] / own.get(controller, "").lstrip("/")
            parent = folder / f"{PREFIX}{os.getpid()}"
            try:
                clear_away(folder)
                parent.mkdir(exist_ok=True)
            except OSError as error:
                self.close()
                raise CgroupsUnavailableError(f"cannot make {parent}: {error.strerror}") from None
            self._parents[controller] = parent
            users[parent] += 1

    def group(self, name: str, memory_mb: int, *, share_cpu: bool) -> Cgroup:
        """Make the group of one environment."""
        # A group with a CPU share must wait its turn among groups: only if that is wanted.
        wanted = CONTROLLERS if share_cpu else CONTROLLERS[:2]
        folders = {controller: self._parents[controller] / name for controller in wanted}
        for folder in folders.values():
            folder.mkdir()
        write(folders["memory"] / "memory.limit_in_bytes", memory_mb << 20)
        write(folders["pids"] / "pids.max", MOST_PROCESSES)
        if share_cpu:
            write(folders["cpu"] / "cpu.cfs_period_us", PERIOD_US)
            write(folders["cpu"] / "cpu.cfs_quota_us", cpu_quota(memory_mb))
        return Cgroup(folders)

    def close(self) -> None:
        """Remove the engine's own groups if nobody else uses them; environments must be gone."""
        for parent in self._parents.values():
            users[parent] -= 1
            if not users[parent]:
                with contextlib.suppress(OSError):
                    parent.rmdir()
        self._parents.clear()


class Cgroup:
    """The control group of one environment."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self.files = [str(folder / "tasks") for folder in folders.values()]

    def processes(self) -> list[int]:
        """Every process in the group."""
        try:
            text = (self._folders["pids"] / "cgroup.procs").read_text()
        except OSError:
            return []
        return [int(pid) for pid in text.split()]

    def kill(self) -> None:
        """Kill everything in the group."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def out_of_memory(self) -> int:
        """How often the kernel has killed a process of the group for using too much memory."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = (self._folders["memory"] / "memory.oom_control").read_text()
            return int(text.split("oom_kill ")[1].split()[0])
        return 0

    def remove(self) -> bool:
        """Remove the group; false while a process is still in it."""
        left = False
        for folder in self._folders.values():
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                left = True
        return not left


def _mounted() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, Path(before.split()[4]))
    return found


def _own_paths() -> dict[str, str]:
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def clear_away(folder: Path) -> None:
    """Remove the groups that killed engines left behind."""
    for old in folder.glob(f"{PREFIX}*"):
        pid = old.name.rpartition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            groups = [old]
            with contextlib.suppress(OSError):  # another engine may remove the same
                groups = [*(p for p in old.iterdir() if p.is_dir()), old]
            for group in groups:
                with contextlib.suppress(OSError):
                    group.rmdir()


def cpu_quota(memory_mb: int) -> int:
    """Microseconds of CPU time in each period; the kernel accepts no less than 1000."""
    return max(1000, memory_mb * PERIOD_US // VCPU_MB.value)


def write(path: Path, value: int) -> None:
    """Write a number into a file of a group."""
    path.write_text(str(value))
