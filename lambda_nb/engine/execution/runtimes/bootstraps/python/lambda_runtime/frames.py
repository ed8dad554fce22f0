"""The frames of a failure with their variables, for the debugger of a notebook (post-mortem).

They go to the engine beside the error object, which stays AWS's. Only an engine that keeps frames
asks for them, by a variable that the function does not see. Python 3.8 and newer.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import time
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from lambda_runtime import frame_values
from lambda_runtime.errors import Fault

if TYPE_CHECKING:
    from lambda_runtime.client import RuntimeClient

PATH = "/lambda-nb/frames"

MOST_EXCEPTIONS = 10
MOST_FRAMES = 50
"""Of one exception: the outermost fifth, and the innermost."""
MOST_VARIABLES = 100
"""Of one frame, and of one module."""
MOST_FILE_BYTES = 100_000
MOST_SOURCE_BYTES = 150_000
MOST_SECONDS = 0.2
"""For an invocation that is about to time out, a quarter of what is left."""

_VARARGS, _VARKEYWORDS = 4, 8  # inspect.CO_VARARGS, CO_VARKEYWORDS
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_IMPORTING = ("<frozen importlib", os.path.dirname(os.path.abspath(os.__file__)) + "/importlib/")


def send(client: RuntimeClient, error: BaseException, left_s: float) -> None:
    """Hand the frames of an error to the engine, if there are any. Never raises.

    Parameters
    ----------
    client
        The connection to the Runtime API.
    error
        What failed.
    left_s
        Seconds until the invocation times out.
    """
    try:
        told = collected(error, min(MOST_SECONDS, max(0.0, left_s) / 4))
        body = None if told is None else json.dumps(told, separators=(",", ":")).encode()
    except Exception:
        return  # the failure itself is what counts, and it is still to be reported
    if body is not None:
        client.post(PATH, body)


def collected(error: BaseException, seconds: float) -> dict[str, Any] | None:
    """The frames of an error as JSON can hold them; ``None`` if no code of the function ran."""
    if isinstance(error, Fault) and error.__cause__ is not None:
        error = error.__cause__
    chain = _chain(error)
    frames = [_frames(one) for one in chain]
    if not any(kept for kept, _ in frames):
        return None
    values = frame_values.Values(time.perf_counter() + seconds)
    told = [_told(one, chain, left) for one, (_, left) in zip(chain, frames)]  # noqa: B905
    with values.guarded():
        # The function's own innermost frames first: what is cut short is then what matters least.
        order = [
            (_is_library(frame.f_code.co_filename), number, -place, frame, line)
            for number, (kept, _) in enumerate(frames)
            for place, (frame, line) in enumerate(kept)
        ]
        order.sort(key=lambda entry: entry[:3])
        for turn, (_, number, place, frame, line) in enumerate(order):
            told[number]["frames"].append((-place, {"order": turn, **_frame(values, frame, line)}))
        modules = _modules(values, [frame for _, _, _, frame, _ in order])
    for one in told:
        one["frames"] = [frame for _, frame in sorted(one["frames"], key=lambda pair: pair[0])]
    found: dict[str, Any] = values.scrubbed({"exceptions": told, "modules": modules})
    return {
        "python": "{}.{}".format(*sys.version_info[:2]),
        "cut": values.cut,
        "sources": _sources([frame.f_code.co_filename for _, _, _, frame, _ in order]),
        **found,
    }


def _chain(error: BaseException) -> list[BaseException]:
    """An error, those it came from, and those in its group; the error itself first."""
    chain = [error]
    for one in chain:
        members = getattr(one, "exceptions", ()) if _is_group(one) else ()
        for other in (one.__cause__, one.__context__, *members):
            if other is not None and all(other is not known for known in chain):
                if len(chain) == MOST_EXCEPTIONS:
                    return chain
                chain.append(other)
    return chain


def _is_group(error: BaseException) -> bool:
    return sys.version_info >= (3, 11) and isinstance(error, BaseExceptionGroup)  # noqa: F821


def _frames(error: BaseException) -> tuple[list[tuple[FrameType, int]], int]:
    """The frames that matter with their lines, the innermost last, and how many are left out."""
    found = [
        (trace.tb_frame, trace.tb_lineno)
        for trace in _traces(error.__traceback__)
        if not trace.tb_frame.f_code.co_filename.startswith((_OURS, *_IMPORTING))
    ]
    if len(found) <= MOST_FRAMES:
        return found, 0
    first = MOST_FRAMES // 5
    return found[:first] + found[first - MOST_FRAMES :], len(found) - MOST_FRAMES


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _told(error: BaseException, chain: list[BaseException], left_out: int) -> dict[str, Any]:
    def number(other: BaseException | None) -> int | None:
        return next((n for n, known in enumerate(chain) if known is other), None)

    members = [number(one) for one in error.exceptions] if _is_group(error) else []  # type: ignore[attr-defined]
    return {
        "type": frame_values.type_name(type(error)),
        "message": frame_values.message(error),
        "cause": number(error.__cause__),
        "context": number(error.__context__),
        "hides_context": error.__suppress_context__,
        "members": [one for one in members if one is not None],
        "left_out": left_out,
        "frames": [],
    }


def _frame(values: frame_values.Values, frame: FrameType, line: int) -> dict[str, Any]:
    code = frame.f_code
    positional, named = code.co_argcount, code.co_kwonlyargcount
    rest, keywords = bool(code.co_flags & _VARARGS), bool(code.co_flags & _VARKEYWORDS)
    variables = {} if code.co_name == "<module>" else dict(frame.f_locals)
    return {
        "file": code.co_filename,
        "name": code.co_name,
        "module": id(frame.f_globals),
        "line": line,
        "first_line": code.co_firstlineno,
        "arguments": list(code.co_varnames[: positional + named + rest + keywords]),
        "positional_only": code.co_posonlyargcount,
        "positional": positional,
        "named": named,
        "rest": rest,
        "keywords": keywords,
        "locals": values.variables(variables, list(variables)[:MOST_VARIABLES]),
    }


def _modules(values: frame_values.Values, frames: list[FrameType]) -> list[dict[str, Any]]:
    """The variables of the frames' modules; of a library's only those that its frames use."""
    needed: dict[int, dict[str, None]] = {}
    known = {}
    for frame in frames:
        code, found = frame.f_code, frame.f_globals
        known[id(found)] = found
        names = needed.setdefault(id(found), {"__name__": None, "__file__": None})
        names.update(dict.fromkeys(name for name in code.co_names if name in found))
        if not _is_library(code.co_filename):
            names.update(dict.fromkeys(name for name in found if not _is_special(name)))
    return [
        {
            "module": number,
            "variables": values.variables(known[number], _first(names, known[number])),
        }
        for number, names in needed.items()
    ]


def _first(names: Iterable[str], known: dict[str, Any]) -> list[str]:
    return [name for name in names if name in known][:MOST_VARIABLES]


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_library(file: str) -> bool:
    """Whether a file belongs to Python, or to a package."""
    here = (sys.prefix + os.sep, sys.base_prefix + os.sep, "<")
    return "site-packages" in file or "dist-packages" in file or file.startswith(here)


def _sources(files: list[str]) -> dict[str, str]:
    """The text of files that the notebook may not have: code of the function and of layers."""
    sources: dict[str, str] = {}
    room = MOST_SOURCE_BYTES
    for file in dict.fromkeys(files):
        if file.startswith((sys.prefix + os.sep, sys.base_prefix + os.sep)):
            continue
        text = "".join(linecache.getlines(file))
        if 0 < len(text) <= min(room, MOST_FILE_BYTES):
            sources[file] = text
            room -= len(text)
    return sources
