"""What a simulated run costs: the amounts that AWS charges for, and the bill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from lambda_nb.rules.pricing import (
    FREE_STORAGE_MB,
    FREE_STREAMED_MB,
    MB_PER_GB,
    PROVISIONED_STEP_S,
    SNAPSHOT_LEAST_S,
    PriceBook,
    Usage,
    bill,
    neighbours_of,
)
from lambda_nb.rules.scheduling import fleet
from lambda_nb.simulator.assumptions.workload import Codes, Floats, Workload, WorkloadError
from lambda_nb.simulator.replay.run import Run

HOUR_S = 3600.0

Rows = slice | npt.NDArray[np.intp]
"""Some rows: a slice of them, or their numbers."""
ALL = slice(None)


@dataclass(frozen=True, slots=True)
class Extras:
    """What a run has beside memory and time, and that costs.

    Attributes
    ----------
    storage
        GB of ``/tmp`` beyond what is free.
    snap_start
        Whether each function is restored from a snapshot.
    streamed
        GB of each response of each function beyond what is free.
    """

    storage: float
    snap_start: Any
    streamed: Floats

    @classmethod
    def of(
        cls,
        load: Workload,
        ephemeral_storage: int,
        snap_start: bool | Collection[str],
        response_mb: float | Mapping[str, float],
    ) -> Extras:
        """Check what was given against the functions there are.

        Raises
        ------
        WorkloadError
            When a function is named that does not exist, or a size is negative.
        """
        functions = load.functions
        named = functions if snap_start is True else (snap_start or ())
        sizes = (
            response_mb
            if isinstance(response_mb, Mapping)
            else dict.fromkeys(functions, response_mb)
        )
        for what, names in (("snap_start", named), ("response_mb", sizes)):
            for name in names:
                if name not in functions:
                    raise WorkloadError(f"{what} names {name!r}, which is not in the trace")
        for name, size in sizes.items():
            if not size >= 0:
                raise WorkloadError(f"response_mb of {name!r} is {size!r}: it must be 0 or more")
        beyond = [max(0.0, sizes.get(name, 0.0) - FREE_STREAMED_MB) for name in functions]
        return cls(
            storage=max(0, ephemeral_storage - FREE_STORAGE_MB) / MB_PER_GB,
            snap_start=np.array([name in named for name in functions], dtype=bool),
            streamed=np.array(beyond, dtype=np.float64) / MB_PER_GB,
        )


class SetAside(NamedTuple):
    """Provisioned environments of a function, from ``since`` until ``until`` (s), as charged."""

    function: int
    environments: int
    since: float
    until: float


class Billing:
    """The amounts of one run.

    Parameters
    ----------
    load, run
        What was run, a row each attempt.
    pricing
        Says how durations are rounded, and whether init is charged.
    extras
        See :class:`Extras`.
    architectures, names
        The architecture of each row counts into these names (int8).
    end
        When the last request is done (s).
    """

    def __init__(
        self,
        load: Workload,
        run: Run,
        pricing: PriceBook,
        extras: Extras,
        architectures: Codes,
        names: Sequence[str],
        end: float,
    ) -> None:
        self._load = load
        self._run = run
        self._pricing = pricing
        self._extras = extras
        self._architectures = architectures
        self._names = names
        self._end = end
        self._served = run.environment >= 0
        self.functions = load.functions

    @cached_property
    def billed(self) -> Floats:
        """Seconds billed of each row; 0 for a throttle.

        Init of provisioned environments is not on demand, and a restore is charged by size.
        """
        load, pricing = self._load, self._pricing
        hundredths = np.rint(np.where(self._served, load.duration, 0.0) * 1e5)
        if pricing.init_billed:
            began = np.flatnonzero(self._run.code == fleet.COLD)
            began = began[~self._extras.snap_start[load.function[began]]]
            hundredths[began] += np.rint(load.init[began] * 1e5)
        step = pricing.granularity_s * 1e5
        return np.ceil(np.round(hundredths / step, 9)) * pricing.granularity_s

    @cached_property
    def gb_s(self) -> Floats:
        """GB-s billed of each row."""
        return self.billed * (self._load.memory / MB_PER_GB)

    def each(self) -> Floats:
        """Dollars of each row: its request and duration, at the first tier's prices."""
        book, provisioned = self._pricing, self._run.code == fleet.PROVISIONED
        on_demand = np.array([book.duration[name][0][1] for name in self._names])
        # A book without provisioned concurrency was refused if there is any.
        ahead = np.array([book.provisioned_duration.get(name, 0.0) for name in self._names])
        kinds = self._architectures
        rate = np.where(provisioned, ahead[kinds], on_demand[kinds])
        return np.where(self._served, self.gb_s * rate + book.request, 0.0)

    def usage(self, rows: Rows = ALL, function: int | None = None) -> Usage:
        """What all functions used; or one (its place), whose rows are given."""
        places = range(len(self._load.functions)) if function is None else [function]
        return self._usage(rows, places, 0.0, np.inf)

    def hours(self) -> dict[Any, Usage]:
        """What was used in each hour since the trace's start, by when requests came."""
        count = max(1, int(np.ceil(self._end / HOUR_S)))
        edges = np.arange(count + 1) * HOUR_S
        cuts = np.searchsorted(self._load.arrival, edges)
        cuts[-1] = len(self._load)
        places = range(len(self._load.functions))
        used: dict[Any, Usage] = {}
        for hour in range(count):
            until = np.inf if hour == count - 1 else edges[hour + 1]
            rows = slice(int(cuts[hour]), int(cuts[hour + 1]))
            used[hour] = self._usage(rows, places, float(edges[hour]), until)
        return used

    def _usage(self, rows: Rows, places: Collection[int], since: float, until: float) -> Usage:
        load, run, extras = self._load, self._run, self._extras
        served, function = self._served[rows], load.function[rows]
        gb_s, architectures = self.gb_s[rows], self._architectures[rows]
        provisioned = run.code[rows] == fleet.PROVISIONED
        restored_mb = 0.0
        if extras.snap_start.any():
            restored = (run.code[rows] == fleet.COLD) & extras.snap_start[function]
            restored_mb = float(load.memory[rows][restored].sum())
        kept = 0.0
        span = max(self._end, SNAPSHOT_LEAST_S)
        share = (min(until, self._end) - since) / self._end
        for place in places:
            if extras.snap_start[place]:
                kept += self._memory_gb(place) * span * share
        return Usage(
            requests=float(served.sum()),
            gb_s=self._sums(gb_s, architectures, served & ~provisioned),
            provisioned_gb_s=self._sums(gb_s, architectures, served & provisioned),
            storage_gb_s=float(self.billed[rows].sum()) * extras.storage,
            set_aside_gb_s=self._set_aside_gb_s(set(places), since, until),
            snap_start_gb_s=kept,
            restored_gb=restored_mb / MB_PER_GB,
            streamed_gb=(
                float(extras.streamed[function[served]].sum()) if extras.streamed.any() else 0.0
            ),
        )

    def _set_aside_gb_s(self, places: set[int], since: float, until: float) -> dict[str, float]:
        amounts: dict[str, float] = defaultdict(float)
        for each in self._set_aside:
            overlap = min(each.until, until) - max(each.since, since)
            if each.function in places and overlap > 0:
                gb = each.environments * self._memory_gb(each.function)
                amounts[self._architecture(each.function)] += gb * overlap
        return dict(amounts)

    @cached_property
    def _set_aside(self) -> list[SetAside]:
        return list(set_aside(self._run, self._end))

    @cached_property
    def _first_rows(self) -> Any:
        """A row of each function; -1 if nothing invokes it."""
        first = np.full(len(self._load.functions), -1)
        first[self._load.function[::-1]] = np.arange(len(self._load))[::-1]
        return first

    def _memory_gb(self, function: int) -> float:
        row = int(self._first_rows[function])
        return float(self._load.memory[row]) / MB_PER_GB if row >= 0 else 0.0

    def _architecture(self, function: int) -> str:
        row = int(self._first_rows[function])
        return self._names[int(self._architectures[row]) if row >= 0 else -1]

    def _sums(self, amounts: Floats, kinds: Codes, rows: Any) -> dict[str, float]:
        """The sum of the amounts of some rows, by architecture."""
        if not rows.any():
            return {}
        if len(self._names) == 1:
            return {self._names[0]: float(amounts.sum(where=rows))}
        totals = np.bincount(kinds[rows], amounts[rows], minlength=len(self._names))
        present = np.bincount(kinds[rows], minlength=len(self._names))
        return {
            name: float(total)
            for name, total, count in zip(self._names, totals, present, strict=True)
            if count
        }


def set_aside(run: Run, end: float) -> Iterator[SetAside]:
    """Provisioned environments as they are charged: what was added last goes first, each for whole
    steps of five minutes."""
    open_since: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for when, function, wanted in run.allocations:
        held = open_since[function]
        surplus = sum(count for _, count in held) - wanted
        if surplus < 0:
            held.append((when, -surplus))
        while surplus > 0:
            since, count = held.pop()
            gone = min(count, surplus)
            surplus -= gone
            if count > gone:
                held.append((since, count - gone))
            yield _charged(function, gone, since, min(when, end))
    for function, held in open_since.items():
        for since, count in held:
            yield _charged(function, count, since, end)


def _charged(function: int, count: int, since: float, until: float) -> SetAside:
    steps = np.ceil(max(0.0, until - since) / PROVISIONED_STEP_S)
    return SetAside(function, count, since, since + float(steps) * PROVISIONED_STEP_S)


def costs(
    billing: Billing,
    pricing: PriceBook,
    by: str | None,
    rows: Callable[[], Sequence[Rows]],
    *,
    free_tier: bool,
    neighbours: Sequence[str] | Mapping[str, float],
) -> pd.DataFrame:
    """See ``Result.cost``; ``rows`` returns those of each function, in order of the functions."""
    usages: dict[Any, Usage]
    if by is None:
        usages = {"all": billing.usage()}
    elif by == "function":
        usages = {
            name: billing.usage(those, i)
            for i, (name, those) in enumerate(zip(billing.functions, rows(), strict=True))
        }
    elif by == "hour":
        usages = billing.hours()
    else:
        raise ValueError(f"by is {by!r}; give None, 'function' or 'hour'")
    if by is not None and free_tier:
        raise ValueError(
            f"the free tier belongs to the account and the month, not to one {by}; leave by or "
            "free_tier out"
        )
    prices = neighbours_of(neighbours)
    lines: dict[str, Any] = {
        name: bill(usage, pricing, free_tier=free_tier)
        | {other: usage.requests * price for other, price in prices.items()}
        for name, usage in usages.items()
    }
    frame: pd.DataFrame = pd.DataFrame.from_dict(lines, orient="index").fillna(0.0)
    frame["total"] = frame.sum(axis=1)
    frame.index.name = by
    return frame
