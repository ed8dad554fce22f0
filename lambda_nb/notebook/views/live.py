"""A live view: a thread asks, and writes what it found into an ``HTML`` widget.

It needs no JavaScript of ours and updates while a cell is busy. It ends when its output is removed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

_SHARE = 4.0
"""After a query of t seconds the thread waits 4 t: it works at most a fifth of the time."""


class Live:
    """The widget of one view and the thread that keeps it up to date.

    Parameters
    ----------
    name
        Of the thread.
    look
        Finds out what to show. An error that it raises is shown.
    markup
        What to show, as HTML; called after ``look``.
    every
        The seconds between two looks.

    Attributes
    ----------
    error
        Why the last look failed, or empty.
    widget
        ``None`` without ipywidgets: then the view is a picture of one moment.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[], None],
        markup: Callable[[], str],
        every: Callable[[], float],
    ) -> None:
        self._name = name
        self._look_up = look
        self._markup = markup
        self._every = every
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.error = ""
        self.widget = _widget(self._seen)

    @property
    def running(self) -> bool:
        """Whether the view is updating."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start updating."""
        if not self.running:
            self._stopped = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=[self._stopped], name=self._name, daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop updating and keep the last picture."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(10)

    def look(self) -> None:
        """Update once."""
        try:
            self._look_up()
            self.error = ""
        except Exception as error:  # show any error in the view; do not let the thread die
            self.error = str(error) or type(error).__name__
        if self.widget is not None:
            value = self._markup()
            if value != self.widget.value:
                self.widget.value = value

    def bundle(self, text: str) -> dict[str, Any]:
        """What a cell displays; displaying starts the updates."""
        told: dict[str, Any] = {"text/plain": text, "text/html": self._markup()}
        if self.widget is not None:
            self.start()
            told |= self.widget._repr_mimebundle_()
            told["text/plain"] = text
        return told

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            began = time.monotonic()
            self.look()
            took = time.monotonic() - began
            stopped.wait(max(self._every() - took, _SHARE * took))

    def _seen(self, change: dict[str, Any]) -> None:
        """Start when a page shows the view; stop when the last page has removed it."""
        if change["new"]:
            self.start()
        elif change["old"]:
            self._stopped.set()


def _widget(seen: Callable[[dict[str, Any]], None]) -> Any:
    try:
        import ipywidgets
    except ImportError:
        return None
    widget = ipywidgets.HTML()
    widget._view_count = 0  # from now on pages count their views of it
    widget.observe(seen, "_view_count")
    return widget
