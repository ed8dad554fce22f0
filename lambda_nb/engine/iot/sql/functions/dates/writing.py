"""``parse_time``: writes a time by a pattern of Joda-Time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.functions.dates.patterns import (
    MONTHS,
    WEEKDAYS,
    BadPatternError,
    Piece,
    pieces,
)
from lambda_nb.engine.iot.sql.functions.dates.zones import offset_text, short_name, time_zone
from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED, to_int

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MS_OF_SECOND_DIGITS: Final = 3


def write_time(pattern: Any, milliseconds: Any, zone_name: Any = "UTC") -> Any:
    """Write a time of so many milliseconds since 1970 in a time zone.

    Raises
    ------
    EvaluationError
        The pattern asks for a zone's long name, which is known only for UTC.
    """
    form, zone_text = to_text(pattern), to_text(zone_name)
    count = to_int(milliseconds)
    if UNDEFINED in (form, zone_text, count) or (zone := time_zone(zone_text)) is None:
        return UNDEFINED
    try:
        moment = (_EPOCH + timedelta(milliseconds=count)).astimezone(zone)
        return "".join(_written(piece, moment, zone_text) for piece in pieces(form))
    except (OverflowError, BadPatternError):
        return UNDEFINED


def _number(value: int, width: int) -> str:
    return f"{value:0{width}d}"


def _year(value: int, width: int) -> str:
    """Two letters are the last two digits, as in Joda-Time."""
    return _number(value % 100, 2) if width == 2 else _number(value, width)


_FIELDS: Final[dict[str, Callable[[datetime, int], str]]] = {
    "G": lambda _, width: "AD",
    "C": lambda at, width: _number(at.year // 100, width),
    "Y": lambda at, width: _year(at.year, width),
    "y": lambda at, width: _year(at.year, width),
    "x": lambda at, width: _year(at.isocalendar()[0], width),
    "w": lambda at, width: _number(at.isocalendar()[1], width),
    "e": lambda at, width: _number(at.isoweekday(), width),
    "E": lambda at, width: WEEKDAYS[at.weekday()][: None if width >= 4 else 3],
    "D": lambda at, width: _number(at.timetuple().tm_yday, width),
    "d": lambda at, width: _number(at.day, width),
    "a": lambda at, _: "AM" if at.hour < 12 else "PM",
    "K": lambda at, width: _number(at.hour % 12, width),
    "h": lambda at, width: _number(at.hour % 12 or 12, width),
    "H": lambda at, width: _number(at.hour, width),
    "k": lambda at, width: _number(at.hour or 24, width),
    "m": lambda at, width: _number(at.minute, width),
    "s": lambda at, width: _number(at.second, width),
    "S": lambda at, width: _fraction(at, width),
}


def _fraction(at: datetime, width: int) -> str:
    digits = _number(at.microsecond // 1000, _MS_OF_SECOND_DIGITS)
    return digits[:width].ljust(width, "0")


def _written(piece: Piece, at: datetime, zone_name: str) -> str:
    letter, width, text = piece
    if not letter:
        return text
    if letter == "M":
        if width < 3:
            return _number(at.month, width)
        return MONTHS[at.month - 1][: None if width >= 4 else 3]
    if letter == "Z":
        return zone_name if width >= 3 else offset_text(at, colon=width == 2)
    if letter == "z":
        if width < 4:
            return short_name(at)
        if at.tzinfo is timezone.utc:
            return "Coordinated Universal Time"
        raise EvaluationError(
            f"parse_time: long names of time zones ({'z' * width}) are not supported here, except"
            f" UTC's; use z or ZZZ for {zone_name}."
        )
    field = _FIELDS.get(letter)
    if field is None:
        raise BadPatternError(f"{letter} is no letter of Joda-Time's patterns")
    return field(at, width)
