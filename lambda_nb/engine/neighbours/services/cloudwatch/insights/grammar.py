"""The grammar of the Logs Insights query language, and queries as trees.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax" (2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

_GRAMMAR = r"""
start: command ("|" command)* "|"?
?command: FIELDS items               -> fields
        | DISPLAY items              -> display
        | FILTER expr                -> filter
        | STATS items [BY items]     -> stats
        | SORT key ("," key)*        -> sort
        | (LIMIT | HEAD) NUMBER      -> limit
        | TAIL NUMBER                -> tail
        | DEDUP name ("," name)*     -> dedup
        | PARSE [name] _pattern [AS name ("," name)*] -> parse
items: item ("," item)*
item: expr [AS (name | STRING)]
key: expr [ASC | DESC]
_pattern: STRING | REGEX

?expr: both
        | both (OR both)+            -> either
?both: negated
        | negated (AND negated)+     -> both
?negated: NOT negated                -> negation
        | compared
?compared: sum
        | sum COMPARED sum           -> comparison
        | sum [NOT] LIKE _pattern    -> like
        | sum MATCHES _pattern       -> like
        | sum [NOT] IN "[" [expr ("," expr)*] "]" -> membership
?sum: product
        | sum (PLUS | MINUS) product -> operation
?product: power
        | product (TIMES | OVER | REST) power -> operation
?power: signed
        | signed RAISED power        -> operation
?signed: MINUS signed                -> minus
        | atom
?atom: NUMBER                        -> number
        | DURATION                   -> duration
        | STRING                     -> text
        | name                       -> field
        | WORD "(" [argument ("," argument)*] ")" -> call
        | "(" expr ")"
?argument: expr | TIMES -> star
name: WORD | QUOTED

FIELDS.3: /fields(?![\w@.])/i
DISPLAY.3: /display(?![\w@.])/i
FILTER.3: /filter(?![\w@.])/i
STATS.3: /stats(?![\w@.])/i
SORT.3: /(sort|order\s+by)(?![\w@.])/i
LIMIT.3: /limit(?![\w@.])/i
HEAD.3: /head(?![\w@.])/i
TAIL.3: /tail(?![\w@.])/i
DEDUP.3: /dedup(?![\w@.])/i
PARSE.3: /parse(?![\w@.])/i
BY.3: /by(?![\w@.])/i
AS.3: /as(?![\w@.])/i
ASC.3: /asc(?![\w@.])/i
DESC.3: /desc(?![\w@.])/i
OR.3: /or(?![\w@.])/i
AND.3: /and(?![\w@.])/i
NOT.3: /not(?![\w@.])/i
LIKE.3: /like(?![\w@.])/i
IN.3: /in(?![\w@.])/i
MATCHES.3: "=~"
COMPARED.2: /==|!=|<=|>=|=|<|>/
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
REST: "%"
RAISED: "^"
DURATION.4: /\d+(ms|msec|sec|s|min|mo|m|hr|h|d|w|q|y)(?![\w@.])/
NUMBER.3: /\d+(\.\d+)?([eE][+-]?\d+)?(?![\w@])/
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
REGEX.4: /\/(?:[^\/\\\n]|\\.)+\//
QUOTED: /`[^`]+`/
WORD.1: /[@$A-Za-z_][\w@$]*(?:\.[\w@$]+)*/
COMMENT: /#[^\n]*/
%import common.WS
%ignore WS
%ignore COMMENT
"""
NOT_RUN = (
    "pattern", "diff", "anomaly", "unnest", "filterindex", "source", "lookup", "addtotals", "join",
)  # fmt: skip
"""Commands of AWS that this engine does not run."""


class QueryError(ValueError):
    """A query that cannot be read.

    Attributes
    ----------
    start, end
        Where, as offsets of characters.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class Node(NamedTuple):
    """A part of an expression.

    ``kind`` is ``field``, ``number``, ``duration``, ``text``, ``call``, ``star``, ``operation``,
    ``comparison``, ``like``, ``membership``, ``either``, ``both``, ``negation`` or ``minus``.
    """

    kind: str
    value: Any
    inner: tuple[Any, ...]
    text: str
    at: int


@dataclass(frozen=True)
class Item:
    """An expression and the name of its column."""

    node: Node
    name: str


@dataclass(frozen=True)
class Command:
    """One command: its name and what it names, by the command."""

    name: str
    items: tuple[Item, ...] = ()
    groups: tuple[Item, ...] = ()
    node: Node | None = None
    keys: tuple[tuple[Node, bool], ...] = ()
    number: int = 0
    names: tuple[str, ...] = ()
    pattern: str = ""


def parse(text: str) -> tuple[Command, ...]:
    """Read a query.

    Raises
    ------
    QueryError
        It is none.
    """
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    parser = _parser()
    try:
        tree = parser.parse(text)
    except UnexpectedInput as error:
        raise _error(text, error, UnexpectedToken) from None
    return tuple(_command(text, child) for child in tree.children)


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _error(text: str, error: Any, token_error: type[Any]) -> QueryError:
    start = error.pos_in_stream
    if start is None or start >= len(text) or getattr(error, "token", None) == "":
        return QueryError("unexpected end of query", len(text), len(text))
    word = str(error.token) if isinstance(error, token_error) else text[start]
    if word.lower() in NOT_RUN or _word_at(text, start).lower() in NOT_RUN:
        word = _word_at(text, start) or word
        return QueryError(f"lambda_nb does not run the command {word}", start, start + len(word))
    message = f"unexpected symbol found {word} at line {error.line} and position {error.column}"
    return QueryError(message, start, start + len(word))


def _word_at(text: str, start: int) -> str:
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "_@."):
        end += 1
    return text[start:end]


def _command(text: str, tree: Any) -> Command:
    parts = [child for child in tree.children if not _is(child, *_WORDS)]
    name = str(tree.data)
    if name in ("fields", "display"):
        return Command(name, items=_items(text, parts[0]))
    if name == "filter":
        return Command(name, node=_node(text, parts[0]))
    if name == "stats":
        groups = _items(text, parts[1]) if len(parts) > 1 else ()
        return Command(name, items=_items(text, parts[0]), groups=groups)
    if name == "sort":
        return Command(name, keys=tuple(_key(text, part) for part in parts))
    if name in ("limit", "tail"):
        return Command(name, number=int(float(parts[0])))
    names = tuple(_name(part) for part in parts if not _is(part, "STRING", "REGEX"))
    if name == "dedup":
        return Command(name, names=names)
    return _parse_command(tree, names)


_WORDS = (
    "FIELDS", "DISPLAY", "FILTER", "STATS", "SORT", "LIMIT", "HEAD", "TAIL", "DEDUP", "PARSE",
    "BY", "AS",
)  # fmt: skip


def _parse_command(tree: Any, names: tuple[str, ...]) -> Command:
    """``parse [field] pattern [as names]``: the first name is the field if it is before."""
    parts = list(tree.children)
    (place,) = [i for i, part in enumerate(parts) if _is(part, "STRING", "REGEX")]
    before = [part for part in parts[:place] if not _is(part, *_WORDS)]
    pattern = str(parts[place])
    return Command(
        "parse",
        names=(_name(before[0]) if before else "@message", *names[len(before) :]),
        pattern=pattern if _is(parts[place], "REGEX") else f'"{unquoted(pattern)}',
    )


def _is(part: Any, *kinds: str) -> bool:
    return getattr(part, "type", None) in kinds


def _items(text: str, tree: Any) -> tuple[Item, ...]:
    return tuple(_item(text, child) for child in tree.children)


def _item(text: str, tree: Any) -> Item:
    parts = [part for part in tree.children if not _is(part, "AS")]
    node = _node(text, parts[0])
    if len(parts) < 2:
        return Item(node, node.value if node.kind == "field" else node.text)
    return Item(node, unquoted(parts[1]) if _is(parts[1], "STRING") else _name(parts[1]))


def _key(text: str, tree: Any) -> tuple[Node, bool]:
    down = any(_is(part, "DESC") for part in tree.children)
    return _node(text, tree.children[0]), down


def _name(tree: Any) -> str:
    word = str(tree.children[0])
    return word[1:-1] if word.startswith("`") else word


def unquoted(text: str) -> str:
    """A string without its quotes."""
    inner = text[1:-1]
    for mark in ('"', "'", "\\"):
        inner = inner.replace(f"\\{mark}", mark)
    return inner


def _node(text: str, tree: Any) -> Node:
    value: Any = None
    kind = str(tree.data)
    at, end = tree.meta.start_pos, tree.meta.end_pos
    parts = list(tree.children)
    source = text[at:end]
    if kind == "field":
        value = _name(parts[0])
        parts = []
    elif kind == "number":
        value, parts = float(parts[0]), []
    elif kind in ("duration", "star"):
        value, parts = str(parts[0]), []
    elif kind == "text":
        value, parts = unquoted(str(parts[0])), []
    elif kind == "call":
        value, parts = str(parts[0]), parts[1:]
    elif kind in ("operation", "comparison"):
        value, parts = str(parts[1]), [parts[0], parts[2]]
    elif kind == "like":
        negative = any(_is(part, "NOT") for part in parts)
        value, parts = (negative, parts[-1].type, str(parts[-1])), parts[:1]
    elif kind == "membership":
        value = any(_is(part, "NOT") for part in parts)
    inner = tuple(_node(text, part) for part in parts if not hasattr(part, "type"))
    return Node(kind, value, inner, source, at)
