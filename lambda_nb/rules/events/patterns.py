"""Event patterns: which events a rule or a filter lets through.

The language of EventBridge rules and of the filters of event source mappings (EventBridge User
Guide, eb-create-pattern-operators; facts/events.md section 4, 2026). A pattern is an object whose
keys must all match; a leaf is a list of alternatives, each a value or an operator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

_ABSENT: Any = object()


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event (parsed JSON) matches a pattern.

    Raises
    ------
    ValueError
        For an operator that the language does not have.

    Examples
    --------
    >>> matches({"detail": {"size": [{"numeric": [">", 10]}]}}, {"detail": {"size": 11}})
    True
    >>> matches({"source": ["a", {"prefix": "b"}]}, {"source": "c"})
    False
    """
    if isinstance(event, list):  # an array of objects matches if one of them does
        return any(matches(pattern, item) for item in event)
    fields: Mapping[str, Any] = event if isinstance(event, dict) else {}
    return all(_field(key, wanted, fields) for key, wanted in pattern.items())


def _field(key: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if key == "$or" and isinstance(wanted, list):
        return any(matches(alternative, fields) for alternative in wanted)
    value = fields.get(key, _ABSENT)
    if isinstance(wanted, dict):
        return matches(wanted, value)
    if not isinstance(wanted, list):
        raise ValueError(f"{key!r} must be a list or an object, not {wanted!r}")
    return any(_alternative(alternative, value) for alternative in wanted)


def _alternative(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        if "exists" in wanted:
            # `exists` tests leaves only: an object counts as absent.
            return (value is not _ABSENT and not isinstance(value, dict)) is wanted["exists"]
        operator, operand = _operator(wanted)
        return any(operator(operand, leaf) for leaf in _leaves(value))
    return any(_equal(wanted, leaf) for leaf in _leaves(value))


def _leaves(value: Any) -> Sequence[Any]:
    """The values of a leaf: each element of an array; none if it is absent."""
    if value is _ABSENT or isinstance(value, dict):
        return ()
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return (value,)


_Test = Callable[[Any, Any], bool]


def _operator(wanted: Mapping[str, Any]) -> tuple[_Test, Any]:
    name, operand = next(iter(wanted.items()), ("", None))
    if len(wanted) != 1 or name not in _OPERATORS:
        known = ", ".join(["exists", *_OPERATORS])
        raise ValueError(f"{dict(wanted)!r} is not one operator of: {known}")
    return _OPERATORS[name], operand


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _ignoring_case(wanted: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == str(wanted).lower()


def _prefix(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        wanted = wanted["equals-ignore-case"].lower()
        value = value.lower() if isinstance(value, str) else value
    return isinstance(value, str) and value.startswith(wanted)


def _suffix(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        wanted = wanted["equals-ignore-case"].lower()
        value = value.lower() if isinstance(value, str) else value
    return isinstance(value, str) and value.endswith(wanted)


def _wildcard(wanted: Any, value: Any) -> bool:
    return isinstance(value, str) and _expression(wanted).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[*\\]|.", pattern, re.DOTALL)
    text = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return re.compile(text, re.DOTALL)


def _anything_but(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        operator, operand = _operator(wanted)
        unwanted = operand if isinstance(operand, list) else [operand]
        return not any(operator(one, value) for one in unwanted)
    unwanted = wanted if isinstance(wanted, list) else [wanted]
    return not any(_equal(one, value) for one in unwanted)


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _numeric(wanted: Any, value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    pairs = zip(wanted[::2], wanted[1::2], strict=True)
    return all(_COMPARISONS[sign](value, bound) for sign, bound in pairs)


def _cidr(wanted: Any, value: Any) -> bool:
    if not isinstance(value, str):  # a number would count as an address, too
        return False
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        return False


_OPERATORS: Mapping[str, _Test] = {
    "exactly": _equal,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "wildcard": _wildcard,
}
