"""The resources of an application as CloudFormation's."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Resource
from lambda_nb.exports.sam.authorizers import of_api
from lambda_nb.exports.sam.values import Tagged, Values

_PLAIN: dict[str, tuple[str, dict[str, str]]] = {
    "queue": (
        "AWS::SQS::Queue",
        {
            name: name
            for name in (
                "VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "FifoQueue",
                "ContentBasedDeduplication",
            )
        } | {"ReceiveMessageWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds"},
    ),
    "stream": (
        "AWS::Kinesis::Stream",
        {"ShardCount": "ShardCount", "RetentionPeriodHours": "RetentionPeriodHours"},
    ),
    "topic": (
        "AWS::SNS::Topic",
        {name: name for name in ("FifoTopic", "ContentBasedDeduplication")},
    ),
    "bus": ("AWS::Events::EventBus", {}),
    "log_group": ("AWS::Logs::LogGroup", {"retentionInDays": "RetentionInDays"}),
}  # fmt: skip
_NAMES = {
    "queue": "QueueName",
    "table": "TableName",
    "stream": "Name",
    "topic": "TopicName",
    "bus": "Name",
    "log_group": "LogGroupName",
}
KEPT = ("AWS::DynamoDB::Table", "AWS::S3::Bucket")
"""Types with data that a stack should not delete along with itself."""


def resources(application: Application, values: Values) -> dict[str, Any]:
    """All resources, by their ids."""
    return {
        resource.id: _resource(resource, values, application)
        for resource in application.resources.values()
    }


def _resource(resource: Resource, values: Values, application: Application) -> dict[str, Any]:
    if resource.kind == "table":
        kind, properties = "AWS::DynamoDB::Table", _table(resource.settings)
    elif resource.kind == "bucket":
        return _bucket(resource, values)
    elif resource.kind == "http_api":
        return _http_api(resource, application, values)
    elif resource.kind == "rest_api":
        stage = resource.settings["StageName"]
        # Without a version SAM makes a second stage, "Stage".
        told = {"Name": resource.name, "StageName": stage, "OpenApiVersion": "3.0.1"}
        if "BinaryMediaTypes" in resource.settings:
            # SAM writes ~1 for a slash, as a path in JSON has it.
            told["BinaryMediaTypes"] = [
                kind.replace("/", "~1") for kind in resource.settings["BinaryMediaTypes"]
            ]
        auth = of_api(resource, application, values)
        return _shown("AWS::Serverless::Api", told | ({"Auth": auth} if auth else {}))
    else:
        kind, names = _PLAIN[resource.kind]
        properties = {
            new: resource.settings[old] for old, new in names.items() if old in resource.settings
        }
    redrive = resource.settings.get("RedrivePolicy")
    if redrive is not None:
        properties["RedrivePolicy"] = {
            "deadLetterTargetArn": values.ref(redrive["deadLetters"], "arn"),
            "maxReceiveCount": redrive["maxReceiveCount"],
        }
    name = resource.name
    if name is None and resource.kind == "bus":  # this one alone must have a name
        properties = {"Name": Tagged("!Sub", f"${{AWS::StackName}}-{resource.id}"), **properties}
    elif name is not None:
        properties = {_NAMES[resource.kind]: name, **properties}
    if resource.kind == "stream" and "ShardCount" not in properties:
        properties["StreamModeDetails"] = {"StreamMode": "ON_DEMAND"}
    return _shown(kind, properties)


def _shown(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"} if kind in KEPT else {}
    shown = {"Properties": properties} if properties else {}
    return {"Type": kind, **kept, **shown}


def _table(settings: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        key: settings[key]
        for key in (
            "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
            "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
        )
        if key in settings
    }  # fmt: skip
    if "StreamViewType" in settings:
        properties["StreamSpecification"] = {"StreamViewType": settings["StreamViewType"]}
    if "TimeToLive" in settings:
        properties["TimeToLiveSpecification"] = {
            "AttributeName": settings["TimeToLive"],
            "Enabled": True,
        }
    return properties


def _bucket(resource: Resource, values: Values) -> dict[str, Any]:
    name = values.bucket_name(resource)
    properties = {} if name is None else {"BucketName": name}
    if resource.settings.get("Versioning"):
        properties["VersioningConfiguration"] = {"Status": "Enabled"}
    return _shown("AWS::S3::Bucket", properties)


def _http_api(resource: Resource, application: Application, values: Values) -> dict[str, Any]:
    cors = resource.settings.get("Cors")
    properties: dict[str, Any] = {"Name": resource.name}
    if cors:
        properties["CorsConfiguration"] = cors
    auth = of_api(resource, application, values)
    if auth:
        properties["Auth"] = auth
    return _shown("AWS::Serverless::HttpApi", properties)
