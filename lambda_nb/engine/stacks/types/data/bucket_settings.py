"""A bucket's settings: what each property of ``AWS::S3::Bucket`` is in S3's own API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lambda_nb.engine.stacks.types.values import is_true


class Setting(NamedTuple):
    """How one property is set and taken away.

    Attributes
    ----------
    put
        The operation that sets it.
    parameter
        The operation's parameter.
    translate
        The parameter's value from the property's.
    remove
        The operation that takes it away; if empty, ``nothing`` is put instead.
    """

    put: str
    parameter: str
    translate: Callable[[Any], Any]
    remove: str = ""
    nothing: Any = None


def _renamed(names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function that gives an object's members other names, where ``names`` has any."""
    return lambda given: {names.get(name, name): value for name, value in given.items()}


def _same(value: Any) -> Any:
    return value


def _cors(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
    return {"CORSRules": [_renamed(names)(rule) for rule in given["CorsRules"]]}


def _encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = given["ServerSideEncryptionConfiguration"]
    return {"Rules": [_renamed(names)(rule) for rule in rules]}


def _logging(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return {"LoggingEnabled": {"TargetPrefix": "", **_renamed(names)(given)}}


def _website(given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "IndexDocument" in given:
        made["IndexDocument"] = {"Suffix": given["IndexDocument"]}
    if "ErrorDocument" in given:
        made["ErrorDocument"] = {"Key": given["ErrorDocument"]}
    if "RedirectAllRequestsTo" in given:
        made["RedirectAllRequestsTo"] = given["RedirectAllRequestsTo"]
    if "RoutingRules" in given:
        names = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
        made["RoutingRules"] = [_renamed(names)(rule) for rule in given["RoutingRules"]]
    return made


def _replication(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"Role": given["Role"], "Rules": [_replication_rule(one) for one in given["Rules"]]}


def _replication_rule(given: Mapping[str, Any]) -> dict[str, Any]:
    rule = _renamed({"Id": "ID"})(given)
    if "Filter" in rule:
        chosen = _renamed({"TagFilter": "Tag"})(rule["Filter"])
        if "And" in chosen:
            chosen["And"] = _renamed({"TagFilters": "Tags"})(chosen["And"])
        rule["Filter"] = chosen
        # S3 wants these two wherever a rule has a filter.
        rule.setdefault("Priority", 0)
        rule.setdefault("DeleteMarkerReplication", {"Status": "Disabled"})
    return rule


def _lifecycle(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(one) for one in given["Rules"]]}


def _lifecycle_rule(given: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {"Status": given["Status"], "Filter": _chosen_by(given)}
    if "Id" in given:
        rule["ID"] = given["Id"]
    expiration = {
        name: given[source]
        for name, source in (
            ("Date", "ExpirationDate"),
            ("Days", "ExpirationInDays"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if source in given
    }
    if expiration:
        rule["Expiration"] = expiration
    names = {"TransitionDate": "Date", "TransitionInDays": "Days"}
    moves = _all(given, "Transitions", "Transition")
    if moves:
        rule["Transitions"] = [_renamed(names)(one) for one in moves]
    names = {"TransitionInDays": "NoncurrentDays"}
    moves = _all(given, "NoncurrentVersionTransitions", "NoncurrentVersionTransition")
    if moves:
        rule["NoncurrentVersionTransitions"] = [_renamed(names)(one) for one in moves]
    if "NoncurrentVersionExpiration" in given:
        rule["NoncurrentVersionExpiration"] = given["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in given:
        days = given["NoncurrentVersionExpirationInDays"]
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    if "AbortIncompleteMultipartUpload" in given:
        rule["AbortIncompleteMultipartUpload"] = given["AbortIncompleteMultipartUpload"]
    return rule


def _chosen_by(given: Mapping[str, Any]) -> dict[str, Any]:
    """Which objects a lifecycle rule is for; more than one condition are in an ``And``."""
    conditions = {
        name: given[name]
        for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in given
    }
    tags = given.get("TagFilters") or []
    if not conditions and not tags:
        return {"Prefix": ""}
    if len(conditions) + len(tags) > 1:
        return {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else conditions


def _all(given: Mapping[str, Any], several: str, one: str) -> list[Any]:
    return [*given.get(several, ()), *([given[one]] if one in given else ())]


def _notifications(given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for source, name, target, arn in (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
    ):
        listed = [
            {arn: one[target], "Events": [one["Event"]], **_filter(one)}
            for one in given.get(source) or ()
        ]
        if listed:
            made[name] = listed
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and is_true(bridge.get("EventBridgeEnabled"), True):
        made["EventBridgeConfiguration"] = {}
    return made


def _filter(given: Mapping[str, Any]) -> dict[str, Any]:
    rules = ((given.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    return {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}


SETTINGS: Mapping[str, Setting] = {
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls", "OwnershipControls", _same, "DeleteBucketOwnershipControls"
    ),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        _same,
        "DeletePublicAccessBlock",
    ),
    "AccessControl": Setting(
        "PutBucketAcl",
        "ACL",
        # PublicReadWrite -> public-read-write
        lambda name: "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-"),
        nothing="Private",
    ),
    "VersioningConfiguration": Setting(
        "PutBucketVersioning",
        "VersioningConfiguration",
        _same,
        nothing={"Status": "Suspended"},
    ),
    "BucketEncryption": Setting(
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
        "DeleteBucketEncryption",
    ),
    "ObjectLockConfiguration": Setting(
        "PutObjectLockConfiguration",
        "ObjectLockConfiguration",
        _same,
        nothing={"ObjectLockEnabled": "Enabled"},
    ),
    "CorsConfiguration": Setting("PutBucketCors", "CORSConfiguration", _cors, "DeleteBucketCors"),
    "LifecycleConfiguration": Setting(
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        _lifecycle,
        "DeleteBucketLifecycle",
    ),
    "LoggingConfiguration": Setting(
        "PutBucketLogging",
        "BucketLoggingStatus",
        lambda given: _logging(given) if given else {},
        nothing={},
    ),
    "WebsiteConfiguration": Setting(
        "PutBucketWebsite", "WebsiteConfiguration", _website, "DeleteBucketWebsite"
    ),
    "AccelerateConfiguration": Setting(
        "PutBucketAccelerateConfiguration",
        "AccelerateConfiguration",
        _renamed({"AccelerationStatus": "Status"}),
        nothing={"AccelerationStatus": "Suspended"},
    ),
    "ReplicationConfiguration": Setting(
        "PutBucketReplication",
        "ReplicationConfiguration",
        _replication,
        "DeleteBucketReplication",
    ),
    "NotificationConfiguration": Setting(
        "PutBucketNotificationConfiguration",
        "NotificationConfiguration",
        _notifications,
        nothing={},
    ),
}
"""The settings by property, in the order in which they are put."""
