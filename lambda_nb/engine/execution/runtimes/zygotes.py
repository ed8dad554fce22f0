"""The engine's side of the fork servers: start one, let it start processes, learn how they ended.

``bootstraps/python/zygote.py`` is the other side and documents the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lambda_nb.engine.execution.runtimes import zygote_channel
from lambda_nb.engine.execution.runtimes.zygote_channel import Channel, SpawnError

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


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: ``code``, or the name of a ``signal`` as Go writes it."""

    code: int | None = None
    signal: str | None = None

    @classmethod
    def of(cls, status: int) -> ExitStatus:
        """From a status of ``waitpid``."""
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return cls(signal=_GO_SIGNAL_NAMES.get(signal.Signals(number), f"signal {number}"))
        return cls(code=os.WEXITSTATUS(status))


class Process:
    """A running process, the leader of its own process group, and a child of ``zygote``.

    ``exited`` resolves to its :class:`ExitStatus`.
    """

    def __init__(self, pid: int, zygote: Zygote) -> None:
        self.pid = pid
        self.zygote = zygote
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self.frozen = False

    @property
    def alive(self) -> bool:
        """Whether no exit of it has been reported yet."""
        return not self.exited.done()

    def signal(self, number: int) -> None:
        """Signal the whole group; nothing happens when it is gone."""
        if not self.alive:
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:  # a process that has just been forked has no group yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def freeze(self) -> None:
        """Stop every thread of the group until :meth:`thaw`."""
        if not self.frozen:
            self.frozen = True
            self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the group continue."""
        if self.frozen:
            self.frozen = False
            self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the group, and the processes that its members started in other groups."""
        if self.alive:
            escaped = descendants(self.pid)
            self.signal(signal.SIGKILL)
            for pid in escaped:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Processes that ``pid`` started, directly or not, and that are still its descendants."""
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
    """The kind of a zygote; zygotes of one kind are interchangeable.

    The interpreter, the preloaded modules and their search path; ``clients``: AWS services whose
    boto3 clients the zygote has made once; ``root``: where it makes its own root directory (empty:
    it keeps the machine's), with ``binds`` in it; ``link_tmp``: whether ``/tmp`` there is a link,
    which snapshots need.
    """

    interpreter: str
    preload: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    root: str = ""
    binds: tuple[tuple[str, str], ...] = ()
    link_tmp: bool = False


class Zygote:
    """One fork server. All methods run on the event loop."""

    def __init__(self, kind: ZygoteKind) -> None:
        self.kind = kind
        self.pid = 0
        self.failed: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._ready: asyncio.Future[None] | None = None
        self._children: dict[int, Process] = {}

    @property
    def alive(self) -> bool:
        """Whether it can start processes."""
        return self._channel is not None and self._channel.open

    @property
    def children(self) -> int:
        """How many of its processes are running."""
        return len(self._children)

    async def start(self) -> None:
        """Start the process and wait until it has preloaded its modules.

        Raises
        ------
        SpawnError
            When it ends before that.
        """
        ours, theirs = zygote_channel.pair()
        configuration = json.dumps(asdict(self.kind))
        number = theirs.fileno()
        self._ready = asyncio.get_running_loop().create_future()
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
        self._channel = Channel(ours, self._heard, self._gone)
        await self._ready

    async def spawn(self, request: dict[str, Any], *descriptors: int) -> Process:
        """Start a process as ``request`` says; the first descriptor is for its output.

        Raises
        ------
        SpawnError
            When the zygote is gone or could not fork.
        """
        if self._channel is None:
            raise SpawnError("the fork server has not been started")
        return await self._channel.ask(request, descriptors, self._started)

    def kill_children(self) -> None:
        """Kill all processes that it has started; it goes on."""
        for process in self._children.values():
            process.kill()

    async def close(self) -> None:
        """Let it kill all its children and end."""
        if self._channel is not None:
            self._channel.close("the engine is closing")
        process, self._process = self._process, None
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, 10)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    def _started(self, message: dict[str, Any], wanted: bool) -> Process:
        process = self._children[message["pid"]] = Process(message["pid"], self)
        if not wanted:
            process.kill()
        return process

    def _heard(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.failed = message["failed"]
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        else:
            process = self._children.pop(message["pid"])
            process.exited.set_result(ExitStatus.of(message["status"]))

    def _gone(self) -> None:
        """The zygote has ended, and its children too: the kernel kills them."""
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(SpawnError("the fork server ended"))
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

    async def spawn(self, kind: ZygoteKind, request: dict[str, Any], *descriptors: int) -> Process:
        """Start a process in a zygote of this kind; in a new one if the old dies meanwhile.

        Raises
        ------
        SpawnError
            When that fails as well, or the machine cannot fork.
        """
        zygote = await self.get(kind)
        try:
            return await zygote.spawn(request, *descriptors)
        except SpawnError:
            if zygote.alive:
                raise
        return await (await self.get(kind)).spawn(request, *descriptors)

    def kill_processes(self) -> None:
        """Kill all processes that the zygotes have started; they go on."""
        for task in self._zygotes.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().kill_children()

    def status(self) -> list[dict[str, Any]]:
        """One row per zygote: interpreter, preloaded modules, pid, children."""
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
