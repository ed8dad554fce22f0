"""The comm on which the kernel speaks to its pages.

There is one for the life of the extension. To announce itself the kernel sends ``comm_open`` with
the same id again: a page that was reloaded learns of it then, and the others only take a new end
for the old one. It is never closed, because a page that does not know it would log an error.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from lambda_nb.notebook.threads import thread

EVENTS = "lambda_nb.events"

_OFTEN_S, _RARELY_S = 1.0, 5.0
_OFTEN_FOR_S = 10.0


class Channel:
    """Sends messages to every page of the kernel, from any thread.

    While a cell runs the main thread of the kernel answers nobody, so a page that is reloaded then
    cannot ask who is here. Until the cell ends, the channel announces itself again and again.

    Parameters
    ----------
    session
        Names this load of the extension.

    Attributes
    ----------
    subshells : bool
        Whether the kernel reads comms while a cell runs, in a subshell. A page that is reloaded
        during a cell cannot ask.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.subshells = False
        self._lock = threading.Lock()
        self._comm: Any = None
        self._picture: dict[str, Any] | None = None
        self._busy_since: float | None = None
        self._refused = False
        self._closed = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Make the comm and announce it. The extension is loaded in a cell, which still runs."""
        from comm import create_comm

        self._comm = create_comm(target_name=EVENTS, data=self._hello())
        self._comm.on_close(self._refusal)
        self.cell_begins()

    def close(self) -> None:
        """Say good-bye and stop announcing."""
        if self._comm is not None:
            self._publish("comm_msg", {"kind": "bye", "session": self.session})
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)
        if self._comm is not None:
            import comm

            with contextlib.suppress(KeyError):  # a page has refused it
                comm.get_comm_manager().unregister_comm(self._comm)
            self._comm._closed = True  # else it would send a comm_close when it is collected

    def announce(self, *, to_new_page: bool = False) -> None:
        """Tell pages that the kernel is here, and what there is."""
        with self._lock:
            if to_new_page:
                self._refused = False
            self._publish("comm_open", self._hello())
            if self._picture is not None:
                self._publish("comm_msg", self._picture)

    def show(self, picture: dict[str, Any]) -> None:
        """Send a picture; it is kept for pages that come later."""
        with self._lock:
            self._picture = {"kind": "picture", "session": self.session, "picture": picture}
            self._publish("comm_msg", self._picture)

    def send(self, message: dict[str, Any]) -> None:
        """Send a reply or a push."""
        with self._lock:
            self._publish("comm_msg", message)

    def cell_begins(self, *_: Any) -> None:
        """A cell runs from now on."""
        self._busy_since = time.monotonic()
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = thread("channel", self._run)
                self._thread.start()
        self._wake.set()

    def cell_ended(self, *_: Any) -> None:
        """No cell runs any more."""
        self._busy_since = None

    def _hello(self) -> dict[str, Any]:
        return {"kind": "hello", "session": self.session, "subshells": self.subshells}

    def _refusal(self, _: Any) -> None:
        """A page without the extension closes what it does not know; do not trouble it again."""
        self._refused = True

    def _publish(self, kind: str, data: dict[str, Any]) -> None:
        more = {"target_name": EVENTS, "target_module": None} if kind == "comm_open" else {}
        self._comm.publish_msg(kind, data=data, **more)

    def _run(self) -> None:
        while not self._closed:
            since = self._busy_since
            if since is None:
                self._wake.wait()
                self._wake.clear()
                continue
            often = time.monotonic() - since < _OFTEN_FOR_S
            self._wake.wait(_OFTEN_S if often else _RARELY_S)
            self._wake.clear()
            if self._busy_since == since and not self._closed and not self._refused:
                self.announce()
