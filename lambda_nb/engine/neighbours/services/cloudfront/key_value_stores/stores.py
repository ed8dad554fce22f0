"""Key value stores in CloudFront's API: a store is ready at once."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    invalid,
    matching,
    new_id,
    page,
)
from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores import contents
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.engine.neighbours.services.cloudfront.references import names
from lambda_nb.engine.neighbours.services.cloudfront.tags import tag
from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.rules import quotas

KIND = "KeyValueStore"
"""Documents by name; ``more`` has the id, the ARN, the values and the ETag of these."""

_OBJECT = re.compile(r"arn:aws:s3:::([^/]+)/(.+)")


class Stores:
    """The operations on stores.

    Parameters
    ----------
    door
        Makes clients of the engine: a store's first values may be in a bucket.
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    def operations(self) -> dict[str, Operation]:
        """By AWS's names."""
        return {
            "CreateKeyValueStore": self._create,
            "DescribeKeyValueStore": _describe,
            "UpdateKeyValueStore": _update,
            "DeleteKeyValueStore": _delete,
            "ListKeyValueStores": _list,
        }

    def _create(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        name = parameters["Name"]
        if name in store.all(KIND):
            raise error("EntityAlreadyExists", f"There is a key value store {name!r} already.")
        if len(store.all(KIND)) >= quotas.CF_STORES.value:
            text = f"An account has at most {quotas.CF_STORES.value} key value stores."
            raise error("EntityLimitExceeded", text)
        source = parameters.get("ImportSource")
        values = {} if source is None else self._imported(source["SourceARN"])
        said = {"Comment": parameters["Comment"]} if "Comment" in parameters else {}
        document = store.add(KIND, name, said)
        identifier = str(uuid4())
        arn = store.arn("key-value-store", identifier)
        document.more = {"Id": identifier, "ARN": arn, "values": values, "version": new_id("E")}
        document.more["changed"] = document.created
        tag(store, arn, parameters.get("Tags"))
        location = f"https://cloudfront.amazonaws.com/2020-05-31/key-value-store/{identifier}"
        return {**_answer(document), "Location": location}

    def _imported(self, arn: str) -> dict[str, str]:
        """The values of a file in a bucket."""
        from botocore.exceptions import ClientError

        found = _OBJECT.fullmatch(arn)
        if found is None:
            raise invalid(f"The SourceARN is like arn:aws:s3:::bucket/path; it is {arn!r}.")
        s3 = self._door.client(service_name="s3", region_name="us-east-1")
        try:
            file = s3.get_object(Bucket=found[1], Key=found[2])["Body"].read()
        except ClientError as refused:
            raise invalid(f"The file {arn} cannot be read: {refused}") from refused
        try:
            return contents.read(file)
        except contents.LimitError as large:
            raise error("EntitySizeLimitExceeded", str(large)) from large
        except ValueError as wrong:
            raise invalid(f"The file {arn} is not a file of key-value pairs: {wrong}.") from wrong


def _find(store: Store, name: str) -> CloudFrontDocument:
    found = store.all(KIND).get(name)
    if found is None:
        raise error("EntityNotFound", f"There is no key value store {name!r}.")
    return found


def _told(document: CloudFrontDocument) -> dict[str, Any]:
    return {
        "Name": document.id,
        "Id": document.more["Id"],
        **document.config,  # a comment, if one was given
        "ARN": document.more["ARN"],
        "Status": "READY",
        "LastModifiedTime": document.modified,
    }


def _answer(document: CloudFrontDocument) -> dict[str, Any]:
    return {KIND: _told(document), "ETag": document.etag}


def _describe(store: Store, parameters: Parameters) -> dict[str, Any]:
    return _answer(_find(store, parameters["Name"]))


def _update(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters["Name"])
    matching(document, parameters.get("IfMatch"))
    document.change({"Comment": parameters["Comment"]})
    return _answer(document)


def _delete(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters["Name"])
    matching(document, parameters.get("IfMatch"))
    arn = document.more["ARN"]
    for kind in ("Function", "LiveFunction"):
        for function in store.all(kind).values():
            if arn in names(function.config, "KeyValueStoreARN"):
                raise error(
                    "CannotDeleteEntityWhileInUse",
                    f"The function {function.id} uses {document.id}: take it out before.",
                )
    del store.all(KIND)[document.id]
    tag(store, arn, None)
    return {}


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    wanted = parameters.get("Status") or "READY"
    told = [(name, _told(document)) for name, document in store.all(KIND).items()]
    return {"KeyValueStoreList": page(told if wanted == "READY" else [], parameters)}
