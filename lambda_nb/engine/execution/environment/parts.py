"""The parts of one execution environment, and the operations on all of them.

An environment has a log stream, a listener (Runtime, Extensions and Telemetry API), a sandbox,
processes in it, limits on them, and a phase.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from lambda_nb.engine.execution.clock import epoch_ms
from lambda_nb.engine.execution.debugging.attachment import Attachment
from lambda_nb.engine.execution.environment.conversation import Conversation
from lambda_nb.engine.execution.environment.freezing import Freezing
from lambda_nb.engine.execution.environment.limits import Limits
from lambda_nb.engine.execution.environment.phases import Happening, Phase, Phases
from lambda_nb.engine.execution.environment.processes import Processes
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtime_api import extensions
from lambda_nb.engine.execution.runtime_api.extensions import Extensions
from lambda_nb.engine.execution.runtime_api.frames_api import FramesApi
from lambda_nb.engine.execution.runtime_api.listener import RuntimeAPI
from lambda_nb.engine.execution.runtime_api.peers import Peer
from lambda_nb.engine.execution.runtime_api.telemetry_api import Subscriptions
from lambda_nb.engine.execution.runtimes import variables
from lambda_nb.engine.execution.runtimes.launch import Launch, launcher
from lambda_nb.engine.execution.runtimes.zygotes import ExitStatus, Process
from lambda_nb.engine.execution.sandbox.isolation import Sandbox
from lambda_nb.rules import loglines


class Parts:
    """What an environment consists of.

    Parameters
    ----------
    prepared, services
        What it is made from.
    initialization_type
        As the function sees it in ``AWS_LAMBDA_INITIALIZATION_TYPE``.
    snapshots
        A descriptor on which a snapshot takes requests for copies; -1 for none.
    """

    def __init__(
        self, prepared: Prepared, services: Services, initialization_type: str, snapshots: int
    ) -> None:
        function = prepared.function
        self.prepared = prepared
        self.function = function
        self.services = services
        self.initialization_type = initialization_type
        self.snapshots = snapshots
        self.log = FunctionLog(function, services.logs)
        self.home = services.work_dir / "environments" / self.log.environment
        self.phases = Phases()
        self.limits = Limits(function, self.log, share_cpu=services.isolation.wants_governor)
        self.conversation = Conversation(
            self.log,
            self.phases,
            flush=self.flush,
            init_failed=self.memory_mb,
            takes_snapshot=initialization_type == "snap-start",
        )
        self.listener = RuntimeAPI(self.conversation, self._owns)
        self.extensions = Extensions(
            function, extensions.programs(prepared.files.opt), self.conversation, self.log.platform
        )
        self._telemetry = Subscriptions(self.extensions, self.log)
        self.listener.routes.update({**self.extensions.routes, **self._telemetry.routes})
        self.frames = None if services.failures is None else FramesApi()
        if self.frames is not None:
            self.listener.routes.update(self.frames.routes)
        self.sandbox: Sandbox | None = None
        self.processes: Processes | None = None
        self.debugging: Attachment | None = None
        self._freezing = Freezing(self._freeze)

    @property
    def runtime(self) -> Process | None:
        """The runtime's process, if there is one."""
        return None if self.processes is None else self.processes.runtime

    # -- before an init phase

    async def furnish(self, launch: Launch) -> Processes:
        """Create the sandbox, the listener and the log pipe, unless they exist."""
        if self.sandbox is None:
            self.sandbox = self.services.isolation.sandbox(
                self.function,
                self.prepared.files,
                self.home,
                launch.programs,
                launch.interpreter,
                snapshot=self.snapshots >= 0,
            )
            await self.listener.start()
        return self.have_processes(self.sandbox)

    def have_processes(self, sandbox: Sandbox) -> Processes:
        """The environment's processes; none of them has to run yet."""
        if self.processes is None:
            self.processes = Processes(
                self.services.zygotes, sandbox, self.log, self.listener.settle
            )
        return self.processes

    def variables(self, launch: Launch) -> dict[str, str]:
        """The environment variables of the runtime."""
        assert self.sandbox is not None
        services = self.services
        composed = variables.compose(
            self.function,
            self.sandbox.places,
            preset={**services.variables(), **launch.extra},
            credentials=services.credentials_for(self.function),
            runtime_api=f"127.0.0.1:{self.listener.port}",
            endpoint=services.endpoint(),
            initialization_type=self.initialization_type,
            log_group=self.log.group,
            log_stream=self.log.stream,
        )
        if self.debugging is not None:
            composed.update(self.debugging.variables())
        if self.frames is not None and self.function.runtime.startswith("python"):
            composed[variables.KEEP_FRAMES] = "1"
        return composed

    # -- starting processes

    async def start_extensions(
        self, processes: Processes, env: dict[str, str], limit_s: float
    ) -> Happening:
        """Start the external extensions and wait until all have registered (``next``)."""
        assert self.sandbox is not None
        waiting = self.wait(limit_s, lambda: self.extensions.all_registered)
        kind = self.services.isolation.zygote(launcher(), self.prepared.files, layered=False)
        hidden = variables.for_extension(env)
        for name in self.extensions.expected:
            program = f"{self.sandbox.places.opt}/extensions/{name}"
            process = await processes.start_extension(kind, program, hidden)
            process.exited.add_done_callback(partial(self._extension_exited, name))
        self.phases.check()
        return await waiting

    def watch(self, runtime: Process, processes: Processes) -> None:
        """Watch a runtime that was just started: its exit and its limits."""
        assert self.sandbox is not None
        runtime.exited.add_done_callback(self._exited)
        self.limits.watch(runtime, processes, self.sandbox)

    # -- waiting

    def wait(
        self, limit_s: float, over: Callable[[], bool] | None = None
    ) -> asyncio.Future[Happening]:
        """Start to wait for ``over``, by default until the runtime and all extensions are idle."""
        self.limits.start()
        happened = self.phases.wait(limit_s, over or self._idle)
        runtime = self.runtime
        if over is None and (runtime is None or not runtime.alive):
            self.phases.end("exit")
        return happened

    def _idle(self) -> bool:
        return (self.listener.parked or self.listener.restoring) and self.extensions.idle

    def _exited(self, exited: asyncio.Future[ExitStatus]) -> None:
        """The runtime exited; data that it sent before may not have arrived yet."""
        if self.runtime is not None and self.runtime.exited is exited:
            if self.sandbox is not None and self.sandbox.ran_out_of_memory():
                self.limits.out_of_memory = True
            self.listener.when_quiet(lambda: self.phases.end("exit"))

    def _extension_exited(self, name: str, exited: asyncio.Future[ExitStatus]) -> None:
        """An extension exited although nobody told it to."""
        processes = self.processes
        if processes is None or all(p.exited is not exited for p in processes.extensions):
            return
        status = exited.result()
        words = loglines.exit_message(status.code, status.signal).replace("Runtime", name, 1)
        self.conversation.extension_failed("Extension.Crash", words)

    def _owns(self, other: Peer) -> bool | None:
        """Whether the peer is one of our processes; ``None`` if that is not known yet."""
        return False if self.processes is None else self.processes.owns(other)

    # -- all processes at once

    def flush(self) -> None:
        """Read all that the processes have written to their log pipes."""
        if self.processes is not None:
            self.processes.flush()

    def memory_mb(self) -> int:
        """The peak memory so far (MB)."""
        return self.limits.peak_mb(self.listener.peak_kb)

    def rest(self) -> None:
        """Freeze the processes after a moment, until :meth:`thaw`.

        A debugged environment goes on: a frozen process cannot be told of breakpoints.
        """
        self.limits.stop()
        if self.debugging is None:
            self._freezing.begin()

    def thaw(self) -> None:
        """Let the processes go on."""
        self._freezing.end()
        if self.processes is not None:
            self.processes.thaw()

    def _freeze(self) -> None:
        if self.processes is not None:
            self.processes.freeze()

    async def shut_down(self, reason: str, then: Phase = "broken") -> None:
        """End the processes; extensions are notified first and get a moment to finish."""
        processes, seconds = self.processes, self.extensions.shutdown_s
        if processes is not None and seconds:
            self.thaw()
            processes.terminate_runtime()
            if reason != "SPINDOWN" and self.runtime is not None:
                self.runtime.kill()
            began = time.perf_counter()
            await self._telemetry.finish(seconds / 2)
            leaving = list(processes.extensions)
            self.extensions.shut_down(reason, epoch_ms() + int(seconds * 1000))
            processes.extensions.clear()  # their exits are no longer failures
            left = seconds - (time.perf_counter() - began)
            if waiting := [p.exited for p in leaving if p.alive]:
                await asyncio.wait(waiting, timeout=max(0.0, left))
            processes.extensions += leaving
            processes.flush()
        self.reset()
        self.phases.enter(then)

    def reset(self) -> None:
        """End the processes at once; the next init phase starts new ones."""
        self._freezing.end()
        if self.debugging is not None:
            self.debugging.process_ended()
        self.memory_mb()
        if self.processes is not None:
            self.processes.kill()
        self.limits.close()
        self.listener.reset()
        self._telemetry.begin()
        self.extensions.begin()
