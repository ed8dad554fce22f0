"""The columns of a trace with their types and units, and the check of a table against them.

One row is one invocation, whatever its source. Every :class:`~lambda_nb.traces.trace.Trace` goes
through :func:`conform`: it casts, checks and sorts the table. It refuses a bad value and names the
row (or the line of the file).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]

WORD = pa.dictionary(pa.int32(), pa.string())


class TraceError(ValueError):
    """A trace, or the file it is read from, is not valid; the message says where."""


class Rows(Protocol):
    """The part of a trace that code needs to describe, write or reshape it."""

    name: str

    @property
    def table(self) -> pa.Table:
        """The Arrow table."""

    @property
    def start(self) -> datetime | None:
        """The time that arrivals count from."""

    @property
    def start_ns(self) -> int | None:
        """The start in epoch nanoseconds."""

    @property
    def span(self) -> float:
        """Seconds from the first arrival to the last."""

    @property
    def functions(self) -> list[str]:
        """The names of the functions."""

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """The function of each row, as an index into :attr:`functions`."""

    def numbers(self, column: str) -> Floats:
        """A numeric column; NaN where it is unknown."""

    def __len__(self) -> int: ...

    def __contains__(self, column: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a trace. ``workload``: describes the request, not one run of it."""

    name: str
    type: Any
    unit: str
    meaning: str
    workload: bool = False
    required: bool = False


COLUMNS = (
    Column("arrival", pa.float64(), "s", "since `Trace.start`; the sort key", True, True),
    Column("function", WORD, "", "name of the function", True, True),
    Column("duration", pa.float64(), "s", "time of the handler, without init", True, True),
    Column("memory", pa.int32(), "MB", "memory the function is configured with", True),
    Column("init", pa.float64(), "s", "init phase; of cold starts only"),
    Column("finish", pa.float64(), "s", "since `Trace.start`: when the environment was free again"),
    Column("start", WORD, "", "cold, warm, provisioned or throttle"),
    Column("status", WORD, "", "success, error, timeout or throttle"),
    Column("reason", WORD, "", "why it was throttled, or the type of the error"),
    Column("billed", pa.float64(), "s", "billed duration"),
    Column("max_memory", pa.int32(), "MB", "most memory the environment had used so far"),
    Column("environment", WORD, "", "which execution environment served it"),
    Column("request_id", pa.string(), "", "request id; shared by retries of one event"),
    Column("version", WORD, "", "version of the function", True),
    Column("trigger", WORD, "", "what invoked it: invoke, http, queue, timer, ...", True),
    Column("architecture", WORD, "", "x86_64 or arm64", True),
)
"""All columns, in order. Unknown values are null; columns not ``required`` are optional."""

BY_NAME = {column.name: column for column in COLUMNS}
STARTS = ("cold", "warm", "provisioned", "throttle")
STATUSES = ("success", "error", "timeout", "throttle")

_NON_NEGATIVE = ("arrival", "duration", "memory", "init", "finish", "billed", "max_memory")
_VOCABULARY = {"start": STARTS, "status": STATUSES}

Where = Callable[[int], str]
"""Returns where row i (from 0) came from: ``"row 3"``, ``"calls.csv line 5"``."""


def row(i: int) -> str:
    """Name a row that came from a table."""
    return f"row {i}"


def conform(table: pa.Table, where: Where = row) -> pa.Table:
    """Return the table with only the columns of a trace, checked and sorted by arrival.

    Rows with equal arrival keep their order, NaN becomes null, and columns that a trace does not
    have are dropped.

    Raises
    ------
    TraceError
        A column is missing or has the wrong type; an arrival or a function is unknown; a number
        is negative or infinite; ``finish`` lies before ``arrival``; ``start`` or ``status`` has
        an unknown word.
    """
    missing = [c.name for c in COLUMNS if c.required and c.name not in table.column_names]
    if missing:
        raise TraceError(
            f"missing column{'s' * (len(missing) > 1)} {', '.join(missing)}: the table has "
            f"{', '.join(map(str, table.column_names)) or 'no columns'}; name them with "
            f"columns={{{missing[0]!r}: 'the name it has there'}}"
        )
    columns = {c.name: _cast(table, c, where) for c in COLUMNS if c.name in table.column_names}
    columns.setdefault("memory", pa.nulls(table.num_rows, pa.int32()))
    names = [c.name for c in COLUMNS if c.name in columns]
    conformed = pa.table({name: columns[name] for name in names})
    _check(conformed, where)
    return _sorted(conformed)


def one_chunk(column: Any) -> Any:
    """An Arrow column as one array, without a copy if it has one chunk (Arrow would copy it)."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def floats(column: Any) -> Floats:
    """An Arrow column as float64; null becomes NaN."""
    array = one_chunk(column)
    if not pa.types.is_float64(array.type):
        array = array.cast(pa.float64())
    result: Floats = np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)
    return result


def words(values: Any, codes: Any) -> pa.DictionaryArray:
    """A column of words from its vocabulary and an index per row (both array-like)."""
    indices = pa.array(np.asarray(codes, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(values), pa.string()))


def one_word(value: str, count: int) -> pa.DictionaryArray:
    """A column with the same word in every row."""
    return words([value], np.zeros(count, dtype=np.int32))


def _cast(table: pa.Table, column: Column, where: Where) -> Any:
    values = table.column(column.name)
    try:
        if column.type == WORD:
            if not pa.types.is_dictionary(values.type):
                values = values.cast(pa.string()).dictionary_encode()
            return values.cast(WORD).unify_dictionaries()
        if column.type == pa.int32() and pa.types.is_floating(values.type):
            # Memory averages have a fraction; Lambda's memory is in whole MB.
            values = pc.round(pc.if_else(pc.is_nan(values), None, values))
        values = values.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        at = _first_uncastable(values, column.type)
        shown = f" at {where(at)}: {values[at].as_py()!r}" if at is not None else f": {error}"
        raise TraceError(f"column {column.name!r} must be {column.type}{shown}") from None
    if pa.types.is_floating(values.type) and pc.any(pc.is_nan(values)).as_py():
        values = pc.if_else(pc.is_nan(values), None, values)
    return values


def _first_uncastable(values: Any, wanted: Any) -> int | None:
    for i, value in enumerate(values):
        try:
            pa.array([value.as_py()]).cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            return i
    return None


def _check(table: pa.Table, where: Where) -> None:
    for name in ("arrival", "function"):
        unknown = table.column(name).is_null()
        if pc.any(unknown).as_py():
            at = _first(unknown)
            raise TraceError(f"{where(at)} has no {name} (missing, or not a number)")
    for name in _NON_NEGATIVE:
        if name not in table.column_names:
            continue
        values = table.column(name)
        wrong = pc.less(values, 0)
        if pa.types.is_floating(values.type):
            wrong = pc.or_(wrong, pc.is_inf(values))
        if pc.any(wrong).as_py():
            at = _first(wrong)
            unit = BY_NAME[name].unit
            raise TraceError(
                f"{where(at)}: {name} is {values[at].as_py()!r} {unit}; it must be a finite "
                f"number, 0 or more"
            )
    for name, vocabulary in _VOCABULARY.items():
        if name in table.column_names:
            _check_words(table, name, vocabulary, where)
    if "finish" in table.column_names:
        early = pc.less(table.column("finish"), table.column("arrival"))
        if pc.any(early).as_py():
            at = _first(early)
            raise TraceError(
                f"{where(at)}: finish ({table.column('finish')[at].as_py()!r} s) lies before "
                f"arrival ({table.column('arrival')[at].as_py()!r} s)"
            )


def _check_words(table: pa.Table, name: str, vocabulary: tuple[str, ...], where: Where) -> None:
    column = table.column(name)
    used = {word for chunk in column.chunks for word in chunk.dictionary.to_pylist()}
    if used <= set(vocabulary):
        return
    wrong = pc.invert(pc.is_in(column.cast(pa.string()), pa.array([*vocabulary, None])))
    if pc.any(wrong).as_py():
        at = _first(wrong)
        raise TraceError(
            f"{where(at)}: {name} is {column[at].as_py()!r}; it must be one of "
            f"{', '.join(vocabulary)}"
        )


def _first(mask: Any) -> int:
    return int(pc.index(mask, True).as_py())


def _sorted(table: pa.Table) -> pa.Table:
    arrival = floats(table.column("arrival"))
    if not bool(np.all(arrival[1:] >= arrival[:-1])):
        table = table.take(pa.array(np.argsort(arrival, kind="stable")))
    return table.combine_chunks()


def words_of(column: Any) -> pa.DictionaryArray:
    """A column of words in one chunk, with one dictionary."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        return pa.array([], WORD)
    return column.unify_dictionaries().combine_chunks()


def spelt_out(table: pa.Table) -> pa.Table:
    """The table with words as text: equal whatever the order of their dictionaries."""
    return pa.table(
        {
            c: v.cast(pa.string()) if pa.types.is_dictionary(v.type) else v
            for c, v in zip(table.column_names, table.columns, strict=True)
        }
    )
