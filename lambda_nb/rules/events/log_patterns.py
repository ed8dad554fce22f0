"""Filter patterns of CloudWatch Logs: which log events a subscription lets through.

Source: CloudWatch Logs User Guide, FilterAndPatternSyntax; facts/events.md section 4 (2026).
Regular expressions: "Supported regular expressions (regex) syntax" of the same guide.
Three kinds: terms (``ERROR -debug "out of memory" ?a ?b %regex%``), JSON
(``{ $.level = "E*" && $.n > 3 }``) and fields (``[ip, user, ..., code = 4*]``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

Test = Callable[[str], bool]

_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|%[^%]+%|\S+)')
_TOKEN = re.compile(
    r'\s*(\(|\)|&&|\|\||!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]+%|'
    r"\$(?:\[[^\]]*\]|[^\s()&|=!<>\[])*|[^\s()&|=!<>]+)"
)
_PATH = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+|\*)\]|\.?\[[\"']([^\"']+)[\"']\]")
_FIELD = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Test:
    """A test of log messages for a pattern; the empty pattern matches everything.

    Raises
    ------
    ValueError
        For a pattern that cannot be read.

    Examples
    --------
    >>> compiled('ERROR -retry')("ERROR: gone"), compiled('{ $.n > 3 }')('{"n": 3}')
    (True, False)
    """
    text = pattern.strip()
    kinds = {"{": _json_test, "[": _fields_test}
    try:
        return kinds.get(text[:1], _terms_test)(text)
    except RecursionError:
        raise ValueError("the pattern is nested too deeply") from None


def _terms_test(pattern: str) -> Test:
    wanted: list[Test] = []
    unwanted: list[Test] = []
    either: list[Test] = []
    for sign, term in _TERM.findall(pattern):
        {"": wanted, "-": unwanted, "?": either}[sign].append(_contains(term))
    # Alternatives count only in a pattern without other terms.
    choice = either if not wanted and not unwanted else []

    def test(message: str) -> bool:
        return (
            all(term(message) for term in wanted)
            and not any(term(message) for term in unwanted)
            and (not choice or any(term(message) for term in choice))
        )

    return test


def _contains(term: str) -> Test:
    if len(term) > 1 and term[0] == term[-1] == "%":
        expression = _regular(term[1:-1])
        return lambda message: expression.search(message) is not None
    word = _unquoted(term)
    return lambda message: word in message


_NOT_REGULAR = re.compile(r"\\.|([^A-Za-z0-9 :_#=@/;,\-^$?\[\]{}|\\*+.])", re.DOTALL)


def _regular(source: str) -> re.Pattern[str]:
    """A regular expression of a pattern; AWS takes few characters, and no groups.

    Raises
    ------
    ValueError
        It is none, or AWS does not take it.
    """
    for found in _NOT_REGULAR.finditer(source):
        if found[1]:
            raise ValueError(f"%{source}%: {found[1]!r} is not supported in a regular expression")
    try:
        return re.compile(source)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"%{source}% is no regular expression: {error}") from None


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


Condition = Callable[[Callable[[str], list[Any]]], bool]
"""A test. Its argument finds the values at a path (none if the path is absent)."""


def _json_test(pattern: str) -> Test:
    if not pattern.endswith("}"):
        raise ValueError(f"{pattern!r} has no closing brace")
    condition = _Parser(pattern[1:-1]).whole()

    def test(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        if not isinstance(document, dict):
            return False
        return condition(lambda path: list(values_at(document, path)))

    return test


def _fields_test(pattern: str) -> Test:
    if not pattern.endswith("]"):
        raise ValueError(f"{pattern!r} has no closing bracket")
    columns = columns_of(pattern)
    open_at = columns.index("...") if "..." in columns else None
    conditions: dict[int, Condition] = {}
    for i, column in enumerate(columns):
        if column != "..." and re.search(r"[=<>]", column):
            conditions[i] = _Parser(column).whole()

    def test(message: str) -> bool:
        fields = words_of(message)
        if open_at is None and len(fields) != len(columns):
            return False
        if open_at is not None and len(fields) < len(columns) - 1:
            return False
        for i, condition in conditions.items():
            after = open_at is not None and i > open_at
            value = fields[i - len(columns)] if after else fields[i]
            if not condition(lambda _, value=value: [value]):  # type: ignore[misc]
                return False
        return True

    return test


def columns_of(pattern: str) -> list[str]:
    """The columns of a pattern of fields: ``[ip, ..., code = 4*]``."""
    found = re.findall(r'(?:"[^"]*"|%[^%]*%|[^,"%])+', pattern.strip()[1:-1])
    return [column.strip() for column in found if column.strip()]


def words_of(message: str) -> list[str]:
    """The fields of a message; what is in quotes or brackets is one, without these."""
    return [_bare(field) for field in _FIELD.findall(message)]


def _bare(field: str) -> str:
    return field[1:-1] if len(field) > 1 and field[0] in '["' else field


class _Parser:
    """Reads conditions: ``path op value``, ``IS``, ``EXISTS``, joined by ``&&`` and ``||``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [token for token in _TOKEN.findall(text) if token]
        self._at = 0

    def whole(self) -> Condition:
        condition = self._either()
        if self._peek():
            raise ValueError(f"{self._text!r}: cannot read from {self._peek()!r}")
        return condition

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise ValueError(f"{self._text!r} ends too early")
        self._at += 1
        return token

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._peek() == "||":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda find: any(part(find) for part in parts)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._peek() == "&&":
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda find: all(part(find) for part in parts)

    def _one(self) -> Condition:
        if self._peek() == "(":
            self._take()
            inner = self._either()
            if self._take() != ")":
                raise ValueError(f"{self._text!r} has no closing parenthesis")
            return inner
        path, operator = self._take(), self._take()
        if operator in ("IS", "NOT"):
            return _state(path, operator, self._take())
        if operator not in _COMPARISONS:
            raise ValueError(f"{self._text!r}: {operator!r} is no comparison")
        return _comparison(path, operator, self._take())


def _state(path: str, operator: str, what: str) -> Condition:
    if operator == "NOT" and what == "EXISTS":
        return lambda find: not find(path)
    if operator == "IS" and what in _CONSTANTS:
        constant = _CONSTANTS[what]
        return lambda find: any(value is constant for value in find(path))
    raise ValueError(f"cannot read {operator} {what}")


_CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _comparison(path: str, operator: str, operand: str) -> Condition:
    number = None if operand.startswith('"') else _number(operand)
    if number is not None:
        compare = _COMPARISONS[operator]

        def test(value: Any) -> bool:
            found = _number(value)
            return found is not None and compare(found, number)

    elif operator in ("=", "!="):
        matches = _text_test(operand)
        wild = operand[:1] != '"' and "*" in operand

        def test(value: Any) -> bool:
            if wild and _number(value) is not None:  # a guide's example: { $.latency = * }
                value = str(value)
            same = isinstance(value, str) and matches(value)
            return same is (operator == "=")

    else:
        raise ValueError(f"{operator} compares numbers, not {operand}")
    return lambda find: any(test(value) for value in find(path))


def _text_test(operand: str) -> Test:
    """A test of texts: a regular expression, or a text in which ``*`` stands for anything."""
    if len(operand) > 1 and operand[0] == operand[-1] == "%":
        expression = _regular(operand[1:-1])
        return lambda text: expression.search(text) is not None
    first, *others = _unquoted(operand).split("*")
    if not others:
        return lambda text: text == first
    *middle, last = others

    def test(text: str) -> bool:
        if not text.startswith(first):
            return False
        at = len(first)
        for part in middle:  # the first place of each is the best: no need to go back
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(text) - at >= len(last) and text.endswith(last)

    return test


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def values_at(document: Any, path: str) -> Iterator[Any]:
    """The values at ``$.a.b[0]`` or ``$.a[*].b``."""
    if not path.startswith("$"):
        raise ValueError(f"{path!r} does not start with $")
    found = [document]
    for name, index, quoted in _PATH.findall(path[1:]):
        found = [inner for value in found for inner in _step(value, name or quoted, index)]
    yield from found


def _step(value: Any, name: str, index: str) -> Iterator[Any]:
    if name:
        if isinstance(value, dict) and name in value:
            yield value[name]
    elif isinstance(value, list):
        yield from value if index == "*" else value[int(index) : int(index) + 1]
