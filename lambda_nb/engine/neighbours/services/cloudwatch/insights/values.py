"""How the query language compares and calculates."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import Moment, shown


def number(value: Any) -> float | None:
    """A value as a number; ``None`` if it is none."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) else None
    return None


def text(value: Any) -> str:
    """A value as text."""
    return value if isinstance(value, str) else shown(value)


def is_true(value: Any) -> bool:
    """Whether a condition holds."""
    return bool(value) and value != "false"


def equal(a: Any, b: Any) -> bool:
    """Whether two values are the same, as numbers or as text."""
    if a is None or b is None:
        return False
    if a == b:
        return True
    first, second = number(a), number(b)
    if first is not None and second is not None:
        return first == second
    return text(a) == text(b)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(a: Any, b: Any) -> bool:
        if a is None or b is None:
            return False
        first, second = number(a), number(b)
        if first is not None and second is not None:
            return compare(first, second)
        return compare(text(a), text(b))

    return test


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": equal,
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "^": operator.pow,
}


def calculated(sign: str, a: Any, b: Any) -> float | None:
    """An operator's value; ``None`` where there is no number."""
    first, second = number(a), number(b)
    if first is None or second is None:
        return None
    try:
        found = _OPERATORS[sign](first, second)
    except (ArithmeticError, ValueError):
        return None
    return None if isinstance(found, complex) else float(found)


_UNITS_MS = {
    "ms": 1, "msec": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000,
    "hr": 3_600_000, "d": 86_400_000, "w": 604_800_000, "mo": 2_592_000_000, "q": 7_776_000_000,
    "y": 31_536_000_000,
}  # fmt: skip
_DURATION = re.compile(r"(\d+)([a-z]+)")


def duration_ms(source: str) -> int:
    """Milliseconds of ``5m``."""
    found = _DURATION.fullmatch(source)
    if found is None:
        raise ValueError(f"{source} is no duration")
    return int(found[1]) * _UNITS_MS[found[2]]


def floor(at: Any, every_ms: int) -> Moment | None:
    """A time rounded down."""
    ms = number(at)
    return None if ms is None else Moment(int(ms // every_ms) * every_ms)


def order(value: Any) -> tuple[int, Any]:
    """A key that sorts numbers before text."""
    found = number(value)
    if found is not None:
        return 0, found
    return (2, "") if value is None else (1, text(value))
