"""Which functions run at which event of which behaviour."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lambda_nb.notebook.edge.settings import behaviours

Kind = Literal["Lambda", "CloudFront"]
EVENTS = ("viewer-request", "origin-request", "origin-response", "viewer-response")
VIEWER_EVENTS = ("viewer-request", "viewer-response")

_LISTS = {
    "Lambda": ("LambdaFunctionAssociations", "LambdaFunctionARN"),
    "CloudFront": ("FunctionAssociations", "FunctionARN"),
}


@dataclass(frozen=True)
class Association:
    """A function at an event of a behaviour."""

    path: str
    event: str
    kind: Kind
    arn: str

    @property
    def function(self) -> str:
        """The function's name."""
        return name_of(self.arn)

    def __str__(self) -> str:
        """As a table says it: ``headers:3``."""
        version = self.arn.partition(":function:")[2].partition(":")[2]
        return f"{self.function}:{version}" if version else self.function


def name_of(arn: str) -> str:
    """The name in the ARN of a function of either kind."""
    if ":function:" in arn:
        return arn.partition(":function:")[2].partition(":")[0]
    return arn.rpartition("/")[2]


def all_of(config: dict[str, Any]) -> list[Association]:
    """All that a distribution has."""
    return list(_each(config))


def _each(config: dict[str, Any]) -> Iterator[Association]:
    for path, behaviour in behaviours.all_of(config).items():
        kinds: tuple[Kind, Kind] = ("Lambda", "CloudFront")
        for kind in kinds:
            held, member = _LISTS[kind]
            for one in behaviour.get(held, {}).get("Items", []):
                yield Association(path, one["EventType"], kind, one[member])


def generates(behaviour: dict[str, Any]) -> bool:
    """Whether responses that a function makes come from its origin-request event.

    The log has one word for those of both events; those of viewer-request are never cached.
    """
    held, _ = _LISTS["Lambda"]
    events = {one["EventType"] for one in behaviour.get(held, {}).get("Items", [])}
    return "origin-request" in events and "viewer-request" not in events


def place(
    config: dict[str, Any],
    kind: Kind,
    arn: str,
    event: str,
    paths: Collection[str],
    *,
    include_body: bool = False,
) -> list[str]:
    """Run a function at an event of these behaviours, and at no other; returns notes about it.

    What ran there before gives way. So do associations of other versions of the function.
    """
    notes = []
    name = name_of(arn)
    paths = list({path.lstrip("/"): behaviours.known(config, path) for path in paths}.values())
    before = [one for one in _each(config) if one.function == name and one.kind == kind]
    for one in before:
        behaviour = behaviours.all_of(config)[one.path]
        _leave(behaviour, kind, lambda each: name_of(each) == name)
        if one.path not in paths or one.event != event:
            notes.append(f"no longer at {one.event} of {one.path}")
    for path in paths:
        behaviour, made = behaviours.of(config, path)
        if made:
            notes.append(f"made the behaviour {path}, with the default's settings")
        notes += [f"{gone} has left {event} of {path}" for gone in _vacate(behaviour, kind, event)]
        held, member = _LISTS[kind]
        item: dict[str, Any] = {"EventType": event, member: arn}
        if kind == "Lambda":
            item["IncludeBody"] = include_body
        items = [*behaviour.get(held, {}).get("Items", []), item]
        behaviour[held] = {"Quantity": len(items), "Items": items}
    return notes


def remove(config: dict[str, Any], kind: Kind, name: str) -> bool:
    """Take a function out of a distribution; whether it was there."""
    there = [one for one in _each(config) if one.function == name and one.kind == kind]
    for one in there:
        behaviour = behaviours.all_of(config)[one.path]
        _leave(behaviour, kind, lambda each: name_of(each) == name)
    return bool(there)


def _vacate(behaviour: dict[str, Any], kind: Kind, event: str) -> list[str]:
    """Take away what cannot be there too: another function of the event, the other kind's."""
    gone = []
    kinds: tuple[Kind, Kind] = ("Lambda", "CloudFront")
    for other in kinds:
        held, member = _LISTS[other]
        for one in behaviour.get(held, {}).get("Items", []):
            if one["EventType"] == event:
                gone.append(name_of(one[member]))
        items = [
            one for one in behaviour.get(held, {}).get("Items", []) if one["EventType"] != event
        ]
        behaviour[held] = {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}
    return gone


def _leave(behaviour: dict[str, Any], kind: Kind, goes: Any) -> None:
    held, member = _LISTS[kind]
    items = [one for one in behaviour.get(held, {}).get("Items", []) if not goes(one[member])]
    behaviour[held] = {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}
