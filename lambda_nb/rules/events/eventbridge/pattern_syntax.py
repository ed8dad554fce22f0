"""Checks an event pattern as EventBridge does when a rule is put, with its messages.

AWS published the code that does it (event-ruler, 2026): the messages, their order and the positions
in them are that code's. It reads tokens one after another; a position is where its reader stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lambda_nb.rules.events.eventbridge.pattern_tokens import (
    BEGIN_ARRAY,
    BEGIN_OBJECT,
    END_ARRAY,
    END_OBJECT,
    FALSE,
    NAME,
    NULL,
    NUMBER,
    STRING,
    TRUE,
    PatternError,
    Tokens,
)

_OR = "$or"
_OPERATORS = (
    "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard",
    "numeric", "cidr",
)  # fmt: skip
_SIGNS = {">": True, ">=": True, "<": False, "<=": False, "=": False}
"""Operators of ``numeric``, and whether a second bound may follow."""
_IP_V4 = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check(pattern: str) -> None:
    """Check the text of a pattern.

    Raises
    ------
    PatternError
        Its text is AWS's reason, with the position.

    Examples
    --------
    >>> check('{"source": [{"prefix": "aws."}]}')
    >>> try:
    ...     check('{"source":"aws.ec2"}')
    ... except PatternError as error:
    ...     print(error)
    "source" must be an object or an array
     at [Source: (String)"{"source":"aws.ec2"}"; line: 1, column: 12]
    """
    tokens = Tokens(pattern)
    if tokens.next() != BEGIN_OBJECT:
        raise tokens.error("Filter is not an object")
    _object(tokens, within_or=False)


def _object(tokens: Tokens, *, within_or: bool) -> None:
    empty = True
    while tokens.next() != END_OBJECT:
        empty = False
        name = tokens.name
        if name == _OR and tokens.begins_objects():
            _alternatives(tokens)
            continue
        if within_or and name in _OPERATORS:
            raise tokens.error(
                f"{name} is Ruler reserved fieldName which cannot be used inside $or."
            )
        kind = tokens.next()
        if kind == BEGIN_OBJECT:
            _object(tokens, within_or=within_or)
        elif kind == BEGIN_ARRAY:
            _values(tokens)
        else:
            raise tokens.error(f'"{name}" must be an object or an array')
    if empty:
        raise tokens.error("Empty objects are not allowed")


def _alternatives(tokens: Tokens) -> None:
    if tokens.next() != BEGIN_ARRAY:
        raise tokens.error("It must be an Array followed with $or.")
    count = 0
    while (kind := tokens.next()) != END_ARRAY:
        count += 1
        if kind != BEGIN_OBJECT:
            raise tokens.error("Only JSON object is allowed in array of $or relationship.")
        _object(tokens, within_or=True)
    if count < 2:
        raise tokens.error("There must have at least 2 Objects in $or relationship.")


def _values(tokens: Tokens) -> None:
    empty = True
    while (kind := tokens.next()) != END_ARRAY:
        empty = False
        if kind == BEGIN_OBJECT:
            _expression(tokens)
        elif kind not in (STRING, NUMBER, NULL, TRUE, FALSE):
            raise tokens.error("Match value must be String, number, true, false, or null")
    if empty:
        raise tokens.error("Empty arrays are not allowed")


def _expression(tokens: Tokens) -> None:
    if tokens.next() != NAME:
        raise tokens.error("Match expression name not found")
    reader = _EXPRESSIONS.get(tokens.name)
    if reader is None:
        raise tokens.error(f"Unrecognized match type {tokens.name}")
    reader(tokens)


def _end(tokens: Tokens) -> None:
    if tokens.next() != END_OBJECT:
        raise tokens.error("Only one key allowed in match expression")


def _text(what: str) -> Callable[[Tokens], None]:
    def read(tokens: Tokens) -> None:
        if tokens.next() != STRING:
            raise tokens.error(f"{what} match pattern must be a string")
        tokens.text()
        _end(tokens)

    return read


def _affix(name: str) -> Callable[[Tokens], None]:
    def read(tokens: Tokens) -> None:
        kind = tokens.next()
        if kind == BEGIN_OBJECT:
            if tokens.next() != NAME:
                raise tokens.error(f"{name.capitalize()} expression name not found")
            if tokens.name != "equals-ignore-case":
                raise tokens.error(f"Unsupported {name} pattern: {tokens.name}")
            _text("equals-ignore-case")(tokens)
        elif kind != STRING:
            raise tokens.error(f"{name} match pattern must be a string")
        _end(tokens)

    return read


def _numeric(tokens: Tokens) -> None:
    if tokens.next() != BEGIN_ARRAY:
        raise tokens.error("Value of numeric must be an array.")
    if tokens.next() != STRING:
        raise tokens.error(f"Invalid member in numeric match: {tokens.text()}")
    sign = tokens.text()
    if sign not in _SIGNS:
        raise tokens.error(f"Unrecognized numeric range operator: {sign}")
    low = _number(tokens, "equals" if sign == "=" else sign)
    kind = tokens.next()
    if kind != END_ARRAY:
        if not _SIGNS[sign]:
            raise tokens.error("Too many elements in numeric expression")
        _upper_bound(tokens, kind, low)
    if tokens.next() != END_OBJECT:
        raise tokens.error("Too many elements in numeric expression")


def _upper_bound(tokens: Tokens, kind: str, low: float) -> None:
    if kind != STRING:
        raise tokens.error(f"Bad value in numeric range: {tokens.text()}")
    sign = tokens.text()
    if sign not in ("<", "<="):
        raise tokens.error(f"Bad numeric range operator: {sign}")
    high = _number(tokens, sign)
    if tokens.next() != END_ARRAY:
        raise tokens.error("Too many terms in numeric range expression")
    if high <= low:
        raise tokens.error("Bottom must be less than top")


def _number(tokens: Tokens, sign: str) -> float:
    if tokens.next() != NUMBER:
        raise tokens.error(f"Value of {sign} must be numeric")
    return float(tokens.text())


def _anything_but(tokens: Tokens) -> None:
    kind = tokens.next()
    inside = ""
    if kind == BEGIN_OBJECT:
        if tokens.next() != NAME:
            raise tokens.error("Anything-But expression name not found")
        inside = tokens.name
        if inside not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
            raise tokens.error(f"Unsupported anything-but pattern: {inside}")
        kind = tokens.next()
    if kind not in (BEGIN_ARRAY, STRING, NUMBER):
        raise tokens.error("Value of anything-but must be an array or single string/number value.")
    if kind == BEGIN_ARRAY:
        _unwanted(tokens, inside)
    elif inside and kind != STRING:
        raise tokens.error(_only_strings(inside))
    elif inside == "wildcard":
        _wildcard_text(tokens)
    for _ in range(2 if inside else 1):
        if tokens.next() != END_OBJECT:
            raise tokens.error("Too many elements in numeric expression")


def _unwanted(tokens: Tokens, inside: str) -> None:
    kinds = set()
    while (kind := tokens.next()) != END_ARRAY:
        if inside and kind != STRING:
            raise tokens.error(_only_strings(inside))
        if kind not in (STRING, NUMBER):
            raise tokens.error("Inside anything but list, start|null|boolean is not supported.")
        if inside == "wildcard":
            _wildcard_text(tokens)
        kinds.add(kind)
    if not inside and len(kinds) != 1:
        raise tokens.error(
            "Inside anything but list, either all values are number or string, mixed type is not "
            "supported"
        )


def _only_strings(inside: str) -> str:
    named = "ignore-case" if inside == "equals-ignore-case" else inside
    return f"Inside anything-but/{named} list, number|start|null|boolean is not supported."


def _exists(tokens: Tokens) -> None:
    if tokens.next() not in (TRUE, FALSE):
        raise tokens.error("exists match pattern must be either true or false.")
    _end(tokens)


def _cidr(tokens: Tokens) -> None:
    if tokens.next() != STRING:
        raise tokens.error("prefix match pattern must be a string")
    address, slash, bits = (text := tokens.text()).partition("/")
    if not slash or "/" in bits:
        raise PatternError("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?\d+", bits):
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        raise PatternError("Malformed CIDR, mask bits must not be negative")
    most, version = (32, 4) if _IP_V4.fullmatch(address) else (128, 6)
    if int(bits) >= most:
        raise PatternError(f"IPv{version} mask bits must be < {most}")
    if not _is_address(address):
        raise PatternError(f"Nonstandard IP address: {text.partition('/')[0]}")
    _end(tokens)


def _is_address(text: str) -> bool:
    if _IP_V4.fullmatch(text):
        return all(int(part) < 256 for part in text.split("."))
    return re.fullmatch(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*", text) is not None


def _wildcard(tokens: Tokens) -> None:
    if tokens.next() != STRING:
        raise tokens.error("wildcard match pattern must be a string")
    _wildcard_text(tokens)
    _end(tokens)


def _wildcard_text(tokens: Tokens) -> None:
    # The positions count bytes of the quoted text, as event-ruler's do.
    value = f'"{tokens.text()}"'.encode()
    at = 0
    while at < len(value):
        if value[at : at + 2] == b"**":
            raise tokens.error(f"Consecutive wildcard characters at pos {at}")
        if value[at : at + 1] == b"\\":
            if value[at + 1 : at + 2] not in (b"*", b"\\"):
                raise tokens.error(f"Invalid escape character at pos {at}")
            at += 1
        at += 1


_EXPRESSIONS: dict[str, Callable[[Tokens], Any]] = {
    "exactly": _text("exact"),
    "prefix": _affix("prefix"),
    "suffix": _affix("suffix"),
    "numeric": _numeric,
    "anything-but": _anything_but,
    "exists": _exists,
    "cidr": _cidr,
    "equals-ignore-case": _text("equals-ignore-case"),
    "wildcard": _wildcard,
}
