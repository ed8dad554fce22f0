"""Find distributions, and change their configuration one whole document at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.errors import UsageError

_ATTEMPTS = 4


def all_of(cloudfront: Any) -> list[dict[str, Any]]:
    """The distributions that there are, as ListDistributions describes them."""
    pages = cloudfront.get_paginator("list_distributions").paginate()
    return [one for page in pages for one in page["DistributionList"].get("Items", [])]


def find(cloudfront: Any, name: str) -> dict[str, Any] | None:
    """The distribution with an id, a name (its comment) or an alternate domain name.

    Raises
    ------
    UsageError
        Several have that name.
    """
    there = all_of(cloudfront)
    found = [one for one in there if one["Id"] == name] or [
        one
        for one in there
        if name in (one["Comment"], one["DomainName"], *one["Aliases"].get("Items", []))
    ]
    if len(found) > 1:
        ids = ", ".join(one["Id"] for one in found)
        raise UsageError(f"{len(found)} distributions are named {name!r}; give an id: {ids}")
    return found[0] if found else None


def required(cloudfront: Any, name: str) -> dict[str, Any]:
    """The distribution that :func:`find` finds.

    Raises
    ------
    UsageError
        There is none.
    """
    found = find(cloudfront, name)
    if found is None:
        there = sorted(one["Comment"] or one["Id"] for one in all_of(cloudfront))
        raise UsageError(
            f"there is no distribution {name!r}; there are: {', '.join(there) or 'none'}. "
            f"lambda_nb.distribution({name!r}, origin=...) makes one"
        )
    return found


def config_of(cloudfront: Any, identifier: str) -> dict[str, Any]:
    """The whole configuration of a distribution."""
    told: dict[str, Any] = cloudfront.get_distribution_config(Id=identifier)["DistributionConfig"]
    return told


def change(
    cloudfront: Any, identifier: str, edit: Callable[[dict[str, Any]], bool | None]
) -> dict[str, Any]:
    """Change the configuration of a distribution; returns what it is then.

    Parameters
    ----------
    edit
        Changes the configuration that it gets; ``False``: there was nothing to change. It is called
        again if somebody else changed the distribution meanwhile.
    """
    for attempt in range(_ATTEMPTS):
        current = cloudfront.get_distribution_config(Id=identifier)
        config: dict[str, Any] = current["DistributionConfig"]
        if edit(config) is False:
            break
        try:
            cloudfront.update_distribution(
                Id=identifier, IfMatch=current["ETag"], DistributionConfig=config
            )
            break
        except cloudfront.exceptions.PreconditionFailed:
            if attempt == _ATTEMPTS - 1:
                raise
    return config
