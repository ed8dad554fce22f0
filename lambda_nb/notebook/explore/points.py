"""One simulated setting as the page needs it: lines over time, figures, the bill of a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lambda_nb.notebook.explore.settings import Place
from lambda_nb.rules.pricing import bill

if TYPE_CHECKING:
    from lambda_nb.rules.pricing import PriceBook, Usage
    from lambda_nb.simulator import Result
    from lambda_nb.traces import Trace

SECONDS_PER_MONTH = 30 * 86_400.0
BINS = 240
MOST_BANDS = 6
ALL, STACKED = "all functions", "each function, stacked"
_STATES = ("in_flight", "initialising", "idle")
_COUNTS = ("cold_starts", "throttles")


@dataclass(frozen=True)
class Point:
    """The result of one place of the sliders.

    Attributes
    ----------
    bands
        Environments over time, a row for each band; below them a row of cold starts and one of
        throttles (float32).
    names
        Of the bands.
    width
        Of a bin, in seconds.
    figures
        ``cold_starts``, ``cold_share``, ``throttles``, ``peak_concurrency``, ``p99_duration`` (s),
        ``environments``.
    bill
        Dollars a month, by line of the bill.
    """

    place: Place
    bands: npt.NDArray[np.float32]
    names: list[str]
    width: float
    figures: dict[str, float]
    bill: dict[str, float]


class Reader:
    """Makes points of results, for what of the trace is looked at.

    Parameters
    ----------
    trace
        What is simulated.
    view
        ``ALL``, ``STACKED``, or the name of a function.
    """

    def __init__(self, trace: Trace, view: str) -> None:
        self.view = view
        self._span = max(trace.span, 1.0)
        self._month = SECONDS_PER_MONTH / self._span
        counts = np.bincount(trace.codes, minlength=len(trace.functions))
        busiest = np.argsort(-counts, kind="stable")[: MOST_BANDS - 1]
        self._busiest = [trace.functions[i] for i in busiest]
        memory = np.unique(trace.numbers("memory"))
        self._memory = float(memory[0]) if len(memory) == 1 and memory[0] > 0 else None

    def point(self, place: Place, result: Result) -> Point:
        """The result of a place."""
        name = None if self.view in (ALL, STACKED) else self.view
        timeline = result.timeline(self._span / BINS, function=name)
        if self.view == STACKED:
            names, rows = self._by_function(result, timeline)
        else:
            names, rows = list(_STATES), [timeline[state].to_numpy() for state in _STATES]
        rows += [timeline[column].to_numpy() for column in _COUNTS]
        figures = result.total if name is None else dict(result.summary().loc[name])
        usage = result.usage(name)
        return Point(
            place=place,
            bands=np.array(rows, dtype=np.float32),
            names=names,
            width=self._span / BINS,
            figures={key: float(figures[key]) for key in FIGURES},
            bill=self._bill(usage, result.pricing),
        )

    def with_memory(self, point: Point, memory: int, usage: Usage, book: PriceBook) -> Point | None:
        """The same point with another memory, which changes the bill only.

        None if the functions of the trace have different memory sizes: then it must be simulated.
        """
        before = point.place.memory or self._memory
        after = memory or self._memory
        if before is None or after is None:
            return None
        scaled = scaled_usage(usage, after / before)
        place = point.place._replace(memory=memory)
        gb_s = point.figures["billed_gb_s"] * after / before
        return replace(
            point,
            place=place,
            bill=self._bill(scaled, book),
            figures={**point.figures, "billed_gb_s": gb_s},
        )

    def _bill(self, usage: Usage, book: PriceBook) -> dict[str, float]:
        lines = {name: amount * self._month for name, amount in bill(usage, book).items()}
        return {name: amount for name, amount in lines.items() if amount}

    def _by_function(self, result: Result, timeline: Any) -> tuple[list[str], list[Any]]:
        rows: list[Any] = [
            result.timeline(self._span / BINS, function=name)["environments"].to_numpy()
            for name in self._busiest
        ]
        names = list(self._busiest)
        rest = timeline["environments"].to_numpy() - np.sum(rows, axis=0)
        more = len(result.trace.functions) - len(names)
        if more > 0:
            names.append(f"{more:,} others")
            rows.append(np.maximum(rest, 0.0))
        return names, rows


FIGURES = (
    "invocations", "cold_starts", "cold_share", "throttles", "peak_concurrency", "p99_duration",
    "environments", "billed_gb_s",
)  # fmt: skip


def scaled_usage(usage: Usage, factor: float) -> Usage:
    """What would have been used with ``factor`` times the memory and the same durations."""

    def each(amounts: Any) -> dict[str, float]:
        return {name: amount * factor for name, amount in amounts.items()}

    return replace(
        usage,
        gb_s=each(usage.gb_s),
        provisioned_gb_s=each(usage.provisioned_gb_s),
        set_aside_gb_s=each(usage.set_aside_gb_s),
        snap_start_gb_s=usage.snap_start_gb_s * factor,
        restored_gb=usage.restored_gb * factor,
    )


def views(functions: Sequence[str], most: int = 200) -> list[str]:
    """What can be looked at: all together, stacked, or one function."""
    return [ALL] if len(functions) < 2 else [ALL, STACKED, *functions[:most]]
