"""From lark's parse tree to the parts of a statement."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql import tree
from lambda_nb.engine.iot.sql.errors import SqlError
from lambda_nb.engine.iot.sql.tree import Position
from lambda_nb.engine.iot.sql.values import ARITHMETIC, checked

if TYPE_CHECKING:
    from lark import Token, Transformer

_ESCAPE: Final = re.compile(r"\\(['\"\\])|''|\"\"")


def position_of(token: Token) -> Position:
    """Return where a token begins."""
    return Position(token.line or 0, token.column or 0)


def text_of(token: str) -> str:
    r"""Return what a text in quotes says.

    A doubled quote is one, and so is one after a backslash; a backslash before anything else stays,
    so that ``'\d+'`` and ``'\\d+'`` are the same regular expression.
    """
    quote = token[0]

    def plain(match: re.Match[str]) -> str:
        found = match[0]
        if found[0] == "\\":
            return match[1]
        return quote if found[0] == quote else found

    return _ESCAPE.sub(plain, token[1:-1])


def _keep_number(token: Token) -> Any:
    if token.isdigit():
        if len(token) > ARITHMETIC.prec:
            return checked(ARITHMETIC.create_decimal(str(token)))
        return int(token)
    number = checked(ARITHMETIC.create_decimal(str(token)))
    if not isinstance(number, Decimal):
        at = position_of(token)
        raise SqlError(
            f"{token} at line {at.line}, column {at.column} is out of range: numbers go up to"
            " 9.99E999.", *at,
        )  # fmt: skip
    return number


@functools.cache
def builder() -> Transformer[Any, Any]:
    """Return what turns parse trees into ``tree`` objects, made with the first statement."""
    from lark import Token, Transformer, v_args

    def tokens(parts: list[Any], kind: str) -> list[Token]:
        return [part for part in parts if isinstance(part, Token) and part.type == kind]

    @v_args(meta=False)
    class Builder(Transformer[Any, Any]):
        def statement(self, parts: list[Any]) -> tree.Statement:
            variables = tuple(part for part in parts if type(part) is tuple)
            topic = next((part for part in parts if isinstance(part, _Topic)), _Topic(None))
            return tree.Statement(
                variables,
                next(part for part in parts if isinstance(part, tree.Selection)),
                topic.text,
                topic.position,
                parts[-1] if tokens(parts, "WHERE") else None,
            )

        def assignment(self, parts: list[Any]) -> tuple[str, Any, Position]:
            return str(parts[0][1:]), parts[1], position_of(parts[0])

        def topic(self, parts: list[Any]) -> _Topic:
            token = parts[0]
            text = text_of(token) if token.type == "STRING" else str(token)
            return _Topic(text, position_of(token))

        def value_selection(self, parts: list[Any]) -> tree.Selection:
            return tree.Selection((parts[1],), is_value=True)

        def selection(self, parts: list[Any]) -> tree.Selection:
            return tree.Selection(tuple(parts), is_value=False)

        @v_args(meta=True)
        def star_item(self, meta: Any, parts: list[Any]) -> tree.Item:
            path = parts[-1] if tokens(parts, "AS") else None
            return tree.Item(tree.Star(), path, _start(meta))

        @v_args(meta=True)
        def item(self, meta: Any, parts: list[Any]) -> tree.Item:
            path = parts[-1] if tokens(parts, "AS") else None
            return tree.Item(parts[0], path, _start(meta))

        def path(self, parts: list[Any]) -> tuple[str, ...]:
            return tuple(map(str, parts))

        def subquery(self, parts: list[Any]) -> tree.Subquery:
            has_where, has_alias = tokens(parts, "WHERE"), tokens(parts, "AS")
            return tree.Subquery(
                parts[1],
                parts[3],
                str(parts[5]) if has_alias else None,
                parts[-1] if has_where else None,
                position_of(parts[0]),
            )

        def binary(self, parts: list[Any]) -> tree.Binary:
            return tree.Binary(str(parts[1]).upper(), parts[0], parts[2])

        def unary(self, parts: list[Any]) -> tree.Unary:
            return tree.Unary(str(parts[0]).upper(), parts[1])

        def member(self, parts: list[Any]) -> tree.Member:
            return tree.Member(parts[0], str(parts[1]))

        def number(self, parts: list[Any]) -> tree.Constant:
            return tree.Constant(_keep_number(parts[0]))

        def string(self, parts: list[Any]) -> tree.Constant:
            return tree.Constant(text_of(parts[0]))

        def true(self, _: list[Any]) -> tree.Constant:
            return tree.Constant(True)

        def false(self, _: list[Any]) -> tree.Constant:
            return tree.Constant(False)

        def null(self, _: list[Any]) -> tree.Constant:
            return tree.Constant(None)

        def variable(self, parts: list[Any]) -> tree.Variable:
            return tree.Variable(str(parts[0][1:]), position_of(parts[0]))

        def name(self, parts: list[Any]) -> tree.Name:
            return tree.Name(str(parts[0]))

        def star(self, _: list[Any]) -> tree.Star:
            return tree.Star()

        def call(self, parts: list[Any]) -> tree.Call:
            return tree.Call(str(parts[0]).lower(), tuple(parts[1:]), position_of(parts[0]))

        def cast(self, parts: list[Any]) -> tree.Cast:
            return tree.Cast(parts[1], str(parts[3]).lower(), position_of(parts[3]))

        def case(self, parts: list[Any]) -> tree.Case:
            branches = tuple(part for part in parts if type(part) is tuple)
            return tree.Case(parts[1], branches, parts[-2] if tokens(parts, "ELSE") else None)

        def branch(self, parts: list[Any]) -> tuple[Any, Any]:
            return parts[1], parts[3]

        def exists(self, parts: list[Any]) -> tree.Exists:
            return tree.Exists(parts[1])

        @v_args(meta=True)
        def array(self, meta: Any, parts: list[Any]) -> tree.ArrayLiteral:
            return tree.ArrayLiteral(tuple(parts), _start(meta))

        @v_args(meta=True)
        def object(self, meta: Any, parts: list[Any]) -> tree.ObjectLiteral:
            return tree.ObjectLiteral(tuple(parts), _start(meta))

        def pair(self, parts: list[Any]) -> tuple[str, Any]:
            return text_of(parts[0]), parts[1]

    return Builder()


def _start(meta: Any) -> Position:
    return Position(getattr(meta, "line", 0), getattr(meta, "column", 0))


class _Topic:
    """What stands after the outermost FROM."""

    def __init__(self, text: str | None, position: Position = Position()) -> None:  # noqa: B008
        self.text = text
        self.position = position
