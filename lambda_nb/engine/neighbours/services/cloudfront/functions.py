"""CloudFront Functions: a DEVELOPMENT stage, and the LIVE one that distributions use."""

from __future__ import annotations

import copy
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    invalid,
    matching,
    page,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.engine.neighbours.services.cloudfront.references import users
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.engine.neighbours.services.cloudfront.tags import tag
from lambda_nb.rules import quotas

_DEVELOPMENT, _LIVE = "Function", "LiveFunction"
"""Kinds of documents, by name and by ARN; ``more`` has the code."""


def _arn(store: Store, name: str) -> str:
    return store.arn("function", name)


def _find(store: Store, name: str, stage: str) -> CloudFrontDocument:
    found = (
        store.all(_LIVE).get(_arn(store, name))
        if stage == "LIVE"
        else store.all(_DEVELOPMENT).get(name)
    )
    if found is None:
        raise error("NoSuchFunctionExists", f"There is no function {name!r} in the stage {stage}.")
    return found


def _status(store: Store, name: str, document: CloudFrontDocument) -> str:
    """UNPUBLISHED, UNASSOCIATED or ASSOCIATED: of what is published, if it is this."""
    live = store.all(_LIVE).get(_arn(store, name))
    if live is None or (live.config, live.more) != (document.config, document.more):
        return "UNPUBLISHED"
    return "ASSOCIATED" if users(store, "FunctionARN", live.id) else "UNASSOCIATED"


def _summary(store: Store, name: str, stage: str) -> dict[str, Any]:
    document = _find(store, name, stage)
    return {
        "Name": name,
        "Status": _status(store, name, document),
        "FunctionConfig": document.config,
        "FunctionMetadata": {
            "FunctionARN": _arn(store, name),
            "Stage": stage,
            "CreatedTime": document.created,
            "LastModifiedTime": document.modified,
        },
    }


def _answer(store: Store, name: str, stage: str) -> dict[str, Any]:
    return {"FunctionSummary": _summary(store, name, stage), "ETag": _find(store, name, stage).etag}


def _check(store: Store, config: dict[str, Any], code: bytes) -> None:
    most = quotas.CF_FUNCTION_BYTES.value
    if len(code) > most:
        raise error(
            "FunctionSizeLimitExceeded",
            f"A function has at most {most} bytes of code; this has {len(code)}.",
        )
    if not code:
        raise invalid("The parameter FunctionCode is empty.")
    stores = items(config, "KeyValueStoreAssociations")
    if not stores:
        return
    if len(stores) > 1:
        raise invalid(f"A function has at most one key value store; these are {len(stores)}.")
    if config["Runtime"] != "cloudfront-js-2.0":
        raise invalid("Key value stores need the Runtime cloudfront-js-2.0.")
    arn = stores[0]["KeyValueStoreARN"]
    if not any(document.more["ARN"] == arn for document in store.all("KeyValueStore").values()):
        raise invalid(f"There is no key value store {arn}: call ListKeyValueStores.")


def _create(store: Store, parameters: Parameters) -> dict[str, Any]:
    name, config = parameters["Name"], parameters["FunctionConfig"]
    if name in store.all(_DEVELOPMENT):
        raise error("FunctionAlreadyExists", f"There is a function {name!r} already.")
    if len(store.all(_DEVELOPMENT)) >= quotas.CF_FUNCTIONS.value:
        text = f"An account has at most {quotas.CF_FUNCTIONS.value} functions."
        raise error("TooManyFunctions", text)
    _check(store, config, parameters["FunctionCode"])
    document = store.add(_DEVELOPMENT, name, config)
    document.more = {"code": parameters["FunctionCode"]}
    tag(store, _arn(store, name), parameters.get("Tags"))
    location = f"https://cloudfront.amazonaws.com/2020-05-31/function/{_arn(store, name)}"
    return {**_answer(store, name, "DEVELOPMENT"), "Location": location}


def _update(store: Store, parameters: Parameters) -> dict[str, Any]:
    name = parameters["Name"]
    document = _find(store, name, "DEVELOPMENT")
    matching(document, parameters.get("IfMatch"))
    _check(store, parameters["FunctionConfig"], parameters["FunctionCode"])
    document.change(parameters["FunctionConfig"])
    document.more = {"code": parameters["FunctionCode"]}
    return _answer(store, name, "DEVELOPMENT")


def _publish(store: Store, parameters: Parameters) -> dict[str, Any]:
    name = parameters["Name"]
    document = _find(store, name, "DEVELOPMENT")
    matching(document, parameters.get("IfMatch"))
    arn = _arn(store, name)
    live = store.all(_LIVE).get(arn)
    if live is None:
        live = store.add(_LIVE, arn, copy.deepcopy(document.config))
    else:
        live.change(copy.deepcopy(document.config))
    live.more = dict(document.more)
    return {"FunctionSummary": _summary(store, name, "LIVE")}


def _delete(store: Store, parameters: Parameters) -> dict[str, Any]:
    name = parameters["Name"]
    document = _find(store, name, "DEVELOPMENT")
    matching(document, parameters.get("IfMatch"))
    arn = _arn(store, name)
    used = users(store, "FunctionARN", arn)
    if used:
        raise error(
            "FunctionInUse",
            f"{name} is attached to cache behaviors of {used[0].id}: detach it before.",
        )
    del store.all(_DEVELOPMENT)[name]
    store.all(_LIVE).pop(arn, None)
    tag(store, arn, None)
    return {}


def _stage(parameters: Parameters) -> str:
    return parameters.get("Stage") or "DEVELOPMENT"


def _describe(store: Store, parameters: Parameters) -> dict[str, Any]:
    return _answer(store, parameters["Name"], _stage(parameters))


def _get(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters["Name"], _stage(parameters))
    return {
        "FunctionCode": document.more["code"],
        "ETag": document.etag,
        "ContentType": "application/octet-stream",
    }


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    wanted = parameters.get("Stage")
    told: list[tuple[str, Any]] = []
    for stage in ("DEVELOPMENT", "LIVE"):
        if wanted not in (None, stage):
            continue
        told += [
            (name, _summary(store, name, stage))
            for name in store.all(_DEVELOPMENT)
            if stage == "DEVELOPMENT" or _arn(store, name) in store.all(_LIVE)
        ]
    return {"FunctionList": page(told, parameters)}


OPERATIONS: dict[str, Operation] = {
    "CreateFunction": _create,
    "UpdateFunction": _update,
    "PublishFunction": _publish,
    "DeleteFunction": _delete,
    "DescribeFunction": _describe,
    "GetFunction": _get,
    "ListFunctions": _list,
}
