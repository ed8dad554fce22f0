"""Rules for the members of an event source mapping, by kind of source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, invalid_parameter
from lambda_nb.engine.model import Request

Kind = Literal["sqs", "kinesis", "dynamodb", "kafka", "self-managed-kafka", "mq", "documentdb"]

_SERVICES: dict[str, Kind] = {
    "sqs": "sqs",
    "kinesis": "kinesis",
    "dynamodb": "dynamodb",
    "kafka": "kafka",
    "mq": "mq",
    "rds": "documentdb",
}
STREAMS = ("kinesis", "dynamodb")
_KAFKA = ("kafka", "self-managed-kafka")

_STREAM_DEFAULTS: Record = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "LastProcessingResult": "No records processed",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
_QUEUE_DEFAULTS: Record = {
    "BatchSize": 10,
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
}
_BROKER_DEFAULTS: Record = {
    "BatchSize": 100,
    "LastProcessingResult": "No records processed",
    "MaximumBatchingWindowInSeconds": 0,
}
_OPERATORS = {
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
}
_ONLY_STREAMS = (
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
_ONLY_SHARDS = ("ParallelizationFactor", "TumblingWindowInSeconds")
"""Of streams with shards. Kafka has the other settings of streams in provisioned mode (Lambda
Developer Guide, kafka-retry-configurations, 2026)."""


def kind_of(request: Mapping[str, Any]) -> Kind:
    """The kind of source of a request or a mapping."""
    if request.get("SelfManagedEventSource"):
        return "self-managed-kafka"
    parts = (request.get("EventSourceArn") or "").split(":")
    if len(parts) > 5 and parts[2] in _SERVICES:
        return _SERVICES[parts[2]]
    raise invalid_parameter("Unrecognized event source.")


def defaults(kind: Kind) -> Record:
    """The default members of a mapping of this kind (facts/api.md)."""
    if kind == "sqs":
        return dict(_QUEUE_DEFAULTS)
    return dict(_STREAM_DEFAULTS if kind in STREAMS else _BROKER_DEFAULTS)


def check(request: Request, kind: Kind, mapping: Record) -> None:
    """Refuse members that this kind does not support, and values out of range.

    ``mapping`` is the mapping as it will be after the request.
    """
    arn = mapping.get("EventSourceArn", "")
    _check_supported(request, kind, mapping)
    size = mapping["BatchSize"]
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    if kind == "sqs" and arn.endswith(".fifo"):
        if size > 10:
            raise invalid_parameter(f"Batch size {size} for FIFO queues must be between 1 and 10.")
        if window:
            raise invalid_parameter("Batching window is not supported for FIFO queues")
    elif kind == "sqs" and size > 10 and not window:
        raise invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    age = mapping.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and age < 60:
        raise invalid_parameter(
            f"MaximumRecordAgeInSeconds {age} must be -1 or between 60 and 604800."
        )
    check_filters(request.get("FilterCriteria"))


def check_start(request: Request, kind: Kind) -> None:
    """Refuse a missing or unsuitable starting position."""
    position = request.get("StartingPosition")
    if kind in (*STREAMS, *_KAFKA) and position is None:
        raise invalid_parameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
            "constraint: Member must not be null."
        )
    if kind == "dynamodb" and position == "AT_TIMESTAMP":
        raise invalid_parameter(
            f"Unsupported starting position for arn type: {request['EventSourceArn']}"
        )
    if position == "AT_TIMESTAMP" and request.get("StartingPositionTimestamp") is None:
        raise invalid_parameter(
            "StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP."
        )
    if kind == "self-managed-kafka" and not request.get("SourceAccessConfigurations"):
        raise invalid_parameter("Required 'sourceAccessConfigurations' parameter is missing.")
    if kind in _KAFKA and not request.get("Topics"):
        raise invalid_parameter("Required 'topics' parameter is missing.")
    if kind == "mq" and not request.get("Queues"):
        raise invalid_parameter("Required 'queues' parameter is missing.")


def check_filters(criteria: Mapping[str, Any] | None) -> None:
    """Refuse filter patterns that are not JSON objects with lists (or objects) as values."""
    for entry in (criteria or {}).get("Filters") or []:
        try:
            pattern = json.loads(entry.get("Pattern") or "null")
        except ValueError as error:
            raise _bad_pattern() from error
        if not _is_pattern(pattern):
            raise _bad_pattern()


def _is_pattern(pattern: Any) -> bool:
    """Whether all values are objects or lists of alternatives (a value or one operator)."""
    if not isinstance(pattern, dict):
        return False
    for key, wanted in pattern.items():
        if isinstance(wanted, dict):
            fits = _is_pattern(wanted)
        elif key == "$or":
            fits = isinstance(wanted, list) and all(map(_is_pattern, wanted))
        else:
            fits = isinstance(wanted, list) and bool(wanted) and all(map(_is_alternative, wanted))
        if not fits:
            return False
    return True


def _is_alternative(wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return len(wanted) == 1 and wanted.keys() <= _OPERATORS
    return not isinstance(wanted, list)


def _bad_pattern() -> AWSError:
    return invalid_parameter("Invalid filter pattern definition.")


def _check_supported(request: Request, kind: Kind, mapping: Record) -> None:
    unsupported: tuple[str, ...] = ()
    if kind not in STREAMS:
        provisioned = kind in _KAFKA and bool(mapping.get("ProvisionedPollerConfig"))
        unsupported = _ONLY_SHARDS if provisioned else _ONLY_STREAMS
    if kind in ("sqs", "mq", "documentdb"):
        unsupported = (*unsupported, "DestinationConfig")
    if kind != "sqs":
        unsupported = (*unsupported, "ScalingConfig")
    for member in unsupported:
        if request.get(member) is not None:
            raise invalid_parameter(
                f"Unsupported {member} parameter for given event source mapping type."
            )
