"""The API of keys and values (``cloudfront-keyvaluestore``): it has ETags of its own."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    new_id,
    now,
)
from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores import contents
from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores.stores import KIND
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.rules import quotas

_PAGE = 50


def _find(store: Store, parameters: Parameters) -> CloudFrontDocument:
    arn = parameters["KvsARN"]
    for document in store.all(KIND).values():
        if document.more["ARN"] == arn:
            return document
    raise error("ResourceNotFoundException", f"There is no key value store {arn}.")


def _values(document: CloudFrontDocument) -> dict[str, str]:
    held: dict[str, str] = document.more["values"]
    return held


def _totals(document: CloudFrontDocument) -> dict[str, Any]:
    values = _values(document)
    return {"ItemCount": len(values), "TotalSizeInBytes": contents.size(values)}


def _describe(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters)
    return {
        **_totals(document),
        "KvsARN": document.more["ARN"],
        "Created": document.created,
        "LastModified": document.more["changed"],
        "Status": "READY",
        "ETag": document.more["version"],
    }


def _value(document: CloudFrontDocument, key: str) -> str:
    found = _values(document).get(key)
    if found is None:
        text = f"The key value store {document.id} has no key {key!r}."
        raise error("ResourceNotFoundException", text)
    return found


def _get(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters)
    value = _value(document, parameters["Key"])
    return {"Key": parameters["Key"], "Value": value, **_totals(document)}


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    values = _values(_find(store, parameters))
    size = int(parameters.get("MaxResults") or _PAGE)
    if not 1 <= size <= _PAGE:
        raise error("ValidationException", f"MaxResults is from 1 to {_PAGE}; it is {size}.")
    after = parameters.get("NextToken") or ""
    keys = sorted(key for key in values if key > after)
    told = {"Items": [{"Key": key, "Value": values[key]} for key in keys[:size]]}
    return told if len(keys) <= size else {**told, "NextToken": keys[size - 1]}


def _changed(
    store: Store, parameters: Parameters, puts: dict[str, str], deletes: list[str]
) -> dict[str, Any]:
    """Put and delete keys, all or nothing."""
    document = _find(store, parameters)
    if (parameters.get("IfMatch") or "").strip('"') != document.more["version"]:
        raise error(
            "ConflictException",
            "Pre-Condition failed: the If-Match version is not the ETag of the store's values; "
            "DescribeKeyValueStore of cloudfront-keyvaluestore returns it.",
        )
    values = dict(_values(document))
    for key in deletes:
        _value(document, key)
        del values[key]
    values.update(puts)
    try:
        for key, value in puts.items():
            contents.check(key, value)
        contents.check_size(values)
    except contents.LimitError as large:
        raise error("ServiceQuotaExceededException", str(large)) from large
    document.more |= {"values": values, "version": new_id("E"), "changed": now()}
    return {**_totals(document), "ETag": document.more["version"]}


def _put(store: Store, parameters: Parameters) -> dict[str, Any]:
    return _changed(store, parameters, {parameters["Key"]: parameters["Value"]}, [])


def _delete(store: Store, parameters: Parameters) -> dict[str, Any]:
    return _changed(store, parameters, {}, [parameters["Key"]])


def _update(store: Store, parameters: Parameters) -> dict[str, Any]:
    puts = [(pair["Key"], pair["Value"]) for pair in parameters.get("Puts") or ()]
    deletes = [pair["Key"] for pair in parameters.get("Deletes") or ()]
    keys = [key for key, _ in puts] + deletes
    if len(set(keys)) != len(keys):
        raise error("ValidationException", "A key is in Puts or Deletes once.")
    payload = sum(len(key.encode()) + len(value.encode()) for key, value in puts)
    if len(keys) > quotas.CF_STORE_UPDATES.value or payload > quotas.CF_STORE_UPDATE_BYTES.value:
        raise error(
            "ServiceQuotaExceededException",
            f"A call changes at most {quotas.CF_STORE_UPDATES.value} keys and "
            f"{quotas.CF_STORE_UPDATE_BYTES.value} bytes; these are {len(keys)} and {payload}.",
        )
    return _changed(store, parameters, dict(puts), deletes)


OPERATIONS: dict[str, Operation] = {
    "DescribeKeyValueStore": _describe,
    "GetKey": _get,
    "ListKeys": _list,
    "PutKey": _put,
    "DeleteKey": _delete,
    "UpdateKeys": _update,
}
