"""Functions of numbers. Text is read as a number first; what cannot be one is Undefined."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.operators import modulo, negate
from lambda_nb.engine.iot.sql.values import (
    DIGITS,
    UNDEFINED,
    ceil,
    floor,
    nearest,
    of_float,
    to_number,
)

if TYPE_CHECKING:
    from lambda_nb.engine.iot.sql.scope import Scope

_EXACT: Final = Context(prec=4096, traps=[])


def absolute(value: Any) -> Any:
    """``abs``."""
    number = to_number(value)
    return negate(number) if number is not UNDEFINED and number < 0 else number


def sign(value: Any) -> Any:
    """``sign``: -1, 0 or 1."""
    number = to_number(value)
    if number is UNDEFINED:
        return UNDEFINED
    return (number > 0) - (number < 0)


def _double(calculate: Callable[..., float]) -> Callable[..., Any]:
    """Make a function of double precision; imaginary and infinite results are Undefined."""

    def body(*values: Any) -> Any:
        numbers = [to_number(value) for value in values]
        if UNDEFINED in numbers:
            return UNDEFINED
        try:
            result = calculate(*map(float, numbers))
        except (ArithmeticError, ValueError):
            return UNDEFINED
        return UNDEFINED if isinstance(result, complex) else of_float(result)

    return body


def _bits(calculate: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    def body(left: Any, right: Any) -> Any:
        a, b = floor(left), floor(right)
        if a is UNDEFINED or b is UNDEFINED:
            return UNDEFINED
        return calculate(a, b)

    return body


def bit_not(value: Any) -> Any:
    """``bitnot``: flips the bits that the number has, so that ``bitnot(13)`` is 2."""
    number = floor(value)
    if number is UNDEFINED:
        return UNDEFINED
    if number < 0:
        return ~number
    return number ^ ((1 << max(number.bit_length(), 1)) - 1)


def truncate(value: Any, places: Any) -> Any:
    """``trunc``: cuts after 0 to 34 decimal places and drops zeros at the end."""
    if isinstance(places, str):
        return UNDEFINED
    number, count = to_number(value), floor(places)
    if number is UNDEFINED or count is UNDEFINED:
        return UNDEFINED
    if isinstance(number, int):
        return number
    step = Decimal(1).scaleb(-min(max(count, 0), DIGITS))
    cut: Decimal = number.quantize(step, ROUND_DOWN, _EXACT)
    if cut == cut.to_integral_value(ROUND_DOWN, _EXACT):
        return int(cut)
    return _EXACT.normalize(cut)


def number_or(value: Any, other: Any) -> Any:
    """``nanvl``: the first argument, if it is there and not Null, else the second."""
    return other if value is UNDEFINED or value is None else value


def chance(scope: Scope) -> Any:
    """``rand``: a number from 0 up to but not including 1."""
    return scope.record(lambda: of_float(random.random()))


NUMBERS: Final[dict[str, Function]] = {
    "abs": of(absolute, 1),
    "acos": of(_double(math.acos), 1),
    "asin": of(_double(math.asin), 1),
    "atan": of(_double(math.atan), 1),
    "atan2": of(_double(math.atan2), 2),
    "bitand": of(_bits(lambda a, b: a & b), 2),
    "bitnot": of(bit_not, 1),
    "bitor": of(_bits(lambda a, b: a | b), 2),
    "bitxor": of(_bits(lambda a, b: a ^ b), 2),
    "ceil": of(ceil, 1),
    "cos": of(_double(math.cos), 1),
    "cosh": of(_double(math.cosh), 1),
    "exp": of(_double(math.exp), 1),
    "floor": of(floor, 1),
    "ln": of(_double(math.log), 1),
    "log": of(_double(math.log10), 1),
    "mod": of(modulo, 2),
    "nanvl": of(number_or, 2),
    "power": of(_double(lambda base, exponent: base**exponent), 2),
    "rand": of(chance, 0, of_message=True),
    "remainder": of(modulo, 2),
    "round": of(nearest, 1),
    "sign": of(sign, 1),
    "sin": of(_double(math.sin), 1),
    "sinh": of(_double(math.sinh), 1),
    "sqrt": of(_double(math.sqrt), 1),
    "tan": of(_double(math.tan), 1),
    "tanh": of(_double(math.tanh), 1),
    "trunc": of(truncate, 2),
}
