"""The result of ``power_tune``: duration and cost of a function by memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from lambda_nb.notebook import display
from lambda_nb.notebook.functions.result import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lambda_nb.simulator import DurationLaw

Strategy = Literal["balanced", "cost", "speed"]
STRATEGIES = ("balanced", "cost", "speed")


class PowerTuning:
    """A function measured at several memory sizes.

    Attributes
    ----------
    function : str
        Its name.
    frame : DataFrame
        By ``memory`` (MB): ``p50``, ``p95`` and ``mean`` duration (s) of warm starts, ``cost``
        ($ per million of them: requests and billed durations), ``max_memory`` (MB, the most used),
        ``invocations``, ``cold`` (number of cold starts) and ``init`` (s, their mean init),
        ``error`` (why there are no figures).
    best : int or None
        The memory that the strategy chooses; None if the function failed with every memory.
    notes : list of str
        Reasons to doubt the figures.
    """

    def __init__(
        self,
        function: str,
        results: Mapping[int, Sequence[Result]],
        strategy: Strategy,
        notes: Sequence[str] = (),
    ) -> None:
        import pandas as pd

        self.function = function
        self.strategy: Strategy = strategy
        self.notes = list(notes)
        self.results = {memory: list(each) for memory, each in results.items()}
        frame = pd.DataFrame([_row(each) for each in results.values()], list(results))
        frame.index.name = "memory"
        self.frame: pd.DataFrame = frame
        self.best = choose(frame, strategy)

    @property
    def verdict(self) -> str:
        """The choice in words, and reasons to doubt it."""
        return ". ".join(self._lines())

    def fit(self, threads: float = 1.0) -> DurationLaw:
        """Fit a law to the durations: seconds of waiting, and of computing on one vCPU.

        Use it in ``lambda_nb.simulate(trace, memory=..., scaling={name: tuning.fit()})``.

        Parameters
        ----------
        threads
            vCPUs that the handler can keep busy at once.

        Raises
        ------
        ValueError
            The measurements have fewer than two memories below ``threads`` vCPUs (1769 MB each).
        """
        from lambda_nb.simulator import fit_duration

        known = self.frame[self.frame["p50"].notna()]
        return fit_duration(list(known.index), list(known["p50"]), threads=threads)

    def plot(self) -> Figure:
        """Draw duration and cost by memory, with the choice marked."""
        from lambda_nb import charts
        from lambda_nb.charts import style

        figure, axes = charts.board(1, title=None)
        try:
            law = self.fit()
        except ValueError:
            law = None
        title = f"{style.short(self.function)} by memory"
        charts.power_tuning(self.frame, axes[0], best=self.best, law=law, title=title)
        return figure

    def _lines(self) -> list[str]:
        if self.best is None:
            return ["it failed with every memory", *self.notes]
        row = self.frame.loc[self.best]
        return [
            f"{_MEANING[self.strategy]}: {self.best} MB, {_s(row['mean'])} and "
            f"{display.dollars(row['cost'])} per million",
            *self.notes,
        ]

    def _table(self) -> list[dict[str, str]]:
        return [
            {
                "memory": f"{memory} MB",
                "p50": _s(row["p50"]),
                "p95": _s(row["p95"]),
                "mean": _s(row["mean"]),
                "per million": "" if row["cost"] != row["cost"] else display.dollars(row["cost"]),
                "used": ""
                if row["max_memory"] != row["max_memory"]
                else f"{row['max_memory']:.0f} MB",
                "cold": f"{row['cold']:.0f} of {row['invocations']:.0f}",
                "init": _s(row["init"]),
                "": str(row["error"] or ("best" if memory == self.best else "")),
            }
            for memory, row in self.frame.iterrows()
        ]

    def __repr__(self) -> str:
        table = display.text_table(self._table(), _NUMBERS)
        return "\n".join([f"{self.function} · {self._lines()[0]}", table, *self.notes])

    def _repr_html_(self) -> str:
        choice, *notes = self._lines()
        return display.card(
            display.line(display.bold(self.function), display.dim(choice)),
            display.table(self._table(), _NUMBERS),
            *(display.line(display.tag("note", "cold"), display.dim(note)) for note in notes),
        )


_NUMBERS = ("memory", "p50", "p95", "mean", "per million", "used", "cold", "init")
_MEANING = {"balanced": "best balance", "cost": "cheapest", "speed": "quickest"}


def _s(seconds: float) -> str:
    return "" if seconds != seconds else display.milliseconds(seconds * 1000)


def _row(results: Sequence[Result]) -> dict[str, Any]:
    import numpy as np

    failed = next((r.error for r in results if r.error is not None), None)
    cold = [r for r in results if r.start == "cold"]
    inits = [r.init for r in cold if r.init is not None]
    warm = [r for r in results if r.start == "warm" and r.error is None]
    row: dict[str, Any] = {
        "p50": np.nan,
        "p95": np.nan,
        "mean": np.nan,
        "cost": np.nan,
        "max_memory": max((r.max_memory for r in results if r.max_memory), default=np.nan),
        "invocations": len(results),
        "cold": len(cold),
        "init": float(np.mean(inits)) if inits else np.nan,
        "error": "" if failed is None else f"{failed.error_type}: {failed.error_message}",
    }
    seconds = [r.duration for r in warm if r.duration is not None]
    if failed is None and seconds:
        row["p50"], row["p95"] = np.quantile(seconds, (0.5, 0.95))
        row["mean"] = float(np.mean(seconds))
        row["cost"] = 1e6 * float(np.mean([r.cost for r in warm if r.cost is not None]))
    return row


def choose(frame: pd.DataFrame, strategy: Strategy) -> int | None:
    """Choose the best memory: ``cost`` is the cheapest, ``speed`` the fastest on average.

    ``balanced`` gives both equal weight, each relative to its largest value, as AWS Lambda Power
    Tuning does with ``balancedWeight`` 0.5. A tie goes to the smallest memory.
    """
    known = frame[frame["mean"].notna()].sort_index()
    if not len(known):
        return None
    cost, speed = known["cost"], known["mean"]
    figure = {
        "cost": cost,
        "speed": speed,
        "balanced": 0.5 * cost / cost.max() + 0.5 * speed / speed.max(),
    }[strategy]
    return int(figure.idxmin())
