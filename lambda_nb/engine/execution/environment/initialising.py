"""The init phase of an execution environment: extensions first, then the runtime."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Literal

from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.environment.parts import Life
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.environment.processes import Processes
from lambda_nb.engine.execution.runtimes import variables
from lambda_nb.engine.execution.runtimes.launch import Launch, launcher
from lambda_nb.rules import loglines

RESTORE_LIMIT_S = 10.0
"""Longest SnapStart restore, after-restore hooks included (AWS Developer Guide)."""


class Startup(Life):
    """An environment that can run its init phase, up to a snapshot or through a restore."""

    async def lay_out(self) -> None:
        """Do what the init phase needs and the function's code does not see, ahead of it.

        Raises
        ------
        SpawnError
            When no process can be started.
        """
        launch = self.prepared.launch
        assert launch is not None, "what cannot start cannot be held"
        processes = await self._furnish(launch)
        if not self._extensions.expected:
            await processes.hold(launch, self._variables(launch))

    async def _furnish(self, launch: Launch) -> Processes:
        """Have a sandbox, a listener and a log pipe."""
        if self._sandbox is None:
            self._sandbox = self._services.isolation.sandbox(
                self.function,
                self.prepared.files,
                self.home,
                launch.programs,
                launch.interpreter,
                snapshot=self._snapshots >= 0,
            )
            await self._api.start()
        if self._processes is None:
            self._processes = Processes(
                self._services.zygotes, self._sandbox, self.log, self._api.settle
            )
        return self._processes

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

    async def _spawn(self, launch: Launch, limit_s: float) -> Happening:
        """Start the extensions, then the runtime; returns what ended the init phase."""
        processes = await self._furnish(launch)
        if not processes.holds:  # what is held has connected already
            self._reset()
        self._out_of_memory = False
        env = self._variables(launch)
        began = time.perf_counter()
        if self._extensions.expected and self._snapshots < 0:
            waiting = self._wait(limit_s, lambda: self._extensions.all_registered)
            await self._start_extensions(processes, env)
            self._phase.check()
            if (happened := await waiting) != "next":
                return happened
        more = () if self._snapshots < 0 else (self._snapshots,)
        runtime = await processes.start_runtime(launch, env, *more)
        runtime.exited.add_done_callback(self._exited)
        self._watch(runtime)
        waiting = self._wait(max(0.001, limit_s - (time.perf_counter() - began)))
        self._phase.check()  # it may have asked before the zygote's word of its pid was read
        return await waiting

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

    # -- SnapStart

    async def _restore(self, init: InitResult) -> InitResult:
        """SnapStart of other runtimes: the process itself goes on where it waits."""
        self._restore_begins()
        began = time.perf_counter()
        waiting = self._wait(RESTORE_LIMIT_S)
        self._api.restored()
        result = await self._restore_ended(await waiting, began)
        return replace(result, duration_ms=init.duration_ms)

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
