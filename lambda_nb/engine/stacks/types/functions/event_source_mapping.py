"""``AWS::Lambda::EventSourceMapping``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import MAPPED

_AT_REST = ("Enabled", "Disabled")
_DEFAULTS: dict[str, Any] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {"Metrics": []},
    "ParallelizationFactor": 1,
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
    "SourceAccessConfigurations": [],
    "TumblingWindowInSeconds": 0,
}
"""What returns when a template leaves out what it had."""
_QUEUE_BATCH, _OTHER_BATCH = 10, 100
_FOR_GOOD = ("Queues", "Topics")
"""Cannot be updated by the API, although the schema does not say so."""


class EventSourceMapping(ResourceType):
    """What polls a queue, a stream or a broker and invokes a function."""

    name = "AWS::Lambda::EventSourceMapping"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it and wait until it is enabled, or disabled as wanted."""
        parameters = _parameters("CreateEventSourceMapping", properties)
        config = context.client("lambda").create_event_source_mapping(
            **parameters, Tags=MAPPED.wanted(context, properties)
        )
        identifier = config["UUID"]
        context.made(identifier)
        _settle(context, identifier)
        return Made(
            identifier,
            {"Id": identifier, "EventSourceMappingArn": config["EventSourceMappingArn"]},
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its settings; those left out return to their defaults."""
        calls, identifier = context.client("lambda"), made.physical_id
        _settle(context, identifier)
        left_out = {
            name: default
            for name, default in _defaults(new).items()
            if name in old and name not in new
        }
        if {**old, "Tags": None} != {**new, "Tags": None}:
            parameters = _parameters("UpdateEventSourceMapping", {**left_out, **new})
            calls.update_event_source_mapping(UUID=identifier, **parameters)
            _settle(context, identifier)
        arn = made.attributes["EventSourceMappingArn"]
        MAPPED.change(
            context,
            old,
            new,
            lambda wanted: calls.tag_resource(Resource=arn, Tags=wanted),
            lambda keys: calls.untag_resource(Resource=arn, TagKeys=keys),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it and wait until it has stopped."""
        calls, identifier = context.client("lambda"), made.physical_id
        with absence_is_fine():
            _settle(context, identifier)
            calls.delete_event_source_mapping(UUID=identifier)
        context.wait(
            lambda: True if _state(calls, identifier) is None else None,
            f"The end of event source mapping {identifier}",
        )

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings."""
        calls = context.client("lambda")
        try:
            found = calls.get_event_source_mapping(UUID=made.physical_id)
        except calls.exceptions.ResourceNotFoundException:
            return None
        found["Enabled"] = found["State"] in ("Enabled", "Enabling", "Creating")
        found["KmsKeyArn"] = found.get("KMSKeyArn")
        return {**properties, **{name: found[name] for name in properties if name in found}}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """What the schema says, and what the API cannot update."""
        others = {name for name in _FOR_GOOD if old.get(name) != new.get(name)}
        return super().replacing(old, new) | others


def _parameters(operation: str, properties: Properties) -> dict[str, Any]:
    plain = {name: held for name, held in properties.items() if name != "Tags"}
    return shapes.parameters("lambda", operation, plain)


def _defaults(properties: Properties) -> dict[str, Any]:
    queue = str(properties.get("EventSourceArn") or "").split(":")[2:3] == ["sqs"]
    return {**_DEFAULTS, "BatchSize": _QUEUE_BATCH if queue else _OTHER_BATCH}


def _state(calls: Any, identifier: str) -> str | None:
    """Its state; ``None`` if it is gone."""
    try:
        return str(calls.get_event_source_mapping(UUID=identifier)["State"])
    except calls.exceptions.ResourceNotFoundException:
        return None


def _settle(context: Context, identifier: str) -> None:
    """Wait until it is neither being made nor being changed."""
    calls = context.client("lambda")

    def look() -> str | None:
        state = _state(calls, identifier) or "gone"
        return state if state in (*_AT_REST, "gone") else None

    context.wait(look, f"Event source mapping {identifier} becoming enabled or disabled")


TYPES: tuple[ResourceType, ...] = (EventSourceMapping(),)
