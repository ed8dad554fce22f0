"""A compiled statement."""

from __future__ import annotations

import re
from typing import Any, Final

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.sql import tree
from lambda_nb.engine.iot.sql.compiler import OLDER, VERSIONS, Compiler, error_at
from lambda_nb.engine.iot.sql.errors import EvaluationError, SqlError
from lambda_nb.engine.iot.sql.grammar import parse_statement
from lambda_nb.engine.iot.sql.json_text import to_payload
from lambda_nb.engine.iot.sql.scope import Run, Scope
from lambda_nb.engine.iot.sql.selection import select
from lambda_nb.engine.iot.sql.surroundings import SqlSurroundings
from lambda_nb.engine.iot.sql.values import NO_MATCH, to_boolean
from lambda_nb.engine.iot.topic_filters import SHARED, TopicError, check_filter

MOST_VARIABLES: Final = 10
LONGEST_VARIABLE: Final = 64
LARGEST_VARIABLES: Final = 128 * 1024
"""Bytes of JSON of a statement's variables (iot-sql-set, "SET clause limits")."""
_VARIABLE: Final = re.compile(r"[A-Za-z0-9_]+\Z")


def parse(sql: str, version: str = "2016-03-23") -> Query:
    """Compile a statement.

    Parameters
    ----------
    sql
        The statement, such as ``SELECT temp FROM 'room/+' WHERE temp > 30``.
    version
        ``2016-03-23``, ``2015-10-08`` or ``beta``. A rule that names none has ``2015-10-08``.

    Raises
    ------
    SqlError
        It is not valid, with what was expected and where.
    """
    if version not in VERSIONS:
        raise SqlError(f"There is no SQL version {version}: it is one of {', '.join(VERSIONS)}.")
    statement = parse_statement(sql)
    if statement.topic_filter is not None:
        _check_filter(statement.topic_filter, statement.topic_position)
    try:
        return Query(statement, version)
    except RecursionError:
        raise SqlError("The statement is nested too deeply.") from None


def _check_filter(topic_filter: str, position: tree.Position) -> None:
    if topic_filter.startswith(SHARED):
        raise error_at(position, f"A rule has no shared subscription: {topic_filter!r}.")
    try:
        check_filter(topic_filter)
    except TopicError as error:
        raise error_at(position, str(error)) from None


class Query:
    """A statement that was read once and answers for any number of messages.

    Attributes
    ----------
    sql_version : str
        Its SQL version.
    topic_filter : str or None
        What stands after FROM; ``None`` for a rule of Basic Ingest alone.
    variables : frozenset of str
        The names of SET, which the fields of the rule's actions can use as well.
    is_synchronous : bool
        Whether it calls nothing outside, so that ``evaluate_now`` answers.
    """

    def __init__(self, statement: tree.Statement, version: str) -> None:
        names = _checked_names(statement)
        known: set[str] = set()
        compiler = Compiler(version, known)
        self._set: list[tuple[str, Run]] = []
        for name, expression, _ in statement.variables:
            self._set.append((name, compiler.compile(expression)))
            known.add(name)
        self._where = None if statement.where is None else compiler.compile(statement.where)
        self._select = select(statement.selection, compiler.compile, error_at)
        self._refuses_arrays = version == OLDER and statement.selection.is_value
        self.sql_version = version
        self.topic_filter = statement.topic_filter
        self.variables = frozenset(names)
        self.is_synchronous = not compiler.asks

    def open(self, message: Message, surroundings: SqlSurroundings) -> Scope:
        """Return what expressions see of a message, for ``answer`` and ``Template.fill``."""
        return Scope(message, surroundings, self.sql_version != OLDER, self.sql_version)

    async def evaluate(self, message: Message, surroundings: SqlSurroundings) -> Any:
        """Return what goes out for a message.

        Returns
        -------
        dict, list, str, int, decimal.Decimal, bool, None, bytes, UNDEFINED or NO_MATCH
            ``NO_MATCH`` if WHERE is not true. ``to_payload`` makes bytes of the others.

        Raises
        ------
        EvaluationError
            A call outside failed, or a value cannot be what the statement needs.
        """
        return await self.answer(self.open(message, surroundings))

    def evaluate_now(self, message: Message, surroundings: SqlSurroundings) -> Any:
        """Return what goes out, of a statement that calls nothing outside (``is_synchronous``).

        Raises
        ------
        EvaluationError
            A value cannot be what the statement needs.
        """
        return self.answer_now(self.open(message, surroundings))

    def answer_now(self, scope: Scope) -> Any:
        """Like ``evaluate_now``, for an open message."""
        for name, run in self._set:
            self._keep(scope, name, scope.now(run))
        return scope.now(self._run)

    async def answer(self, scope: Scope) -> Any:
        """Like ``evaluate``, for an open message: its variables stay for the action's fields."""
        if self.is_synchronous:
            return self.answer_now(scope)
        for name, run in self._set:
            self._keep(scope, name, await scope.answer(run))
        return await scope.answer(self._run)

    def _run(self, scope: Scope, row: Any) -> Any:
        where = self._where
        if where is not None:
            met = where(scope, row)
            if met is not True and to_boolean(met) is not True:
                return NO_MATCH
        value = self._select(scope, row)
        if self._refuses_arrays and isinstance(value, list):
            raise EvaluationError("SELECT VALUE of an array needs SQL version 2016-03-23 or later.")
        return value

    def _keep(self, scope: Scope, name: str, value: Any) -> None:
        scope.variables[name] = value
        size = sum(len(to_payload(kept)) for kept in scope.variables.values())
        if size > LARGEST_VARIABLES:
            raise EvaluationError(f"The variables up to @{name} are larger than 128 KiB.")


def _checked_names(statement: tree.Statement) -> set[str]:
    """Check the names of SET against its rules (iot-sql-set)."""
    names: set[str] = set()
    for name, _, position in statement.variables:
        if not _VARIABLE.match(name) or len(name) > LONGEST_VARIABLE:
            raise error_at(
                position,
                f"The variable @{name} is not of at most {LONGEST_VARIABLE} letters, numbers and"
                " underscores.",
            )
        if name in names:
            raise error_at(position, f"The variable @{name} is assigned twice.")
        names.add(name)
    if len(names) > MOST_VARIABLES:
        raise error_at(statement.variables[MOST_VARIABLES][2], "SET takes at most 10 variables.")
    return names
