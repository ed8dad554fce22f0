"""What the compiler has to know of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Function:
    """One function of SQL.

    Attributes
    ----------
    body : callable
        Takes the arguments' values, some of which may be Undefined; after the ``Scope`` if
        ``of_message``.
    least, most : int
        How many arguments; with another number the result is Undefined (iot-sql-data-types).
        ``most`` is ``None`` for any number.
    newer : bool
        Whether it needs SQL version 2016-03-23.
    of_message : bool
        Whether it looks at the message or at the world outside.
    outside : bool
        Whether it calls the world outside.
    raw : bool
        Whether ``*`` as its argument is the payload's bytes, not what they say as JSON.
    at_most : int or None
        How often a statement may call it.
    fixed : tuple of int
        Which arguments cannot be variables (iot-sql-set); -1 is the last.
    check : callable or None
        Is told the arguments once, Undefined for those that are no constants. It raises
        ``EvaluationError`` if the call can never work here.
    """

    body: Callable[..., Any]
    least: int
    most: int | None = None
    newer: bool = False
    of_message: bool = False
    outside: bool = False
    raw: bool = False
    at_most: int | None = None
    fixed: tuple[int, ...] = ()
    check: Callable[[list[Any]], None] | None = None

    def takes(self, count: int) -> bool:
        """Whether it is defined for a number of arguments."""
        return self.least <= count and (self.most is None or count <= self.most)


def of(body: Callable[..., Any], least: int, most: int | None = None, **more: Any) -> Function:
    """Describe a function of ``least`` to ``most`` arguments (``least`` if it is left out)."""
    return Function(body, least, least if most is None else most, **more)
