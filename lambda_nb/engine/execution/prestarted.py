"""Environments that are laid out before their first request: everything but the init phase.

A function's code needs directories, control groups, mounts and a confined process before it runs.
They take time to make and depend only on the version. The engine makes them when a version is
created or updated, for the latest versions. Lambda's workers hold such empty environments ready
too. The engine does not touch the function's code before a request comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.runtimes.zygote_channel import SpawnError
from lambda_nb.engine.model import FunctionVersion

MOST = 16
"""Most environments held ready; each is a process of a few megabytes, most of them shared."""

_LOGGER = logging.getLogger(__name__)
_Key = tuple[str, str]


class Prestarted:
    """Holds environments ready: at most one per version, for the versions changed last."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ready: dict[_Key, tuple[str, asyncio.Task[Environment | None]]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def lay_out(self, function: FunctionVersion, preparing: Awaitable[Prepared | None]) -> None:
        """Lay out an environment in the background, if possible, once the version is prepared."""
        self.drop(function.name, function.version)
        task = asyncio.ensure_future(self._laid_out(preparing))
        self._ready[function.name, function.version] = function.revision, task
        while len(self._ready) > MOST:
            self.drop(*next(iter(self._ready)))

    async def take(self, function: FunctionVersion) -> Environment | None:
        """Hand over the environment that is ready for this revision; the caller must end it."""
        revision, _ = self._ready.get((function.name, function.version), ("", None))
        if revision != function.revision:
            return None
        _, task = self._ready.pop((function.name, function.version))
        return await task

    def drop(self, function_name: str, version: str | None = None) -> None:
        """End the ready environment of one version, or (``None``) of all versions."""
        for key in list(self._ready):
            if key[0] == function_name and version in (None, key[1]):
                _, task = self._ready.pop(key)
                ending = asyncio.get_running_loop().create_task(_end(task))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    def status(self) -> list[dict[str, Any]]:
        """One row per ready environment: function, version, process id."""
        tasks = [(key, task) for key, (_, task) in self._ready.items() if task.done()]
        ready = [(key, task.result()) for key, task in tasks if not task.cancelled()]
        return [
            {"function": name, "version": version, "pid": environment.held_pid}
            for (name, version), environment in ready
            if environment is not None
        ]

    async def close(self) -> None:
        """End all of them."""
        for name, _ in list(self._ready):
            self.drop(name)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _laid_out(self, preparing: Awaitable[Prepared | None]) -> Environment | None:
        prepared = await preparing
        launch = None if prepared is None else prepared.launch
        if prepared is None or launch is None or launch.argv is not None:
            return None
        environment = Environment(prepared, self._services)
        try:
            await environment.lay_out()
        except (SpawnError, OSError) as error:  # a request that needs one gets the error
            _LOGGER.debug("no environment ahead of need: %s", error)
            await environment.end()
            return None
        return environment


async def _end(task: asyncio.Task[Environment | None]) -> None:
    environment = await task
    if environment is not None:
        await environment.end()
