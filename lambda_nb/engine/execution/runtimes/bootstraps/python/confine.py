"""Confines a new process before it becomes an execution environment.

Runs in the zygote and its children, before any of the function's code; standard library only,
Python 3.8 and newer. A request (a dict, see :func:`apply`) says what to do, so that the engine
alone decides.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import stat
import sys
from typing import Any

import landlock
import seccomp

LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_VIEW_CAPABILITIES = 1 << 21 | 1 << 18  # CAP_SYS_ADMIN, CAP_SYS_CHROOT: for setns alone

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_KEPT_FLAGS = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC

OWN = "/.own"
"""Where the ``/tmp`` of a snapshot, and of environments restored from it, is mounted."""

HOST = "/.host"
"""Where a zygote with its own root finds the machine's root; hidden from functions."""

_PRIVATE_IN = ("/etc", "/run")
"""Directories of the machine that environments see, except for what is private in them."""

_bounded: list[bool] = []
"""Not empty once this process has run :func:`_bound`."""

_LIMITS = {
    "nofile": resource.RLIMIT_NOFILE,
    "fsize": resource.RLIMIT_FSIZE,
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
    """Become the process that ``request`` describes, but run nothing yet.

    Keys: ``env`` (all variables), ``cwd``, ``limits`` (names of :data:`_LIMITS` to numbers),
    ``cgroups`` (files to join), ``binds`` (``[source, target, read_only]`` inside the zygote's
    root), ``no_new_privs``, ``landlock`` (``read`` and ``write`` paths), ``seccomp``,
    ``secret`` (of a snapshot at a level with views: what :func:`change_view` needs).
    """
    os.setsid()
    die_with_parent(parent)
    for path in request.get("cgroups", ()):
        with open(path, "w") as tasks:
            tasks.write("0")
    if request.get("binds") is not None:
        _own_mounts(request["binds"])
        _drop_capabilities(_VIEW_CAPABILITIES if request.get("secret") else 0)
        die_with_parent(parent)  # a change of credentials has cleared it
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
    if request.get("landlock"):
        landlock.restrict(request["landlock"]["read"], request["landlock"]["write"])
    if request.get("seccomp"):
        seccomp.restrict(request.get("secret", 0))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    result = LIBC.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    check(result, f"mount {source} on {target}")


def _bind(source: str, target: str, read_only: bool) -> None:
    _mount(source, target, None, _MS_BIND | _MS_REC)
    if read_only:
        kept = os.statvfs(target).f_flag & _KEPT_FLAGS
        _mount("none", target, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept)


def _own_mounts(binds: list[list[Any]]) -> None:
    """Give this process its own view: its directories in place, the machine's root hidden."""
    check(LIBC.unshare(_CLONE_NEWNS | _CLONE_NEWIPC), "unshare")
    for source, target, read_only in binds:
        os.makedirs(target, exist_ok=True)
        _bind(HOST + source, target, read_only)
    _mount("none", HOST, "tmpfs", _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "size=0,mode=000")


def rehearse(root: bool) -> None:
    """Do early what :func:`apply` can do without a request, in the process that will run it."""
    os.environ.clear()
    if root:
        _bound()
    with contextlib.suppress(OSError):
        os.close(landlock.ruleset(["/usr"], ["/dev"]))
        seccomp.program(0)


def _bound() -> None:
    """Programs that this process executes get no capability, once it has given up its own."""
    last = 0
    while not _bounded and LIBC.prctl(_PR_CAPBSET_DROP, last, 0, 0, 0) == 0:
        last += 1
    _bounded.append(True)


def _drop_capabilities(kept: int = 0) -> None:
    """Give up all capabilities, whatever user this is; programs executed later get none.

    Capabilities that are ``kept`` (a bit mask) are not in effect.
    """
    _bound()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(0, kept)
    check(LIBC.capset(header, sets), "capset")


def view(binds: list[list[Any]]) -> int:
    """Make a mount namespace with ``binds``, as :func:`apply` does; return its descriptor."""
    made, making = os.pipe()
    left, leaving = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(leaving)
        try:
            _own_mounts(binds)
            os.write(making, b"1")
            os.read(left, 1)
        except OSError as error:
            os.write(making, str(error).encode())
        os._exit(0)
    os.close(making)
    os.close(left)
    try:
        words = os.read(made, 4096)
        if words != b"1":
            raise OSError(f"no view of its own: {words.decode() or 'its maker ended'}")
        return os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(made)
        os.close(leaving)
        os.waitpid(pid, 0)


def change_view(namespace: int, root: str, secret: int) -> None:
    """Move this process, restored from a snapshot, into a :func:`view`; it cannot move back."""
    setns, chroot, capset = seccomp.view_calls()

    def call(what: str, number: int, *arguments: Any) -> None:
        padded = [*arguments, *[0] * (5 - len(arguments)), ctypes.c_ulong(secret)]
        check(LIBC.syscall(ctypes.c_long(number), *padded), what)

    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    for_now = (ctypes.c_uint32 * 6)(_VIEW_CAPABILITIES, _VIEW_CAPABILITIES)
    none = (ctypes.c_uint32 * 6)()
    task = os.getcwd()
    call("capset", capset, ctypes.byref(header), ctypes.byref(for_now))
    call("setns", setns, namespace, _CLONE_NEWNS)
    call("chroot", chroot, root.encode())
    call("capset", capset, ctypes.byref(header), ctypes.byref(none))
    os.close(namespace)
    os.chdir(task)


def enter_root(root: str, binds: list[list[str]], link_tmp: bool = False) -> None:
    """Move this process (a zygote) into a root of its own at ``root``, an empty directory.

    It shows the machine's directories except ``/tmp``, ``/opt``, ``/var/task`` and
    ``/var/runtime``. Those are empty, or show what ``binds`` say (``[source, target]``, read-only).
    With ``link_tmp``, ``/tmp`` is a link to a directory in :data:`OWN`: Landlock can allow what
    will be mounted below a directory, not what will be mounted on it.
    """
    user, group = os.getuid(), os.getgid()
    if user == 0:
        check(LIBC.unshare(_CLONE_NEWNS), "unshare")
    else:
        check(LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as map_file:
                map_file.write(text)
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("none", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=1m,mode=755")
    _mirror("/", root, ("tmp", "opt", "var", "mnt"))
    _mirror("/var", f"{root}/var", ("task", "runtime"))
    _mirror("/mnt", f"{root}/mnt", ())
    tmp = OWN[1:] + "/tmp" if link_tmp else "tmp"  # noqa: S108  (inside the root)
    if link_tmp:
        os.symlink(tmp, f"{root}/tmp")  # noqa: S108
    for folder in (tmp, "opt", "var/task", "var/runtime", HOST[1:]):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    _mount("/", root + HOST, None, _MS_BIND | _MS_REC)
    for source, target in binds:
        if not os.path.exists(root + target):
            os.makedirs(root + target)
        _bind(source, root + target, True)
    for folder in _PRIVATE_IN:
        _hide_private(root + folder)
    # Hide processes from those that may not trace them: with Landlock, an environment sees only its
    # own. A kernel before 5.8, or a user namespace that does not own the machine's, refuses.
    with contextlib.suppress(OSError):
        flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
        _mount("proc", root + "/proc", "proc", flags, "hidepid=ptraceable")
    os.chdir(root)
    os.chroot(".")
    os.chdir("/")


def _hide_private(folder: str) -> None:
    """Cover files that only their owner may use: passwords, keys, sockets of services.

    Environments run as the engine's user, who may be root. After this they see only what a user of
    their own would see.
    """
    needed = {"socket": 0o002, "folder": 0o005}
    for entry in _entries(folder):
        try:
            if entry.is_symlink():
                continue
            mode = entry.stat().st_mode
            kind = "folder" if stat.S_ISDIR(mode) else "socket" if stat.S_ISSOCK(mode) else "file"
            wanted = needed.get(kind, 0o004)
            if mode & wanted == wanted:
                if kind == "folder":
                    _hide_private(entry.path)
            elif kind == "folder":
                _mount("none", entry.path, "tmpfs", _MS_RDONLY | _MS_NOSUID, "size=0,mode=755")
            else:
                _mount("/dev/null", entry.path, None, _MS_BIND)
        except FileNotFoundError:  # it has just gone
            continue


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _mirror(source: str, target: str, left_out: tuple[str, ...]) -> None:
    """Show the entries of ``source`` in ``target``."""
    os.makedirs(target, exist_ok=True)
    if not os.path.isdir(source):
        return
    for entry in os.scandir(source):
        place = f"{target}/{entry.name}"
        if entry.name in left_out:
            continue
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
        elif entry.is_dir():
            os.mkdir(place)
            _mount(entry.path, place, None, _MS_BIND | _MS_REC)
        elif entry.is_file():
            open(place, "w").close()
            _mount(entry.path, place, None, _MS_BIND)


def probe(root: str) -> dict[str, str]:
    """Why this machine refuses each feature; an empty text if it works."""
    answers = {}
    for name, attempt in (
        ("namespaces", lambda: enter_root(root, [])),
        ("landlock", lambda: landlock.restrict(["/"], [])),
        ("seccomp", seccomp.restrict),
    ):
        pid_read, pid_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                if name == "namespaces":
                    attempt()
                    _own_mounts([])
                    _drop_capabilities()
                check(LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
                if name != "namespaces":
                    attempt()
            except Exception as error:
                os.write(pid_write, str(error).encode())
            os._exit(0)
        os.close(pid_write)
        with os.fdopen(pid_read) as words:
            answers[name] = words.read()
        status = os.waitpid(pid, 0)[1]
        if status and not answers[name]:
            answers[name] = f"the probe ended with status {status}"
    return answers


def main(root: str) -> None:
    """Print what :func:`probe` finds."""
    sys.stdout.write(json.dumps(probe(root)))
