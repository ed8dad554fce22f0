"""Time zones by the names that Joda-Time and Java take."""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

_OFFSET: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?\Z", re.A)
_UTC: Final = frozenset({"UTC", "GMT", "UT", "Z", "Etc/UTC", "Etc/GMT"})
# Java's short names in English; those that stand for more than one zone mean the American one.
_SHORT: Final = {
    "EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago",
    "CDT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "AKST": "America/Anchorage",
    "AKDT": "America/Anchorage", "HST": "Pacific/Honolulu", "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon", "CET": "Europe/Paris", "CEST": "Europe/Paris",
    "EET": "Europe/Athens", "EEST": "Europe/Athens", "MSK": "Europe/Moscow",
    "BST": "Europe/London", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}  # fmt: skip


@functools.lru_cache(maxsize=256)
def time_zone(name: str) -> tzinfo | None:
    """Return a time zone: "UTC", an offset like "+01:00" or "UTC+1", or "Europe/Berlin".

    ``None`` if there is none of that name.
    """
    from zoneinfo import ZoneInfo

    if name in _UTC:
        return timezone.utc
    match = _OFFSET.match(name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60 + int(match[4] or 0)
        if seconds >= 18 * 3600 + 1:  # java.time.ZoneOffset goes up to 18 hours
            return None
        return timezone(timedelta(seconds=-seconds if match[1] == "-" else seconds))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a LookupError
        return None


def zone_by_text(text: str) -> tzinfo | None:
    """Return the zone that a date's text names, by its id or by its short name in English."""
    return time_zone(_SHORT.get(text, text))


def offset_text(moment: datetime, *, colon: bool) -> str:
    """Return a moment's distance from UTC as ``+0100`` or ``+01:00``."""
    offset = moment.utcoffset() or timedelta()
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02d}{':' if colon else ''}{minutes % 60:02d}"


def short_name(moment: datetime) -> str:
    """Return the short name of a moment's zone, such as CST, or its offset if it has none."""
    name = moment.tzname() or ""
    if (name[:3] == "UTC" and len(name) > 3) or not name[:1].isalpha():
        return offset_text(moment, colon=True)
    return name
