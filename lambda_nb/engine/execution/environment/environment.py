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
import shutil
import time

from lambda_nb.engine.execution.clock import epoch_ms
from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment import report
from lambda_nb.engine.execution.environment.outcome import InitResult, Outcome
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.environment.report import Finished
from lambda_nb.engine.execution.environment.restoring import Restore
from lambda_nb.engine.execution.environment.streaming import ResponseStream
from lambda_nb.engine.identifiers import hex_digits, uuid4
from lambda_nb.engine.model import Invocation
from lambda_nb.rules import loglines

INIT_LIMIT_S = 10.0
"""Longest init phase of an on-demand environment (AWS Developer Guide)."""


class Environment(Restore):
    """One execution environment of a function version.

    With ``origin`` it is restored from that version's snapshot. With ``snapshots``, a descriptor,
    it ends its init phase as a snapshot that takes requests for copies there.
    """

    @property
    def ready(self) -> bool:
        """Whether the runtime waits for an event."""
        return self._api.parked and self.pid is not None

    async def start(self, limit_s: float = INIT_LIMIT_S) -> InitResult:
        """Run the init phase, at most ``limit_s`` seconds, or restore the version's snapshot."""
        function = self.function
        self.created = self.idle_since = time.time()
        self.log.open()
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
        self._tell_note()
        self._init = await self._initialise("init", limit_s)
        return self._init

    def _tell_note(self) -> None:
        """Say once a function version, in its log, that another language version runs it."""
        launch, function, told = self.prepared.launch, self.function, self._services.told
        if launch is not None and launch.note:
            note = (function.name, function.version, launch.note)
            if note not in told:
                told.add(note)
                self.log.notice(launch.note)

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


def _new_trace() -> str:
    """A trace header for an invocation that came without one: Lambda always passes one on."""
    root, parent = hex_digits(24), hex_digits(16)
    return f"Root=1-{int(time.time()):08x}-{root};Parent={parent};Sampled=0"


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
