"""Rows as JSON and back, by the types of their fields."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from functools import cache
from typing import Any, TypeVar

_Row = TypeVar("_Row")


def encoded(row: Any) -> str:
    """A row as JSON; what JSON does not have becomes text."""
    return json.dumps(row, default=_plain, separators=(",", ":"))


def decoded(kind: type[_Row], text: str) -> _Row:
    """The row that JSON holds, also if another version of lambda_nb wrote it.

    Fields that this version does not have are left out; those that it has since have their
    defaults.
    """
    row: _Row = _value(kind, json.loads(text))
    return row


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, typing.Mapping):
        return dict(value)
    return str(value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        known = {name: held for name, held in value.items() if name in hints}
        return hint(**{name: _value(hints[name], held) for name, held in known.items()})
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(arguments[0], item) for item in value)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (one,) = (argument for argument in arguments if argument is not type(None))
        return _value(one, value)
    return value
