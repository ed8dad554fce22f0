"""What S3 tells about a change of an object: the record for functions, queues and topics, and the
event for EventBridge (S3 User Guide, "Event message structure", both pages, 2026).
"""

from __future__ import annotations

import base64
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote_plus

_STARTED = time.time_ns()
_EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectAcl": "Object ACL Updated",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
}
_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
_NEWER = ("ObjectAcl", "ObjectTagging")
"""Kinds whose records have version 2.3; the others have 2.1."""


@dataclass(frozen=True)
class Change:
    """A change of an object, as S3 tells it.

    ``name`` is the event without ``s3:``, such as ``ObjectCreated:Put``. ``size`` and ``etag`` are
    empty for what has none; ``version`` for a bucket without versions.
    """

    name: str
    bucket: Any
    key: str
    version: str | None = None
    size: int | None = None
    etag: str | None = None
    restored_until: datetime | None = None
    storage_class: str = "STANDARD"
    at: float = field(default_factory=time.time)
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16].upper())
    sequencer: str = field(default_factory=lambda: f"{_STARTED + time.perf_counter_ns():018X}")

    @property
    def kind(self) -> str:
        """The part of the name before the colon."""
        return self.name.partition(":")[0]


def change_of(name: str, bucket: Any, key: Any) -> Change:
    """A change of one of moto's keys; ``name`` may begin with ``s3:``."""
    name = name.removeprefix("s3:")
    version = getattr(key, "version_id", None) if bucket.is_versioned else None
    if name == "ObjectRemoved:DeleteMarkerCreated":
        return Change(name, bucket, key.name, version, etag=_EMPTY)
    if name.startswith("ObjectRemoved"):
        return Change(name, bucket, key.name, version)
    return Change(
        name,
        bucket,
        key.name,
        version,
        size=key.size,
        etag=key.etag.strip('"'),
        restored_until=getattr(key, "_expiry", None),
        storage_class=getattr(key, "storage_class", None) or "STANDARD",
    )


def encoded(key: str) -> str:
    """A key as records and filters write it: form-encoded, with its slashes.

    Examples
    --------
    >>> encoded("dir/my file(1).txt")
    'dir/my+file%281%29.txt'
    """
    return quote_plus(key, safe="/*").replace("~", "%7E")


def record(change: Change, configuration_id: str) -> dict[str, Any]:
    """The event of a change for a function, a queue or a topic."""
    bucket = change.bucket
    thing: dict[str, Any] = {"key": encoded(change.key)}
    if change.size is not None:
        thing["size"] = change.size
    if change.etag is not None:
        thing["eTag"] = change.etag
    if change.version:
        thing["versionId"] = change.version
    thing["sequencer"] = change.sequencer
    moment = datetime.fromtimestamp(change.at, timezone.utc)
    told = {
        "eventVersion": "2.3" if change.kind in _NEWER else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "eventName": change.name,
        "userIdentity": {"principalId": f"AWS:{bucket.account_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": change.request_id,
            "x-amz-id-2": base64.b64encode(bucket.arn.encode()).decode(),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.account_id},
                "arn": bucket.arn,
            },
            "object": thing,
        },
    }
    if change.name == "ObjectRestore:Completed" and change.restored_until is not None:
        told["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": f"{change.restored_until:%Y-%m-%dT%H:%M:%S}.000Z",
                "lifecycleRestoreStorageClass": change.storage_class,
            }
        }
    return {"Records": [told]}


def test_event(bucket: Any) -> dict[str, Any]:
    """What S3 sends to a queue or a topic when a bucket gets a new configuration."""
    moment = datetime.now(timezone.utc)
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "Bucket": bucket.name,
        "RequestId": uuid.uuid4().hex[:16].upper(),
        "HostId": base64.b64encode(bucket.arn.encode()).decode(),
    }


def bus_event(change: Change) -> dict[str, Any] | None:
    """The event of a change for EventBridge; ``None`` if EventBridge gets no such events."""
    detail_type = _DETAIL_TYPES.get(change.kind) or _DETAIL_TYPES.get(change.name)
    if detail_type is None:
        return None
    bucket, action = change.bucket, change.name.partition(":")[2]
    thing: dict[str, Any] = {"key": change.key}
    if change.size is not None:
        thing["size"] = change.size
    if change.etag is not None:
        thing["etag"] = change.etag
    if change.version:
        thing["version-id"] = change.version
    if change.kind in ("ObjectCreated", "ObjectRemoved"):
        thing["sequencer"] = change.sequencer
    by_s3 = change.name == "ObjectRestore:Completed"
    detail: dict[str, Any] = {
        "version": "0",
        "event-version": "1.2",
        "bucket": {"name": bucket.name},
        "object": thing,
        "request-id": change.request_id,
        "requester": "s3.amazonaws.com" if by_s3 else bucket.account_id,
    }
    if not by_s3:
        detail["source-ip-address"] = "127.0.0.1"
    if change.kind == "ObjectCreated":
        detail["reason"] = _REASONS[action]
    if change.kind == "ObjectRemoved":
        detail["reason"] = "DeleteObject"
        marker = action == "DeleteMarkerCreated"
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    if change.kind == "ObjectRestore":
        detail["source-storage-class"] = change.storage_class
    if by_s3 and change.restored_until is not None:
        detail["restore-expiry-time"] = f"{change.restored_until:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": bucket.account_id,
        "time": f"{datetime.fromtimestamp(change.at, timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": detail,
    }
