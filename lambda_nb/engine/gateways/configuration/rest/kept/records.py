"""The records of REST APIs in the store, their identifiers and times."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lambda_nb.engine.control.records.store import Batch, Record, Store
from lambda_nb.engine.gateways.configuration.domains.kept import is_mapped
from lambda_nb.engine.gateways.configuration.rest.kept.errors import not_found

API = "rest_api"
RESOURCE = "rest_resource"
MODEL = "rest_model"
VALIDATOR = "rest_validator"
AUTHORIZER = "rest_authorizer"
GATEWAY_RESPONSE = "rest_gateway_response"
DOCUMENTATION_PART = "rest_documentation_part"
DOCUMENTATION_VERSION = "rest_documentation_version"
DEPLOYMENT = "rest_deployment"
STAGE = "rest_stage"
API_KEY = "rest_api_key"
USAGE_PLAN = "rest_usage_plan"
USAGE_PLAN_KEY = "rest_usage_plan_key"
USAGE = "rest_usage"
CLIENT_CERTIFICATE = "rest_client_certificate"
ACCOUNT = "rest_account"

OF_AN_API = (
    RESOURCE,
    MODEL,
    VALIDATOR,
    AUTHORIZER,
    GATEWAY_RESPONSE,
    DOCUMENTATION_PART,
    DOCUMENTATION_VERSION,
    DEPLOYMENT,
    STAGE,
)
"""The kinds whose parent is the id of an API."""

_LETTERS = string.ascii_lowercase + string.digits
LONG_ID = 10
"""Characters of the ids of APIs, of their root resources, and of API keys, as AWS makes them."""
SHORT_ID = 6
"""Characters of other ids."""


def new_id(length: int = SHORT_ID) -> str:
    """A random identifier of lower-case letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def now() -> int:
    """The time in seconds since 1970: API Gateway keeps whole seconds."""
    return int(time.time())


class Records:
    """The records of REST APIs in one Region.

    Parameters
    ----------
    store
        Where they are kept, with others' records.
    account, region
        Where they are.

    Attributes
    ----------
    revision : int
        Rises with every change.
    """

    def __init__(self, store: Store, account: str, region: str) -> None:
        self._store = store
        self.account = account
        self.region = region
        self.revision = 0

    @contextmanager
    def write(self) -> Iterator[Batch]:
        """Collect writes; commit them when the block ends, drop them when it raises."""
        with self._store.write() as batch:
            yield batch
        self.revision += 1

    def find(self, kind: str, parent: str, key: str) -> Record | None:
        """One record, or ``None``."""
        return self._store.get(kind, parent, key)

    def children(self, kind: str, parent: str) -> dict[str, Record]:
        """The records of a kind under one parent, by key."""
        return self._store.children(kind, parent)

    def put(self, kind: str, parent: str, key: str, record: Record) -> Record:
        """Write one record, and return it."""
        with self.write() as batch:
            batch.put(kind, parent, key, record)
        return record

    def delete(self, kind: str, parent: str, key: str) -> None:
        """Remove one record."""
        with self.write() as batch:
            batch.delete(kind, parent, key)

    def is_mapped(self, api_id: str, stage_name: str | None = None) -> bool:
        """Whether a custom domain name leads to an API, or to one of its stages."""
        return is_mapped(self._store, api_id, stage_name)

    def api(self, api_id: str) -> Record:
        """The API of an id.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is none.
        """
        found = self.find(API, "", api_id)
        if found is None:
            raise not_found(f"Invalid API identifier specified {self.account}:{api_id}")
        return found

    def of_api(self, kind: str, api_id: str, key: str, missing: str) -> Record:
        """A record that belongs to an API.

        Parameters
        ----------
        missing
            What the error says if there is none.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is no such API, or no such record.
        """
        self.api(api_id)
        found = self.find(kind, api_id, key)
        if found is None:
            raise not_found(missing)
        return found
