"""Stacks in stacks live and die with their parents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.operations.change_sets.operations import ChangeSets
from lambda_nb.engine.stacks.records.rows import Stack

from .conftest import FILE, Room

NESTED = "AWS::CloudFormation::Stack"
URL = "https://s3.amazonaws.com/templates/child.json"


def child(**properties: Any) -> str:
    return json.dumps(
        {
            "Parameters": {"X": {"Type": "String"}, "Fails": {"Type": "String", "Default": ""}},
            "Resources": {
                "A": {
                    "Type": FILE,
                    "Properties": {"X": {"Ref": "X"}, "Fails": {"Ref": "Fails"}, **properties},
                }
            },
            "Outputs": {"Path": {"Value": {"Ref": "A"}}},
        }
    )


def parent(x: str, *, fails: str = "", **others: Any) -> dict[str, Any]:
    parameters = {"X": x, "Fails": fails}
    return {"C": {"Type": NESTED, "TemplateURL": URL, "Parameters": parameters}, **others}


@pytest.fixture(autouse=True)
def template(room: Room) -> None:
    room.texts[URL] = child()


def child_of(room: Room, stack: Stack) -> Stack:
    return room.store.stack(room.store.resources(stack.id)["C"].held.physical_id)


def test_a_nested_stack_is_made_with_its_parent(room: Room) -> None:
    stack = room.create("shop", parent("1", B={"Of": {"Fn::GetAtt": ["C", "Outputs.Path"]}}))
    assert stack.status == "CREATE_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "CREATE_COMPLETE"
    assert inner.name.startswith("shop-C-")
    assert (inner.parent_id, inner.root_id) == (stack.id, stack.id)
    assert room.store.nested_in(stack.id) == [inner]
    rows = room.store.resources(stack.id)
    assert rows["B"].held.properties == {"Of": inner.outputs[0].value}
    assert room.delete(stack).status == "DELETE_COMPLETE"
    assert room.store.stack(inner.id).status == "DELETE_COMPLETE"
    assert room.files.contents() == {}


def test_a_nested_stack_that_fails_fails_its_parent(room: Room) -> None:
    stack = room.create("shop", parent("1", fails="create"))
    assert stack.status == "ROLLBACK_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "DELETE_COMPLETE"
    assert room.reason(stack, "C", "CREATE_FAILED") == (
        f"Embedded stack {inner.id} was not successfully created: The following resource(s) "
        "failed to create: [A]."
    )


def test_a_template_that_is_not_there_fails_the_resource(room: Room) -> None:
    stack = room.create("shop", {"C": {"Type": NESTED, "TemplateURL": "https://nowhere"}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "https://nowhere is not there" in room.reason(stack, "C", "CREATE_FAILED")


def test_a_nested_stack_is_updated_with_its_parent(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    stack = room.update(stack, parent("2"))
    assert stack.status == "UPDATE_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "UPDATE_COMPLETE"
    assert [value["X"] for value in room.files.contents().values()] == ["2"]


def test_a_parent_that_changes_leaves_the_nested_stack_alone(room: Room) -> None:
    stack = room.create("shop", parent("1", B={"X": 1}))
    stack = room.update(stack, parent("1", B={"X": 2}))
    assert stack.status == "UPDATE_COMPLETE"
    assert child_of(room, stack).status == "CREATE_COMPLETE"


def test_a_template_that_changed_behind_its_url_is_deployed(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    room.texts[URL] = child(More="2")
    stack = room.update(stack, parent("1"))
    assert stack.status == "UPDATE_COMPLETE"
    assert child_of(room, stack).status == "UPDATE_COMPLETE"
    (file,) = room.files.contents().values()
    assert file["More"] == "2"


def test_a_nested_stack_may_always_have_changed(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    sets = ChangeSets(room.store, room.stacks, lambda url: room.texts[url])
    asked = {"StackName": "shop", "ChangeSetName": "c", "TemplateBody": room.template(parent("1"))}
    (change,) = sets.describe({"ChangeSetName": sets.create(asked)["Id"]})["Changes"]
    (detail,) = change["ResourceChange"]["Details"]
    assert detail["ChangeSource"] == "Automatic"
    stack = room.update(stack, parent("1"))
    assert stack.status == "UPDATE_COMPLETE"
    assert child_of(room, stack).status == "CREATE_COMPLETE"  # nothing had


def test_a_nested_stack_is_rolled_back_with_its_parent(room: Room) -> None:
    room.texts[URL] = child(Kind="old")
    stack = room.create("shop", parent("1"))
    contents = room.files.contents()
    room.texts[URL] = child(Kind="new")  # what is in S3 does not matter to the rollback
    stack = room.update(stack, parent("2", B={"Fails": "create", "DependsOn": "C"}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents
    assert inner.outputs[0].value in contents


def test_a_nested_update_that_fails_rolls_all_back(room: Room) -> None:
    stack = room.create("shop", parent("1", B={"X": 1}))
    contents = room.files.contents()
    new = parent("2", fails="update", B={"X": 2})
    new["C"]["DependsOn"] = "B"
    stack = room.update(stack, new)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents
    assert room.reason(stack, "C", "UPDATE_FAILED").startswith(
        f"Embedded stack {inner.id} was not successfully updated. Currently in "
        "UPDATE_ROLLBACK_COMPLETE with reason: "
    )


def test_a_rollback_can_skip_what_is_nested(room: Room) -> None:
    """By the nested stack's name; also two levels deep."""
    middle = "https://s3.amazonaws.com/templates/middle.json"
    inner = {"TemplateURL": URL, "Parameters": {"X": {"Ref": "X"}, "Fails": {"Ref": "Fails"}}}
    room.texts[middle] = json.dumps(
        {
            "Parameters": {"X": {"Type": "String"}, "Fails": {"Type": "String"}},
            "Resources": {"D": {"Type": NESTED, "Properties": inner}},
        }
    )

    def outer(x: str, fails: str, **others: Any) -> dict[str, Any]:
        top = parent(x, fails=fails, **others)
        deep = {**top["C"], "TemplateURL": middle}
        return {**top, "E": deep}

    stack = room.create("shop", outer("1", "update"))  # a rollback cannot change it back
    stack = room.update(stack, outer("2", "", B={"Fails": "create", "DependsOn": ["C", "E"]}))
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    ids = {name: row.held.physical_id for name, row in room.store.resources(stack.id).items()}
    (deep,) = room.store.nested_in(ids["E"])
    shallow = child_of(room, stack)
    assert shallow.status == deep.status == "UPDATE_ROLLBACK_FAILED"
    for wrong in ("Nobody.A", f"{shallow.name}.B", f"{deep.name}.", "A"):
        with pytest.raises(AWSError, match="must be in the UPDATE_FAILED state") as refused:
            room.stacks.continue_rollback(stack, [f"{shallow.name}.A", wrong])
        assert refused.value.message.endswith(f"[{wrong}]")
    room.stacks.continue_rollback(stack, [f"{shallow.name}.A"])
    assert room.wait(stack).status == "UPDATE_ROLLBACK_FAILED"
    assert child_of(room, stack).status == "UPDATE_ROLLBACK_COMPLETE"
    room.stacks.continue_rollback(stack, [f"{deep.name}.A"])
    assert room.wait(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    for one in (ids["C"], ids["E"], deep.id):
        assert room.store.stack(one).status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_nested_creation_is_given_up_with_its_parent(room: Room) -> None:
    room.gates.close("create A")
    stack = room.create(
        "shop", parent("1", W={}, B={"Fails": "create", "DependsOn": "W"}), wait=False
    )
    stack = room.wait(stack)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "C", "CREATE_FAILED") == "Resource creation cancelled"
    assert room.files.contents() == {}


def test_a_nested_stack_that_waits_for_its_parent_can_be_updated_again(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    broken = parent("2", B={"Fails": "create", "DependsOn": "C"})
    stack = room.update(stack, broken, on_failure="DO_NOTHING")
    assert stack.status == "UPDATE_FAILED"
    assert child_of(room, stack).status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    stack = room.update(stack, parent("3", B={"DependsOn": "C"}))
    assert stack.status == "UPDATE_COMPLETE"
    inner = child_of(room, stack)
    assert inner.status == "UPDATE_COMPLETE"
    assert room.files.contents()[inner.outputs[0].value]["X"] == "3"


def test_a_nested_stack_updated_twice_is_what_it_was_after_a_rollback(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    contents = room.files.contents()
    for x in ("2", "3"):
        broken = parent(x, B={"Fails": "create", "DependsOn": "C"})
        stack = room.update(stack, broken, on_failure="DO_NOTHING")
    room.stacks.roll_back(stack)
    assert room.wait(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert child_of(room, stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents


def test_a_nested_stack_of_a_creation_that_was_mended_waits_no_more(room: Room) -> None:
    broken = parent("1", B={"Fails": "create", "DependsOn": "C"})
    stack = room.create("shop", broken, on_failure="DO_NOTHING")
    assert stack.status == "CREATE_FAILED"
    stack = room.update(stack, parent("2", B={"DependsOn": "C"}))
    assert stack.status == "UPDATE_COMPLETE"
    assert child_of(room, stack).status == "UPDATE_COMPLETE"


def test_tags_of_the_parent_are_the_childs_too(room: Room) -> None:
    stack = room.create("shop", parent("1"))
    stack = room.update(stack, parent("1"), tags={"team": "blue"})
    assert stack.status == "UPDATE_COMPLETE"
    assert child_of(room, stack).revision.tags == {"team": "blue"}


def test_change_sets_of_nested_stacks(room: Room) -> None:
    """Made with the root's, executed with it, and not alone."""
    stack = room.create("shop", parent("1"))
    inner = child_of(room, stack)
    sets = ChangeSets(room.store, room.stacks, lambda url: room.texts[url])

    def make(name: str) -> tuple[str, str]:
        made = sets.create(
            {
                "StackName": "shop",
                "ChangeSetName": name,
                "TemplateBody": room.template(parent("2")),
                "IncludeNestedStacks": True,
            }
        )
        (entry,) = sets.describe({"ChangeSetName": made["Id"]})["Changes"]
        return made["Id"], entry["ResourceChange"]["ChangeSetId"]

    root, nested = make("first")
    told = sets.describe({"ChangeSetName": nested})
    assert told["StackId"] == inner.id
    assert (told["ParentChangeSetId"], told["RootChangeSetId"]) == (root, root)
    (change,) = told["Changes"]
    assert change["ResourceChange"]["LogicalResourceId"] == "A"
    assert change["ResourceChange"]["Action"] == "Modify"
    for alone in (sets.execute, sets.delete):
        with pytest.raises(AWSError, match="Use the root change set"):
            alone({"ChangeSetName": nested})
    sets.delete({"ChangeSetName": root})
    assert room.store.find_change_set(nested) is None

    root, nested = make("second")
    sets.execute({"ChangeSetName": root})
    assert room.wait(stack).status == "UPDATE_COMPLETE"
    (file,) = room.files.contents().values()
    assert file["X"] == "2"
    assert sets.describe({"ChangeSetName": nested})["ExecutionStatus"] == "EXECUTE_COMPLETE"
