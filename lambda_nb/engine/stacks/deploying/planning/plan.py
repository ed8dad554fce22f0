"""Compares what a stack has with what its template wants."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE
from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.records.rows import Held

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""CloudFormation's text for a value that is not known before a change is made."""

Replacing = Callable[[str, Properties, Properties], set[str]]
"""The changed properties for which a type (its name) needs a new resource."""

_SCOPES = (
    ("Metadata", "metadata"),
    ("DeletionPolicy", "deletion_policy"),
    ("UpdateReplacePolicy", "update_replace_policy"),
)
"""What may change beside properties, and the fields that have it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource.

    Attributes
    ----------
    action
        ``Add``, ``Modify`` or ``Remove``.
    old, new
        The resource before and after; ``None`` where there is none.
    replacement
        ``True``, ``False`` or ``Conditional`` (texts, as in change sets); ``None`` if nothing is
        modified.
    properties, recreating
        The names of the changed properties, and of those that need a new resource.
    scope
        What changes: ``Properties``, ``Metadata``, ``Tags``, ...
    """

    action: str
    logical_id: str
    old: Held | None = None
    new: Held | None = None
    replacement: str | None = None
    properties: frozenset[str] = frozenset()
    recreating: frozenset[str] = frozenset()
    scope: tuple[str, ...] = ()

    @property
    def replaces(self) -> bool:
        """Whether there will be a new resource, as far as can be said."""
        return self.replacement == "True"

    @property
    def touches(self) -> bool:
        """Whether the resource itself must change, and not only what is recorded of it."""
        return self.action != "Modify" or bool({"Properties", "Tags"} & set(self.scope))


def compared(logical_id: str, old: Held, new: Held, replacing: Replacing) -> Change | None:
    """What becomes of a resource that was there and still is wanted.

    Parameters
    ----------
    logical_id
        The resource's.
    old, new
        Before and after; values that are not known yet are :data:`UNKNOWN`.
    replacing
        Of the resource types.

    Returns
    -------
    Change or None
        ``None`` if nothing changes, which is never certain of a nested stack.
    """
    names = frozenset(
        name
        for name in {*old.properties, *new.properties}
        if not same(old.properties.get(name), new.properties.get(name))
    )
    recreating = frozenset(
        replacing(old.type, old.properties, new.properties) & names if names else ()
    )
    scope = []
    # The template behind an unchanged URL may have changed: only the nested update can tell.
    if names - {"Tags"} or new.type == STACK_TYPE:
        scope.append("Properties")
    if "Tags" in names:
        scope.append("Tags")
    scope += [told for told, name in _SCOPES if not same(getattr(old, name), getattr(new, name))]
    if not scope:
        return None
    certain = any(not is_unknown(new.properties.get(name)) for name in recreating)
    replacement = "True" if certain else "Conditional" if recreating else "False"
    return Change("Modify", logical_id, old, new, replacement, names, recreating, tuple(scope))


def planned(
    there: Mapping[str, Held],
    dependencies: Mapping[str, Collection[str]],
    evaluate: Callable[[str, Mapping[str, Made], frozenset[str]], Held],
    replacing: Replacing,
    retagged: Callable[[str], bool] = lambda type_name: False,
) -> list[Change]:
    """All changes, those that others depend on first.

    Parameters
    ----------
    there
        The stack's resources.
    dependencies
        Of all resources that the template wants.
    evaluate
        The resource of a logical ID as the template wants it, given what exists and the logical
        IDs of the resources that do not exist yet.
    replacing
        Of the resource types.
    retagged
        Whether resources of a type get new tags, because the stack's own changed.
    """
    made = {logical_id: held.made for logical_id, held in there.items() if held.physical_id}
    unknown = {logical_id for logical_id in dependencies if logical_id not in made}
    changes: list[Change] = []
    for logical_id in in_order(dependencies):
        new = evaluate(logical_id, made, frozenset(unknown))
        old = there.get(logical_id)
        if old is None or not old.physical_id:
            changes.append(Change("Add", logical_id, None, new))
            continue
        change = compared(logical_id, old, new, replacing)
        if retagged(old.type):
            change = with_tags(change, logical_id, old, new)
        if change is not None:
            changes.append(change)
            if change.replacement != "False":
                unknown.add(logical_id)
    changes += [
        Change("Remove", logical_id, held)
        for logical_id, held in there.items()
        if logical_id not in dependencies
    ]
    return changes


def with_tags(change: Change | None, logical_id: str, old: Held, new: Held) -> Change:
    """A change of a resource that gets new tags of its stack as well."""
    if change is None:
        return Change("Modify", logical_id, old, new, "False", scope=("Tags",))
    if "Tags" in change.scope:
        return change
    return dataclasses.replace(change, scope=(*change.scope, "Tags"))


def in_order(dependencies: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Logical IDs, each after what it depends on.

    Examples
    --------
    >>> list(in_order({"b": ["a"], "a": []}))
    ['a', 'b']
    """
    known = {
        name: [one for one in wanted if one in dependencies]
        for name, wanted in dependencies.items()
    }
    return TopologicalSorter(known).static_order()


def same(one: Any, other: Any) -> bool:
    """Whether two values of a template mean the same: ``5`` and ``"5"`` do.

    Examples
    --------
    >>> same({"a": [True, 5]}, {"a": ["true", "5"]}), same("a", ["a"])
    (True, False)
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (Mapping, list, tuple)) or isinstance(other, (Mapping, list, tuple)):
        return False
    return _text(one) == _text(other)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def is_unknown(value: Any) -> bool:
    """Whether a value, or a part of it, is not known yet."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(is_unknown, value))
    return isinstance(value, str) and UNKNOWN in value
