"""``AWS::IoT::Thing``, ``AWS::IoT::ThingType`` and ``AWS::IoT::ThingGroup``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.devices.calls import TAG_CALLS
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import is_true


class Thing(ByCalls):
    """A thing with its attributes."""

    name = "AWS::IoT::Thing"
    service = "iot"
    creates = "CreateThing"
    updates = "UpdateThing"
    deletes = "DeleteThing"
    describes = "DescribeThing"
    key = "thingName"
    overwrites = True
    attributes: ClassVar = {"Arn": "thingArn", "Id": "thingId"}
    named = "ThingName"
    longest = 128

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        attributes = _attributes_of(new.get("AttributePayload"))
        payload = {"attributes": attributes, "merge": False}
        return {"thingName": made.physical_id, "attributePayload": payload}


class ThingType(ByCalls):
    """A type of things. It is deprecated before it is deleted, as IoT wants it."""

    name = "AWS::IoT::ThingType"
    service = "iot"
    creates = "CreateThingType"
    updates = "UpdateThingType"
    deletes = "DeleteThingType"
    describes = "DescribeThingType"
    key = "thingTypeName"
    overwrites = True
    attributes: ClassVar = {"Arn": "thingTypeArn", "Id": "thingTypeId"}
    named = "ThingTypeName"
    longest = 128
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS

    def works(self) -> frozenset[str]:
        return super().works() | {"DeprecateThingType"}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        # Only MQTT 5's user properties of a type can be changed; all else is fixed.
        fixed = [
            {
                name: value
                for name, value in (one.get("ThingTypeProperties") or {}).items()
                if name != "Mqtt5Configuration"
            }
            for one in (old, new)
        ]
        more = {"ThingTypeProperties"} if fixed[0] != fixed[1] else set()
        return super().replacing(old, new) | more

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        if not changed(old, new, "ThingTypeProperties"):
            self.finish(context, made.physical_id, old, new)
            self._tag(context, made, old, new)
            return made
        return super().update(context, made, old, new)

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        was = is_true(old.get("DeprecateThingType"))
        now = is_true(new.get("DeprecateThingType"))
        if was != now:
            context.client("iot").deprecate_thing_type(
                thingTypeName=physical_id, undoDeprecate=not now
            )

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("iot")
        with absence_is_fine():
            client.deprecate_thing_type(thingTypeName=made.physical_id)
        super().delete(context, made, properties)


class ThingGroup(ByCalls):
    """A group of things; groups by a query of the fleet index are not here."""

    name = "AWS::IoT::ThingGroup"
    service = "iot"
    creates = "CreateThingGroup"
    updates = "UpdateThingGroup"
    deletes = "DeleteThingGroup"
    describes = "DescribeThingGroup"
    key = "thingGroupName"
    overwrites = True
    attributes: ClassVar = {"Arn": "thingGroupArn", "Id": "thingGroupId"}
    named = "ThingGroupName"
    longest = 128
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        given: Mapping[str, Any] = new.get("ThingGroupProperties") or {}
        properties: dict[str, Any] = {
            "thingGroupDescription": given.get("ThingGroupDescription", ""),
            "attributePayload": {
                "attributes": _attributes_of(given.get("AttributePayload")),
                "merge": False,
            },
        }
        return {"thingGroupName": made.physical_id, "thingGroupProperties": properties}

    def check(self, properties: Properties) -> None:
        if properties.get("QueryString"):
            raise Refused(
                "lambda_nb has no dynamic thing groups (QueryString). Leave QueryString out and "
                "add things to the group.",
                "InvalidRequest",
            )
        super().check(properties)


def _attributes_of(payload: Any) -> dict[str, str]:
    given = (payload or {}).get("Attributes") or {}
    return {str(name): str(value) for name, value in given.items()}


TYPES: tuple[ResourceType, ...] = (Thing(), ThingType(), ThingGroup())
