"""What change sets tell is what an update then does."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

from lambda_nb.engine.stacks.records.rows import Stack

from .conftest import FILE, Room, RoomFactory


def changes(
    room: Room, stack: Stack | None, text: str, parameters: dict[str, str | None] | None = None
) -> dict[str, dict[str, Any]]:
    name = stack.name if stack else "shop"
    stack_id = stack.id if stack else room.stacks.new_id("shop")
    previous = stack.revision if stack else None
    revision = room.stacks.prepared(name, stack_id, text, parameters or {}, previous=previous)
    entries = room.stacks.compared(stack, revision, name, stack_id).entries
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in entries}


def test_a_new_stack_adds_all(room: Room) -> None:
    found = changes(room, None, room.template({"A": {}, "B": {"Of": {"Ref": "A"}}}))
    assert {one["Action"] for one in found.values()} == {"Add"}
    assert found["A"]["ResourceType"] == FILE
    after = json.loads(found["B"]["AfterContext"])
    assert after == {"Properties": {"Of": "{{changeSet:KNOWN_AFTER_APPLY}}"}}
    assert room.files.contents() == {}


def test_an_update_tells_why_and_how(room: Room) -> None:
    sections = {"Parameters": {"P": {"Type": "String"}}}
    old = {
        "A": {"X": {"Ref": "P"}},
        "B": {"Kind": 1},
        "C": {"Of": {"Ref": "B"}},
        "D": {},
        "F": {"DeletionPolicy": "Retain"},
    }
    stack = room.create("shop", room.template(old, **sections), {"P": "1"})
    new = {
        "A": {"X": {"Ref": "P"}},
        "B": {"Kind": 2},
        "C": {"Of": {"Ref": "B"}},
        "E": {},
    }
    found = changes(room, stack, room.template(new, **sections), {"P": "2"})
    actions = {name: (one["Action"], one.get("Replacement")) for name, one in found.items()}
    assert actions == {
        "A": ("Modify", "False"),
        "B": ("Modify", "True"),
        "C": ("Modify", "False"),
        "D": ("Remove", None),
        "E": ("Add", None),
        "F": ("Remove", None),
    }
    assert found["A"]["Details"] == [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": "X",
                "RequiresRecreation": "Never",
                "Path": "/Properties/X",
                "AttributeChangeType": "Modify",
                "BeforeValue": "1",
                "AfterValue": "2",
            },
            "Evaluation": "Static",
            "ChangeSource": "ParameterReference",
            "CausingEntity": "P",
        }
    ]
    assert found["B"]["Details"][0]["Target"]["RequiresRecreation"] == "Always"
    assert found["B"]["PolicyAction"] == "ReplaceAndDelete"
    (detail,) = found["C"]["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ResourceReference", "B")
    assert detail["Evaluation"] == "Dynamic"
    assert found["D"]["PolicyAction"] == "Delete"
    assert found["F"]["PolicyAction"] == "Retain"
    rows = room.store.resources(stack.id)
    assert found["D"]["PhysicalResourceId"] == rows["D"].held.physical_id


def test_secrets_are_not_told(room: Room) -> None:
    sections = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}}
    text = room.template({"A": {"X": {"Ref": "P"}}}, **sections)
    stack = room.create("shop", text, {"P": "first one"})
    found = changes(room, stack, text, {"P": "second one"})
    assert found["A"]["Details"][0]["Target"]["AfterValue"] == "****"
    assert "first one" not in str(found)
    assert "second one" not in str(found)


def test_secrets_of_what_goes_are_not_told_after_a_restart(new_room: RoomFactory) -> None:
    room = new_room()
    stack = room.create("shop", {"A": {"X": "hush-hush"}, "B": {}})
    held = room.store.resources(stack.id)["A"].held
    kept = dataclasses.replace(held, secrets=("hush-hush",))  # as of a dynamic reference
    room.store.change_resource(stack.id, "A", held=kept)
    room.stacks.close()
    again = new_room()
    revision = again.stacks.prepared("shop", stack.id, again.template({"B": {}}), {})
    told = str(again.stacks.compared(stack, revision, "shop", stack.id).entries)
    assert "****" in told
    assert "hush" not in told


def test_secrets_are_not_told_in_base64_either(new_room: RoomFactory) -> None:
    room = new_room()
    sections = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}}
    encoded = {"Fn::Base64": {"Fn::Sub": "word=${P}"}}
    resources = {"A": {"Data": encoded, "Url": {"Fn::Join": ["", ["data:", encoded]]}}}
    text = room.template(resources, **sections)
    secret = base64.b64encode(b"word=hush-hush").decode()
    name, stack_id = "shop", room.stacks.new_id("shop")
    revision = room.stacks.prepared(name, stack_id, text, {"P": "hush-hush"})
    told = str(room.stacks.compared(None, revision, name, stack_id).entries)
    assert ("data:****" in told, secret in told) == (True, False)
    stack = room.create("shop", text, {"P": "hush-hush"})
    (made,) = room.files.contents().values()
    assert made == {"Data": secret, "Url": f"data:{secret}"}
    told = str([event.properties for event in room.events(stack)])
    assert ("data:****" in told, secret in told) == (True, False)
    room.stacks.close()
    again = new_room()
    shown = again.store.resources(stack.id)["A"].held.shown
    assert shown == {"Data": "****", "Url": "data:****"}
    told = str(changes(again, stack, again.template({"A": {}}, **sections), {"P": "new one"}))
    assert ("data:****" in told, secret in told) == (True, False)


def test_secrets_are_not_told_inside_of_json(room: Room) -> None:
    sections = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"P": {"Type": "String", "NoEcho": True}},
    }
    text = room.template({"A": {"X": {"Fn::ToJsonString": {"word": {"Ref": "P"}}}}}, **sections)
    stack = room.create("shop", text, {"P": 'say "hush"'})
    (made,) = room.files.contents().values()
    assert json.loads(made["X"]) == {"word": 'say "hush"'}
    told = str([event.properties for event in room.events(stack)])
    assert ("****" in told, "hush" in told) == (True, False)


def test_nothing_changes_nothing(room: Room) -> None:
    text = room.template({"A": {}, "B": {"Of": {"Ref": "A"}}})
    stack = room.create("shop", text)
    assert changes(room, stack, text) == {}
