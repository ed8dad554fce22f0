"""Post-mortem: the frames of a function that failed, opened in the notebook's own debugger.

The engine kept what the function's runtime told of them. They become the traceback of the error
that the notebook shows; ``%debug``, ``%pdb`` and ``pdb.pm()`` find it as they find any other.
Where there are no frames, the debugger opens on a sentence that says why, and what to do.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.debugging import failed_code
from lambda_nb.notebook.debugging.failed_code import Cell
from lambda_nb.notebook.debugging.frame_values import Values
from lambda_nb.notebook.debugging.rebuilt_frames import Frame, entries, show_source, traceback
from lambda_nb.notebook.debugging.stand_ins import plain
from lambda_nb.notebook.errors import FunctionError
from lambda_nb.projects.endpoint import is_aws

HINT = "%debug opens its frames"
_MOST_FRAMES = 200
_OURS = str(Path(__file__).parents[2])
_IPYTHON = tuple(f"{folder}/" for folder in getattr(sys.modules.get("IPython"), "__path__", ()))
_AWS = (
    "AWS keeps no frames of failed functions. Run the function here to look into it: "
    "%lambda connect local, then its cell again"
)
_NOT_KEPT = (
    "This engine keeps no frames. Start it with `lambda-nb serve --keep-frames`, or use the "
    "notebook's own: %lambda connect local"
)
_FORGOTTEN = (
    "The engine has no frames of this failure (any more): it keeps those of the latest hundred. "
    "Call the function again"
)
_STACK_ONLY = (
    "{name} runs on {runtime}: variables travel from Python functions only, the stack is in the "
    "error above. `%%lambda {name} --debug` steps through Python and Node.js functions"
)
_ENDED = (
    "No frames of {name} travelled: its process was ended, and they with it. "
    "`%%lambda {name} --debug` stops it at the line that you choose"
)
_NOTHING_RAN = "No frames of {name} travelled: none of its own code was at work when it failed"
_ENDINGS = ("Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory")


def opened(client: Any, error: FunctionError, cell: Cell | None) -> str:
    """Make the frames of a failed function the traceback of its error.

    Parameters
    ----------
    client
        A boto3 Lambda client of the endpoint where it failed.
    error
        The error, which may have been raised.
    cell
        The cell with the function's code, if this notebook made it.

    Returns
    -------
    str
        What to tell beside the error; empty if there are no frames.
    """
    was_last = getattr(sys, "last_value", None) is error
    made, told = _made(client, {"request": error.request_id}, error, cell)
    outside = [] if error.__traceback__ is None else _of_the_notebook(error.__traceback__)
    error.__traceback__ = traceback(made[0].frames, outside)
    _chain(error, made[1:])
    if was_last:
        remember(error)
    return HINT if told else ""


def latest(client: Any, function: str, request_id: str, cell: Cell | None) -> FunctionError:
    """The error of a failure that nobody was there to see, such as that of an event.

    Parameters
    ----------
    client
        A boto3 Lambda client.
    function
        Its name.
    request_id
        The failed invocation; the function's latest failure if it is empty.
    cell
        The cell with the function's code, if this notebook made it.
    """
    query = {"request": request_id} if request_id else {"function": function}
    error = FunctionError(function, "", "", request_id=request_id)
    made, told = _made(client, query, error, cell)
    if told:
        error = FunctionError(function, made[0].kind, made[0].message, request_id=request_id)
    error.__traceback__ = traceback(made[0].frames)
    _chain(error, made[1:])
    return error


def debug(error: BaseException) -> None:
    """Open an error in IPython's debugger, or in ``pdb`` where there is no IPython."""
    remember(error)
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        shell.debugger(force=True)
        return
    import pdb  # asked for

    pdb.post_mortem(error.__traceback__)


def remember(error: BaseException) -> None:
    """Make an error the last one, as debuggers look it up."""
    sys.last_type, sys.last_value = type(error), error
    sys.last_traceback = error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error


# -- what the engine knows


def _asked(client: Any, query: Mapping[str, str]) -> tuple[Mapping[str, Any] | None, str]:
    """The failure that an engine kept, or why there is none."""
    try:
        told = engine_status(client, f"frames?{urlencode(query)}")
    except Exception as error:  # the failure is to be shown whatever becomes of its frames
        return None, f"The engine did not answer with the frames: {error}"
    if told is None:
        return None, _AWS if is_aws(client) else _NOT_KEPT
    if not told.get("kept"):
        return None, _NOT_KEPT
    failure = told.get("failure")
    return (failure, "") if isinstance(failure, dict) else (None, _FORGOTTEN)


def _made(
    client: Any, query: Mapping[str, str], error: FunctionError, cell: Cell | None
) -> tuple[list[_Exception], bool]:
    """The exceptions of a failure and true; or a sentence that says why there are none."""
    failure, why = _asked(client, query)
    if failure is not None:
        try:
            made = _rebuilt(failure, cell)
        except Exception as problem:  # the failure is to be shown whatever its frames are
            made, why = None, f"The frames cannot be read: {problem!r}"
        if made is not None:
            return made, True
    why = why or _nothing(failure, error.function, error.error_type)
    return [_Exception({}, [_sentence(error.function, why)])], False


def _nothing(failure: Mapping[str, Any] | None, name: str, error_type: str) -> str:
    runtime = "" if failure is None else str(failure.get("runtime", ""))
    if runtime and not runtime.startswith("python"):
        return _STACK_ONLY.format(name=name, runtime=runtime)
    return (_ENDED if error_type in _ENDINGS else _NOTHING_RAN).format(name=name)


def _sentence(function: str, text: str) -> Frame:
    """A frame whose line of code is a sentence."""
    file = f"<no frames of {function}>"
    show_source(file, f"# {plain(text)}")
    return Frame(file, "failure", 1)


# -- frames


class _Rebuilt(Exception):  # noqa: N818
    """An exception of the function, with its own name."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self}"


class _Exception:
    """One exception of a failure: its type, message and frames."""

    def __init__(self, told: Mapping[str, Any], frames: list[Frame]) -> None:
        self.kind = plain(str(told.get("type", "Exception")).rpartition(".")[2])
        self.message = plain(str(told.get("message", "")))
        self.frames = frames


def _rebuilt(failure: Mapping[str, Any], cell: Cell | None) -> list[_Exception] | None:
    """The exceptions of a failure, the one that was raised first; ``None`` without frames."""
    told = failure.get("frames")
    if not isinstance(told, dict) or not isinstance(told.get("exceptions"), list):
        return None
    code = failed_code.Files(str(failure.get("function", "")), told.get("sources"), cell)
    values = Values()
    # Read in the order in which the runtime wrote them: later values refer to earlier ones.
    made: dict[tuple[int, int], Frame] = {}
    places = [
        (number, place, frame)
        for number, one in enumerate(told["exceptions"])
        if isinstance(one, dict)
        for place, frame in enumerate(_list(one.get("frames"))[:_MOST_FRAMES])
        if isinstance(frame, dict)
    ]
    for number, place, frame in sorted(places, key=lambda entry: _written(entry[2])):
        made[number, place] = _frame(frame, values, code)
    modules = {
        one.get("module"): values.variables(one.get("variables"))
        for one in _list(told.get("modules"))
        if isinstance(one, dict) and isinstance(one.get("module"), int)
    }
    for number, place, frame in places:
        known = modules.get(frame.get("module"), {})
        made[number, place] = replace(made[number, place], known=known)
    exceptions = []
    for number, one in enumerate(told["exceptions"]):
        frames = [made[key] for key in sorted(made) if key[0] == number]
        if isinstance(one, dict):
            exceptions.append(_Exception(one, frames))
    return exceptions if exceptions and any(one.frames for one in exceptions) else None


def _frame(told: Mapping[str, Any], values: Values, code: failed_code.Files) -> Frame:
    names = [name for name in _list(told.get("arguments")) if isinstance(name, str)]
    only, positional, named = (
        _count(told, key) for key in ("positional_only", "positional", "named")
    )
    after = names[positional + named :]
    rest = after.pop(0) if told.get("rest") and after else ""
    keywords = after.pop(0) if told.get("keywords") and after else ""
    file, shift = code.place(str(told.get("file", "?")), _count(told, "line"))
    return Frame(
        file=file,
        name=str(told.get("name", "?")),
        line=_count(told, "line") + shift,
        first_line=_count(told, "first_line") + shift,
        variables=values.variables(told.get("locals")),
        positional_only=names[:only],
        positional=names[only:positional],
        named=names[positional : positional + named],
        rest=rest,
        keywords=keywords,
    )


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _count(told: Mapping[str, Any], key: str) -> int:
    number = told.get(key)
    return number if isinstance(number, int) and number >= 0 else 0


def _written(frame: Mapping[str, Any]) -> int:
    return _count(frame, "order")


def _chain(error: BaseException, others: list[_Exception]) -> None:
    """Hang those that an error came from below it, for the debugger's command ``exceptions``."""
    for one in others:
        below = type(one.kind, (_Rebuilt,), {})(one.message)
        below.__traceback__ = traceback(one.frames)
        error.__cause__ = below
        error = below


def _of_the_notebook(trace: TracebackType) -> list[TracebackType]:
    """The entries of a traceback that are the user's, and the one with which IPython begins."""
    first, *others = entries(trace)
    return [first, *(one for one in others if not _is_between(one.tb_frame.f_code.co_filename))]


def _is_between(file: str) -> bool:
    """Whether a file is ours, or IPython's: what lies between a cell and the function."""
    return file.startswith((f"{_OURS}/", *_IPYTHON))
