"""The parts of a statement, as the grammar finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias


class Position(NamedTuple):
    """Where in the text something stands, both from 1; 0 where that is not known."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Constant:
    """A literal number, text, Boolean or Null."""

    value: Any


@dataclass(frozen=True)
class Name:
    """An attribute of the payload, or of the element that an inner query looks at."""

    name: str


@dataclass(frozen=True)
class Variable:
    """``@name``."""

    name: str
    position: Position


@dataclass(frozen=True)
class Star:
    """``*`` as a function's argument: the whole payload."""


@dataclass(frozen=True)
class Member:
    """``object.name``."""

    of: Expression
    name: str


@dataclass(frozen=True)
class ArrayLiteral:
    """``[a, b]``."""

    items: tuple[Expression, ...]
    position: Position


@dataclass(frozen=True)
class ObjectLiteral:
    """``{"name": value}``."""

    members: tuple[tuple[str, Expression], ...]
    position: Position


@dataclass(frozen=True)
class Unary:
    """``NOT x``, ``-x``, ``+x``."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary:
    """Two operands; the operator is in capitals."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Case:
    """``CASE subject WHEN value THEN result ... ELSE otherwise END``."""

    subject: Expression
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@dataclass(frozen=True)
class Cast:
    """``cast(value AS type)``."""

    value: Expression
    type: str
    position: Position


@dataclass(frozen=True)
class Call:
    """A function, its name in small letters."""

    name: str
    arguments: tuple[Expression, ...]
    position: Position


@dataclass(frozen=True)
class Exists:
    """``EXISTS (SELECT ...)``."""

    query: Subquery


@dataclass(frozen=True)
class Item:
    """One thing that SELECT asks for; ``path`` is where it goes, ``None`` without AS."""

    value: Expression
    path: tuple[str, ...] | None
    position: Position


@dataclass(frozen=True)
class Selection:
    """What stands after SELECT: ``VALUE`` of one item, or items side by side."""

    items: tuple[Item, ...]
    is_value: bool


@dataclass(frozen=True)
class Subquery:
    """A SELECT inside an expression."""

    selection: Selection
    source: Expression
    alias: str | None
    where: Expression | None
    position: Position


@dataclass(frozen=True)
class Statement:
    """A whole statement; ``topic_filter`` is ``None`` for rules of Basic Ingest alone."""

    variables: tuple[tuple[str, Expression, Position], ...]
    selection: Selection
    topic_filter: str | None
    topic_position: Position
    where: Expression | None


Expression: TypeAlias = (
    Constant | Name | Variable | Star | Member | ArrayLiteral | ObjectLiteral | Unary | Binary
    | Case | Cast | Call | Exists | Subquery
)  # fmt: skip
"""Anything that has a value."""
