"""SnapStart: the snapshot of one version, taken once, and again when its process has died."""

from __future__ import annotations

import asyncio
import contextlib

from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.execution.environment.outcome import InitResult
from lambda_nb.engine.execution.environment.snapshot import Snapshot
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtimes import zygote_channel
from lambda_nb.engine.execution.runtimes.zygote_channel import Channel, SpawnError

SNAPSHOT_INIT_LIMIT_S = 130.0
"""Longest init phase before a snapshot, unless the function's timeout is longer (AWS: Developer
Guide, lambda-runtime-environment)."""


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
        """Take a snapshot if there is none; returns its init result. Several callers may wait.

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
