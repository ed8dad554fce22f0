"""What registry events tell of differences between two moments (pure)."""

from __future__ import annotations

import dataclasses
from typing import Any

from lambda_nb.engine.neighbours.services.iot.registry_events import Picture, differences

EMPTY = Picture({}, {}, {}, {}, {}, {})
ALL = frozenset(
    (
        "THING",
        "THING_GROUP",
        "THING_GROUP_HIERARCHY",
        "THING_GROUP_MEMBERSHIP",
        "THING_TYPE",
        "THING_TYPE_ASSOCIATION",
    )
)
THING = {"thingId": "1", "thingName": "t"}
GROUPS = {
    name: {"thingGroupId": f"id-{name}", "thingGroupName": name} for name in ("child", "parent")
}


def topics(before: Picture, after: Picture, enabled: frozenset[str] = ALL) -> list[str]:
    return [topic for topic, _ in differences(before, after, enabled)]


def changed(picture: Picture, **tables: Any) -> Picture:
    return dataclasses.replace(picture, **tables)


def test_each_kind_is_told_only_if_it_is_switched_on() -> None:
    full = Picture(
        {"t": THING},
        {"kind": {"thingTypeName": "kind"}},
        GROUPS,
        {"t": "kind"},
        {("child", "t"): {"groupId": "id-child", "thingId": "1"}},
        {"child": "parent"},
    )
    expected = {
        "THING": ["thing/t/{}"],
        "THING_GROUP": ["thingGroup/child/{}", "thingGroup/parent/{}"],
        "THING_GROUP_HIERARCHY": ["thingGroupHierarchy/thingGroup/parent/childThingGroup/child/{}"],
        "THING_GROUP_MEMBERSHIP": ["thingGroupMembership/thingGroup/child/thing/t/{}"],
        "THING_TYPE": ["thingType/kind/{}"],
        "THING_TYPE_ASSOCIATION": ["thingTypeAssociation/thing/t/thingType/kind/{}"],
    }
    for kind, told in expected.items():
        of_objects = kind in ("THING", "THING_GROUP", "THING_TYPE")
        came, went = ("created", "deleted") if of_objects else ("added", "removed")
        on = frozenset([kind])
        assert topics(EMPTY, full, on) == [topic.format(came) for topic in told]
        assert topics(full, EMPTY, on) == [topic.format(went) for topic in told]
        assert topics(full, full, on) == []


def test_a_change_is_an_update() -> None:
    before = changed(EMPTY, things={"t": THING})
    after = changed(EMPTY, things={"t": {**THING, "versionNumber": 2}})
    ((topic, event),) = differences(before, after, ALL)
    assert topic == "thing/t/updated"
    assert event == {
        "eventType": "THING_EVENT",
        "operation": "UPDATED",
        "thingId": "1",
        "thingName": "t",
        "versionNumber": 2,
    }


def test_a_thing_of_another_type_leaves_the_old_one() -> None:
    before = changed(EMPTY, things={"t": THING}, types={"t": "old"})
    after = changed(before, types={"t": "new"})
    assert topics(before, after) == [
        "thingTypeAssociation/thing/t/thingType/old/removed",
        "thingTypeAssociation/thing/t/thingType/new/added",
    ]
