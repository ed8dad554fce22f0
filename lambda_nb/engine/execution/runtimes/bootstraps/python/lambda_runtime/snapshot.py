"""SnapStart: an initialised runtime as the snapshot, and forks of it as restored environments.

The snapshot has run the init phase and its hooks. It then waits on a socket to the engine
(``SOCK_SEQPACKET``, JSON messages) and forks for every request. A restored environment is made an
orphan, so that it becomes a child of the zygote that started the snapshot: it outlives the
snapshot, but not the zygote. It continues when the zygote has adopted it and says so.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
import warnings
from typing import Any

LOG_FD = 3
_PACKET = 1 << 20
_PR_SET_PDEATHSIG = 1


def receive(control: socket.socket) -> tuple[bytes, list[int]]:
    """One packet and the descriptors that came with it; an empty one when the other end is gone."""
    descriptors = array.array("i")
    try:
        packet, ancillary, _, _ = control.recvmsg(_PACKET, socket.CMSG_SPACE(4 * 8))
    except ConnectionResetError:  # it was killed before it had read what we said last
        return b"", []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % 4])
    return packet, list(descriptors)


def take(control: socket.socket) -> None:
    """Be the snapshot. Returns only in the processes that are restored from it."""
    _warn_of_threads()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    gc.collect()
    gc.freeze()  # no collection may touch, and so copy, the shared memory
    # Python reseeds its generator in a fork; a restored environment has the snapshot's state.
    generator = sys.modules.get("random")
    state = generator.getstate() if generator is not None else None
    while True:
        try:
            packet, descriptors = receive(control)
        except InterruptedError:
            continue
        if not packet:
            os._exit(0)
        request = json.loads(packet)
        try:
            pid = _fork_orphan()
        except OSError as error:
            answer = {"token": request["token"], "error": str(error)}
        else:
            if pid == 0:
                break
            answer = {"token": request["token"], "pid": pid}
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(json.dumps(answer).encode())
    control.close()
    _become(request, *descriptors)
    if generator is not None:
        generator.setstate(state)


def _fork_orphan() -> int:
    """Fork a process whose parent is the nearest subreaper; its id, or 0 in the process itself."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The function has already got our own warning about threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        between = os.fork()
        if between == 0 and _forks():
            os._exit(0)
    os.close(reading if between == 0 else writing)
    if between == 0:
        os.setsid()  # before its id is known: our own group is stopped between restores
        os.write(writing, os.getpid().to_bytes(4, "little"))
        os.close(writing)
        return 0
    os.waitpid(between, 0)
    told = os.read(reading, 4)
    os.close(reading)
    if not told:
        raise OSError("the snapshot could not fork twice")
    return int.from_bytes(told, "little")


def _forks() -> bool:
    """Fork once more; true in the parent, or if the fork failed."""
    try:
        return os.fork() != 0
    except OSError:
        return True


def _become(request: dict[str, Any], log: int, go: int) -> None:
    """Turn the fork into the environment asked for, once the zygote has adopted it."""
    with socket.socket(fileno=go) as zygote:
        packet, handed = receive(zygote)
    if not packet:
        os._exit(1)
    told = json.loads(packet)
    groups, namespaces = handed[: told["groups"]], handed[told["groups"] :]
    for group in groups:
        os.write(group, b"0")
        os.close(group)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != request["parent"]:
        os._exit(1)
    if told["view"] is not None:
        import confine

        confine.change_view(*namespaces, told["view"]["root"], told["view"]["secret"])
    for target in (1, 2, LOG_FD):
        os.dup2(log, target)
    if log not in (1, 2, LOG_FD):
        os.close(log)
    os.environ.update(request["env"])
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None  # TMPDIR has changed


def _warn_of_threads() -> None:
    """A fork has one thread: warn which of the function's threads will be missing."""
    others = [t.name for t in threading.enumerate() if t is not threading.current_thread()]
    running = len(os.listdir("/proc/self/task")) - 1
    if not running:
        return
    named = f" ({', '.join(others)})" if others else ""
    print(  # noqa: T201
        f"LAMBDA_NB_WARNING: {running} thread(s) of the init phase{named} will not run in restored "
        "environments: here a snapshot is a fork, which keeps one thread (on AWS they go on). "
        "Start threads in an after-restore hook or in the handler.",
        file=sys.stderr,
    )
