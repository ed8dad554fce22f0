"""What is wrong with a function's cell, found before it runs: for the marks of an editor."""

from __future__ import annotations

import ast
import builtins
import re
import shlex
import warnings
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.functions import unbound_names
from lambda_nb.notebook.magics import function_magic
from lambda_nb.notebook.magics.editing.choices import AT_VIEWER, FUNCTION_CELL
from lambda_nb.notebook.magics.options import parse_cell, split
from lambda_nb.projects.building.packages import default_runtime
from lambda_nb.rules.settings.runtimes import supported

_MAGIC = re.compile(rf"\s*({FUNCTION_CELL}|{AT_VIEWER})(?!\S)")
_PREFIX = re.compile(r"%%\w+(?: \S+)?: ")
_HANDLERS = ("handler", "lambda_handler")
_DYNAMIC = {"exec", "eval", "globals", "locals", "__getattr__"}
"""With one of these a name may come from anywhere."""
_RANGES = {"memory": ("--memory", 128, 10240), "timeout": ("--timeout", 1, 900)}
_OF_THE_MODULE = {"__name__", "__file__", "__doc__", "__spec__", "__builtins__", "__annotations__"}


class Problem(NamedTuple):
    """One mark: a line from 1, columns from 0, the last one not included."""

    line: int
    column: int
    end_column: int
    severity: Literal["error", "warning"]
    message: str


def check(source: str, namespace: Mapping[str, Any]) -> list[Problem]:
    """The problems of a cell; none for a cell without our magics.

    Parameters
    ----------
    source
        The whole cell.
    namespace
        The notebook's variables; they are only looked up.
    """
    first, _, body = source.partition("\n")
    found = _MAGIC.match(first)
    if found is None:
        return []
    line = first[found.end() :]
    words = line.split()
    if "--help" in words or "-h" in words:
        return []
    try:
        if found[1] == AT_VIEWER:
            function_magic.parser().parse_args(split(line))
            return []
        options = parse_cell(line)
    except NotebookError as error:
        return [_in_first_line(first, found.end(), str(error))]
    problems = list(_settings(first, options))
    if (options.runtime or default_runtime()).startswith("python") and body.strip():
        problems += _python(body, options, namespace)
    return problems


def _in_first_line(first: str, begin: int, message: str) -> Problem:
    """Mark the word that the message names, or all after the magic."""
    said = _PREFIX.sub("", message.partition(" (%%")[0])
    words = sorted(_words(first[begin:]), key=lambda word: (repr(word) not in said, -len(word)))
    for word in words:
        if repr(word) in said or re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said):
            at = first.find(word, begin)
            if at >= 0 and word:
                return Problem(1, at, at + len(word), "error", said)
    end = len(first.rstrip())
    return Problem(1, min(begin + 1, end), end, "error", said)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _settings(first: str, options: Any) -> Iterator[Problem]:
    """Values that Lambda would refuse."""
    known = supported(date.today())
    if options.runtime and options.runtime not in known:
        said = f"Lambda has no runtime {options.runtime} for new functions; there are "
        yield _at(first, options.runtime, said + ", ".join(known), "warning")
    for name, (flag, least, most) in _RANGES.items():
        value = getattr(options, name)
        if not least <= value <= most:
            yield _at(first, str(value), f"{flag} {value}: Lambda takes {least} to {most}")


def _at(
    first: str, word: str, message: str, severity: Literal["error", "warning"] = "error"
) -> Problem:
    at = max(first.rfind(word), 0)
    return Problem(1, at, at + len(word), severity, message)


def _python(body: str, options: Any, namespace: Mapping[str, Any]) -> list[Problem]:
    lines = body.splitlines()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code; it is told when the cell runs
            tree = ast.parse(body)
            compile(tree, "cell", "exec")  # finds `return` outside of a function and the like
    except SyntaxError as error:
        at = min(error.lineno or 1, max(len(lines), 1))
        begin = max((error.offset or 1) - 1, 0)
        same_line = error.end_lineno in (None, at)
        end = (error.end_offset or 0) - 1 if same_line else len(lines[at - 1])
        return [Problem(at + 1, begin, max(end, begin + 1), "error", f"SyntaxError: {error.msg}")]
    except ValueError as error:  # a NUL character
        return [Problem(2, 0, 1, "error", str(error))]
    if options.test:
        return []
    return [*_handler(tree, options, lines), *_names(body, tree, options, namespace)]


def _handler(tree: ast.Module, options: Any, lines: list[str]) -> Iterator[Problem]:
    """A cell without the function that Lambda would call."""
    bound = _bound(tree)
    if options.file and options.handler:
        return  # it may be in one of the files
    if options.handler:
        wanted = options.handler.rpartition(".")[2]
        if wanted not in bound and "*" not in bound:
            said = f"--handler {options.handler}: the cell defines no {wanted}"
            yield Problem(2, 0, len(lines[0]), "error", said)
        return
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if bound & {*_HANDLERS, "*"} or len(functions) == 1:
        return
    said = "no handler: name one function handler(event, context), or give --handler FILE.NAME"
    at = next((number for number, text in enumerate(lines) if text.strip()), 0)
    yield Problem(at + 2, 0, len(lines[at]), "error", said)


def _bound(tree: ast.Module) -> set[str]:
    """Names that the module binds at its top, also inside of ``if`` and ``try``; ``*`` for all."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return found


def _names(
    body: str, tree: ast.Module, options: Any, namespace: Mapping[str, Any]
) -> Iterator[Problem]:
    """Names that the function will lack."""
    advice = unbound_names.left_behind(body, namespace)
    lacking = set(unbound_names.needed(body)) - set(options.include)
    lacking -= _OF_THE_MODULE | set(dir(builtins))
    if lacking & _DYNAMIC or _uses(tree, _DYNAMIC):
        lacking &= set(advice)
    for node in _first_uses(tree, lacking):
        said = advice.get(node.id, f"{node.id} is not defined")
        end = node.end_col_offset or node.col_offset + len(node.id)
        text = body.splitlines()[node.lineno - 1].encode()
        begin, end = (len(text[:at].decode()) for at in (node.col_offset, end))
        yield Problem(node.lineno + 1, begin, end, "warning", said)


def _uses(tree: ast.Module, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def _first_uses(tree: ast.Module, names: set[str]) -> list[ast.Name]:
    """Where each of these names is read first, in the order of the lines."""
    first: dict[str, ast.Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            before = first.get(node.id)
            if before is None or (node.lineno, node.col_offset) < (
                before.lineno,
                before.col_offset,
            ):
                first[node.id] = node
    return sorted(first.values(), key=lambda node: (node.lineno, node.col_offset))
