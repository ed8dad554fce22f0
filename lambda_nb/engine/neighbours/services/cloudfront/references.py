"""Who refers to whom: what is in use, and which distributions use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import CloudFrontDocument, Store
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items

DISTRIBUTION = "Distribution"
IDENTITY_PREFIX = "origin-access-identity/cloudfront/"


def behaviours(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The cache behaviors of a distribution, the default one last."""
    return [*items(config, "CacheBehaviors"), config["DefaultCacheBehavior"]]


def values(config: Any, member: str) -> Iterator[Any]:
    """What a member has, wherever in a configuration it is."""
    if isinstance(config, dict):
        for name, value in config.items():
            if name == member:
                yield value
            else:
                yield from values(value, member)
    elif isinstance(config, list):
        for value in config:
            yield from values(value, member)


def names(config: dict[str, Any], member: str) -> set[str]:
    """The names in a member: those of a list where it is one."""
    found: set[str] = set()
    for value in values(config, member):
        found.update(items(value) if isinstance(value, dict) else [value])
    return found


def users(store: Store, member: str, name: str) -> list[CloudFrontDocument]:
    """The distributions that name something in a member."""
    return [
        document
        for document in store.all(DISTRIBUTION).values()
        if name in names(document.config, member)
    ]
