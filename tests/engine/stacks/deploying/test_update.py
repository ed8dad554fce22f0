"""Stacks are updated, and failed updates rolled back, as CloudFormation does it."""

from __future__ import annotations

import json

import pytest

from lambda_nb.engine.errors import AWSError

from .conftest import Room, until


def test_resources_are_added_changed_replaced_and_removed(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {"Kind": "old"}, "C": {}})
    before = room.store.resources(stack.id)
    room.files.log.clear()
    stack = room.update(stack, {"A": {"X": 2}, "B": {"Kind": "new"}, "D": {}})
    assert stack.status == "UPDATE_COMPLETE"
    after = room.store.resources(stack.id)
    assert after.keys() == {"A", "B", "D"}
    assert after["A"].held.physical_id == before["A"].held.physical_id
    assert after["B"].held.physical_id != before["B"].held.physical_id
    contents = room.files.contents()
    assert contents == {
        after["A"].held.physical_id: {"X": 2},
        after["B"].held.physical_id: {"Kind": "new"},
        after["D"].held.physical_id: {},
    }
    assert {name for what, name in room.files.log if what == "delete"} == {"B", "C"}
    assert room.told(stack, "shop")[-3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert stack.before is None


def test_a_resource_follows_what_it_refers_to(room: Room) -> None:
    stack = room.create("shop", {"A": {"Kind": "old"}, "B": {"Of": {"Ref": "A"}}})
    stack = room.update(stack, {"A": {"Kind": "new"}, "B": {"Of": {"Ref": "A"}}})
    rows = room.store.resources(stack.id)
    assert room.files.contents()[rows["B"].held.physical_id] == {"Of": rows["A"].held.physical_id}


@pytest.mark.parametrize("resources", [{"A": {"X": 1}}, {"A": {"X": "1"}}])
def test_an_update_that_changes_nothing_is_refused(room: Room, resources: dict[str, dict]) -> None:
    stack = room.create("shop", {"A": {"X": 1}})
    with pytest.raises(AWSError, match=r"^No updates are to be performed\.$"):
        room.update(stack, resources)
    assert room.store.stack(stack.id).status == "CREATE_COMPLETE"


def test_an_update_of_outputs_alone_is_one(room: Room) -> None:
    stack = room.create("shop", {"A": {}})
    stack = room.update(stack, {"A": {}}, sections={"Outputs": {"O": {"Value": "x"}}})
    assert stack.status == "UPDATE_COMPLETE"
    assert [one.value for one in stack.outputs] == ["x"]
    assert ("update", "A") not in room.files.log


def test_what_was_refused_before_anything_was_done_is_not_undone(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {}})
    stack = room.update(stack, {"A": {"X": 2, "Fails": "untouched", "DependsOn": "B"}, "B": {}})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.log.count(("update", "A")) == 1
    row = room.store.resources(stack.id)["A"]
    assert (row.status, row.step, row.held.properties) == ("UPDATE_COMPLETE", None, {"X": 1})
    stack = room.update(stack, {"A": {"X": 3}, "B": {}})
    assert stack.status == "UPDATE_COMPLETE"
    assert room.files.contents()[row.held.physical_id] == {"X": 3}


def test_a_failed_update_is_rolled_back(room: Room) -> None:
    old = {"A": {"X": 1}, "B": {"Kind": "old"}, "C": {}}
    stack = room.create("shop", old)
    before, contents = room.store.resources(stack.id), room.files.contents()
    new = {
        "A": {"X": 2},
        "B": {"Kind": "new", "DependsOn": "A"},
        "D": {"DependsOn": "B"},
        "E": {"Fails": "create", "DependsOn": "D"},
    }
    stack = room.update(stack, new)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents
    after = room.store.resources(stack.id)
    assert {name: row.held.physical_id for name, row in after.items()} == {
        name: row.held.physical_id for name, row in before.items()
    }
    assert {name: row.held.properties for name, row in after.items()} == {
        name: row.held.properties for name, row in before.items()
    }
    assert room.reason(stack, "shop", "UPDATE_ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [E]."
    )
    assert stack.revision.template == room.template(old)
    assert room.told(stack, "shop")[-3:] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    with pytest.raises(AWSError, match="No updates"):
        room.update(stack, old)


def test_a_resource_that_was_half_changed_is_changed_back(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}})
    stack = room.update(stack, {"A": {"X": 2, "Fails": "update"}})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert list(room.files.contents().values()) == [{"X": 1}]
    assert room.reason(stack, "shop", "UPDATE_ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to update: [A]."
    )


def test_a_rollback_that_fails_can_be_continued(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1, "Fails": "update"}, "B": {"X": 1}})
    new = {"A": {"X": 2}, "B": {"X": 2}, "C": {"Fails": "create", "DependsOn": ["A", "B"]}}
    stack = room.update(stack, new)
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    assert stack.reason == "The following resource(s) failed to update: [A]."
    with pytest.raises(AWSError, match="can not be updated"):
        room.update(stack, {"A": {"X": 5}})
    room.stacks.continue_rollback(stack)
    stack = room.wait(stack)
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(AWSError, match=r"UPDATE_FAILED state: \[B\]"):
        room.stacks.continue_rollback(stack, ["B"])
    room.stacks.continue_rollback(stack, ["A"])
    stack = room.wait(stack)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert set(room.store.resources(stack.id)) == {"A", "B"}


def test_an_update_can_be_cancelled(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {"X": 1}})
    room.gates.close("update A")
    stack = room.update(stack, {"A": {"X": 2}, "B": {"X": 1, "DependsOn": "A"}}, wait=False)
    assert room.gates.reached["update A"].wait(30)
    # The rollback changes A as well, and must not wait at the gate.
    room.stacks.cancel_update(stack)
    room.gates.open("update A")
    stack = room.wait(stack)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [value["X"] for value in room.files.contents().values()] == [1, 1]
    with pytest.raises(AWSError, match="CancelUpdateStack cannot be called"):
        room.stacks.cancel_update(stack)


def test_replaced_resources_can_be_retained(room: Room) -> None:
    stack = room.create("shop", {"A": {"Kind": "old", "UpdateReplacePolicy": "Retain"}})
    stack = room.update(stack, {"A": {"Kind": "new", "UpdateReplacePolicy": "Retain"}})
    assert stack.status == "UPDATE_COMPLETE"
    assert sorted(value["Kind"] for value in room.files.contents().values()) == ["new", "old"]
    assert room.told(stack, "A")[-1] == "DELETE_SKIPPED"


def test_a_replacement_that_is_the_old_one_is_not_deleted(room: Room) -> None:
    """As with a call that changes what is there, where another would make something new."""
    old, new = {"Path": "my-file", "Kind": "old"}, {"Path": "my-file", "Kind": "new"}
    stack = room.create("shop", {"A": old})
    stack = room.update(stack, {"A": new})
    assert stack.status == "UPDATE_COMPLETE"
    assert room.files.contents() == {"my-file": new}
    assert "this very resource" in room.reason(stack, "A", "DELETE_SKIPPED")
    failing = {"A": old, "B": {"Fails": "create", "DependsOn": "A"}}
    stack = room.update(stack, failing)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents().keys() == {"my-file"}
    assert room.delete(stack).status == "DELETE_COMPLETE"
    assert room.files.contents() == {}


def test_a_replacement_waits_for_signals_of_its_own(room: Room) -> None:
    waits = {"CreationPolicy": {"ResourceSignal": {"Timeout": "PT1M"}}}
    stack = room.create("shop", {"A": {"Kind": "old", **waits}}, wait=False)
    until(lambda: room.told(stack, "A"))
    room.stacks.signal(stack, "A", "one", "SUCCESS")
    stack = room.wait(stack)
    assert stack.status == "CREATE_COMPLETE"
    stack = room.update(stack, {"A": {"Kind": "new", **waits}}, wait=False)
    until(lambda: room.told(stack, "A")[-1] == "UPDATE_IN_PROGRESS")
    room.stacks.signal(stack, "A", "one", "FAILURE")
    assert room.wait(stack).status == "UPDATE_ROLLBACK_COMPLETE"


def test_policies_alone_are_recorded(room: Room) -> None:
    stack = room.create("shop", {"A": {}})
    stack = room.update(stack, {"A": {"DeletionPolicy": "Retain"}})
    assert stack.status == "UPDATE_COMPLETE"
    assert ("update", "A") not in room.files.log
    room.delete(stack)
    assert len(room.files.contents()) == 1


def test_what_cannot_be_cleaned_up_does_not_fail_the_update(room: Room) -> None:
    stack = room.create("shop", {"A": {}, "B": {"Fails": "delete"}})
    (room.files.directory / "locked").touch()
    stack = room.update(stack, {"A": {}})
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.reason == "Update successful. One or more resources could not be deleted."
    assert room.told(stack, "B")[-1] == "DELETE_FAILED"


def test_the_type_of_a_resource_cannot_change(room: Room) -> None:
    stack = room.create("shop", {"A": {}})
    with pytest.raises(AWSError, match=r"modifies resource type of the following .*: \[A\]"):
        room.update(stack, {"A": {"Type": "AWS::SQS::Queue"}})


def test_previous_values_of_parameters_are_used_again(room: Room) -> None:
    sections = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}}
    text = room.template({"A": {"X": {"Ref": "P"}}}, **sections)
    stack = room.create("shop", text, {"P": "first"})
    with pytest.raises(AWSError, match="No updates"):
        room.update(stack, text, {"P": None})
    stack = room.update(stack, text, {"P": "second"})
    assert list(room.files.contents().values()) == [{"X": "second"}]


def test_an_export_in_use_cannot_go(room: Room) -> None:
    outputs = {"Path": {"Value": "x", "Export": {"Name": "path"}}}
    stack = room.create("one", {"A": {}}, sections={"Outputs": outputs})
    user = room.create("two", {"A": {"Of": {"Fn::ImportValue": "path"}}})
    text = "Delete canceled. Cannot delete export path as it is in use by two."
    updated = room.update(stack, {"A": {"X": 1}})
    assert updated.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.reason(stack, "one", "UPDATE_ROLLBACK_IN_PROGRESS") == text
    deleted = room.delete(updated)
    assert (deleted.status, deleted.reason) == ("UPDATE_ROLLBACK_COMPLETE", text)
    assert room.told(stack, "one")[-2:] == ["DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    room.delete(user)
    assert room.delete(deleted).status == "DELETE_COMPLETE"
    assert room.store.exports() == []


POLICY = json.dumps(
    {
        "Statement": [
            {"Effect": "Deny", "Action": "Update:*", "Principal": "*",
             "Resource": "LogicalResourceId/A"},
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        ]
    }
)  # fmt: skip


def test_a_stack_policy_protects(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {"X": 1}}, policy=POLICY)
    stack = room.update(stack, {"A": {"X": 2}, "B": {"X": 1}})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.reason(stack, "A", "UPDATE_FAILED") == (
        "Action denied by stack policy: Statement [#1] does not allow [Update:Modify] for resource "
        "[LogicalResourceId/A];"
    )
    stack = room.update(stack, {"A": {"X": 1}, "B": {"X": 2}})
    assert stack.status == "UPDATE_COMPLETE"
    stack = room.update(stack, {"B": {"X": 2}})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert len(room.files.contents()) == 2
    anything = POLICY.replace("Deny", "Allow")
    stack = room.update(stack, {"B": {"X": 2}}, policy_during_update=anything)
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.policy == POLICY
