"""One execution environment, from its init phase to its end.

An environment does not know other environments and decides nothing: ``executor`` calls one method
at a time. ``phases`` has a diagram of its phases. Between invocations its processes are stopped.
A broken environment keeps its listener, log stream and ``/tmp``.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import Literal

from lambda_nb.engine.execution.clock import epoch_ms
from lambda_nb.engine.execution.environment import initialising, report, restoring
from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment.outcome import InitResult, Outcome
from lambda_nb.engine.execution.environment.parts import Parts
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.environment.report import Finished
from lambda_nb.engine.execution.environment.restoring import Restoring
from lambda_nb.engine.execution.environment.snapshot import SnapshotSource
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtimes.zygotes import Process
from lambda_nb.engine.execution.sandbox.isolation import Sandbox
from lambda_nb.engine.identifiers import hex_digits, uuid4
from lambda_nb.engine.model import Invocation
from lambda_nb.rules import loglines

INIT_LIMIT_S = 10.0
"""Longest init phase of an on-demand environment (AWS Developer Guide)."""


class Environment:
    """One execution environment of a function version.

    Parameters
    ----------
    prepared, services
        What it is made from.
    initialization_type
        As the function sees it in ``AWS_LAMBDA_INITIALIZATION_TYPE``.
    origin
        The version's snapshot, if the environment is restored from one.
    snapshots
        A descriptor: the init phase ends as a snapshot, which reads requests for copies from it.
    """

    def __init__(
        self,
        prepared: Prepared,
        services: Services,
        *,
        initialization_type: str = "on-demand",
        origin: SnapshotSource | None = None,
        snapshots: int = -1,
    ) -> None:
        self.prepared = prepared
        self.function = prepared.function
        self.initialization_type = initialization_type
        self._parts = Parts(prepared, services, initialization_type, snapshots)
        self._restoring = None if origin is None else Restoring(self._parts, origin)
        self.log = self._parts.log
        self.home = self._parts.home
        self.created = self.idle_since = time.time()
        self.invocations = 0
        self._init: InitResult | None = None
        self._init_reported = False

    @property
    def process(self) -> Process | None:
        """The runtime's process, if it has one."""
        return self._parts.runtime

    @property
    def pid(self) -> int | None:
        """The id of the runtime's process, if it lives."""
        runtime = self._parts.runtime
        return None if runtime is None or not runtime.alive else runtime.pid

    @property
    def held_pid(self) -> int:
        """The process that waits for the init phase to begin; 0 if there is none."""
        return 0 if self._parts.processes is None else self._parts.processes.holds

    @property
    def sandbox(self) -> Sandbox:
        """The confinement of its processes, once it has been started."""
        assert self._parts.sandbox is not None, "the environment has not been started"
        return self._parts.sandbox

    @property
    def debugged(self) -> bool:
        """Whether it runs under a debugger."""
        return self._parts.debugging is not None

    @property
    def ready(self) -> bool:
        """Whether the runtime waits for an event."""
        parts = self._parts
        waits = parts.phases.now == "ready" and parts.listener.parked
        return waits and self.pid is not None

    # -- its life

    async def lay_out(self) -> None:
        """Prepare what the init phase needs, without the function's code.

        Raises
        ------
        SpawnError
            When no process can be started.
        """
        await initialising.lay_out(self._parts)

    async def start(self, limit_s: float = INIT_LIMIT_S) -> InitResult:
        """Run the init phase, at most ``limit_s`` seconds, or restore the version's snapshot."""
        function, log = self.function, self.log
        self.created = self.idle_since = time.time()
        log.open()
        await self._ask_for_debugger()
        if self._restoring is None:
            log.platform(
                loglines.InitStart(
                    self.prepared.runtime_version,
                    function.runtime_version_arn,
                    self.initialization_type,
                    "init",
                    function.name,
                    function.version,
                )
            )
            self._log_note()
        self._init = await self._initialise("init", limit_s)
        return self._init

    async def invoke(self, invocation: Invocation) -> Finished:
        """Run one invocation; if the environment is broken, run an init phase first."""
        function = self.function
        self.log.begin()
        self.invocations += 1
        began = time.perf_counter()
        self._parts.conversation.begin_invoke(began)
        limit_s = float(function.timeout_s)
        outcome: Outcome | None = None
        if not self.ready:
            held_s = self._parts.phases.held_s
            init = await self._initialise("invoke", limit_s)
            took_s = init.duration_ms / 1000 - (self._parts.phases.held_s - held_s)
            limit_s = max(0.001, limit_s - took_s)
            if not init.ok:
                outcome = init.outcome(invocation.request_id, function.timeout_s)
        if invocation.trace_header is None:
            invocation.trace_header = _new_trace()
        self.log.platform(
            loglines.Start(invocation.request_id, function.version, invocation.trace_header)
        )
        if outcome is None:
            self._parts.thaw()
            outcome = await self._run(invocation, limit_s)
        self._keep_frames(invocation, outcome)
        return self._report(invocation, outcome, (time.perf_counter() - began) * 1000)

    def rest(self) -> None:
        """Freeze the processes after a moment, until the next invocation."""
        self._parts.rest()

    def unwatch(self) -> None:
        """Stop watching memory, ``/tmp`` and CPU time: the processes are, or will be, stopped."""
        self._parts.limits.stop()

    async def end(self, *, keep_files: bool = False) -> None:
        """End the environment; remove its files unless others have files below them."""
        parts = self._parts
        if parts.debugging is not None:
            parts.debugging.release()
        await parts.shut_down("SPINDOWN", then="ended")
        parts.phases.close()
        parts.listener.close()
        if parts.processes is not None:
            await parts.processes.close()
        if parts.sandbox is not None:
            await parts.sandbox.close()
        if not keep_files:
            await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)
        if self._restoring is not None:
            await self._restoring.close()

    # -- the init phase

    async def _initialise(self, phase: Literal["init", "invoke"], limit_s: float) -> InitResult:
        parts = self._parts
        if self._restoring is not None:
            result = await self._restoring.restore()
            if parts.phases.now != "restore":  # there is no snapshot to restore from
                return result
        else:
            result = await initialising.initialise(parts, phase, limit_s)
            if result.ok and parts.listener.restoring and parts.snapshots < 0:
                result = await restoring.resume(parts, result)
        if result.ok:
            parts.extensions.close_registration()
            parts.phases.enter("ready")
        else:
            await parts.shut_down("TIMEOUT" if result.status == "timeout" else "FAILURE")
        return result

    async def _ask_for_debugger(self) -> None:
        """Run under a debugger, if the function asks for one and no other environment does."""
        if self._restoring is None and self._parts.snapshots < 0:
            debuggers = self._parts.services.debuggers
            self._parts.debugging, problem = await debuggers.claim(self.function)
            self._notice(f"No debugger: {problem}" if problem else "")

    def _log_note(self) -> None:
        """Log that another language version runs the function."""
        launch = self.prepared.launch
        self._notice("" if launch is None else launch.note)

    def _notice(self, text: str) -> None:
        """Log a note once per function version."""
        note = (self.function.name, self.function.version, text)
        if text and note not in self._parts.services.told:
            self._parts.services.told.add(note)
            self.log.notice(text)

    # -- an invocation

    async def _run(self, invocation: Invocation, limit_s: float) -> Outcome:
        parts = self._parts
        parts.phases.enter("invoke")
        parts.conversation.expect(invocation)
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
        waiting = parts.wait(limit_s)
        attempt = uuid4()
        parts.extensions.invoke(invocation, deadline_ms)
        parts.listener.deliver(invocation.request_id, attempt, headers, invocation.payload)
        happened = await waiting
        outcome = await self._concluded(invocation, happened)
        await parts.conversation.end(invocation, outcome)
        return outcome

    async def _concluded(self, invocation: Invocation, happened: Happening) -> Outcome:
        parts, said = self._parts, self._parts.conversation
        parts.flush()
        request_id, runtime = invocation.request_id, parts.runtime
        if happened == "timeout":
            await parts.shut_down("TIMEOUT")
            return outcomes.timed_out(request_id, self.function.timeout_s)
        if said.extension_error is not None:
            kind, message = said.extension_error
            await parts.shut_down("FAILURE")
            return outcomes.sandbox_error(request_id, kind, message)
        if said.outcome is not None:
            parts.phases.enter("ready" if happened == "next" else "broken")
            return said.outcome
        await parts.shut_down("FAILURE")
        if happened == "next":
            message = "Runtime asked for the next event without answering"
            return outcomes.sandbox_error(request_id, "Runtime.Unknown", message)
        assert runtime is not None
        status = runtime.exited.result()
        return outcomes.exited(request_id, status, out_of_memory=parts.limits.out_of_memory)

    def _keep_frames(self, invocation: Invocation, outcome: Outcome) -> None:
        """Keep the frames that the runtime sent beside its error, also of a failed init phase."""
        frames, failures = self._parts.frames, self._parts.services.failures
        if frames is None or failures is None:
            return
        sent = frames.take()
        if outcome.failed:
            function = self.function
            failures.keep(
                invocation.request_id, function.name, function.version, function.runtime, sent
            )

    def _report(self, invocation: Invocation, outcome: Outcome, duration_ms: float) -> Finished:
        """Write the last log lines; those of the first invocation include the init phase."""
        parts, init = self._parts, None
        if self._init is not None and not self._init_reported:
            self._init_reported = True
            if self._init.ok and self.initialization_type != "provisioned-concurrency":
                init = self._init
        parts.conversation.log_runtime_done(invocation, outcome)
        out_of_memory = parts.limits.out_of_memory
        return report.close_log(
            self.log,
            self.function,
            invocation,
            outcome,
            duration_ms=duration_ms,
            max_memory_mb=self.function.memory_mb if out_of_memory else parts.memory_mb(),
            init=init,
        )


def _new_trace() -> str:
    """A trace header for an invocation that came without one: Lambda always passes one on."""
    root, parent = hex_digits(24), hex_digits(16)
    return f"Root=1-{int(time.time()):08x}-{root};Parent={parent};Sampled=0"


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
