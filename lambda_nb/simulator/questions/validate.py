"""``validate``: compare a recorded run with its simulation, decision by decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.rules.pricing import PriceBook
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.results.intervals import average_of, counts, peak_of
from lambda_nb.simulator.results.result import Result
from lambda_nb.simulator.simulate import simulate
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDED = ("start", "finish")


class Validation:
    """A recorded run compared with its simulation.

    Attributes
    ----------
    result
        The simulation.
    same
        Share of requests with the same decision in both (cold, warm, provisioned, throttle).
    differences
        The other requests: one row each, with both decisions.
    table
        Figures of both runs side by side, and by how much they differ.
    """

    def __init__(self, trace: Trace, result: Result, before: int = 0, ahead: float = 0.0) -> None:
        self.trace = trace
        self.result = result
        self._ahead = ahead
        real, simulated = trace.to_pandas(), result.invocations.iloc[before:]
        simulated = simulated.reset_index(drop=True)
        decided = pd.DataFrame(
            {
                "arrival": real["arrival"],
                "function": real["function"].astype(str),
                "real": real["start"].astype(str),
                "simulated": simulated["start"].astype(str),
            }
        )
        alike = decided["real"] == decided["simulated"]
        self.same = float(alike.mean()) if len(alike) else 1.0
        self.differences: pd.DataFrame = decided[~alike]
        figures = pd.DataFrame(
            {
                "real": _figures(real, result.pricing),
                "simulated": _figures(simulated, result.pricing),
            }
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            figures["error"] = figures["simulated"] / figures["real"] - 1.0
        figures.loc[figures["real"] == figures["simulated"], "error"] = 0.0
        self.table: pd.DataFrame = figures

    def plot(self, freq: float | str | None = None) -> Figure:
        """Draw requests in flight and cold starts so far, real and simulated."""
        from lambda_nb import charts

        simulated = self.result.timeline(freq)
        if self._ahead:
            simulated.index = pd.Index(simulated.index - self._ahead, name=simulated.index.name)
            simulated = simulated[simulated.index >= 0].copy()
        simulated["in_flight"] += simulated["initialising"]  # the real run counts both
        lines = {"simulated": simulated, "real": _timeline(self.trace, simulated)}
        figure, axes = charts.board(2, title=f"{self.same:.2%} of the decisions are the same")
        charts.compare(lines, "in_flight", axes[0])
        charts.compare(lines, "cold_starts", axes[1], cumulative=True)
        return figure

    def __repr__(self) -> str:
        count = len(self.trace)
        told = f"{count - len(self.differences):,} of {count:,} decisions are the same"
        return f"{told}\n{self.table.to_string(float_format='{:,.6g}'.format)}"

    def _repr_html_(self) -> str:
        plain = "{:,.6g}"
        shown = self.table.style.format({"real": plain, "simulated": plain, "error": "{:+.2%}"})
        shown = shown.set_caption(repr(self).splitlines()[0])
        html: str = shown.to_html()
        return html


class Recorded(Protocol):
    """A run with its settings, as ``lambda_nb.play`` returns it."""

    @property
    def trace(self) -> Trace:
        """What really happened."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings in force, as :func:`~lambda_nb.simulator.simulate` takes them."""

    @property
    def before(self) -> Sequence[tuple[str, float, float]]:
        """Environments alive at the beginning: function, created, idle since (epoch seconds)."""


def validate(trace: Trace | Recorded, **assumed: Any) -> Validation:
    """Simulate a recorded run, and show both side by side.

    Parameters
    ----------
    trace
        A recorded run: it has ``start`` and ``finish`` (``Trace.from_logs``). Or what
        ``lambda_nb.play`` returned: the settings that it knows are then assumed.
    assumed
        The settings that the run had, as :func:`~lambda_nb.simulator.simulate` takes them
        (``keep_alive``, ``reserved``, ``provisioned``, ``account_limit``). With ``duration`` or
        ``init``, the measured values are not used: the table then shows the error of these laws.

    Raises
    ------
    WorkloadError
        When the trace was not recorded.

    Notes
    -----
    Given the measured durations and the right settings, all decisions are the same: engine and
    simulator decide by the same rules.
    """
    before: Sequence[tuple[str, float, float]] = ()
    if not isinstance(trace, Trace):
        assumed = {**trace.settings, **assumed}
        before = trace.before
        trace = trace.trace
    missing = [column for column in NEEDED if column not in trace]
    if missing:
        raise WorkloadError(
            f"the trace has no {' and no '.join(missing)}: validate needs a recorded run "
            "(Trace.from_logs of the engine)"
        )
    if not before or not len(trace) or trace.start_ns is None:
        return Validation(trace, simulate(trace, **assumed))
    began = trace.start_ns / 1e9
    ahead = began - min(created for _, created, _ in before)
    whole = _preceded(trace, before, ahead)
    return Validation(trace, simulate(whole, **assumed), len(before), ahead)


def _preceded(trace: Trace, before: Sequence[tuple[str, float, float]], ahead: float) -> Trace:
    """The trace, preceded by one invocation for each environment alive at its beginning.

    Each lasts from the creation of its environment to the end of its last invocation, so that the
    simulation begins the trace with the same environments, idle for as long.
    """
    start = trace.start_ns or 0
    first = start / 1e9 - ahead
    lead: dict[str, list[Any]] = {
        "arrival": [created - first for _, created, _ in before],
        "function": [name for name, _, _ in before],
        "duration": [max(0.0, idle - created) for _, created, idle in before],
        "init": [0.0] * len(before),
        "finish": [max(created, idle) - first for _, created, idle in before],
        "status": ["success"] * len(before),
    }
    if "memory" in trace:
        known = dict(zip(trace.table["function"].to_pylist(), trace.numbers("memory"), strict=True))
        lead["memory"] = [int(known.get(name, 128)) for name, _, _ in before]
    table = trace.table
    for name in ("arrival", "finish"):
        at = table.column_names.index(name)
        table = table.set_column(at, name, pc.add(table.column(at), ahead))
    fields = [field for field in table.schema if field.name in lead]
    made = pa.table({field.name: pa.array(lead[field.name]).cast(field.type) for field in fields})
    whole = pa.concat_tables([made, table], promote_options="default")
    return Trace(whole, start=start - round(ahead * 1e9))


def _figures(rows: pd.DataFrame, book: PriceBook) -> dict[str, float]:
    served = rows[rows["start"] != "throttle"]
    gb_s = float((served["billed"] * served["memory"] / 1024.0).sum())
    wait = served["duration"] + served["init"].fillna(0.0)
    return {
        "invocations": len(served),
        "cold starts": float((served["start"] == "cold").sum()),
        "throttles": len(rows) - len(served),
        "environments": served["environment"].nunique(),
        "peak concurrency": peak_of(served["arrival"].to_numpy(), np.sort(served["finish"])),
        "median wait, s": float(wait.median()),
        "95 % wait, s": float(wait.quantile(0.95)),
        "99 % wait, s": float(wait.quantile(0.99)),
        "billed GB-s": gb_s,
        "cost, USD": gb_s * book.duration["x86_64"][0][1] + len(served) * book.request,
    }


def _timeline(trace: Trace, like: pd.DataFrame) -> pd.DataFrame:
    """Requests in flight and cold starts, in the bins of another timeline."""
    rows = trace.to_pandas()
    served = rows[rows["start"] != "throttle"]
    begins = like.index.to_numpy(dtype=np.float64)
    width = begins[1] - begins[0] if len(begins) > 1 else max(1.0, trace.span)
    edges = np.append(begins, begins[-1] + width)
    arrival, finish = (np.sort(served[c].to_numpy(np.float64)) for c in ("arrival", "finish"))
    cold = served.loc[served["start"] == "cold", "arrival"].to_numpy()
    frame: pd.DataFrame = pd.DataFrame(
        {
            "in_flight": average_of(arrival, finish, edges),
            "cold_starts": counts(cold, edges),
        },
        index=like.index,
    )
    return frame
