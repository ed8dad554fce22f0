"""The operators of IoT SQL on values (developer guide, iot-sql-operators)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.values import (
    ARITHMETIC,
    UNDEFINED,
    checked,
    equal,
    to_boolean,
    to_number,
    whole,
)


def add(left: Any, right: Any) -> Any:
    """``+``: joins texts if one side is a String, else adds numbers."""
    a, b = type(left), type(right)
    if a is int and b is int:
        return whole(left + right)
    if a is str or b is str:
        first, second = to_text(left), to_text(right)
        return UNDEFINED if first is UNDEFINED or second is UNDEFINED else first + second
    if (a is int or a is Decimal) and (b is int or b is Decimal):
        return checked(ARITHMETIC.add(left, right))
    return UNDEFINED


def _arithmetic(
    of_ints: Callable[[int, int], Any], of_decimals: Callable[[Any, Any], Decimal]
) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        if type(left) is int and type(right) is int:
            return of_ints(left, right)
        first, second = to_number(left), to_number(right)
        if first is UNDEFINED or second is UNDEFINED:
            return UNDEFINED
        return checked(of_decimals(first, second))

    return calculate


def _quotient(left: int, right: int) -> Any:
    """Divide Ints: the result is an Int, cut towards zero."""
    if right == 0:
        return UNDEFINED
    size = abs(left) // abs(right)
    return whole(size if (left < 0) is (right < 0) else -size)


def _remainder(left: int, right: int) -> Any:
    """Return what division leaves, with the sign of the dividend."""
    if right == 0:
        return UNDEFINED
    size = abs(left) % abs(right)
    return whole(-size if left < 0 else size)


subtract: Final = _arithmetic(lambda a, b: whole(a - b), ARITHMETIC.subtract)
multiply: Final = _arithmetic(lambda a, b: whole(a * b), ARITHMETIC.multiply)
divide: Final = _arithmetic(_quotient, ARITHMETIC.divide)
modulo: Final = _arithmetic(_remainder, ARITHMETIC.remainder)


def negate(value: Any) -> Any:
    """``-x``; a String is read as a Decimal."""
    number = to_number(value)
    if number is UNDEFINED:
        return UNDEFINED
    return -number if isinstance(number, int) else checked(ARITHMETIC.minus(number))


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def answer(left: Any, right: Any) -> Any:
        first, second = to_number(left), to_number(right)
        if first is UNDEFINED or second is UNDEFINED:
            return UNDEFINED
        return compare(first, second)

    return answer


def equals(left: Any, right: Any) -> Any:
    """``=``: Undefined if one side is, false for two types."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return equal(left, right)


def differs(left: Any, right: Any) -> Any:
    """``<>``: Undefined if one side is, true for two types."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return not equal(left, right)


def is_in(value: Any, items: Any) -> Any:
    """``IN``: whether an array has an item that equals a value."""
    if value is UNDEFINED or not isinstance(items, list):
        return UNDEFINED
    return any(equal(value, item) for item in items)


def negation(value: Any) -> Any:
    """``NOT``."""
    truth = to_boolean(value)
    return UNDEFINED if truth is UNDEFINED else not truth


OF_TWO: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "=": equals,
    "<>": differs,
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
    "IN": is_in,
}
OF_ONE: Final[dict[str, Callable[[Any], Any]]] = {
    "-": negate,
    "+": to_number,
    "NOT": negation,
}
# Comparisons of two Ints or two Decimals need no conversion.
COMPARES: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
