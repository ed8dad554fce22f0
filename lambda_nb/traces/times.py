"""Convert between clock times and the seconds of a trace.

A trace counts float64 seconds from its ``start``, a UTC time on a whole second. The conversion
subtracts integer nanoseconds first and divides once. So within 24 days of ``start`` (2**21 s;
floats there are 0.23 ns apart), different nanoseconds stay different, in order and exactly
recoverable; microseconds do for centuries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces.schema import Floats, TraceError, Where, floats, one_chunk, row

NS = 1_000_000_000
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_NS_OF_UNIT = {"s": NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FRACTION = re.compile(r"\.(\d+)")
_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_LOOKS_LIKE_EPOCH_S = 3e8
"""Seconds (9.5 years): no trace is that long, so a later first arrival is Unix time."""


def since_start(
    ns: Sequence[int] | npt.NDArray[np.int64], start_ns: int | None = None
) -> tuple[Floats, int]:
    """Convert epoch nanoseconds to seconds since a start; also return that start (epoch ns).

    Without ``start_ns`` the start is the earliest time, rounded down to a whole second.
    """
    times = np.asarray(ns, dtype=np.int64)
    if start_ns is None:
        start_ns = int(times.min()) // NS * NS if len(times) else 0
    return (times - start_ns) / 1e9, start_ns


def to_datetime(ns: int) -> datetime:
    """Epoch nanoseconds as a UTC datetime, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def from_iso(text: str) -> datetime:
    """A datetime from ISO 8601 text, with a zone if it has one, cut to microseconds.

    Raises
    ------
    ValueError
        The text is not such a time.
    """
    # Python 3.10 needs three or six digits after the second, and a colon in the zone.
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return datetime.fromisoformat(_ZONE.sub(r"\1:\2", text.replace("Z", "+00:00")))


def to_ns(when: datetime | str) -> int:
    """Epoch nanoseconds of a zoned datetime or ISO 8601 text.

    Raises
    ------
    TraceError
        The time has no zone, or is not ISO 8601.
    """
    if isinstance(when, str):
        try:
            when = from_iso(when)
        except ValueError:
            raise TraceError(
                f"{when!r} is not an ISO 8601 time, such as 2026-11-23T14:00Z"
            ) from None
    if when.tzinfo is None:
        raise TraceError(
            f"{when.isoformat()} has no time zone: add one, for example tzinfo=UTC or Z"
        )
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000


def seconds(span: float | timedelta | str) -> float:
    """Seconds from a number (of seconds), a timedelta, or text: ``"90s"``, ``"5min"``, ``"1d"``."""
    if isinstance(span, timedelta):
        return span.total_seconds()
    if isinstance(span, str):
        import pandas as pd

        try:
            # pandas will drop the lower-case d for days, which is the usual form.
            return float(pd.Timedelta(re.sub(r"(?<=\d)\s*d\b", "D", span)).total_seconds())
        except ValueError:
            raise TraceError(
                f"{span!r} is not a length of time: give seconds, or text such as '90s' or '2h'"
            ) from None
    return float(span)


def arrivals(
    column: Any,
    *,
    unit: str = "s",
    start: datetime | str | None = None,
    tz: str | None = None,
    where: Where = row,
) -> tuple[Floats, int | None]:
    """Read a column of arrival times of any kind.

    Parameters
    ----------
    column : Arrow array
        Timestamps, ISO 8601 text, or numbers.
    unit : {"s", "ms", "us", "ns"}
        Unit of numbers.
    start : datetime, ISO 8601 text, ``"epoch"`` or None
        What numbers count from. ``"epoch"``: 1970-01-01 UTC.
    tz : str, optional
        Zone of timestamps that have none, for example ``"Europe/Berlin"``.

    Returns
    -------
    arrival : float64 array, s since start (NaN where unknown)
    start_ns : int or None
        Epoch nanoseconds of the start; None if it is not known.
    """
    if unit not in UNITS:
        raise TraceError(f"unit {unit!r} is unknown: use one of {', '.join(UNITS)}")
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = _from_text(column, where)
        kind = column.type
    if pa.types.is_timestamp(kind):
        return _from_clock(_in_utc(column, tz, where), start)
    if start == "epoch":
        return _from_clock(_epoch_numbers(column, unit), None)
    values = floats(column) * UNITS[unit]
    first = float(np.nanmin(values)) if bool(np.any(~np.isnan(values))) else 0.0
    if first > _LOOKS_LIKE_EPOCH_S:
        raise TraceError(
            f"arrivals begin at {first:.6f} s, which is Unix time or a wrong unit: "
            "say start='epoch', or unit='ms', 'us' or 'ns'"
        )
    return values, None if start is None else to_ns(start)


def _from_clock(ns: Any, start: datetime | str | None) -> tuple[Floats, int | None]:
    known = ns.drop_null().to_numpy() if ns.null_count else ns.to_numpy()
    start_ns = None if start is None or start == "epoch" else to_ns(start)
    if not len(known):
        return np.full(len(ns), np.nan), start_ns
    relative, start_ns = since_start(known, start_ns)
    if not ns.null_count:
        return relative, start_ns
    values = np.full(len(ns), np.nan)
    values[np.asarray(ns.is_valid().to_numpy(zero_copy_only=False))] = relative
    return values, start_ns


def _epoch_numbers(column: Any, unit: str) -> Any:
    array = one_chunk(column)
    if pa.types.is_integer(array.type):
        return pc.multiply(array.cast(pa.int64()), _NS_OF_UNIT[unit])
    values = floats(array)
    whole = np.floor(values)
    # Convert whole units and the fraction separately: one product would be exact to 256 ns only.
    factor = _NS_OF_UNIT[unit]
    known = ~np.isnan(values)
    ns = np.zeros(len(values), dtype=np.int64)
    ns[known] = whole[known].astype(np.int64) * factor + np.rint(
        (values[known] - whole[known]) * factor
    ).astype(np.int64)
    return pa.array(ns, mask=~known)


def _in_utc(column: Any, tz: str | None, where: Where) -> Any:
    array = one_chunk(column)
    if array.type.tz is None:
        if tz is None:
            first = array[0].as_py() if len(array) else None
            raise TraceError(
                f"{where(0)}: arrival {first} carries no time zone: say which with tz='UTC' "
                "(or the zone of its clock)"
            )
        try:
            array = pc.assume_timezone(array, tz)
        except pa.ArrowInvalid as error:
            raise TraceError(f"arrivals cannot be read as times in {tz}: {error}") from None
    return array.cast(pa.timestamp("ns", "UTC"), safe=True).cast(pa.int64())


def _from_text(column: Any, where: Where) -> Any:
    array = one_chunk(column)
    number = pc.match_substring_regex(array, _NUMBER)
    if pc.any(number).as_py():
        at = int(pc.index(number, False).as_py())
        if at < 0:
            return array.cast(pa.float64())
        raise TraceError(
            f"{where(at)}: arrival {array[at].as_py()!r} is not a number as others are"
        )
    zoned = pc.match_substring_regex(array, r"(Z|[+-]\d\d:?\d\d)\s*$")
    kinds = pc.unique(zoned.drop_null())
    if len(kinds) > 1:
        first = zoned.drop_null()[0].as_py()
        at = int(pc.index(zoned, not first).as_py())
        other = int(pc.index(zoned, first).as_py())
        raise TraceError(
            f"mixed time zones: {where(other)} is {array[other].as_py()!r} and {where(at)} is "
            f"{array[at].as_py()!r}; give all of them a zone, or none and say tz="
        )
    wanted = pa.timestamp("ns", "UTC") if len(kinds) and kinds[0].as_py() else pa.timestamp("ns")
    try:
        return array.cast(wanted)
    except pa.ArrowInvalid:
        for i, value in enumerate(array):
            try:
                pa.array([value.as_py()]).cast(wanted)
            except pa.ArrowInvalid:
                raise TraceError(
                    f"{where(i)}: arrival {value.as_py()!r} is neither a number nor an ISO 8601 "
                    "time"
                ) from None
        raise


def clock(arrival: Floats, start_ns: int | None) -> pa.Array:
    """Arrivals (s since a start, in epoch nanoseconds) as UTC timestamps in nanoseconds.

    Raises
    ------
    TraceError
        There is no start.
    """
    if start_ns is None:
        raise TraceError("this trace has no start: its arrivals are on no clock")
    ns = np.rint(arrival * 1e9).astype(np.int64) + start_ns
    return pa.array(ns).cast(pa.timestamp("ns", "UTC"))
