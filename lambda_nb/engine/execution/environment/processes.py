"""The processes of one environment: its runtime and its external extensions, and their pipes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lambda_nb.engine.execution.environment.snapshot import Snapshot
from lambda_nb.engine.execution.logs.log_pipe import LogPipe
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.runtime_api.peers import Peer, held_by, session
from lambda_nb.engine.execution.runtimes.launch import Launch
from lambda_nb.engine.execution.runtimes.zygotes import Process, ZygoteKind, Zygotes, descendants
from lambda_nb.engine.execution.sandbox.isolation import Sandbox


class _Held(NamedTuple):
    """A runtime that waits, the channel to let it go on, and its environment variables so far."""

    process: Process
    channel: socket.socket
    env: dict[str, str]


class Processes:
    """Starts, freezes, thaws and ends the processes together.

    ``known`` is called when the pid of a starting process is known, or when it did not start.
    """

    def __init__(
        self,
        zygotes: Zygotes,
        sandbox: Sandbox,
        log: FunctionLog,
        known: Callable[[], None] = lambda: None,
    ) -> None:
        self.runtime: Process | None = None
        self.extensions: list[Process] = []
        self._held: _Held | None = None
        self._zygotes = zygotes
        self._sandbox = sandbox
        self._log = log
        self._dying: list[Process] = []
        self._members: list[Process] = []
        self._starting = 0
        self._known = known
        self._pipe = LogPipe(log.function)
        self._extension_pipe: LogPipe | None = None

    async def start_runtime(
        self, launch: Launch, env: dict[str, str], *descriptors: int
    ) -> Process:
        """Start the runtime and pass it ``descriptors``. Raises ``SpawnError``.

        If a runtime is held and there are no descriptors, let that runtime go on instead.
        """
        held = None if descriptors else self._let_go(env)
        self.runtime = held or await self._spawn(launch, env, *descriptors)
        return self.runtime

    async def hold(self, launch: Launch, env: dict[str, str]) -> None:
        """Fork the runtime early; it waits before it loads the function. Raises ``SpawnError``."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as unless_held:
            unless_held.enter_context(ours)
            with theirs:
                process = await self._spawn(launch, env, theirs.fileno(), held=True)
            unless_held.pop_all()
        self._held = _Held(process, ours, env)

    async def _spawn(
        self, launch: Launch, env: dict[str, str], *descriptors: int, held: bool = False
    ) -> Process:
        request = {
            **self._sandbox.request(),
            "env": env,
            "argv": launch.argv,
            "path": launch.path,
            "last": launch.last,
            "framed": launch.framed,
            "held": held,
        }
        with self._joining():
            return self._joined(
                await self._zygotes.spawn(launch.kind, request, self._pipe.write_fd, *descriptors)
            )

    @contextlib.contextmanager
    def _joining(self) -> Iterator[None]:
        """A process is being started; it may connect before we know its pid."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1
            self._known()

    def _joined(self, process: Process) -> Process:
        self._members = [p for p in self._members if p.alive]
        self._members.append(process)
        return process

    def owns(self, other: Peer) -> bool | None:
        """Whether a process of this environment is the peer of a connection.

        ``None`` if that is not known yet, because a process is just starting.
        """
        members = [process.pid for process in self._members if process.alive]
        if held_by(other, members) or held_by(
            other, [child for pid in members for child in descendants(pid)]
        ):
            return True
        if self._starting:
            return None
        return held_by(other, self._strays(set(members)))

    def _strays(self, members: set[int]) -> Iterator[int]:
        """Orphans that they started: in the same control group, or the same session."""
        yield from self._sandbox.processes()
        for zygote in {process.zygote.pid for process in self._members}:
            for pid in descendants(zygote):
                if pid not in members and session(pid) in members:
                    yield pid

    def _let_go(self, env: dict[str, str]) -> Process | None:
        """Let the held runtime go on with these variables; ``None`` if there is none alive."""
        held, self._held = self._held, None
        if held is None:
            return None
        changed = {name: text for name, text in env.items() if held.env.get(name) != text}
        with held.channel, contextlib.suppress(OSError):
            held.channel.send(json.dumps(changed).encode())
            if held.process.alive:
                return held.process
        self._dismiss(held)
        return None

    def _dismiss(self, held: _Held) -> None:
        held.channel.close()
        self._sandbox.kill(held.process)
        self._dying.append(held.process)

    async def restore_runtime(self, snapshot: Snapshot, env: dict[str, str]) -> Process:
        """Restore the runtime from a snapshot. Raises ``SpawnError``."""
        with self._joining():
            self.runtime = self._joined(
                await snapshot.restore(env, self._sandbox, self._pipe.write_fd)
            )
        return self.runtime

    async def start_extension(self, kind: ZygoteKind, program: str, env: dict[str, str]) -> Process:
        """Start an external extension. Raises ``SpawnError``."""
        if self._extension_pipe is None:
            self._extension_pipe = LogPipe(self._log.extension)
        request = {**self._sandbox.request(), "env": env, "argv": [program]}
        with self._joining():
            process = self._joined(
                await self._zygotes.spawn(kind, request, self._extension_pipe.write_fd)
            )
        self.extensions.append(process)
        return process

    @property
    def holds(self) -> int:
        """The process id of the runtime that waits to be let go; 0 if there is none."""
        return 0 if self._held is None else self._held.process.pid

    @property
    def all(self) -> list[Process]:
        """Every process that was started and not yet killed."""
        runtime = [] if self.runtime is None else [self.runtime]
        return runtime + self.extensions

    def ids(self) -> list[int]:
        """The process ids of all live processes and of their descendants."""
        started = [process.pid for process in self.all if process.alive]
        return started + [child for pid in started for child in descendants(pid)]

    def freeze(self) -> None:
        """Stop every thread of every process until :meth:`thaw`."""
        for process in self.all:
            if process.alive:
                process.freeze()

    def thaw(self) -> None:
        """Let the processes go on."""
        for process in self.all:
            process.thaw()

    def terminate_runtime(self) -> None:
        """Ask the runtime to end (SIGTERM)."""
        if self.runtime is not None:
            self.runtime.signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill all processes at once, also one that is held."""
        held, self._held = self._held, None
        if held is not None:
            self._dismiss(held)
        for process in self.all:
            self._sandbox.kill(process)
        self._dying = [p for p in self._dying if p.alive] + self.all
        self.extensions.clear()
        self.runtime = None

    def flush(self) -> None:
        """Pass on all that the processes have written to the log pipes."""
        self._pipe.flush()
        if self._extension_pipe is not None:
            self._extension_pipe.flush()

    async def close(self) -> None:
        """Kill the processes, wait until they have ended, close the pipes."""
        self.kill()
        if waiting := [process.exited for process in self._dying if process.alive]:
            await asyncio.wait(waiting)
        self._pipe.close()
        if self._extension_pipe is not None:
            self._extension_pipe.close()
