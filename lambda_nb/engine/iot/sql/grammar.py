"""The grammar of IoT SQL. ``lark`` is loaded with the first statement that is parsed."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.errors import SqlError
from lambda_nb.engine.iot.sql.tree import Expression, Position, Statement

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

# A keyword is one only where the grammar can go on with it: `state.value` and `AS end` are names.
# VALUE after SELECT is an attribute if what follows cannot begin an expression.
GRAMMAR: Final = r"""
statement: (SET assignment ("," assignment)*)? SELECT selection (FROM topic)? (WHERE expression)?
assignment: VARIABLE "=" expression
topic: STRING | TOPIC

selection: VALUE item                 -> value_selection
         | item ("," item)*           -> selection
item: "*" (AS path)?                  -> star_item
    | expression (AS path)?           -> item
path: NAME ("." NAME)*

subquery: SELECT selection FROM expression (AS NAME)? (WHERE expression)?

?expression: conjunction
           | expression OR conjunction            -> binary
?conjunction: negation
            | conjunction AND negation            -> binary
?negation: comparison
         | NOT negation                           -> unary
?comparison: sum
           | comparison (COMPARATOR | EQUALS | IN) sum -> binary
?sum: term
    | sum (PLUS | MINUS) term                     -> binary
?term: sign
     | term (TIMES | SLASH | PERCENT) sign        -> binary
?sign: postfix
     | (PLUS | MINUS) sign                        -> unary
?postfix: atom
        | postfix "." NAME                        -> member
?atom: NUMBER                                     -> number
     | STRING                                     -> string
     | TRUE                                       -> true
     | FALSE                                      -> false
     | NULL                                       -> null
     | VARIABLE                                   -> variable
     | NAME                                       -> name
     | call
     | CAST "(" expression AS NAME ")"            -> cast
     | CASE expression branch+ (ELSE expression)? END -> case
     | EXISTS "(" subquery ")"                    -> exists
     | "[" (expression ("," expression)*)? "]"    -> array
     | "{" (pair ("," pair)*)? "}"                -> object
     | "(" expression ")"
     | "(" subquery ")"
call: NAME "(" (argument ("," argument)*)? ")"
?argument: expression
         | "*"                                    -> star
branch: WHEN expression THEN expression
pair: STRING ":" expression

SET.3: /set\b/i
SELECT.3: /select\b/i
FROM.3: /from\b/i
WHERE.3: /where\b/i
VALUE.3: /value\b(?!\s*(?:$|[,.=<>+\/%)]|(?:from|as|and|or|in|where)\b))/i
AS.3: /as\b/i
OR.3: /or\b/i
AND.3: /and\b/i
NOT.3: /not\b/i
IN.3: /in\b/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
NULL.3: /null\b/i
CASE.3: /case\b(?!\s+when\b)/i
WHEN.3: /when\b/i
THEN.3: /then\b/i
ELSE.3: /else\b/i
END.3: /end\b/i
CAST.3: /cast\b(?=\s*\()/i
EXISTS.3: /exists\b(?=\s*\()/i
COMPARATOR: "<>" | "<=" | ">=" | "<" | ">"
EQUALS: "="
PLUS: "+"
MINUS: "-"
TIMES: "*"
SLASH: "/"
PERCENT: "%"
NUMBER: /[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]+)?(?!\w)/
STRING: /'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"/s
VARIABLE: /@\w+/
NAME: /[^\W\d]\w*/
TOPIC: /[^\s'"(){},=<>]+/
%ignore /\s+/
"""

# How the tokens are called in sentences.
_SPOKEN: Final = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "a text in quotes", "TOPIC": "a topic filter",
    "VARIABLE": "a variable (@name)", "COMPARATOR": "a comparison", "COMMA": '","', "DOT": '"."',
    "LPAR": '"("', "RPAR": '")"', "LSQB": '"["', "RSQB": '"]"', "LBRACE": '"{"', "RBRACE": '"}"',
    "COLON": '":"', "STAR": '"*"', "TIMES": '"*"', "SLASH": '"/"', "PERCENT": '"%"',
    "PLUS": '"+"', "MINUS": '"-"', "EQUAL": '"="', "EQUALS": '"="', "$END": "the end",
}  # fmt: skip
_BEGINS_EXPRESSION: Final = {
    "NAME", "NUMBER", "STRING", "VARIABLE", "LPAR", "LSQB", "LBRACE", "PLUS", "MINUS", "TRUE",
    "FALSE", "NULL", "CASE", "CAST", "EXISTS", "NOT",
}  # fmt: skip
_GOES_ON: Final = {
    "COMPARATOR", "EQUALS", "IN", "PLUS", "MINUS", "TIMES", "SLASH", "PERCENT", "AND", "OR",
    "DOT", "STAR", "EQUAL",
}  # fmt: skip
# What people write from other dialects, and what to write instead.
_HINTS: Final = {
    "[": "Items of arrays are read by get(array, index).",
    "`": 'Members with other characters in their names are read by get(*, "name").',
    "!": "Not equal is written <>.",
    ";": "A statement has no semicolon at its end.",
    "--": "Comments are not supported.",
    "|": "Texts are joined by concat(a, b) or +.",
    "&": "Conditions are joined by AND.",
    "when": "A condition is chosen by CASE condition WHEN true THEN ... ELSE ... END.",
    "${": "Substitution templates stand in the fields of actions, not in a statement.",
}


def parse_statement(text: str) -> Statement:
    """Read a whole statement.

    Raises
    ------
    SqlError
        It is not valid, with where and what was expected.
    """
    tree: Statement = _parse(text, "statement")
    return tree


def parse_expression(text: str) -> Expression:
    """Read one expression, as in ``${...}``.

    Raises
    ------
    SqlError
        It is not valid, with where and what was expected.
    """
    tree: Expression = _parse(text, "argument")
    return tree


@functools.cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(
        GRAMMAR, parser="lalr", start=["statement", "argument"], propagate_positions=True,
        maybe_placeholders=False,
    )  # fmt: skip


def _parse(text: str, start: str) -> Any:
    from lark.exceptions import UnexpectedInput, VisitError

    from lambda_nb.engine.iot.sql.tree_builder import builder

    try:
        return builder().transform(_parser().parse(text, start=start))
    except UnexpectedInput as error:
        raise _unexpected(text, start, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SqlError):
            raise error.orig_exc from None
        if not isinstance(error.orig_exc, RecursionError):
            raise
    except RecursionError:
        pass
    raise SqlError("The statement is nested too deeply.")


def _unexpected(text: str, whole: str, error: UnexpectedInput) -> SqlError:
    """Say where the text stops being SQL, what stands there and what could."""
    start = error.pos_in_stream or 0
    token = getattr(error, "token", None)
    if (token is not None and token.type == "$END") or start >= len(text.rstrip()):
        start, at, found = len(text), _end(text), "the end"
    else:
        at = Position(max(error.line, 0), max(error.column, 0))
        found = repr(text[start : start + 20].split("\n")[0])
    expected = _accepted(text[:start], whole)
    sentence = (
        f"Expected {_spoken(expected)} but found {found} at line {at.line}, column {at.column}."
    )
    for sign, hint in _HINTS.items():
        if text[start:].lower().startswith(sign):
            sentence += f" {hint}"
    return SqlError(sentence, at.line, at.column)


def _accepted(text: str, start: str) -> set[str]:
    """Return the tokens that can follow what is SQL so far."""
    from lark.exceptions import UnexpectedInput

    parser: Any = _parser().parse_interactive(text, start=start)
    # A word can be a name because of what followed it, which is cut off here.
    with contextlib.suppress(UnexpectedInput):
        parser.exhaust_lexer()
    return set(parser.accepts())


def _end(text: str) -> Position:
    lines = text.split("\n")
    return Position(len(lines), len(lines[-1]) + 1)


def _spoken(expected: set[str]) -> str:
    """Name what could stand there, in a sentence that stays short."""
    names = []
    if expected >= _BEGINS_EXPRESSION - {"NOT", "PLUS", "MINUS", "VARIABLE"}:
        names.append("an expression")
        expected = expected - _BEGINS_EXPRESSION
    if len(expected & _GOES_ON) > 4:
        names.append("an operator")
        expected = expected - _GOES_ON
    names += sorted({_SPOKEN.get(name, name) for name in expected})
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
