"""How far environments are kept apart from each other and from the machine.

=====  ====================================================================  ===================
level  adds                                                                  needs
=====  ====================================================================  ===================
L0     process group, cleared environment, resource limits, memory           nothing
       watchdog, death with the engine
L1     no_new_privs, Landlock (files, signals), a seccomp filter             Linux 5.13
L2     a mount namespace: ``/tmp`` of its own, ``/var/task``, ``/opt`` and   root, or user
       ``/var/runtime`` read-only at their true paths; no capabilities;      namespaces
       other processes, passwords and sockets of services out of sight
L3     control groups: the kernel's memory limit, number of processes        cgroups, writable
=====  ====================================================================  ===================

The network stays shared: functions talk to the engine on loopback. At L1 ``/tmp`` and everything
in it is shared too: functions write to ``/tmp``, and Landlock can forbid but not redirect.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from lambda_nb.engine.execution.runtimes import interpreters
from lambda_nb.engine.execution.runtimes.builds import cache_dir
from lambda_nb.engine.execution.runtimes.zygotes import SCRIPT, Process, ZygoteKind
from lambda_nb.engine.execution.sandbox.cgroup_v1 import Cgroup, Cgroups, CgroupsUnavailableError
from lambda_nb.engine.execution.sandbox.cgroup_v2 import UnifiedCgroup, UnifiedCgroups
from lambda_nb.engine.execution.sandbox.paths import Files, Places
from lambda_nb.engine.model import FunctionVersion

OPEN_FILES = 1024
"""File descriptors of an environment (AWS Developer Guide, quotas)."""
STACK_BYTES = 8 << 20

_PROBE = "import sys; sys.path.insert(0, sys.argv[1]); import confine; confine.main(sys.argv[2])"
LEVELS = ("L0", "L1", "L2", "L3")
_OWN = "/.own"  # bootstraps/python/confine.py: OWN
_SEEN = Places("/var/task", "/opt", "/var/runtime", "/tmp")  # noqa: S108  (inside the environment)
_TMP = "/tmp"  # noqa: S108
_LANG = "/var/lang"
_HIDDEN = (_TMP, "/opt", "/var/task", "/var/runtime")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/sys", "/run")


class IsolationError(Exception):
    """The level asked for is not possible here; says what is missing."""


class Sandbox:
    """The confinement of one environment: its places and what its processes do to themselves."""

    def __init__(
        self,
        function: FunctionVersion,
        places: Places,
        tmp: Path,
        binds: list[list[Any]] | None,
        landlock: dict[str, list[str]] | None,
        cgroup: Cgroup | UnifiedCgroup | None,
        secret: int = 0,
    ) -> None:
        self.places = places
        self.tmp = tmp
        """The environment's ``/tmp`` on this machine."""
        self.view: dict[str, Any] | None = None
        """For a restored environment with mounts: what it needs to change from its snapshot's
        mounts to its own (``root``, ``secret``)."""
        self.secret = secret
        self.lang = ""
        """The directory on this machine that it sees as ``/var/lang``, if it has one."""
        self._function = function
        self._binds = binds
        self.landlock = landlock
        self._cgroup = cgroup
        self._seen_out_of_memory = 0

    @property
    def watches_memory(self) -> bool:
        """Whether the kernel kills processes that use too much memory: no watchdog is needed."""
        return self._cgroup is not None

    def request(self) -> dict[str, Any]:
        """The request to the zygote for a process of this environment."""
        function = self._function
        confined = self.landlock is not None
        return {
            "cwd": self.places.task,
            "limits": {
                "nofile": OPEN_FILES,
                "core": 0,
                "fsize": function.ephemeral_storage_mb << 20,
                "stack": STACK_BYTES,
            },
            "cgroups": self._cgroup.files if self._cgroup else [],
            "binds": self._binds,
            "no_new_privs": confined,
            "landlock": self.landlock,
            "seccomp": confined,
            "secret": self.secret,
        }

    def adoption(self) -> dict[str, Any]:
        """The request to the zygote for a process restored from a snapshot."""
        cgroups = self._cgroup.files if self._cgroup else []
        return {"cgroups": cgroups, "binds": self._binds, "view": self.view}

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has killed a process for its memory since the last call."""
        if self._cgroup is None:
            return False
        count = self._cgroup.out_of_memory()
        more, self._seen_out_of_memory = count > self._seen_out_of_memory, count
        return more

    def kill(self, process: Process) -> None:
        """End all processes of the environment."""
        process.kill()
        if self._cgroup is not None:
            self._cgroup.kill()

    def processes(self) -> list[int]:
        """All processes in the environment's control group; none if it has no group."""
        return [] if self._cgroup is None else self._cgroup.processes()

    async def close(self) -> None:
        """Release what the environment holds outside its own directory."""
        if self._cgroup is None:
            return
        for _ in range(200):
            if self._cgroup.remove():
                return
            self._cgroup.kill()
            await asyncio.sleep(0.01)


class Isolation:
    """The isolation level of this engine.

    Parameters
    ----------
    wanted
        ``auto``, or a level: :meth:`probe` raises when it is not possible.
    share_cpu
        Give an environment CPU time in proportion to its memory, 1769 MB to a vCPU.
    readable
        Folders that every environment may read, beside those that it needs anyway.
    names
        Host names that are 127.0.0.1 in every environment from level 2 on.
    """

    def __init__(
        self,
        wanted: str,
        work_dir: Path,
        *,
        share_cpu: bool = False,
        readable: Sequence[Path] = (),
        names: Sequence[str] = (),
    ) -> None:
        if wanted not in ("auto", *LEVELS):
            raise IsolationError(f"isolation is {wanted!r}; choose auto, L0, L1, L2 or L3")
        self._wanted = wanted
        self._root = work_dir / "root"
        self._share_cpu = share_cpu
        self._cgroups: Cgroups | UnifiedCgroups | None = None
        self._also_readable = [str(path) for path in readable]
        self._names = names
        self._readable: list[str] = []
        self._of_the_system: list[tuple[str, str]] = []
        self._shown: list[str] = []  # those of _readable in /tmp: must stay visible
        self.level = 0
        self.refused: dict[str, str] = {}

    def probe(self) -> None:
        """Find out which levels this machine allows, and take the highest.

        Raises
        ------
        IsolationError
            When it does not allow the level asked for.
        """
        most = 3 if self._wanted == "auto" else LEVELS.index(self._wanted)
        self._root.mkdir(parents=True, exist_ok=True)
        self._readable = [*_readable(), *self._also_readable]
        if most:
            _make_cache_dir()
            self._climb(most)
        if self._wanted != "auto" and self.level < most:
            missing = self.refused[LEVELS[self.level + 1]]
            raise IsolationError(
                f"isolation {self._wanted} is not possible here: {missing}. "
                f"Choose auto, or {LEVELS[self.level]} at most."
            )

    def _climb(self, most: int) -> None:
        done = subprocess.run(
            [interpreters.own_python(), "-I", "-S", "-c", _PROBE, str(SCRIPT.parent), self._root],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            self.refused["L1"] = done.stderr.strip().rpartition("\n")[2]
            return
        answers = json.loads(done.stdout)
        self._shown = [path for path in _below(_TMP, self._readable) if os.path.exists(path)]
        others = [path for path in self._readable if path not in self._shown]
        steps = {
            1: answers["landlock"] or answers["seccomp"],
            2: answers["namespaces"] or _would_be_hidden(others),
        }
        for level in range(1, min(most, 2) + 1):
            if steps[level]:
                self.refused[LEVELS[level]] = steps[level]
                return
            self.level = level
        self._of_the_system = _as_on_amazon_linux(self._root.parent, self._names)
        if most == 3:
            reasons = []
            for version in (Cgroups, UnifiedCgroups):
                try:
                    self._cgroups = version()
                except CgroupsUnavailableError as error:
                    reasons.append(str(error))
                else:
                    self.level = 3
                    return
            self.refused["L3"] = "; ".join(reasons)

    @property
    def wants_governor(self) -> bool:
        """Whether CPU time is to be shared and no control group does it."""
        return self._share_cpu and self._cgroups is None

    def zygote(
        self, kind: ZygoteKind, files: Files, *, layered: bool, snapshot: bool = False
    ) -> ZygoteKind:
        """The zygote in which environments of this level start.

        From L2 on it has a root of its own, with ``/var/runtime`` in place and, if it preloads
        from layers, ``/opt``.
        """
        if self.level < 2:
            return kind
        binds = [(str(files.runtime), _SEEN.runtime), *self._of_the_system]
        shown = _below(_TMP, [*self._shown, *_prefixes([kind.interpreter])])
        binds += [(path, path) for path in shown]
        if layered:
            binds.append((str(files.opt), _SEEN.opt))
        return replace(kind, root=str(self._root), binds=tuple(binds), link_tmp=snapshot)

    def places(self, files: Files, tmp: Path) -> Places:
        """The environment's view of its directories."""
        if self.level >= 2:
            return _SEEN
        return Places(str(files.task), str(files.opt), str(files.runtime), str(tmp))

    def sandbox(
        self,
        function: FunctionVersion,
        files: Files,
        home: Path,
        programs: Collection[str],
        interpreter: str = "",
        *,
        snapshot: bool = False,
    ) -> Sandbox:
        """Make the directories and groups of a new environment. It runs ``programs`` and finds
        ``interpreter`` first on its path.

        Environments restored from a ``snapshot`` inherit its confinement and change to their own
        mounts: only processes that know its secret can.
        """
        tmp = home / "tmp"
        tmp.mkdir(parents=True)
        places = self.places(files, tmp)
        mounts = [mount.mount_path for mount in function.file_systems]
        behind = [_interpreter(program, files) for program in programs]
        prefixes = _prefixes((*programs, *behind))
        lang = self._lang(interpreter)
        binds = self._binds(function, files, tmp, prefixes, lang)
        landlock = None
        if self.level >= 1:
            read = [*self._readable, *prefixes, places.task, places.opt, places.runtime]
            read += [_LANG] if lang else []
            write = [places.tmp, "/tmp", "/dev", *mounts]  # noqa: S108
            if snapshot and self.level >= 2:
                write.append(_OWN)
            if self.level == 1:
                write += [str(mount.local_dir) for mount in function.file_systems]
            landlock = {"read": read, "write": write}
        secret = secrets.randbits(64) | 1 if snapshot and self.level >= 2 else 0
        cgroup = self._cgroup(function, home)
        sandbox = Sandbox(function, places, tmp, binds, landlock, cgroup, secret)
        sandbox.lang = lang
        return sandbox

    def _lang(self, interpreter: str) -> str:
        """A directory that shows an interpreter as ``/var/lang`` does on AWS."""
        if self.level < 2 or not interpreter:
            return ""
        name = hashlib.sha256(interpreter.encode()).hexdigest()[:16]
        folder = self._root.parent / "lang" / name
        if not folder.exists():
            (folder / "bin").mkdir(parents=True)
            names = {Path(interpreter).name, Path(interpreter).resolve().name}
            if any(one.startswith("python") for one in names):
                names |= {"python", "python3"}
            for one in names:
                (folder / "bin" / one).symlink_to(interpreter)
        return str(folder)

    def _binds(
        self,
        function: FunctionVersion,
        files: Files,
        tmp: Path,
        prefixes: Collection[str],
        lang: str,
    ) -> list[list[Any]] | None:
        if self.level < 2:
            return None
        binds: list[list[Any]] = [[str(files.task), _SEEN.task, True]]
        binds += [[str(tmp), _SEEN.tmp, False], [str(files.opt), _SEEN.opt, True]]
        shown = _below(_TMP, [*self._shown, *prefixes])
        binds += [[path, path, True] for path in shown]
        binds += [[lang, _LANG, True]] if lang else []
        return binds + [[str(m.local_dir), m.mount_path, False] for m in function.file_systems]

    def restored(
        self, function: FunctionVersion, files: Files, home: Path, origin: Sandbox
    ) -> Sandbox:
        """The confinement of an environment restored from ``origin``'s: its own view and group.

        Below L2 there are no views: its ``/tmp`` is a directory in the origin's ``/tmp``, to which
        it may write.
        """
        own = self.level >= 2
        tmp = home / "tmp" if own else origin.tmp / home.name
        tmp.mkdir(parents=True, exist_ok=True)
        places = self.places(files, tmp)
        cgroup = self._cgroup(function, home)
        binds = self._binds(function, files, tmp, _prefixes(()), origin.lang)
        sandbox = Sandbox(function, places, tmp, binds, origin.landlock, cgroup)
        if own:
            sandbox.view = {"root": str(self._root), "secret": origin.secret}
        return sandbox

    def _cgroup(self, function: FunctionVersion, home: Path) -> Cgroup | UnifiedCgroup | None:
        if self._cgroups is None:
            return None
        return self._cgroups.group(home.name, function.memory_limit_mb, share_cpu=self._share_cpu)

    def close(self) -> None:
        """Release what the engine holds."""
        if self._cgroups is not None:
            self._cgroups.close()

    def status(self) -> dict[str, Any]:
        """The level, why it is not higher, and who enforces which limit."""
        kernel = {Cgroups: "cgroup v1", UnifiedCgroups: "cgroup v2"}
        enforcer = "watchdog" if self._cgroups is None else kernel[type(self._cgroups)]
        cpu = enforcer if self._share_cpu else "nobody"
        return {
            "level": LEVELS[self.level],
            "refused": self.refused,
            "memory": enforcer,
            "cpu": cpu,
            "storage": "watchdog",
        }


def _readable() -> list[str]:
    """What every environment may read: the system, the interpreters, our runtimes, the SDK."""
    from importlib.util import find_spec

    prefix = str(Path(interpreters.own_python()).parent.parent)
    packages = []
    for name in ("boto3", "snapshot_restore_py", "debugpy"):
        spec = find_spec(name)
        if spec is not None and spec.origin:
            packages.append(str(Path(spec.origin).resolve().parents[1 if name == "boto3" else 0]))
    own = [str(SCRIPT.parent.parent), str(cache_dir())]
    return list(dict.fromkeys([*_SYSTEM, prefix, *packages, *own]))


def _make_cache_dir() -> None:
    """Make it before the first environment: one with a root of its own may only see a directory of
    ``/tmp`` that was there when its zygote started."""
    with contextlib.suppress(OSError):
        cache_dir().mkdir(parents=True, exist_ok=True)


def _as_on_amazon_linux(work_dir: Path, names: Sequence[str]) -> list[tuple[str, str]]:
    """Files that environments see instead of this machine's: the names ``sandbox`` and
    ``sandbox.localdomain``, where extensions listen, others, and a ``/bin/sh`` that is bash."""
    shown = []
    hosts, own = Path("/etc/hosts"), work_dir / "hosts"
    if hosts.exists():
        known = hosts.read_text(errors="replace")
        here = " ".join(("sandbox", "sandbox.localdomain", *names))
        own.write_text(f"{known.rstrip()}\n127.0.0.1 {here}\n")
        own.chmod(0o644)
        shown.append((str(own), str(hosts)))
    shell, bash = Path("/bin/sh").resolve(), Path("/bin/bash")
    if shell.name == "dash" and bash.exists():
        shown.append((str(bash.resolve()), str(shell)))
    return shown


def _prefixes(programs: Collection[str]) -> list[str]:
    """Where interpreters are installed, and the virtual environments that programs belong to.

    A program that a function names (a wrapper, the first line of a script) counts only if it leads
    to an interpreter that the engine itself has found: a function must not choose what it may read.
    """
    known = interpreters.found()
    found = [_installation(program) for program in known]
    for program in programs:
        if program.startswith("/") and program not in known and os.path.realpath(program) in known:
            virtual = os.path.dirname(os.path.realpath(os.path.dirname(program)))
            if os.path.isfile(f"{virtual}/pyvenv.cfg"):
                found.append(virtual)
    return list(dict.fromkeys(found))


@cache
def _installation(program: str) -> str:
    """The directory in which an interpreter, given by its real path, is installed."""
    folder = os.path.dirname(program)
    prefix = os.path.dirname(folder) if os.path.basename(folder) == "bin" else folder
    return folder if prefix in ("/", os.path.expanduser("~")) else prefix


def _interpreter(program: str, files: Files) -> str:
    """The interpreter that a function's or layer's script names in line 1; empty without one."""
    for seen, here in ((_SEEN.task, files.task), (_SEEN.opt, files.opt)):
        if program.startswith(f"{seen}/"):
            program = f"{here}{program[len(seen) :]}"
    try:
        with open(program, "rb") as script:
            first = script.readline(4096)
    except OSError:
        return ""
    words = first[2:].split() if first.startswith(b"#!") else []
    return words[0].decode("utf-8", "replace") if words else ""


def _below(folder: str, paths: Collection[str]) -> list[str]:
    """The paths that are in a folder, without those that are inside another of them."""
    inside = [path for path in dict.fromkeys(paths) if path.startswith(folder + "/")]
    return [path for path in inside if not any(path.startswith(other + "/") for other in inside)]


def _would_be_hidden(paths: list[str]) -> str:
    """Why a root of its own would not work: it would cover a path that is needed."""
    for path in paths:
        for hidden in _HIDDEN:
            if path == hidden or path.startswith(hidden + "/"):
                return f"{path} is needed, and {hidden} of an environment would cover it"
    return ""
