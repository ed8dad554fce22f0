"""Keeps the picture of the connection up to date, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.threads import thread
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.faults import fault
from lambda_nb.notebook.workbench.picture.functions import Functions
from lambda_nb.notebook.workbench.picture.services import NONE, Services

BUSY_S, QUIET_S, AWS_S = 1.0, 2.0, 20.0
"""Seconds between two looks: while something happens; else; on AWS, where calls are counted."""
_BUSY_FOR_S = 10.0
_AT_MOST_EVERY_S, _ON_AWS_S = 0.1, 2.0


class Painter:
    """Looks at the connection again and again, and shows what has changed.

    Parameters
    ----------
    clients, functions, services
        What it looks with.
    show
        Called with each new picture (``IPicture`` of the protocol).
    watched
        Whether a page looks; while none does, the painter rests until :meth:`wake`.
    """

    def __init__(
        self,
        clients: Clients,
        functions: Functions,
        services: Services,
        show: Callable[[dict[str, Any]], None],
        watched: Callable[[], bool] = lambda: True,
    ) -> None:
        self._clients = clients
        self._functions = functions
        self._services = services
        self._show = show
        self._watched = watched
        self._shown: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closed = False
        self._busy_until = 0.0

    def wake(self) -> None:
        """Look now; the first call begins."""
        self._busy_until = time.monotonic() + _BUSY_FOR_S
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = thread("picture", self._run)
                self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """Stop looking."""
        self._closed = True
        self._wake.set()

    def join(self, within_s: float) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join(within_s)

    def refresh(self) -> None:
        """Look at everything now, on AWS too."""
        self._look(everything=True)

    def _run(self) -> None:
        while not self._closed:
            began = time.monotonic()
            self._wake.clear()
            self._look()
            took = time.monotonic() - began
            self._wake.wait(self._pause())
            if not self._closed:
                # A burst of calls makes one picture, not hundreds.
                on_aws = self._shown.get("place") == "aws"
                time.sleep(_ON_AWS_S if on_aws else min(BUSY_S, max(_AT_MOST_EVERY_S, took)))

    def _pause(self) -> float | None:
        if not self._watched():
            return None
        if self._shown.get("place") == "aws":
            return AWS_S
        return BUSY_S if time.monotonic() < self._busy_until else QUIET_S

    def _look(self, *, everything: bool = False) -> None:
        with self._looking:
            session = self._clients.session
            connection = session.current_connection()
            if session.lost_engine or connection is None:
                self._changed(self._without_connection())
                return
            try:
                # The functions first: services may take their time.
                picture, status = self._functions_of(connection)
                self._changed(picture | self._services.known(connection))
                services = self._services.look(connection, status, everything=everything)
                self._changed(picture | services)
            except Exception as error:  # a page shows it; the thread must go on
                if session.lost_engine or session.current_connection() is not connection:
                    self._changed(self._without_connection())
                else:
                    seen = self._shown if self._shown.get("endpoint") else nowhere()
                    self._changed(seen | {"error": fault(error)["message"]})

    def _functions_of(self, connection: Connection) -> tuple[dict[str, Any], Any]:
        client = self._clients.client()
        status = self._clients.engine()
        return nowhere() | {
            "endpoint": client.meta.endpoint_url,
            "region": client.meta.region_name,
            "account": (status or {}).get("account") or connection.account,
            "place": self._place(connection, status),
            "functions": self._functions.rows(status),
        }, status

    def _changed(self, picture: dict[str, Any]) -> None:
        if picture != self._shown and not self._closed:
            if moved(self._shown, picture):
                self._busy_until = time.monotonic() + _BUSY_FOR_S
            self._shown = picture
            self._show(picture)

    def _without_connection(self) -> dict[str, Any]:
        session = self._clients.session
        if not session.lost_engine:
            return nowhere()
        return nowhere() | {"lost": True, "error": f"the engine ended; {session.after_loss}"}

    def _place(self, connection: Connection, status: Mapping[str, Any] | None) -> str:
        if connection.is_aws:
            return "aws"
        if self._clients.session.owns_engine:
            return "own"
        return "other" if status is None else "engine"


def nowhere() -> dict[str, Any]:
    """The picture without a connection."""
    return {
        "endpoint": "",
        "region": "",
        "account": "",
        "place": "none",
        "error": "",
        "lost": False,
        "functions": [],
        **NONE,
    }


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether something happens: more than figures of the last minute that go by."""
    keys = ("name", "code_sha256", "state", "update", "environments", "invocations", "last")
    told = [
        [[row.get(key) for key in keys] for row in picture.get("functions", ())]
        for picture in (before, after)
    ]
    return told[0] != told[1]
