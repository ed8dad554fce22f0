"""After an update: which invocations ran the old code, and which the new one.

The engine's invocation log tells the code of each invocation. A thread reads it for a while and
updates the cell's display in place; what it says last is kept in the notebook.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.invocation_log import InvocationLog, Record
from lambda_nb.notebook.threads import thread

FOLLOWED_S = 60.0
"""How long a display follows an update."""

_OFTEN_S, _OFTEN_FOR_S, _SELDOM_S = 0.25, 5.0, 1.0
_SHARE = 4.0
"""After a reading of t seconds the thread waits at least 4 t."""
_BEFORE_S = 10.0
"""Seconds before the update from which on the log is read."""
_LATEST = "$LATEST"


@dataclass(frozen=True)
class Update:
    """One update of a function's code.

    Attributes
    ----------
    function, sha256
        The function, and Lambda's ``CodeSha256`` of its new code.
    began
        When the cell began to run, epoch seconds.
    took
        Seconds from then until the new code was in use.
    """

    function: str
    sha256: str
    began: float
    took: float


class Handover:
    """Counts the invocations on both sides of an update.

    Attributes
    ----------
    old
        Invocations with the old code that ended after the cell ran.
    old_until
        When the last of them ended, seconds after the cell ran.
    new
        Invocations with the new code.
    new_from
        When the first of them arrived, seconds after the cell ran; ``first_start`` is its start
        (``cold``, ``warm``, ``provisioned``).
    failed
        Of the new ones.
    over
        Nobody counts any more, :data:`FOLLOWED_S` after the update.
    """

    def __init__(self, update: Update) -> None:
        self.update = update
        self.old = self.new = self.failed = 0
        self.old_until = 0.0
        self.new_from: float | None = None
        self.first_start = ""
        self.over = False

    def take(self, record: Record) -> None:
        """Count one record of the invocation log."""
        update = self.update
        if record.function != update.function or record.version != _LATEST or record.throttled:
            return
        if record.code_sha256 == update.sha256:
            arrived = record.arrival - update.began
            if arrived < 0:  # the same code, before an earlier update took it away
                return
            self.new += 1
            self.failed += not record.ok
            if self.new_from is None or arrived < self.new_from:
                self.new_from, self.first_start = arrived, record.start
        elif (ended := record.finish - update.began) > 0:
            self.old += 1
            self.old_until = max(self.old_until, ended)

    def words(self) -> list[str]:
        """What happened, in a few words each."""
        told = [f"in {_words(self.update.took)}"]
        if self.old:
            told.append(f"old code: {self.old} more, the last until {_after(self.old_until)}")
        if self.new_from is not None:
            failed = f", {self.failed} failed" if self.failed else ""
            start = f" ({self.first_start})" if self.first_start else ""
            until = "in the first minute" if self.over else "so far"
            told.append(
                f"new code: from {_after(self.new_from)}{start}, {self.new} {until}{failed}"
            )
        return told


def _after(seconds: float) -> str:
    return f"+{_words(seconds)}"


def _words(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Followers:
    """The displays of this notebook that follow an update, one for each function."""

    def __init__(self) -> None:
        self._of: dict[str, threading.Event] = {}

    def follow(self, clients: Clients, handover: Handover, show: Callable[[], None]) -> None:
        """Call ``show`` whenever there is news, for a while or until the next update."""
        self.end(handover.update.function)
        stopped = self._of[handover.update.function] = threading.Event()
        log = InvocationLog(clients.client("logs"), _BEFORE_S, handover.update.function)
        thread("handover", _follow, log, handover, show, stopped).start()

    def end(self, function: str | None = None) -> None:
        """Stop following one function, or (``None``) all."""
        for name in [function] if function is not None else list(self._of):
            if (event := self._of.pop(name, None)) is not None:
                event.set()


def _follow(
    log: InvocationLog, handover: Handover, show: Callable[[], None], stopped: threading.Event
) -> None:
    began = time.monotonic()
    shown = handover.words()
    while time.monotonic() - began < FOLLOWED_S:
        reading = time.monotonic()
        try:
            for record in log.read(time.time()):
                handover.take(record)
        except Exception:  # the endpoint is gone: what was seen stays
            return
        now = time.monotonic()
        if handover.words() != shown and not stopped.is_set():
            shown = handover.words()
            show()
        wait = _OFTEN_S if now - began < _OFTEN_FOR_S else _SELDOM_S
        if stopped.wait(max(wait, _SHARE * (now - reading))):
            return
    handover.over = True
    if handover.words() != shown:
        show()
