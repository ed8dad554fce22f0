"""What every phase of an execution environment rests on: its parts, waiting, events, its end."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lambda_nb.engine.execution.clock import epoch_ms
from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment import report
from lambda_nb.engine.execution.environment.freezing import Rest
from lambda_nb.engine.execution.environment.outcome import InitResult, Outcome
from lambda_nb.engine.execution.environment.phases import Happening, Phase
from lambda_nb.engine.execution.environment.processes import Processes
from lambda_nb.engine.execution.environment.streaming import ResponseStream
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtime_api import extensions
from lambda_nb.engine.execution.runtime_api.extensions import Extensions
from lambda_nb.engine.execution.runtime_api.listener import RuntimeAPI
from lambda_nb.engine.execution.runtime_api.peers import Peer
from lambda_nb.engine.execution.runtime_api.telemetry_api import Subscriptions
from lambda_nb.engine.execution.runtimes.zygotes import ExitStatus, Process
from lambda_nb.engine.execution.sandbox.cpu_share import Governor
from lambda_nb.engine.execution.sandbox.isolation import Sandbox
from lambda_nb.engine.execution.sandbox.memory import Watchdog
from lambda_nb.engine.execution.sandbox.tmp_size import StorageWatchdog
from lambda_nb.engine.model import Invocation
from lambda_nb.rules import loglines

if TYPE_CHECKING:
    from lambda_nb.engine.execution.environment.snapshots import Snapshot, Snapshots


class Life:
    """The processes of an environment, its listener and its log, and how to wait for them.

    Implements ``RuntimeEvents`` and what extensions report.
    """

    def __init__(
        self,
        prepared: Prepared,
        services: Services,
        *,
        initialization_type: str = "on-demand",
        origin: Snapshots | None = None,
        snapshots: int = -1,
    ) -> None:
        self.prepared = prepared
        self.function = prepared.function
        self.initialization_type = initialization_type
        self.log = FunctionLog(prepared.function, services.logs)
        self.created = time.time()
        self.idle_since = self.created
        self.invocations = 0
        self._services = services
        self.home = services.work_dir / "environments" / self.log.environment
        self._origin = origin
        self._snapshots = snapshots
        self._snapshot: Snapshot | None = None
        self._sandbox: Sandbox | None = None
        self._api = RuntimeAPI(self, self._owns)
        self._processes: Processes | None = None
        self._extensions = Extensions(
            prepared.function, extensions.programs(prepared.files.opt), self, self.log.platform
        )
        self._subscriptions = Subscriptions(self._extensions, self.log)
        self._api.routes.update({**self._extensions.routes, **self._subscriptions.routes})
        self._extension_error: tuple[str, str] | None = None
        self._watchdog: Watchdog | None = None
        self._storage: StorageWatchdog | None = None
        self._governor: Governor | None = None
        self._peak_mb = 0
        self._out_of_memory = False
        self._phase = Phase()
        self._rest = Rest(self._freeze)
        self._outcome: Outcome | None = None
        self._init_error: tuple[bytes, str] | None = None
        self._invocation: Invocation | None = None
        self._began = 0.0
        self._told_runtime_done = False
        self._stream: ResponseStream | None = None
        self._init: InitResult | None = None
        self._init_reported = False

    @property
    def pid(self) -> int | None:
        """The runtime's process, if it has one now."""
        runtime = self._runtime
        return None if runtime is None or not runtime.alive else runtime.pid

    @property
    def held_pid(self) -> int:
        """The process that waits for the init phase to begin; 0 if there is none."""
        return 0 if self._processes is None else self._processes.holds

    @property
    def process(self) -> Process | None:
        """The runtime's process as one to deal with."""
        return self._runtime

    @property
    def sandbox(self) -> Sandbox:
        """The confinement of its processes, once it has been started."""
        assert self._sandbox is not None, "the environment has not been started"
        return self._sandbox

    def unwatch(self) -> None:
        """Look no more after its memory, ``/tmp`` and CPU time: it is, or will be, stopped."""
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._storage is not None:
            self._storage.stop()
        if self._governor is not None:
            self._governor.stop()

    def _owns(self, other: Peer) -> bool | None:
        """Whether one of our processes is there; ``None`` if that will be known in a moment."""
        return False if self._processes is None else self._processes.owns(other)

    @property
    def _runtime(self) -> Process | None:
        return None if self._processes is None else self._processes.runtime

    def _watch(self, runtime: Process) -> None:
        """Have an eye on the memory of a new runtime, and on the files of all processes."""
        function, processes = self.function, self._processes
        assert processes is not None
        self._watchdog = Watchdog(runtime, function.memory_mb, self._exceeded)
        limit_mb = function.ephemeral_storage_mb
        warn = partial(self.log.function, timestamp_ms=None, level="WARN")
        self._storage = StorageWatchdog(self.sandbox.tmp, limit_mb, processes.ids, warn)
        if self._services.isolation.wants_governor:
            self._governor = Governor(processes, function.memory_mb)

    def _memory_mb(self) -> int:
        told = self._api.peak_kb
        if told:  # the runtime knows its own peak: asking the kernel for it is dear
            self._peak_mb = max(self._peak_mb, min(-(-told // 1024), self.function.memory_mb))
        elif self._watchdog is not None:
            self._peak_mb = max(self._peak_mb, self._watchdog.peak_mb())
        return self._peak_mb

    # -- waiting

    def _wait(
        self, limit_s: float, over: Callable[[], bool] | None = None
    ) -> asyncio.Future[Happening]:
        """Begin a phase; without ``over`` it ends when the runtime and every extension are idle."""
        watched = self._sandbox is not None and self._sandbox.watches_memory
        if self._watchdog is not None and not watched:
            self._watchdog.start()
        if self._storage is not None:
            self._storage.start()
        if self._governor is not None:
            self._governor.start()
        happened = self._phase.begin(limit_s, over or self._idle)
        if over is None and self.pid is None:
            self._phase.end("exit")
        return happened

    def _idle(self) -> bool:
        return (self._api.parked or self._api.restoring) and self._extensions.idle

    def _exited(self, exited: asyncio.Future[ExitStatus]) -> None:
        """The runtime is gone; what it sent before may still be on its way."""
        if self._runtime is not None and self._runtime.exited is exited:
            if self._sandbox is not None and self._sandbox.ran_out_of_memory():
                self._out_of_memory = True
            self._api.when_quiet(lambda: self._phase.end("exit"))

    def _extension_exited(self, name: str, exited: asyncio.Future[ExitStatus]) -> None:
        """An extension is gone although nobody told it to go."""
        processes = self._processes
        if processes is None or all(p.exited is not exited for p in processes.extensions):
            return
        status = exited.result()
        words = loglines.exit_message(status.code, status.signal).replace("Runtime", name, 1)
        self.extension_failed("Extension.Crash", words)

    def _exceeded(self) -> None:
        self._out_of_memory = True
        if self._runtime is not None:
            self._runtime.kill()

    def _flush(self) -> None:
        if self._processes is not None:
            self._processes.flush()

    async def _shut_down(self, reason: str) -> None:
        """End the processes; extensions are told first and have a moment to finish."""
        processes, seconds = self._processes, self._extensions.shutdown_s
        if processes is not None and seconds:
            self._thaw()
            processes.terminate_runtime()
            if reason != "SPINDOWN" and self._runtime is not None:
                self._runtime.kill()
            began = time.perf_counter()
            await self._subscriptions.finish(seconds / 2)
            leaving = list(processes.extensions)
            self._extensions.shut_down(reason, epoch_ms() + int(seconds * 1000))
            processes.extensions.clear()  # their exits are no failures any more
            left = seconds - (time.perf_counter() - began)
            if waiting := [p.exited for p in leaving if p.alive]:
                await asyncio.wait(waiting, timeout=max(0.0, left))
            processes.extensions += leaving
            processes.flush()
        self._reset()

    def _freeze(self) -> None:
        if self._processes is not None:
            self._processes.freeze()

    def _thaw(self) -> None:
        self._rest.end()
        if self._processes is not None:
            self._processes.thaw()

    def _reset(self) -> None:
        """End the processes; the next init phase starts new ones."""
        self._rest.end()
        self._memory_mb()
        if self._processes is not None:
            self._processes.kill()
        if self._watchdog is not None:
            self._watchdog.close()
            self._watchdog = None
        if self._storage is not None:
            self._storage.close()
            self._storage = None
        if self._governor is not None:
            self._governor.stop()
            self._governor = None
        self._api.reset()
        self._subscriptions.begin()
        self._extensions.begin()

    def _runtime_done(self, invocation: Invocation, outcome: Outcome) -> None:
        """Say once that the runtime is through with an invocation; extensions may still work."""
        if self._told_runtime_done or not self.log.wants_details:
            return
        self._told_runtime_done = True
        self._flush()
        self.log.platform(
            loglines.RuntimeDone(
                invocation.request_id,
                (time.perf_counter() - self._began) * 1000,
                outcome.status,
                report.error_type(outcome),
                len(outcome.payload),
                invocation.trace_header or "",
            )
        )

    # -- RuntimeEvents

    def asked_next(self) -> None:
        """The runtime is done, with the init phase or an invocation."""
        if self._invocation is not None and self._outcome is not None:
            self._runtime_done(self._invocation, self._outcome)
        self._phase.check()

    def responded(self, body: bytes, content_type: str) -> None:
        """The handler returned."""
        self._outcome = Outcome(body, content_type)

    def failed(self, body: bytes, error_type: str) -> None:
        """The handler raised."""
        self._outcome = outcomes.function_error(body, error_type)

    def too_large(self) -> None:
        """The handler returned too much."""
        self._outcome = outcomes.too_large()

    def stream_started(self, content_type: str) -> None:
        """The handler streams its response."""
        assert self._invocation is not None
        self._stream = ResponseStream(self._invocation, content_type)

    def stream_chunk(self, chunk: bytes) -> None:
        """A part of it."""
        if self._stream is not None:
            self._stream.put(chunk)

    def stream_ended(self, error_type: str, error_body: str) -> None:
        """All of it, or the handler failed half-way."""
        if self._stream is None:
            return
        if error_type:
            body = base64.b64decode(error_body)
            self._outcome = Outcome(body, failed=True, error_type=error_type)
        else:
            self._outcome = Outcome(self._stream.collected(), self._stream.content_type)

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The init phase failed; the process exits next."""
        self._memory_mb()
        self._init_error = (body, error_type)

    def extension_asked(self) -> None:
        """An extension has registered, or is done with its event."""
        self._phase.check()

    def extension_failed(self, error_type: str, message: str) -> None:
        """An extension gave up, or its process ended."""
        if self._extension_error is None:
            self._extension_error = (error_type, message)
        self._phase.end("extension")

    def asked_restore(self) -> bool:
        """SnapStart: the runtime is ready for its snapshot."""
        if self.initialization_type != "snap-start":
            return False
        self._phase.check()
        return True

    def restore_failed(self, body: bytes, error_type: str) -> None:
        """SnapStart: an after-restore hook failed."""
        self._init_error = (body, error_type)
