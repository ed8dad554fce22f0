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
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lambda_nb.engine.execution import outcome as outcomes
from lambda_nb.engine.execution import variables
from lambda_nb.engine.execution.clock import epoch_ms, iso
from lambda_nb.engine.execution.functionlog import FunctionLog
from lambda_nb.engine.execution.isolation import Isolation, Sandbox
from lambda_nb.engine.execution.launch import Launch
from lambda_nb.engine.execution.logpipe import LogPipe
from lambda_nb.engine.execution.memory import Watchdog
from lambda_nb.engine.execution.outcome import InitResult, Outcome
from lambda_nb.engine.execution.places import Files
from lambda_nb.engine.execution.runtime_api import RuntimeAPI
from lambda_nb.engine.execution.zygotes import ExitStatus, Process, Zygotes
from lambda_nb.engine.model import FunctionVersion, Invocation, LogSink
from lambda_nb.rules import loglines

INIT_LIMIT_S = 10.0
"""Longest init phase of an on-demand environment (AWS Developer Guide)."""

Happening = Literal["next", "exit", "timeout"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A function version made ready to run: how it starts and where its files are."""

    function: FunctionVersion
    launch: Launch | None
    files: Files
    entrypoint_error: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """What every environment of an engine shares."""

    work_dir: Path
    zygotes: Zygotes
    isolation: Isolation
    logs: LogSink
    endpoint: Callable[[], str]
    credentials_for: Callable[[FunctionVersion], tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Finished:
    """One invocation as it came out, with what REPORT says of it (milliseconds, megabytes)."""

    outcome: Outcome
    duration_ms: float
    billed_ms: int
    init_ms: float | None
    max_memory_mb: int
    log_tail: bytes


class Environment:
    """One execution environment of a function version."""

    def __init__(
        self,
        prepared: Prepared,
        services: Services,
        *,
        initialization_type: str = "on-demand",
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
        self._sandbox: Sandbox | None = None
        self._api = RuntimeAPI(self)
        self._pipe: LogPipe | None = None
        self._process: Process | None = None
        self._watchdog: Watchdog | None = None
        self._peak_mb = 0
        self._out_of_memory = False
        self._happened: asyncio.Future[Happening] | None = None
        self._outcome: Outcome | None = None
        self._init_error: tuple[bytes, str] | None = None
        self._invocation: Invocation | None = None
        self._stream: _Stream | None = None
        self._init: InitResult | None = None
        self._init_reported = False

    # -- what the executor calls

    @property
    def ready(self) -> bool:
        """Whether the runtime waits for an event."""
        return self._api.parked and self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """The runtime's process, if it has one now."""
        return None if self._process is None or not self._process.alive else self._process.pid

    async def start(self, limit_s: float = INIT_LIMIT_S) -> InitResult:
        """Run the init phase, at most ``limit_s`` seconds."""
        function = self.function
        self.log.platform(
            loglines.InitStart(
                self._runtime_version(),
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
        began = time.perf_counter()
        limit_s = float(function.timeout_s)
        outcome: Outcome | None = None
        if not self.ready:
            init = await self._initialise("invoke", limit_s)
            limit_s = max(0.001, limit_s - init.duration_ms / 1000)
            if not init.ok:
                outcome = init.outcome(invocation.request_id, function.timeout_s)
        trace = invocation.trace_header or ""
        self.log.platform(loglines.Start(invocation.request_id, function.version, trace))
        if outcome is None:
            assert self._process is not None
            self._process.thaw()
            outcome = await self._run(invocation, limit_s)
        return self._report(invocation, outcome, (time.perf_counter() - began) * 1000)

    def rest(self) -> None:
        """Stop the processes until the next invocation, or clear away broken ones."""
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._process is not None and self._process.alive:
            self._process.freeze()

    async def end(self) -> None:
        """End the environment and remove all it has."""
        self._reset()
        self._api.close()
        process = self._process
        if process is not None:
            await process.exited
        if self._pipe is not None:
            self._pipe.close()
        if self._sandbox is not None:
            await self._sandbox.close()
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)

    # -- init phase

    async def _initialise(self, phase: Literal["init", "invoke"], limit_s: float) -> InitResult:
        began = time.perf_counter()
        self._init_error = None
        self._outcome = None
        launch = self.prepared.launch
        if launch is None:
            kind, entrypoint = "Runtime.InvalidEntrypoint", self.prepared.entrypoint_error
            result = InitResult(0.0, "error", kind, entrypoint=entrypoint)
        else:
            await self._spawn(launch)
            waiting = self._wait(limit_s)
            if self._api.parked:  # it asked before the zygote's word of its pid was read
                self._resolve("next")
            happened = await waiting
            self._flush()
            result = self._init_result(happened, (time.perf_counter() - began) * 1000)
        if not result.ok:
            self._reset()
        if not result.ok or self.initialization_type != "on-demand":
            self.log.platform(
                loglines.InitReport(
                    result.duration_ms,
                    phase,
                    result.status,
                    result.error_type,
                    self.initialization_type,
                )
            )
        return result

    def _init_result(self, happened: Happening, ms: float) -> InitResult:
        if happened == "next":
            return InitResult(ms)
        if happened == "timeout":
            return InitResult(ms, "timeout")
        if self._init_error is not None:
            body, error_type = self._init_error
            return InitResult(ms, "error", error_type, body)
        assert self._process is not None
        status = self._process.exited.result()
        kind = outcomes.OUT_OF_MEMORY if self._out_of_memory else outcomes.EXIT_ERROR
        return InitResult(ms, "error", kind, exit=status, out_of_memory=self._out_of_memory)

    async def _spawn(self, launch: Launch) -> None:
        self._reset()
        if self._sandbox is None:
            self._sandbox = self._services.isolation.sandbox(
                self.function, self.prepared.files, self.home, launch.program
            )
            await self._api.start()
            self._pipe = LogPipe(self.log.function)
        assert self._pipe is not None
        zygote = await self._services.zygotes.get(launch.kind)
        request = self._sandbox.request()
        request["env"] = self._variables(launch)
        request["argv"] = launch.argv
        request["path"] = launch.path
        request["framed"] = launch.framed
        self._out_of_memory = False
        self._process = await zygote.spawn(request, self._pipe.write_fd)
        self._process.exited.add_done_callback(self._exited)
        self._watchdog = Watchdog(self._process, self.function.memory_mb, self._exceeded)

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

    def _runtime_version(self) -> str:
        launch = self.prepared.launch
        return launch.runtime_version if launch is not None else self.function.runtime

    # -- an invocation

    async def _run(self, invocation: Invocation, limit_s: float) -> Outcome:
        self._invocation = invocation
        self._outcome = None
        self._stream = None
        headers = [
            f"Lambda-Runtime-Deadline-Ms: {epoch_ms() + int(limit_s * 1000)}",
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
        attempt = str(uuid.uuid4())
        self._api.deliver(invocation.request_id, attempt, headers, invocation.payload)
        happened = await waiting
        outcome = self._concluded(invocation, happened)
        await self._stream_out(invocation, outcome)
        self._invocation = None
        return outcome

    def _concluded(self, invocation: Invocation, happened: Happening) -> Outcome:
        self._flush()
        if happened == "timeout":
            self._reset()
            return outcomes.timed_out(invocation.request_id, self.function.timeout_s)
        if self._outcome is not None:
            return self._outcome
        if happened == "next":
            # A runtime that asks for the next event without having answered.
            message = "Runtime asked for the next event without answering"
            self._reset()
            return outcomes.sandbox_error(invocation.request_id, "Runtime.Unknown", message)
        assert self._process is not None
        status = self._process.exited.result()
        self._reset()
        return outcomes.exited(invocation.request_id, status, out_of_memory=self._out_of_memory)

    async def _stream_out(self, invocation: Invocation, outcome: Outcome) -> None:
        """Pass on what is left of a streamed response, or a buffered one as a single chunk."""
        if self._stream is not None:
            await self._stream.close()
        elif invocation.on_chunk is not None and not outcome.failed:
            if invocation.on_start is not None:
                await invocation.on_start(outcome.content_type)
            await invocation.on_chunk(outcome.payload)

    def _report(self, invocation: Invocation, outcome: Outcome, duration_ms: float) -> Finished:
        log = self.log
        request_id = invocation.request_id
        init_ms = None
        if self._init is not None and not self._init_reported:
            self._init_reported = True
            if self._init.ok and self.initialization_type == "on-demand":
                init_ms = self._init.duration_ms
        memory = self.function.memory_mb if self._out_of_memory else self._memory_mb()
        billed = loglines.billed_ms(duration_ms, init_ms or 0.0)
        if outcome.status == "timeout":
            stamp = iso(epoch_ms())
            log.platform(loglines.TimedOut(stamp, request_id, float(self.function.timeout_s)))
        elif outcome.exit_message:
            log.platform(loglines.Exited(request_id, outcome.exit_message))
        status = outcome.status
        error_type = outcome.error_type if outcome.status == "error" else ""
        trace = invocation.trace_header or ""
        log.platform(
            loglines.RuntimeDone(
                request_id, duration_ms, status, error_type, len(outcome.payload), trace
            )
        )
        log.platform(loglines.End(request_id))
        reported = outcome.reported or self.function.log_format == "JSON"
        log.platform(
            loglines.Report(
                request_id,
                duration_ms,
                billed,
                self.function.memory_mb,
                memory,
                init_ms,
                status=status if reported else None,
                error_type=error_type if reported else "",
                trace=trace if "Sampled=1" in trace else "",
            )
        )
        return Finished(outcome, duration_ms, billed, init_ms, memory, log.tail())

    def _memory_mb(self) -> int:
        if self._watchdog is not None:
            self._peak_mb = max(self._peak_mb, self._watchdog.peak_mb())
        return self._peak_mb

    # -- waiting

    def _wait(self, limit_s: float) -> asyncio.Future[Happening]:
        """A future of what ends this phase: the runtime asks for an event, exits, or is late."""
        loop = asyncio.get_running_loop()
        happened: asyncio.Future[Happening] = loop.create_future()
        self._happened = happened
        timer = loop.call_later(limit_s, self._resolve, "timeout")
        happened.add_done_callback(lambda _: timer.cancel())
        watched = self._sandbox is not None and self._sandbox.watches_memory
        if self._watchdog is not None and not watched:
            self._watchdog.start()
        if self._process is None or not self._process.alive:
            self._resolve("exit")
        return happened

    def _resolve(self, what: Happening) -> None:
        if self._happened is not None and not self._happened.done():
            self._happened.set_result(what)

    def _exited(self, exited: asyncio.Future[ExitStatus]) -> None:
        """The process is gone; what it sent before may still be on its way."""
        if self._process is not None and self._process.exited is exited:
            if self._sandbox is not None and self._sandbox.ran_out_of_memory():
                self._out_of_memory = True
            self._api.when_quiet(lambda: self._resolve("exit"))

    def _exceeded(self) -> None:
        self._out_of_memory = True
        if self._process is not None:
            self._process.kill()

    def _flush(self) -> None:
        if self._pipe is not None:
            self._pipe.flush()

    def _reset(self) -> None:
        """End the processes; the next init phase starts new ones."""
        self._memory_mb()
        if self._process is not None and self._sandbox is not None:
            self._sandbox.kill(self._process)
        if self._watchdog is not None:
            self._watchdog.close()
            self._watchdog = None
        self._api.reset()

    # -- RuntimeEvents

    def asked_next(self) -> None:
        """The runtime is done, with the init phase or an invocation."""
        self._resolve("next")

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
        self._stream = _Stream(self._invocation, content_type)

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

    def asked_restore(self) -> bool:
        """SnapStart: the runtime may be snapshotted."""
        return False

    def restore_failed(self, body: bytes, error_type: str) -> None:
        """SnapStart: an after-restore hook failed."""
        self._init_error = (body, error_type)


class _Stream:
    """A streamed response on its way to the caller, or collected for one who wants it whole."""

    def __init__(self, invocation: Invocation, content_type: str) -> None:
        self.content_type = content_type
        self._parts: list[bytes] = []
        self._queue: asyncio.Queue[bytes | None] | None = None
        if invocation.on_chunk is not None:
            self._queue = asyncio.Queue()
            self._pump = asyncio.create_task(self._run(invocation, self._queue))

    def put(self, chunk: bytes) -> None:
        if self._queue is not None:
            self._queue.put_nowait(chunk)
        else:
            self._parts.append(chunk)

    def collected(self) -> bytes:
        return b"".join(self._parts)

    async def close(self) -> None:
        if self._queue is not None:
            self._queue.put_nowait(None)
            await self._pump

    async def _run(self, invocation: Invocation, queue: asyncio.Queue[bytes | None]) -> None:
        assert invocation.on_chunk is not None
        if invocation.on_start is not None:
            await invocation.on_start(self.content_type)
        while (chunk := await queue.get()) is not None:
            await invocation.on_chunk(chunk)


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
