"""A thread that works when something is due, and sleeps in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_AFTER_A_FAILURE_S = 1.0


class DueWork:
    """Does work when it is due, and when somebody says that it may be due earlier.

    Work that raises is logged and done again a second later: one bad item must not stop the others
    for ever.

    Parameters
    ----------
    name
        The thread's.
    work
        Does what is due; returns for how long nothing else is, s.
    """

    def __init__(self, name: str, work: Callable[[], float]) -> None:
        self._name = name
        self._work = work
        self._news = threading.Condition()
        self._changes = 0

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def wake(self) -> None:
        """Something may be due now, or at another time than before."""
        with self._news:
            self._changes += 1
            self._news.notify_all()

    def _run(self) -> None:
        while True:
            with self._news:
                seen = self._changes
            try:
                nap_s = self._work()
            except Exception:
                log.exception("%s failed", self._name)
                nap_s = _AFTER_A_FAILURE_S
            with self._news:
                if self._changes == seen and nap_s > 0:
                    self._news.wait(nap_s)
