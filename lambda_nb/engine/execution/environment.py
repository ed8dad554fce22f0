"""One execution environment: its processes, its listener, its log, from init phase to end.

Theory of operation::

                start()                 invoke()
    (new) ---------------> READY <----------------> (an invocation)
                             ^                          | timeout, exit, out of memory
                             |  start() again, inside   v
                             +--- the next invoke() -- BROKEN

An environment is told nothing about other environments and decides nothing: ``executor`` calls one
method at a time. Between invocations its processes are stopped (:meth:`rest`). A broken one keeps
its listener, log stream and ``/tmp``; the next invocation begins with another init phase, under the
function's timeout ("suppressed init").
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lambda_nb.engine.execution import extensions, report, variables
from lambda_nb.engine.execution import outcome as outcomes
from lambda_nb.engine.execution.channel import SpawnError
from lambda_nb.engine.execution.clock import epoch_ms
from lambda_nb.engine.execution.ephemeral import StorageWatchdog
from lambda_nb.engine.execution.extensions import Extensions
from lambda_nb.engine.execution.functionlog import FunctionLog
from lambda_nb.engine.execution.governor import Governor
from lambda_nb.engine.execution.isolation import Sandbox
from lambda_nb.engine.execution.launch import Launch, launcher
from lambda_nb.engine.execution.memory import Watchdog
from lambda_nb.engine.execution.outcome import InitResult, Outcome
from lambda_nb.engine.execution.phase import Happening, Phase
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.processes import Processes
from lambda_nb.engine.execution.report import Finished
from lambda_nb.engine.execution.rest import Rest
from lambda_nb.engine.execution.runtime_api import RuntimeAPI
from lambda_nb.engine.execution.streaming import ResponseStream
from lambda_nb.engine.execution.subscriptions import Subscriptions
from lambda_nb.engine.execution.zygotes import ExitStatus, Process
from lambda_nb.engine.identifiers import hex_digits, uuid4
from lambda_nb.engine.model import Invocation
from lambda_nb.rules import loglines

if TYPE_CHECKING:
    from lambda_nb.engine.execution.snapshots import Snapshot, Snapshots

INIT_LIMIT_S = 10.0
"""Longest init phase of an on-demand environment (AWS Developer Guide)."""

RESTORE_LIMIT_S = 10.0
"""Longest SnapStart restore, after-restore hooks included (AWS Developer Guide)."""


class Environment:
    """One execution environment of a function version.

    With ``origin`` it is restored from that version's snapshot. With ``snapshots``, a descriptor,
    it ends its init phase as a snapshot that takes requests for copies there.
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
        self.invocations = 0
        self._services = services
        self._id = self.log.stream[-32:]
        self.home = services.work_dir / "environments" / self._id
        self._origin = origin
        self._snapshots = snapshots
        self._snapshot: Snapshot | None = None
        self._sandbox: Sandbox | None = None
        self._api = RuntimeAPI(self)
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

    # -- what the executor calls

    @property
    def ready(self) -> bool:
        """Whether the runtime waits for an event."""
        return self._api.parked and self.pid is not None

    @property
    def pid(self) -> int | None:
        """The runtime's process, if it has one now."""
        runtime = self._runtime
        return None if runtime is None or not runtime.alive else runtime.pid

    @property
    def process(self) -> Process | None:
        """The same, as one to deal with."""
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

    @property
    def _runtime(self) -> Process | None:
        return None if self._processes is None else self._processes.runtime

    async def start(self, limit_s: float = INIT_LIMIT_S) -> InitResult:
        """Run the init phase, at most ``limit_s`` seconds, or restore the version's snapshot."""
        function = self.function
        if self._origin is not None:
            self._init = await self._resume(self._origin)
            return self._init
        self.log.platform(
            loglines.InitStart(
                self.prepared.runtime_version,
                function.runtime_version_arn,
                self.initialization_type,
                "init",
                function.name,
                function.version,
            )
        )
        self._init = await self._initialise("init", limit_s)
        return self._init

    async def invoke(self, invocation: Invocation) -> Finished:
        """Run one invocation, init phase included when the environment is broken."""
        function = self.function
        self.log.begin()
        self.invocations += 1
        self._told_runtime_done = False
        self._began = began = time.perf_counter()
        limit_s = float(function.timeout_s)
        outcome: Outcome | None = None
        if not self.ready:
            if self._origin is not None:
                init = await self._resume(self._origin)
            else:
                init = await self._initialise("invoke", limit_s)
            limit_s = max(0.001, limit_s - init.duration_ms / 1000)
            if not init.ok:
                outcome = init.outcome(invocation.request_id, function.timeout_s)
        if invocation.trace_header is None:
            invocation.trace_header = _new_trace()
        self.log.platform(
            loglines.Start(invocation.request_id, function.version, invocation.trace_header)
        )
        if outcome is None:
            self._thaw()
            outcome = await self._run(invocation, limit_s)
        return self._report(invocation, outcome, (time.perf_counter() - began) * 1000)

    def rest(self) -> None:
        """Stop the processes, a moment later, until the next invocation."""
        self.unwatch()
        self._rest.begin()

    async def end(self, *, keep_files: bool = False) -> None:
        """End the environment and remove all it has, unless others have files below its own."""
        await self._shut_down("SPINDOWN")
        self._phase.close()
        self._api.close()
        if self._processes is not None:
            await self._processes.close()
        if self._sandbox is not None:
            await self._sandbox.close()
            if self._snapshot is not None:
                await asyncio.to_thread(shutil.rmtree, self._sandbox.tmp, ignore_errors=True)
        if not keep_files:
            await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)
        if self._snapshot is not None:
            await self._snapshot.leave()

    # -- init phase

    async def _initialise(self, phase: Literal["init", "invoke"], limit_s: float) -> InitResult:
        began = time.perf_counter()
        self._init_error = self._extension_error = None
        self._outcome = None
        launch = self.prepared.launch
        if launch is None:
            kind, entrypoint = "Runtime.InvalidEntrypoint", self.prepared.entrypoint_error
            result = InitResult(0.0, "error", kind, entrypoint=entrypoint)
        else:
            happened = await self._spawn(launch, limit_s)
            self._flush()
            result = self._init_result(happened, (time.perf_counter() - began) * 1000)
        kind, status, error_type = self.initialization_type, result.status, result.error_type
        self.log.platform(loglines.InitRuntimeDone(kind, phase, status, error_type))
        self.log.platform(loglines.InitReport(result.duration_ms, phase, status, error_type, kind))
        if result.ok and self._api.restoring and self._snapshots < 0:
            result = await self._restore(result)
        if result.ok:
            self._extensions.close_registration()
        else:
            await self._shut_down("TIMEOUT" if result.status == "timeout" else "FAILURE")
        return result

    async def _resume(self, origin: Snapshots, *, again: bool = True) -> InitResult:
        """SnapStart: restore from the version's snapshot, which may have to be taken first."""
        self._init_error = self._extension_error = None
        self._outcome = None
        taken = await origin.take()
        if not taken.ok:
            return taken
        snapshot = origin.present
        if snapshot is None:
            raise SpawnError("the snapshot ended as soon as it was taken")
        self._restore_begins()
        began = time.perf_counter()
        try:
            happened = await self._fork_off(snapshot)
        except SpawnError:
            if snapshot.alive or not again:
                raise
            return await self._resume(origin, again=False)
        return await self._restore_ended(happened, began)

    async def _fork_off(self, snapshot: Snapshot) -> Happening:
        """Start the extensions, then the runtime as a copy of the snapshot's."""
        self._reset()
        launch = self.prepared.launch
        assert launch is not None, "what cannot start has no snapshot"
        if self._snapshot is not snapshot:
            await self._move_in(snapshot)
        assert self._sandbox is not None
        if self._processes is None:
            self._processes = Processes(self._services.zygotes, self._sandbox, self.log)
        self._out_of_memory = False
        env = self._variables(launch)
        began = time.perf_counter()
        if self._extensions.expected:
            waiting = self._wait(RESTORE_LIMIT_S, lambda: self._extensions.all_registered)
            await self._start_extensions(self._processes, env)
            self._phase.check()
            if (happened := await waiting) != "next":
                return happened
        own = {name: env[name] for name in variables.RESTORED if name in env}
        runtime = await self._processes.restore_runtime(snapshot, own)
        runtime.exited.add_done_callback(self._exited)
        self._watch(runtime)
        waiting = self._wait(max(0.001, RESTORE_LIMIT_S - (time.perf_counter() - began)))
        self._phase.check()
        return await waiting

    async def _move_in(self, snapshot: Snapshot) -> None:
        """Have a confinement that goes with this snapshot's, and a copy of its ``/tmp``."""
        if self._snapshot is None:
            await self._api.start()
        else:  # that snapshot is gone, and our processes with their confinement
            await self._leave()
        snapshot.enter()
        self._snapshot = snapshot
        files, origin = self.prepared.files, snapshot.sandbox
        self._sandbox = self._services.isolation.restored(self.function, files, self.home, origin)
        if self._sandbox.view is not None and any(origin.tmp.iterdir()):
            await asyncio.to_thread(_copy, origin.tmp, self._sandbox.tmp)

    async def _leave(self) -> None:
        """A restored environment has no use for its snapshot any more."""
        if self._processes is not None:
            await self._processes.close()
            self._processes = None
        if self._snapshot is not None:
            await self._snapshot.leave()
        await self.sandbox.close()

    def _restore_begins(self) -> None:
        function = self.function
        self.log.platform(
            loglines.RestoreStart(
                self.prepared.runtime_version,
                function.runtime_version_arn,
                function.name,
                function.version,
            )
        )

    async def _restore_ended(self, happened: Happening, began: float) -> InitResult:
        self._flush()
        restore_ms = (time.perf_counter() - began) * 1000
        result = self._init_result(happened, restore_ms)
        self.log.platform(loglines.RestoreReport(restore_ms, result.status, result.error_type))
        if result.ok:
            self._extensions.close_registration()
        else:
            await self._shut_down("TIMEOUT" if result.status == "timeout" else "FAILURE")
        return replace(result, restore_ms=restore_ms)

    async def _restore(self, init: InitResult) -> InitResult:
        """SnapStart of other runtimes: the process itself goes on where it waits."""
        self._restore_begins()
        began = time.perf_counter()
        waiting = self._wait(RESTORE_LIMIT_S)
        self._api.restored()
        result = await self._restore_ended(await waiting, began)
        return replace(result, duration_ms=init.duration_ms)

    def _init_result(self, happened: Happening, ms: float) -> InitResult:
        if happened == "next":
            return InitResult(ms)
        if happened == "timeout":
            return InitResult(ms, "timeout")
        if self._extension_error is not None:
            kind, message = self._extension_error
            return InitResult(ms, "error", kind, entrypoint=message)
        if self._init_error is not None:
            body, error_type = self._init_error
            return InitResult(ms, "error", error_type, body)
        assert self._runtime is not None
        status = self._runtime.exited.result()
        kind = outcomes.OUT_OF_MEMORY if self._out_of_memory else outcomes.EXIT_ERROR
        return InitResult(ms, "error", kind, exit=status, out_of_memory=self._out_of_memory)

    async def _spawn(self, launch: Launch, limit_s: float) -> Happening:
        """Start the extensions, then the runtime; returns what ended the init phase."""
        self._reset()
        if self._sandbox is None:
            self._sandbox = self._services.isolation.sandbox(
                self.function,
                self.prepared.files,
                self.home,
                launch.program,
                snapshot=self._snapshots >= 0,
            )
            await self._api.start()
        if self._processes is None:
            self._processes = Processes(self._services.zygotes, self._sandbox, self.log)
        self._out_of_memory = False
        env = self._variables(launch)
        began = time.perf_counter()
        if self._extensions.expected and self._snapshots < 0:
            waiting = self._wait(limit_s, lambda: self._extensions.all_registered)
            await self._start_extensions(self._processes, env)
            self._phase.check()
            if (happened := await waiting) != "next":
                return happened
        more = () if self._snapshots < 0 else (self._snapshots,)
        runtime = await self._processes.start_runtime(launch, env, *more)
        runtime.exited.add_done_callback(self._exited)
        self._watch(runtime)
        waiting = self._wait(max(0.001, limit_s - (time.perf_counter() - began)))
        self._phase.check()  # it may have asked before the zygote's word of its pid was read
        return await waiting

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

    async def _start_extensions(self, processes: Processes, env: dict[str, str]) -> None:
        assert self._sandbox is not None
        kind = self._services.isolation.zygote(launcher(), self.prepared.files, layered=False)
        hidden = variables.for_extension(env)
        for name in self._extensions.expected:
            program = f"{self._sandbox.places.opt}/extensions/{name}"
            process = await processes.start_extension(kind, program, hidden)
            process.exited.add_done_callback(partial(self._extension_exited, name))

    def _variables(self, launch: Launch) -> dict[str, str]:
        assert self._sandbox is not None
        services = self._services
        return variables.compose(
            self.function,
            self._sandbox.places,
            preset=launch.extra,
            credentials=services.credentials_for(self.function),
            runtime_api=f"127.0.0.1:{self._api.port}",
            endpoint=services.endpoint(),
            initialization_type=self.initialization_type,
            log_group=self.log.group,
            log_stream=self.log.stream,
        )

    # -- an invocation

    async def _run(self, invocation: Invocation, limit_s: float) -> Outcome:
        self._invocation = invocation
        self._outcome = None
        self._stream = None
        deadline_ms = epoch_ms() + int(limit_s * 1000)
        headers = [
            f"Lambda-Runtime-Deadline-Ms: {deadline_ms}",
            f"Lambda-Runtime-Invoked-Function-Arn: {invocation.invoked_arn}",
        ]
        for name, value in (
            ("Trace-Id", invocation.trace_header),
            ("Client-Context", invocation.client_context),
            ("Cognito-Identity", invocation.cognito_identity),
            ("Aws-Tenant-Id", invocation.tenant_id),
        ):
            if value:
                headers.append(f"Lambda-Runtime-{name}: {_one_line(value)}")
        waiting = self._wait(limit_s)
        attempt = uuid4()
        self._extensions.invoke(invocation, deadline_ms)
        self._api.deliver(invocation.request_id, attempt, headers, invocation.payload)
        happened = await waiting
        outcome = await self._concluded(invocation, happened)
        await self._stream_out(invocation, outcome)
        self._invocation = None
        return outcome

    async def _concluded(self, invocation: Invocation, happened: Happening) -> Outcome:
        self._flush()
        request_id, runtime = invocation.request_id, self._runtime
        if happened == "timeout":
            await self._shut_down("TIMEOUT")
            return outcomes.timed_out(request_id, self.function.timeout_s)
        if self._extension_error is not None:
            kind, message = self._extension_error
            await self._shut_down("FAILURE")
            return outcomes.sandbox_error(request_id, kind, message)
        if self._outcome is not None:
            return self._outcome
        await self._shut_down("FAILURE")
        if happened == "next":
            message = "Runtime asked for the next event without answering"
            return outcomes.sandbox_error(request_id, "Runtime.Unknown", message)
        assert runtime is not None
        status = runtime.exited.result()
        return outcomes.exited(request_id, status, out_of_memory=self._out_of_memory)

    async def _stream_out(self, invocation: Invocation, outcome: Outcome) -> None:
        """Pass on what is left of a streamed response, or a buffered one as a single chunk."""
        if self._stream is None and invocation.on_chunk is not None and not outcome.failed:
            self._stream = ResponseStream(invocation, outcome.content_type)
            self._stream.put(outcome.payload)
        if self._stream is not None:
            await self._stream.close()

    def _report(self, invocation: Invocation, outcome: Outcome, duration_ms: float) -> Finished:
        """Write what remains to be said; the first invocation tells of the init phase as well."""
        init = None
        if self._init is not None and not self._init_reported:
            self._init_reported = True
            if self._init.ok and self.initialization_type != "provisioned-concurrency":
                init = self._init
        self._runtime_done(invocation, outcome)
        return report.close_log(
            self.log,
            self.function,
            invocation,
            outcome,
            duration_ms=duration_ms,
            max_memory_mb=self.function.memory_mb if self._out_of_memory else self._memory_mb(),
            init=init,
        )

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
            self._storage.stop()
            self._storage = None
        if self._governor is not None:
            self._governor.stop()
            self._governor = None
        self._api.reset()
        self._subscriptions.begin()
        self._extensions.begin()

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


def _new_trace() -> str:
    """A trace header for an invocation that came without one: Lambda always passes one on."""
    root, parent = hex_digits(24), hex_digits(16)
    return f"Root=1-{int(time.time()):08x}-{root};Parent={parent};Sampled=0"


def _copy(source: Path, target: Path) -> None:
    """Copy what the init phase left in ``/tmp``, but for sockets and the like."""
    with contextlib.suppress(shutil.Error):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
