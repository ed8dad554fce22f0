"""Invalidations: they are done when CloudFront's answer comes."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    invalid,
    new_id,
    page,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.engine.neighbours.services.cloudfront.references import DISTRIBUTION
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_KIND = "Invalidation"
_KEPT = 1000
"""Invalidations that can be read later; older ones are forgotten."""


def _of(store: Store, distribution: str) -> list[CloudFrontDocument]:
    if distribution not in store.all(DISTRIBUTION):
        text = f"There is no Distribution with the id {distribution!r}."
        raise error("NoSuchDistribution", text)
    every = store.all(_KIND).values()
    return [document for document in every if document.more["distribution"] == distribution]


def _told(document: CloudFrontDocument) -> dict[str, Any]:
    return {
        "Id": document.id,
        "Status": "Completed",
        "CreateTime": document.created,
        "InvalidationBatch": document.config,
    }


def _check(paths: list[str]) -> None:
    if not paths:
        raise invalid("The parameter Paths needs at least one path.")
    most = quotas.CF_INVALIDATION_PATHS.value
    if len(paths) > most:
        text = f"A batch has at most {most} paths; this has {len(paths)}."
        raise error("BatchTooLarge", text)
    for path in paths:
        if not path.startswith("/") or "*" in path[:-1]:
            raise invalid(
                "Your request contains one or more invalid invalidation paths: a path begins with "
                f"a slash and may end with *; this is {path!r}."
            )


def _create(store: Store, parameters: Parameters) -> dict[str, Any]:
    distribution, batch = parameters["DistributionId"], parameters["InvalidationBatch"]
    earlier = _of(store, distribution)
    _check(items(batch, "Paths"))
    document = next(
        (other for other in earlier if other.config["CallerReference"] == batch["CallerReference"]),
        None,
    )
    if document is None:
        document = store.add(_KIND, new_id("I"), batch)
        document.more["distribution"] = distribution
        for old in earlier[: max(0, len(earlier) + 1 - _KEPT)]:
            del store.all(_KIND)[old.id]
    elif document.config != batch:
        raise error(
            "InvalidationBatchAlreadyExists",
            f"{document.id} has the CallerReference {batch['CallerReference']!r} and other paths.",
        )
    location = (
        f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution}/invalidation/"
        f"{document.id}"
    )
    return {"Invalidation": _told(document), "Location": location}


def _get(store: Store, parameters: Parameters) -> dict[str, Any]:
    for document in _of(store, parameters["DistributionId"]):
        if document.id == parameters["Id"]:
            return {"Invalidation": _told(document)}
    text = f"{parameters['DistributionId']} has no invalidation {parameters['Id']!r}."
    raise error("NoSuchInvalidation", text)


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    newest_first = reversed(_of(store, parameters["DistributionId"]))
    told = [(document.id, _told(document)) for document in newest_first]
    return {"InvalidationList": page(told, parameters)}


OPERATIONS: dict[str, Operation] = {
    "CreateInvalidation": _create,
    "GetInvalidation": _get,
    "ListInvalidations": _list,
}
