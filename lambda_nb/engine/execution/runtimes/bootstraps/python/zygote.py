"""A fork server: a process that has imported what functions need, and forks execution environments.

``python -I -S zygote.py FD CONFIGURATION``: FD is a ``SOCK_SEQPACKET`` socket to the engine,
CONFIGURATION a JSON object (``root``: where to make a root directory of its own, if at all, with
``binds`` in it; ``path``: entries for ``sys.path`` while preloading; ``preload``: modules to
import; ``clients``: AWS services whose boto3 clients to make once). Messages are JSON, one per
packet:

* engine -> zygote ``{"token", "argv"|null, "env", "cwd", "limits", ...}`` with a descriptor, the
  log pipe: start a process. Without ``argv`` it becomes the Python runtime, without an exec. With a
  second descriptor it becomes a snapshot, which takes requests there (``lambda_runtime.snapshot``);
  with ``held``, it waits there until it may load the function (``lambda_runtime.prestart``);
* engine -> zygote ``{"token", "adopt": pid, "cgroups", "view", "binds"}`` with a socket: adopt a
  process that a snapshot has forked, now a child of the zygote. It gets its groups and its own view
  of the file system (``view``: its root and secret, if there are views here) and may continue;
* zygote -> engine ``{"ready": true, ...}`` once, ``{"token", "pid"}`` or ``{"token", "error"}``,
  then ``{"pid", "status"}`` when the process has ended (status as ``waitpid`` gives it).

For the next request for a Python runtime it keeps a spare: a fork that has rehearsed an
invocation (``lambda_runtime.rehearsal``) and waits for its request.

The zygote has one thread and never runs a function's code. When the engine is gone, for whatever
reason, it kills all processes that it started and ends.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import confine  # noqa: E402
import lambda_runtime.main  # noqa: E402
from lambda_runtime.rehearsal import rehearse  # noqa: E402
from lambda_runtime.snapshot import LOG_FD, receive  # noqa: E402

_PR_SET_CHILD_SUBREAPER = 36
_QUIET_MS = 10
"""A spare is made after this time without a request: it must not slow a process just started."""


class Zygote:
    """The state of the fork server: its socket, its children."""

    def __init__(self, control: socket.socket, rooted: bool) -> None:
        self.control = control
        self.rooted = rooted
        self.pid = os.getpid()
        self.children: set[int] = set()
        self.spare: tuple[int, socket.socket] | None = None
        self.more = -1
        self.wake, self.waker = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.waker, False)

    def serve(self) -> dict[str, Any] | None:
        """Serve until the engine is gone (``None``); in a new child, return its request."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.wake, select.POLLIN)
        while True:
            events = poll.poll(None if self.spare else _QUIET_MS)
            if not events:
                request = self.make_spare()
                if request is not None:
                    return request
            for fd, _ in events:
                if fd == self.wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake, 4096)
                    self.reap()
                    continue
                packet, descriptors = receive(self.control)
                if not packet:
                    return None
                request = json.loads(packet)
                if self.start(request, descriptors):
                    return dict(request)

    def start(self, request: dict[str, Any], descriptors: list[int]) -> bool:
        """Fork; true in the child, which is then set up but has not loaded its own code."""
        if "adopt" in request:
            self.adopt(request, descriptors[0])
            return False
        pid = self.use_spare(request, descriptors)
        if not pid:
            try:
                pid = os.fork()
            except OSError as error:
                self.say({"token": request["token"], "error": str(error)})
                pid = -1
        if pid == 0:
            self.leave()
            self.become(request, *descriptors)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            self.children.add(pid)
            self.say({"token": request["token"], "pid": pid})
        return False

    def make_spare(self) -> dict[str, Any] | None:
        """Fork ahead of need; the child waits for a request, sets itself up and returns it."""
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError:  # the next request gets the error
            here.close()
            there.close()
            time.sleep(_QUIET_MS / 1000)
            return None
        if pid:
            there.close()
            self.spare = pid, here
            return None
        here.close()
        self.leave()
        confine.die_with_parent(self.pid)
        with contextlib.suppress(Exception):  # it works without a rehearsal too
            confine.rehearse(self.rooted)
            rehearse()
        packet, descriptors = receive(there)
        if not packet:
            os._exit(0)
        there.close()
        request: dict[str, Any] = json.loads(packet)
        self.become(request, *descriptors)
        return request

    def use_spare(self, request: dict[str, Any], descriptors: list[int]) -> int:
        """Hand a request to the spare, if there is one and it fits; return its pid or 0."""
        snapshot = len(descriptors) > 1 and not request.get("held")
        if self.spare is None or request["argv"] is not None or snapshot:
            return 0
        (pid, channel), self.spare = self.spare, None
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        with channel:
            try:
                channel.sendmsg([json.dumps(request).encode()], [rights])
            except OSError:  # it has ended
                return 0
        return pid

    def adopt(self, request: dict[str, Any], go: int) -> None:
        """Adopt a waiting process that was restored from a snapshot, and let it continue."""
        descriptors = array.array("i")
        with socket.socket(fileno=go) as restored:
            try:
                # The process joins its groups itself (writes 0): moving another one is slow.
                for path in request["cgroups"]:
                    descriptors.append(os.open(path, os.O_WRONLY))
                if request["view"] is not None:
                    descriptors.append(confine.view(request["binds"]))
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)
                told = {"groups": len(request["cgroups"]), "view": request["view"]}
                restored.sendmsg([json.dumps(told).encode()], [rights] if descriptors else [])
            except OSError as error:
                self.say({"token": request["token"], "error": f"cannot restore: {error}"})
            else:
                self.children.add(request["adopt"])
                self.say({"token": request["token"], "pid": request["adopt"]})
        for descriptor in descriptors:
            os.close(descriptor)

    def leave(self) -> None:
        """In a fork: close what belongs to the fork server."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.control.close()
        os.close(self.wake)
        os.close(self.waker)
        if self.spare is not None:
            self.spare[1].close()

    def become(self, request: dict[str, Any], log: int, more: int = -1) -> None:
        """Turn the fork into the process asked for."""
        if more >= 0:
            # Away from the low descriptors, which are assigned below.
            self.more = fcntl.fcntl(more, fcntl.F_DUPFD_CLOEXEC, 10)
            os.close(more)
        for target in (1, 2):
            os.dup2(log, target)
        if log != LOG_FD:
            os.dup2(log, LOG_FD)
            os.close(log)
        os.set_inheritable(LOG_FD, bool(request.get("framed")))
        try:
            confine.apply(request, self.pid)
        except OSError as error:
            os.write(2, f"lambda_nb could not set up this environment: {error}\n".encode())
            os._exit(70)

    def reap(self) -> None:
        """Collect children that ended, also orphans of theirs, and report our own."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.spare is not None and pid == self.spare[0]:
                self.spare[1].close()
                self.spare = None
            if pid in self.children:
                self.children.discard(pid)
                self.say({"pid": pid, "status": status})

    def say(self, message: dict[str, Any]) -> None:
        """Send the engine a message; if it is gone, the loop will notice."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps(message).encode())

    def end(self) -> NoReturn:
        """Kill everything this process started, whatever group or session it moved to."""
        own = f"/proc/self/task/{self.pid}/children"
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        # Grandchildren become our children when their parents end: we are their subreaper.
        for _ in range(1000):
            self.reap()
            with open(own) as listing:
                left = listing.read().split()
            if not left:
                break
            for pid_text in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid_text), signal.SIGKILL)
            time.sleep(0.005)
        os._exit(0)


def preload(names: list[str], path: list[str]) -> dict[str, str]:
    """Import modules as a function would find them; returns those that failed, and why."""
    failed = {}
    own = sys.path[:]
    sys.path[:0] = path
    # OpenBLAS would start threads, and a process with threads must not fork.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    sys.path[:] = own
    return failed


def make_clients(services: list[str], path: list[str]) -> None:
    """Make boto3 clients once, so that what they load and compile is there after a fork.

    Later sessions share the loader that has read the services' models; no session, credential or
    setting of this process stays behind.
    """
    own = sys.path[:]
    sys.path[:0] = path
    # A layer's botocore may not work with this Python: the function itself will get the error.
    with contextlib.suppress(Exception):
        import botocore.session
        from botocore.loaders import create_loader

        shared = create_loader(None)

        def shared_loader(search_path_string: str | None = None) -> Any:
            own_search = search_path_string is not None
            return create_loader(search_path_string) if own_search else shared

        botocore.session.create_loader = shared_loader
        session = botocore.session.Session()
        for service in services:
            with contextlib.suppress(Exception):  # the function itself will get the error
                session.create_client(
                    service,
                    region_name="us-east-1",
                    aws_access_key_id="none",
                    aws_secret_access_key="none",  # noqa: S106
                )
    sys.path[:] = own


def become_function(request: dict[str, Any], more: int) -> None:
    """Run the Python runtime in this process: no exec, so that what is imported stays."""
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(LOG_FD)
    time.tzset()
    own = [path for path in sys.path if path != HERE]
    sys.path[:] = [*request["path"], *own, *request["last"]]
    sys.argv = [""]
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    channel = socket.socket(fileno=more) if more >= 0 else None
    if request.get("held"):
        lambda_runtime.main.main(held=channel)
    lambda_runtime.main.main(snapshots=channel)


def become_program(request: dict[str, Any]) -> NoReturn:
    """Replace this process by another program."""
    if request.get("framed"):
        os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(LOG_FD)
    for number in (signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    argv = request["argv"]
    try:
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606
    except OSError as error:
        os.write(2, f"fork/exec {argv[0]}: {error.strerror}\n".encode())
        os._exit(126)


def main() -> None:
    """Preload, report, serve; in a child, become the process asked for."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    configuration = json.loads(sys.argv[2])
    confine.LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if configuration["root"]:
        link_tmp = configuration["link_tmp"]
        confine.enter_root(configuration["root"], configuration["binds"], link_tmp)
    failed = preload(configuration["preload"], configuration["path"])
    if configuration["clients"]:
        make_clients(configuration["clients"], configuration["path"])
    gc.collect()
    gc.freeze()
    zygote = Zygote(control, bool(configuration["root"]))
    threads = len(os.listdir("/proc/self/task"))
    zygote.say({"ready": True, "pid": zygote.pid, "failed": failed, "threads": threads})
    request = zygote.serve()
    if request is None:
        zygote.end()
    if request["argv"] is not None:
        become_program(request)
    become_function(request, zygote.more)


if __name__ == "__main__":
    main()
