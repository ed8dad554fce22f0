"""SnapStart: the initialised process of one version, from which its environments are restored.

The snapshot is an environment that has run its init phase and then serves as a fork server of its
own (``bootstraps/python/lambda_runtime/snapshot.py`` is the other side). Between restores it is
stopped. One that has died is taken again, init phase and all, by the next restore.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from typing import Any

from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtimes import zygote_channel
from lambda_nb.engine.execution.runtimes.zygote_channel import Channel, SpawnError
from lambda_nb.engine.execution.runtimes.zygotes import Process
from lambda_nb.engine.execution.sandbox.isolation import Sandbox

SNAPSHOT_INIT_LIMIT_S = 130.0
"""Longest init phase before a snapshot, unless the function's timeout is longer (AWS: Developer
Guide, lambda-runtime-environment)."""


class Snapshot:
    """One snapshot: what was initialised, its process, and how many environments came of it."""

    def __init__(self, environment: Environment, process: Process, requests: Channel) -> None:
        self.environment = environment
        self._process = process
        self._requests = requests
        self._restoring = 0
        self._tenants = 0
        self._ended = False
        process.exited.add_done_callback(lambda _: requests.close("the snapshot's process ended"))
        process.freeze()

    @property
    def alive(self) -> bool:
        """Whether environments can be restored from it."""
        return self._process.alive and self._requests.open

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def sandbox(self) -> Sandbox:
        """The confinement that its forks inherit."""
        return self.environment.sandbox

    async def restore(self, env: dict[str, str], sandbox: Sandbox, log_fd: int) -> Process:
        """Fork an environment's runtime: ``env`` is what differs from the snapshot's variables.

        Raises
        ------
        SpawnError
            When the snapshot is gone.
        """
        zygote = self._process.zygote
        go, waits = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._restoring += 1
        self._process.thaw()
        try:
            request: dict[str, Any] = {"env": env, "parent": zygote.pid}
            pid = await self._requests.ask(request, (log_fd, waits.fileno()), _pid)
            waits.close()
            return await zygote.spawn({"adopt": pid, **sandbox.adoption()}, go.fileno())
        finally:
            waits.close()
            go.close()
            self._restoring -= 1
            if not self._restoring:
                self._process.freeze()

    def enter(self) -> None:
        """An environment of it has its files below the snapshot's own."""
        self._tenants += 1

    async def leave(self) -> None:
        """That environment is gone."""
        self._tenants -= 1
        await self._clear_away()

    async def end(self) -> None:
        """End the process; its files stay until the last environment of it has ended."""
        self._ended = True
        self._requests.close("the snapshot has been given up")
        await self.environment.end(keep_files=True)
        await self._clear_away()

    async def _clear_away(self) -> None:
        if self._ended and not self._tenants:
            await asyncio.to_thread(shutil.rmtree, self.environment.home, ignore_errors=True)


class Snapshots:
    """The snapshot of one version: taken once, and again when it is gone."""

    def __init__(self, prepared: Prepared, services: Services) -> None:
        self._prepared = prepared
        self._services = services
        self._taking: asyncio.Task[InitResult] | None = None
        self._present: Snapshot | None = None
        self.taken = 0

    @property
    def present(self) -> Snapshot | None:
        """The snapshot, if there is one now."""
        return self._present if self._present is not None and self._present.alive else None

    async def take(self) -> InitResult:
        """Have a snapshot; how its init phase went, which several may wait for.

        Raises
        ------
        SpawnError
            When no process can be started.
        """
        if self._taking is None or (self._taking.done() and self.present is None):
            self._taking = asyncio.create_task(self._take())
        return await asyncio.shield(self._taking)

    async def close(self) -> None:
        """End the snapshot; environments restored from it live on."""
        if self._taking is not None:
            with contextlib.suppress(SpawnError):
                await self._taking
        await self._give_up()

    async def _take(self) -> InitResult:
        await self._give_up()
        ours, theirs = zygote_channel.pair()
        environment = Environment(
            self._prepared,
            self._services,
            initialization_type="snap-start",
            snapshots=theirs.fileno(),
        )
        taken = False
        try:
            limit_s = max(SNAPSHOT_INIT_LIMIT_S, float(self._prepared.function.timeout_s))
            result = await environment.start(limit_s)
            process = environment.process
            taken = result.ok and process is not None
        finally:
            theirs.close()
            if not taken:
                ours.close()
                await environment.end()
        if process is not None and taken:
            self.taken += 1
            environment.unwatch()
            requests = Channel(ours, lambda _: None, lambda: None)
            self._present = Snapshot(environment, process, requests)
        return result

    async def _give_up(self) -> None:
        present, self._present = self._present, None
        if present is not None:
            await present.end()


def _pid(message: dict[str, Any], _wanted: bool) -> int:
    pid: int = message["pid"]
    return pid
