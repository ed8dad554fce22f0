"""Runs functions: asks the fleet which environment takes a request, and drives that environment.

The fleet (``rules.scheduling.fleet``) decides; this module gives it the time and carries out its
decisions. No two decisions have the same time. The :class:`InvocationRecord` of each attempt has
these times, so a replay of the records through the same rules makes the same decisions. For the
fleet an invocation ends when its environment is free again: when the runtime has asked for the next
event, or when its processes have ended.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.control_hooks import FindVersion, Hooks
from lambda_nb.engine.execution.debugging.debuggers import Debuggers
from lambda_nb.engine.execution.environment import report
from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.execution.environment.report import Attempt
from lambda_nb.engine.execution.failures import Failures
from lambda_nb.engine.execution.handover import Handover
from lambda_nb.engine.execution.pools import Pool, Pools
from lambda_nb.engine.execution.preparation import Services
from lambda_nb.engine.execution.prestarted import Prestarted
from lambda_nb.engine.execution.roster import Roster
from lambda_nb.engine.execution.runtimes import interpreters, launch, layers, python_sdk
from lambda_nb.engine.execution.runtimes.interpreters import Fallback
from lambda_nb.engine.execution.runtimes.zygote_channel import SpawnError
from lambda_nb.engine.execution.runtimes.zygotes import Zygotes
from lambda_nb.engine.execution.sandbox.isolation import Isolation
from lambda_nb.engine.execution.sandbox.paths import Files
from lambda_nb.engine.machine.file_descriptors import Descriptors
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationResult,
    LogSink,
    RecordSink,
    Start,
    Throttled,
)
from lambda_nb.rules.keepalive.idle import Fixed, KeepAlive
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.rules.scheduling.scheduler import Fleet

log = logging.getLogger(__name__)

_STARTS: dict[int, Start] = {
    rules.WARM: "warm",
    rules.COLD: "cold",
    rules.PROVISIONED: "provisioned",
}
_KILL_AGAIN_S = 0.02


class Executor:
    """Runs function versions in execution environments of this machine.

    Parameters
    ----------
    work_dir
        A directory of its own for environments, merged layers and ``/var/runtime``.
    account, region
        The account and the Region of the functions.
    api_endpoint
        Returns the engine's URL; AWS SDKs inside functions send their requests there.
    credentials_for
        Returns the access key, secret key and session token of a function's role.
    logs, records
        Get the log lines and the records of finished attempts.
    keep_alive_s
        How long an idle environment lives: seconds, or a policy. Default 600 s.
    account_limit, scale_burst, scale_rate, max_age_s
        See :class:`lambda_nb.rules.scheduling.scheduler.Fleet`.
    fork
        Whether Python environments are forked from a process that has already imported what they
        need (milliseconds). Otherwise each starts its own interpreter (tens of milliseconds).
    isolation
        ``auto`` for the highest level that this machine allows, or one of ``L0`` to ``L3``.
    share_cpu
        Give environments CPU time in proportion to their memory (1769 MB: one vCPU).
    runtime_fallback
        Whether a function whose language version is missing runs in the nearest version.
    function_version
        Looks up a version by function name and version number. Provisioned environments need it:
        they start without an invocation.
    variables
        Returns environment variables that every function has unless it sets them itself.
    readable
        Folders that every function may read, beside those that it needs anyway.
    descriptors
        Counts this process's file descriptors, if other parts of the engine share the count.
    debug_secret
        What the tokens of debuggers' clients are made from; by default a new one.
    failures
        Keeps the frames of Python functions that fail. Default: nobody keeps them.
    taken_over
        What an executor with the same settings and the same directory has left.

    Attributes
    ----------
    hooks : Hooks
        To be told of changes of functions.
    debuggers : Debuggers
        The sessions of versions that are debugged.
    handover : Handover
        What another executor can take over, once this one is closed without ending it.
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
        runtime_fallback: Fallback = "none",
        function_version: FindVersion | None = None,
        variables: Callable[[], Mapping[str, str]] = dict,
        readable: Sequence[Path] = (),
        descriptors: Descriptors | None = None,
        debug_secret: bytes = b"",
        failures: Failures | None = None,
        taken_over: Handover | None = None,
    ) -> None:
        self.account = account
        self.region = region
        self._work_dir = work_dir
        self._runtime_dir = work_dir / "runtime"
        self._records = records
        policy = keep_alive_s if isinstance(keep_alive_s, KeepAlive) else Fixed(keep_alive_s)
        fleet = Fleet(
            account_limit=account_limit,
            scale_burst=scale_burst,
            scale_rate=scale_rate,
            max_age=max_age_s,
        )
        self._is_prepared = taken_over is not None
        self.handover = taken_over or Handover(
            Zygotes(),
            Isolation(
                isolation,
                work_dir,
                share_cpu=share_cpu,
                readable=readable,
                names=(f"{account}.localhost",),  # SDKs put the account before some names
            ),
        )
        self._zygotes, self._isolation = self.handover.zygotes, self.handover.isolation
        self._descriptors = descriptors or Descriptors()
        self._roster = Roster(fleet, policy, self._descriptors)
        self._pools = Pools(
            fleet,
            self._isolation,
            work_dir,
            self._runtime_dir,
            fork=fork,
            fallback=runtime_fallback,
        )
        self.debuggers = Debuggers(debug_secret or secrets.token_bytes(32))
        self._services = Services(
            work_dir,
            self._zygotes,
            self._isolation,
            logs,
            api_endpoint,
            credentials_for,
            self.debuggers,
            variables,
            failures,
        )
        self._prestarted = Prestarted(self._services)
        self.hooks = Hooks(
            self._roster, self._pools, self._services, self._prestarted, function_version
        )

    # -- life of the executor

    async def start(self) -> None:
        """Get ready to run functions; start a first zygote in the background."""
        for name in ("environments", "opt"):
            (self._work_dir / name).mkdir(parents=True, exist_ok=True)
        if not self._is_prepared:
            await asyncio.gather(
                asyncio.to_thread(python_sdk.link, self._runtime_dir),
                asyncio.to_thread(self._isolation.probe),
            )
        self.hooks.begin()
        if not self._is_prepared:
            self._roster.background(self._warm_up())

    async def close(self, *, hand_over: bool = False) -> None:
        """End every environment and every process of this executor.

        Parameters
        ----------
        hand_over
            Leave what :attr:`handover` has to another executor.
        """
        self._roster.closing = True
        self.hooks.begin()
        await self.debuggers.close()
        await self._prestarted.close()
        if hand_over:
            await self._kill_what_runs(asyncio.ensure_future(self._roster.close()))
        else:
            await self._zygotes.close()
            await self._roster.close()
        snapshots = [s.close() for _, s in self._pools.snapshots()]
        await asyncio.gather(*snapshots, return_exceptions=True)
        if not hand_over:
            self._isolation.close()
        await asyncio.to_thread(shutil.rmtree, self._work_dir / "environments", ignore_errors=True)

    async def _kill_what_runs(self, closing: asyncio.Future[None]) -> None:
        """Kill what the fork servers started, and what is just starting, until all has ended."""
        while not closing.done():
            self._zygotes.kill_processes()
            await asyncio.wait([closing], timeout=_KILL_AGAIN_S)
        closing.result()

    def status(self) -> dict[str, Any]:
        """What runs now: isolation, zygotes, interpreters, environments."""
        states = self._roster.states()
        return {
            "isolation": self._isolation.status(),
            "python": interpreters.pythons(),
            "zygotes": self._zygotes.status(),
            "snapshots": [
                {
                    "function": function.name,
                    "version": function.version,
                    "pid": s.present.pid if s.present else None,
                    "taken": s.taken,
                }
                for function, s in self._pools.snapshots()
            ],
            "laid_out": self._prestarted.status(),
            "environments": [
                {
                    "function": e.function.name,
                    "version": e.function.version,
                    "log_stream": e.log.stream,
                    "pid": e.pid,
                    "state": states.get(id(e), "ending"),
                    "invocations": e.invocations,
                    "initialization_type": e.initialization_type,
                    "created": e.created,
                    "idle_since": e.idle_since,
                }
                for e in self._roster.all()
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
        pool = self._pools.find(function, tenant) or await self._first(function, tenant)
        if self._roster.closing:
            raise _closing()
        if invocation.patience_s is None:
            code, slot, arrival_ns = self._roster.arrive(pool.index)
        else:
            patience_s = invocation.patience_s
            code, slot, arrival_ns = await self._roster.arrive_patiently(pool.index, patience_s)
        concurrency = self._roster.fleet.in_flight(pool.function_index)
        start = _STARTS.get(code, "throttle")
        if start == "cold" and not self._descriptors.start_environment():
            self._roster.discard(slot)
            start, code = "throttle", rules.THROTTLE_ACCOUNT
        attempt = Attempt(function, invocation, start, arrival_ns, concurrency)
        if start == "throttle":
            reason = rules.THROTTLE_REASONS[code]
            self._records.record(report.throttle(attempt, reason))
            raise Throttled(reason)
        if invocation.steady:
            return await self._serve(pool, attempt, slot)
        answered: asyncio.Future[InvocationResult] = asyncio.get_running_loop().create_future()
        self._roster.background(self._answer(answered, pool, attempt, slot))
        return await answered

    async def _first(self, function: FunctionVersion, tenant: str) -> Pool:
        """Make the pool of a new revision, and drain the pools of earlier revisions."""
        pool = await self._pools.make(function, tenant)
        for key in self._pools.others(function, tenant):
            self.hooks.close_pool(key)
        self._roster.bury()
        return pool

    async def _answer(
        self, answered: asyncio.Future[InvocationResult], pool: Pool, attempt: Attempt, slot: int
    ) -> None:
        """Serve the invocation, and give the result to the caller if it still waits."""
        try:
            result = await self._serve(pool, attempt, slot)
        except Exception as error:
            if not answered.done():
                answered.set_exception(error)
            elif not isinstance(error, AWSError):
                log.error("an invocation without a caller failed", exc_info=error)
        else:
            if not answered.done():
                answered.set_result(result)
        finally:
            answered.cancel()  # has no effect unless this task was cancelled

    async def _serve(self, pool: Pool, attempt: Attempt, slot: int) -> InvocationResult:
        roster = self._roster
        try:
            if attempt.start == "cold":
                try:
                    environment = await self._new_environment(pool)
                    roster.add(slot, environment)
                    init = await environment.start()
                finally:
                    self._descriptors.environment_started()
                if init.restore_ms is not None and init.status == "timeout":
                    raise _restore_timeout()
            else:
                environment = roster.at(slot)
            done = await environment.invoke(attempt.invocation)
        except Exception as error:
            roster.discard(slot)
            if roster.closing:
                raise _closing() from error
            if isinstance(error, SpawnError):
                raise AWSError("ServiceException", f"Sandbox.Failure: {error}", 500) from error
            raise
        if roster.closing:
            raise _closing()
        environment.rest()
        finish_ns = roster.finish(slot, attempt.function.name, self._kept_s(environment))
        environment.idle_since = finish_ns / 1e9
        self._records.record(report.record(attempt, finish_ns, environment.log, done))
        return report.result(attempt, environment.log, done)

    def _kept_s(self, environment: Environment) -> float | None:
        """How long to keep an idle environment; ``None`` for what the policy says.

        Of a version that is debugged, only the environment with the debugger is kept: the next
        event comes to it, and not to one without breakpoints.
        """
        function = environment.function
        if function.debug_port is None or not self.debuggers.debugs(function):
            return None
        return math.inf if environment.debugged else 0.0

    async def _new_environment(self, pool: Pool) -> Environment:
        ahead = await self._prestarted.take(pool.prepared.function)
        if ahead is not None:
            return ahead
        kind = "snap-start" if pool.prepared.function.snap_start else "on-demand"
        origin = self.hooks.snapshots_of(pool)
        return Environment(pool.prepared, self._services, initialization_type=kind, origin=origin)

    async def _warm_up(self) -> None:
        try:
            opt = layers.merged((), self._work_dir)
            files = Files(self._work_dir, opt, self._runtime_dir)
            await self._zygotes.get(self._isolation.zygote(launch.launcher(), files, layered=False))
        except SpawnError:
            return  # an invocation that needs it gets the error
        await asyncio.to_thread(interpreters.pythons)


def _closing() -> AWSError:
    return AWSError("ServiceException", "The engine is shutting down; try again later.", 500)


def _restore_timeout() -> AWSError:
    message = "Lambda couldn't restore the snapshot within the timeout limit."
    return AWSError("SnapStartTimeoutException", message, 408)
