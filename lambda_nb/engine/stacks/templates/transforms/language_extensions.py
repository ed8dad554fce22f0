"""``AWS::LanguageExtensions``: loops, and functions where plain CloudFormation takes none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver
from lambda_nb.engine.stacks.templates.texts import as_text
from lambda_nb.engine.stacks.templates.transforms.around import Around
from lambda_nb.engine.stacks.templates.transforms.early import early_resolver

NAME = "AWS::LanguageExtensions"
LOOP = "Fn::ForEach::"
_LOOPS_IN = ("Conditions", "Resources", "Outputs")
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
_EARLY = ("Fn::Length", "Fn::ToJsonString")
_MOST_TURNS = 10_000
"""Of all loops of a template. Loops in loops multiply, and a template has 500 resources at most."""


def with_extensions(
    document: dict[str, Any], values: Mapping[str, Any], around: Around
) -> dict[str, Any]:
    """A template whose language extensions are replaced by what they mean.

    Raises
    ------
    AWSError
        ``ValidationError``: one cannot be resolved.
    """
    resolver = early_resolver(document, values, around)
    loops_of = _Loops(resolver)
    try:
        for section in _LOOPS_IN:
            if section in document:
                document[section] = loops_of.without(document[section])
        for section in _LOOPS_IN:
            if section in document:
                document[section] = _simplified(document[section], resolver)
        for logical_id, resource in document.get("Resources", {}).items():
            _resolve_policies(logical_id, resource, resolver)
    except AWSError as error:
        raise validation_error(f"Transform {NAME} failed with: {error.message}") from None
    return document


def loops(value: Any) -> Iterator[str]:
    """The keys of all loops in a value."""
    if isinstance(value, list):
        for item in value:
            yield from loops(item)
    elif isinstance(value, dict):
        for key, held in value.items():
            if key.startswith(LOOP):
                yield key
            yield from loops(held)


class _Loops:
    """Unrolls the loops of one template."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._turns_left = _MOST_TURNS

    def without(self, value: Any) -> Any:
        """A value with what its loops make in their place."""
        if isinstance(value, list):
            return [self.without(item) for item in value]
        if not isinstance(value, dict):
            return value
        made: dict[str, Any] = {}
        for key, held in value.items():
            is_loop = key.startswith(LOOP)
            pairs = self._turns(key, held) if is_loop else [(key, self.without(held))]
            for name, each in pairs:
                if name in made:
                    raise validation_error(f"Fn::ForEach makes the key {name} twice: {key}")
                made[name] = each
        return made

    def _turns(self, key: str, loop: Any) -> Iterator[tuple[str, Any]]:
        """What a loop makes: the members of its body, once for each item of its collection."""
        if not isinstance(loop, list) or len(loop) != 3:
            raise validation_error(f"{key} layout is incorrect")
        identifier, collection, body = loop
        if not isinstance(identifier, str) or not isinstance(body, dict) or not body:
            raise validation_error(f"{key} layout is incorrect")
        for item in _items(key, collection, self._resolver):
            if not self._turns_left:
                raise validation_error(f"{key}: the loops have more than {_MOST_TURNS} turns")
            self._turns_left -= 1
            yield from self.without(_bound(body, identifier, item)).items()


def _items(key: str, collection: Any, resolver: Resolver) -> list[str]:
    try:
        resolved = resolver.resolve(collection)
    except AWSError as error:
        raise validation_error(
            f"{key} could not be resolved: its collection is not known yet: {error.message}"
        ) from None
    if not isinstance(resolved, list):
        raise validation_error(f"{key} could not be resolved: its collection is not a list")
    flat = [one for item in resolved for one in (item if isinstance(item, list) else [item])]
    if any(isinstance(item, (dict, list)) for item in flat):
        raise validation_error(f"{key} could not be resolved: its items must be texts")
    return [as_text(item) for item in flat]


def _bound(value: Any, identifier: str, item: str) -> Any:
    """The body of a loop with an item in the place of the identifier."""
    if isinstance(value, str):
        return _text_bound(value, identifier, item)
    if isinstance(value, list):
        return [_bound(each, identifier, item) for each in value]
    if isinstance(value, dict):
        if value == {functions.REF: identifier}:
            return item
        return {
            _text_bound(key, identifier, item): _bound(held, identifier, item)
            for key, held in value.items()
        }
    return value


def _text_bound(text: str, identifier: str, item: str) -> str:
    alphanumeric = re.sub(r"[^A-Za-z0-9]", "", item)
    return text.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", alphanumeric)


def _simplified(value: Any, resolver: Resolver) -> Any:
    """A value whose references name what they refer to, and whose lengths and texts are known."""
    if isinstance(value, list):
        return [_simplified(item, resolver) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _simplified(held, resolver) for key, held in value.items()}
    if len(value) != 1:
        return value
    name, argument = next(iter(value.items()))
    if name == functions.REF and isinstance(argument, dict):
        return {name: resolver.resolve(argument)}
    if name == functions.GET_ATT and isinstance(argument, list):
        return {name: [resolver.resolve(part) for part in argument]}
    if name == "Fn::Length" and isinstance(argument, list) and not _lists_in(argument):
        return len(argument)
    if name in _EARLY:
        try:
            return resolver.resolve(value)
        except AWSError:
            return value  # it needs a resource: evaluated when that is made
    return value


def _lists_in(items: list[Any]) -> bool:
    return any(isinstance(item, dict) for item in items)


def _resolve_policies(logical_id: str, resource: Any, resolver: Resolver) -> None:
    if not isinstance(resource, dict):
        return
    for policy in _POLICIES:
        if not isinstance(resource.get(policy), dict):
            continue
        value = resolver.resolve(resource[policy])
        if isinstance(value, str):
            resource[policy] = value
        else:
            raise validation_error(f"the {policy} of resource {logical_id} must be a string")
