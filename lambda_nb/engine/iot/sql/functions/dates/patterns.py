"""What patterns of Joda-Time and ``java.time`` are made of."""

from __future__ import annotations

from typing import Final, NamedTuple

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip


class Piece(NamedTuple):
    """A run of one letter, such as ``yyyy``; or text to take as it is (``letter`` is empty)."""

    letter: str
    width: int
    text: str = ""


class BadPatternError(ValueError):
    """A pattern that Java would refuse."""


def pieces(pattern: str) -> list[Piece]:
    """Cut a pattern into its pieces; text stands in single quotes, a doubled one is a quote.

    Raises
    ------
    BadPatternError
        A quote is not closed.
    """
    found: list[Piece] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        start = at
        if sign == "'":
            text, at = _quoted(pattern, at)
            found.append(Piece("", 0, text))
        elif sign.isascii() and sign.isalpha():
            while at < len(pattern) and pattern[at] == sign:
                at += 1
            found.append(Piece(sign, at - start))
        else:
            at += 1
            found.append(Piece("", 0, sign))
    return found


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("''", at):
        return "'", at + 2
    text = []
    at += 1
    while at < len(pattern):
        if pattern.startswith("''", at):
            text.append("'")
            at += 2
        elif pattern[at] == "'":
            return "".join(text), at + 1
        else:
            text.append(pattern[at])
            at += 1
    raise BadPatternError(f"a quote is not closed in {pattern!r}")
