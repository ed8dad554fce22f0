"""``AWS::Events::*`` around rules: buses, their policies, archives, API destinations."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import text_of, with_text

_TAG_CALLS = ("TagResource", "UntagResource", "ResourceARN", "Tags", "TagKeys")


class EventBus(ByCalls):
    """A bus, with its policy if it has one."""

    name = "AWS::Events::EventBus"
    service = "events"
    creates = "CreateEventBus"
    updates = "UpdateEventBus"
    deletes = "DeleteEventBus"
    describes = "DescribeEventBus"
    key = "Name"
    attributes: ClassVar = {"Arn": "Arn", "Name": "Name"}
    defaults: ClassVar = {"Description": ""}
    tagging = LISTED
    tag_calls = _TAG_CALLS

    def works(self) -> frozenset[str]:
        return super().works() | {"Policy"}

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        if old.get("Policy") == new.get("Policy"):
            return
        client = context.client("events")
        if new.get("Policy"):
            client.put_permission(EventBusName=physical_id, Policy=text_of(new["Policy"]))
        else:
            with absence_is_fine():
                client.remove_permission(EventBusName=physical_id, RemoveAllPermissions=True)


class EventBusPolicy(ResourceType):
    """One statement of a bus's policy."""

    name = "AWS::Events::EventBusPolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        bus = _bus(properties)
        self._put(context, bus, properties)
        return Made(f"{bus}|{properties['StatementId']}")

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._put(context, _bus(new), new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        bus, _, statement = made.physical_id.rpartition("|")
        with absence_is_fine():
            context.client("events").remove_permission(EventBusName=bus, StatementId=statement)

    def taken(self, context: Context, properties: Properties) -> str | None:
        bus, sid = _bus(properties), properties["StatementId"]
        statements = _policy(context.client("events"), bus).get("Statement", ())
        return f"{bus}|{sid}" if any(one.get("Sid") == sid for one in statements) else None

    @staticmethod
    def _put(context: Context, bus: str, properties: Properties) -> None:
        client = context.client("events")
        sid = properties["StatementId"]
        statement = properties.get("Statement")
        if statement is None:
            given = {
                name: properties[name]
                for name in ("Action", "Principal", "Condition")
                if name in properties
            }
            client.put_permission(EventBusName=bus, StatementId=sid, **given)
            return
        others = [one for one in _policy(client, bus).get("Statement", ()) if one.get("Sid") != sid]
        if isinstance(statement, str):
            statement = json.loads(statement)
        arn = client.describe_event_bus(Name=bus)["Arn"]
        whole = {
            "Version": "2012-10-17",
            "Statement": [*others, {"Resource": arn, **statement, "Sid": sid}],
        }
        client.put_permission(EventBusName=bus, Policy=json.dumps(whole))


def _bus(properties: Properties) -> str:
    return str(properties.get("EventBusName") or "default")


def _policy(client: Any, bus: str) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(client.describe_event_bus(Name=bus).get("Policy") or "{}")
    return policy


class Archive(ByCalls):
    """An archive of a bus's events."""

    name = "AWS::Events::Archive"
    service = "events"
    creates = "CreateArchive"
    updates = "UpdateArchive"
    deletes = "DeleteArchive"
    describes = "DescribeArchive"
    key = "ArchiveName"
    attributes: ClassVar = {"Arn": "ArchiveArn"}
    named = "ArchiveName"
    longest = 48
    renamed: ClassVar = {"EventSourceArn": "SourceArn"}
    defaults: ClassVar = {"Description": "", "RetentionDays": 0}

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        return super().creation(context, with_text(properties, "EventPattern"))

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        return super().change(context, made, old, with_text(new, "EventPattern"))


class ApiDestination(ByCalls):
    """An HTTP endpoint that rules and pipes can call."""

    name = "AWS::Events::ApiDestination"
    service = "events"
    creates = "CreateApiDestination"
    updates = "UpdateApiDestination"
    deletes = "DeleteApiDestination"
    describes = "DescribeApiDestination"
    key = "Name"
    attributes: ClassVar = {"Arn": "ApiDestinationArn", "ArnForPolicy": "ApiDestinationArn"}
    named = "Name"
    defaults: ClassVar = {"Description": "", "InvocationRateLimitPerSecond": 300}


class Connection(ByCalls):
    """How API destinations authenticate themselves."""

    name = "AWS::Events::Connection"
    service = "events"
    creates = "CreateConnection"
    updates = "UpdateConnection"
    deletes = "DeleteConnection"
    describes = "DescribeConnection"
    key = "Name"
    attributes: ClassVar = {
        "Arn": "ConnectionArn",
        "ArnForPolicy": "ConnectionArn",
        "SecretArn": "SecretArn",
    }
    named = "Name"
    defaults: ClassVar = {"Description": ""}


TYPES: tuple[ResourceType, ...] = (
    EventBus(),
    EventBusPolicy(),
    Archive(),
    ApiDestination(),
    Connection(),
)
