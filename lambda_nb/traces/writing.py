"""Write a trace to a CSV or Parquet file that can be read back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lambda_nb.traces import schema, times
from lambda_nb.traces.schema import Rows

_PARQUET = (".parquet", ".pq")
META_START = b"lambda_nb.start_ns"
META_NAME = b"lambda_nb.name"


def is_parquet(path: str | Path) -> bool:
    """Whether the suffix says Parquet; all other files are CSV."""
    return Path(path).suffix.lower() in _PARQUET


def write(trace: Rows, path: str | Path) -> Path:
    """Write CSV or Parquet by suffix, with the trace's start; ``Trace.read`` reads it all back.

    If the trace has a start, a CSV has ``time`` as first column (the arrival in UTC, nanoseconds).
    """
    path = Path(path)
    table = trace.table
    if is_parquet(path):
        meta = {META_NAME: trace.name.encode()}
        if trace.start_ns is not None:
            meta[META_START] = str(trace.start_ns).encode()
        pq.write_table(table.replace_schema_metadata(meta), path, compression="zstd")
        return path
    if trace.start_ns is not None:
        clock = pc.strftime(
            times.clock(trace.numbers("arrival"), trace.start_ns), "%Y-%m-%dT%H:%M:%SZ"
        )
        table = table.add_column(0, "time", clock)
    with pa.output_stream(str(path), compression="detect") as sink:
        pacsv.write_csv(schema.spelt_out(table), sink, pacsv.WriteOptions(quoting_style="needed"))
    return path
