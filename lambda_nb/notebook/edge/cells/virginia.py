"""A notebook's connection in us-east-1, where functions of Lambda@Edge are made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session
from lambda_nb.rules.edge.triggers.replication import HOME


class Virginia:
    """Makes clients like those of a session, but in us-east-1."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: dict[str, Any] = {}
        self._of: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The session's connection, in us-east-1."""
        return replace(self._session.connection, region=HOME)

    def client(self, service: str = "lambda") -> Any:
        """The client for a service, made once."""
        connection = self._session.connection
        if connection is not self._of:  # the notebook has connected to something else
            self._of, self._made = connection, {}
        if service not in self._made:
            self._made[service] = self._session.new_client(service, self.connection)
        return self._made[service]

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already."""
        return self._made.get("lambda")


def in_virginia(session: Session) -> Session | Virginia:
    """The session itself if it is in us-east-1."""
    return session if session.connection.region == HOME else Virginia(session)
