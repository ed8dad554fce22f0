"""``simulate``: one trace, one set of assumptions, one result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import numpy as np

from lambda_nb.rules.keepalive.idle import DEFAULT_KEEP_ALIVE, Fixed
from lambda_nb.rules.pricing import FREE_STORAGE_MB, PriceBook, book_for
from lambda_nb.simulator.assumptions.init_times import named
from lambda_nb.simulator.assumptions.scaling import Scaling
from lambda_nb.simulator.assumptions.scenario import (
    Policy,
    Provisioned,
    Reserved,
    Scenario,
    scenario,
)
from lambda_nb.simulator.assumptions.sources import Call, Deployment, Source, delivery
from lambda_nb.simulator.assumptions.workload import (
    Floats,
    NotCompiledError,
    Workload,
    WorkloadError,
    with_functions,
    with_memory,
    workload,
)
from lambda_nb.simulator.replay import compiled, reference
from lambda_nb.simulator.results.money import Extras
from lambda_nb.simulator.results.result import Result
from lambda_nb.simulator.system import system
from lambda_nb.traces import Trace

EngineName = Literal["auto", "simpy", "compiled"]
FEW = 200_000
"""With fewer requests, SimPy is done before numba is even imported."""


def simulate(
    trace: Trace,
    *,
    memory: int | Mapping[str, int] | None = None,
    keep_alive: Policy = DEFAULT_KEEP_ALIVE,
    provisioned: Provisioned = None,
    reserved: Reserved = None,
    account_limit: int = 1000,
    init: Any = None,
    duration: Any = None,
    timeout: float | Mapping[str, float] | None = None,
    pricing: PriceBook | str | date | None = None,
    ephemeral_storage: int = FREE_STORAGE_MB,
    architecture: str = "x86_64",
    scale_burst: float = 1000.0,
    scale_rate: float = 100.0,
    max_age: float | str = float("inf"),
    scaling: Scaling | None = None,
    source: Source | Mapping[str, Source] | None = None,
    errors: float | Mapping[str, float] | None = None,
    calls: Sequence[Call] = (),
    deployments: Sequence[Deployment] = (),
    snap_start: bool | Collection[str] = False,
    response_mb: float | Mapping[str, float] = 0.0,
    seed: int = 0,
    engine: EngineName = "auto",
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Replay a trace under Lambda's rules.

    A trace that was recorded from real runs is repeated exactly: as long as a request is served as
    it was (warm, cold), its environment is free again when it really was. Where the simulation
    decides otherwise, ``init`` is added or left out.

    Parameters
    ----------
    trace
        What was invoked when (:mod:`lambda_nb.traces`).
    memory
        MB, for all functions or by name. Changes the bill; durations stay as they are unless
        ``scaling`` says how they change.
    keep_alive
        How long idle environments live: seconds, text such as ``"10min"``, or a policy
        (:mod:`lambda_nb.rules.keepalive`, or your own class with ``idle_limit``).
    provisioned
        Provisioned environments, for each function or by name; ready from the beginning. A number,
        a :class:`~lambda_nb.simulator.Schedule`, or
        :class:`~lambda_nb.simulator.TargetTracking`.
    reserved
        Reserved concurrency, by name.
    account_limit
        Concurrency of the account (AWS: 1000).
    init, duration
        Seconds, a law ``f(rng, n)`` (:mod:`lambda_nb.traces.laws`), or either by function name;
        by default from the trace. Without either, cold starts take no time. ``init`` may also
        name a runtime, ``"python3.13"`` or ``"nodejs22.x image arm64"``: init phases as measured on
        AWS (:mod:`lambda_nb.simulator.assumptions.init_times`).
    timeout
        Seconds, for all functions or by name.
    pricing
        A price book, its name (``"2026"``, ``"2021"``, ``"2019"``), or a date.
    ephemeral_storage
        MB of ``/tmp``.
    architecture
        ``x86_64`` or ``arm64``, where the trace does not say.
    scale_burst, scale_rate
        Environments a function may start at once, and per second after (AWS: 1000 and 100).
    max_age
        Seconds after which an environment is not used again.
    scaling
        What share of each duration is computing (0 to 1) and so depends on memory, or a
        :class:`~lambda_nb.simulator.DurationLaw` (from :func:`lambda_nb.power_tune` or
        :func:`~lambda_nb.simulator.fit_duration`); for all functions or by name.
    source
        How requests reach functions, for all or by name: ``Synchronous(attempts=3)``,
        ``Asynchronous()``, ``Queue()``, ``Stream()`` of :mod:`lambda_nb.simulator`. By default
        callers wait and do not retry.
    errors
        Share of attempts that fail, for all functions or by name; by default as the trace says.
    calls
        What functions invoke when they succeed (:class:`~lambda_nb.simulator.Call`).
    deployments
        New versions that take over (:class:`~lambda_nb.simulator.Deployment`).
    snap_start
        Whether functions (all, or these) are restored from a snapshot; ``init`` is then the
        restore. Adds AWS's charges for keeping and restoring snapshots.
    response_mb
        MB of each streamed response, for all functions or by name; beyond 6 MB they are charged.
    seed
        Seed of all random numbers: the same seed gives the same run.
    engine
        ``simpy``: the reference. ``compiled``: the same rule functions under numba. ``auto``: the
        compiled one for long traces whose policy it can run.
    progress
        Called now and then with the number of requests so far.

    Returns
    -------
    Result
        With ``invocations``, ``environments``, ``timeline()``, ``cost()``, ``summary()``,
        ``plot()``. With a source, errors, calls or deployments, ``invocations`` has a row for each
        attempt, and ``requests`` says what became of each request.

    Raises
    ------
    WorkloadError
        When a setting makes no sense for this trace; it says which and why.
    """
    prepared = Prepared(trace, init=init, duration=duration, timeout=timeout, seed=seed)
    return prepared.simulate(
        memory=memory,
        keep_alive=keep_alive,
        provisioned=provisioned,
        reserved=reserved,
        account_limit=account_limit,
        pricing=pricing,
        ephemeral_storage=ephemeral_storage,
        architecture=architecture,
        scale_burst=scale_burst,
        scale_rate=scale_rate,
        max_age=max_age,
        scaling=scaling,
        source=source,
        errors=errors,
        calls=calls,
        deployments=deployments,
        snap_start=snap_start,
        response_mb=response_mb,
        engine=engine,
        progress=progress,
    )


class Prepared:
    """A trace prepared once, to be simulated under many settings.

    What depends on the trace alone (durations, init phases, draws from laws) is computed here;
    each :meth:`simulate` then costs the replay only. Parameters as for :func:`simulate`.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        init: Any = None,
        duration: Any = None,
        timeout: float | Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        if not isinstance(trace, Trace):
            raise WorkloadError(
                f"simulate needs a Trace, not {type(trace).__name__}; make one with "
                "Trace.from_pandas(frame)"
            )
        self.trace = trace
        # One random stream each: a policy's draws must not shift those of the laws.
        self._seeds = np.random.SeedSequence(seed).spawn(3)
        rng = np.random.default_rng(self._seeds[0])
        self._load = workload(trace, init=named(init), duration=duration, timeout=timeout, rng=rng)

    def simulate(
        self,
        *,
        memory: int | Mapping[str, int] | None = None,
        keep_alive: Policy = DEFAULT_KEEP_ALIVE,
        provisioned: Provisioned = None,
        reserved: Reserved = None,
        account_limit: int = 1000,
        pricing: PriceBook | str | date | None = None,
        ephemeral_storage: int = FREE_STORAGE_MB,
        architecture: str = "x86_64",
        scale_burst: float = 1000.0,
        scale_rate: float = 100.0,
        max_age: float | str = float("inf"),
        scaling: Scaling | None = None,
        source: Source | Mapping[str, Source] | None = None,
        errors: float | Mapping[str, float] | None = None,
        calls: Sequence[Call] = (),
        deployments: Sequence[Deployment] = (),
        snap_start: bool | Collection[str] = False,
        response_mb: float | Mapping[str, float] = 0.0,
        engine: EngineName = "auto",
        progress: Callable[[int], None] | None = None,
    ) -> Result:
        """Replay the trace under these settings; see :func:`simulate`."""
        if architecture not in ("x86_64", "arm64"):
            raise WorkloadError(f"architecture is {architecture!r}; give 'x86_64' or 'arm64'")
        if engine not in ("auto", "simpy", "compiled"):
            raise WorkloadError(f"engine is {engine!r}; give 'auto', 'simpy' or 'compiled'")
        load = with_memory(self._load, memory, scaling)
        load = with_functions(load, [call.function for call in calls])
        asked = delivery(
            load.functions,
            self.trace.functions,
            source=source,
            errors=errors,
            calls=calls,
            deployments=deployments,
        )
        assumed = scenario(
            load,
            keep_alive=keep_alive,
            provisioned=provisioned,
            reserved=reserved,
            account_limit=account_limit,
            scale_burst=scale_burst,
            scale_rate=scale_rate,
            max_age=max_age,
        )
        u = None
        if not isinstance(assumed.policy, Fixed):
            u = np.random.default_rng(self._seeds[1]).random(len(load))
        book = book_for(pricing)
        _check_prices(book, self.trace, architecture, assumed.sets_aside)
        extras = Extras.of(load, ephemeral_storage, snap_start, response_mb)
        if asked.plain and not assumed.changing:
            run = _engine(engine, load, assumed, u).simulate(load, assumed, u, progress)
            return Result(self.trace, load, assumed, run, book, extras, architecture)
        if engine == "compiled":
            raise NotCompiledError(
                "the compiled engine knows callers that wait and fixed provisioned concurrency; "
                "leave engine out, or give engine='simpy'"
            )
        rng = np.random.default_rng(self._seeds[2])
        outcome = system.simulate(load, assumed, asked, u, rng, progress)
        return Result(self.trace, load, assumed, outcome.run, book, extras, architecture, outcome)


def _check_prices(book: PriceBook, trace: Trace, architecture: str, provisioned: bool) -> None:
    """Refuse what the price book has no price for, before anything is simulated."""
    asked = {architecture}
    if "architecture" in trace:
        asked = set(trace.table.column("architecture").to_pandas().fillna(architecture))
    for name in sorted(asked - set(book.duration)):
        raise WorkloadError(
            f"the price book ({book.source}) has no price for {name!r}; it has "
            f"{', '.join(book.duration)}"
        )
    if provisioned and not asked <= set(book.provisioned):
        raise WorkloadError(f"the price book ({book.source}) has no provisioned concurrency")


def _engine(asked: EngineName, load: Workload, assumed: Scenario, u: Floats | None) -> Any:
    """The engine for a run: as asked, or the compiled one where it pays and can run it."""
    covered = asked != "simpy" and compiled.covers(assumed, load, u)
    if asked == "compiled" and not covered:
        raise NotCompiledError(
            f"the compiled engine cannot run the policy {type(assumed.policy).__name__}, which "
            "must be asked at each idle period; leave engine out, or give engine='simpy'"
        )
    enough = asked == "compiled" or len(load) >= FEW
    return compiled if covered and enough else reference
