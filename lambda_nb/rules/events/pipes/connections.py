"""What a pipe may connect: its sources, enrichments and targets, and their batches.

Source: EventBridge User Guide, eb-pipes-batching-concurrency, eb-pipes-event-source and
eb-pipes-event-target; the Pipes API reference (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATE_TAG = "aws:pipes:state"
"""The tag by which the engine tells the embedded service what state a pipe has reached, and of
which settings: ``1767323045 RUNNING``."""
SOURCES: Mapping[str, tuple[str, int, int]] = {
    "sqs": ("SqsQueueParameters", 10, 10_000),
    "kinesis": ("KinesisStreamParameters", 100, 10_000),
    "dynamodb": ("DynamoDBStreamParameters", 100, 10_000),
    "self-managed-kafka": ("SelfManagedKafkaParameters", 100, 10_000),
}
"""By service: the name of its parameters, the default and the largest batch."""
_NOT_HERE = {
    "kafka": "Amazon MSK clusters",
    "mq": "Amazon MQ brokers",
    "batch": "AWS Batch jobs",
    "ecs": "ECS tasks",
    "redshift": "Redshift clusters",
    "redshift-serverless": "Redshift workgroups",
    "sagemaker": "SageMaker pipelines",
    "timestream": "Timestream tables",
    "inspector": "Inspector templates",
}
TARGETS: Mapping[str, int] = {
    "lambda": 10_000,
    "states": 10_000,
    "logs": 10_000,
    "firehose": 500,
    "kinesis": 500,
    "sqs": 10,
    "sns": 10,
    "event-bus": 10,
    "api-destination": 1,
    "execute-api": 1,
}
"""Events that one call of a target takes."""
ENRICHMENTS: Mapping[str, int] = {
    "lambda": 10_000,
    "states": 10_000,
    "api-destination": 1,
    "execute-api": 1,
}
"""Events that one call of an enrichment takes."""


def kind_of(arn: str) -> str:
    """What an ARN names: its service, or for EventBridge the kind of resource.

    Examples
    --------
    >>> kind_of("arn:aws:sqs:us-east-1:111122223333:q")
    'sqs'
    >>> kind_of("arn:aws:events:us-east-1:111122223333:event-bus/orders")
    'event-bus'
    >>> kind_of("smk://b1:9092,b2:9092")
    'self-managed-kafka'
    """
    if arn.startswith("smk://"):
        return "self-managed-kafka"
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return ""
    return parts[5].split("/")[0] if parts[2] == "events" else parts[2]


def batch_size(pipe: Mapping[str, Any]) -> int:
    """The batch size of a pipe (as DescribePipe shows it): what it says, or its source's default.

    A pipe to something that takes single events only has batches of one, unless it says otherwise.
    """
    name, usual, _ = SOURCES[kind_of(pipe["Source"])]
    given = ((pipe.get("SourceParameters") or {}).get(name) or {}).get("BatchSize")
    return int(given or min(usual, most_events(pipe)[0]))


def most_events(pipe: Mapping[str, Any]) -> tuple[int, str]:
    """How many events a pipe's target and enrichment take at once, and which takes fewer."""
    limits = [(TARGETS.get(kind_of(pipe["Target"]), 1), "target")]
    if pipe.get("Enrichment"):
        limits.append((ENRICHMENTS.get(kind_of(pipe["Enrichment"]), 1), "enrichment"))
    return min(limits)


def refusal(pipe: Mapping[str, Any]) -> str | None:
    """Why a pipe cannot be made; ``None`` if it can."""
    for role, known in (("Source", SOURCES), ("Enrichment", ENRICHMENTS), ("Target", TARGETS)):
        arn = pipe.get(role)
        if not arn:
            continue
        kind = kind_of(arn)
        if kind in known:
            continue
        if kind in _NOT_HERE:
            return f"{role} {arn}: lambda_nb has no {_NOT_HERE[kind]}."
        return f"{role} {arn} is not a valid {role.lower()} for a pipe."
    return _refused_source(pipe) or _refused_parameters(pipe)


def _refused_source(pipe: Mapping[str, Any]) -> str | None:
    kind = kind_of(pipe["Source"])
    name, _, largest = SOURCES[kind]
    given = (pipe.get("SourceParameters") or {}).get(name) or {}
    if kind in ("kinesis", "dynamodb") and not given.get("StartingPosition"):
        return f"SourceParameters.{name}.StartingPosition is required."
    if given.get("StartingPosition") == "AT_TIMESTAMP":
        if kind == "dynamodb":
            return "StartingPosition AT_TIMESTAMP is not supported for DynamoDB streams."
        if given.get("StartingPositionTimestamp") is None:
            return "StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP."
    if kind == "self-managed-kafka" and not given.get("TopicName"):
        return f"SourceParameters.{name}.TopicName is required."
    size, window = batch_size(pipe), given.get("MaximumBatchingWindowInSeconds") or 0
    if not 1 <= size <= largest:
        return f"BatchSize {size} must be between 1 and {largest}."
    most, which = most_events(pipe)
    if size > most:
        return f"BatchSize {size} is larger than the {which} supports: at most {most}."
    if kind == "sqs" and pipe["Source"].endswith(".fifo"):
        if size > 10:
            return "BatchSize for FIFO queues must be between 1 and 10."
        if window:
            return "MaximumBatchingWindowInSeconds is not supported for FIFO queues."
    elif kind == "sqs" and size > 10 and not window:
        return (
            "MaximumBatchingWindowInSeconds must be greater than 0 if BatchSize is greater than 10."
        )
    age = given.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and not 60 <= age <= 604_800:
        return f"MaximumRecordAgeInSeconds {age} must be -1 or between 60 and 604800."
    return None


def _refused_parameters(pipe: Mapping[str, Any]) -> str | None:
    kind, told = kind_of(pipe["Target"]), pipe.get("TargetParameters") or {}
    if kind == "kinesis" and not (told.get("KinesisStreamParameters") or {}).get("PartitionKey"):
        return "TargetParameters.KinesisStreamParameters.PartitionKey is required."
    group = (told.get("SqsQueueParameters") or {}).get("MessageGroupId")
    if kind == "sqs" and pipe["Target"].endswith(".fifo") and not group:
        return "TargetParameters.SqsQueueParameters.MessageGroupId is required."
    if kind == "sns" and pipe["Target"].endswith(".fifo"):
        return f"Target {pipe['Target']}: SNS FIFO topics are not supported."
    if (told.get("EventBridgeEventBusParameters") or {}).get("EndpointId"):
        return "EventBridgeEventBusParameters.EndpointId: lambda_nb has no global endpoints."
    return None
