"""Tags of distributions, functions and key value stores; moto's tagger keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    Parameters,
    Store,
    error,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas


def tag(store: Store, arn: str, tags: dict[str, Any] | None) -> None:
    """Give something new its tags; none of an earlier thing of that ARN stay."""
    store.backend.tagger.delete_all_tags_for_resource(arn)
    if tags is not None:
        _add(store, arn, items(tags))


def _add(store: Store, arn: str, tags: list[dict[str, str]]) -> None:
    added = [{"Key": one["Key"], "Value": one.get("Value", "")} for one in tags]
    if any(one["Key"].lower().startswith("aws:") for one in added):
        raise error("InvalidTagging", "Keys of tags do not begin with aws:, which is AWS's.")
    there = {**store.backend.tagger.get_tag_dict_for_resource(arn)}
    there.update((one["Key"], one["Value"]) for one in added)
    if len(there) > quotas.CF_TAGS.value:
        text = f"A resource has at most {quotas.CF_TAGS.value} tags; these are {len(there)}."
        raise error("InvalidTagging", text)
    store.backend.tagger.tag_resource(arn, added)


def taggable(store: Store) -> Iterator[tuple[str, str]]:
    """What can have tags: each ARN, and its type as the tagging API names it."""
    for name in store.all("Distribution"):
        yield store.arn("distribution", name), "cloudfront:distribution"
    for name in store.all("Function"):
        yield store.arn("function", name), "cloudfront:function"
    for document in store.all("KeyValueStore").values():
        yield document.more["ARN"], "cloudfront:key-value-store"


def _check(store: Store, arn: str) -> None:
    if all(arn != known for known, _ in taggable(store)):
        raise error("NoSuchResource", f"There is no distribution, function or store {arn}.")


def _tag(store: Store, parameters: Parameters) -> dict[str, Any]:
    _check(store, parameters["Resource"])
    _add(store, parameters["Resource"], items(parameters["Tags"]))
    return {}


def _untag(store: Store, parameters: Parameters) -> dict[str, Any]:
    _check(store, parameters["Resource"])
    keys = items(parameters["TagKeys"])
    store.backend.tagger.untag_resource_using_names(parameters["Resource"], keys)
    return {}


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    _check(store, parameters["Resource"])
    found = store.backend.tagger.get_tag_dict_for_resource(parameters["Resource"])
    return {"Tags": {"Items": [{"Key": key, "Value": found[key]} for key in found]}}


OPERATIONS: dict[str, Operation] = {
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list,
}
