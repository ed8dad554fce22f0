"""Make attempts from log lines: join each REPORT to its START, column by column.

A request id names an invocation; the retries of an asynchronous event share it. Retries run one
after another, so a REPORT belongs to the last START before it with the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]

START = pa.schema(
    [
        ("stream", pa.string()),
        ("timestamp_ms", pa.int64()),
        ("request_id", pa.string()),
        ("version", pa.string()),
    ]
)
REPORT = pa.schema(
    [
        ("stream", pa.string()),
        ("timestamp_ms", pa.int64()),
        ("request_id", pa.string()),
        ("duration_ms", pa.float64()),
        ("billed_ms", pa.int64()),
        ("memory_mb", pa.int32()),
        ("max_memory_mb", pa.int32()),
        ("init_ms", pa.float64()),
        ("status", pa.string()),
        ("error_type", pa.string()),
    ]
)
_UUID = 36
_HYPHENS = [8, 13, 18, 23]
_DIGITS = [place for place in range(_UUID) if place not in _HYPHENS]
ATTEMPT = pa.schema(
    [
        ("arrival_ns", pa.int64()),
        ("finish_ns", pa.int64()),
        ("function", pa.string()),
        ("duration", pa.float64()),
        ("memory", pa.int32()),
        ("init", pa.float64()),
        ("start", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("billed", pa.float64()),
        ("max_memory", pa.int32()),
        ("environment", pa.string()),
        ("request_id", pa.string()),
        ("version", pa.string()),
    ]
)
"""One attempt: a trace's columns, with times in epoch nanoseconds."""


class Rows:
    """Collects single rows and whole tables into one table with a fixed schema."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._single: list[tuple[Any, ...]] = []
        self._tables: list[pa.Table] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Add one row, with its values in the order of the schema."""
        self._single.append(row)

    def add_table(self, known: pa.Table, found: Any) -> None:
        """Add many rows: some columns from a table, others from the text a pattern captured."""
        columns = {}
        captured = {field.name for field in found.type}
        for field in self._schema:
            if field.name in captured:
                text = pc.struct_field(found, field.name)
                # A group that did not match is an empty string.
                values = pc.if_else(pc.equal(text, ""), None, text).cast(field.type)
            elif field.name in known.column_names:
                values = known.column(field.name).cast(field.type)
            else:
                values = pa.nulls(known.num_rows, field.type)
            columns[field.name] = values
        self._tables.append(pa.table(columns, schema=self._schema))

    def table(self) -> pa.Table:
        """All rows."""
        arrays = [
            pa.array([row[at] for row in self._single], field.type)
            for at, field in enumerate(self._schema)
        ]
        return pa.concat_tables([*self._tables, pa.table(arrays, schema=self._schema)])


def pair(
    starts: pa.Table,
    reports: pa.Table,
    failures: Mapping[str, tuple[str, str]],
    provisioned: Iterable[str],
) -> pa.Table:
    """Join each REPORT to its START; leave out running attempts, which have no REPORT yet.

    Arrival is START minus the init phase. If START is missing, it is REPORT minus the duration.
    ``failures`` has statuses and error types by request id, from lines that older runtimes write
    instead of a status. ``provisioned`` has the streams of provisioned environments.

    Returns
    -------
    Table with the columns of :data:`ATTEMPT` except ``function``
    """
    at = _partners(starts, reports)
    known = at >= 0
    began_ms = np.zeros(len(reports), dtype=np.int64)
    began_ms[known] = starts.column("timestamp_ms").to_numpy()[at[known]]
    version = starts.column("version").combine_chunks().take(pa.array(at, mask=~known))
    took_ms = reports.column("duration_ms").to_numpy()
    init = reports.column("init_ms")
    # Use integers: epoch nanoseconds as a float are wrong by up to a quarter microsecond.
    took_ns = np.rint(took_ms * 1e6).astype(np.int64)
    began_ns = began_ms * 1_000_000
    reported = reports.column("timestamp_ms").to_numpy()
    began_ns[~known] = reported[~known] * 1_000_000 - took_ns[~known]
    init_ns = np.rint(pc.fill_null(init, 0.0).to_numpy() * 1e6).astype(np.int64)
    stream, request_id = reports.column("stream"), reports.column("request_id")
    prepared = pc.is_in(stream, pa.array(sorted(provisioned), pa.string()))
    place = pc.index_in(request_id, pa.array(list(failures), pa.string()))
    status = pa.array([status for status, _ in failures.values()], pa.string()).take(place)
    reason = pa.array([reason for _, reason in failures.values()], pa.string()).take(place)
    return pa.table(
        {
            "arrival_ns": began_ns - init_ns,
            "finish_ns": began_ns + took_ns,
            "duration": took_ms / 1e3,
            "memory": reports.column("memory_mb"),
            "init": pc.divide(init, 1e3),
            "start": pc.if_else(
                init.is_valid(), "cold", pc.if_else(prepared, "provisioned", "warm")
            ),
            "status": pc.coalesce(reports.column("status"), status),
            "reason": _known(pc.coalesce(reports.column("error_type"), reason)),
            "billed": pc.divide(reports.column("billed_ms").cast(pa.float64()), 1e3),
            "max_memory": reports.column("max_memory_mb"),
            "environment": _known(stream),
            "request_id": request_id,
            "version": _known(version),
        }
    )


def before_the_next(arrival: Ints, finish: Ints, environment: Any) -> Ints:
    """Limit each finish to the next arrival in the same environment, where it is known."""
    codes = _codes(pc.fill_null(environment, ""))
    known = environment.is_valid().to_numpy()
    order = np.lexsort((arrival, codes))
    before, following = order[:-1], order[1:]
    same = (codes[following] == codes[before]) & known[before]
    limited: Ints = finish.copy()
    limited[before[same]] = np.minimum(finish[before], arrival[following])[same]
    return limited


def _partners(starts: pa.Table, reports: pa.Table) -> Ints:
    """For each REPORT the row of its START, or -1 if there is none."""
    partners = np.full(len(reports), -1, dtype=np.int64)
    if not len(starts) or not len(reports):
        return partners
    ids = pa.concat_tables([starts.select(["request_id"]), reports.select(["request_id"])])
    codes = _id_codes(ids.column("request_id"))
    moments = np.concatenate(
        [starts.column("timestamp_ms").to_numpy(), reports.column("timestamp_ms").to_numpy()]
    )
    moments = moments - moments.min()
    # One sort key: by id, then by time.
    keys = codes * (int(moments.max()) + 1) + moments
    own, theirs = keys[: len(starts)], keys[len(starts) :]
    order = np.argsort(own, kind="stable")
    last = np.searchsorted(own[order], theirs, side="right") - 1
    candidate = order[np.maximum(last, 0)]
    fits = (last >= 0) & (codes[candidate] == codes[len(starts) :])
    # A START has one REPORT, the first. A later REPORT belongs to a START that is missing.
    rows = np.flatnonzero(fits)
    rows = rows[np.lexsort((theirs[rows], candidate[rows]))]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = candidate[rows][1:] != candidate[rows][:-1]
    partners[rows[first]] = candidate[rows[first]]
    return partners


def _id_codes(ids: Any) -> Ints:
    """Each request id as a number from 0. If all have a UUID's length, sort as two 64-bit words."""
    text = ids.combine_chunks()
    if not pc.all(pc.equal(pc.binary_length(text), _UUID)).as_py():
        return _codes(ids)
    data = np.frombuffer(text.buffers()[2], dtype=np.uint8)
    first = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset]
    digits = data[first : first + _UUID * len(text)].reshape(-1, _UUID)
    # Pack hexadecimal digits as half bytes. With other characters, different ids could collide.
    low = digits | 0x20
    halves = np.where(low > ord("9"), low - (ord("a") - 10), low - ord("0"))[:, _DIGITS]
    if (halves > 15).any() or (digits[:, _HYPHENS] != ord("-")).any():
        return _codes(ids)
    packed = (halves[:, ::2] << 4 | halves[:, 1::2]).astype(np.uint8)
    words = np.ascontiguousarray(packed).view(np.uint64)
    order = np.lexsort((words[:, 1], words[:, 0]))
    ordered = words[order]
    new = np.ones(len(order), dtype=np.int64)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    codes = np.empty(len(order), dtype=np.int64)
    codes[order] = np.cumsum(new) - 1
    return codes


def _codes(words: Any) -> Ints:
    """Each word as a number from 0."""
    encoded = words.dictionary_encode().unify_dictionaries()
    codes: Ints = encoded.combine_chunks().indices.to_numpy().astype(np.int64)
    return codes


def _known(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), None, column)
