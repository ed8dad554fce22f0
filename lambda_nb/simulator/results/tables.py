"""The tables of a simulation: invocations, requests, environments, the timeline, figures."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.simulator.assumptions.workload import Floats, Workload, finishes
from lambda_nb.simulator.replay.run import Run
from lambda_nb.simulator.results.intervals import average_of, counts, peak_of, peaks
from lambda_nb.simulator.results.money import ALL, Rows
from lambda_nb.simulator.system.attempts import OUTCOMES, THROTTLE
from lambda_nb.simulator.system.system import Outcome
from lambda_nb.traces import times

_WORDS = ("warm", "cold", "provisioned", "throttle")
_MOST_BINS = 2_000_000


class Decided:
    """A run, and what follows from its decisions, worked out when first asked for.

    Parameters
    ----------
    load, run
        What was asked for and what was decided, row by row.
    outcome
        The requests behind the rows, where there are queues, retries or calls.
    """

    def __init__(self, load: Workload, run: Run, outcome: Outcome | None) -> None:
        self.load = load
        self.run = run
        self.outcome = outcome

    @cached_property
    def served(self) -> Any:
        """Whether each row ran."""
        return self.run.environment >= 0

    @cached_property
    def cold(self) -> Any:
        """Whether each row was a cold start."""
        return self.run.code == rules.COLD

    @cached_property
    def finish(self) -> Floats:
        """When the environment of each row was free again (s)."""
        finish = self.run.finish
        return finishes(self.load, self.run.code) if finish is None else finish

    @cached_property
    def ended(self) -> Floats:
        """When rows that ran ended, in order of time (s)."""
        finish = self.finish
        return np.sort(finish if self.served.all() else finish[self.served])

    @cached_property
    def init(self) -> Floats:
        """The init phase of each cold start (s), NaN elsewhere."""
        return np.where(self.cold, self.load.init, np.nan)

    @cached_property
    def end(self) -> float:
        """When the last request is done (s)."""
        last = float(self.load.arrival[-1]) if len(self.load) else 0.0
        return max(last, float(np.fmax.reduce(self.finish, initial=0.0)), 1e-9)

    @cached_property
    def rows(self) -> list[Rows]:
        """The rows of each function, in order of time."""
        if len(self.load.functions) == 1:
            return [ALL]
        function = self.load.function
        order = np.argsort(function, kind="stable")
        cuts = np.searchsorted(function[order], np.arange(len(self.load.functions) + 1))
        return [order[first:last] for first, last in itertools.pairwise(cuts)]


def invocations(decided: Decided, billed: Floats, cost: Floats) -> pd.DataFrame:
    """See ``Result.invocations``; what was billed of each row (s) and its cost are given."""
    load, run = decided.load, decided.run
    words = np.minimum(run.code, rules.THROTTLE_ACCOUNT)
    reasons = sorted(set(rules.THROTTLE_REASONS.values()))
    place = np.full(rules.FULL, -1, dtype=np.int8)
    for code, reason in rules.THROTTLE_REASONS.items():
        place[code] = reasons.index(reason)
    frame: pd.DataFrame = pd.DataFrame(
        {
            "arrival": load.arrival,
            "function": _category(load.function, load.functions),
            "duration": np.where(decided.served, load.duration, np.nan),
            "memory": load.memory,
            "start": _category(words, list(_WORDS)),
            "status": _category(
                np.where(decided.served, load.status, THROTTLE), list(OUTCOMES[: THROTTLE + 1])
            ),
            "reason": _category(place[run.code], reasons),
            "environment": run.environment.astype(np.int32, copy=False),
            "init": decided.init,
            "finish": decided.finish,
            "billed": billed,
            "cost": cost,
            **(decided.outcome.columns if decided.outcome is not None else {}),
        }
    )
    return frame


def requests(decided: Decided) -> pd.DataFrame:
    """See ``Result.requests``, of a run without queues, retries and calls."""
    words = np.where(decided.served, decided.load.status, THROTTLE)
    frame: pd.DataFrame = pd.DataFrame(
        {
            "arrival": decided.load.arrival,
            "function": _category(decided.load.function, decided.load.functions),
            "attempts": np.ones(len(decided.load), dtype=np.int32),
            "outcome": _category(words, list(OUTCOMES)),
            "done": np.where(decided.served, decided.finish, decided.load.arrival),
            "latency": np.where(decided.served, decided.finish - decided.load.arrival, 0.0),
            "row": np.arange(len(decided.load), dtype=np.int64),
            "caller": np.full(len(decided.load), -1, dtype=np.int64),
        }
    )
    frame.index.name = "request"
    return frame


def environments(decided: Decided) -> pd.DataFrame:
    """See ``Result.environments``."""
    load, run = decided.load, decided.run
    count = len(run.ended)
    first = np.zeros(count, dtype=np.int64)
    created, ready = np.zeros(count), np.zeros(count)
    function = np.zeros(count, dtype=np.int32)
    at = np.flatnonzero(decided.cold)
    numbers = run.environment[at]
    first[numbers] = at
    created[numbers] = load.arrival[at]
    ready[numbers] = load.arrival[at] + load.init[at]
    function[numbers] = load.function[at]
    provisioned = np.zeros(count, dtype=bool)
    for number, ahead in run.ahead.items():
        function[number], created[number], ready[number], provisioned[number] = ahead
    uses = np.bincount(run.environment[decided.served], minlength=count)
    frame: pd.DataFrame = pd.DataFrame(
        {
            "function": _category(function, load.functions),
            "created": created,
            "ready": ready,
            "ended": np.where(np.isinf(run.ended), np.nan, run.ended),
            "invocations": uses,
            "provisioned": provisioned,
        }
    )
    frame.index.name = "environment"
    return frame


def timeline(
    decided: Decided,
    lives: pd.DataFrame,
    there: pd.DataFrame | None,
    freq: float | str | None,
    function: str | None = None,
) -> pd.DataFrame:
    """See ``Result.timeline``; ``lives`` are the environments, ``there`` the requests (only needed
    where some may wait)."""
    end = decided.end
    rows: Rows = ALL
    if function is not None:
        if function not in decided.load.functions:
            raise KeyError(f"no function {function!r} in this result")
        rows = decided.rows[decided.load.functions.index(function)]
        lives = lives[lives["function"] == function]
        there = None if there is None else there[there["function"] == function]
    width = times.seconds(freq) if freq is not None else _nice(end / 500)
    if not width > 0:
        raise ValueError(f"freq is {freq!r}: a bin must be wider than nothing")
    bins = max(1, int(np.ceil(end / width)))
    if bins > _MOST_BINS:
        raise ValueError(
            f"freq={freq!r} makes {bins:,} bins of {end:.0f} s; give at least "
            f"{end / _MOST_BINS:.3g} s"
        )
    edges: Floats = np.arange(bins + 1, dtype=np.float64) * width
    arrival, finish = decided.load.arrival[rows], decided.finish[rows]
    served, cold = decided.served[rows], decided.cold[rows]
    began = arrival[served]
    ended = decided.ended if rows is ALL else np.sort(finish[served])
    created = arrival[cold]
    ready = np.sort(np.minimum(created + decided.load.init[rows][cold], finish[cold]))
    started = average_of(created, ready, edges)
    in_flight = average_of(began, ended, edges)
    over = np.where(np.isnan(lives["ended"]), end, lives["ended"])
    born, gone = np.sort(lives["created"].to_numpy()), np.sort(np.minimum(over, end))
    alive = average_of(born, gone, edges)
    frame: pd.DataFrame = pd.DataFrame(
        {
            "in_flight": in_flight - started,
            "initialising": started,
            "idle": np.maximum(alive - in_flight, 0.0),
            "environments": alive,
            "peak": peaks(began, ended, edges),
            "arrivals": counts(arrival, edges),
            "cold_starts": counts(created, edges),
            "throttles": counts(arrival[~served], edges),
        },
        index=pd.Index(edges[:-1], name="time"),
    )
    if there is not None:
        assert decided.outcome is not None
        records = decided.outcome.columns["records"][rows][served]
        done_at = np.sort(np.repeat(finish[served], records))
        running = average_of(np.repeat(began, records), done_at, edges)
        came, done = (np.sort(there[c].to_numpy()) for c in ("arrival", "done"))
        still = average_of(came, done, edges)
        # A hair less than nothing is rounding.
        frame["waiting"] = np.maximum(np.round(still - running, 9), 0.0)
    return frame


def figures(
    decided: Decided, rows: Rows, lives: int, billed_gb_s: float, cost: float
) -> dict[str, float]:
    """The figures of ``Result.summary`` of some rows; ``lives`` counts their environments."""
    load, code, served = decided.load, decided.run.code[rows], decided.served[rows]
    every = bool(served.all())

    def of_served(column: Any) -> Any:
        return column[rows] if every else column[rows][served]

    duration = of_served(load.duration)
    cold = np.flatnonzero(of_served(decided.cold))
    wait = duration.copy()
    wait[cold] += of_served(load.init)[cold]
    started = len(duration)
    ended = decided.ended if rows is ALL else np.sort(of_served(decided.finish))
    peak = peak_of(of_served(load.arrival), ended)
    return {
        "invocations": started,
        "cold_starts": len(cold),
        "cold_share": len(cold) / started if started else np.nan,
        "provisioned": int((code == rules.PROVISIONED).sum()),
        "throttles": len(code) - started,
        "peak_concurrency": int(peak),
        "environments": lives,
        "mean_duration": float(duration.mean()) if started else np.nan,
        "p99_duration": float(np.quantile(wait, 0.99)) if started else np.nan,
        "billed_gb_s": billed_gb_s,
        "cost": cost,
    }


def _category(codes: Any, words: list[str]) -> Any:
    categories: Any = words
    return pd.Categorical.from_codes(codes, categories)


def _nice(width: float) -> float:
    """A width that people read easily, not below the given one."""
    steps = (0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    return next(
        (float(step) for step in steps if step >= width), float(np.ceil(width / 3600) * 3600)
    )
