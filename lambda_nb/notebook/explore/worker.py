"""The thread behind the sliders: first what they say now, then the places around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from lambda_nb.notebook.explore.settings import Place
from lambda_nb.notebook.threads import thread

_PAUSE_S = 0.005
"""After each simulation: the kernel's other threads get their turn."""


class Worker:
    """Calls a function with places, in the order of their use.

    Parameters
    ----------
    now
        Called with the place that the sliders rest on.
    ahead
        Called with places around it, while nobody moves a slider.
    around
        Those places.
    """

    def __init__(
        self,
        now: Callable[[Place], None],
        ahead: Callable[[Place], None],
        around: Callable[[Place], Iterator[Place]],
    ) -> None:
        self._now, self._ahead, self._around = now, ahead, around
        self._waiting: Place | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._answered = True

    def rest(self, place: Place) -> None:
        """The sliders rest here; what was asked before and is not begun is dropped."""
        with self._changed:
            self._waiting, self._answered = place, False
            if self._thread is None:
                self._thread = thread("explore", self._run)
                self._thread.start()

    def wait(self) -> None:
        """Wait until the last place is answered."""
        with self._changed:
            self._changed.wait_for(lambda: self._answered)

    def join(self) -> None:
        """Wait until the places around it are done too."""
        while (thread := self._thread) is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                place, self._waiting = self._waiting, None
                if place is None:
                    self._thread = None
                    return
            try:
                self._now(place)
            finally:
                with self._changed:
                    self._answered = self._waiting is None
                    self._changed.notify_all()
            for other in self._around(place):
                if self._moved():
                    break
                self._ahead(other)
                time.sleep(_PAUSE_S)

    def _moved(self) -> bool:
        return self._waiting is not None
