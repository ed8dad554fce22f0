"""Every request to one real Lambda function, 2020 (pacslab/serverless-performance-modeling, MIT).

Columns used: ``is_cold``; ``new_id`` (every invocation makes one) and ``exist_id`` (only in a warm
environment: the ``new_id`` of its first invocation); ``start_time`` and ``end_time`` (server clock,
ms since the epoch), ``client_start_time`` and ``client_end_time`` (s); ``aws_duration`` and
``aws_billed_duration`` (ms; steps of 100 ms then); ``aws_max_mem`` (MB).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import schema, times
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

_CLOCKS = {
    "server": ("start_time", "end_time", "ms"),
    "client": ("client_start_time", "client_end_time", "s"),
}


def aws_lambda_2020(
    path: str | Path,
    *,
    clock: Literal["server", "client"] = "server",
    function: str = "function",
    memory: int | None = None,
) -> Trace:
    """Read one run (``res-01-*.csv.gz``).

    Parameters
    ----------
    clock : {"server", "client"}
        ``"server"``: arrival and finish are when the handler began and ended (after any init
        phase, whose length is not recorded). ``"client"``: as the caller saw them, with network.
    function, memory : str, int
        Name and memory (MB) of the function; the files do not have them.

    Raises
    ------
    TraceError
        A value is wrong. The message gives the line and the value.
    """
    if clock not in _CLOCKS:
        raise TraceError(f"clock={clock!r} must be 'server' or 'client'")
    begin, end, unit = _CLOCKS[clock]
    path = Path(path)
    source = CsvFile(path)
    number = pa.float64()
    table = source.parse(
        {
            "is_cold": pa.bool_(),
            "new_id": pa.string(),
            "exist_id": pa.string(),
            begin: number,
            end: number,
            "aws_duration": number,
            "aws_billed_duration": number,
            "aws_max_mem": number,
        }
    )
    arrival, start_ns = times.arrivals(
        table.column(begin), unit=unit, start="epoch", where=source.line
    )
    took = schema.floats(table.column(end)) - schema.floats(table.column(begin))
    cold = table.column("is_cold")
    rows: dict[str, Any] = {
        "arrival": arrival,
        "function": schema.one_word(function, table.num_rows),
        "duration": pc.multiply(table.column("aws_duration"), 1e-3),
        # Epoch seconds as a float are exact to 0.2 us only, and so is their difference.
        "finish": arrival + np.round(took * times.UNITS[unit], 9),
        "start": pc.if_else(cold, "cold", "warm"),
        "status": schema.one_word("success", table.num_rows),
        "billed": pc.multiply(table.column("aws_billed_duration"), 1e-3),
        "max_memory": table.column("aws_max_mem"),
        "environment": pc.if_else(cold, table.column("new_id"), table.column("exist_id")),
        "request_id": table.column("new_id"),
    }
    if memory is not None:
        rows["memory"] = np.full(table.num_rows, memory, dtype=np.int32)
    return Trace(pa.table(rows), start=start_ns, name=path.name, where=source.line)
