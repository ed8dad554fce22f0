"""Bounds how long a regular expression may search: some need years for a short text.

Python's ``re`` has no such bound, and while it searches the engine stands still. It does look for
signals, and so a timer's signal ends it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from lambda_nb.engine.iot.sql.errors import EvaluationError

LONGEST_S: Final = 0.1
"""CPU time of one search, s. Ours: AWS names no bound for its own."""

_T = TypeVar("_T")


class _TooLongError(Exception):
    """The time is over."""


class _Watch:
    """Ends what runs under it when the time is over."""

    def __init__(self) -> None:
        self._is_set = False
        self._runs = False

    def run(self, work: Callable[[], _T]) -> _T:
        """Run something, for a while."""
        if not self._is_set:
            self._is_set = True
            signal.signal(signal.SIGVTALRM, self._ring)
        self._runs = True
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
        try:
            return work()
        finally:
            self._runs = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _ring(self, *_: Any) -> None:
        if self._runs:
            self._runs = False
            raise _TooLongError


_watch = _Watch()


def bounded(search: Callable[[], _T], expression: str) -> _T:
    """What a search finds. Only the main thread, which has the engine's loop, is watched.

    Raises
    ------
    EvaluationError
        It takes too long.
    """
    if threading.current_thread() is not threading.main_thread():
        return search()
    try:
        return _watch.run(search)
    except _TooLongError:
        raise EvaluationError(
            f"The regular expression {expression!r} was searched for longer than {LONGEST_S:g} s."
        ) from None
