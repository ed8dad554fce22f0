"""Read the engine's invocation log: one JSON event per attempt or throttle, in nanoseconds.

The fields are those of the engine's ``InvocationRecord``. The reader ignores unknown fields, so it
can read the log of a newer engine too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from lambda_nb.traces import times
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

GROUP = "/lambda-nb/invocations"
"""The log group that the engine writes; AWS has no such group."""

_FIELDS = pa.schema(
    [
        ("function", pa.string()),
        ("version", pa.string()),
        ("request_id", pa.string()),
        ("arrival_ns", pa.int64()),
        ("finish_ns", pa.int64()),
        ("start", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("error_type", pa.string()),
        ("environment", pa.string()),
        ("source", pa.string()),
        ("duration_ms", pa.float64()),
        ("billed_ms", pa.float64()),
        ("init_ms", pa.float64()),
        ("memory_mb", pa.int64()),
        ("max_memory_mb", pa.int64()),
        ("architecture", pa.string()),
    ]
)
_MARKS = ('"arrival_ns":', '"finish_ns":', '"request_id":')
"""Text that is in every such event and in no log line of Lambda."""
_TRIGGERS = {"url": "http"}
"""The engine tells function URLs from APIs; in a trace, both are requests over HTTP."""
_REQUIRED = ("function", "arrival_ns", "finish_ns", "start", "status")


def is_record(message: str) -> bool:
    """Whether a log event is an invocation record."""
    return message.startswith("{") and all(mark in message for mark in _MARKS)


def parse(messages: Sequence[str]) -> pa.Table:
    """Read log messages into a table of the record's fields.

    Raises
    ------
    TraceError
        A message is not an invocation record; the error says which.
    """
    lines = [message.strip() for message in messages]
    if not lines:
        return _FIELDS.empty_table()
    text = "\n".join(lines).encode()
    options = {
        "read_options": pajson.ReadOptions(block_size=max(1 << 22, max(map(len, lines)) * 4)),
        "parse_options": pajson.ParseOptions(
            explicit_schema=_FIELDS, unexpected_field_behavior="ignore"
        ),
    }
    try:
        table = pajson.read_json(pa.BufferReader(text), **options)
    except pa.ArrowInvalid as error:
        raise _explained(lines, error) from None
    if table.num_rows != len(lines):
        raise _explained(lines, f"{len(lines)} events made {table.num_rows} records")
    for field in _REQUIRED:
        if table.column(field).null_count:
            at = int(pc.index(table.column(field).is_null(), True).as_py())
            raise TraceError(f"event {at} of {GROUP} has no {field!r}: {lines[at][:200]}")
    return table


def to_trace(tables: Iterable[pa.Table], name: str = "") -> Trace:
    """Make a trace from parsed records, in order of arrival.

    A throttle never ran, so its ``duration`` is unknown. Times keep their nanoseconds: different
    times stay different and in order (see :mod:`lambda_nb.traces.times`).
    """
    records = pa.concat_tables([_FIELDS.empty_table(), *tables])
    arrival_ns = records.column("arrival_ns").to_numpy()
    arrival, start_ns = times.since_start(arrival_ns)
    finish, _ = times.since_start(records.column("finish_ns").to_numpy(), start_ns)
    ran = pc.not_equal(records.column("start"), "throttle")
    reason = _known(records.column("reason"))
    table: dict[str, Any] = {
        "arrival": arrival,
        "function": records.column("function"),
        "duration": pc.if_else(ran, _seconds(records, "duration_ms"), None),
        "memory": records.column("memory_mb"),
        "init": _seconds(records, "init_ms"),
        "finish": finish,
        "start": records.column("start"),
        "status": records.column("status"),
        "reason": pc.coalesce(reason, _known(records.column("error_type"))),
        "billed": pc.if_else(ran, _seconds(records, "billed_ms"), 0.0),
        "max_memory": pc.if_else(ran, records.column("max_memory_mb"), None),
        "environment": _known(records.column("environment")),
        "request_id": records.column("request_id"),
        "version": records.column("version"),
        "trigger": _trigger(records.column("source")),
        "architecture": records.column("architecture"),
    }
    # Sort by integers: in a trace of months, two times can have the same float seconds.
    order = pa.array(np.argsort(arrival_ns, kind="stable"))
    made = pa.table(table).take(order)
    return Trace(made, start=start_ns if len(arrival_ns) else None, name=name)


def _trigger(source: Any) -> Any:
    """What invoked the function, in the words of the column ``trigger``."""
    for word, trigger in _TRIGGERS.items():
        source = pc.if_else(pc.equal(source, word), trigger, source)
    return source


def _seconds(records: pa.Table, field: str) -> Any:
    return pc.divide(records.column(field), 1000.0)


def _known(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), None, column)


def _explained(lines: Sequence[str], error: object) -> TraceError:
    for at, line in enumerate(lines):
        try:
            record = json.loads(line)
        except ValueError:
            return TraceError(f"event {at} of {GROUP} is not JSON: {line[:200]}")
        if not isinstance(record, dict) or not isinstance(record.get("arrival_ns"), int):
            return TraceError(f"event {at} of {GROUP} is no invocation record: {line[:200]}")
    return TraceError(f"the events of {GROUP} cannot be read: {error}")
