"""What changed in properties, as the patch operations that API Gateway's updates take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.values import text_of

Patch = dict[str, str]


def part(name: str) -> str:
    """A name as one part of a path (JSON pointer, RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def replaced(path: str, value: Any) -> Patch:
    """The operation that sets a value."""
    return {"op": "replace", "path": path, "value": text_of(value)}


def removed(path: str) -> Patch:
    """The operation that takes a value away."""
    return {"op": "remove", "path": path}


def values(
    old: Properties, new: Properties, paths: Mapping[str, str], unset: Properties | None = None
) -> list[Patch]:
    """The operations for properties that are plain values.

    Parameters
    ----------
    paths
        Where each property is, by its name.
    unset
        What a property is when a template does not give it; one that is not here is removed.

    Examples
    --------
    >>> values({}, {"Description": "a"}, {"Description": "/description"})
    [{'op': 'replace', 'path': '/description', 'value': 'a'}]
    """
    made = []
    for name, path in paths.items():
        held = new.get(name)
        if old.get(name) == held:
            continue
        if held is None:
            held = (unset or {}).get(name)
        made.append(removed(path) if held is None else replaced(path, held))
    return made


def entries(path: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Patch]:
    """The operations for a map.

    Examples
    --------
    >>> entries("/variables", {"a": "1", "b": "2"}, {"a": "1"})
    [{'op': 'remove', 'path': '/variables/b'}]
    """
    before, after = old or {}, new or {}
    return [
        *(removed(f"{path}/{part(key)}") for key in before if key not in after),
        *(
            replaced(f"{path}/{part(key)}", value)
            for key, value in after.items()
            if before.get(key) != value
        ),
    ]


def items(path: str, old: Iterable[Any] | None, new: Iterable[Any] | None) -> list[Patch]:
    """The operations for a list whose items are named by the operations' values."""
    before, after = [text_of(item) for item in old or ()], [text_of(item) for item in new or ()]
    return [
        *({"op": "remove", "path": path, "value": item} for item in before if item not in after),
        *({"op": "add", "path": path, "value": item} for item in after if item not in before),
    ]


def named(path: str, old: Iterable[Any] | None, new: Iterable[Any] | None) -> list[Patch]:
    """The operations for a list whose items are named by the ends of paths."""
    before, after = [text_of(item) for item in old or ()], [text_of(item) for item in new or ()]
    return [
        *(removed(f"{path}/{part(item)}") for item in before if item not in after),
        *({"op": "add", "path": f"{path}/{part(item)}"} for item in after if item not in before),
    ]
