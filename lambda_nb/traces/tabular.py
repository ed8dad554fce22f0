"""Read CSV and Parquet files with one row per invocation; a mapping renames their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lambda_nb.traces import schema, times
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.schema import COLUMNS, TraceError
from lambda_nb.traces.trace import Trace, reader
from lambda_nb.traces.writing import META_NAME, META_START, is_parquet

_LENGTHS = ("duration", "init", "billed")


@reader("file")
def read(path: str | Path, **options: Any) -> Trace:
    """Read a file by its suffix: ``.parquet`` or ``.pq``, else CSV."""
    return (read_parquet if is_parquet(path) else read_csv)(path, **options)


def read_csv(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    unit: str = "s",
    duration_unit: str = "s",
    start: datetime | str | None = None,
    tz: str | None = None,
    function: str | None = None,
    memory: int | None = None,
    delimiter: str = ",",
    header: Sequence[str] | None = None,
    name: str | None = None,
) -> Trace:
    """Read a CSV file with one row per invocation, compressed or not.

    Parameters
    ----------
    path : path
        The file; ``.gz``, ``.bz2``, ``.zst`` and ``.lz4`` are decompressed.
    columns : mapping, optional
        Maps the trace's column to the file's, where the file has another name:
        ``{"arrival": "ts", "function": "fn", "duration": "took_ms"}``.
    unit : {"s", "ms", "us", "ns"}
        Unit of a numeric ``arrival`` (and ``finish``).
    duration_unit : {"s", "ms", "us", "ns"}
        Unit of ``duration``, ``init`` and ``billed``.
    start : datetime, str or None
        What numeric arrivals count from; ``"epoch"`` for Unix time.
    tz : str, optional
        Zone of times that have none.
    function, memory : optional
        Function name and memory (MB) of every row, for files without such a column.
    header : sequence of str, optional
        Names of the columns of a file without a header line.

    Raises
    ------
    TraceError
        A value is wrong. The message gives the line of the file and the value.
    """
    path = Path(path)
    source = CsvFile(path, delimiter=delimiter, header=header)
    table = _load(source, dict(columns or {}))
    table = completed(table, function, memory)
    table, start = _joined_clock(table, start)
    table = _in_seconds(table, _LENGTHS, duration_unit)
    return _made(table, unit, start, tz, path.name if name is None else name, source.line)


def read_parquet(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    unit: str = "s",
    duration_unit: str = "s",
    start: datetime | str | None = None,
    tz: str | None = None,
    function: str | None = None,
    memory: int | None = None,
    name: str | None = None,
) -> Trace:
    """Read a Parquet file with one row per invocation; parameters as in :func:`read_csv`."""
    path = Path(path)
    mapping = dict(columns or {})
    file = pq.ParquetFile(path)
    names = [c.name for c in COLUMNS]
    wanted = {mapping.get(ours, ours): ours for ours in names}
    _none_absent(mapping, file.schema_arrow.names, path)
    present = [theirs for theirs in file.schema_arrow.names if theirs in wanted]
    table = file.read(columns=present).rename_columns([wanted[theirs] for theirs in present])
    meta = file.schema_arrow.metadata or {}
    if start is None and META_START in meta:
        start = times.to_datetime(int(meta[META_START])).isoformat()
    if name is None:
        name = meta.get(META_NAME, b"").decode() or path.name
    table = _in_seconds(completed(table, function, memory), _LENGTHS, duration_unit)
    return _made(table, unit, start, tz, name, lambda i: f"{path.name} row {i}")


def _load(source: CsvFile, mapping: dict[str, str]) -> pa.Table:
    names = source.names()
    _none_absent(mapping, names, source.path)
    wanted = {mapping.get(c.name, c.name): c.name for c in COLUMNS}
    if "arrival" not in mapping and "time" in names:
        wanted["time"] = "time"
    present = [theirs for theirs in names if theirs in wanted]
    if not present:
        raise TraceError(
            f"{source.path.name} has none of a trace's columns; its header is {names}: "
            "name them with columns=, or give header= if it has no header line"
        )
    types = {theirs: _csv_type(wanted[theirs]) for theirs in present}
    clocks = [theirs for theirs in present if wanted[theirs] in ("arrival", "finish")]
    # Try integers first, so that nanoseconds stay exact; then fractions; then text.
    for kind in (pa.int64(), pa.float64(), pa.string()):
        types.update(dict.fromkeys(clocks, kind))
        try:
            table = source.read(types)
        except pa.ArrowInvalid as error:
            if pa.types.is_string(kind) or not clocks:
                raise source.explained(types, error) from None
            continue
        return table.rename_columns([wanted[theirs] for theirs in present])
    raise AssertionError("reading as text either works or is explained")


def _csv_type(column: str) -> Any:
    if column == "time":
        return pa.string()
    kind = schema.BY_NAME[column].type
    # Memory is read as float64, so 128.0 is valid; a duration such as '200 ms' gets a clear error.
    return pa.float64() if kind == pa.int32() else kind


def _none_absent(mapping: Mapping[str, str], names: Sequence[str], path: Path) -> None:
    for ours, theirs in mapping.items():
        if ours not in schema.BY_NAME:
            raise TraceError(f"a trace has no column {ours!r}: it has {', '.join(schema.BY_NAME)}")
        if theirs not in names:
            raise TraceError(f"{path.name} has no column {theirs!r}: it has {', '.join(names)}")


def completed(table: pa.Table, function: str | None, memory: int | None) -> pa.Table:
    if function is not None and "function" not in table.column_names:
        table = table.append_column("function", schema.one_word(function, table.num_rows))
    if memory is not None and "memory" not in table.column_names:
        same = pa.repeat(pa.scalar(memory, pa.int32()), table.num_rows)
        table = table.append_column("memory", same)
    return table


def _joined_clock(table: pa.Table, start: datetime | str | None) -> tuple[pa.Table, Any]:
    """Find the start of a CSV that has ``time`` (UTC) in addition to ``arrival``, or instead."""
    if "time" not in table.column_names:
        return table, start
    time = table.column("time")
    table = table.drop_columns(["time"])
    if "arrival" not in table.column_names:
        return table.append_column("arrival", time), start
    if start is None and table.num_rows and time[0].is_valid:
        ns = int(time[:1].cast(pa.timestamp("ns", "UTC")).cast(pa.int64())[0].as_py())
        start_ns = ns - round(table.column("arrival")[0].as_py() * 1e9)
        start = times.to_datetime(start_ns).isoformat()
    return table, start


def _in_seconds(table: pa.Table, columns: Sequence[str], unit: str) -> pa.Table:
    if unit not in times.UNITS:
        raise TraceError(f"unit {unit!r} is unknown: use one of {', '.join(times.UNITS)}")
    for column in columns if unit != "s" else ():
        if column in table.column_names:
            at = table.column_names.index(column)
            values = pc.multiply(table.column(at).cast(pa.float64()), times.UNITS[unit])
            table = table.set_column(at, column, values)
    return table


def _made(
    table: pa.Table,
    unit: str,
    start: datetime | str | None,
    tz: str | None,
    name: str,
    where: schema.Where,
) -> Trace:
    if "finish" in table.column_names:
        table = _with_finish(table, unit, start, tz, where)
    return Trace._placed(table, unit=unit, start=start, tz=tz, name=name, where=where)


def _with_finish(
    table: pa.Table, unit: str, start: datetime | str | None, tz: str | None, where: schema.Where
) -> pa.Table:
    """Read ``finish`` like ``arrival``, from the same start."""
    _, start_ns = times.arrivals(
        table.column("arrival"), unit=unit, start=start, tz=tz, where=where
    )
    origin = None if start_ns is None else times.to_datetime(start_ns)
    kind = table.column("finish").type
    numeric = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    if numeric and start == "epoch":
        finish, finish_ns = times.arrivals(table.column("finish"), unit=unit, start="epoch")
        finish = finish + ((finish_ns or 0) - (start_ns or 0)) / 1e9
    elif numeric:
        finish = schema.floats(table.column("finish")) * times.UNITS[unit]
    else:
        finish, _ = times.arrivals(table.column("finish"), start=origin, tz=tz, where=where)
    return table.set_column(table.column_names.index("finish"), "finish", pa.array(finish))
