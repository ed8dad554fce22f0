"""Make more or less traffic of the same kind: scale a trace, merge traces."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from lambda_nb.traces import schema, times
from lambda_nb.traces.schema import Rows, TraceError


class _Trace(Rows, Protocol):
    def _with(self: _T, table: pa.Table) -> _T:
        """A trace of other rows, with the same start."""


_T = TypeVar("_T", bound=_Trace)


def scale(
    trace: _T,
    rate: float = 1.0,
    time: float = 1.0,
    *,
    seed: int = 0,
    jitter: float | str | timedelta = 60.0,
) -> _T:
    """Make more or less traffic of the same kind.

    The result has only the columns that describe the requests. It drops the columns that describe
    one run of them (``start``, ``finish``, ``billed`` and so on).

    Parameters
    ----------
    rate : float
        Factor on the number of invocations, in the same span: 3 makes three of each, 0.1 keeps
        each with probability 0.1, 2.5 makes two of each, and a third with probability 0.5.
    time : float
        Factor on the gaps between arrivals, applied last: 0.5 plays the trace twice as fast.
        Durations stay as they are.
    seed : int
        Seed of the random choices for ``rate``.
    jitter : seconds or text such as "1min"
        Copies move by up to half of this, earlier or later (reflected at the ends of the trace),
        so they do not all arrive at once. Rhythms slower than this stay.

    Raises
    ------
    TraceError
        A factor is not finite or not above 0.
    """
    for name, factor in (("rate", rate), ("time", time)):
        if not (math.isfinite(factor) and factor > 0):
            raise TraceError(f"{name}={factor!r} must be a finite number above 0")
    names = [c.name for c in schema.COLUMNS if c.workload and c.name in trace.table.column_names]
    table = trace.table.select(names)
    arrival = trace.numbers("arrival")
    if rate != 1.0:
        rng = np.random.default_rng(seed)
        copies = np.full(len(trace), math.floor(rate))
        copies += rng.random(len(trace)) < rate - math.floor(rate)
        rows = np.repeat(np.arange(len(trace)), copies)
        original = np.ones(len(rows), dtype=bool)
        original[1:] = rows[1:] != rows[:-1]
        moved = rng.uniform(-0.5, 0.5, len(rows)) * times.seconds(jitter)
        table = table.take(pa.array(rows))
        arrival = _reflected(arrival[rows] + np.where(original, 0.0, moved), arrival)
    at = names.index("arrival")
    table = table.set_column(at, "arrival", pa.array(arrival * time))
    return trace._with(table)


def merge(*traces: _T) -> _T:
    """Merge traces: every invocation of each, in order of arrival.

    Traces with a start are aligned by the clock; traces without one all begin together. If a trace
    lacks a column, its rows have null there.

    Raises
    ------
    TraceError
        No trace is given, or some have a start and some have none.
    """
    if not traces:
        raise TraceError("nothing to merge: give at least one trace")
    starts = [trace.start_ns for trace in traces]
    known = [start for start in starts if start is not None]
    if known and len(known) != len(starts):
        raise TraceError(
            "some of these traces have a start and some have none, so nobody knows where they "
            "meet: give the others one with Trace(trace.table, start=...)"
        )
    first = min(known) if known else None
    tables = [
        trace.table if first is None else _delayed(trace, ((trace.start_ns or 0) - first) / 1e9)
        for trace in traces
    ]
    name = " + ".join(dict.fromkeys(trace.name for trace in traces if trace.name))
    made: Any = type(traces[0])
    merged: _T = made(pa.concat_tables(tables, promote_options="default"), start=first, name=name)
    return merged


def _delayed(trace: Rows, seconds: float) -> pa.Table:
    table = trace.table
    for column in ("arrival", "finish") if seconds else ():
        if column in trace:
            at = table.column_names.index(column)
            table = table.set_column(
                at, column, pa.array(trace.numbers(column) + seconds, from_pandas=True)
            )
    return table


def _reflected(moved: schema.Floats, within: schema.Floats) -> schema.Floats:
    """Reflect values outside the span back into it, as often as needed."""
    if not len(within):
        return moved
    low, high = float(within[0]), float(within[-1])
    width = high - low
    if width == 0.0:
        return np.full(len(moved), low)
    folded = np.mod(moved - low, 2 * width)
    return np.where(
        (moved >= low) & (moved <= high), moved, low + np.minimum(folded, 2 * width - folded)
    )
