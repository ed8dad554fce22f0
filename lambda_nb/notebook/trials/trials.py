"""Keeps the tests of a notebook's functions and runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import AWSError, NotebookError
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.trials.cells import TestCell
from lambda_nb.notebook.trials.event_line import ANY_ERROR, EventLine, Expected, short
from lambda_nb.notebook.trials.outcomes import Outcome


class Trials:
    """The test cells of a notebook, by function and cell."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, TestCell]] = {}

    def keep(self, function: str, cell_id: str, cell: TestCell) -> None:
        """Keep a cell, instead of what the same cell had before.

        Parameters
        ----------
        cell_id
            The front end's name for the cell. Without one, a cell is known by its first test or
            line.
        """
        key = cell_id or cell.first
        self._of.setdefault(function, {})[key] = cell

    def forget(self, function: str) -> int:
        """Forget all tests of a function; returns how many cells there were."""
        return len(self._of.pop(function, {}))

    def has(self, function: str) -> bool:
        """Whether any are kept for a function."""
        return bool(self._of.get(function))

    def run(self, function: str, namespace: Mapping[str, Any]) -> list[Outcome]:
        """Run all tests that are kept for a function."""
        cells = self._of.get(function, {})
        return [outcome for cell in cells.values() for outcome in cell.run(namespace)]


def invoke(handle: Function, lines: Sequence[EventLine]) -> list[Outcome]:
    """Invoke a function with the events of its cell, one after the other."""
    return [_invoked(handle, line) for line in lines]


def _invoked(handle: Function, line: EventLine) -> Outcome:
    try:
        result = handle.invoke(line.event)
    except NotebookError as error:  # a throttle too; the function is deployed all the same
        wanted = "" if line.expected is None else line.expected.error
        passed = isinstance(error, AWSError) and error.code == wanted
        told = f"{error}; expected {line.expected}" if line.expected and not passed else str(error)
        return Outcome(line.title, passed, told)
    figures = [result.start, display.milliseconds((result.duration or 0) * 1000)]
    figures = [figure for figure in figures if figure]
    if result.error is not None:
        came = f"{result.error.error_type}: {result.error.error_message}"
        frames = [part for frame in result.error.frames for part in frame.splitlines()]
        if line.expected is not None and line.expected.error:
            wanted = line.expected.error
            passed = wanted in (ANY_ERROR, result.error.error_type)
            told = came if passed else f"{came}; expected {wanted}"
            return Outcome(line.title, passed, told, figures=figures)
        return Outcome(line.title, False, came, details=frames, figures=figures)
    came = short(result.payload)
    if line.expected is None or _equal(result.payload, line.expected):
        return Outcome(line.title, True, came, figures=figures)
    return Outcome(line.title, False, f"{came}; expected {line.expected}", figures=figures)


def _equal(payload: Any, expected: Expected) -> bool:
    return not expected.error and bool(payload == expected.value)
