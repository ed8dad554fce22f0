"""JSON as IoT SQL reads and writes it: numbers exact, text compact."""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.values import ARITHMETIC, DIGITS, UNDEFINED, integral_as_int

_COMPACT: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
)
# What malformed JSON raises, that of too many levels and of senseless exponents included.
UNREADABLE: Final = (ValueError, ArithmeticError, RecursionError)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _decimal(text: str) -> Any:
    """Read a number with a point or an exponent, with at most 34 digits."""
    number = Decimal(text)
    if len(text) > DIGITS:
        rounded = ARITHMETIC.create_decimal(text)
        return rounded if rounded.is_finite() else number
    return number


def _decimal_or_int(text: str) -> Any:
    return integral_as_int(_decimal(text))


_KEEPING: Final = json.JSONDecoder(parse_float=_decimal, parse_constant=_refuse_constant)
_NORMALIZING: Final = json.JSONDecoder(parse_float=_decimal_or_int, parse_constant=_refuse_constant)


def read(text: str | bytes, *, whole_as_int: bool = True) -> Any:
    """Read a JSON document.

    Parameters
    ----------
    text
        The document; bytes are UTF-8.
    whole_as_int
        Whether 10.0 becomes the Int 10, as SQL 2016-03-23 has it.

    Raises
    ------
    ValueError, ArithmeticError, RecursionError
        It is not JSON (``UNREADABLE``).
    """
    if isinstance(text, bytes):
        text = text.decode()
    return (_NORMALIZING if whole_as_int else _KEEPING).decode(text)


def write(value: Any) -> str:
    """Write a value as compact JSON; members and items that are Undefined are left out."""
    try:
        try:
            return _COMPACT.encode(value)
        except TypeError:  # there are Decimals in it
            pieces: list[str] = []
            _write(value, pieces.append)
            return "".join(pieces)
    except RecursionError:
        raise EvaluationError("A value is nested too deeply to be written as JSON.") from None


def _write(value: Any, put: Any) -> None:
    kind = type(value)
    if kind is str:
        put(encode_basestring(value))
    elif kind is dict:
        before = "{"
        for name, inner in value.items():
            if inner is UNDEFINED:
                continue
            put(before)
            put(encode_basestring(name))
            put(":")
            _write(inner, put)
            before = ","
        put("{}" if before == "{" else "}")
    elif kind is list:
        before = "["
        for inner in value:
            if inner is UNDEFINED:
                continue
            put(before)
            _write(inner, put)
            before = ","
        put("[]" if before == "[" else "]")
    elif kind is bool:
        put("true" if value else "false")
    elif value is None:
        put("null")
    else:
        put(str(value))


def to_text(value: Any) -> Any:
    """Convert to String (iot-sql-data-types, "To string"); Null and Undefined are Undefined."""
    kind = type(value)
    if kind is str:
        return value
    if kind is int or kind is Decimal:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is dict or kind is list:
        return write(value)
    return UNDEFINED


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8; half a surrogate pair becomes a question mark, as in Java."""
    return text.encode("utf-8", "replace")


def to_payload(value: Any) -> bytes:
    """Return the bytes that an action sends for a query's answer.

    Parameters
    ----------
    value
        What ``Query.evaluate`` returned, if it was not ``NO_MATCH``. Bytes stay as they are,
        Undefined is empty, all else is compact JSON in UTF-8.

    Raises
    ------
    EvaluationError
        It is nested too deeply.
    """
    if isinstance(value, bytes):
        return value
    if value is UNDEFINED:
        return b""
    return to_bytes(write(value))
