"""The workbench's boto3 clients: those of the notebook's connection, from other threads."""

from __future__ import annotations

import threading
from typing import Any

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.workbench.faults import Refusal


class Clients:
    """Clients of a session's connection.

    It never starts an engine, and leaves the message about a lost one to the user's next cell.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._of: Connection | None = None
        self._made: dict[str, Any] = {}
        self._engine_at: Connection | None = None
        self._other_at: Connection | None = None

    @property
    def session(self) -> Session:
        """The session whose connection it is."""
        return self._session

    @property
    def connection(self) -> Connection:
        """Where requests go.

        Raises
        ------
        Refusal
            There is no connection, or no longer an engine at its other end.
        """
        if self._session.lost_engine:
            raise Refusal("EngineLost", f"the engine ended; {self._session.after_loss}")
        connection = self._session.current_connection()
        if connection is None:
            raise Refusal(
                "NoConnection", "there is no engine yet: run a %%lambda cell, or %lambda connect"
            )
        return connection

    def client(self, service: str = "lambda") -> Any:
        """The client for a service.

        Raises
        ------
        Refusal
            As :attr:`connection`.
        """
        connection = self.connection
        if service == "lambda" and (current := self._session.current_client()) is not None:
            return current
        with self._lock:
            if connection is not self._of:
                self._of, self._made = connection, {}
            if service not in self._made:
                self._made[service] = self._session.new_client(service, connection)
            return self._made[service]

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already."""
        return self._session.current_client()

    def engine(self, what: str = "status") -> dict[str, Any] | None:
        """A page of the engine; None if the endpoint is something else, which is asked once."""
        connection = self.connection
        if connection.is_aws or connection is self._other_at:
            return None
        told = engine_status(self.client(), what)
        if told is not None:
            self._engine_at = connection
        elif connection is not self._engine_at:
            self._other_at = connection
        return told
