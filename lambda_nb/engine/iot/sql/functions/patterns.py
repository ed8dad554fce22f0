"""Functions of regular expressions."""

from __future__ import annotations

import re
from typing import Any, Final

from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.functions.java_patterns import compiled, replacement
from lambda_nb.engine.iot.sql.functions.time_bound import bounded
from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED


def matches(value: Any, pattern: Any) -> Any:
    """``regexp_matches``: whether a text contains a match."""
    text, expression = to_text(value), to_text(pattern)
    if text is UNDEFINED or expression is UNDEFINED or (found := compiled(expression)) is None:
        return UNDEFINED
    return bounded(lambda: found.search(text), expression) is not None


def first_match(value: Any, pattern: Any) -> Any:
    """``regexp_substr``: the first match; Undefined if there is none."""
    text, expression = to_text(value), to_text(pattern)
    if text is UNDEFINED or expression is UNDEFINED or (found := compiled(expression)) is None:
        return UNDEFINED
    match = bounded(lambda: found.search(text), expression)
    return UNDEFINED if match is None else match[0]


def replaced(value: Any, pattern: Any, by: Any) -> Any:
    """``regexp_replace``: every match replaced; ``$1`` is the first group."""
    text, expression, new = to_text(value), to_text(pattern), to_text(by)
    if UNDEFINED in (text, expression, new) or (found := compiled(expression)) is None:
        return UNDEFINED
    pieces = replacement(new, found)
    if pieces is None:
        return UNDEFINED

    def filled(match: re.Match[str]) -> str:
        return "".join(piece if isinstance(piece, str) else match[piece] or "" for piece in pieces)

    return bounded(lambda: found.sub(filled, text), expression)


def _check(arguments: list[Any]) -> None:
    if isinstance(arguments[1], str):
        compiled(arguments[1])


PATTERNS: Final[dict[str, Function]] = {
    "regexp_matches": of(matches, 2, check=_check),
    "regexp_replace": of(replaced, 3, check=_check),
    "regexp_substr": of(first_match, 2, check=_check),
}
