"""Real frames and tracebacks, made of what a failed function told of its own.

A debugger wants frame objects, and Python makes those only for code that runs. So for each frame a
function is compiled that has the same name, arguments and variables, and does nothing but raise, at
the same line. Its frame is kept.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import linecache
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType, TracebackType
from typing import Any

from lambda_nb.notebook.debugging.stand_ins import plain

_VALUES, _HERE = "__lambda_nb_values__", "__lambda_nb_here__"
_MOST_LINES = 1_000_000


class _Here(Exception):  # noqa: N818
    """Raised to stop at a frame."""


@dataclass(frozen=True)
class Frame:
    """What a frame is made of.

    Attributes
    ----------
    file, name, line, first_line
        Where it stopped, and where its code begins.
    variables, known
        Its variables, and those of its module.
    positional_only, positional, named
        Names of its arguments.
    rest, keywords
        Names of ``*args`` and ``**kwargs``, or nothing.
    """

    file: str
    name: str
    line: int
    first_line: int = 1
    variables: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    positional_only: Sequence[str] = ()
    positional: Sequence[str] = ()
    named: Sequence[str] = ()
    rest: str = ""
    keywords: str = ""


def traceback(
    frames: Sequence[Frame], outside: Sequence[TracebackType] = ()
) -> TracebackType | None:
    """A traceback of frames, the outermost first, below those of ``outside``."""
    made: TracebackType | None = None
    for frame in reversed(frames):
        place = _stopped(frame)
        made = TracebackType(made, place.tb_frame, place.tb_lasti, place.tb_lineno)
    for place in reversed(outside):
        made = TracebackType(made, place.tb_frame, place.tb_lasti, place.tb_lineno)
    return made


def entries(traceback: TracebackType | None) -> list[TracebackType]:
    """The entries of a traceback, the outermost first."""
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


def show_source(file: str, source: str) -> None:
    """Let debuggers and tracebacks show ``source`` as the text of a file."""
    lines = [line + "\n" for line in source.splitlines()]
    linecache.cache[file] = (len(source), None, lines, file)


def _stopped(frame: Frame) -> TracebackType:
    """The traceback entry of a frame that stopped as ``frame`` says."""
    known: dict[str, Any] = {"__builtins__": builtins, "__name__": "function", **frame.known}
    variables = {name: value for name, value in frame.variables.items() if _is_name(name)}
    is_module = frame.name == "<module>"
    known |= {_HERE: _Here, **(variables if is_module else {_VALUES: [*variables.values()]})}
    try:
        if is_module:
            exec(_compiled(frame, [_raise()]), known)  # noqa: S102  # a statement of ours
        else:
            _run(frame, list(variables), known)
    except _Here as stopped:
        del known[_HERE]
        known.pop(_VALUES, None)
        return entries(stopped.__traceback__)[-1]
    raise AssertionError("it always raises")


def _run(frame: Frame, names: list[str], known: dict[str, Any]) -> None:
    """Run a function that has the frame's arguments and variables."""
    arguments: list[str] = []

    def valid(group: Sequence[str]) -> list[str]:
        fresh = [n for n in dict.fromkeys(group) if _is_name(n) and n not in arguments]
        arguments.extend(fresh)
        return fresh

    first, second, named = valid(frame.positional_only), valid(frame.positional), valid(frame.named)
    rest, keywords = "".join(valid([frame.rest])), "".join(valid([frame.keywords]))
    body: list[ast.stmt] = []
    if names:
        store = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
        body.append(ast.Assign([store], ast.Name(_VALUES, ast.Load())))
    if gone := [ast.Name(name, ast.Del()) for name in arguments if name not in names]:
        body.append(ast.Delete(list(gone)))
    function = ast.FunctionDef(
        name="function",
        args=ast.arguments(
            posonlyargs=[ast.arg(name) for name in first],
            args=[ast.arg(name) for name in second],
            vararg=ast.arg(rest) if rest else None,
            kwonlyargs=[ast.arg(name) for name in named],
            kw_defaults=[None for _ in named],
            kwarg=ast.arg(keywords) if keywords else None,
            defaults=[],
        ),
        body=[*body, _raise()],
        decorator_list=[],
    )
    if sys.version_info >= (3, 12):
        function.type_params = []
    module = _compiled(frame, [function])
    code = next(part for part in module.co_consts if isinstance(part, CodeType))
    code = code.replace(co_name=plain(frame.name))
    if sys.version_info >= (3, 11):
        code = code.replace(co_qualname=plain(frame.name))
    FunctionType(code, known)(*first, *second, **dict.fromkeys(named))


def _raise() -> ast.stmt:
    return ast.Raise(ast.Name(_HERE, ast.Load()))


def _compiled(frame: Frame, body: list[ast.stmt]) -> CodeType:
    """Statements compiled so that all of them stand in the frame's line of its file."""
    tree = ast.Module(body, [])
    line = min(max(1, frame.line), _MOST_LINES)
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg)):
            is_first = isinstance(node, ast.FunctionDef)
            node.lineno = min(max(1, frame.first_line), line) if is_first else line
            node.end_lineno = line
            node.col_offset = node.end_col_offset = 0
    return compile(tree, plain(frame.file), "exec", dont_inherit=True)


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "__debug__"
