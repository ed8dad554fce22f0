"""One message under evaluation: its payload, the variables, and answers from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.sql import json_text
from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.surroundings import SqlSurroundings

Run = Callable[["Scope", Any], Any]
"""A compiled expression. It takes the scope and the object that names are looked up in."""

_TOO_DEEP: Final = "The message or a value made from it is nested too deeply."


class Pending(BaseException):
    """Evaluation cannot go on without an answer from outside."""

    def __init__(self, ask: Callable[[], Awaitable[Any]]) -> None:
        super().__init__()
        self.ask = ask


class Scope:
    """What expressions see of a message: one for the statement and the fields of its actions.

    Functions that call the world outside do not wait. The first time they raise ``Pending``;
    ``answer`` fetches the answer and evaluates again from the start, where the n-th call takes
    the n-th answer. So a statement without such functions costs no task switch, and what chance
    gives (``rand``, ``newuuid``) is recorded likewise.

    Parameters
    ----------
    message
        The message; its payload is read as JSON when first needed.
    surroundings
        The world outside.
    whole_as_int
        Whether numbers like 10.0 are Ints, which they are from SQL 2016-03-23 on.
    sql_version
        For ``sql_version()``.
    """

    __slots__ = (
        "_answers", "_now", "_payload", "_position", "message", "sql_version", "surroundings",
        "variables", "whole_as_int",
    )  # fmt: skip

    def __init__(
        self, message: Message, surroundings: SqlSurroundings, whole_as_int: bool, sql_version: str
    ) -> None:
        self.message = message
        self.surroundings = surroundings
        self.whole_as_int = whole_as_int
        self.sql_version = sql_version
        self.variables: dict[str, Any] = {}
        self._payload: Any = None
        self._now: int | None = None
        self._answers: list[Any] = []
        self._position = 0

    @property
    def payload(self) -> Any:
        """The payload as a JSON object or array; anything else stays ``bytes``."""
        if self._payload is None:
            raw = self.message.payload
            try:
                value = json_text.read(raw, whole_as_int=self.whole_as_int)
            except json_text.UNREADABLE:
                value = raw
            kind = type(value)
            self._payload = value if kind is dict or kind is list else raw
        return self._payload

    @property
    def now_ms(self) -> int:
        """When evaluation began, in ms: the same wherever the rule asks for it."""
        if self._now is None:
            self._now = self.surroundings.now_ms()
        return self._now

    def ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Return the answer to a call outside.

        Raises
        ------
        EvaluationError
            The call failed.
        Pending
            It is not made yet.
        """
        position = self._position
        if position == len(self._answers):
            raise Pending(call)
        self._position = position + 1
        answer = self._answers[position]
        if isinstance(answer, EvaluationError):
            raise answer
        return answer

    def record(self, draw: Callable[[], Any]) -> Any:
        """Return what chance gives, and the same again when evaluation is repeated."""
        position = self._position
        if position == len(self._answers):
            self._answers.append(draw())
        self._position = position + 1
        return self._answers[position]

    def now(self, run: Run) -> Any:
        """Evaluate an expression that calls nothing outside.

        Raises
        ------
        EvaluationError
            It has no answer.
        """
        self._position = 0
        self._answers.clear()
        try:
            return run(self, self.payload)
        except RecursionError:
            raise EvaluationError(_TOO_DEEP) from None

    async def answer(self, run: Run) -> Any:
        """Evaluate any expression; several can be under way for one message.

        Raises
        ------
        EvaluationError
            It has no answer, or a call outside failed.
        """
        mine = Scope(self.message, self.surroundings, self.whole_as_int, self.sql_version)
        mine.variables, mine._payload, mine._now = self.variables, self.payload, self.now_ms
        while True:
            mine._position = 0
            try:
                return run(mine, mine.payload)
            except RecursionError:
                raise EvaluationError(_TOO_DEEP) from None
            except Pending as pending:
                call = pending.ask
            try:
                mine._answers.append(await call())
            except EvaluationError as error:
                mine._answers.append(error)
            except AWSError as error:
                mine._answers.append(EvaluationError(f"{error.code}: {error.message}"))
