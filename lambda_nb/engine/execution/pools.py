"""Pools of interchangeable environments: those of one version, one revision and one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambda_nb.engine.execution.environment.snapshots import Snapshots
from lambda_nb.engine.execution.preparation import Prepared
from lambda_nb.engine.execution.runtimes import families, launch, layers
from lambda_nb.engine.execution.runtimes.interpreters import Fallback
from lambda_nb.engine.execution.sandbox.isolation import Isolation
from lambda_nb.engine.execution.sandbox.paths import Files
from lambda_nb.engine.model import FunctionVersion
from lambda_nb.rules.scheduling.scheduler import Fleet

_AHEAD = 256
"""How many versions may be prepared before they are invoked; beyond that the oldest are dropped."""

Key = tuple[str, str, str, str]
"""Function name, version, revision, tenant."""


@dataclass(slots=True)
class Pool:
    """One pool of the fleet, and what its environments are made or restored from."""

    index: int
    function_index: int
    prepared: Prepared
    snapshots: Snapshots | None = None


@dataclass(slots=True)
class _Making:
    """A pool that is being made, and the callers that wait for it: first come, first served."""

    task: asyncio.Task[Pool]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Pools:
    """Finds the fleet's functions and pools by Lambda's names."""

    def __init__(
        self,
        fleet: Fleet,
        isolation: Isolation,
        work_dir: Path,
        runtime_dir: Path,
        *,
        fork: bool,
        fallback: Fallback = "none",
    ) -> None:
        self._fleet = fleet
        self._isolation = isolation
        self._work_dir = work_dir
        self._runtime_dir = runtime_dir
        self._fork = fork
        self._fallback = fallback
        self._functions: dict[str, int] = {}
        self._pools: dict[Key, Pool] = {}
        self._making: dict[Key, _Making] = {}
        self._ahead: dict[tuple[str, str, str], Prepared] = {}

    def function(self, name: str) -> int:
        """The fleet's index of a function; adds the function if it is new."""
        if name not in self._functions:
            self._functions[name] = self._fleet.add_function()
        return self._functions[name]

    def knows(self, name: str) -> bool:
        """Whether the fleet knows a function."""
        return name in self._functions

    def __getitem__(self, key: Key) -> Pool:
        """The pool of a key that :meth:`matching` gave."""
        return self._pools[key]

    def find(self, function: FunctionVersion, tenant: str) -> Pool | None:
        """The pool of exactly this revision; ``None`` if it is missing or still being made."""
        key = (function.name, function.version, function.revision, tenant)
        return None if key in self._making else self._pools.get(key)

    async def prepare(self, function: FunctionVersion) -> Prepared:
        """Do before the first invocation what :meth:`make` would do.

        Raises
        ------
        AWSError
            When this machine cannot run the function's runtime.
        """
        prepared = await asyncio.to_thread(self._prepare, function)
        self._ahead[function.name, function.version, function.revision] = prepared
        while len(self._ahead) > _AHEAD:
            del self._ahead[next(iter(self._ahead))]
        return prepared

    async def make(self, function: FunctionVersion, tenant: str) -> Pool:
        """Make the pool, once: find out how the function starts and lay out its layers.

        Raises
        ------
        AWSError
            When this machine cannot run the function's runtime.
        """
        key = (function.name, function.version, function.revision, tenant)
        making = self._making.get(key)
        if making is None:
            making = _Making(asyncio.create_task(self._make(key, function)))
            self._making[key] = making
            making.task.add_done_callback(lambda _: self._made(key, making))
        making.waiting += 1
        try:
            async with making.turn:
                return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            self._made(key, making)

    def _made(self, key: Key, making: _Making) -> None:
        """Forget the task once the pool is made and nobody waits for it."""
        if making.task.done() and not making.waiting:
            self._making.pop(key, None)

    async def _make(self, key: Key, function: FunctionVersion) -> Pool:
        prepared = self._ahead.get(key[:3])
        if prepared is None:
            prepared = await asyncio.to_thread(self._prepare, function)
        index = self.function(function.name)
        pool = self._pools[key] = Pool(self._fleet.add_pool(index), index, prepared)
        return pool

    def _prepare(self, function: FunctionVersion) -> Prepared:
        opt = layers.merged(function.layer_dirs, self._work_dir)
        files = Files(function.code_dir, opt, self._runtime_dir)
        seen = self._isolation.places(files, Path("/tmp"))  # noqa: S108  (not used here)
        try:
            found = families.plan(function, files, seen, fork=self._fork, fallback=self._fallback)
        except launch.InvalidEntrypoint as error:
            return Prepared(function, None, files, str(error))
        layered = bool(found.kind.preload and function.layer_dirs)
        snapshot = function.snap_start and found.argv is None
        kind = self._isolation.zygote(found.kind, files, layered=layered, snapshot=snapshot)
        return Prepared(function, replace(found, kind=kind), files)

    def others(self, function: FunctionVersion, tenant: str) -> Iterator[Key]:
        """Pools of other revisions of the same version and tenant."""
        for key in list(self._pools):
            name, version, revision, whose = key
            same = (name, version, whose) == (function.name, function.version, tenant)
            if same and revision != function.revision:
                yield key

    def matching(self, wanted: Callable[[Key], bool]) -> list[Key]:
        """Keys of the pools that ``wanted`` accepts."""
        return [key for key in self._pools if wanted(key)]

    def snapshots(self) -> list[tuple[FunctionVersion, Snapshots]]:
        """The SnapStart versions that have a pool, each with its snapshots."""
        pools = self._pools.values()
        return [(p.prepared.function, p.snapshots) for p in pools if p.snapshots is not None]

    def close(self, key: Key, now: float) -> Pool:
        """Close a pool: its environments serve no more invocations."""
        pool = self._pools.pop(key)
        self._fleet.close_pool(now, pool.index)
        return pool
