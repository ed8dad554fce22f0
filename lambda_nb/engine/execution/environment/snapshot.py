"""SnapStart: one snapshot, an initialised process from which environments are restored.

The snapshot is an environment that has run its init phase and then serves as a fork server
(``bootstraps/python/lambda_runtime/snapshot.py`` is the other side). Between restores it is
stopped.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.runtimes.zygote_channel import Channel
from lambda_nb.engine.execution.runtimes.zygotes import Process
from lambda_nb.engine.execution.sandbox.isolation import Sandbox


class Initialised(Protocol):
    """The environment whose init phase made the snapshot."""

    home: Path

    @property
    def sandbox(self) -> Sandbox:
        """The confinement of its processes."""

    async def end(self, *, keep_files: bool = False) -> None:
        """End it."""


class SnapshotSource(Protocol):
    """Provides the snapshot of a version."""

    @property
    def present(self) -> Snapshot | None:
        """The snapshot, if there is one now."""

    async def take(self) -> InitResult:
        """Take a snapshot if there is none; returns its init result. Raises ``SpawnError``."""


class Snapshot:
    """One snapshot: its environment, its process, and how many environments use it."""

    def __init__(self, environment: Initialised, process: Process, requests: Channel) -> None:
        self._environment = environment
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
        return self._environment.sandbox

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
        """Count an environment that has its files below the snapshot's."""
        self._tenants += 1

    async def leave(self) -> None:
        """An environment counted by :meth:`enter` has ended."""
        self._tenants -= 1
        await self._clear_away()

    async def end(self) -> None:
        """End the process; its files stay until the last environment restored from it has ended."""
        self._ended = True
        self._requests.close("the snapshot has been given up")
        await self._environment.end(keep_files=True)
        await self._clear_away()

    async def _clear_away(self) -> None:
        if self._ended and not self._tenants:
            await asyncio.to_thread(shutil.rmtree, self._environment.home, ignore_errors=True)


def _pid(message: dict[str, Any], _wanted: bool) -> int:
    pid: int = message["pid"]
    return pid
