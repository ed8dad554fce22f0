"""The processes of one environment: its runtime and its external extensions, and their pipes."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from lambda_nb.engine.execution.functionlog import FunctionLog
from lambda_nb.engine.execution.isolation import Sandbox
from lambda_nb.engine.execution.launch import Launch
from lambda_nb.engine.execution.logpipe import LogPipe
from lambda_nb.engine.execution.zygotes import Process, ZygoteKind, Zygotes, descendants

if TYPE_CHECKING:
    from lambda_nb.engine.execution.snapshots import Snapshot


class Processes:
    """Starts, stops, continues and ends them together."""

    def __init__(self, zygotes: Zygotes, sandbox: Sandbox, log: FunctionLog) -> None:
        self.runtime: Process | None = None
        self.extensions: list[Process] = []
        self._zygotes = zygotes
        self._sandbox = sandbox
        self._log = log
        self._dying: list[Process] = []
        self._pipe = LogPipe(log.function)
        self._extension_pipe: LogPipe | None = None

    async def start_runtime(
        self, launch: Launch, env: dict[str, str], *descriptors: int
    ) -> Process:
        """Start the runtime, with further descriptors for it. Raises ``SpawnError``."""
        request = {
            **self._sandbox.request(),
            "env": env,
            "argv": launch.argv,
            "path": launch.path,
            "framed": launch.framed,
        }
        fds = (self._pipe.write_fd, *descriptors)
        self.runtime = await self._zygotes.spawn(launch.kind, request, *fds)
        return self.runtime

    async def restore_runtime(self, snapshot: Snapshot, env: dict[str, str]) -> Process:
        """Restore the runtime from a snapshot. Raises ``SpawnError``."""
        self.runtime = await snapshot.restore(env, self._sandbox, self._pipe.write_fd)
        return self.runtime

    async def start_extension(self, kind: ZygoteKind, program: str, env: dict[str, str]) -> Process:
        """Start an external extension. Raises ``SpawnError``."""
        if self._extension_pipe is None:
            self._extension_pipe = LogPipe(self._log.extension)
        request = {**self._sandbox.request(), "env": env, "argv": [program]}
        process = await self._zygotes.spawn(kind, request, self._extension_pipe.write_fd)
        self.extensions.append(process)
        return process

    @property
    def all(self) -> list[Process]:
        """Every process that was started and has not been cleared away."""
        runtime = [] if self.runtime is None else [self.runtime]
        return runtime + self.extensions

    def ids(self) -> list[int]:
        """The process ids of all that live, and of what they started."""
        started = [process.pid for process in self.all if process.alive]
        return started + [child for pid in started for child in descendants(pid)]

    def freeze(self) -> None:
        """Stop every thread of every process until :meth:`thaw`."""
        for process in self.all:
            if process.alive:
                process.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        for process in self.all:
            process.thaw()

    def terminate_runtime(self) -> None:
        """Ask the runtime to end (SIGTERM)."""
        if self.runtime is not None:
            self.runtime.signal(signal.SIGTERM)

    def kill(self) -> None:
        """End them all at once."""
        for process in self.all:
            self._sandbox.kill(process)
        self._dying = [p for p in self._dying if p.alive] + self.all
        self.extensions.clear()
        self.runtime = None

    def flush(self) -> None:
        """Hand on all that they have written."""
        self._pipe.flush()
        if self._extension_pipe is not None:
            self._extension_pipe.flush()

    async def close(self) -> None:
        """Kill them, wait for their end, close the pipes."""
        self.kill()
        if waiting := [process.exited for process in self._dying if process.alive]:
            await asyncio.wait(waiting)
        self._pipe.close()
        if self._extension_pipe is not None:
            self._extension_pipe.close()
