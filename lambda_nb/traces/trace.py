"""The trace: which function was invoked when, one row per invocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import reshape, schema, summary, times, writing
from lambda_nb.traces.schema import Floats, TraceError, Where

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_Reader = TypeVar("_Reader", bound="Callable[..., Trace]")
_READERS: dict[str, Callable[..., Trace]] = {}


def reader(kind: str) -> Callable[[_Reader], _Reader]:
    """Register the function that :class:`Trace` reads with: ``file`` or ``logs``.

    Readers import this module to make traces, so this module cannot import them.
    """

    def registered(function: _Reader) -> _Reader:
        _READERS[kind] = function
        return function

    return registered


Moment = float | int | str | timedelta | datetime


class Trace:
    """Invocations in order of arrival: an Arrow table with documented columns and units.

    Every trace has the columns ``arrival`` (float64, s since :attr:`start`), ``function``,
    ``duration`` (float64, s, of the handler, without init) and ``memory`` (int32, MB). A trace
    recorded from real runs has more; :data:`lambda_nb.traces.COLUMNS` lists them all with their
    units. Unknown values are null (NaN in pandas and NumPy).

    Parameters
    ----------
    table : pyarrow.Table, frame or mapping of column name to array-like
        Any object that Arrow can read. Rows may be in any order: they are sorted by arrival, and
        rows with equal arrival keep their order. Columns that a trace does not have are dropped.
    start : datetime or str, optional
        The time that arrivals count from; it must have a time zone. None: it is not known, or it
        does not matter.
    name : str, optional
        Where the trace is from; displays and charts show it as the title.

    Raises
    ------
    TraceError
        The table is not valid (see :func:`lambda_nb.traces.schema.conform`); says where.

    Examples
    --------
    >>> Trace({"arrival": [0.0, 1.5], "function": ["f", "f"], "duration": [0.2, 0.1]})
    Trace(2 invocations of 1 function over 1.5 s)
    """

    def __init__(
        self,
        table: Any,
        *,
        start: datetime | str | int | None = None,
        name: str = "",
        where: Where = schema.row,
    ) -> None:
        if not isinstance(table, pa.Table):
            table = pa.table(table if hasattr(table, "__arrow_c_stream__") else dict(table))
        self._table = schema.conform(table, where)
        self._start_ns = start if start is None or isinstance(start, int) else times.to_ns(start)
        self.name = name

    # -- what it holds ------------------------------------------------------------------------

    @property
    def table(self) -> pa.Table:
        """The Arrow table, in one chunk."""
        return self._table

    @property
    def start(self) -> datetime | None:
        """The UTC time that arrivals count from, or None."""
        return None if self._start_ns is None else times.to_datetime(self._start_ns)

    @property
    def start_ns(self) -> int | None:
        """The start in epoch nanoseconds, or None."""
        return self._start_ns

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __contains__(self, column: str) -> bool:
        return column in self._table.column_names

    @property
    def span(self) -> float:
        """Seconds from the first arrival to the last (0 if empty)."""
        arrival = self.numbers("arrival")
        return float(arrival[-1] - arrival[0]) if len(arrival) else 0.0

    @property
    def functions(self) -> list[str]:
        """The names of the functions; :attr:`codes` has indices into this list."""
        words: list[str] = self._words("function").dictionary.to_pylist()
        return words

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """The function of each row as an index into :attr:`functions` (int32)."""
        return np.asarray(self._words("function").indices.to_numpy(), dtype=np.int32)

    def numbers(self, column: str) -> Floats:
        """A numeric column as float64; NaN if a value is unknown or the trace lacks the column.

        Raises
        ------
        KeyError
            A trace never has a numeric column of that name.
        """
        if column not in schema.BY_NAME or not _numeric(schema.BY_NAME[column]):
            raise KeyError(f"{column!r} is no numeric column of a trace")
        if column not in self:
            return np.full(len(self), np.nan)
        return schema.floats(self._table.column(column))

    def to_pandas(self, *, absolute: bool = False) -> pd.DataFrame:
        """All columns as a frame; ``absolute`` adds ``time``, the arrival in UTC.

        Raises
        ------
        TraceError
            ``absolute`` is set but the trace has no start.
        """
        frame: pd.DataFrame = self._table.to_pandas()
        if absolute:
            frame.insert(
                0, "time", times.clock(self.numbers("arrival"), self._start_ns).to_pandas()
            )
        return frame

    # -- making one ---------------------------------------------------------------------------

    @classmethod
    def from_pandas(
        cls,
        frame: pd.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        unit: str = "s",
        start: datetime | str | None = None,
        tz: str | None = None,
        name: str = "",
    ) -> Trace:
        """Make a trace from a frame.

        Parameters
        ----------
        frame : DataFrame
            One row per invocation; ``arrival`` may be numbers, timestamps or ISO 8601 text.
        columns : mapping, optional
            Maps the trace's column to the frame's: ``{"arrival": "ts", "duration": "took"}``.
        unit, start, tz
            How to read ``arrival``; see :func:`lambda_nb.traces.times.arrivals`.
        """
        mapped = {theirs: ours for ours, theirs in (columns or {}).items()}
        absent = [theirs for theirs in mapped if theirs not in frame.columns]
        if absent:
            raise TraceError(f"the frame has no column {absent[0]!r}: it has {list(frame.columns)}")
        try:
            table = pa.Table.from_pandas(frame.rename(columns=mapped), preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise TraceError(f"the frame mixes types within a column: {error}") from None
        return cls._placed(table, unit=unit, start=start, tz=tz, name=name)

    @classmethod
    def _placed(
        cls,
        table: pa.Table,
        *,
        unit: str = "s",
        start: datetime | str | None = None,
        tz: str | None = None,
        name: str = "",
        where: Where = schema.row,
    ) -> Trace:
        """Make a trace from a table with arrivals of any kind."""
        start_ns: int | None = None
        if "arrival" in table.column_names:
            at = table.column_names.index("arrival")
            values, start_ns = times.arrivals(
                table.column(at), unit=unit, start=start, tz=tz, where=where
            )
            table = table.set_column(at, "arrival", pa.array(values))
        return cls(table, start=start_ns, name=name, where=where)

    @classmethod
    def read(cls, path: str | Path, **options: Any) -> Trace:
        """Read a CSV (also ``.gz``, ``.zst``) or Parquet file, by its suffix.

        Options are those of :func:`lambda_nb.traces.read_csv` and
        :func:`lambda_nb.traces.read_parquet`.
        """
        return _READERS["file"](path, **options)

    def write(self, path: str | Path) -> Path:
        """Write a CSV or Parquet file, by its suffix; :meth:`read` gets the same trace back."""
        return writing.write(self, path)

    @classmethod
    def from_logs(cls, functions: str | Sequence[str] | None = None, **options: Any) -> Trace:
        """Read recorded invocations from CloudWatch Logs, on the engine or on AWS.

        Parameters and errors are those of :func:`lambda_nb.traces.from_logs`.
        """
        return _READERS["logs"](functions, **options)

    # -- a part of it, or more of it ----------------------------------------------------------

    def __getitem__(self, key: str | slice | Sequence[str]) -> Trace:
        """``trace["thumbnail"]``, ``trace[["a", "b"]]``: functions; ``trace[10:20]``: rows."""
        if isinstance(key, slice):
            if key.step not in (None, 1):
                raise TraceError(f"rows of a trace are taken in order: step {key.step} is not 1")
            begin, end, _ = key.indices(len(self))
            return self._with(self._table.slice(begin, max(0, end - begin)))
        return self.only(*([key] if isinstance(key, str) else key))

    def only(self, *functions: str) -> Trace:
        """Keep the invocations of these functions.

        Raises
        ------
        KeyError
            The trace has no such function.
        """
        known = self.functions
        for function in functions:
            if function not in known:
                shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
                raise KeyError(f"no function {function!r} in this trace; it has {shown}")
        wanted = np.array([name in functions for name in known], dtype=bool)
        return self._with(self._table.filter(pa.array(wanted[self.codes])))

    def where(self, rows: npt.ArrayLike) -> Trace:
        """Keep the rows where ``rows`` is true, a boolean array with one value per row."""
        chosen = np.asarray(rows)
        if chosen.dtype != np.bool_ or chosen.shape != (len(self),):
            raise TraceError(
                f"where needs {len(self)} booleans, not {chosen.dtype} of shape {chosen.shape}"
            )
        return self._with(self._table.filter(pa.array(chosen)))

    def between(self, begin: Moment | None = None, end: Moment | None = None) -> Trace:
        """Keep arrivals with ``begin <= arrival < end``.

        Each is seconds since :attr:`start`, as a number, a timedelta or text such as ``"2h"``, or
        a datetime with a zone. Arrivals still count from the same :attr:`start`.
        """
        arrival = self.numbers("arrival")
        first = 0 if begin is None else int(np.searchsorted(arrival, self._offset(begin)))
        last = len(self) if end is None else int(np.searchsorted(arrival, self._offset(end)))
        return self._with(self._table.slice(first, max(0, last - first)))

    def scale(self, rate: float = 1.0, time: float = 1.0, *, seed: int = 0) -> Trace:
        """Make more or less traffic of the same kind (see :func:`lambda_nb.traces.scale`)."""
        return reshape.scale(self, rate, time, seed=seed)

    def merge(self, *others: Trace) -> Trace:
        """Merge this trace with others (see :func:`lambda_nb.traces.merge`)."""
        return reshape.merge(self, *others)

    def fill(self, *, duration: float | None = None, memory: int | None = None) -> Trace:
        """Replace unknown durations (s) and memory (MB) with these values."""
        table = self._table
        for column, value in (("duration", duration), ("memory", memory)):
            if value is not None:
                at = table.column_names.index(column)
                filled = pc.fill_null(table.column(at), pa.scalar(value, table.schema[at].type))
                table = table.set_column(at, column, filled)
        return self._with(table)

    # -- looking at it ------------------------------------------------------------------------

    def describe(self) -> pd.DataFrame:
        """Figures of each function and of all together (see :mod:`lambda_nb.traces.summary`)."""
        return summary.describe(self)

    def plot(self) -> Figure:
        """Draw arrivals over time, durations, and functions by hour if there are several."""
        return summary.plot(self)

    def __repr__(self) -> str:
        return summary.text(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table for any library that reads Arrow: ``pyarrow.table(trace)``, Polars, DuckDB."""
        return self._table.__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        return summary.html(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        mine, theirs = schema.spelt_out(self._table), schema.spelt_out(other._table)
        return self._start_ns == other._start_ns and bool(mine.equals(theirs))

    __hash__ = None  # type: ignore[assignment]

    # -- within -------------------------------------------------------------------------------

    def _with(self, table: pa.Table) -> Trace:
        """A trace with these rows of this one."""
        return Trace(_without_unused_words(table), start=self._start_ns, name=self.name)

    def _words(self, column: str) -> pa.DictionaryArray:
        return schema.words_of(self._table.column(column))

    def _offset(self, moment: Moment) -> float:
        if isinstance(moment, str):
            try:
                return times.seconds(moment)
            except TraceError:
                return self._offset_ns(times.to_ns(moment))
        if isinstance(moment, datetime):
            return self._offset_ns(times.to_ns(moment))
        return times.seconds(moment)

    def _offset_ns(self, ns: int) -> float:
        if self._start_ns is None:
            raise TraceError(
                "this trace has no start: give seconds since its beginning, not a time"
            )
        return (ns - self._start_ns) / 1e9


def _numeric(column: schema.Column) -> bool:
    return bool(pa.types.is_floating(column.type) or pa.types.is_integer(column.type))


def _without_unused_words(table: pa.Table) -> pa.Table:
    """Drop words that no row uses, so that `functions` lists only functions with rows."""
    at = table.column_names.index("function")
    words = schema.words_of(table.column(at))
    used = np.zeros(len(words.dictionary), dtype=bool)
    used[words.indices.to_numpy()] = True
    if bool(used.all()):
        return table
    renumbered = (np.cumsum(used) - 1).astype(np.int32)[words.indices.to_numpy()]
    vocabulary = words.dictionary.filter(pa.array(used))
    return table.set_column(
        at, "function", pa.DictionaryArray.from_arrays(pa.array(renumbered), vocabulary)
    )
