"""The IAM actions that operations need, where they have not the operation's name."""

from __future__ import annotations

_PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "iotdata": "iot",
    "iotdevicegateway": "iot",
}
"""Prefixes of IAM actions that are not the service's name in signatures."""
_ACTIONS: dict[str, tuple[str, ...]] = {
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "lambda:InvokeWithResponseStream": ("lambda:InvokeFunction",),
    "lambda:InvokeAsync": ("lambda:InvokeFunction",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sns:PublishBatch": ("sns:Publish",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "dynamodb:ExecuteStatement": (
        "dynamodb:PartiQLDelete",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLSelect",
        "dynamodb:PartiQLUpdate",
    ),
    "execute-api:PostToConnection": ("execute-api:ManageConnections",),
    "execute-api:GetConnection": ("execute-api:ManageConnections",),
    "execute-api:DeleteConnection": ("execute-api:ManageConnections",),
    "sts:GetCallerIdentity": (),
    "sts:GetSessionToken": (),
}
_OF_S3: dict[str, tuple[str, ...]] = {
    "DeleteBucketCors": ("PutBucketCORS",),
    "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls",),
    "DeleteBucketTagging": ("PutBucketTagging",),
    "DeleteObjects": ("DeleteObject",),
    "GetBucketCors": ("GetBucketCORS",),
    "GetBucketNotificationConfiguration": ("GetBucketNotification",),
    "GetObjectAttributes": ("GetObject", "GetObjectAttributes"),
    "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
    "GetObjectVersionAttributes": ("GetObjectVersion", "GetObjectVersionAttributes"),
    "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
    "HeadBucket": ("ListBucket",),
    "HeadObject": ("GetObject",),
    "HeadObjectVersion": ("GetObjectVersion",),
    "ListBuckets": ("ListAllMyBuckets",),
    "ListMultipartUploads": ("ListBucketMultipartUploads",),
    "ListObjectVersions": ("ListBucketVersions",),
    "ListObjects": ("ListBucket",),
    "ListObjectsV2": ("ListBucket",),
    "ListParts": ("ListMultipartUploadParts",),
    "PutBucketCors": ("PutBucketCORS",),
    "PutBucketNotificationConfiguration": ("PutBucketNotification",),
    "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
    "PutPublicAccessBlock": ("PutBucketPublicAccessBlock",),
    "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock",),
    "SelectObjectContent": ("GetObject",),
}
_CONFIGURATIONS_OF_S3 = {
    "AccelerateConfiguration": "AccelerateConfiguration",
    "AnalyticsConfiguration": "AnalyticsConfiguration",
    "Encryption": "EncryptionConfiguration",
    "IntelligentTieringConfiguration": "IntelligentTieringConfiguration",
    "InventoryConfiguration": "InventoryConfiguration",
    "LifecycleConfiguration": "LifecycleConfiguration",
    "MetricsConfiguration": "MetricsConfiguration",
    "Replication": "ReplicationConfiguration",
}
"""What actions call the configurations of buckets; who may put one may delete it."""


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that an operation needs (Service Authorization Reference).

    Parameters
    ----------
    service
        Its name in signatures.
    operation
        As AWS names it; of S3 with ``Version`` in it where it is for a version of an object.

    Examples
    --------
    >>> actions_of("monitoring", "PutMetricData")
    ('cloudwatch:PutMetricData',)
    >>> actions_of("s3", "DeleteBucketLifecycleConfiguration"), actions_of("s3", "PutObject")
    (('s3:PutLifecycleConfiguration',), ('s3:PutObject',))
    """
    if not operation:
        return ()
    if service == "s3":
        return tuple(f"s3:{action}" for action in _of_s3(operation))
    plain = f"{_PREFIXES.get(service, service)}:{operation}"
    return _ACTIONS.get(plain, (plain,))


def _of_s3(operation: str) -> tuple[str, ...]:
    verb, _, configuration = operation.partition("Bucket")
    action = _CONFIGURATIONS_OF_S3.get(configuration)
    if action is not None:
        return (f"{'Get' if verb == 'Get' else 'Put'}{action}",)
    return _OF_S3.get(operation, (operation,))
