"""What a service says of a resource, in the form in which the template gave it, to find drift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.values import text_of


def now(properties: Properties, found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Properties with the values that a service tells; those it does not tell stay.

    Parameters
    ----------
    found
        The service's answer; names may differ in case.
    names
        Only these properties are looked at; all if there are none.

    Examples
    --------
    >>> now({"MemorySize": "128", "Other": 1}, {"memorySize": 256})
    {'MemorySize': 256, 'Other': 1}
    """
    told = {name.lower(): value for name, value in found.items()}
    return {
        name: like(value, told[name.lower()])
        if name.lower() in told and (not names or name in names)
        else value
        for name, value in properties.items()
    }


def like(given: Any, found: Any) -> Any:
    """A value as the template gave it, if it means the same; else as it is.

    Members that the template did not give are left out: they have their defaults.

    Examples
    --------
    >>> like({"a": "1"}, {"A": 1, "b": 2})
    {'a': '1'}
    >>> like({"Statement": []}, '{"Statement": ["x"]}')
    {'Statement': ['x']}
    """
    if isinstance(given, (Mapping, list)) and isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return found
    if isinstance(given, Mapping) and isinstance(found, Mapping):
        told = {str(name).lower(): value for name, value in found.items()}
        return {
            name: like(value, told[name.lower()])
            for name, value in given.items()
            if name.lower() in told
        }
    if isinstance(given, list) and isinstance(found, (list, tuple)):
        return _in_order(given, list(found))
    if isinstance(given, str) and isinstance(found, Mapping):
        return given if _parsed(given) == found else json.dumps(found)
    return given if text_of(given) == text_of(found) else found


def _in_order(given: list[Any], found: list[Any]) -> list[Any]:
    """The items found, those that were given first and in their order."""
    left = list(found)
    items = []
    for one in given:
        same = next((other for other in left if like(one, other) == one), None)
        if same is not None:
            left.remove(same)
            items.append(one)
    return items + left


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
