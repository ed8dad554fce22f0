"""Runs functions: asks the fleet which environment takes a request, and drives that environment.

The fleet (``rules.fleet``) decides; this module tells it the time and does what it says. Every
decision has a time of its own on a clock that never repeats, and the same times stand in the
:class:`InvocationRecord` of each attempt, so that a replay of the records through the same rules
comes to the same decisions. The fleet hears of the end of an invocation when the environment is
free for the next one: the runtime has asked for it, or has been cleared away.
"""

from __future__ import annotations

import asyncio
import math
import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution import interpreters, launch, layers
from lambda_nb.engine.execution.clock import Clock
from lambda_nb.engine.execution.environment import Environment, Finished, Services
from lambda_nb.engine.execution.isolation import Isolation
from lambda_nb.engine.execution.places import Files
from lambda_nb.engine.execution.pools import Key, Pool, Pools
from lambda_nb.engine.execution.zygotes import SpawnError, Zygotes
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationRecord,
    InvocationResult,
    LogSink,
    RecordSink,
    Start,
    Throttled,
)
from lambda_nb.rules import fleet as rules
from lambda_nb.rules.fleet import Fleet
from lambda_nb.rules.keepalive import Fixed, KeepAlive

_STARTS: dict[int, Start] = {
    rules.WARM: "warm",
    rules.COLD: "cold",
    rules.PROVISIONED: "provisioned",
}
_LONGEST_SLEEP_S = 3600.0
_STARTS_AT_ONCE = 8
PROVISIONED_INIT_LIMIT_S = 130.0
"""Longest init phase of a provisioned environment, unless the function's timeout is longer."""


class Executor:
    """Runs function versions in execution environments of this machine.

    Parameters
    ----------
    work_dir
        A directory of its own for environments, merged layers and ``/var/runtime``.
    account, region
        Whose functions these are.
    api_endpoint
        The engine's URL, which AWS SDKs inside functions are pointed to.
    credentials_for
        Access key, secret key and session token of a function's role.
    logs, records
        Who is told of log lines and of finished attempts.
    keep_alive_s
        How long an idle environment lives: seconds, or a policy. Default 600 s.
    account_limit, scale_burst, scale_rate, max_age_s
        As :class:`lambda_nb.rules.fleet.Fleet` takes them.
    fork
        Whether Python environments are forked from a process that has imported what they need
        (milliseconds), or each start an interpreter of their own (tens of milliseconds).
    isolation
        ``auto`` for the highest level that this machine allows, or one of ``L0`` to ``L3``.
    share_cpu
        At L3: give environments CPU time in proportion to their memory (1769 MB: one vCPU).
    function_version
        Looks up a version by function name and version number: for provisioned environments, which
        start without an invocation.
    """

    def __init__(
        self,
        *,
        work_dir: Path,
        account: str,
        region: str,
        api_endpoint: Callable[[], str],
        credentials_for: Callable[[FunctionVersion], tuple[str, str, str]],
        logs: LogSink,
        records: RecordSink,
        keep_alive_s: float | KeepAlive = 600.0,
        account_limit: int = 1000,
        scale_burst: float = 1000.0,
        scale_rate: float = 100.0,
        max_age_s: float = math.inf,
        fork: bool = True,
        isolation: str = "auto",
        share_cpu: bool = False,
        function_version: Callable[[str, str], FunctionVersion] | None = None,
    ) -> None:
        self.account = account
        self.region = region
        self._work_dir = work_dir
        self._runtime_dir = work_dir / "runtime"
        self._records = records
        self._keep_alive = (
            keep_alive_s if isinstance(keep_alive_s, KeepAlive) else Fixed(keep_alive_s)
        )
        self._clock = Clock()
        self._fleet = Fleet(
            account_limit=account_limit,
            scale_burst=scale_burst,
            scale_rate=scale_rate,
            max_age=max_age_s,
        )
        self._isolation = Isolation(isolation, work_dir, share_cpu=share_cpu)
        self._pools = Pools(self._fleet, self._isolation, work_dir, self._runtime_dir, fork=fork)
        self._zygotes = Zygotes()
        self._services = Services(
            work_dir, self._zygotes, self._isolation, logs, api_endpoint, credentials_for
        )
        self._function_version = function_version
        self._environments: dict[int, Environment] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._expiry: asyncio.TimerHandle | None = None
        self._closing = False

    # -- life of the executor

    async def start(self) -> None:
        """Make ready to run functions; a first zygote starts in the background."""
        _raise_open_files()
        for name in ("environments", "opt"):
            (self._work_dir / name).mkdir(parents=True, exist_ok=True)
        await asyncio.gather(
            asyncio.to_thread(launch.link_sdk, self._runtime_dir),
            asyncio.to_thread(self._isolation.probe),
        )
        self._background(self._warm_up())

    async def close(self) -> None:
        """End every environment and every process of this executor."""
        self._closing = True
        if self._expiry is not None:
            self._expiry.cancel()
        await self._zygotes.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        environments = list(self._environments.values())
        self._environments.clear()
        await asyncio.gather(*(e.end() for e in environments), return_exceptions=True)
        self._isolation.close()
        await asyncio.to_thread(shutil.rmtree, self._work_dir / "environments", ignore_errors=True)

    def status(self) -> dict[str, Any]:
        """What runs now: isolation, zygotes, interpreters, environments."""
        return {
            "isolation": self._isolation.status(),
            "python": interpreters.pythons(),
            "zygotes": self._zygotes.status(),
            "environments": [
                {
                    "function": e.function.name,
                    "version": e.function.version,
                    "log_stream": e.log.stream,
                    "pid": e.pid,
                    "invocations": e.invocations,
                    "initialization_type": e.initialization_type,
                    "created": e.created,
                }
                for e in self._environments.values()
            ],
        }

    # -- invocations

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> InvocationResult:
        """Run one invocation.

        It runs to its end even when the caller is cancelled.

        Raises
        ------
        Throttled
            When Lambda's limits forbid it.
        AWSError
            When this machine cannot run the function at all.
        """
        tenant = invocation.tenant_id or "" if function.tenant_isolation else ""
        pool = self._pools.find(function, tenant)
        if pool is None:
            pool = await self._pools.make(function, tenant)
            for key in self._pools.others(function, tenant):
                self._pools.close(key, self._now())
            self._bury()
        if self._closing:
            raise _closing()
        arrival_ns = self._clock.now_ns()
        code, slot = self._fleet.arrive(self._clock.seconds(arrival_ns), pool.index)
        self._bury()
        concurrency = self._fleet.in_flight(pool.function_index)
        if code not in _STARTS:
            reason = rules.THROTTLE_REASONS[code]
            self._record_throttle(function, invocation, arrival_ns, reason, concurrency)
            raise Throttled(reason)
        served = self._serve(pool, invocation, _STARTS[code], slot, arrival_ns, concurrency)
        return await asyncio.shield(self._background(served))

    async def _serve(
        self,
        pool: Pool,
        invocation: Invocation,
        start: Start,
        slot: int,
        arrival_ns: int,
        concurrency: int,
    ) -> InvocationResult:
        function = pool.prepared.function
        serial = self._fleet.serial(slot)
        try:
            if start == "cold":
                kind = "snap-start" if function.snap_start else "on-demand"
                environment = Environment(pool.prepared, self._services, initialization_type=kind)
                self._environments[serial] = environment
                await environment.start()
            else:
                environment = self._environments[serial]
            finished = await environment.invoke(invocation)
        except SpawnError as error:
            self._fleet.discard(self._now(), slot)
            self._bury()
            if self._closing:
                raise _closing() from error
            raise AWSError("ServiceException", f"Sandbox.Failure: {error}", 500) from error
        except Exception:
            self._fleet.discard(self._now(), slot)
            self._bury()
            raise
        if self._closing:
            raise _closing()
        finish_ns = self._finish(slot, function)
        environment.rest()
        self._bury()
        outcome = finished.outcome
        self._records.record(
            InvocationRecord(
                function=function.name,
                version=function.version,
                request_id=invocation.request_id,
                arrival_ns=arrival_ns,
                finish_ns=finish_ns,
                start=start,
                status=outcome.status,
                error_type=outcome.error_type,
                environment=environment.log.stream,
                log_group=environment.log.group,
                source=invocation.source,
                duration_ms=finished.duration_ms,
                billed_ms=finished.billed_ms,
                init_ms=finished.init_ms,
                memory_mb=function.memory_mb,
                max_memory_mb=finished.max_memory_mb,
                ephemeral_storage_mb=function.ephemeral_storage_mb,
                architecture=function.architecture,
                alias=_alias(invocation.invoked_arn),
                concurrency=concurrency,
            )
        )
        return _result(function, invocation, environment, start, finished)

    def _finish(self, slot: int, function: FunctionVersion) -> int:
        """Tell the fleet that an environment is free, at the time that is returned."""
        finish_ns = self._clock.now_ns()
        now = self._clock.seconds(finish_ns)
        keep_alive = self._keep_alive.idle_limit(function.name, now, random.random())
        self._fleet.finish(now, slot, keep_alive)
        self._expire_by(now + keep_alive)
        return finish_ns

    def _record_throttle(
        self,
        function: FunctionVersion,
        invocation: Invocation,
        arrival_ns: int,
        reason: str,
        concurrency: int,
    ) -> None:
        self._records.record(
            InvocationRecord(
                function=function.name,
                version=function.version,
                request_id=invocation.request_id,
                arrival_ns=arrival_ns,
                finish_ns=arrival_ns,
                start="throttle",
                status="throttle",
                reason=reason,
                log_group=function.log_group or f"/aws/lambda/{function.name}",
                source=invocation.source,
                memory_mb=function.memory_mb,
                ephemeral_storage_mb=function.ephemeral_storage_mb,
                architecture=function.architecture,
                alias=_alias(invocation.invoked_arn),
                concurrency=concurrency,
            )
        )

    # -- what control tells (ControlHooks)

    def code_changed(self, function_name: str, version: str) -> None:
        """Take no further invocation in the version's present environments; let busy ones end."""
        self._drain(lambda key: key[:2] == (function_name, version))

    def deleted(self, function_name: str, version: str | None) -> None:
        """End the environments of one version, or (``None``) of the whole function."""
        self._drain(lambda key: key[0] == function_name and version in (None, key[1]))
        if version is None and self._pools.knows(function_name):
            self.reserved(function_name, None)

    def reserved(self, function_name: str, concurrency: int | None) -> None:
        """Set the function's reserved concurrency; ``None`` returns it to the account's pool."""
        self._fleet.set_reserved(self._pools.function(function_name), concurrency)

    def provisioned(self, function_name: str, version: str, environments: int) -> None:
        """Keep this many environments of the version initialised; 0 ends them."""
        self._background(self._provision(function_name, version, environments))

    def provisioned_status(self, function_name: str, version: str) -> tuple[int, int]:
        """Return how many provisioned environments are (available, allocated)."""
        ready = sum(
            self._fleet.state.p_provisioned_ready[self._pools[key].index]
            for key in self._pools.matching(lambda key: key[:2] == (function_name, version))
        )
        return ready, ready

    async def _provision(self, function_name: str, version: str, environments: int) -> None:
        """Have the fleet decide how many to start, and start them."""
        keys = self._pools.matching(lambda key: key[:2] == (function_name, version))
        if not environments:
            for key in keys:
                self._fleet.set_provisioned(self._now(), self._pools[key].index, 0)
            self._bury()
            return
        assert self._function_version is not None, "provisioned environments need function_version"
        function = self._function_version(function_name, version)
        pool = self._pools.find(function, "") or await self._pools.make(function, "")
        slots = self._fleet.set_provisioned(self._now(), pool.index, environments)
        self._bury()
        few = asyncio.Semaphore(_STARTS_AT_ONCE)
        await asyncio.gather(*(self._start_ahead(pool, slot, few) for slot in slots))

    async def _start_ahead(self, pool: Pool, slot: int, few: asyncio.Semaphore) -> None:
        """Initialise one provisioned environment; one that fails is given up."""
        serial = self._fleet.serial(slot)
        environment = Environment(
            pool.prepared, self._services, initialization_type="provisioned-concurrency"
        )
        self._environments[serial] = environment
        async with few:
            limit_s = max(PROVISIONED_INIT_LIMIT_S, pool.prepared.function.timeout_s)
            try:
                ok = not self._closing and (await environment.start(limit_s)).ok
            except SpawnError:
                ok = False
        if ok:
            self._fleet.ready(self._now(), slot)
            environment.rest()
        else:
            self._fleet.discard(self._now(), slot)
        self._bury()

    def _drain(self, wanted: Callable[[Key], bool]) -> None:
        for key in self._pools.matching(wanted):
            self._fleet.set_provisioned(self._now(), self._pools[key].index, 0)
            self._pools.close(key, self._now())
        self._bury()

    # -- ends of environments

    def _bury(self) -> None:
        """End the environments that the fleet has ended."""
        for ended in self._fleet.ended():
            environment = self._environments.pop(ended.serial, None)
            if environment is not None:
                self._background(environment.end())

    def _expire_by(self, when: float) -> None:
        """Have idle environments looked at no later than ``when`` (the fleet's seconds)."""
        if math.isinf(when) or self._closing:
            return
        loop = asyncio.get_running_loop()
        delay = min(_LONGEST_SLEEP_S, max(0.0, when - self._now()) + 0.001)
        if self._expiry is not None:
            if self._expiry.when() <= loop.time() + delay:
                return
            self._expiry.cancel()
        self._expiry = loop.call_later(delay, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        for ended in self._fleet.expire(self._now()):
            environment = self._environments.pop(ended.serial, None)
            if environment is not None:
                self._background(environment.end())
        self._expire_by(self._fleet.next_expiry())

    # -- small things

    def _now(self) -> float:
        return self._clock.seconds(self._clock.now_ns())

    def _background(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _warm_up(self) -> None:
        try:
            opt = layers.merged((), self._work_dir)
            files = Files(self._work_dir, opt, self._runtime_dir)
            await self._zygotes.get(self._isolation.zygote(launch.launcher(), files, layered=False))
        except SpawnError:
            return  # whoever needs it will be told why
        await asyncio.to_thread(interpreters.pythons)


def _result(
    function: FunctionVersion,
    invocation: Invocation,
    environment: Environment,
    start: Start,
    finished: Finished,
) -> InvocationResult:
    outcome = finished.outcome
    return InvocationResult(
        request_id=invocation.request_id,
        payload=outcome.payload,
        executed_version=function.version,
        function_error="Unhandled" if outcome.failed else None,
        error_type=outcome.error_type or None,
        status=outcome.status,
        start=start,
        log_stream=environment.log.stream,
        log_tail=finished.log_tail,
        duration_ms=finished.duration_ms,
        billed_ms=finished.billed_ms,
        init_ms=finished.init_ms,
        max_memory_mb=finished.max_memory_mb,
    )


def _alias(invoked_arn: str) -> str:
    """The alias that the caller named, if it did."""
    parts = invoked_arn.split(":")
    qualifier = parts[7] if len(parts) > 7 else ""
    return "" if qualifier.isdigit() or qualifier == "$LATEST" else qualifier


def _closing() -> AWSError:
    return AWSError("ServiceException", "The engine is shutting down; try again later.", 500)


def _raise_open_files() -> None:
    """An environment needs four descriptors here: let this process have as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
