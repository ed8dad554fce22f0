"""Registry events: messages on ``$aws/events/...`` when things, types and groups change.

Each kind is off until ``UpdateEventConfigurations`` switches it on. What has changed is found by
comparing the registry before and after a call. Source: IoT developer guide, "Registry events".
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.neighbours.services.iot.operations import kept

SOURCE = "iot"
"""What the engine calls these events by; it publishes them on the topic that their ARN names."""
_READING = ("Describe", "Get", "List", "Search")

Event = tuple[str, dict[str, Any]]
"""A topic below ``$aws/events/``, and what is said there."""


class Outlet(Protocol):
    """Takes messages for the engine."""

    def send(self, source: str, function_arn: str, event: Any) -> None:
        """Send one."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The registry of a Region at one moment.

    Each table has what an event says of a thing, a type or a group, by its name; ``types`` the
    type of each thing that has one, ``members`` thing and group of each membership, ``parents`` the
    parent of each group that has one.
    """

    things: Mapping[str, dict[str, Any]]
    thing_types: Mapping[str, dict[str, Any]]
    groups: Mapping[str, dict[str, Any]]
    types: Mapping[str, str]
    members: Mapping[tuple[str, str], dict[str, Any]]
    parents: Mapping[str, str]


def install(outlet: Outlet) -> None:
    """Tell the engine of changes of moto's registry.

    Parameters
    ----------
    outlet
        Takes the messages.
    """
    from moto.iot.responses import IoTResponse

    response_class: Any = IoTResponse
    original = response_class.call_action

    def call_action(self: Any) -> Any:
        backend = self.iot_backend
        enabled = _enabled(backend)
        if not enabled or str(self._get_action()).startswith(_READING):
            return original(self)
        before = picture(backend)
        answer = original(self)
        for topic, event in differences(before, picture(backend), enabled):
            told = {
                "eventId": str(uuid.uuid4()),
                "timestamp": int(time.time() * 1000),
                "accountId": backend.account_id,
                **event,
            }
            place = f"arn:aws:iot:{backend.region_name}:{backend.account_id}:topic"
            outlet.send(SOURCE, f"{place}/$aws/events/{topic}", told)
        return answer

    response_class.call_action = call_action


def _enabled(backend: Any) -> frozenset[str]:
    """The kinds of events that are switched on."""
    configurations = kept(backend, "event_configurations").get("configurations", {})
    return frozenset(kind for kind, told in configurations.items() if told["Enabled"])


def picture(backend: Any) -> Picture:
    """The registry as it is."""
    things = list(backend.things.values())
    groups = list(backend.thing_groups.values())
    return Picture(
        {thing.thing_name: _thing(thing) for thing in things},
        {one.thing_type_name: _thing_type(one) for one in backend.thing_types.values()},
        {group.thing_group_name: _group(group) for group in groups},
        {t.thing_name: t.thing_type.thing_type_name for t in things if t.thing_type},
        {
            (group.thing_group_name, thing.thing_name): {
                "groupArn": group.arn,
                "groupId": group.thing_group_id,
                "thingArn": thing.arn,
                "thingId": thing.thing_id,
            }
            for group in groups
            for thing in group.things.values()
        },
        {g.thing_group_name: g.parent_group_name for g in groups if g.parent_group_name},
    )


def _thing(thing: Any) -> dict[str, Any]:
    return {
        "thingId": thing.thing_id,
        "thingName": thing.thing_name,
        "versionNumber": thing.version,
        "thingTypeName": thing.thing_type.thing_type_name if thing.thing_type else None,
        "billingGroupName": thing.billing_group_name,
        "attributes": dict(thing.attributes),
    }


def _thing_type(one: Any) -> dict[str, Any]:
    properties = one.thing_type_properties or {}
    deprecated = one.metadata.get("deprecationDate")
    return {
        "thingTypeId": one.thing_type_id,
        "thingTypeName": one.thing_type_name,
        "isDeprecated": one.metadata["deprecated"],
        "deprecationDate": deprecated.isoformat() if deprecated else None,
        "searchableAttributes": list(properties.get("searchableAttributes") or ()),
        "description": properties.get("thingTypeDescription"),
    }


def _group(group: Any) -> dict[str, Any]:
    properties = group.thing_group_properties or {}
    payload = properties.get("attributePayload") or {}
    return {
        "thingGroupId": group.thing_group_id,
        "thingGroupName": group.thing_group_name,
        "versionNumber": group.version,
        "parentGroupName": group.parent_group_name or None,
        "description": properties.get("thingGroupDescription"),
        "rootToParentThingGroups": list(group.metadata.get("rootToParentThingGroups") or ()),
        "attributes": dict(payload.get("attributes") or {}),
        "dynamicGroupMappingId": None,
    }


def differences(before: Picture, after: Picture, enabled: frozenset[str]) -> Iterator[Event]:
    """The events of what has changed between two moments, as far as they are switched on."""
    for kind, topic, old, new in (
        ("THING", "thing", before.things, after.things),
        ("THING_TYPE", "thingType", before.thing_types, after.thing_types),
        ("THING_GROUP", "thingGroup", before.groups, after.groups),
    ):
        if kind in enabled:
            yield from _changed(kind, topic, old, new)
    if "THING_TYPE_ASSOCIATION" in enabled:
        yield from _associations(before, after)
    if "THING_GROUP_MEMBERSHIP" in enabled:
        yield from _memberships(before, after)
    if "THING_GROUP_HIERARCHY" in enabled:
        yield from _hierarchy(before, after)


def _changed(
    kind: str, topic: str, old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]
) -> Iterator[Event]:
    for name in {**old, **new}:
        if old.get(name) == new.get(name):
            continue
        operation = "CREATED" if name not in old else "UPDATED" if name in new else "DELETED"
        told = new.get(name) or old[name]
        event = {"eventType": f"{kind}_EVENT", "operation": operation, **told}
        yield f"{topic}/{name}/{operation.lower()}", event


def _associations(before: Picture, after: Picture) -> Iterator[Event]:
    for name in {**before.types, **after.types}:
        old, new = before.types.get(name), after.types.get(name)
        for type_name, operation in ((old, "REMOVED"), (new, "ADDED")):
            if old == new or type_name is None:
                continue
            thing = after.things.get(name) or before.things[name]
            topic = f"thingTypeAssociation/thing/{name}/thingType/{type_name}"
            yield (
                f"{topic}/{operation.lower()}",
                {
                    "eventType": "THING_TYPE_ASSOCIATION_EVENT",
                    "operation": operation,
                    "thingId": thing["thingId"],
                    "thingName": name,
                    "thingTypeName": type_name,
                },
            )


def _memberships(before: Picture, after: Picture) -> Iterator[Event]:
    for group, thing in {**before.members, **after.members}:
        is_old, is_new = (group, thing) in before.members, (group, thing) in after.members
        if is_old == is_new:
            continue
        operation = "ADDED" if is_new else "REMOVED"
        told = (after if is_new else before).members[group, thing]
        both = f"{told['groupId']}/{told['thingId']}"
        yield (
            f"thingGroupMembership/thingGroup/{group}/thing/{thing}/{operation.lower()}",
            {
                "eventType": "THING_GROUP_MEMBERSHIP_EVENT",
                "operation": operation,
                **told,
                "membershipId": str(uuid.uuid5(uuid.NAMESPACE_URL, both)),
            },
        )


def _hierarchy(before: Picture, after: Picture) -> Iterator[Event]:
    for child in {**before.parents, **after.parents}:
        old, new = before.parents.get(child), after.parents.get(child)
        for parent, operation, at in ((old, "REMOVED", before), (new, "ADDED", after)):
            if old == new or parent is None or parent not in at.groups:
                continue
            topic = f"thingGroupHierarchy/thingGroup/{parent}/childThingGroup/{child}"
            yield (
                f"{topic}/{operation.lower()}",
                {
                    "eventType": "THING_GROUP_HIERARCHY_EVENT",
                    "operation": operation,
                    "thingGroupId": at.groups[parent]["thingGroupId"],
                    "thingGroupName": parent,
                    "childGroupId": at.groups[child]["thingGroupId"],
                    "childGroupName": child,
                },
            )
