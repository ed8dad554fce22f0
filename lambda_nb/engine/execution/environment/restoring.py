"""SnapStart: an execution environment restored from its version's snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from dataclasses import replace
from pathlib import Path

from lambda_nb.engine.execution.environment.initialising import result_of
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.environment.parts import Parts
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.environment.snapshot import Snapshot, SnapshotSource
from lambda_nb.engine.execution.runtimes import variables
from lambda_nb.engine.execution.runtimes.zygote_channel import SpawnError
from lambda_nb.rules import loglines

RESTORE_LIMIT_S = 10.0
"""Longest SnapStart restore, after-restore hooks included (AWS Developer Guide)."""


class Restoring:
    """Starts an environment's runtime as a copy of a snapshot's process.

    Parameters
    ----------
    parts
        The parts of the environment.
    source
        The snapshot of its version.
    """

    def __init__(self, parts: Parts, source: SnapshotSource) -> None:
        self._parts = parts
        self._source = source
        self._snapshot: Snapshot | None = None

    async def restore(self, *, again: bool = True) -> InitResult:
        """Restore from the snapshot; take the snapshot first if there is none.

        Raises
        ------
        SpawnError
            When no process can be started.
        """
        self._parts.conversation.begin_init()
        taken = await self._source.take()
        if not taken.ok:
            return taken
        snapshot = self._source.present
        if snapshot is None:
            raise SpawnError("the snapshot ended as soon as it was taken")
        _begin(self._parts)
        began = time.perf_counter()
        try:
            happened = await self._fork_off(snapshot)
        except SpawnError:
            if snapshot.alive or not again:
                raise
            return await self.restore(again=False)
        return _result(self._parts, happened, began)

    async def close(self) -> None:
        """Remove the environment's files below the snapshot's, and leave the snapshot."""
        if self._snapshot is not None:
            if self._parts.sandbox is not None:
                tmp = self._parts.sandbox.tmp
                await asyncio.to_thread(shutil.rmtree, tmp, ignore_errors=True)
            await self._snapshot.leave()

    async def _fork_off(self, snapshot: Snapshot) -> Happening:
        """Start the extensions, then the runtime as a copy of the snapshot's process."""
        parts = self._parts
        parts.reset()
        launch = parts.prepared.launch
        assert launch is not None, "what cannot start has no snapshot"
        if self._snapshot is not snapshot:
            await self._move_in(snapshot)
        assert parts.sandbox is not None
        processes = parts.have_processes(parts.sandbox)
        parts.limits.out_of_memory = False
        env = parts.variables(launch)
        began = time.perf_counter()
        if parts.extensions.expected:
            happened = await parts.start_extensions(processes, env, RESTORE_LIMIT_S)
            if happened != "next":
                return happened
        own = {name: env[name] for name in variables.RESTORED if name in env}
        runtime = await processes.restore_runtime(snapshot, own)
        parts.watch(runtime, processes)
        waiting = parts.wait(max(0.001, RESTORE_LIMIT_S - (time.perf_counter() - began)))
        parts.phases.check()
        return await waiting

    async def _move_in(self, snapshot: Snapshot) -> None:
        """Get a sandbox that fits the snapshot's sandbox, and a copy of the snapshot's ``/tmp``."""
        parts = self._parts
        if self._snapshot is None:
            await parts.listener.start()
        else:  # the old snapshot is gone; its processes and sandbox must go too
            await self._move_out(self._snapshot)
        snapshot.enter()
        self._snapshot = snapshot
        files, origin = parts.prepared.files, snapshot.sandbox
        sandbox = parts.services.isolation.restored(parts.function, files, parts.home, origin)
        parts.sandbox = sandbox
        if sandbox.view is not None and any(origin.tmp.iterdir()):
            await asyncio.to_thread(_copy, origin.tmp, sandbox.tmp)

    async def _move_out(self, snapshot: Snapshot) -> None:
        parts = self._parts
        if parts.processes is not None:
            await parts.processes.close()
            parts.processes = None
        await snapshot.leave()
        assert parts.sandbox is not None
        await parts.sandbox.close()


async def resume(parts: Parts, init: InitResult) -> InitResult:
    """Restore a runtime that is not forked: the same process goes on where it waits."""
    _begin(parts)
    began = time.perf_counter()
    waiting = parts.wait(RESTORE_LIMIT_S)
    parts.listener.restored()
    result = _result(parts, await waiting, began)
    return replace(result, duration_ms=init.duration_ms)


def _begin(parts: Parts) -> None:
    parts.phases.enter("restore")
    function = parts.function
    parts.log.platform(
        loglines.RestoreStart(
            parts.prepared.runtime_version,
            function.runtime_version_arn,
            function.name,
            function.version,
        )
    )


def _result(parts: Parts, happened: Happening, began: float) -> InitResult:
    parts.flush()
    restore_ms = (time.perf_counter() - began) * 1000
    result = result_of(parts, happened, restore_ms)
    parts.log.platform(loglines.RestoreReport(restore_ms, result.status, result.error_type))
    return replace(result, restore_ms=restore_ms)


def _copy(source: Path, target: Path) -> None:
    """Copy what the init phase left in ``/tmp``, except sockets and the like."""
    with contextlib.suppress(shutil.Error):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
