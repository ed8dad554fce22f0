"""Integration responses and route responses: what a WebSocket API sends back."""

from __future__ import annotations

import re

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    INTEGRATION,
    INTEGRATION_RESPONSE,
    ROUTE,
    ROUTE_RESPONSE,
    Kind,
    Records,
    given,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response

_INTEGRATION_KEY = re.compile(r"\$default|/.+/", re.DOTALL)
_WITHOUT_EFFECT = {
    INTEGRATION_RESPONSE: ("ResponseParameters",),
    ROUTE_RESPONSE: ("ModelSelectionExpression", "ResponseModels", "ResponseParameters"),
}
"""Settings that would change nothing: messages have no headers, and answers are not checked."""


class Responses:
    """The responses of integrations, or those of routes.

    Parameters
    ----------
    records, deployments
        What is kept.
    kind
        Of the responses.
    owner
        The kind of what has them.
    """

    def __init__(self, records: Records, deployments: Deployments, kind: Kind, owner: Kind) -> None:
        self._records = records
        self._deployments = deployments
        self._kind = kind
        self._owner = owner
        self._key = kind.id_member.removesuffix("Id") + "Key"

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        noun = self._kind.noun
        return {
            f"Create{noun}": self.create,
            f"Get{noun}": self.get,
            f"Get{noun}s": self.list,
            f"Update{noun}": self.update,
            f"Delete{noun}": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a response."""
        parent = self._parent(request)
        told = present(given(request, "ApiId", self._owner.id_member))
        self._check(parent, told)
        with self._deployments.change(request["ApiId"]) as batch:
            return self._records.add(batch, self._kind, parent, told)

    def get(self, request: Request, caller: Caller) -> Response:
        """One response."""
        key = request[self._kind.id_member]
        return self._records.one(self._kind, self._parent(request), key)

    def list(self, request: Request, caller: Caller) -> Response:
        """All responses of an integration or a route."""
        return pages.page(request, self._records.all(self._kind, self._parent(request)))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a response."""
        parent = self._parent(request)
        told = given(request, "ApiId", self._owner.id_member)
        changed = present({**self.get(request, caller), **told})
        self._check(parent, changed)
        with self._deployments.change(request["ApiId"]) as batch:
            batch.put(self._kind.name, parent, changed[self._kind.id_member], changed)
        return changed

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a response."""
        self.get(request, caller)
        with self._deployments.change(request["ApiId"]) as batch:
            batch.delete(self._kind.name, self._parent(request), request[self._kind.id_member])
        return {}

    def _parent(self, request: Request) -> str:
        api_id, owner = request["ApiId"], request[self._owner.id_member]
        api = self._records.api(api_id)
        if api["ProtocolType"] != "WEBSOCKET":
            raise bad_request(f"{self._kind.noun}s are only supported for WEBSOCKET APIs")
        self._records.one(self._owner, api_id, owner)
        return f"{api_id}/{owner}"

    def _check(self, parent: str, response: Record) -> None:
        key = response.get(self._key, "")
        if self._kind is ROUTE_RESPONSE and key != "$default":
            raise bad_request("Route response key must be $default")
        if self._kind is INTEGRATION_RESPONSE and not _INTEGRATION_KEY.fullmatch(key):
            raise bad_request(
                f"Invalid integration response key: {key}. It must be $default or a regular "
                "expression between slashes, such as /200/"
            )
        _check_pattern(key)
        for member in _WITHOUT_EFFECT[self._kind]:
            if response.get(member):
                raise bad_request(
                    f"lambda_nb does not support {member} of a {self._kind.noun}: what goes back "
                    "to clients are messages, which have no headers, and they are not checked "
                    "against models"
                )
        if response.get("ContentHandlingStrategy") == "CONVERT_TO_BINARY":
            raise bad_request("lambda_nb does not convert messages of WebSockets to binary")
        own = response.get(self._kind.id_member)
        for other in self._records.all(self._kind, parent):
            if other[self._key] == key and other[self._kind.id_member] != own:
                raise conflict(f"{self._kind.noun} with key {key} already exists")


def _check_pattern(key: str) -> None:
    try:
        re.compile(key.strip("/"))
    except re.error as error:
        raise bad_request(f"Invalid integration response key: {key}: {error}") from error


def integration_responses(records: Records, deployments: Deployments) -> Responses:
    """The responses of integrations."""
    return Responses(records, deployments, INTEGRATION_RESPONSE, INTEGRATION)


def route_responses(records: Records, deployments: Deployments) -> Responses:
    """The responses of routes."""
    return Responses(records, deployments, ROUTE_RESPONSE, ROUTE)
