"""Errors of boto3 clients as a notebook shows them: the user's lines, without botocore's frames."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

_LIBRARIES = ("botocore.", __name__)


def shorten(client: Any) -> Any:
    """Let errors of a client's calls end at the line that called; returns the client.

    The exceptions stay botocore's own, with their whole traceback: only what IPython prints of
    them is shorter.
    """
    call = client._make_api_call

    @functools.wraps(call)
    def short(*args: Any, **named: Any) -> Any:
        try:
            return call(*args, **named)
        except Exception as error:
            shown: Any = error  # an exception may have attributes of ours
            shown._render_traceback_ = functools.partial(_shown, error)
            raise

    client._make_api_call = short
    return client


def _shown(error: Exception) -> list[str]:
    """The lines of an error; called by IPython while it shows the error."""
    from IPython.core.getipython import get_ipython

    kept = _until(error.__traceback__, lambda name: name.startswith(_LIBRARIES))
    shell = get_ipython()
    if shell is None:  # shown by another shell than the one of this process
        return traceback.format_exception(type(error), error, kept)
    lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, kept, 1)
    return lines


def _until(whole: TracebackType | None, stops: Callable[[str], bool]) -> TracebackType | None:
    """A copy of a traceback up to the first frame of a module that ``stops`` names."""
    if whole is None or stops(f"{whole.tb_frame.f_globals.get('__name__', '')}"):
        return None
    rest = _until(whole.tb_next, stops)
    return TracebackType(rest, whole.tb_frame, whole.tb_lasti, whole.tb_lineno)
