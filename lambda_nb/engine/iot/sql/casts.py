"""``cast(value AS type)`` (developer guide, iot-sql-functions, "cast()")."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.values import (
    UNDEFINED,
    floor,
    integral_as_int,
    of_float,
    to_boolean,
    to_number,
)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else to_number(value)


def to_int(value: Any) -> Any:
    """Cast to Int: rounded down, true is 1."""
    return floor(_number(value))


def to_decimal(value: Any) -> Any:
    """Cast to Decimal, which SQL 2016-03-23 has only for numbers that are not whole."""
    number = _number(value)
    return integral_as_int(number) if isinstance(number, Decimal) else number


def to_double(value: Any) -> Any:
    """Cast to a Decimal with double precision."""
    number = _number(value)
    if number is UNDEFINED or isinstance(number, int):
        return number
    return of_float(float(number))


def to_truth(value: Any) -> Any:
    """Cast to Boolean: 0 is false, other numbers are true."""
    if type(value) is int or type(value) is Decimal:
        return value != 0
    return to_boolean(value)


_TEXTS: Final = dict.fromkeys(("string", "nvarchar", "text", "ntext", "varchar"), to_text)
CASTS: Final[dict[str, Callable[[Any], Any]]] = {
    **_TEXTS,
    "int": to_int,
    "integer": to_int,
    "double": to_double,
    "decimal": to_decimal,
    "bool": to_truth,
    "boolean": to_truth,
}
"""What a value becomes, by the type's name."""

NEWER_CASTS: Final = frozenset({"decimal", "bool", "boolean"})
"""Types that need SQL version 2016-03-23."""
