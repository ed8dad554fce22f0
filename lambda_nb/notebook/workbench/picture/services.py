"""The services around the functions, each looked at as seldom as will do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.picture import readers, streams

_SHARE = 20.0
"""After a reading of t seconds a service is left alone for 20 t, but not longer than 20 s."""
_SOON_S, _LONGEST_S = 1.0, 20.0
_UNKNOWN_S = 15.0
"""Seconds between two looks where no engine tells whether anything changed."""
_BY_OTHERS = "cloudformation"
"""Stacks make resources without a call to the service."""

Rows = list[dict[str, Any]]


@dataclass
class _Kind:
    """One kind of resource: who reads it, which services it is in, and how often it is read.

    ``every_s`` is the pace at which it changes by itself, such as the depth of a queue.
    """

    name: str
    read: Callable[[Clients], Rows]
    services: tuple[str, ...]
    every_s: float
    rows: Rows = field(default_factory=list)
    revision: object = None
    due: float = 0.0
    soon: float = 0.0

    def look(self, clients: Clients, revision: object) -> None:
        from botocore.exceptions import ClientError

        began = time.monotonic()
        try:
            self.rows = self.read(clients)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500:
                self.rows = []  # not permitted, or no such service there
        now = time.monotonic()
        # The first reading also makes the clients, which says nothing of the others.
        took = now - began if self.due else 0.0
        self.revision = revision
        self.soon = now + min(_LONGEST_S, max(_SOON_S, _SHARE * took))
        self.due = max(self.soon, now + self.every_s)

    def forget(self) -> None:
        self.rows, self.revision, self.due, self.soon = [], None, 0.0, 0.0


def _kinds() -> list[_Kind]:
    return [
        _Kind("layers", readers.layers, (), 5.0),
        _Kind("queues", readers.queues, ("sqs",), 3.0),
        _Kind("streams", streams.streams, ("kinesis", "dynamodb"), 4.0),
        _Kind("tables", readers.tables, ("dynamodb",), 10.0),
        _Kind("buckets", readers.buckets, ("s3",), 10.0),
        _Kind("topics", readers.topics, ("sns",), 15.0),
        _Kind("apis", readers.apis, ("apigateway",), 15.0),
        _Kind("distributions", readers.distributions, ("cloudfront",), 10.0),
        _Kind("stacks", readers.stacks, ("cloudformation",), 4.0),
    ]


NONE: dict[str, Rows] = {kind.name: [] for kind in _kinds()}
"""What a picture has of them before they were looked at."""


class Services:
    """Reads the services of a connection.

    An engine counts the calls that may have changed each service, so nobody asks a service that is
    not in use: its asking would start it. Elsewhere services are read at a slow pace; on AWS only
    when a user asks.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._kinds = _kinds()
        self._of: Connection | None = None

    def known(self, connection: Connection) -> dict[str, Rows]:
        """The rows as last seen."""
        if connection is not self._of:
            self._of = connection
            for kind in self._kinds:
                kind.forget()
        return {kind.name: kind.rows for kind in self._kinds}

    def look(
        self, connection: Connection, status: Mapping[str, Any] | None, *, everything: bool
    ) -> dict[str, Rows]:
        """Read what may have changed, and return the rows of all.

        Parameters
        ----------
        connection
            Where the clients lead.
        status
            The engine's status; None where there is no engine.
        everything
            Whether to read all of them, whenever they were last read.

        Raises
        ------
        BotoCoreError
            The endpoint does not answer.
        """
        self.known(connection)
        counts = None if status is None else status.get("services")
        for kind in self._kinds:
            revision = _revision(kind, counts)
            if revision == 0:  # nobody has used it
                kind.rows = []
            elif everything or (not connection.is_aws and _is_due(kind, revision, counts is None)):
                kind.look(self._clients, revision)
        return self.known(connection)


def _is_due(kind: _Kind, revision: object, unknown: bool) -> bool:
    now = time.monotonic()
    if now >= kind.due + (max(0.0, _UNKNOWN_S - kind.every_s) if unknown and kind.due else 0.0):
        return True
    return revision != kind.revision and now >= kind.soon


def _revision(kind: _Kind, counts: Mapping[str, int] | None) -> object:
    """Differs from what it was if the kind may have changed; 0 if there is none of it."""
    if counts is None or not kind.services:
        return None
    return sum(counts.get(name, 0) for name in {*kind.services, _BY_OTHERS})
