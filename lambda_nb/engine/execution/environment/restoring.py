"""SnapStart: an execution environment that is restored from its version's snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_nb.engine.execution.environment.initialising import RESTORE_LIMIT_S, Startup
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.environment.phases import Happening
from lambda_nb.engine.execution.environment.processes import Processes
from lambda_nb.engine.execution.runtimes import variables
from lambda_nb.engine.execution.runtimes.zygote_channel import SpawnError

if TYPE_CHECKING:
    from lambda_nb.engine.execution.environment.snapshots import Snapshot, Snapshots


class Restore(Startup):
    """An environment that can begin as a copy of a snapshot's process."""

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
            self._processes = Processes(
                self._services.zygotes, self._sandbox, self.log, self._api.settle
            )
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


def _copy(source: Path, target: Path) -> None:
    """Copy what the init phase left in ``/tmp``, but for sockets and the like."""
    with contextlib.suppress(shutil.Error):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
