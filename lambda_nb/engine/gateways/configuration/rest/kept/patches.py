"""Patch operations: what an ``Update`` call changes in a record.

A path is a JSON pointer (RFC 6901): ``/requestParameters/method.request.header.a~1b``. Each kind
of record has a table of the paths that may be changed, and by which operations.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.model import Request

Operation = Mapping[str, str]
Read = Callable[[str], Any]

_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


def text(value: str) -> str:
    """The value as it is."""
    return value


def boolean(value: str) -> bool:
    """``true`` or ``false``."""
    try:
        return {"true": True, "false": False}[value.lower()]
    except KeyError:
        raise bad_request(f"Invalid boolean value: {value}. It must be true or false.") from None


def integer(value: str) -> int:
    """A whole number."""
    try:
        return int(value)
    except ValueError:
        raise bad_request(f"Invalid integer value: {value}") from None


def number(value: str) -> float:
    """A number."""
    try:
        return float(value)
    except ValueError:
        raise bad_request(f"Invalid number value: {value}") from None


def one_of(*allowed: str) -> Read:
    """One of some words."""

    def read(value: str) -> str:
        if value not in allowed:
            raise bad_request(f"Invalid value: {value}. Valid values are [{', '.join(allowed)}]")
        return value

    return read


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be done at a path.

    Attributes
    ----------
    operations
        Among ``add``, ``replace``, ``remove`` and ``copy``.
    read
        Makes the value of the operation's text.
    shape
        ``value``: the path names the member; ``named``: its last part names an item of a list;
        ``items``: the path names a list, the operation's value the item.
    empty
        What an empty value means: the same as ``remove``, if ``removes``.
    """

    operations: tuple[str, ...]
    read: Read = text
    shape: str = "value"
    empty: str = "kept"


def value(read: Read = text, *operations: str, empty: str = "kept") -> Rule:
    """A member that is replaced, or what ``operations`` says."""
    return Rule(operations or ("replace",), read, "value", empty)


def entry(read: Read = text) -> Rule:
    """An entry of a map: added, replaced and removed."""
    return Rule(("add", "replace", "remove"), read)


def named_item() -> Rule:
    """An item of a list, named by the end of the path."""
    return Rule(("add", "replace", "remove"), text, "named")


def items(*operations: str) -> Rule:
    """An item of a list, named by the value."""
    return Rule(operations or ("add", "replace", "remove"), text, "items")


def segments(path: str) -> list[str]:
    """The parts of a JSON pointer, decoded."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def operations_of(request: Request) -> Sequence[Operation]:
    """The operations of an ``Update`` call.

    Raises
    ------
    AWSError
        ``BadRequestException``: one has no path, or no known operation.
    """
    found: Sequence[Operation] = request.get("patchOperations") or ()
    for operation in found:
        if operation.get("op") not in _OPERATIONS:
            raise bad_request(
                f"Invalid patch operation specified. Must be one of: [{', '.join(_OPERATIONS)}]"
            )
        if not operation.get("path", "").startswith("/"):
            raise bad_request(f"Invalid patch path '{operation.get('path', '')}'.")
    return found


def apply(record: Record, request: Request, rules: Mapping[str, Rule]) -> Record:
    """A record as an ``Update`` call wants it; the record itself stays as it is.

    Parameters
    ----------
    rules
        By path. ``{}`` stands for any part.

    Raises
    ------
    AWSError
        ``BadRequestException``: an operation is not possible there, or its value is not.
    """
    changed = copy.deepcopy(record)
    for operation in operations_of(request):
        apply_one(changed, operation, rules)
    return changed


def apply_one(record: Record, operation: Operation, rules: Mapping[str, Rule]) -> None:
    """Change a record as one operation says.

    Raises
    ------
    AWSError
        As :func:`apply` does.
    """
    path, op = operation["path"], operation["op"]
    parts = segments(path)
    rule = _rule(parts, rules)
    if rule is None or op not in rule.operations:
        raise unsupported(operation, [p for p, r in rules.items() if op in r.operations])
    match rule.shape:
        case "named":
            _change_named(record, parts, operation)
        case "items":
            _change_items(record, parts, operation)
        case _:
            _change_value(record, parts, operation, rule)


def unsupported(operation: Operation, possible: Sequence[str]) -> AWSError:
    """The error for an operation at a path where it is not possible."""
    must = f"Must be one of: [{', '.join(possible)}]"
    return bad_request(
        f"Invalid patch path  '{operation['path']}' specified for op '{operation['op']}'. "
        + (must if possible else "Please choose supported operations")
    )


def value_of(operation: Operation) -> str:
    """The value of an operation.

    Raises
    ------
    AWSError
        ``BadRequestException``: it has none.
    """
    found = operation.get("value")
    if found is None:
        raise bad_request(f"Invalid null or empty value in {operation['path']}")
    return found


def _rule(parts: Sequence[str], rules: Mapping[str, Rule]) -> Rule | None:
    for pattern, rule in rules.items():
        wanted = pattern.split("/")[1:]
        if len(wanted) == len(parts) and all(
            want in ("{}", part) for want, part in zip(wanted, parts, strict=True)
        ):
            return rule
    return None


def _change_value(record: Record, parts: Sequence[str], operation: Operation, rule: Rule) -> None:
    *parents, last = parts
    op = operation["op"]
    if op != "remove":
        given = _copied(record, operation) if op == "copy" else value_of(operation)
        if rule.empty == "kept" or given != "":
            holder = record
            for part in parents:
                holder = holder.setdefault(part, {})
            holder[last] = rule.read(given) if isinstance(given, str) else given
            return
    _remove(record, parts)


def _copied(record: Record, operation: Operation) -> Any:
    found: Any = record
    for part in segments(operation.get("from", "")):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None:
        raise bad_request(
            f"Invalid patch from '{operation.get('from', '')}' specified for op 'copy'"
        )
    return copy.deepcopy(found)


def _remove(record: Record, parts: Sequence[str]) -> None:
    """Take a member away, and the maps that are empty then."""
    holders = [record]
    for part in parts[:-1]:
        inner = holders[-1].get(part)
        if not isinstance(inner, dict):
            return
        holders.append(inner)
    for holder, part in zip(reversed(holders), reversed(parts), strict=True):
        holder.pop(part, None)
        if holder:
            break


def _change_named(record: Record, parts: Sequence[str], operation: Operation) -> None:
    *path, name = parts
    _change_list(record, path, operation["op"], name, operation.get("value") or name)


def _change_items(record: Record, parts: Sequence[str], operation: Operation) -> None:
    op = operation["op"]
    if op == "replace":
        holder = _holder(record, parts)
        holder[parts[-1]] = [item for item in value_of(operation).split(",") if item]
    elif op == "remove" and not operation.get("value"):
        _remove(record, parts)
    else:
        given = value_of(operation)
        _change_list(record, parts, op, given, given)


def _change_list(record: Record, path: Sequence[str], op: str, old: str, new: str) -> None:
    holder = _holder(record, path)
    kept = list(holder.get(path[-1], ()))
    if op == "add":
        if new not in kept:
            kept.append(new)
    elif old not in kept:
        raise bad_request(f"Invalid patch path: '{old}' is not in /{'/'.join(path)}")
    elif op == "remove":
        kept.remove(old)
    else:
        kept[kept.index(old)] = new
    holder[path[-1]] = kept


def _holder(record: Record, path: Sequence[str]) -> Record:
    for part in path[:-1]:
        record = record.setdefault(part, {})
    return record
