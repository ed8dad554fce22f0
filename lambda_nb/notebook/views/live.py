"""A live view: a thread asks, and writes what it found into an ``HTML`` widget.

It needs no JavaScript of ours and updates while a cell is busy. It ends when its output is removed.
A static form beside it stays in the notebook.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.static_form import LIVE_CLASS, StaticForm
from lambda_nb.notebook.threads import thread

_SHARE = 4.0
"""After a query of t seconds the thread waits 4 t: it works at most a fifth of the time."""
_KEPT_EVERY_S = 15.0
"""Seconds between updates of the static form; each changes the notebook."""


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
        self._static = StaticForm()
        self._text: Callable[[], str] = lambda: ""
        self._kept, self._kept_at = "", 0.0
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
            self._thread = thread(self._name, self._run, self._stopped)
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

    def show(self, text: Callable[[], str]) -> None:
        """Display it, with a static form for when the kernel is gone; that starts the updates."""
        self._text = text
        bundle = None
        if self.widget is not None:
            self.start()
            bundle = self.widget._repr_mimebundle_()
        self._kept, self._kept_at = self._markup(), time.monotonic()
        self._static.show(self._kept, text(), bundle)

    def _keep(self) -> None:
        """Bring the static form up to date."""
        markup = self._markup()
        if markup != self._kept:
            self._static.update(markup, self._text())
        self._kept, self._kept_at = markup, time.monotonic()

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            began = time.monotonic()
            self.look()
            took = time.monotonic() - began
            if time.monotonic() - self._kept_at > _KEPT_EVERY_S:
                self._keep()
            stopped.wait(max(self._every() - took, _SHARE * took))
        self._keep()

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
    widget.add_class(LIVE_CLASS)
    widget._view_count = 0  # from now on pages count their views of it
    widget.observe(seen, "_view_count")
    return widget
