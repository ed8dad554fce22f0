"""What a simulation says: rows, environments, a timeline, a bill, a summary, charts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lambda_nb.rules.pricing import PriceBook, Usage, bill, neighbours_of
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.simulator.assumptions.scenario import Scenario
from lambda_nb.simulator.assumptions.workload import Codes, Floats, Workload, finishes
from lambda_nb.simulator.replay.run import Run
from lambda_nb.simulator.results.intervals import average_of, counts, peak_of, peaks
from lambda_nb.simulator.results.money import ALL, Billing, Extras, Rows
from lambda_nb.simulator.system.attempts import OUTCOMES, THROTTLE
from lambda_nb.traces import Trace, times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lambda_nb.simulator.system.system import Outcome

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
        extras: Extras,
        architecture: str,
        outcome: Outcome | None = None,
    ) -> None:
        self.trace = trace
        self.engine = run.engine
        self.scenario = scenario
        self.pricing = pricing
        self._load = load if outcome is None else outcome.load
        self._run = run
        self._extras = extras
        self._architecture = architecture
        self._outcome = outcome

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
    def _finish(self) -> Floats:
        finish = self._run.finish
        return finishes(self._load, self._run.code) if finish is None else finish

    @cached_property
    def _ended(self) -> Floats:
        """When requests that were served ended, in order of time."""
        finish = self._finish
        return np.sort(finish if self._served.all() else finish[self._served])

    @cached_property
    def _init(self) -> Floats:
        return np.where(self._cold, self._load.init, np.nan)

    @cached_property
    def _billing(self) -> Billing:
        kinds, names = self._architectures()
        return Billing(self._load, self._run, self.pricing, self._extras, kinds, names, self._end)

    def _architectures(self) -> tuple[Codes, list[str]]:
        """The architecture of each row, counting into names."""
        if "architecture" not in self.trace:
            return np.zeros(len(self), dtype=np.int8), [self._architecture]
        words = self.trace.table.column("architecture").to_pandas().astype("category")
        names = list(dict.fromkeys([*map(str, words.cat.categories), self._architecture]))
        default = np.int8(names.index(self._architecture))
        codes = words.cat.codes.to_numpy()
        codes = np.where(codes < 0, default, codes)
        if self._outcome is not None:
            # Calls between functions, which no row of the trace is for, run as the settings say.
            rows = self._outcome.rows
            codes = np.where(rows >= 0, codes[rows], default)
        return codes, names

    # -- tables -------------------------------------------------------------------------------

    @cached_property
    def invocations(self) -> pd.DataFrame:
        """One row a request, in order of arrival.

        ``arrival`` s, ``function``, ``duration`` s, ``memory`` MB, ``start`` (cold, warm,
        provisioned, throttle), ``status`` (success, error, timeout, throttle), ``reason`` (of a
        throttle, AWS's word), ``environment`` (number, -1 for a throttle), ``init`` s (of a cold
        start), ``finish`` s (when the environment was free again), ``billed`` s, ``cost`` USD (at
        the first tier's prices, no free tier).

        With queues, retries or calls there is a row for each attempt, and also: ``request`` (its
        number in :attr:`requests`), ``attempt`` (1, 2, ...), ``records`` (in the batch),
        ``version``.
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
                "status": _category(
                    np.where(self._served, load.status, THROTTLE), list(OUTCOMES[: THROTTLE + 1])
                ),
                "reason": _category(place[run.code], reasons),
                "environment": run.environment.astype(np.int32, copy=False),
                "init": self._init,
                "finish": self._finish,
                "billed": self._billing.billed,
                "cost": self._billing.each(),
                **(self._outcome.columns if self._outcome is not None else {}),
            }
        )
        return frame

    @cached_property
    def requests(self) -> pd.DataFrame:
        """One row a request of the trace or of a function: what became of it in the end.

        ``arrival`` s, ``function``, ``attempts``, ``outcome`` (success, error, timeout, throttle:
        the last attempt's; expired: too old to be tried again; dropped: stopped as a loop),
        ``done`` s, ``latency`` s (queueing, init, retries and all), ``row`` of the trace (-1: a
        call by a function), ``caller`` (number of the request that made this call; -1: none).
        """
        if self._outcome is not None:
            return self._outcome.requests
        words = np.where(self._served, self._load.status, THROTTLE)
        frame: pd.DataFrame = pd.DataFrame(
            {
                "arrival": self._load.arrival,
                "function": _category(self._load.function, self._load.functions),
                "attempts": np.ones(len(self), dtype=np.int32),
                "outcome": _category(words, list(OUTCOMES)),
                "done": np.where(self._served, self._finish, self._load.arrival),
                "latency": np.where(self._served, self._finish - self._load.arrival, 0.0),
                "row": np.arange(len(self), dtype=np.int64),
                "caller": np.full(len(self), -1, dtype=np.int64),
            }
        )
        frame.index.name = "request"
        return frame

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
            ``arrivals``, ``cold_starts``, ``throttles``: counts. With queues and retries also
            ``waiting``: requests that have come and neither run nor are done, on average.
        """
        load, end = self._load, self._end
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
        began, ended = load.arrival[served], self._ended
        created = load.arrival[cold]
        ready = np.sort(np.minimum(created + load.init[cold], self._finish[cold]))
        started = average_of(created, ready, edges)
        in_flight = average_of(began, ended, edges)
        lives = self.environments
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
                "arrivals": counts(load.arrival, edges),
                "cold_starts": counts(created, edges),
                "throttles": counts(load.arrival[~served], edges),
            },
            index=pd.Index(edges[:-1], name="time"),
        )
        if self._outcome is not None:
            records = self._outcome.columns["records"][served]
            finish = np.sort(np.repeat(self._finish[served], records))
            running = average_of(np.repeat(began, records), finish, edges)
            there = self.requests
            came, done = (np.sort(there[c].to_numpy()) for c in ("arrival", "done"))
            still = average_of(came, done, edges)
            # A hair less than nothing is rounding.
            frame["waiting"] = np.maximum(np.round(still - running, 9), 0.0)
        return frame

    @cached_property
    def _end(self) -> float:
        """When the last request is done."""
        last = float(self._load.arrival[-1]) if len(self) else 0.0
        return max(last, float(np.fmax.reduce(self._finish, initial=0.0)), 1e-9)

    # -- money --------------------------------------------------------------------------------

    def usage(self, function: str | None = None) -> Usage:
        """What the bill counts; of one function, or of all."""
        if function is None:
            return self._billing.usage()
        if function not in self._load.functions:
            raise KeyError(f"no function {function!r} in this result")
        place = self._load.functions.index(function)
        return self._billing.usage(self._rows[place], place)

    def cost(
        self,
        by: str | None = None,
        *,
        free_tier: bool = False,
        neighbours: Sequence[str] | Mapping[str, float] = (),
    ) -> pd.DataFrame:
        """The bill in dollars, a column a line and ``total``.

        Parameters
        ----------
        by
            ``None``: one row, of all functions together, with tiers and free tier as for an account
            that ran nothing else this month. ``"function"``: a row a function, at the same prices.
            ``"hour"``: a row an hour since the trace's start, by when requests came.
        free_tier
            Whether the month's free tier is still whole (of all functions together only).
        neighbours
            What comes with each request, such as ``["API Gateway HTTP"]``: names out of
            :data:`lambda_nb.rules.pricing.NEIGHBOURS`, or dollars a request by a name of your own.
        """
        billing = self._billing
        usages: dict[Any, Usage]
        if by is None:
            usages = {"all": billing.usage()}
        elif by == "function":
            usages = {
                name: billing.usage(self._rows[i], i) for i, name in enumerate(self._load.functions)
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
        frame = _bill_frame(
            {
                name: bill(usage, self.pricing, free_tier=free_tier)
                | {other: usage.requests * price for other, price in prices.items()}
                for name, usage in usages.items()
            }
        )
        frame.index.name = by
        return frame

    # -- in short -----------------------------------------------------------------------------

    def summary(self) -> pd.DataFrame:
        """Figures of each function, and of ``all`` together when there are several.

        ``invocations``, ``cold_starts``, ``cold_share``, ``provisioned``, ``throttles``,
        ``peak_concurrency``, ``environments``, ``mean_duration`` s, ``p99_duration`` s (of the
        caller's wait: init and handler), ``billed_gb_s``, ``cost`` USD.
        """
        functions = self._load.functions
        environments = self.environments["function"].cat.codes.to_numpy()
        lives = np.bincount(environments, minlength=len(functions))
        rows = {
            name: self._figures(self._rows[i], int(lives[i]), self.usage(name))
            for i, name in enumerate(functions)
        }
        if len(functions) != 1:
            rows["all"] = self.total
        frame: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
        frame.index.name = "function"
        return frame

    @cached_property
    def total(self) -> dict[str, float]:
        """The figures of :meth:`summary` for all functions together."""
        return self._figures(ALL, len(self._run.ended), self._billing.usage())

    @cached_property
    def _rows(self) -> list[Rows]:
        """The rows of each function, in order of time."""
        if len(self._load.functions) == 1:
            return [ALL]
        function = self._load.function
        order = np.argsort(function, kind="stable")
        cuts = np.searchsorted(function[order], np.arange(len(self._load.functions) + 1))
        return [order[first:last] for first, last in itertools.pairwise(cuts)]

    def _figures(self, rows: Rows, lives: int, usage: Usage) -> dict[str, float]:
        load, code, served = self._load, self._run.code[rows], self._served[rows]
        every = bool(served.all())

        def of_served(column: Any) -> Any:
            return column[rows] if every else column[rows][served]

        duration = of_served(load.duration)
        cold = np.flatnonzero(of_served(self._cold))
        wait = duration.copy()
        wait[cold] += of_served(load.init)[cold]
        started = len(duration)
        ended = self._ended if rows is ALL else np.sort(of_served(self._finish))
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
            "billed_gb_s": float(self._billing.gb_s[rows].sum()),
            "cost": sum(bill(usage, self.pricing).values()),
        }

    def plot(self, freq: float | str | None = None) -> Figure:
        """Draw environments, cold starts and cost, one below the other; waiting requests too."""
        from lambda_nb import charts

        timeline = self.timeline(freq)
        if self.trace.start is not None:
            start = pd.Timestamp(self.trace.start)
            timeline.index = start + pd.to_timedelta(timeline.index, unit="s")
        queued = "waiting" in timeline and timeline["waiting"].max() > 0
        figure, axes = charts.board(4 if queued else 3, title=self._title())
        limit = self.scenario.account_limit
        near = timeline["peak"].max() > 0.5 * limit
        charts.concurrency(timeline, axes[0], limit=limit if near else None)
        charts.cold_starts(timeline, axes[1])
        lines = self.cost("function" if len(self._load.functions) > 1 else None)
        if queued:
            charts.compare({"requests": timeline}, "waiting", axes[2], title="Waiting requests")
        charts.cost(lines.drop(columns="total"), axes[-1])
        return figure

    def _title(self) -> str:
        told = f"{len(self):,} invocations"
        if self._outcome is not None:
            told = f"{len(self.requests):,} requests, {len(self):,} attempts"
        return f"{self.trace.name or 'Trace'}: {told} simulated"

    def __repr__(self) -> str:
        row = self.total
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
