"""JSON of events, read strictly: what any target can read again.

Python's own reader also takes NaN, numbers that are too large, and halves of characters.
"""

from __future__ import annotations

import json
import math
from typing import Any

MOST_DEPTH = 200
"""Objects and arrays in one another. AWS does not say how many it takes."""


def parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises
    ------
    ValueError
        It is no JSON, or not such as can be sent on.

    Examples
    --------
    >>> parsed('{"n": 1.5}')
    {'n': 1.5}
    >>> for text in ('{"n": NaN}', '{"n": 1e999}', '"\\\\ud800"', "[" * 300 + "]" * 300):
    ...     try:
    ...         parsed(text)
    ...     except ValueError as error:
    ...         print(error)
    NaN is no number of JSON
    1e999 is too large a number
    the text has half of a surrogate pair
    the value is nested more than 200 deep
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    # Few texts have so many brackets, so few are looked at.
    if text.count("{") + text.count("[") > MOST_DEPTH and _is_deep(value):
        raise ValueError(_TOO_DEEP)
    if not is_text(text) or ("\\u" in text and not is_text(json.dumps(value, ensure_ascii=False))):
        raise ValueError("the text has half of a surrogate pair")
    return value


_TOO_DEEP = f"the value is nested more than {MOST_DEPTH} deep"


def is_text(text: str) -> bool:
    """Whether a text can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
