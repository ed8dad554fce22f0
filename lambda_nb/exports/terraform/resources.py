"""The resources of an application as Terraform's."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Resource
from lambda_nb.exports.shared import bucket_prefix
from lambda_nb.exports.terraform.hcl import Block, Expression, resource
from lambda_nb.exports.terraform.values import TYPES, Values

_PLAIN: dict[str, dict[str, str]] = {
    "queue": {
        "VisibilityTimeout": "visibility_timeout_seconds",
        "MessageRetentionPeriod": "message_retention_seconds",
        "DelaySeconds": "delay_seconds",
        "ReceiveMessageWaitTimeSeconds": "receive_wait_time_seconds",
        "FifoQueue": "fifo_queue",
        "ContentBasedDeduplication": "content_based_deduplication",
    },
    "stream": {"ShardCount": "shard_count", "RetentionPeriodHours": "retention_period"},
    "topic": {
        "FifoTopic": "fifo_topic",
        "ContentBasedDeduplication": "content_based_deduplication",
    },
    "bus": {},
    "log_group": {"retentionInDays": "retention_in_days"},
}


def resources(application: Application, values: Values) -> list[Block]:
    """All resources but APIs, whose routes belong to them."""
    blocks = []
    for one in application.resources.values():
        if one.kind == "table":
            blocks.append(_table(one, values))
        elif one.kind == "bucket":
            blocks += _bucket(one, values)
        elif one.kind not in ("http_api", "rest_api"):
            blocks.append(_plain(one, values))
    return blocks


def _name(one: Resource) -> Any:
    if one.name is not None:
        return one.name
    return Expression(f'"${{var.prefix}}-{one.settings["OriginalName"]}"')


def _plain(one: Resource, values: Values) -> Block:
    told = {new: one.settings[old] for old, new in _PLAIN[one.kind].items() if old in one.settings}
    block = resource(TYPES[one.kind], values.label(one.id), name=_name(one), **told)
    redrive = one.settings.get("RedrivePolicy")
    if redrive is not None:
        dead = values.ref(redrive["deadLetters"], "arn")
        policy = (
            "jsonencode({\n"
            f"  deadLetterTargetArn = {dead}\n"
            f"  maxReceiveCount     = {redrive['maxReceiveCount']}\n"
            "})"
        )
        block.add(redrive_policy=Expression(policy))
    if one.kind == "stream" and "ShardCount" not in one.settings:
        block.inside("stream_mode_details", stream_mode="ON_DEMAND")
    return block


def _table(one: Resource, values: Values) -> Block:
    told = one.settings
    units = told.get("ProvisionedThroughput", {})
    block = resource(
        "aws_dynamodb_table",
        values.label(one.id),
        name=_name(one),
        billing_mode=told["BillingMode"],
        read_capacity=units.get("ReadCapacityUnits"),
        write_capacity=units.get("WriteCapacityUnits"),
        **_keys(told["KeySchema"]),
        stream_enabled=True if "StreamViewType" in told else None,
        stream_view_type=told.get("StreamViewType"),
    )
    for attribute in told["AttributeDefinitions"]:
        name, kind = attribute["AttributeName"], attribute["AttributeType"]
        block.inside("attribute", name=name, type=kind)
    for index in told.get("GlobalSecondaryIndexes", ()):
        own = index.get("ProvisionedThroughput", {})
        block.inside(
            "global_secondary_index",
            name=index["IndexName"],
            **_keys(index["KeySchema"]),
            **_projection(index["Projection"]),
            read_capacity=own.get("ReadCapacityUnits"),
            write_capacity=own.get("WriteCapacityUnits"),
        )
    for index in told.get("LocalSecondaryIndexes", ()):
        keys = _keys(index["KeySchema"])
        block.inside(
            "local_secondary_index",
            name=index["IndexName"],
            range_key=keys["range_key"],
            **_projection(index["Projection"]),
        )
    if "TimeToLive" in told:
        block.inside("ttl", attribute_name=told["TimeToLive"], enabled=True)
    return block


def _keys(schema: list[dict[str, str]]) -> dict[str, str]:
    return {f"{key['KeyType'].lower()}_key": key["AttributeName"] for key in schema}


def _projection(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "projection_type": told.get("ProjectionType", "ALL"),
        "non_key_attributes": told.get("NonKeyAttributes"),
    }


def _bucket(one: Resource, values: Values) -> list[Block]:
    label = values.label(one.id)
    named = {"bucket": one.name} if one.name else {"bucket_prefix": f"{bucket_prefix(one)}-"}
    blocks = [resource("aws_s3_bucket", label, **named)]
    if one.settings.get("Versioning"):
        bucket = Expression(f"aws_s3_bucket.{label}.id")
        versioning = resource("aws_s3_bucket_versioning", label, bucket=bucket)
        blocks.append(versioning.inside("versioning_configuration", status="Enabled"))
    return blocks
