"""Dates of HTTP headers (RFC 9110, 5.6.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MONTH = r"(?P<month>[A-Z][a-z]{2})"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"[A-Z][a-z]{{2}}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_CLOCK} GMT",
        rf"[A-Z][a-z]{{5,8}}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_CLOCK} GMT",
        rf"[A-Z][a-z]{{2}} {_MONTH} (?P<day>[ \d]\d) {_CLOCK} (?P<year>\d{{4}})",
    )
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TWO_DIGITS_FROM = 70
"""A year of two digits from here on is of the last century."""


def seconds(text: str) -> float | None:
    """The time that a date means, in seconds of the epoch; ``None`` if it is no HTTP date.

    All three forms are read; a second of 60 is the next minute's first.

    Examples
    --------
    >>> seconds("Sun, 06 Nov 1994 08:49:37 GMT")
    784111777.0
    >>> seconds("Sunday, 06-Nov-94 08:49:37 GMT") == seconds("Sun Nov  6 08:49:37 1994")
    True
    """
    found = next(filter(None, (form.fullmatch(text.strip()) for form in _FORMS)), None)
    if found is None or found["month"] not in _MONTHS:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 1900 if year >= _TWO_DIGITS_FROM else 2000
    second = int(found["second"])
    try:
        whole = datetime(
            year,
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None
    if second > 60:
        return None
    return (whole - _EPOCH).total_seconds() + second


def text(time: float) -> str:
    """A time in seconds of the epoch as HTTP writes it now.

    Examples
    --------
    >>> text(784111777.9)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    at = _EPOCH + timedelta(seconds=int(time // 1))
    # Not strftime: its names follow the user's language.
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} "
        f"{at.hour:02}:{at.minute:02}:{at.second:02} GMT"
    )
