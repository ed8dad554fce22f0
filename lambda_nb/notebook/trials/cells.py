"""A cell with ``--test``: Python of the notebook that checks a function."""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from lambda_nb.notebook.errors import FunctionError, NotebookError
from lambda_nb.notebook.trials import assertions
from lambda_nb.notebook.trials.outcomes import Outcome

PREFIX = "test"
"""Functions with this beginning are tests, as for pytest."""


class TestCell:
    """The tests of one cell.

    Parameters
    ----------
    function
        The function that they are about.
    label
        How IPython names the cell, ``Cell In[4]``.
    source
        The cell without its first line.

    Raises
    ------
    NotebookError
        The source does not compile.
    """

    __test__ = False  # the name must not make pytest collect it

    def __init__(self, function: str, label: str, source: str) -> None:
        self.label = label
        self._file = f"<tests of {function}, {label}>"
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise NotebookError(
                f"SyntaxError in line {(error.lineno or 1) + 1} of the cell: {error.msg}"
            ) from None
        self.names = [
            node.name
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and node.name.startswith(PREFIX)
        ]
        tree = assertions.explained(tree, source)
        ast.increment_lineno(tree, 1)  # the magic's line is the cell's first
        self._code = compile(tree, self._file, "exec")

    def run(self, namespace: Mapping[str, Any]) -> list[Outcome]:
        """Run the cell, then its test functions; what it defines stays in it.

        Parameters
        ----------
        namespace
            The notebook's variables, with the function's handle.
        """
        own = {**namespace, "__name__": self._file, assertions.FAILED: assertions.failed}

        def body() -> None:
            exec(self._code, own)  # noqa: S102  # the user's own code

        outcome = self._tried("the cell" if self.names else self.label, body)
        if not outcome.passed or not self.names:
            return [outcome]
        return [self._tried(name, self._callable(name, own[name])) for name in self.names]

    def _callable(self, name: str, found: Any) -> Callable[[], object]:
        if inspect.iscoroutinefunction(found):
            problem = f"{name} is async; make it a plain function"
        elif inspect.signature(found).parameters:
            problem = f"{name} takes arguments; there are no fixtures here, loop over the values"
        else:
            plain: Callable[[], object] = found
            return plain

        def refuse() -> None:
            raise NotebookError(problem)

        return refuse

    def _tried(self, title: str, test: Callable[[], object]) -> Outcome:
        try:
            test()
        except Exception as error:
            line = self._line(error.__traceback__)
            place = f"{self.label}, line {line}" if line else self.label
            return Outcome(title, False, _said(error), place, _details(error))
        return Outcome(title, True)

    def _line(self, trace: TracebackType | None) -> int:
        """The innermost line of the cell."""
        lines = [at for frame, at in traceback.walk_tb(trace) if self._holds(frame)]
        return lines[-1] if lines else 0

    def _holds(self, frame: Any) -> bool:
        return bool(frame.f_code.co_filename == self._file)


def _said(error: Exception) -> str:
    if isinstance(error, (assertions.ExplainedError, NotebookError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _details(error: Exception) -> list[str]:
    if isinstance(error, assertions.ExplainedError):
        return error.values
    frames = error.frames if isinstance(error, FunctionError) else []
    return [line for frame in frames for line in frame.splitlines()]
