"""What goes wrong with a query: it cannot be read, or it cannot be evaluated."""

from __future__ import annotations


class SqlError(Exception):
    """A statement that is not valid; AWS's ``SqlParseException`` has its text.

    Parameters
    ----------
    sentence
        What was wrong and what was expected.
    line, column
        Where, from 1; 0 if it is nowhere in particular.
    """

    def __init__(self, sentence: str, line: int = 0, column: int = 0) -> None:
        super().__init__(sentence)
        self.line = line
        self.column = column


class EvaluationError(Exception):
    """A call that a query makes to the world outside has failed; its text says which and why."""
