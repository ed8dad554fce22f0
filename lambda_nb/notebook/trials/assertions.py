"""Let ``assert`` tell the values of its two sides, as users of pytest know it."""

from __future__ import annotations

import ast
from typing import Any

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.trials.event_line import short

FAILED = "@failed"
"""The name under which rewritten code finds :func:`failed`; no name of Python can be the same."""
_LEFT, _RIGHT = "@left", "@right"


class ExplainedError(AssertionError):
    """A failed assertion with the values of its sides: ``values`` has a line for each."""

    def __init__(self, message: str, values: list[str]) -> None:
        super().__init__(message)
        self.values = values


def failed(text: str, sides: list[tuple[str, Any]], message: Any = None) -> ExplainedError:
    """The error of an assertion; ``sides`` are the source of each side and its value."""
    said = f"assert {text}" if message is None else f"{message} (assert {text})"
    return ExplainedError(said, [f"{source} is {short(value)}" for source, value in sides])


def explained(tree: ast.Module, source: str) -> ast.Module:
    """Rewrite the assertions of a module; each side is still evaluated once.

    Parameters
    ----------
    tree
        The parsed module; it is changed.
    source
        Its text.

    Raises
    ------
    NotebookError
        An assertion can never fail.
    """
    changed = _Rewriter(source).visit(tree)
    ast.fix_missing_locations(changed)
    assert isinstance(changed, ast.Module)
    return changed


class _Rewriter(ast.NodeTransformer):
    def __init__(self, source: str) -> None:
        self._source = source

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        test = node.test
        if isinstance(test, ast.Tuple) and test.elts:
            # Python warns of it, but of rewritten code it cannot.
            raise NotebookError(
                f"line {node.lineno + 1} of the cell: an assertion of a tuple is always true; "
                "remove the parentheses"
            )
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            sides = [(_LEFT, test.left), (_RIGHT, test.comparators[0])]
            holds: ast.expr = ast.Compare(_load(_LEFT), test.ops, [_load(_RIGHT)])
        else:
            sides = [(_LEFT, test)]
            holds = _load(_LEFT)
        told = [
            ast.Tuple([ast.Constant(self._text(side)), _load(name)], ast.Load())
            for name, side in sides
            if not isinstance(side, ast.Constant)
        ]
        made = ast.Call(
            _load(FAILED),
            [
                ast.Constant(self._text(test)),
                ast.List(list(told), ast.Load()),
                *([node.msg] if node.msg else []),
            ],
            [],
        )
        checks: list[ast.stmt] = [
            *(ast.Assign([ast.Name(name, ast.Store())], side) for name, side in sides),
            ast.If(ast.UnaryOp(ast.Not(), holds), [ast.Raise(made)], []),
        ]
        for check in checks:
            for part in ast.walk(check):
                if not hasattr(part, "lineno"):
                    ast.copy_location(part, node)
        return checks

    def _text(self, node: ast.expr) -> str:
        return " ".join((ast.get_source_segment(self._source, node) or ast.unparse(node)).split())


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())
