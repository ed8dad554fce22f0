"""The result of a simulation: its tables, its bill, its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lambda_nb.rules.pricing import PriceBook, Usage, bill
from lambda_nb.simulator.assumptions.scenario import Scenario
from lambda_nb.simulator.assumptions.workload import Codes, Workload
from lambda_nb.simulator.replay.run import Run
from lambda_nb.simulator.results import pictures, tables
from lambda_nb.simulator.results.money import ALL, Billing, Extras, Rows, costs
from lambda_nb.simulator.results.tables import Decided
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lambda_nb.simulator.system.system import Outcome


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
        self._run = run
        self._extras = extras
        self._architecture = architecture
        self._outcome = outcome
        self._decided = Decided(load if outcome is None else outcome.load, run, outcome)

    def __len__(self) -> int:
        return len(self._decided.load)

    @cached_property
    def _billing(self) -> Billing:
        kinds, names = self._architectures()
        return Billing(
            self._decided.load,
            self._run,
            self.pricing,
            self._extras,
            kinds,
            names,
            self._decided.end,
        )

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
        return tables.invocations(self._decided, self._billing.billed, self._billing.each())

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
        return tables.requests(self._decided)

    @cached_property
    def environments(self) -> pd.DataFrame:
        """One row an execution environment, by number.

        ``function``, ``created``, ``ready`` and ``ended`` s (NaN: lives on after all requests),
        ``invocations``, ``provisioned``.
        """
        return tables.environments(self._decided)

    def timeline(
        self, freq: float | str | None = None, *, function: str | None = None
    ) -> pd.DataFrame:
        """How many environments did what, over time.

        Parameters
        ----------
        freq
            Width of a bin: seconds, or text such as ``"1min"``; by default about 500 bins.
        function
            Of this function only; by default of all together.

        Raises
        ------
        KeyError
            There is no such function.

        Returns
        -------
        DataFrame
            Index ``time``: the beginning of each bin (s). ``in_flight``, ``initialising``,
            ``idle``, ``environments``: averages over the bin. ``peak``: most requests at once.
            ``arrivals``, ``cold_starts``, ``throttles``: counts. With queues and retries also
            ``waiting``: requests that have come and neither run nor are done, on average.
        """
        there = None if self._outcome is None else self.requests
        return tables.timeline(self._decided, self.environments, there, freq, function)

    # -- money --------------------------------------------------------------------------------

    def usage(self, function: str | None = None) -> Usage:
        """What the bill counts; of one function, or of all."""
        if function is None:
            return self._billing.usage()
        if function not in self._decided.load.functions:
            raise KeyError(f"no function {function!r} in this result")
        place = self._decided.load.functions.index(function)
        return self._billing.usage(self._decided.rows[place], place)

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
        return costs(
            self._billing,
            self.pricing,
            by,
            lambda: self._decided.rows,
            free_tier=free_tier,
            neighbours=neighbours,
        )

    # -- in short -----------------------------------------------------------------------------

    def summary(self) -> pd.DataFrame:
        """Figures of each function, and of ``all`` together when there are several.

        ``invocations``, ``cold_starts``, ``cold_share``, ``provisioned``, ``throttles``,
        ``peak_concurrency``, ``environments``, ``mean_duration`` s, ``p99_duration`` s (of the
        caller's wait: init and handler), ``billed_gb_s``, ``cost`` USD.
        """
        functions = self._decided.load.functions
        environments = self.environments["function"].cat.codes.to_numpy()
        lives = np.bincount(environments, minlength=len(functions))
        rows = {
            name: self._figures(self._decided.rows[i], int(lives[i]), self.usage(name))
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

    def _figures(self, rows: Rows, lives: int, usage: Usage) -> dict[str, float]:
        billed_gb_s = float(self._billing.gb_s[rows].sum())
        cost = sum(bill(usage, self.pricing).values())
        return tables.figures(self._decided, rows, lives, billed_gb_s, cost)

    # -- pictures -----------------------------------------------------------------------------

    def plot(
        self,
        freq: float | str | None = None,
        *,
        function: str | None = None,
        by: str | None = None,
    ) -> Figure:
        """Draw environments, cold starts and cost, one below the other; waiting requests too.

        Parameters
        ----------
        freq
            As for :meth:`timeline`.
        function
            Draw this function only.
        by
            ``"function"``: environments as a band for each function, one on the other, instead of
            by state.

        Raises
        ------
        KeyError, ValueError
            There is no such function; ``by`` is something else.
        """
        if by not in (None, "function"):
            raise ValueError(f"by is {by!r}; give None or 'function'")
        functions = self._decided.load.functions
        told = f"{len(self):,} invocations"
        if self._outcome is not None:
            told = f"{len(self.requests):,} requests, {len(self):,} attempts"
        lines = self.cost("function" if len(functions) > 1 else None)
        if function is not None and len(functions) > 1:
            told = f"{function} of {told}"
            lines = lines.loc[[function]]
        bands = {}
        if by is not None:
            drawn = functions if function is None else [function]
            bands = {name: self.timeline(freq, function=name) for name in drawn}
        return pictures.plot(
            self.timeline(freq, function=function),
            lines,
            title=f"{self.trace.name or 'Trace'}: {told} simulated",
            limit=self.scenario.account_limit,
            start=self.trace.start,
            bands=bands,
        )

    def __repr__(self) -> str:
        return pictures.text(self.total, self.engine)

    def _repr_html_(self) -> str:
        return pictures.html(self.summary())
