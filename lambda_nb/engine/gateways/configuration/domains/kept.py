"""The records of custom domain names: one name and its mappings, whichever service shows them."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains import settings

DOMAIN = "domain"
"""Domain names, by name; members as the API ``apigatewayv2`` has them."""

MAPPING = "domain-mapping"
"""Base paths of a domain name, by id: ``ApiMappingId``, ``ApiId``, ``ApiMappingKey`` (empty for
the rest of all paths) and ``Stage`` (empty where the path names it)."""

RULE = "domain-rule"
"""Routing rules of a domain name, by id."""

REST_VPC_LINK = "rest-vpc-link"
ASSOCIATION = "domain-access-association"


def find(store: Store, name: str, identifier: str | None = None) -> Record:
    """The domain name of a name.

    Parameters
    ----------
    store
        Keeps it.
    name
        Of the domain.
    identifier
        The id that a private domain name has beside its name.

    Raises
    ------
    AWSError
        ``NotFoundException`` if there is none.
    """
    record = store.get(DOMAIN, "", name.lower())
    if record is None or (identifier and record.get("Id") != identifier):
        raise AWSError("NotFoundException", "Invalid domain name identifier specified", 404)
    return record


def new_name(store: Store, told: str) -> str:
    """A name for a new domain name, in lower case.

    Raises
    ------
    AWSError
        ``BadRequestException``: it is none, or there is one of that name.
    """
    name = told.lower()
    settings.check_name(name)
    if store.get(DOMAIN, "", name) is not None:
        raise settings.bad_request("The domain name you provided already exists.")
    return name


def mappings(store: Store, name: str) -> list[dict[str, Any]]:
    """The mappings of a domain name, by base path."""
    found = store.children(MAPPING, name.lower()).values()
    return sorted(found, key=lambda mapping: str(mapping["ApiMappingKey"]))


def is_mapped(store: Store, api_id: str, stage: str | None = None) -> bool:
    """Whether a domain name leads to an API, or to one of its stages."""
    return any(
        mapping["ApiId"] == api_id and stage in (None, mapping["Stage"])
        for _, _, mapping in store.every(MAPPING)
    )


def delete(store: Store, batch: Batch, name: str) -> None:
    """Delete a domain name with its mappings and rules."""
    for kind in (MAPPING, RULE):
        for key in store.children(kind, name):
            batch.delete(kind, name, key)
    batch.delete(DOMAIN, "", name)
