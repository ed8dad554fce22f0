"""The records of HTTP and WebSocket APIs: their kinds, identifiers and times.

A record is what the API shows of it, with the members' names of the service's model.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from lambda_nb.engine.control.records.store import Batch, Record, Store
from lambda_nb.engine.gateways.configuration.v2.rules.faults import no_such, not_found

_ALPHABET = string.ascii_lowercase + string.digits


class Kind(NamedTuple):
    """A kind of record: its name in the store, AWS's noun, its identifier's member and length."""

    name: str
    noun: str
    id_member: str
    length: int


API = Kind("v2-api", "API", "ApiId", 10)
ROUTE = Kind("v2-route", "Route", "RouteId", 7)
INTEGRATION = Kind("v2-integration", "Integration", "IntegrationId", 7)
AUTHORIZER = Kind("v2-authorizer", "Authorizer", "AuthorizerId", 6)
MODEL = Kind("v2-model", "Model", "ModelId", 6)
DEPLOYMENT = Kind("v2-deployment", "Deployment", "DeploymentId", 6)
STAGE = Kind("v2-stage", "stage", "StageName", 0)
INTEGRATION_RESPONSE = Kind(
    "v2-integration-response", "IntegrationResponse", "IntegrationResponseId", 7
)
ROUTE_RESPONSE = Kind("v2-route-response", "RouteResponse", "RouteResponseId", 7)
VPC_LINK = Kind("v2-vpc-link", "VpcLink", "VpcLinkId", 6)
SNAPSHOT = "v2-snapshot"
"""What was deployed, under the API and the deployment."""


class Records:
    """Finds and lists records.

    Parameters
    ----------
    store
        Keeps them.
    account
        The account that messages name.
    """

    def __init__(self, store: Store, account: str) -> None:
        self.store = store
        self._account = account

    def api(self, api_id: str) -> Record:
        """The API with an id.

        Raises
        ------
        AWSError
            ``NotFoundException`` if there is none.
        """
        record = self.store.get(API.name, "", api_id)
        if record is None:
            raise not_found(f"Invalid API identifier specified {self._account}:{api_id}")
        return record

    def one(self, kind: Kind, parent: str, key: str) -> Record:
        """The record of a kind with an identifier under its parent.

        Raises
        ------
        AWSError
            ``NotFoundException`` if there is none.
        """
        record = self.store.get(kind.name, parent, key)
        if record is None:
            raise no_such(kind.noun)
        return record

    def all(self, kind: Kind, parent: str) -> list[Record]:
        """The records of a kind under one parent, by identifier."""
        return [record for _, record in sorted(self.store.children(kind.name, parent).items())]

    def after(self, batch: Batch, kind: Kind, parent: str) -> dict[str, Record]:
        """The records of a kind as they will be once the batch is committed, by identifier."""
        records = self.store.children(kind.name, parent)
        for name, found, key, record in batch.changes:
            if (name, found) != (kind.name, parent):
                continue
            if record is None:
                records.pop(key, None)
            else:
                records[key] = record
        return dict(sorted(records.items()))

    def add(self, batch: Batch, kind: Kind, parent: str, record: Mapping[str, Any]) -> Record:
        """Write a record under a new identifier; returns it."""
        key = new_id(kind.length)
        added = present({kind.id_member: key, **record})
        batch.put(kind.name, parent, key, added)
        return added


def new_id(length: int) -> str:
    """A random identifier as API Gateway has them: lower-case letters and digits."""
    first = secrets.choice(string.ascii_lowercase)
    return first + "".join(secrets.choice(_ALPHABET) for _ in range(length - 1))


def now() -> str:
    """The time as the API shows it, such as ``2026-01-02T03:04:05Z``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def present(record: Mapping[str, Any]) -> Record:
    """A record without members that have no value; an empty text is none."""
    return {name: value for name, value in record.items() if value is not None and value != ""}


def given(request: Mapping[str, Any], *left_out: str) -> Record:
    """A request's members without those named."""
    return {name: value for name, value in request.items() if name not in left_out}


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Two maps as one; a key whose new value is empty is removed."""
    return {key: value for key, value in {**old, **new}.items() if value not in ("", {})}
