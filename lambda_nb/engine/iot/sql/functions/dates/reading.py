"""``time_to_epoch``: reads a time by a pattern of ``java.time.format.DateTimeFormatter``."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.functions.dates.patterns import (
    MONTHS,
    WEEKDAYS,
    BadPatternError,
    Piece,
    pieces,
)
from lambda_nb.engine.iot.sql.functions.dates.zones import time_zone, zone_by_text
from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NOON: Final = 12
_TEXTS: Final = {
    "M": MONTHS, "L": MONTHS, "E": WEEKDAYS, "G": ("AD", "BC"), "a": ("AM", "PM"),
}  # fmt: skip
_NUMERIC: Final = frozenset("yuMLdDHhKkmsSnAN")
# Of Java's letters, what is valid there and not read here.
_NOT_READ: Final = frozenset("YQqwWecFgBpv")
_ZONE_ID: Final = r"[A-Za-z][A-Za-z0-9_/+:\-]*|[+-][0-9:]+"
_OFFSETS: Final = {
    "X": r"Z|[+-][0-9]{2}", "XX": r"Z|[+-][0-9]{4}", "XXX": r"Z|[+-][0-9]{2}:[0-9]{2}",
    "x": r"[+-][0-9]{2}", "xx": r"[+-][0-9]{4}", "xxx": r"[+-][0-9]{2}:[0-9]{2}",
    "Z": r"[+-][0-9]{4}", "ZZ": r"[+-][0-9]{4}", "ZZZ": r"[+-][0-9]{4}",
    "ZZZZZ": r"Z|[+-][0-9]{2}:[0-9]{2}",
    "O": r"GMT(?:[+-][0-9]{1,2}(?::[0-9]{2})?)?",
    "OOOO": r"GMT(?:[+-][0-9]{2}:[0-9]{2})?", "ZZZZ": r"GMT(?:[+-][0-9]{2}:[0-9]{2})?",
}  # fmt: skip


@dataclass(frozen=True)
class _Format:
    """A compiled pattern: what each group of the expression is."""

    expression: re.Pattern[str]
    fields: tuple[Piece, ...]


def read_time(text: Any, pattern: Any) -> Any:
    """Return the milliseconds since 1970 of a time in a text; without a zone it is UTC's.

    Raises
    ------
    EvaluationError
        The pattern has a letter of Java's that is not supported here.
    """
    written, form = to_text(text), to_text(pattern)
    if written is UNDEFINED or form is UNDEFINED or (compiled := _compiled(form)) is None:
        return UNDEFINED
    match = compiled.expression.match(written)
    if match is None:
        return UNDEFINED
    try:
        moment = _moment(compiled.fields, match.groups())
    except (ValueError, OverflowError):
        return UNDEFINED
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Format | None:
    try:
        found = pieces(pattern)
        expression, fields = [], []
        for index, piece in enumerate(found):
            if not piece.letter:
                expression.append(_literal(piece.text))
                continue
            after = found[index + 1] if index + 1 < len(found) else None
            expression.append(f"({_expression(piece, after)})")
            fields.append(piece)
        return _Format(re.compile("".join(expression) + r"\Z", re.ASCII), tuple(fields))
    except (BadPatternError, re.error):
        return None


def _literal(text: str) -> str:
    if text == "[":
        return "(?:"
    if text == "]":
        return ")?"
    if text in "{}#" and len(text) == 1:
        raise BadPatternError(f"{text} is reserved")
    return re.escape(text)


def _is_number(piece: Piece | None) -> bool:
    return piece is not None and (
        piece.letter in _NUMERIC and not (piece.letter in "ML" and piece.width > 2)
    )


def _expression(piece: Piece, after: Piece | None) -> str:
    letter, count, _ = piece
    run = letter * count
    if letter in _NOT_READ:
        raise EvaluationError(f"time_to_epoch: the letter {letter} is not supported here.")
    if (letter in "ML" and count > 2) or letter in "EGa":
        if count > 4:
            raise EvaluationError(f"time_to_epoch: {run} is not supported here.")
        names = _TEXTS[letter]
        return "|".join(name if count == 4 else name[:3] for name in names)
    if letter in "yu":
        if count == 2:
            return "[0-9]{2}"
        fixed = _is_number(after)
        return f"-?[0-9]{{{count}}}" if fixed else f"-?[0-9]{{{count},9}}"
    if _is_number(piece):
        if letter in "SAn" or count > 1:
            return f"[0-9]{{{count}}}" if letter in "SdHhKkmsML" else f"[0-9]{{{count},19}}"
        return "[0-9]{1,19}" if letter in "ANn" else "[0-9]{1,3}"
    if (letter == "V" and count == 2) or (letter == "z" and count < 4):
        return _ZONE_ID
    if run in _OFFSETS:
        return _OFFSETS[run]
    if letter in "VzOXxZ":
        raise EvaluationError(f"time_to_epoch: {run} is not supported here.")
    raise BadPatternError(f"{letter} is no letter of Java's patterns")


def _moment(fields: tuple[Piece, ...], texts: tuple[str | None, ...]) -> datetime:
    """Put a date and a time together; what the pattern leaves out is the beginning."""
    values: dict[str, int] = {}
    zone: tzinfo | None = timezone.utc
    for piece, text in zip(fields, texts, strict=True):
        if text is None:
            continue
        letter = {"L": "M", "u": "y"}.get(piece.letter, piece.letter)
        if letter in "VzOXxZ":
            zone = time_zone(text) if letter == "V" else zone_by_text(text)
            if zone is None:
                raise ValueError(f"no time zone {text}")
        elif letter in _TEXTS and not text.isdigit():
            names = _TEXTS[piece.letter]
            values[letter] = 1 + next(i for i, name in enumerate(names) if name.startswith(text))
        elif letter == "S":
            values["S"] = int(text.ljust(9, "0")[:9])
        else:
            values[letter] = int(text)
            if letter == "y" and piece.width == 2:
                values["y"] += 2000
    return _of_values(values, zone)


def _hour(values: dict[str, int]) -> int:
    if "H" in values:
        return values["H"]
    if "k" in values:
        return values["k"] % 24
    half = _NOON if values.get("a") == 2 else 0
    if "h" in values and not 1 <= values["h"] <= _NOON:
        raise ValueError("no such hour")
    if "K" in values and values["K"] >= _NOON:
        raise ValueError("no such hour")
    return (values["h"] % _NOON if "h" in values else values.get("K", 0)) + half


def _of_values(values: dict[str, int], zone: tzinfo | None) -> datetime:
    if "y" not in values or values.get("G") == 2:
        raise ValueError("no year")
    day = datetime(values["y"], values.get("M", 1), values.get("d", 1), tzinfo=zone)
    if "D" in values:
        day = datetime(values["y"], 1, 1, tzinfo=zone) + timedelta(days=values["D"] - 1)
        if day.year != values["y"] or values["D"] < 1:
            raise ValueError("no such day")
    elif "M" not in values and "d" in values:
        raise ValueError("no month")
    if "E" in values and day.isoweekday() != values["E"]:
        raise ValueError("the weekday is another")
    if "A" in values or "N" in values:
        microseconds = values.get("A", 0) * 1000 + values.get("N", 0) // 1000
        if microseconds >= 86_400_000_000:
            raise ValueError("no such time of day")
        clock = datetime.min + timedelta(microseconds=microseconds)
        return day.replace(
            hour=clock.hour, minute=clock.minute, second=clock.second,
            microsecond=clock.microsecond,
        )  # fmt: skip
    nanoseconds = values.get("S", values.get("n", 0))
    return day.replace(
        hour=_hour(values), minute=values.get("m", 0), second=values.get("s", 0),
        microsecond=nanoseconds // 1000,
    )  # fmt: skip
