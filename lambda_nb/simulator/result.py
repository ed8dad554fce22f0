"""What a simulation says: rows, environments, a timeline, a bill, a summary, charts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lambda_nb.rules import fleet as rules
from lambda_nb.rules.pricing import (
    FREE_STORAGE_MB,
    MB_PER_GB,
    PROVISIONED_STEP_S,
    PriceBook,
    Usage,
    bill,
)
from lambda_nb.simulator.run import Run
from lambda_nb.simulator.scenario import Scenario
from lambda_nb.simulator.workload import Floats, Workload
from lambda_nb.traces import Trace, times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORDS = ("warm", "cold", "provisioned", "throttle")
_MOST_BINS = 2_000_000


class Result:
    """The outcome of :func:`lambda_nb.simulate`.

    Times are seconds since the trace's start, money is US dollars, memory is MB.
    """

    def __init__(
        self,
        trace: Trace,
        load: Workload,
        scenario: Scenario,
        run: Run,
        pricing: PriceBook,
        *,
        ephemeral_storage: int = FREE_STORAGE_MB,
        architecture: str = "x86_64",
    ) -> None:
        self.trace = trace
        self.engine = run.engine
        self.scenario = scenario
        self.pricing = pricing
        self._load = load
        self._run = run
        self._ephemeral_storage = ephemeral_storage
        self._architecture = architecture

    def __len__(self) -> int:
        return len(self._load)

    # -- what follows from the decisions ------------------------------------------------------

    @cached_property
    def _served(self) -> Any:
        return self._run.environment >= 0

    @cached_property
    def _cold(self) -> Any:
        return self._run.code == rules.COLD

    @cached_property
    def _init(self) -> Floats:
        return np.where(self._cold, self._load.init, np.nan)

    @cached_property
    def _billed(self) -> Floats:
        """Seconds billed; 0 for a throttle. Init of provisioned environments is not on demand."""
        hundredths = np.rint(np.where(self._served, self._load.duration, 0.0) * 1e5)
        if self.pricing.init_billed:
            hundredths = hundredths + np.rint(np.where(self._cold, self._load.init, 0.0) * 1e5)
        step = self.pricing.granularity_s * 1e5
        return np.ceil(np.round(hundredths / step, 9)) * self.pricing.granularity_s

    @cached_property
    def _gb_s(self) -> Floats:
        return self._billed * (self._load.memory / MB_PER_GB)

    @cached_property
    def _architectures(self) -> Any:
        if "architecture" not in self.trace:
            return np.full(len(self), self._architecture)
        words = self.trace.table.column("architecture").to_pandas().astype(object)
        return words.fillna(self._architecture).to_numpy(dtype=object)

    # -- tables -------------------------------------------------------------------------------

    @cached_property
    def invocations(self) -> pd.DataFrame:
        """One row a request, in order of arrival.

        ``arrival`` s, ``function``, ``duration`` s, ``memory`` MB, ``start`` (cold, warm,
        provisioned, throttle), ``reason`` (of a throttle, AWS's word), ``environment`` (number, -1
        for a throttle), ``init`` s (of a cold start), ``finish`` s (when the environment was free
        again), ``billed`` s, ``cost`` USD (at the first tier's prices, no free tier).
        """
        load, run = self._load, self._run
        words = np.minimum(run.code, rules.THROTTLE_ACCOUNT)
        reasons = sorted(set(rules.THROTTLE_REASONS.values()))
        place = np.full(rules.FULL, -1, dtype=np.int8)
        for code, reason in rules.THROTTLE_REASONS.items():
            place[code] = reasons.index(reason)
        frame: pd.DataFrame = pd.DataFrame(
            {
                "arrival": load.arrival,
                "function": _category(load.function, load.functions),
                "duration": np.where(self._served, load.duration, np.nan),
                "memory": load.memory,
                "start": _category(words, list(_WORDS)),
                "reason": _category(place[run.code], reasons),
                "environment": run.environment,
                "init": self._init,
                "finish": run.finish,
                "billed": self._billed,
                "cost": self._cost_each(),
            }
        )
        return frame

    def _cost_each(self) -> Floats:
        book = self.pricing
        provisioned = self._run.code == rules.PROVISIONED
        rate = np.empty(len(self))
        for architecture in set(self._architectures):
            rows = self._architectures == architecture
            on_demand = book.duration[architecture][0][1]
            # A book without provisioned concurrency was refused if there is any.
            set_aside = book.provisioned_duration.get(architecture, 0.0)
            rate[rows] = np.where(provisioned[rows], set_aside, on_demand)
        return np.where(self._served, self._gb_s * rate + book.request, 0.0)

    @cached_property
    def environments(self) -> pd.DataFrame:
        """One row an execution environment, by number.

        ``function``, ``created``, ``ready`` and ``ended`` s (NaN: lives on after all requests),
        ``invocations``, ``provisioned``.
        """
        load, run = self._load, self._run
        count = len(run.ended)
        first = np.zeros(count, dtype=np.int64)
        created, ready = np.zeros(count), np.zeros(count)
        function = np.zeros(count, dtype=np.int32)
        at = np.flatnonzero(self._cold)
        numbers = run.environment[at]
        first[numbers] = at
        created[numbers] = load.arrival[at]
        ready[numbers] = load.arrival[at] + load.init[at]
        function[numbers] = load.function[at]
        provisioned = np.zeros(count, dtype=bool)
        for number, ahead in run.ahead.items():
            function[number], created[number], ready[number], provisioned[number] = ahead
        uses = np.bincount(run.environment[self._served], minlength=count)
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

    def timeline(self, freq: float | str | None = None) -> pd.DataFrame:
        """How many environments did what, over time.

        Parameters
        ----------
        freq
            Width of a bin: seconds, or text such as ``"1min"``; by default about 500 bins.

        Returns
        -------
        DataFrame
            Index ``time``: the beginning of each bin (s). ``in_flight``, ``initialising``,
            ``idle``, ``environments``: averages over the bin. ``peak``: most requests at once.
            ``arrivals``, ``cold_starts``, ``throttles``: counts.
        """
        load, run = self._load, self._run
        end = self._end
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
        served, cold = self._served, self._cold
        began, ended = load.arrival[served], run.finish[served]
        created = load.arrival[cold]
        started = average_of(
            created, np.minimum(created + load.init[cold], run.finish[cold]), edges
        )
        in_flight = average_of(began, ended, edges)
        lives = self.environments
        over = np.where(np.isnan(lives["ended"]), end, lives["ended"])
        alive = average_of(lives["created"].to_numpy(), np.minimum(over, end), edges)
        throttled = load.arrival[~served]
        frame: pd.DataFrame = pd.DataFrame(
            {
                "in_flight": in_flight - started,
                "initialising": started,
                "idle": np.maximum(alive - in_flight, 0.0),
                "environments": alive,
                "peak": _peaks(began, ended, edges),
                "arrivals": np.histogram(load.arrival, edges)[0],
                "cold_starts": np.histogram(created, edges)[0],
                "throttles": np.histogram(throttled, edges)[0],
            },
            index=pd.Index(edges[:-1], name="time"),
        )
        return frame

    @cached_property
    def _end(self) -> float:
        """When the last request is done."""
        last = float(self._load.arrival[-1]) if len(self) else 0.0
        done = self._run.finish[self._served]
        return max(last, float(done.max()) if len(done) else 0.0, 1e-9)

    # -- money --------------------------------------------------------------------------------

    def usage(self, function: str | None = None) -> Usage:
        """What the bill counts; of one function, or of all."""
        load, run = self._load, self._run
        rows = self._served
        pools = range(len(load.functions))
        if function is not None:
            if function not in load.functions:
                raise KeyError(f"no function {function!r} in this result")
            place = load.functions.index(function)
            rows = rows & (load.function == place)
            pools = range(place, place + 1)
        provisioned = run.code == rules.PROVISIONED
        extra_gb = max(0, self._ephemeral_storage - FREE_STORAGE_MB) / MB_PER_GB
        span = np.ceil(self._end / PROVISIONED_STEP_S) * PROVISIONED_STEP_S
        set_aside: dict[str, float] = {}
        for pool in pools:
            wanted = self.scenario.provisioned[pool]
            if wanted:
                of_pool = np.flatnonzero(load.function == pool)
                memory = float(load.memory[of_pool[0]])
                architecture = str(self._architectures[of_pool[0]])
                gb_s = wanted * memory / MB_PER_GB * span
                set_aside[architecture] = set_aside.get(architecture, 0.0) + gb_s
        return Usage(
            requests=float(rows.sum()),
            gb_s=self._by_architecture(rows & ~provisioned),
            provisioned_gb_s=self._by_architecture(rows & provisioned),
            storage_gb_s=float(self._billed[rows].sum()) * extra_gb,
            set_aside_gb_s=set_aside,
        )

    def _by_architecture(self, rows: Any) -> dict[str, float]:
        names = set(self._architectures[rows]) if "architecture" in self.trace else None
        if names is None:
            total = float(self._gb_s[rows].sum())
            return {self._architecture: total} if total else {}
        return {
            str(name): float(self._gb_s[rows & (self._architectures == name)].sum())
            for name in sorted(names)
        }

    def cost(self, by: str | None = None, *, free_tier: bool = False) -> pd.DataFrame:
        """The bill in dollars, a column a line and ``total``.

        Parameters
        ----------
        by
            ``None``: one row, of all functions together, with tiers and free tier as for an account
            that ran nothing else this month. ``"function"``: a row a function, at the same prices.
        free_tier
            Whether the month's free tier is still whole (of all functions together only).
        """
        if by is None:
            return _bill_frame({"all": bill(self.usage(), self.pricing, free_tier=free_tier)})
        if by != "function":
            raise ValueError(f"by is {by!r}; give None or 'function'")
        if free_tier:
            raise ValueError(
                "the free tier belongs to the account, not to a function; leave by or free_tier out"
            )
        lines = {name: bill(self.usage(name), self.pricing) for name in self._load.functions}
        return _bill_frame(lines)

    # -- in short -----------------------------------------------------------------------------

    def summary(self) -> pd.DataFrame:
        """Figures of each function, and of ``all`` together when there are several.

        ``invocations``, ``cold_starts``, ``cold_share``, ``provisioned``, ``throttles``,
        ``peak_concurrency``, ``environments``, ``mean_duration`` s, ``p99_duration`` s (of the
        caller's wait: init and handler), ``billed_gb_s``, ``cost`` USD.
        """
        load = self._load
        rows = {}
        environments = self.environments["function"].cat.codes.to_numpy()
        groups: list[tuple[str, Any, Any]] = [
            (name, load.function == i, environments == i) for i, name in enumerate(load.functions)
        ]
        if len(groups) != 1:
            everything = np.ones(len(self), dtype=bool)
            groups.append(("all", everything, np.ones(len(environments), dtype=bool)))
        for name, mine, lives in groups:
            rows[name] = self._figures(name, mine, int(lives.sum()), len(groups))
        frame: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
        frame.index.name = "function"
        return frame

    def _figures(self, name: str, mine: Any, lives: int, groups: int) -> dict[str, float]:
        load, run = self._load, self._run
        served, cold = mine & self._served, mine & self._cold
        wait = load.duration[served] + np.where(self._cold[served], load.init[served], 0.0)
        whole = name == "all" and groups > 1
        usage = self.usage() if whole or groups == 1 else self.usage(name)
        started = int(served.sum())
        return {
            "invocations": started,
            "cold_starts": int(cold.sum()),
            "cold_share": float(cold.sum() / started) if started else np.nan,
            "provisioned": int((mine & (run.code == rules.PROVISIONED)).sum()),
            "throttles": int((mine & ~self._served).sum()),
            "peak_concurrency": int(peak_of(load.arrival[served], run.finish[served])),
            "environments": lives,
            "mean_duration": float(load.duration[served].mean()) if started else np.nan,
            "p99_duration": float(np.quantile(wait, 0.99)) if started else np.nan,
            "billed_gb_s": float(self._gb_s[served].sum()),
            "cost": sum(bill(usage, self.pricing).values()),
        }

    def plot(self, freq: float | str | None = None) -> Figure:
        """Draw environments, cold starts and cost, one below the other."""
        from lambda_nb import charts

        timeline = self.timeline(freq)
        if self.trace.start is not None:
            start = pd.Timestamp(self.trace.start)
            timeline.index = start + pd.to_timedelta(timeline.index, unit="s")
        figure, axes = charts.board(3, title=self._title())
        limit = self.scenario.account_limit
        near = timeline["peak"].max() > 0.5 * limit
        charts.concurrency(timeline, axes[0], limit=limit if near else None)
        charts.cold_starts(timeline, axes[1])
        lines = self.cost("function" if len(self._load.functions) > 1 else None)
        charts.cost(lines.drop(columns="total"), axes[2])
        return figure

    def _title(self) -> str:
        return f"{self.trace.name or 'Trace'}: {len(self):,} invocations simulated"

    def __repr__(self) -> str:
        row = self.summary().iloc[-1]
        throttled = f", {int(row['throttles']):,} throttled" if row["throttles"] else ""
        return (
            f"Result({int(row['invocations']):,} invocations, {int(row['cold_starts']):,} cold "
            f"starts ({row['cold_share']:.2%}){throttled}, peak concurrency "
            f"{int(row['peak_concurrency']):,}, ${row['cost']:,.6g}; {self.engine})"
        )

    def _repr_html_(self) -> str:
        styled = self.summary().style.format(_FORMATS)
        return f"<div>{styled.to_html()}</div>"


_FORMATS: dict[Any, Any] = {
    "cold_share": "{:.2%}",
    "mean_duration": "{:.3f}",
    "p99_duration": "{:.3f}",
    "billed_gb_s": "{:,.1f}",
    "cost": "${:,.6f}",
    "invocations": "{:,.0f}",
    "cold_starts": "{:,.0f}",
    "provisioned": "{:,.0f}",
    "throttles": "{:,.0f}",
    "peak_concurrency": "{:,.0f}",
    "environments": "{:,.0f}",
}


def _category(codes: Any, words: list[str]) -> Any:
    categories: Any = words
    return pd.Categorical.from_codes(codes, categories)


def _bill_frame(lines: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    rows: dict[str, Any] = dict(lines)
    frame: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index").fillna(0.0)
    frame["total"] = frame.sum(axis=1)
    return frame


def _nice(width: float) -> float:
    """A width that people read easily, not below the given one."""
    steps = (0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    return next(
        (float(step) for step in steps if step >= width), float(np.ceil(width / 3600) * 3600)
    )


def average_of(began: Floats, ended: Floats, edges: Floats) -> Floats:
    """The average number of intervals open in each bin."""
    area = _area(began, edges) - _area(ended, edges)
    average: Floats = np.maximum(np.diff(area) / np.diff(edges), 0.0)
    return average


def _area(moments: Floats, edges: Floats) -> Floats:
    """For each edge: the sum of how long before it each earlier moment was."""
    ordered = np.sort(moments)
    summed = np.concatenate([[0.0], np.cumsum(ordered)])
    count = np.searchsorted(ordered, edges, side="right")
    area: Floats = count * edges - summed[count]
    return area


def _steps(began: Floats, ended: Floats) -> tuple[Floats, Floats]:
    """Moments at which the number of open intervals changes, and that number after each.

    An interval that ends when another begins is over by then.
    """
    moments = np.concatenate([ended, began])
    change = np.concatenate([np.full(len(ended), -1.0), np.ones(len(began))])
    order = np.argsort(moments, kind="stable")
    return moments[order], np.cumsum(change[order])


def peak_of(began: Floats, ended: Floats) -> float:
    """The most intervals open at once."""
    if not len(began):
        return 0.0
    return float(_steps(began, ended)[1].max())


def _peaks(began: Floats, ended: Floats, edges: Floats) -> Any:
    """The most intervals open at once in each bin."""
    if not len(began):
        return np.zeros(len(edges) - 1, dtype=np.int64)
    moments, level = _steps(began, ended)
    before = np.searchsorted(moments, edges[:-1], side="left")
    carried = np.concatenate([[0.0], level])[before]
    bins = np.minimum(np.searchsorted(edges, moments, side="right") - 1, len(edges) - 2)
    highest = carried.copy()
    np.maximum.at(highest, bins, level)
    return highest.astype(np.int64)
