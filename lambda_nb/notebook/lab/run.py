"""A run as the stage needs it, whoever made it: a simulation, real functions, a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lambda_nb.notebook.errors import UsageError
from lambda_nb.rules.pricing import MB_PER_GB, book_for

if TYPE_CHECKING:
    from lambda_nb.simulator import Result
    from lambda_nb.traces import Trace

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WARM, COLD, PROVISIONED, THROTTLE = range(4)
_CODES = {"warm": WARM, "cold": COLD, "provisioned": PROVISIONED, "throttle": THROTTLE}
_BINS = 1500


@dataclass(frozen=True)
class Lives:
    """Execution environments, one row each; times in seconds.

    ``ended`` is infinite for one that outlives the run.
    """

    function: Ints
    created: Floats
    ready: Floats
    ended: Floats
    provisioned: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Run:
    """What happened, one row per attempt in order of arrival; times in seconds, money in dollars.

    Attributes
    ----------
    name, functions
        What it is called, and the names that ``function`` counts into.
    arrival, begun, init, finish
        When a request came, when its environment turned to it, how long the init phase of a cold
        start took (else 0), and when the environment was free again. Of a throttle, the last three
        say nothing.
    kind
        ``WARM``, ``COLD``, ``PROVISIONED`` or ``THROTTLE``.
    failed
        Whether the function failed or ran out of time.
    environment
        Its row in ``lives``; -1 for a throttle.
    cost
        Of each row.
    standing_of
        Dollars of each function that come evenly over the run: provisioned concurrency.
    waiting
        Times and how many requests waited then, where a queue or retries are simulated.
    limit, keep_alive
        The concurrency that can be had, and how long idle environments live (s), where known.
    real
        Whether functions really ran.
    """

    name: str
    functions: list[str]
    arrival: Floats
    begun: Floats
    init: Floats
    finish: Floats
    kind: Ints
    failed: npt.NDArray[np.bool_]
    function: Ints
    environment: Ints
    cost: Floats
    lives: Lives
    standing_of: Floats
    end: float
    waiting: tuple[Floats, Floats] | None = None
    limit: int | None = None
    keep_alive: float | None = None
    real: bool = False

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def standing(self) -> float:
        """What comes evenly over the run, of all functions (dollars)."""
        return float(self.standing_of.sum())


def of_result(result: Result) -> Run:
    """The run of a simulation."""
    frame, lives = result.invocations, result.environments
    arrival = frame["arrival"].to_numpy(dtype=np.float64)
    finish = frame["finish"].to_numpy(dtype=np.float64)
    cost = frame["cost"].to_numpy(dtype=np.float64)
    ended = lives["ended"].to_numpy(dtype=np.float64)
    end = float(np.fmax.reduce([*finish[~np.isnan(finish)][-1:], *arrival[-1:], 0.0]))
    end = max(end, float(np.nanmax(finish, initial=0.0)) if len(finish) else 0.0, 1e-3)
    waiting = None
    timeline = result.timeline(end / _BINS)
    if "waiting" in timeline and float(timeline["waiting"].max()) > 0:
        waiting = timeline.index.to_numpy(dtype=np.float64), timeline["waiting"].to_numpy(float)
    settings = result.scenario
    names = list(frame["function"].cat.categories)
    limit = settings.account_limit
    if len(names) == 1 and settings.reserved[0] is not None:
        limit = settings.reserved[0]
    return Run(
        name=result.trace.name,
        functions=[str(name) for name in names],
        arrival=arrival,
        begun=arrival,
        init=np.nan_to_num(frame["init"].to_numpy(dtype=np.float64)),
        finish=finish,
        kind=_kinds(frame["start"]),
        failed=frame["status"].isin(["error", "timeout"]).to_numpy(),
        function=frame["function"].cat.codes.to_numpy(dtype=np.int64),
        environment=frame["environment"].to_numpy(dtype=np.int64),
        cost=cost,
        lives=Lives(
            function=lives["function"].cat.codes.to_numpy(dtype=np.int64),
            created=lives["created"].to_numpy(dtype=np.float64),
            ready=lives["ready"].to_numpy(dtype=np.float64),
            ended=np.where(np.isnan(ended), np.inf, ended),
            provisioned=lives["provisioned"].to_numpy(dtype=bool),
        ),
        standing_of=_standing(result, names),
        end=end,
        waiting=waiting,
        limit=limit,
        keep_alive=_seconds(getattr(settings.policy, "seconds", None)),
    )


def of_trace(trace: Trace, settings: dict[str, Any] | None = None) -> Run:
    """The run that a trace recorded.

    Parameters
    ----------
    settings
        Limits and keep-alive in force, by the names of :func:`lambda_nb.simulate`.

    Raises
    ------
    UsageError
        The trace does not say which environment served what: then it has to be simulated first.
    """
    settings = settings or {}
    if "environment" not in trace or not len(trace):
        raise UsageError(
            "the trace does not say which environment served which request"
            if len(trace)
            else "the trace is empty"
        )
    frame = trace.to_pandas()
    arrival = trace.numbers("arrival")
    origin = float(arrival[0])
    arrival = arrival - origin
    duration = frame["duration"].to_numpy(dtype=np.float64)
    init = np.nan_to_num(trace.numbers("init"))
    kind = _kinds(frame["start"]) if "start" in frame else np.full(len(frame), WARM)
    environment = frame["environment"].astype("category")
    codes = environment.cat.codes.to_numpy(dtype=np.int64)
    ran = (codes >= 0) & (kind != THROTTLE)
    kind = np.where(ran, kind, THROTTLE)
    known = trace.numbers("finish") - origin
    finish = np.where(np.isnan(known), arrival + init + np.nan_to_num(duration), known)
    # What lies between the arrival and its own work, a request of a queue has waited.
    begun = np.where(ran, np.maximum(arrival, finish - np.nan_to_num(duration) - init), arrival)
    count = len(environment.cat.categories)
    at = np.flatnonzero(ran)
    first = np.full(count, -1, dtype=np.int64)
    first[codes[at][::-1]] = at[::-1]
    ready = np.where(kind[first] == COLD, begun[first] + init[first], 0.0)
    status = trace.table.column("status").to_pandas() if "status" in trace else None
    return Run(
        name=trace.name,
        functions=trace.functions,
        arrival=arrival,
        begun=begun,
        init=np.where(kind == COLD, init, 0.0),
        finish=np.where(ran, np.maximum(finish, begun), np.nan),
        kind=kind,
        failed=(
            np.zeros(len(frame), dtype=bool)
            if status is None
            else status.isin(["error", "timeout"]).to_numpy()
        ),
        function=trace.codes.astype(np.int64),
        environment=np.where(ran, codes, -1),
        cost=_costs(trace, ran),
        lives=Lives(
            function=trace.codes.astype(np.int64)[first],
            created=np.where(kind[first] == COLD, begun[first], 0.0),
            ready=ready,
            # A log does not say when an environment ended; by its keep-alive it can be known.
            ended=_ends(codes[at], finish[at], count, settings.get("keep_alive")),
            provisioned=kind[first] == PROVISIONED,
        ),
        standing_of=np.zeros(len(trace.functions)),
        end=max(float(np.nanmax(np.where(ran, finish, arrival))), 1e-3),
        limit=_limit(trace.functions, settings),
        keep_alive=_seconds(settings.get("keep_alive")),
        real=True,
    )


def only(run: Run, function: str) -> Run:
    """The same run, of one function.

    Raises
    ------
    UsageError
        Nothing invoked that function.
    """
    if function not in run.functions:
        names = ", ".join(run.functions[:8]) + (", ..." if len(run.functions) > 8 else "")
        raise UsageError(f"function={function!r} is not in this run; it has {names}")
    if run.functions == [function]:
        return run
    place = run.functions.index(function)
    rows, lives = run.function == place, run.lives.function == place
    number = np.cumsum(lives) - 1
    environment = run.environment[rows]
    if len(lives):
        environment = np.where(environment < 0, -1, number[environment])
    return replace(
        run,
        functions=[function],
        arrival=run.arrival[rows],
        begun=run.begun[rows],
        init=run.init[rows],
        finish=run.finish[rows],
        kind=run.kind[rows],
        failed=run.failed[rows],
        function=np.zeros(int(rows.sum()), dtype=np.int64),
        environment=environment,
        cost=run.cost[rows],
        lives=Lives(
            function=np.zeros(int(lives.sum()), dtype=np.int64),
            created=run.lives.created[lives],
            ready=run.lives.ready[lives],
            ended=run.lives.ended[lives],
            provisioned=run.lives.provisioned[lives],
        ),
        standing_of=run.standing_of[[place]],
        waiting=None,  # whose requests waited, a run does not say
    )


def _standing(result: Result, functions: list[Any]) -> Floats:
    """Of each function what its bill has besides its invocations."""
    billed = result.cost("function")["total"].reindex(functions).to_numpy(dtype=np.float64)
    ran = result.invocations.groupby("function", observed=False)["cost"].sum()
    standing: Floats = np.maximum(0.0, billed - ran.reindex(functions).to_numpy(dtype=np.float64))
    return standing


def _kinds(words: Any) -> Ints:
    kinds: Ints = words.astype(object).map(_CODES).fillna(WARM).to_numpy(dtype=np.int64)
    return kinds


def _costs(trace: Trace, ran: npt.NDArray[np.bool_]) -> Floats:
    """Dollars of each row of a recorded run, at today's first tier."""
    book = book_for(None)
    memory = np.nan_to_num(trace.numbers("memory"), nan=128.0)
    billed = np.nan_to_num(trace.numbers("billed"))
    rate = np.full(len(trace), book.duration["x86_64"][0][1])
    if "architecture" in trace:
        words = trace.table.column("architecture").to_pandas()
        rate[(words == "arm64").to_numpy()] = book.duration["arm64"][0][1]
    cost: Floats = np.where(ran, billed * memory / MB_PER_GB * rate + book.request, 0.0)
    return cost


def _ends(codes: Ints, finish: Floats, count: int, keep_alive: Any) -> Floats:
    ended = np.full(count, np.inf)
    lives = _seconds(keep_alive)
    if lives is not None and np.isfinite(lives):
        last = np.full(count, -np.inf)
        np.maximum.at(last, codes, finish)
        ended = last + lives
    return ended


def _limit(functions: list[str], settings: dict[str, Any]) -> int | None:
    reserved = settings.get("reserved") or {}
    if len(functions) == 1 and functions[0] in reserved:
        return int(reserved[functions[0]])
    limit = settings.get("account_limit")
    return None if limit is None else int(limit)


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
