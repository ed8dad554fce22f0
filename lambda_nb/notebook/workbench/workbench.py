"""The workbench of one notebook: its parts, and the actions that its pages may ask for."""

from __future__ import annotations

from typing import Any

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.workbench.actions.tools import OriginOf, Tools
from lambda_nb.notebook.workbench.calls import Calls
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.hub import Hub
from lambda_nb.notebook.workbench.picture.functions import Functions
from lambda_nb.notebook.workbench.picture.painter import Painter
from lambda_nb.notebook.workbench.picture.services import Services


class Workbench:
    """What JupyterLab's pages see and do.

    Nothing runs before a page opens, except the announcement while a cell runs.

    Parameters
    ----------
    session
        The notebook's connection.
    origin_of
        The cell that this notebook deployed a function from, or None.

    Attributes
    ----------
    hub : Hub
        Takes further actions: ``hub.register(name, function)``.
    """

    def __init__(self, session: Session, origin_of: OriginOf) -> None:
        self._clients = Clients(session)
        self._origin_of = origin_of
        self.hub = Hub(self._woken, self._register)
        self._calls = Calls(self._woken)
        functions = Functions(self._clients, self._calls, lambda name: text_of(origin_of(name)))
        services = Services(self._clients)
        self._painter = Painter(
            self._clients, functions, services, self.hub.channel.show, lambda: self.hub.has_pages
        )
        session.connected.append(self._connected)
        self.hub.register("refresh", lambda args, push, stopped: self._painter.refresh())

    def attach(self, kernel: Any, shell_events: Any) -> None:
        """Take pages from now on, and tell those that are open."""
        self.hub.attach(kernel, shell_events)

    def close(self) -> None:
        """Take nothing more; :meth:`join` waits for what still runs."""
        self.hub.close()
        self._painter.close()

    def join(self) -> None:
        """Wait for the threads; call it when the engine has ended."""
        self._painter.join(5.0)
        self.hub.join()

    def _register(self, hub: Hub) -> None:
        from lambda_nb.notebook.workbench import table

        table.register(hub, Tools(self._clients, self._origin_of))

    def _connected(self, client: Any) -> None:
        self._calls.listen(client)
        self._woken()

    def _woken(self) -> None:
        if self.hub.has_pages:
            self._painter.wake()


def text_of(origin: Origin | None) -> str | None:
    """The text of a cell, without spaces at its end."""
    return None if origin is None else origin.source.rstrip()
