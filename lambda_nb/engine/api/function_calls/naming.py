"""What the words of a call mean: AWS's name of its operation, and of what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
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
OF_S3 = frozenset(
    ("acl", "attributes", "cors", "delete", "lifecycle", "list-type", "notification", "policy",
     "retention", "select", "tagging", "uploadId", "uploads", "versioning", "versions", "website")
)  # fmt: skip
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


def tables(body: bytes) -> tuple[str, ...]:
    """The tables of a batch, which are keys of its ``RequestItems``."""
    try:
        return tuple(sorted(json.loads(body)["RequestItems"]))
    except (ValueError, KeyError, TypeError):
        return ()


def bucket_path(path: str) -> str:
    """A path of S3 without the key of its object.

    Examples
    --------
    >>> bucket_path("/b/folder/k.txt"), bucket_path("/b"), bucket_path("/b/")
    ('/b/*', '/b', '/b')
    """
    bucket, slash, key = path.lstrip("/").partition("/")
    return f"/{bucket}/*" if slash and key else f"/{bucket}"


def meanings(call: Call) -> Iterable[tuple[str, str, str]]:
    """Service, operation and resource; a resource is empty where none is known."""
    if call.service == "s3":
        yield _of_s3(call.words)
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
    verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Get"}.get(method, "Put")
    what = "Object" if key else "Bucket"
    if "delete" in names:
        return "s3", "DeleteObject", f"{resource}/*"
    for name, title in (("tagging", "Tagging"), ("acl", "Acl"), ("retention", "Retention")):
        if name in names:
            return "s3", f"{verb}{what}{title}", resource
    if "uploadId" in names and method in ("GET", "DELETE"):
        return "s3", "ListParts" if method == "GET" else "AbortMultipartUpload", resource
    if not key and method in ("GET", "PUT", "DELETE"):
        for name, title in _OF_BUCKETS.items():
            if name in names:
                return "s3", f"{verb}Bucket{title}", resource
    if not bucket:
        return "s3", "ListBuckets", ""
    return "s3", (_OBJECTS if key else _BUCKETS).get(method, ""), resource


_OF_BUCKETS = {
    "cors": "Cors",
    "lifecycle": "LifecycleConfiguration",
    "notification": "NotificationConfiguration",
    "policy": "Policy",
    "versioning": "Versioning",
    "website": "Website",
}
