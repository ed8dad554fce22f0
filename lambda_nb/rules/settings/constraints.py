"""Checks of the service model's lengths, ranges, patterns and enumerations, with AWS's messages.

The shapes are botocore's; nothing is read from disk here. AWS checks these before an operation
begins, and reports all problems of a request at once (facts/api.md section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from lambda_nb.rules.refusal import problem
from lambda_nb.rules.settings import enumerations

Shape = Any
"""A ``botocore.model.Shape``; ``type_name`` tells its subclasses apart."""

# Java's classes of letters, separators and numbers, for use in a Python character class.
_JAVA = (
    (r"\p{L}", r"\w"),
    (r"\p{Z}", " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"),
    (r"\p{N}", r"\d"),
)

_WITHOUT_NULL = ("SubnetIds", "SecurityGroupIds")
"""Lists for which AWS's message does not say that items must not be null (recorded.md 4). It does
not say so of the keys of maps either."""


class _Rule(NamedTuple):
    """One constraint: its message, and a test of values."""

    text: str
    holds: Callable[[Any], bool]


def problems(
    shape: Shape, parameters: Mapping[str, Any], *, skip: Collection[str] = ()
) -> list[str]:
    """All problems of a request, in the order of the model's members.

    Parameters
    ----------
    shape
        The operation's input.
    parameters
        The request, as boto3's caller would write it.
    skip
        Top-level members that the operation checks itself, with other messages.
    """
    found: list[str] = []
    for name, member in shape.members.items():
        if name not in skip and parameters.get(name) is not None:
            found += _of(member, parameters[name], _lower(name))
    return found


def _of(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """The problems of one value and of the values in it."""
    for rule in _rules(shape):
        if not rule.holds(value):
            yield _told(shape, value, path, rule.text)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _of(member, value[name], f"{path}.{_lower(name)}")
    elif shape.type_name == "list" and shape.member.type_name == "structure":
        for index, item in enumerate(value, 1):
            yield from _of(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "list":
        yield from _of_each(shape, value, path, "Member", value, shape.member)
    elif shape.type_name == "map":
        yield from _of_each(shape, value, path, "Map keys", value, shape.key)
        yield from _of_each(shape, value, path, "Map value", value.values(), shape.value)


def _of_each(
    shape: Shape, value: Any, path: str, whose: str, items: Collection[Any], inside: Shape
) -> Iterator[str]:
    """At most one problem for all items of a list, all keys or all values of a map."""
    rules = _rules(inside)
    if any(not rule.holds(item) for item in items for rule in rules):
        texts = [rule.text for rule in rules]
        if whose != "Map keys" and shape.name not in _WITHOUT_NULL:
            texts.append("Member must not be null")
        yield _told(shape, value, path, f"{whose} must satisfy constraint: [{', '.join(texts)}]")


def _told(shape: Shape, value: Any, path: str, rule: str) -> str:
    if shape.metadata.get("sensitive"):  # AWS leaves the value out
        return f"Value at '{path}' failed to satisfy constraint: {rule}"
    return problem(value, path, rule)


def _rules(shape: Shape) -> list[_Rule]:
    """The constraints of a shape itself."""
    metadata = shape.metadata
    number = {"double": float, "float": float}.get(shape.type_name, int)
    numeric = shape.type_name in ("integer", "long", "double", "float")
    rules: list[_Rule] = []
    if "max" in metadata:
        rules.append(_at_most(number(metadata["max"]), numeric))
    if "min" in metadata:
        rules.append(_at_least(number(metadata["min"]), numeric))
    if "pattern" in metadata:
        rules.append(_matching(metadata["pattern"]))
    if "enum" in metadata:
        rules.append(_one_of(enumerations.in_order(shape.name, metadata["enum"])))
    return rules


def _at_most(most: float, numeric: bool) -> _Rule:
    if numeric:
        return _Rule(f"Member must have value less than or equal to {most}", lambda v: v <= most)
    return _Rule(f"Member must have length less than or equal to {most}", lambda v: len(v) <= most)


def _at_least(least: float, numeric: bool) -> _Rule:
    if numeric:
        text = f"Member must have value greater than or equal to {least}"
        return _Rule(text, lambda v: v >= least)
    text = f"Member must have length greater than or equal to {least}"
    return _Rule(text, lambda v: len(v) >= least)


def _matching(pattern: str) -> _Rule:
    compiled = _compiled(pattern)
    text = f"Member must satisfy regular expression pattern: {pattern}"
    return _Rule(text, lambda v: compiled.fullmatch(v) is not None)


def _one_of(allowed: Sequence[str]) -> _Rule:
    text = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    return _Rule(text, lambda v: v in allowed)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model (Java's dialect) for Python."""
    if r"\p{" not in pattern:
        return re.compile(pattern, re.ASCII)
    for java, python in _JAVA:
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
