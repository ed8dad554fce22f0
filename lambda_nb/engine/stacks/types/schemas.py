"""CloudFormation's schemas of resource types, as cfn-lint ships them.

They say which properties a type has, which must be given, which can only be set at creation (a
change of them replaces the resource) and which attributes can be read.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lambda_nb.engine.stacks.model import Properties

_LIST_ITEM = "*"


class Schema:
    """What CloudFormation says of one type.

    Parameters
    ----------
    document
        The schema: JSON Schema with CloudFormation's own members.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @property
    def required(self) -> tuple[str, ...]:
        """Properties that must be given."""
        return tuple(self.document.get("required", ()))

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schemas of the properties, by their names; read-only ones too."""
        found: Mapping[str, Any] = self.document.get("properties", {})
        return found

    @property
    def attributes(self) -> tuple[str, ...]:
        """What ``Fn::GetAtt`` may ask for, as in ``Endpoint.Address``."""
        return tuple(".".join(path) for path in self._paths("readOnlyProperties"))

    @property
    def settable(self) -> frozenset[str]:
        """Properties that a template may give."""
        read_only = {path[0] for path in self._paths("readOnlyProperties") if len(path) == 1}
        also_set = {path[0] for path in self._paths("primaryIdentifier")} - read_only
        return frozenset(set(self.properties) - read_only | also_set)

    @property
    def write_only(self) -> frozenset[str]:
        """Properties that can be given and never read: passwords, for example."""
        return frozenset(path[0] for path in self._paths("writeOnlyProperties") if len(path) == 1)

    @property
    def taggable(self) -> bool:
        """Whether the stack's tags are put on resources of the type."""
        return bool(self.document.get("tagging", {}).get("taggable", "Tags" in self.properties))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The properties that together name a resource of the type."""
        return tuple(".".join(path) for path in self._paths("primaryIdentifier"))

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """The changed properties for which CloudFormation makes a new resource.

        Examples
        --------
        >>> of("AWS::Lambda::Function").replacing({"FunctionName": "a"}, {"FunctionName": "b"})
        {'FunctionName'}
        """
        return {
            path[0]
            for path in self._paths("createOnlyProperties")
            if list(_values(old, path)) != list(_values(new, path))
        }

    def _paths(self, member: str) -> Iterator[tuple[str, ...]]:
        for pointer in self.document.get(member, ()):
            yield tuple(part for part in pointer.split("/")[1:] if part != "properties")


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What is at a path; ``*`` stands for each item of a list."""
    if not path:
        yield value
        return
    if path[0] == _LIST_ITEM:
        for item in value if isinstance(value, list) else ():
            yield from _values(item, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


@cache
def _directory() -> Path:
    # Found, not imported: importing cfn-lint takes seconds, and only its data are needed.
    found = importlib.util.find_spec("cfnlint")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data" / "schemas"


@cache
def _files() -> Mapping[str, str]:
    path = _directory() / "providers" / "us-east-1.json"
    types: dict[str, str] = json.loads(path.read_text("utf-8"))
    return types


def known(type_name: str) -> bool:
    """Whether AWS has a resource type of this name."""
    return type_name in _files()


def names() -> list[str]:
    """The names of all resource types that AWS has, in order."""
    return sorted(_files())


@cache
def of(type_name: str) -> Schema:
    """The schema of a type; an empty one if cfn-lint has none.

    Examples
    --------
    >>> of("AWS::SQS::Queue").attributes
    ('QueueUrl', 'Arn')
    """
    name = _files().get(type_name)
    if name is None:
        return Schema({})
    path = _directory() / "resources" / f"{name}.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Schema(document)
