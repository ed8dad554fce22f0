"""START and REPORT lines as a healthy invocation leaves them in an export, read by position.

Nearly every line of an exported log is one of four: what the function prints, START, END and
REPORT, behind a time of 24 characters. Where the marks stand at their places no pattern is needed;
a line in which anything is out of place is left to :mod:`lambda_nb.traces.report_lines`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]

_TIME = 24  # 2026-11-23T14:00:00.123Z
_ID = 36  # a UUID
_START = b" START RequestId: "
_REPORT = b" REPORT RequestId: "
_END = b" END RequestId: "
_VERSION = b" Version: "
_FIGURES = (
    ("duration_ms", "Duration: ", " ms", pa.float64()),
    ("billed_ms", "Billed Duration: ", " ms", pa.int64()),
    ("memory_mb", "Memory Size: ", " MB", pa.int32()),
    ("max_memory_mb", "Max Memory Used: ", " MB", pa.int32()),
    ("init_ms", "Init Duration: ", " ms", pa.float64()),
)


class Plain(NamedTuple):
    """What was read of some lines.

    ``starts`` and ``reports`` have the columns of :mod:`lambda_nb.traces.attempts` but ``stream``;
    ``rest`` are the numbers of the lines that need a closer look (END lines do not).
    """

    starts: pa.Table
    reports: pa.Table
    rest: Rows


def read(block: bytes, offsets: Rows) -> Plain:
    """Read what lines of a block can be read by position.

    Parameters
    ----------
    block
        Whole lines.
    offsets
        Where each begins, and where the last one ends.
    """
    data = np.frombuffer(block, dtype=np.uint8)
    begin, length = offsets[:-1], np.diff(offsets)
    timed = length > _TIME + len(_END) + _ID
    timed[timed] = _marks(data, begin[timed])
    start, report = np.zeros_like(timed), np.zeros_like(timed)
    end = np.zeros_like(timed)
    rows = np.flatnonzero(timed)
    for found, mark in ((start, _START), (report, _REPORT), (end, _END)):
        found[rows] = _stands(data, begin[rows] + _TIME, mark)
    starts, read_starts = _starts(data, block, offsets, np.flatnonzero(start))
    reports, read_reports = _reports(data, block, offsets, np.flatnonzero(report))
    done = end
    done[read_starts] = done[read_reports] = True
    return Plain(starts, reports, np.flatnonzero(~done))


def _marks(data: Any, at: Rows) -> npt.NDArray[np.bool_]:
    """Whether a time in UTC with milliseconds stands there."""
    fits = np.ones(len(at), dtype=bool)
    for place, mark in ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")):
        fits &= data[at + place] == ord(mark)
    return fits


def _stands(data: Any, at: Rows, mark: bytes) -> npt.NDArray[np.bool_]:
    fits = np.ones(len(at), dtype=bool)
    for place, byte in enumerate(mark):
        fits &= data[at + place] == byte
    return fits


def _cut(data: Any, at: Rows, width: int) -> Any:
    """The same number of bytes from each place, as text."""
    wide = data[at[:, None] + np.arange(width)]
    offsets = np.arange(0, (len(at) + 1) * width, width, dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(wide.tobytes())]
    return pa.Array.from_buffers(pa.large_string(), len(at), buffers)


def _words(data: Any, at: Rows) -> Any:
    """Whether no blank stands within the 36 characters of a request id."""
    return pa.array((data[at[:, None] + np.arange(_ID)] > ord(" ")).all(axis=1))


def _lines(block: bytes, begin: Rows, end: Rows) -> Any:
    """What stands between two places of each line, as bytes."""
    sizes = end - begin
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    index = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], sizes)
    picked = np.frombuffer(block, dtype=np.uint8)[index]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(picked.tobytes())]
    return pa.Array.from_buffers(pa.large_binary(), len(begin), buffers)


def _clock(data: Any, at: Rows) -> Any:
    """Milliseconds since the epoch; null where the digits are no time."""
    text = _cut(data, at, _TIME - 1)
    shape = pc.match_substring_regex(text, r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}$")
    if not pc.all(shape).as_py():
        text = pc.if_else(shape, text, None)
    try:
        return text.cast(pa.timestamp("ms")).cast(pa.int64())
    except pa.ArrowInvalid:  # the 31st of February: a closer look says so
        return pa.nulls(len(at), pa.int64())


def _starts(data: Any, block: bytes, offsets: Rows, rows: Rows) -> tuple[pa.Table, Rows]:
    id_at = offsets[rows] + _TIME + len(_START)
    version_at = id_at + _ID + len(_VERSION)
    fits = version_at < offsets[rows + 1]
    fits[fits] = _stands(data, id_at[fits] + _ID, _VERSION)
    rows, id_at, version_at = rows[fits], id_at[fits], version_at[fits]
    words = _lines(block, version_at, offsets[rows + 1])
    table = pa.table(
        {
            "timestamp_ms": _clock(data, offsets[rows]),
            "request_id": _cut(data, id_at, _ID),
            "version": pc.ascii_trim_whitespace(_text(words)),
        }
    )
    one_word = pc.match_substring_regex(table.column("version"), r"^\S+$")
    good = pc.and_(one_word, table.column("timestamp_ms").is_valid())
    return _only(table, rows, pc.and_(good, _words(data, id_at)))


def _reports(data: Any, block: bytes, offsets: Rows, rows: Rows) -> tuple[pa.Table, Rows]:
    id_at = offsets[rows] + _TIME + len(_REPORT)
    fits = id_at + _ID < offsets[rows + 1]
    fits[fits] = data[id_at[fits] + _ID] == ord("\t")
    rows, id_at = rows[fits], id_at[fits]
    figures = pc.split_pattern(
        pc.ascii_rtrim_whitespace(_text(_lines(block, id_at + _ID + 1, offsets[rows + 1]))), "\t"
    )
    count = pc.list_value_length(figures)
    columns: dict[str, Any] = {
        "timestamp_ms": _clock(data, offsets[rows]),
        "request_id": _cut(data, id_at, _ID),
    }
    whole = pc.and_(columns["timestamp_ms"].is_valid(), _words(data, id_at))
    whole = pc.and_(whole, pc.is_in(count, pa.array([4, 5], count.type)))
    padded = pc.list_slice(figures, 0, 5, return_fixed_size_list=True)
    flat = padded.flatten()
    for place, (name, prefix, unit, kind) in enumerate(_FIGURES):
        text = flat.take(pa.array(np.arange(place, 5 * len(rows), 5)))
        digits = pc.utf8_slice_codeunits(text, len(prefix), -len(unit))
        proper = pc.and_(pc.starts_with(text, prefix), pc.ends_with(text, unit))
        number = r"^\d+(\.\d+)?$" if pa.types.is_floating(kind) else r"^\d+$"
        proper = pc.and_(proper, pc.match_substring_regex(digits, number))
        if name == "init_ms":
            proper = pc.fill_null(proper, fill_value=True)
        whole = pc.and_(whole, pc.fill_null(proper, fill_value=False))
        columns[name] = pc.if_else(pc.fill_null(proper, fill_value=False), digits, None).cast(kind)
    return _only(pa.table(columns), rows, whole)


def _text(binary: Any) -> Any:
    try:
        return binary.cast(pa.large_string())
    except pa.ArrowInvalid:
        shown = [value.decode(errors="replace") for value in binary.to_pylist()]
        return pa.array(shown, pa.large_string())


def _only(table: pa.Table, rows: Rows, good: Any) -> tuple[pa.Table, Rows]:
    chosen = np.asarray(good)
    return table.filter(pa.array(chosen)), rows[chosen]
