"""Control groups of version 2 (one hierarchy): the same limits as ``cgroup_v1`` sets.

A group of version 2 that passes controllers on may hold no process itself. So the environments'
groups are made below the parent of the engine's own group, if we may write there (root on a usual
machine), else below that own group (``systemd-run --user --scope -p Delegate=yes``). In the second
case the engine moves out of its own group, which must hold no other process.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from lambda_nb.engine.execution.sandbox.cgroup_v1 import (
    CONTROLLERS,
    MOST_PROCESSES,
    PERIOD_US,
    PREFIX,
    CgroupsUnavailableError,
    clear_away,
    cpu_quota,
    users,
    write,
)


class UnifiedCgroups:
    """The parent group: the engine makes a group below it for each environment.

    Parameters
    ----------
    mount
        Where the hierarchy is mounted; looked up if not given.
    controllers
        Those that environments need.

    Raises
    ------
    CgroupsUnavailableError
        When the controllers are missing, or we may not use them.
    """

    def __init__(
        self, mount: Path | None = None, controllers: tuple[str, ...] = CONTROLLERS
    ) -> None:
        self._controllers = controllers
        self._own = (mount or _mount()) / _own_path()
        self._engine: Path | None = None
        self._parent: Path | None = None
        try:
            present = (self._own / "cgroup.controllers").read_text().split()
        except OSError as error:
            raise CgroupsUnavailableError(f"cannot read {self._own}: {error.strerror}") from None
        if missing := [name for name in controllers if name not in present]:
            raise CgroupsUnavailableError(
                f"there is no cgroup (v2) controller {missing[0]!r} in {self._own}"
            )
        beside, below = self._own.parent, self._own
        try:
            self._make(beside if _passes_on(beside, controllers) else below)
        except OSError as error:
            self.close()
            raise CgroupsUnavailableError(
                f"cannot make control groups in {self._own}: {error.strerror}. Start the engine "
                "with systemd-run --user --scope -p Delegate=yes"
            ) from None

    def _make(self, folder: Path) -> None:
        clear_away(folder)
        parent = folder / f"{PREFIX}{os.getpid()}"
        parent.mkdir(exist_ok=True)
        self._parent = parent
        users[parent] += 1
        if folder == self._own and self._controllers:
            self._engine = self._own / f"{PREFIX}engine-{os.getpid()}"
            self._engine.mkdir(exist_ok=True)
            write(self._engine / "cgroup.procs", os.getpid())
            self._pass_on(self._own)
        self._pass_on(parent)

    def _pass_on(self, folder: Path) -> None:
        if self._controllers:
            words = " ".join(f"+{name}" for name in self._controllers)
            (folder / "cgroup.subtree_control").write_text(words)

    def group(self, name: str, memory_mb: int, *, share_cpu: bool) -> UnifiedCgroup:
        """Make the group of one environment."""
        assert self._parent is not None
        folder = self._parent / name
        folder.mkdir()
        if "memory" in self._controllers:
            write(folder / "memory.max", memory_mb << 20)
            with contextlib.suppress(OSError):  # a kernel that counts no swap has no such file
                write(folder / "memory.swap.max", 0)
        if "pids" in self._controllers:
            write(folder / "pids.max", MOST_PROCESSES)
        if share_cpu:
            (folder / "cpu.max").write_text(f"{cpu_quota(memory_mb)} {PERIOD_US}")
        return UnifiedCgroup(folder)

    def close(self) -> None:
        """Remove the engine's own groups if nobody else uses them; environments must be gone."""
        parent, self._parent = self._parent, None
        if parent is not None:
            users[parent] -= 1
            if not users[parent]:
                with contextlib.suppress(OSError):
                    parent.rmdir()
        if self._engine is not None:
            # Move back to its old group, which accepts processes only if it passes nothing on.
            with contextlib.suppress(OSError):
                words = " ".join(f"-{name}" for name in self._controllers)
                (self._own / "cgroup.subtree_control").write_text(words)
                write(self._own / "cgroup.procs", os.getpid())
                self._engine.rmdir()


class UnifiedCgroup:
    """The control group of one environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = [str(folder / "cgroup.procs")]

    def processes(self) -> list[int]:
        """Every process in the group."""
        try:
            return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]
        except OSError:
            return []

    def kill(self) -> None:
        """Kill everything in the group, at once where the kernel can (Linux 5.14)."""
        try:
            (self._folder / "cgroup.kill").write_text("1")
        except OSError:
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def out_of_memory(self) -> int:
        """How often the kernel has killed a process of the group for using too much memory."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = (self._folder / "memory.events").read_text()
            return int(text.split("oom_kill ")[1].split()[0])
        return 0

    def remove(self) -> bool:
        """Remove the group; false while a process is still in it."""
        try:
            self._folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def _mount() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            return Path(before.split()[4])
    raise CgroupsUnavailableError("no cgroup (v2) hierarchy is mounted")


def _own_path() -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[len("0::") :].strip("/")
    raise CgroupsUnavailableError("this process is in no group of the cgroup (v2) hierarchy")


def _passes_on(folder: Path, controllers: tuple[str, ...]) -> bool:
    """Whether we may make groups in ``folder``, and they get the controllers."""
    try:
        active = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    ours = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
    return ours and set(controllers) <= set(active)
