"""Substitution templates: ``${expression}`` in the fields of a rule's actions."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.sql.compiler import OLDER, VERSIONS, Compiler
from lambda_nb.engine.iot.sql.errors import EvaluationError, SqlError
from lambda_nb.engine.iot.sql.grammar import parse_expression
from lambda_nb.engine.iot.sql.json_text import to_text
from lambda_nb.engine.iot.sql.scope import Run, Scope
from lambda_nb.engine.iot.sql.surroundings import SqlSurroundings
from lambda_nb.engine.iot.sql.values import UNDEFINED

# Up to what may close an expression, or a text or an object inside of it.
_PIECE: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[{}]|[^'"{}]+""", re.S)


@functools.lru_cache(maxsize=1024)
def parse_template(
    text: str, version: str = "2016-03-23", variables: frozenset[str] = frozenset()
) -> Template:
    """Compile a field of an action.

    Parameters
    ----------
    text
        The field, such as ``room/${topic(2)}``.
    version
        The rule's SQL version.
    variables
        ``Query.variables`` of the rule, for ``${@name}``.

    Raises
    ------
    SqlError
        An expression is not valid, or ``${`` is not closed.
    """
    if version not in VERSIONS:
        raise SqlError(f"There is no SQL version {version}: it is one of {', '.join(VERSIONS)}.")
    if "@{" in text:
        raise SqlError("@{...} works only in the InfluxDB rule action.")
    return Template(text, version, variables)


async def substitute(
    template: str, message: Message, surroundings: SqlSurroundings, version: str = "2016-03-23"
) -> str:
    """Fill a field of an action from the message as it arrived.

    Raises
    ------
    SqlError
        An expression is not valid.
    EvaluationError
        A call outside failed.
    """
    compiled = parse_template(template, version)
    return await compiled.fill(Scope(message, surroundings, version != OLDER, version))


class Template:
    """A field of an action that was read once.

    Attributes
    ----------
    is_constant : bool
        Whether there is nothing to substitute.
    is_synchronous : bool
        Whether it calls nothing outside, so that ``fill_now`` fills it.
    """

    def __init__(self, text: str, version: str, variables: frozenset[str]) -> None:
        compiler = Compiler(version, set(variables), in_template=True)
        self._parts: list[str | Run] = []
        for part, is_expression in _cut(text):
            self._parts.append(_compile(part, compiler) if is_expression else part)
        self.is_synchronous = not compiler.asks
        self.is_constant = all(isinstance(part, str) for part in self._parts)

    async def fill(self, scope: Scope) -> str:
        """Return the text; Undefined and Null are empty.

        Raises
        ------
        EvaluationError
            A call outside failed, or ``*`` is not text.
        """
        if self.is_synchronous:
            return self.fill_now(scope)
        filled = [
            part if isinstance(part, str) else _text(await scope.answer(part))
            for part in self._parts
        ]
        return "".join(filled)

    def fill_now(self, scope: Scope) -> str:
        """Return the text of a template that calls nothing outside (``is_synchronous``)."""
        return "".join(
            part if isinstance(part, str) else _text(scope.now(part)) for part in self._parts
        )


def _compile(part: str, compiler: Compiler) -> Run:
    try:
        return compiler.compile(parse_expression(part))
    except RecursionError:
        raise SqlError("An expression is nested too deeply.") from None
    except SqlError as error:
        raise SqlError(f"In ${{{part}}}: {error}", error.line, error.column) from None


def _cut(text: str) -> list[tuple[str, bool]]:
    """Cut a field into texts and expressions."""
    parts: list[tuple[str, bool]] = []
    at = 0
    while (start := text.find("${", at)) >= 0:
        if start > at:
            parts.append((text[at:start], False))
        end = _closing(text, start + 2)
        parts.append((text[start + 2 : end], True))
        at = end + 1
    if at < len(text):
        parts.append((text[at:], False))
    return parts


def _closing(text: str, at: int) -> int:
    """Return where the brace stands that closes an expression."""
    start, depth = at, 1
    while match := _PIECE.match(text, at):
        if match[0] == "}":
            depth -= 1
            if depth == 0:
                return at
        elif match[0] == "{":
            depth += 1
        at = match.end()
    raise SqlError(f"The substitution template {text[start - 2 :]!r} is not closed by a brace.")


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except ValueError:
            raise EvaluationError("The payload is not text, so * cannot be substituted.") from None
    text = to_text(value)
    return "" if text is UNDEFINED else str(text)
