"""A template's text as plain data: JSON, or YAML with CloudFormation's short forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error

SHORT_FORMS = frozenset(
    (
        "And",
        "Base64",
        "Cidr",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "Equals",
        "FindInMap",
        "ForEach",
        "GetAZs",
        "GetAtt",
        "GetStackOutput",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "RefAll",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
        "ValueOf",
        "ValueOfAll",
    )
)
"""Functions that YAML may write ``!Name``: those whose full name is ``Fn::Name``."""

_DEEPEST = 200
"""Levels of objects and lists in one another. AWS tells no figure: what reads templates calls
itself for each level, and Python limits that."""
_CORE = "tag:yaml.org,2002:"
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(text: str) -> dict[str, Any]:
    """A template as plain data.

    YAML is read as CloudFormation does: booleans of YAML 1.1 (``yes``, ``on``), dates as texts,
    keys as they are written, no aliases.

    Raises
    ------
    AWSError
        ``ValidationError``, where it is no template.

    Examples
    --------
    >>> parsed("Resources: {A: {Type: !Sub 'x', When: 2012-10-17}}")
    {'Resources': {'A': {'Type': {'Fn::Sub': 'x'}, 'When': '2012-10-17'}}}
    """
    value = fragment(text)
    if not isinstance(value, dict):
        raise validation_error("Template format error: unsupported structure.")
    for path in _nulls(value, ""):
        raise validation_error(f"[{path}] 'null' values are not allowed in templates")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # JSON may spell half a character: "\\ud800"
        raise validation_error(
            "Template format error: a text has characters that Unicode does not have."
        ) from None
    return value


def fragment(text: str) -> Any:
    """JSON or YAML with short forms that need not be a whole template; raises as :func:`parsed`."""
    try:
        value = _json(text) if text.lstrip()[:1] == "{" else _yaml(text)
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value, _DEEPEST)
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        raise _malformed("JSON", error.lineno, error.colno) from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise validation_error(
                f"Template format error: JSON not well-formed. Duplicate key {key}"
            )
        made[key] = value
    return made


def _yaml(text: str) -> Any:
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return None if node is None else _Reader(loader).read(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _malformed("YAML", line, column) from None
    except yaml.YAMLError:
        raise _malformed("YAML", 1, 1) from None


class _Reader:
    """Turns the nodes of one YAML document into plain data."""

    def __init__(self, loader: Any) -> None:
        self._scalar = loader.construct_object
        self._seen: set[int] = set()

    def read(self, node: yaml.Node) -> Any:
        # An alias composes to the very node that its anchor names.
        if id(node) in self._seen:
            raise validation_error(
                "Template format error: YAML aliases are not allowed in CloudFormation templates"
            )
        self._seen.add(id(node))
        if not node.tag.startswith("!"):
            return self._plain(node)
        name = node.tag[1:]
        if name in ("Ref", "Condition"):
            return {name: self._contents(node)}
        if name not in SHORT_FORMS:
            raise _malformed_at(node, f"unknown tag {node.tag}")
        value = self._contents(node)
        if name == "GetAtt" and isinstance(value, str) and "." in value:
            value = value.split(".", 1)
        return {f"Fn::{name}": value}

    def _contents(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return node.value
        return self._plain(node)

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item) for item in node.value]
        kind = node.tag.removeprefix(_CORE)
        if kind == "null":
            return None
        if kind == "int" and ":" in node.value:
            return node.value  # YAML 1.1 would read 22:30 to base 60
        if kind in ("bool", "int", "float"):
            return self._scalar(node)
        return node.value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _malformed_at(key, "a key is not a text")
            # By its text: an account ID of digits, or `on`, stays as it is written.
            if key.value in made:
                raise _malformed_at(key, f"duplicate key {key.value}")
            made[key.value] = self.read(value)
        return made


def _check_depth(value: Any, left: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if not left:
        raise _too_deep()
    for held in value.values() if isinstance(value, dict) else value:
        _check_depth(held, left - 1)


def _nulls(value: Any, path: str) -> Iterator[str]:
    """Where a null is, as a path of keys."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from _nulls(held, f"{path}/{key}")
    elif isinstance(value, list):
        for index, held in enumerate(value):
            yield from _nulls(held, f"{path}/{index}")


def _too_deep() -> AWSError:
    return validation_error("Template format error: the template is nested too deeply.")


def _malformed(form: str, line: int, column: int, why: str = "") -> AWSError:
    reason = f": {why}" if why else ""
    return validation_error(
        f"Template format error: {form} not well-formed. (line {line}, column {column}){reason}"
    )


def _malformed_at(node: yaml.Node, why: str) -> AWSError:
    mark = node.start_mark
    return _malformed("YAML", mark.line + 1, mark.column + 1, why)
