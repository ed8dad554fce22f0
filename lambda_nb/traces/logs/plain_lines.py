"""Read the START and REPORT lines of successful invocations in an export, by position.

Nearly every line of an exported log is START, END, REPORT or output of the function, after a time
of 24 characters. If all marks are at their expected positions, the reader needs no pattern.
A line that does not fit exactly goes to :mod:`lambda_nb.traces.logs.report_lines`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]

_TIME = 24  # 2026-11-23T14:00:00.123Z
_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 22]
"""Positions of the digits in a time."""
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
    """What was read by position, and which lines were not.

    ``starts`` and ``reports`` have the columns of :mod:`~lambda_nb.traces.logs.attempts` except
    ``stream``. ``rest`` has the numbers of lines that need a full parse (END lines do not).
    """

    starts: pa.Table
    reports: pa.Table
    rest: Rows


def read(block: bytes, offsets: Rows) -> Plain:
    """Read the lines of a block that can be read by position.

    Parameters
    ----------
    block
        Whole lines.
    offsets
        Where each line begins, and where the last one ends.
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
    """Whether there is a UTC time with milliseconds at each position."""
    fits = np.ones(len(at), dtype=bool)
    for place, mark in ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")):
        fits &= data[at + place] == ord(mark)
    return fits


def _windows(data: Any, at: Rows, width: int) -> Any:
    """``width`` bytes from each position, one row per position."""
    if not len(at):
        return np.zeros((0, width), dtype=np.uint8)
    return np.lib.stride_tricks.sliding_window_view(data, width)[at]


def _stands(data: Any, at: Rows, mark: bytes) -> npt.NDArray[np.bool_]:
    """Whether ``mark`` is at each position (the data must be long enough)."""
    fits: npt.NDArray[np.bool_] = (
        _windows(data, at, len(mark)) == np.frombuffer(mark, dtype=np.uint8)
    ).all(axis=1)
    return fits


def _cut(data: Any, at: Rows, width: int) -> Any:
    """``width`` bytes from each position, as text."""
    offsets = np.arange(0, (len(at) + 1) * width, width, dtype=np.int64)
    wide = _windows(data, at, width)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(wide))]
    return pa.Array.from_buffers(pa.large_string(), len(at), buffers)


def _between(block: bytes, begin: Rows, end: Rows) -> Any:
    """The bytes between two positions of each line; positions must be in order."""
    # Only every second piece of the block is wanted, so only those are copied.
    offsets = np.column_stack([begin, end]).ravel().astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    pieces = pa.Array.from_buffers(pa.large_binary(), max(0, len(offsets) - 1), buffers)
    return pieces.take(pa.array(np.arange(0, len(offsets), 2)))


def _clock(data: Any, at: Rows) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Milliseconds since the epoch, and whether the digits of each are a valid time."""
    wide = _windows(data, at, _TIME)[:, _DIGITS]
    good: npt.NDArray[np.bool_] = ((wide >= ord("0")) & (wide <= ord("9"))).all(axis=1)
    text = _cut(data, at, _TIME - 1)
    if not good.all():
        text = pc.if_else(pa.array(good), text, None)
    try:
        return text.cast(pa.timestamp("ms")).cast(pa.int64()), good
    except pa.ArrowInvalid:  # such as 31 February: the full parse reports it
        return pa.nulls(len(at), pa.int64()), np.zeros(len(at), dtype=bool)


def _starts(data: Any, block: bytes, offsets: Rows, rows: Rows) -> tuple[pa.Table, Rows]:
    id_at = offsets[rows] + _TIME + len(_START)
    version_at = id_at + _ID + len(_VERSION)
    fits = version_at < offsets[rows + 1]
    fits[fits] = _stands(data, id_at[fits] + _ID, _VERSION)
    rows, id_at, version_at = rows[fits], id_at[fits], version_at[fits]
    clock, good = _clock(data, offsets[rows])
    version = pc.ascii_trim_whitespace(_text(_between(block, version_at, offsets[rows + 1])))
    # There are few different versions, so check the dictionary instead of every row.
    words = version.dictionary_encode()
    proper = pc.match_substring_regex(words.dictionary, r"^\S+$").to_numpy(zero_copy_only=False)
    good &= proper[words.indices.to_numpy()] & _one_word(data, id_at)
    table = {"timestamp_ms": clock, "request_id": _cut(data, id_at, _ID), "version": version}
    return pa.table(table).filter(pa.array(good)), rows[good]


def _reports(data: Any, block: bytes, offsets: Rows, rows: Rows) -> tuple[pa.Table, Rows]:
    id_at = offsets[rows] + _TIME + len(_REPORT)
    # Tabs separate the figures; the line end closes the last one.
    cuts = np.append(np.flatnonzero((data == ord("\t")) | (data == ord("\n"))), len(data))
    first = np.searchsorted(cuts, id_at + _ID)
    fits = first + 5 < len(cuts)
    fits[fits] = cuts[first[fits]] == id_at[fits] + _ID
    fits[fits] = cuts[first[fits] + 4] < offsets[rows[fits] + 1]
    rows, id_at, first = rows[fits], id_at[fits], first[fits]
    clock, good = _clock(data, offsets[rows])
    good &= _one_word(data, id_at)
    columns: dict[str, Any] = {"timestamp_ms": clock, "request_id": _cut(data, id_at, _ID)}
    for place, figure in enumerate(_FIGURES[:4]):
        columns[figure[0]] = _figure(data, block, cuts, first + place, figure, good)
    # After the fourth figure comes the line end, or the init phase and the line end.
    line_end = offsets[rows + 1] - 1
    fourth = cuts[first + 4]
    bare = (fourth >= line_end - 1) | (fourth + 1 == line_end)
    fifth = cuts[np.minimum(first + 5, len(cuts) - 1)]
    longer = ~bare & (fifth <= line_end) & (fifth + 1 >= line_end)
    good &= bare | longer
    with_init = good & longer
    init = np.full(len(rows), np.nan)
    some = np.flatnonzero(with_init)
    fine = np.ones(len(some), dtype=bool)
    init[some] = _figure(data, block, cuts, first[some] + 4, _FIGURES[4], fine)
    good[some] &= fine
    columns["init_ms"] = pa.array(init, mask=np.isnan(init))
    return pa.table(columns).filter(pa.array(good)), rows[good]


def _figure(
    data: Any,
    block: bytes,
    cuts: Rows,
    place: Rows,
    figure: tuple[str, str, str, pa.DataType],
    good: npt.NDArray[np.bool_],
) -> Any:
    """The figure after a cut of each line; sets ``good`` to false where there is none."""
    _, prefix, unit, kind = figure
    begin, end = cuts[place] + 1 + len(prefix), cuts[place + 1] - len(unit)
    fits = end > begin
    fits[fits] = _stands(data, cuts[place[fits]] + 1, prefix.encode())
    fits[fits] = _stands(data, end[fits], unit.encode())
    begin, end = np.where(fits, begin, cuts[place]), np.where(fits, end, cuts[place])
    digits = _between(block, begin, end)
    good &= fits
    values = np.zeros(len(place), dtype=kind.to_pandas_dtype())
    if _plain_digits(digits, point=pa.types.is_floating(kind)):
        chosen = digits if fits.all() else digits.filter(pa.array(fits))
        try:
            values[fits] = chosen.cast(pa.large_string()).cast(kind)
        except pa.ArrowInvalid:  # such as 1.2.3: parse the whole block in full
            good[:] = False
    else:
        good[:] = False
    return values


def _plain_digits(digits: Any, *, point: bool) -> bool:
    """Whether all of them have only digits (and points)."""
    if not len(digits):
        return True
    offsets = np.frombuffer(digits.buffers()[1], dtype=np.int64)
    taken = np.frombuffer(digits.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[len(digits)]]
    fine = (taken >= ord("0")) & (taken <= ord("9"))
    if point:
        fine |= taken == ord(".")
    return bool(fine.all())


def _one_word(data: Any, at: Rows) -> npt.NDArray[np.bool_]:
    """Whether the 36 characters of a request id have no blank."""
    word: npt.NDArray[np.bool_] = (_windows(data, at, _ID) > ord(" ")).all(axis=1)
    return word


def _text(binary: Any) -> Any:
    try:
        return binary.cast(pa.large_string())
    except pa.ArrowInvalid:
        shown = [value.decode(errors="replace") for value in binary.to_pylist()]
        return pa.array(shown, pa.large_string())
