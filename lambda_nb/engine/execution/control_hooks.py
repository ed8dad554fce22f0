"""Carries out what the control plane changes: code, deletion, concurrency, provisioning."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.execution.environment.snapshots import Snapshots
from lambda_nb.engine.execution.pools import Key, Pool, Pools
from lambda_nb.engine.execution.preparation import Prepared, Services
from lambda_nb.engine.execution.prestarted import Prestarted
from lambda_nb.engine.execution.roster import Roster
from lambda_nb.engine.execution.runtimes.zygote_channel import SpawnError
from lambda_nb.engine.model import FunctionVersion, ProvisionedStatus

PROVISIONED_INIT_LIMIT_S = 130.0
"""Longest init phase of a provisioned environment, unless the function's timeout is longer."""

INIT_FAILURE = "FUNCTION_ERROR_INIT_FAILURE"
"""The reason that AWS gives when the init phase of provisioned environments fails (Developer Guide,
provisioned-concurrency)."""

_CANNOT_START = "INTERNAL_ERROR"
_STARTS_AT_ONCE = 8
_LOGGER = logging.getLogger(__name__)

FindVersion = Callable[[str, str], FunctionVersion]
"""Looks up a version by function name and version number."""


class Hooks:
    """Implements :class:`lambda_nb.engine.model.ControlHooks` on the fleet and its pools."""

    def __init__(
        self,
        roster: Roster,
        pools: Pools,
        services: Services,
        prestarted: Prestarted,
        find_version: FindVersion | None,
    ) -> None:
        self._roster = roster
        self._pools = pools
        self._services = services
        self._prestarted = prestarted
        self._find_version = find_version
        self._failures: dict[tuple[str, str], str] = {}
        self._up = asyncio.Event()

    def begin(self) -> None:
        """The executor is up, or ends: from now on changes are acted on."""
        self._up.set()

    def code_changed(self, function_name: str, version: str) -> None:
        """Send no more invocations to the version's present environments; let busy ones finish."""
        self._prestarted.drop(function_name, version)
        self._services.debuggers.changed(function_name, version)
        self._drain(lambda key: key[:2] == (function_name, version))

    def deleted(self, function_name: str, version: str | None) -> None:
        """End the environments of one version, or (``None``) of the whole function."""
        self._prestarted.drop(function_name, version)
        self._services.debuggers.removed(function_name, version)
        self._drain(lambda key: key[0] == function_name and version in (None, key[1]))
        if version is None and self._pools.knows(function_name):
            self.reserved(function_name, None)

    def reserved(self, function_name: str, concurrency: int | None) -> None:
        """Set the function's reserved concurrency; ``None`` returns it to the account's pool."""
        index = self._pools.function(function_name)
        self._roster.fleet.set_reserved(index, concurrency)
        if concurrency == 0:  # no waiting event can ever run
            functions = self._roster.fleet.state.p_function
            self._roster.dismiss(lambda pool: functions[pool] == index)
        self._roster.bury()

    def provisioned(self, function_name: str, version: str, environments: int) -> None:
        """Keep this many environments of the version initialised; 0 ends them."""
        self._roster.background(self._provision(function_name, version, environments))

    def prepare(self, function: FunctionVersion) -> None:
        """Prepare in the background what the first environment of a version will need."""
        self._prestarted.lay_out(function, self._prepare(function))

    def snapshot(self, function: FunctionVersion, taken: Callable[[str], None]) -> None:
        """Run the init phase of a SnapStart version; give its error type, if any, to ``taken``."""
        self._roster.background(self._take_snapshot(function, taken))

    def provisioned_status(self, function_name: str, version: str) -> ProvisionedStatus:
        """Return how many provisioned environments there are, and why there are no more."""
        ready = sum(
            self._roster.fleet.state.p_provisioned_ready[self._pools[key].index]
            for key in self._pools.matching(lambda key: key[:2] == (function_name, version))
        )
        return ProvisionedStatus(ready, ready, self._failures.get((function_name, version), ""))

    async def _prepare(self, function: FunctionVersion) -> Prepared | None:
        """Prepare a version; ``None`` if no environment should be laid out for its requests."""
        await self._up.wait()
        await self._services.debuggers.prepare(function)
        if self._roster.closing or self._roster.descriptors.scarce:
            return None
        try:
            prepared = await self._pools.prepare(function)
        except AWSError as error:  # AWS would run it: log now the error that invocations will get
            said = (function.name, function.version, error.message)
            if said not in self._services.told:
                self._services.told.add(said)
                _LOGGER.warning("%s is kept, but: %s", function.qualified_arn, error.message)
            return None
        served = self._pools.find(function, "") is not None
        return None if served or function.snap_start else prepared

    async def _take_snapshot(self, function: FunctionVersion, taken: Callable[[str], None]) -> None:
        """Runtimes that are not forked have no snapshot: each environment runs its init phase."""
        await self._up.wait()
        error_type = ""
        try:
            pool = self._pools.find(function, "") or await self._pools.make(function, "")
            snapshots = self.snapshots_of(pool)
            if snapshots is not None:
                result = await snapshots.take()
                error_type = "" if result.ok else result.error_type or "Sandbox.Timedout"
        except AWSError as error:
            _LOGGER.warning("no snapshot of %s: %s", function.qualified_arn, error)
        except SpawnError as error:
            _LOGGER.warning("no snapshot of %s: %s", function.qualified_arn, error)
            error_type = "Sandbox.Failure"
        if not self._roster.closing:
            taken(error_type)

    async def _provision(self, function_name: str, version: str, environments: int) -> None:
        """Have the fleet decide how many to start, and start them."""
        roster = self._roster
        self._failures.pop((function_name, version), None)
        await self._up.wait()
        if not environments:
            for key in self._pools.matching(lambda key: key[:2] == (function_name, version)):
                roster.fleet.set_provisioned(roster.now(), self._pools[key].index, 0)
            roster.bury()
            return
        assert self._find_version is not None, "provisioned environments need function_version"
        try:
            function = self._find_version(function_name, version)
            pool = self._pools.find(function, "") or await self._pools.make(function, "")
        except AWSError as error:
            _LOGGER.warning("no environments of %s:%s: %s", function_name, version, error)
            self._failures[function_name, version] = _CANNOT_START
            return
        slots = roster.fleet.set_provisioned(roster.now(), pool.index, environments)
        roster.bury()
        few = asyncio.Semaphore(_STARTS_AT_ONCE)
        await asyncio.gather(*(self._start_ahead(pool, slot, few) for slot in slots))

    async def _start_ahead(self, pool: Pool, slot: int, few: asyncio.Semaphore) -> None:
        """Initialise one provisioned environment; if that fails, do not try again."""
        function = pool.prepared.function
        if not self._roster.descriptors.start_environment():
            self._failures[function.name, function.version] = _CANNOT_START
            self._roster.discard(slot)
            return
        environment = Environment(
            pool.prepared, self._services, initialization_type="provisioned-concurrency"
        )
        self._roster.add(slot, environment)
        async with few:
            limit_s = max(PROVISIONED_INIT_LIMIT_S, function.timeout_s)
            failure = INIT_FAILURE
            try:
                ok = not self._roster.closing and (await environment.start(limit_s)).ok
            except SpawnError:
                ok, failure = False, _CANNOT_START
        self._roster.descriptors.environment_started()
        if ok:
            environment.rest()
            self._roster.fleet.ready(self._roster.now(), slot)
            self._roster.bury()
        else:
            self._failures[function.name, function.version] = failure
            self._roster.discard(slot)

    def _drain(self, wanted: Callable[[Key], bool]) -> None:
        roster = self._roster
        for key in self._pools.matching(wanted):
            roster.fleet.set_provisioned(roster.now(), self._pools[key].index, 0)
            self.close_pool(key)
        roster.bury()

    def close_pool(self, key: Key) -> None:
        """Close a pool, and end its snapshot."""
        pool = self._pools.close(key, self._roster.now())
        self._roster.dismiss(lambda waited_for: waited_for == pool.index)
        if pool.snapshots is not None:
            self._roster.background(pool.snapshots.close())

    def snapshots_of(self, pool: Pool) -> Snapshots | None:
        """The pool's snapshots; ``None`` without SnapStart or if the runtime is not forked."""
        prepared = pool.prepared
        forked = prepared.launch is not None and prepared.launch.argv is None
        if pool.snapshots is None and prepared.function.snap_start and forked:
            pool.snapshots = Snapshots(prepared, self._services)
        return pool.snapshots
