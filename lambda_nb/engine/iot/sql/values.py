"""The values of IoT SQL and how one type becomes another (developer guide, iot-sql-data-types).

Int is ``int``, Decimal is ``decimal.Decimal``, String ``str``, Boolean ``bool``, Array ``list``,
Object ``dict``, Null ``None`` and Undefined ``UNDEFINED``. A payload that is not JSON is ``bytes``.
"""

from __future__ import annotations

import enum
import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

DIGITS: Final = 34
"""Precision of Int and Decimal (iot-sql-data-types)."""
LARGEST_EXPONENT: Final = 999
"""Numbers go from 1E-999 to 9.99...E999 (iot-sql-data-types)."""
INT_LIMIT: Final = 10**DIGITS

# Nothing is trapped: a result that is no number of SQL becomes Undefined in `checked`.
ARITHMETIC: Final = Context(
    prec=DIGITS, Emin=-LARGEST_EXPONENT, Emax=LARGEST_EXPONENT, clamp=0, traps=[]
)
# Wide enough to cut any number at its decimal point exactly.
_EXACT: Final = Context(prec=4 * LARGEST_EXPONENT, traps=[])
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee]-?[0-9]+)?\Z")


class Nothing(enum.Enum):
    """What is not a value."""

    UNDEFINED = "Undefined"
    NO_MATCH = "no match"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Nothing.UNDEFINED
"""SQL's Undefined: an attribute that is not there, or a function of arguments it cannot take."""
NO_MATCH: Final = Nothing.NO_MATCH
"""What a query answers if its WHERE is not true: the rule's actions do not run."""


def checked(number: Decimal) -> Any:
    """Return a result of arithmetic: too small is 0, infinite or not a number is Undefined."""
    if not number.is_finite():
        return UNDEFINED
    return number if number.adjusted() >= -LARGEST_EXPONENT or not number else Decimal(0)


def whole(number: int) -> Any:
    """Return an Int, as a rounded Decimal where it has more than 34 digits."""
    if -INT_LIMIT < number < INT_LIMIT:
        return number
    return checked(ARITHMETIC.create_decimal(number))


def of_float(number: float) -> Any:
    """Return a result of double precision as a Decimal; infinite and not a number are Undefined."""
    return checked(ARITHMETIC.create_decimal(repr(number)))


def integral_as_int(number: Decimal) -> Any:
    """Return a Decimal, as an Int if it is whole: how SQL 2016-03-23 takes numbers like 10.0."""
    if not number.is_finite() or number.adjusted() >= DIGITS:
        return number
    integer = int(number)
    return integer if integer == number else number


def to_number(value: Any) -> Any:
    """Return an Int or Decimal as it is, a String as a Decimal if it reads as one.

    A Decimal of a message may be larger than any of SQL's: then it is none, as in arithmetic. As an
    Int it would have so many digits that the engine stood still.
    """
    kind = type(value)
    if kind is int:
        return value
    if kind is Decimal:
        return value if value.adjusted() <= LARGEST_EXPONENT else UNDEFINED
    if kind is str and _DECIMAL.match(value):
        return checked(ARITHMETIC.create_decimal(value))
    return UNDEFINED


def floor(value: Any) -> Any:
    """Return the greatest Int that is not above a value; a String is read as a Decimal."""
    return _rounded(to_number(value), ROUND_FLOOR)


def ceil(value: Any) -> Any:
    """Return the least Int that is not below a value; a String is read as a Decimal."""
    return _rounded(to_number(value), ROUND_CEILING)


def nearest(value: Any) -> Any:
    """Return the nearest Int, away from zero if there are two; a String is read as a Decimal."""
    return _rounded(to_number(value), ROUND_HALF_UP)


def to_int(value: Any) -> Any:
    """Convert to Int: a Decimal is rounded to the nearest, a String's decimal places are cut."""
    number = to_number(value)
    return _rounded(number, ROUND_DOWN if isinstance(value, str) else ROUND_HALF_UP)


def _rounded(number: Any, rounding: str) -> Any:
    if isinstance(number, Decimal):
        return int(number.to_integral_value(rounding, _EXACT))
    return number


def to_boolean(value: Any) -> Any:
    """Convert to Boolean: only Booleans and the Strings "true" and "false" are ones."""
    if value is True or value is False:
        return value
    if isinstance(value, str):
        lowered = value.lower()
        if lowered == "true":
            return True
        if lowered == "false":
            return False
    return UNDEFINED


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same: numbers by their size, others only within a type."""
    a, b = type(left), type(right)
    if a is b:
        if a is dict:
            return left.keys() == right.keys() and all(
                equal(value, right[name]) for name, value in left.items()
            )
        if a is list:
            return len(left) == len(right) and all(map(equal, left, right))
        return bool(left == right)
    if (a is int or a is Decimal) and (b is int or b is Decimal):
        return bool(left == right)
    return False
