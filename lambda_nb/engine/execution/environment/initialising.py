"""The init phase of an execution environment: extensions first, then the runtime."""

from __future__ import annotations

import time
from typing import Literal

from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.environment.parts import Parts
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.runtimes.launch import Launch
from lambda_nb.rules import loglines


async def lay_out(parts: Parts) -> None:
    """Prepare what the init phase needs, without the function's code.

    Raises
    ------
    SpawnError
        When no process can be started.
    """
    launch = parts.prepared.launch
    assert launch is not None, "what cannot start cannot be held"
    processes = await parts.furnish(launch)
    if not parts.extensions.expected:
        await processes.hold(launch, parts.variables(launch))


async def initialise(parts: Parts, phase: Literal["init", "invoke"], limit_s: float) -> InitResult:
    """Run the init phase, on its own or inside an invocation."""
    parts.phases.enter("init")
    parts.conversation.begin_init()
    began = time.perf_counter()
    launch = parts.prepared.launch
    if launch is None:
        kind, entrypoint = "Runtime.InvalidEntrypoint", parts.prepared.entrypoint_error
        result = InitResult(0.0, "error", kind, entrypoint=entrypoint)
    else:
        happened = await _spawn(parts, launch, limit_s)
        parts.flush()
        result = result_of(parts, happened, (time.perf_counter() - began) * 1000)
    kind, status, error_type = parts.initialization_type, result.status, result.error_type
    parts.log.platform(loglines.InitRuntimeDone(kind, phase, status, error_type))
    parts.log.platform(loglines.InitReport(result.duration_ms, phase, status, error_type, kind))
    return result


async def _spawn(parts: Parts, launch: Launch, limit_s: float) -> Happening:
    """Start the extensions, then the runtime; returns what ended the init phase."""
    processes = await parts.furnish(launch)
    if not processes.holds:  # a held runtime has connected already
        parts.reset()
    parts.limits.out_of_memory = False
    if parts.frames is not None:
        parts.frames.take()  # those of a process before this one
    env = parts.variables(launch)
    if parts.debugging is not None and parts.sandbox is not None:
        files = parts.prepared.files
        parts.debugging.expect(processes.owns, parts.phases, parts.sandbox.places, files)
    began = time.perf_counter()
    takes_snapshot = parts.snapshots >= 0
    if parts.extensions.expected and not takes_snapshot:
        happened = await parts.start_extensions(processes, env, limit_s)
        if happened != "next":
            return happened
    more = (parts.snapshots,) if takes_snapshot else ()
    runtime = await processes.start_runtime(launch, env, *more)
    parts.watch(runtime, processes)
    waiting = parts.wait(max(0.001, limit_s - (time.perf_counter() - began)))
    parts.phases.check()  # the runtime may have asked before the zygote told us its pid
    return await waiting


def result_of(parts: Parts, happened: Happening, ms: float) -> InitResult:
    """The result of an init phase or a restore that took ``ms`` milliseconds."""
    said = parts.conversation
    if happened == "next":
        return InitResult(ms)
    if happened == "timeout":
        return InitResult(ms, "timeout")
    if said.extension_error is not None:
        kind, message = said.extension_error
        return InitResult(ms, "error", kind, entrypoint=message)
    if said.init_error is not None:
        body, error_type = said.init_error
        return InitResult(ms, "error", error_type, body)
    assert parts.runtime is not None
    status = parts.runtime.exited.result()
    out_of_memory = parts.limits.out_of_memory
    kind = outcomes.OUT_OF_MEMORY if out_of_memory else outcomes.EXIT_ERROR
    return InitResult(ms, "error", kind, exit=status, out_of_memory=out_of_memory)
