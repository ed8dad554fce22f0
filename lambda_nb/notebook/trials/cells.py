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
        The source does not compile, or has tests that would not run.
    """

    __test__ = False  # the name must not make pytest collect it

    def __init__(self, function: str, label: str, source: str) -> None:
        self.label = label
        self._function = function
        self._file = f"<tests of {function}, {label}>"
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise _syntax_error(error, (error.lineno or 1) + 1) from None
        self.first = next(filter(None, map(str.strip, source.splitlines())), "")
        self.names = [
            node.name
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and node.name.startswith(PREFIX)
        ]
        if self.names:
            self.first = self.names[0]
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name.lower().startswith(PREFIX):
                raise NotebookError(
                    f"{node.name} in line {node.lineno + 1} of the cell is a class, and tests of a "
                    f"class do not run here; make them functions {PREFIX}_..."
                )
        tree = assertions.explained(tree, source)
        ast.increment_lineno(tree, 1)  # the magic's line is the cell's first
        try:
            self._code = compile(tree, self._file, "exec")
        except SyntaxError as error:  # such as a return outside of a function
            raise _syntax_error(error, error.lineno or 1) from None

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
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # what pytest.raises raises is no Exception
            line = self._line(error.__traceback__)
            place = f"{self.label}, line {line}" if line else self.label
            told = _said(error)
            if isinstance(error, NameError) and error.name == "handler":
                told += f" (a test calls {self._function}(...), as other cells do)"
            return Outcome(title, False, told, place, _details(error))
        return Outcome(title, True)

    def _line(self, trace: TracebackType | None) -> int:
        """The innermost line of the cell."""
        lines = [at for frame, at in traceback.walk_tb(trace) if self._holds(frame)]
        return lines[-1] if lines else 0

    def _holds(self, frame: Any) -> bool:
        return bool(frame.f_code.co_filename == self._file)


def _syntax_error(error: SyntaxError, line: int) -> NotebookError:
    return NotebookError(f"SyntaxError in line {line} of the cell: {error.msg}")


def _said(error: BaseException) -> str:
    if isinstance(error, (assertions.ExplainedError, NotebookError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _details(error: BaseException) -> list[str]:
    if isinstance(error, assertions.ExplainedError):
        return error.values
    frames = error.frames if isinstance(error, FunctionError) else []
    return [line for frame in frames for line in frame.splitlines()]
