"""What the words of a call mean: AWS's name of its operation, and of what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from lambda_nb.engine.api.function_calls.call import Call

if TYPE_CHECKING:
    from lambda_nb.engine.api.lambda_api.routing import Router

_MEMBERS = {
    "dynamodb": "TableName",
    "sqs": "QueueUrl|QueueName",
    "sns": "TopicArn|TargetArn",
    "kinesis": "StreamName|StreamARN",
    "firehose": "DeliveryStreamName",
    "events": "EventBusName",
    "states": "stateMachineArn",
    "secretsmanager": "SecretId",
    "ssm": "Name",
    "kms": "KeyId",
    "logs": "logGroupName",
    "sts": "RoleArn",
}
"""The parameters that name what a call is for, by the service's name in signatures."""
RESOURCES = {
    service: re.compile(
        rf'(?:(?:^|&)(?:{names})=|"(?:{names})"\s*:\s*")([^&"]+)'.encode(),
    )
    for service, names in _MEMBERS.items()
}
_OF_BUCKETS = {
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "BucketAnalyticsConfiguration",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "intelligent-tiering": "BucketIntelligentTieringConfiguration",
    "inventory": "BucketInventoryConfiguration",
    "lifecycle": "BucketLifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metrics": "BucketMetricsConfiguration",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
"""What is read, put or deleted of a bucket, by a name of the query (Amazon S3 API reference)."""
_LISTS = {"uploads": "ListMultipartUploads", "versions": "ListObjectVersions"}
_OF_OBJECTS = {
    "acl": "Acl",
    "attributes": "Attributes",
    "legal-hold": "LegalHold",
    "retention": "Retention",
    "tagging": "Tagging",
    "torrent": "Torrent",
}
_DONE_TO_OBJECTS = {"restore": "RestoreObject", "select": "SelectObjectContent"}
OF_S3 = frozenset(
    (*_OF_BUCKETS, *_LISTS, *_OF_OBJECTS, *_DONE_TO_OBJECTS, "delete", "uploadId", "versionId")
)
"""Names of a query that make another operation of a request to S3."""
_REST = {
    "lambda": "lambda",
    "scheduler": "scheduler",
    "iotdata": "iot-data",
    "iotdevicegateway": "iot-data",
    "execute-api": "apigatewaymanagementapi",
    "ses": "sesv2",
    "elasticfilesystem": "efs",
}
"""botocore's names of services whose operations stand in method and path."""
_LABELS = (
    "FunctionName", "functionName", "Name", "topic", "thingName", "connectionId", "ConnectionId",
)  # fmt: skip
_OBJECTS = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
    "POST": "PutObject",
}
_BUCKETS = {
    "GET": "ListObjectsV2",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
    "POST": "PutObject",
}


_FIRST_TABLE = re.compile(rb'"RequestItems"\s*:\s*\{\s*"([\w.:/-]+)"')


def tables(body: bytes) -> tuple[str, ...]:
    """The tables of a batch, which are keys of its ``RequestItems``.

    Of a body that is cut off, the first one.

    Examples
    --------
    >>> tables(b'{"RequestItems": {"b": [], "a": []}}'), tables(b'{"RequestItems": {"b": [{"P')
    (('a', 'b'), ('b',))
    """
    try:
        return tuple(sorted(json.loads(body)["RequestItems"]))
    except (ValueError, KeyError, TypeError):
        return tuple(one.decode() for one in _FIRST_TABLE.findall(body))


def bucket_path(path: str) -> str:
    """A path of S3 without the key of its object.

    Examples
    --------
    >>> bucket_path("/b/folder/k.txt"), bucket_path("/b"), bucket_path("/b/")
    ('/b/*', '/b', '/b')
    """
    bucket, slash, key = path.lstrip("/").partition("/")
    return f"/{bucket}/*" if slash and key else f"/{bucket}"


def copied_from(source: str) -> str:
    """The bucket in the header ``x-amz-copy-source``.

    Examples
    --------
    >>> copied_from("/from/a%20b?versionId=1"), copied_from("from%2Fa")
    ('from', 'from')
    """
    return unquote(source).lstrip("/").partition("/")[0]


def meanings(call: Call) -> Iterable[tuple[str, str, str]]:
    """Service, operation and resource; a resource is empty where none is known."""
    if call.service == "s3":
        yield _of_s3(call.words)
        for bucket in call.resources:  # a copy reads its source
            yield "s3", "GetObject", f"{bucket}/*"
        return
    if len(call.words) == 1:
        names = call.resources or ("",)
        for name in names:
            yield call.service, call.words[0], _plain(name)
        return
    method, path, *_ = call.words
    operation = re.fullmatch(r"/service/\w+/operation/(\w+)", path)
    if operation is not None:  # Smithy's RPC protocol
        yield call.service, operation[1], ""
        return
    found = None
    if call.service in _REST:
        found = _router(_REST[call.service]).find(method, path, "")
    if found is None:
        yield call.service, "", unquote(path)
        return
    labels = found[1]
    resource = next((labels[label] for label in _LABELS if label in labels), "")
    yield call.service, found[0], resource


@cache
def _router(service: str) -> Router:
    # Late: it reads the service's whole model.
    from lambda_nb.engine.api.lambda_api.routing import Router

    return Router(service)


def _plain(name: str) -> str:
    return unquote_plus(name) if "%" in name else name


def _of_s3(words: tuple[str, ...]) -> tuple[str, str, str]:
    method, path, *names = words
    bucket, _, key = path.strip("/").partition("/")
    resource = f"{unquote(bucket)}/*" if key else unquote(bucket)
    if not bucket:
        return "s3", "ListBuckets", ""
    if "delete" in names:
        return "s3", "DeleteObjects", f"{resource}/*"
    operation = _of_object(method, names) if key else _of_bucket(method, names)
    return "s3", operation, resource


def _of_object(method: str, names: Container[str]) -> str:
    # S3 has no operations for versions of objects, but IAM has actions.
    version = "Version" if "versionId" in names else ""
    kind = f"Object{version}"
    if found := _of_part(method, names, kind, _OF_OBJECTS) or _first(names, _DONE_TO_OBJECTS):
        return found
    if "uploadId" in names and method in ("GET", "DELETE"):
        return "ListParts" if method == "GET" else "AbortMultipartUpload"
    operation = _OBJECTS.get(method, "")
    return operation if operation in ("", "PutObject") else f"{operation}{version}"


def _of_bucket(method: str, names: Container[str]) -> str:
    found = _of_part(method, names, "", _OF_BUCKETS) or _first(names, _LISTS)
    return found or _BUCKETS.get(method, "")


def _of_part(method: str, names: Container[str], kind: str, parts: Mapping[str, str]) -> str | None:
    """What is done to the part of a bucket or an object that a query names, if it names one."""
    title = _first(names, parts)
    return None if title is None else f"{_VERBS.get(method, 'Put')}{kind}{title}"


def _first(names: Container[str], meanings: Mapping[str, str]) -> str | None:
    """The meaning of the first name that a query has."""
    return next((meaning for name, meaning in meanings.items() if name in names), None)


_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Get"}
