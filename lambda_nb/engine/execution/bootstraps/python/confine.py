"""What a new process does to itself before it becomes an execution environment.

Runs in a child of the zygote, after the fork and before any of the function's code; standard
library only, Python 3.8 and newer. A request (a dict, see :func:`apply`) says what to do, so that
the engine alone decides.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

_LIMITS = {
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "fsize": resource.RLIMIT_FSIZE,
    "data": resource.RLIMIT_DATA,
    "core": resource.RLIMIT_CORE,
    "stack": resource.RLIMIT_STACK,
}


def check(result: int, what: str) -> None:
    """Raise ``OSError`` for a C call that failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone, even by ``kill -9``."""
    check(LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG")
    if os.getppid() != parent:
        os._exit(1)


def apply(request: dict[str, Any], parent: int) -> None:
    """Become the process that ``request`` describes, short of running anything.

    Keys: ``env`` (all variables), ``cwd``, ``limits`` (names of :data:`_LIMITS` to numbers),
    ``cgroups`` (``tasks``/``cgroup.procs`` files to join), ``no_new_privs``.
    """
    os.setsid()
    die_with_parent(parent)
    for path in request.get("cgroups", ()):
        with open(path, "w") as tasks:
            tasks.write("0")
    for name, value in request["limits"].items():
        kind = _LIMITS[name]
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    os.umask(0o022)
    if request.get("no_new_privs"):
        check(LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
