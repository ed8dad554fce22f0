"""Huawei's public traces: requests of 2025, and counts of 2023 (sir-lab/data-release).

*2025* (Joosen et al., EuroSys'25): one row per request, ``time_frontend, totalCost_frontend,
time_worker, runtimeCost, funcName, userID, podID, requestID, memory_usage, ...`` in seconds and
MB. Both times are when the log record was written, which is when the request was done (a request's
worker time is before its frontend time). So a request arrived ``totalCost_frontend`` earlier.

*2023* (Joosen et al., SoCC'23): wide tables ``day, time, 0, 1, 2, ...``, one column per function,
one row per minute or second; one file for requests, one for the function's mean delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import schema
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.datasets.counts import Placement, spread
from lambda_nb.traces.generators.laws import Law, draw
from lambda_nb.traces.schema import Floats, TraceError
from lambda_nb.traces.times import UNITS
from lambda_nb.traces.trace import Trace

_POOL = r"^(?P<pool>pool\d+-\d+-(?P<memory>\d+))"


def huawei_2025(paths: str | Path | Sequence[str | Path]) -> Trace:
    """Read request tables of Huawei 2025 (CSV files, compressed or not).

    A function is ``funcName---userID---poolName``, as in the data set's own time series; its
    memory (MB) is the last number in the pool's name. ``finish`` is when the worker was done. A pod
    may serve several requests at once, so ``environment`` (the pod) is not a Lambda environment.

    Raises
    ------
    TraceError
        A value is wrong. The message gives the line and the value.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not several:
        raise TraceError("give at least one file")
    tables, sources = [], []
    for path in several:
        source = CsvFile(Path(path))
        tables.append(_requests(source))
        sources.append((source, tables[-1].num_rows))

    def where(i: int) -> str:
        for source, rows in sources:
            if i < rows:
                return source.line(i)
            i -= rows
        return f"row {i}"

    table = pa.concat_tables(tables).unify_dictionaries()
    return Trace(table, name=Path(several[0]).name, where=where)


def _requests(source: CsvFile) -> pa.Table:
    number, word = pa.float64(), pa.string()
    types = {
        "time_frontend": number,
        "totalCost_frontend": number,
        "time_worker": number,
        "runtimeCost": number,
        "funcName": word,
        "userID": word,
        "podID": schema.WORD,
        "requestID": word,
        "memory_usage": number,
    }
    table = source.parse(types)
    pod = table.column("podID").unify_dictionaries().combine_chunks()
    parts = pc.extract_regex(pod.dictionary, _POOL)
    pool = pc.struct_field(parts, "pool").take(pod.indices)
    memory = pc.struct_field(parts, "memory").take(pod.indices)
    if memory.null_count:
        at = int(pc.index(memory.is_null(), True).as_py())
        raise TraceError(
            f"{source.line(at)}: podID {pod[at].as_py()!r} names no pool with a memory"
        )
    function = pc.binary_join_element_wise(
        table.column("funcName"), table.column("userID"), pool, "---"
    )
    arrival = schema.floats(table.column("time_frontend")) - schema.floats(
        table.column("totalCost_frontend")
    )
    return pa.table(
        {
            "arrival": arrival,
            "function": function.dictionary_encode(),
            "duration": table.column("runtimeCost"),
            "memory": memory.cast(pa.int32()),
            "finish": np.maximum(schema.floats(table.column("time_worker")), arrival),
            "max_memory": pc.round(table.column("memory_usage")).cast(pa.int32()),
            "environment": table.column("podID"),
            "request_id": table.column("requestID"),
        }
    )


def huawei_2023(
    requests: str | Path,
    delays: str | Path | None = None,
    *,
    seed: int,
    delay_unit: str = "s",
    functions: Sequence[str | int] | None = None,
    duration: Law | None = None,
    memory: int | None = None,
    placement: Placement = "uniform",
    start: datetime | str | None = None,
) -> Trace:
    """Draw a day of invocations from the counts of Huawei 2023.

    Parameters
    ----------
    requests, delays : path
        Requests and function delay of one day, both per minute or both per second. Every
        invocation in a bin gets the function's mean delay in that bin.
    seed : int
        Seed for the times of invocations within their bins.
    delay_unit : {"s", "ms", "us"}
        Unit of the delays.
    functions : sequence, optional
        Only these columns; a full day has up to billions of requests.
    duration : Law, optional
        Seconds, for invocations without a known delay.
    memory : int, optional
        MB of every function.

    Raises
    ------
    TraceError
        A file has other columns, the two files have different times, or a line is wrong.
    """
    if delay_unit not in UNITS:
        raise TraceError(f"unit {delay_unit!r} is unknown: use one of {', '.join(UNITS)}")
    rng = np.random.default_rng(seed)
    time, names, counts = _wide(Path(requests), functions)
    if bool(np.any(counts < 0)):
        raise TraceError(f"{Path(requests).name} has a negative number of requests")
    bin_s = float(time[1] - time[0]) if len(time) > 1 else 60.0
    if len(time) > 1 and not bool(np.all(np.diff(time) > 0)):
        raise TraceError(f"the times of {Path(requests).name} do not ascend")
    # Place each bin at its own time, so that gaps in the recording stay gaps in the trace.
    column = np.rint((time - time[0]) / bin_s).astype(np.int64)
    grid = np.zeros((len(names), int(column[-1]) + 1), dtype=np.int64)
    grid[:, column] = np.rint(np.nan_to_num(counts)).astype(np.int64)
    arrival, codes = spread(grid, bin_s, placement, rng)
    took = np.full(len(arrival), np.nan)
    if delays is not None:
        took = _delays(Path(delays), names, time, column, arrival, codes, bin_s)
        took *= UNITS[delay_unit]
    unknown = np.isnan(took)
    if duration is not None and bool(unknown.any()):
        took[unknown] = draw(duration, rng, int(unknown.sum()))
    table: dict[str, Any] = {
        "arrival": arrival,
        "function": schema.words(names, codes),
        "duration": took,
    }
    if memory is not None:
        table["memory"] = np.full(len(arrival), memory, dtype=np.int32)
    return Trace(pa.table(table), start=start, name=Path(requests).name)


def _wide(path: Path, functions: Sequence[str | int] | None) -> tuple[Floats, list[str], Floats]:
    """Times (s), function names, and a matrix of functions by times."""
    source = CsvFile(path)
    found = [name for name in source.names() if name not in ("day", "time", "")]
    names = found if functions is None else [str(name) for name in functions]
    types: dict[str, Any] = {"time": pa.float64(), **dict.fromkeys(names, pa.float64())}
    table = source.parse(types)
    if not table.num_rows:
        raise TraceError(f"{path.name} has no rows")
    values = np.stack([schema.floats(table.column(name)) for name in names])
    return schema.floats(table.column("time")), names, values


def _delays(
    path: Path, names: list[str], time: Floats, column: Any, arrival: Any, codes: Any, bin_s: float
) -> Floats:
    own, _, values = _wide(path, names)
    if len(own) != len(time) or not bool(np.all(own == time)):
        raise TraceError(
            f"{path.name} is of other times than the requests: give the same day of both"
        )
    grid = np.full((len(names), int(column[-1]) + 1), np.nan)
    grid[:, column] = values
    took: Floats = grid[codes, np.floor(arrival / bin_s).astype(np.int64)]
    return took
