"""Reads an operation's parameters from a form: ``Tags.member.1.Key=a&Tags.member.1.Value=b``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from lambda_nb.engine.errors import AWSError

_Tree = dict[str, Any]
_TEXT = ""
"""The key under which a node of the tree keeps its own text."""


def fields(query: str, body: bytes) -> dict[str, str]:
    """The fields of a form, from the query of a URL and from the body.

    Examples
    --------
    >>> fields("", b"Action=DescribeStacks&StackName=a%2Fb+c")
    {'Action': 'DescribeStacks', 'StackName': 'a/b c'}
    """
    text = body.decode("utf-8", "replace")
    # AWS has no limit for the number of fields, only for the bytes of a request.
    return dict(parse_qsl(query, keep_blank_values=True)) | dict(
        parse_qsl(text, keep_blank_values=True)
    )


def parameters(operation: OperationModel, form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of one call, by the names of the model.

    Raises
    ------
    AWSError
        ``MalformedInput`` or ``ValidationError`` for a value of the wrong type, and where a
        required member is missing.
    """
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    tree: _Tree = {}
    for name, text in form.items():
        node = tree
        for part in name.split("."):
            node = node.setdefault(part, {})
        node[_TEXT] = text
    read = _structure(shape, tree, "")
    missing = [name for name in shape.required_members if name not in read]
    if missing:
        raise _missing(missing)
    return read


def _structure(shape: StructureShape, tree: _Tree, where: str) -> dict[str, Any]:
    read = {}
    for name, member in shape.members.items():
        node = tree.get(member.serialization.get("name", name))
        if node is not None:
            read[name] = _value(member, node, f"{where}.{name}" if where else name)
    return read


def _value(shape: Shape, node: _Tree, where: str) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, node, where)
    if isinstance(shape, ListShape):
        items = node
        if not shape.serialization.get("flattened"):
            items = node.get(shape.member.serialization.get("name", "member"), {})
        numbers = _numbers(items, where)
        most = shape.metadata.get("max")
        if most is not None and len(numbers) > most:
            raise _constraint(
                f"[{len(numbers)} items]", where, f"have length less than or equal to {most}"
            )
        return [_value(shape.member, items[number], where) for number in numbers]
    if isinstance(shape, MapShape):
        return _map(shape, node, where)
    return _scalar(shape, node.get(_TEXT), where)


def _map(shape: MapShape, node: _Tree, where: str) -> dict[str, Any]:
    entries = node if shape.serialization.get("flattened") else node.get("entry", {})
    key = shape.key.serialization.get("name", "key")
    value = shape.value.serialization.get("name", "value")
    return {
        entries[number].get(key, {}).get(_TEXT, ""): _value(
            shape.value, entries[number].get(value, {}), where
        )
        for number in _numbers(entries, where)
    }


def _numbers(items: _Tree, where: str) -> list[str]:
    """The indices of a list in their order."""
    found = [key for key in items if key != _TEXT]
    try:
        return sorted(found, key=int)
    except ValueError:
        text = f"{where}: the items of a list are numbered, but one is called {found[0]!r}."
        raise AWSError("MalformedInput", text) from None


def _scalar(shape: Shape, text: str | None, where: str) -> Any:
    if text is None:
        raise AWSError("MalformedInput", f"Unexpected complex element termination at {where}.")
    try:
        match shape.type_name:
            case "integer" | "long":
                return _in_range(shape, int(text), where)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                when = datetime.fromisoformat(text.replace("Z", "+00:00"))
                return when if when.tzinfo is not None else when.replace(tzinfo=timezone.utc)
    except (ValueError, KeyError):
        raise AWSError("MalformedInput", f"{text!r} is no {shape.type_name}: {where}") from None
    allowed = getattr(shape, "enum", None)
    if allowed and text not in allowed:
        raise _constraint(text, where, f"satisfy enum value set: [{', '.join(allowed)}]")
    return text


def _in_range(shape: Shape, number: int, where: str) -> int:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        raise _constraint(number, where, f"have value greater than or equal to {least}")
    # AWS's models do not say of all numbers how large they may be; Java's are the limit then.
    most = (1 << 31) - 1 if most is None else most
    if number > most:
        raise _constraint(number, where, f"have value less than or equal to {most}")
    return number


def _constraint(value: object, where: str, wanted: str) -> AWSError:
    member = f"{where[0].lower()}{where[1:]}"
    return AWSError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must {wanted}",
    )


def _missing(names: list[str]) -> AWSError:
    each = "; ".join(
        f"Value null at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
        "Member must not be null"
        for name in names
    )
    count = f"{len(names)} validation error{'s' if len(names) > 1 else ''} detected"
    return AWSError("ValidationError", f"{count}: {each}")
