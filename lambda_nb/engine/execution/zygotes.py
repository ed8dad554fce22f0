"""The engine's side of the fork servers: start one, have it start processes, hear how they ended.

``bootstraps/python/zygote.py`` is the other side and documents the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "bootstraps" / "python" / "zygote.py"

_GO_SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGSYS: "bad system call",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGUSR1: "user defined signal 1",
    signal.SIGUSR2: "user defined signal 2",
    signal.SIGXCPU: "CPU time limit exceeded",
    signal.SIGXFSZ: "file size limit exceeded",
}
"""Signals in the words of Lambda's supervisor, which is written in Go."""


class SpawnError(Exception):
    """A process could not be started; says why."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: ``code``, or the name of a ``signal`` as Go writes it."""

    code: int | None = None
    signal: str | None = None

    @classmethod
    def of(cls, status: int) -> ExitStatus:
        """From what ``waitpid`` gives."""
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return cls(signal=_GO_SIGNAL_NAMES.get(signal.Signals(number), f"signal {number}"))
        return cls(code=os.WEXITSTATUS(status))


class Process:
    """A running process, the leader of its own process group.

    ``exited`` resolves to its :class:`ExitStatus`.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self.frozen = False

    @property
    def alive(self) -> bool:
        """Whether its end has not been seen yet."""
        return not self.exited.done()

    def signal(self, number: int) -> None:
        """Signal the whole group; nothing happens when it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def freeze(self) -> None:
        """Stop every thread of the group until :meth:`thaw`."""
        if not self.frozen:
            self.frozen = True
            self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the group go on."""
        if self.frozen:
            self.frozen = False
            self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the group and whatever its members started in groups of their own."""
        if self.alive:
            escaped = descendants(self.pid)
            self.signal(signal.SIGKILL)
            for pid in escaped:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Processes that ``pid`` started, directly or not, as far as they are still its own."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as listing:
                    waiting += (children := [int(child) for child in listing.read().split()])
                    found += children
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


@dataclass(frozen=True, slots=True)
class ZygoteKind:
    """What makes zygotes interchangeable.

    The interpreter, the modules preloaded and the search path they come from; ``clients``: AWS
    services whose boto3 clients it has made once; ``root``: where it
    makes a root directory of its own (empty: it keeps the machine's), with ``binds`` in it.
    """

    interpreter: str
    preload: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    root: str = ""
    binds: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Waiting:
    started: asyncio.Future[Process]
    request: bytes
    descriptors: list[int] = field(default_factory=list)


class Zygote:
    """One fork server. All methods run on the event loop."""

    def __init__(self, kind: ZygoteKind) -> None:
        self.kind = kind
        self.pid = 0
        self.failed: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._ready: asyncio.Future[None] | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._unsent: list[int] = []
        self._children: dict[int, Process] = {}
        self._tokens = 0

    @property
    def alive(self) -> bool:
        """Whether it can start processes."""
        return self._socket is not None

    @property
    def children(self) -> int:
        """How many processes of it are running."""
        return len(self._children)

    async def start(self) -> None:
        """Start the process and wait until it has preloaded what it should.

        Raises
        ------
        SpawnError
            When it ended instead.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        configuration = json.dumps(asdict(self.kind))
        number = theirs.fileno()
        self._ready = loop.create_future()
        try:
            self._process = subprocess.Popen(  # noqa: ASYNC220  (vfork: under 1 ms)
                [self.kind.interpreter, "-I", "-S", str(SCRIPT), str(number), configuration],
                stdin=subprocess.DEVNULL,
                pass_fds=[number],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise SpawnError(f"cannot start {self.kind.interpreter}: {error}") from error
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._socket = ours
        loop.add_reader(ours.fileno(), self._readable)
        await self._ready

    async def spawn(self, request: dict[str, Any], log_fd: int) -> Process:
        """Start a process as ``request`` says, writing its output to ``log_fd``.

        Raises
        ------
        SpawnError
            When the zygote is gone or could not fork.
        """
        self._tokens += 1
        token = self._tokens
        started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        packet = json.dumps({**request, "token": token}).encode()
        self._waiting[token] = _Waiting(started, packet, [log_fd])
        self._unsent.append(token)
        self._send()
        return await started

    async def close(self) -> None:
        """Have it kill all its children and end."""
        self._gone("the engine is closing")
        process, self._process = self._process, None
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, 10)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    def _send(self) -> None:
        if self._socket is None:
            self._gone("the fork server is gone")
            return
        loop = asyncio.get_running_loop()
        while self._unsent:
            waiting = self._waiting[self._unsent[0]]
            try:
                socket.send_fds(self._socket, [waiting.request], waiting.descriptors)
            except BlockingIOError:
                loop.add_writer(self._socket.fileno(), self._send)
                return
            except OSError as error:
                self._gone(f"the fork server is gone: {error}")
                return
            self._unsent.pop(0)
        loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        while self._socket is not None:
            try:
                packet = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._gone("the fork server ended")
                return
            self._heard(json.loads(packet))

    def _heard(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.failed = message["failed"]
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        elif "token" in message:
            waiting = self._waiting.pop(message["token"])
            if "pid" in message:
                process = self._children[message["pid"]] = Process(message["pid"])
                if waiting.started.cancelled():
                    process.kill()
                else:
                    waiting.started.set_result(process)
            elif not waiting.started.cancelled():
                waiting.started.set_exception(SpawnError(message["error"]))
        else:
            process = self._children.pop(message["pid"])
            process.exited.set_result(ExitStatus.of(message["status"]))

    def _gone(self, why: str) -> None:
        """It is no more, and its children with it: the kernel kills them."""
        if self._socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket.fileno())
            loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(SpawnError(why))
        self._unsent.clear()
        for waiting in self._waiting.values():
            if not waiting.started.done():
                waiting.started.set_exception(SpawnError(why))
        self._waiting.clear()
        for process in self._children.values():
            process.exited.set_result(ExitStatus(signal="killed"))
        self._children.clear()


class Zygotes:
    """All fork servers of the engine, started when first needed."""

    def __init__(self) -> None:
        self._zygotes: dict[ZygoteKind, asyncio.Task[Zygote]] = {}
        self._closing = False

    async def get(self, kind: ZygoteKind) -> Zygote:
        """A living zygote of this kind. Raises :class:`SpawnError`."""
        task = self._zygotes.get(kind)
        if task is None or (task.done() and (task.exception() or not task.result().alive)):
            if self._closing:
                raise SpawnError("the engine is closing")
            dead = task.result() if task is not None and not task.exception() else None
            task = asyncio.create_task(_started(kind, instead_of=dead))
            self._zygotes[kind] = task
        return await asyncio.shield(task)

    async def spawn(self, kind: ZygoteKind, request: dict[str, Any], log_fd: int) -> Process:
        """Start a process in a zygote of this kind; in a new one if the old dies meanwhile.

        Raises
        ------
        SpawnError
            When that fails as well, or the machine will not fork.
        """
        zygote = await self.get(kind)
        try:
            return await zygote.spawn(request, log_fd)
        except SpawnError:
            if zygote.alive:
                raise
        return await (await self.get(kind)).spawn(request, log_fd)

    def status(self) -> list[dict[str, Any]]:
        """One row a zygote: interpreter, preloaded modules, pid, children."""
        return [
            {
                "interpreter": kind.interpreter,
                "preloaded": [name for name in kind.preload if name not in task.result().failed],
                "pid": task.result().pid,
                "processes": task.result().children,
            }
            for kind, task in self._zygotes.items()
            if task.done() and not task.cancelled() and task.exception() is None
        ]

    async def close(self) -> None:
        """End all of them and everything they started."""
        self._closing = True
        started = await asyncio.gather(*self._zygotes.values(), return_exceptions=True)
        self._zygotes.clear()
        await asyncio.gather(*(z.close() for z in started if isinstance(z, Zygote)))


async def _started(kind: ZygoteKind, instead_of: Zygote | None = None) -> Zygote:
    if instead_of is not None:
        await instead_of.close()
    zygote = Zygote(kind)
    try:
        await zygote.start()
    except SpawnError:
        await zygote.close()
        raise
    return zygote
