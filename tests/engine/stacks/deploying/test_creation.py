"""Stacks are created, or rolled back, as CloudFormation does it."""

from __future__ import annotations

import json

import pytest

from lambda_nb.engine.errors import AWSError

from .conftest import Room, RoomFactory, until


def test_what_depends_on_others_is_made_after_them(room: Room) -> None:
    stack = room.create("shop", {"B": {"Of": {"Ref": "A"}}, "A": {"X": 1}})
    assert stack.status == "CREATE_COMPLETE"
    assert room.files.log == [("create", "A"), ("create", "B")]
    rows = room.store.resources(stack.id)
    assert rows["B"].held.properties == {"Of": rows["A"].held.physical_id}
    assert room.files.contents()[rows["A"].held.physical_id] == {"X": 1}
    assert rows["A"].held.attributes["Stack"] == "shop"
    assert rows["A"].step is None


def test_events_tell_each_step(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}})
    told = [(e.logical_id, e.status, e.reason) for e in room.events(stack)]
    assert told == [
        ("shop", "CREATE_IN_PROGRESS", "User Initiated"),
        ("A", "CREATE_IN_PROGRESS", None),
        ("A", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "CREATE_COMPLETE", None),
        ("shop", "CREATE_COMPLETE", None),
    ]
    initiated = room.events(stack)[2]
    assert initiated.physical_id == room.store.resources(stack.id)["A"].held.physical_id
    assert json.loads(initiated.properties or "") == {"X": 1}


def test_independent_resources_are_made_at_once(room: Room) -> None:
    room.gates.close("create A")
    room.gates.close("create B")
    stack = room.create("shop", {"A": {}, "B": {}}, wait=False)
    assert room.gates.reached["create A"].wait(30)
    assert room.gates.reached["create B"].wait(30)
    room.gates.open("create A")
    room.gates.open("create B")
    assert room.wait(stack).status == "CREATE_COMPLETE"


def test_a_failure_rolls_back(room: Room) -> None:
    stack = room.create("shop", {"A": {}, "B": {"Fails": "create", "Of": {"Ref": "A"}}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.files.contents() == {}
    why = room.reason(stack, "B", "CREATE_FAILED")
    token = room.store.resources(stack.id)["B"].token
    assert why == (
        'Resource handler returned message: "It cannot be made." '
        f"(RequestToken: {token}, HandlerErrorCode: InvalidRequest)"
    )
    assert room.reason(stack, "shop", "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [B]. Rollback requested by user."
    )
    assert room.told(stack, "A")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_what_is_being_made_when_another_fails_is_cancelled(room: Room) -> None:
    room.gates.close("create A")
    text = room.template({"A": {}, "B": {}, "C": {"Fails": "create", "DependsOn": "B"}})
    room.gates.close("create B")
    stack = room.create("shop", text, wait=False)
    assert room.gates.reached["create A"].wait(30)
    room.gates.open("create B")
    stack = room.wait(stack)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "A", "CREATE_FAILED") == "Resource creation cancelled"
    assert room.files.contents() == {}  # A's file was there: made() had told so


def test_do_nothing_keeps_what_was_made_and_finishes_other_branches(room: Room) -> None:
    room.gates.close("create A")
    resources = {"A": {}, "B": {"Fails": "create"}, "C": {"DependsOn": "A"}}
    stack = room.create("shop", resources, wait=False, on_failure="DO_NOTHING")
    until(lambda: "CREATE_FAILED" in room.told(stack, "B"))
    room.gates.open("create A")
    stack = room.wait(stack)
    assert stack.status == "CREATE_FAILED"
    assert stack.reason == "The following resource(s) failed to create: [B]."
    assert len(room.files.contents()) == 2


def test_delete_on_failure(room: Room) -> None:
    stack = room.create("shop", {"A": {}, "B": {"Fails": "late"}}, on_failure="DELETE")
    assert stack.status == "DELETE_COMPLETE"
    assert room.store.find_stack("shop") is None
    assert room.files.contents() == {}


def test_rollback_keeps_what_is_to_be_retained(room: Room) -> None:
    resources = {
        "A": {"DeletionPolicy": "Retain"},
        "B": {"DeletionPolicy": "RetainExceptOnCreate"},
        "C": {"Fails": "create", "DependsOn": ["A", "B"]},
    }
    stack = room.create("shop", resources)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.told(stack, "A")[-1] == "DELETE_SKIPPED"
    assert room.told(stack, "B")[-1] == "DELETE_COMPLETE"
    (kept,) = room.files.contents()
    assert kept.startswith("shop-A-")


def test_retain_except_on_create_is_for_the_whole_stack_too(room: Room) -> None:
    resources = {"A": {"DeletionPolicy": "Retain"}, "C": {"Fails": "create", "DependsOn": "A"}}
    room.create("shop", resources, retain_except_on_create=True)
    assert room.files.contents() == {}


def test_rollback_that_cannot_delete_fails(room: Room) -> None:
    (room.files.directory / "locked").touch()
    resources = {"A": {"Fails": "delete"}, "B": {"Fails": "create", "DependsOn": "A"}}
    stack = room.create("shop", resources)
    assert stack.status == "ROLLBACK_FAILED"
    assert stack.reason == "The following resource(s) failed to delete: [A]."
    (room.files.directory / "locked").unlink()
    assert room.delete(stack).status == "DELETE_COMPLETE"
    assert room.files.contents() == {}


@pytest.mark.parametrize("fails", ["unrecorded", "half-way"])
def test_a_resource_that_may_exist_is_looked_for_by_its_name(room: Room, fails: str) -> None:
    stack = room.create("shop", {"A": {"Fails": fails}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.files.contents() == {}
    assert "Looking for shop-A-" in room.reason(stack, "A", "DELETE_IN_PROGRESS")


def test_outputs_and_exports(room: Room) -> None:
    outputs = {
        "Path": {"Value": {"Ref": "A"}, "Description": "Where", "Export": {"Name": "path"}},
        "Size": {"Value": {"Fn::GetAtt": ["A", "Size"]}},
    }
    stack = room.create("shop", {"A": {}}, sections={"Outputs": outputs})
    told = {one.key: one for one in stack.outputs}
    assert told["Path"].description == "Where"
    assert told["Size"].value == "2"
    (export,) = room.store.exports()
    assert (export.name, export.value) == ("path", told["Path"].value)
    other = room.create("other", {"A": {"Of": {"Fn::ImportValue": "path"}}})
    assert room.store.importers("path") == ["other"]
    row = room.store.resources(other.id)["A"]
    assert row.held.properties == {"Of": export.value}


def test_an_export_that_another_stack_has_fails_the_stack(room: Room) -> None:
    outputs = {"Path": {"Value": "x", "Export": {"Name": "path"}}}
    room.create("one", {"A": {}}, sections={"Outputs": outputs})
    stack = room.create("two", {"A": {}}, sections={"Outputs": outputs})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "two", "ROLLBACK_IN_PROGRESS") == (
        "Export with name path is already exported by stack one. Rollback requested by user."
    )
    assert [one.stack_id for one in room.store.exports()] != [stack.id]


def test_an_import_that_nobody_exports_fails_the_stack(room: Room) -> None:
    stack = room.create("shop", {"A": {"Of": {"Fn::ImportValue": "nothing"}}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "shop", "ROLLBACK_IN_PROGRESS") == (
        "No export named nothing found. Rollback requested by user."
    )


def test_secret_values_are_not_in_events(room: Room) -> None:
    text = room.template(
        {"A": {"Password": {"Ref": "P"}, "Url": {"Fn::Sub": "db://${P}@host"}}},
        Parameters={"P": {"Type": "String", "NoEcho": True}},
    )
    stack = room.create("shop", text, {"P": "hunter22"})
    assert stack.revision.parameters[0].shown == "****"
    deleted = room.delete(stack)
    assert "hunter22" not in "".join(str(event) for event in room.events(deleted))
    assert json.loads(room.events(stack)[1].properties or "") == {
        "Password": "****",
        "Url": "db://****@host",
    }


def test_secret_lists_are_not_in_events(room: Room) -> None:
    parameters = {"P": {"Type": "CommaDelimitedList", "NoEcho": True}}
    text = room.template({"A": {"Words": {"Ref": "P"}}}, Parameters=parameters)
    stack = room.create("shop", text, {"P": "hush-one, hush-two"})
    assert list(room.files.contents().values()) == [{"Words": ["hush-one", "hush-two"]}]
    assert "hush" not in "".join(str(event) for event in room.events(stack))


def test_a_type_that_aws_has_and_nobody_here_fails_its_stack(room: Room) -> None:
    stack = room.create("shop", {"A": {"Type": "AWS::GameLift::Fleet"}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "A", "CREATE_FAILED").startswith(
        "lambda_nb does not have the resource type AWS::GameLift::Fleet yet."
    )


def test_a_type_that_aws_does_not_have_is_refused(room: Room) -> None:
    with pytest.raises(AWSError, match=r"Unrecognized resource types: \[AWS::Nobody::Knows\]"):
        room.create("shop", {"A": {"Type": "AWS::Nobody::Knows"}})
    assert room.store.find_stack("shop") is None


def test_unknown_types_pass_if_they_may(new_room: RoomFactory) -> None:
    room = new_room(skip_unknown=True)
    resources = {
        "A": {"Type": "AWS::GameLift::Fleet"},
        "B": {"Of": {"Fn::GetAtt": ["A", "FleetArn"]}},
        "C": {"Type": "AWS::Amplify::Branch", "AppId": "a", "BranchName": "main"},
        "D": {"Of": {"Fn::GetAtt": ["C", "BranchName"]}},
    }
    stack = room.create("shop", resources)
    assert stack.status == "CREATE_COMPLETE"
    assert room.reason(stack, "A", "CREATE_COMPLETE").startswith("Skipped: lambda_nb does not")
    assert room.delete(stack).status == "DELETE_COMPLETE"


def test_a_name_is_taken_only_once(room: Room) -> None:
    stack = room.create("shop", {"A": {}})
    with pytest.raises(AWSError, match=r"Stack \[shop\] already exists"):
        room.create("shop", {"A": {}})
    room.delete(stack)
    again = room.create("shop", {"A": {}})
    assert again.id != stack.id
    assert room.store.stack(stack.id).status == "DELETE_COMPLETE"


def test_a_stack_that_is_being_made_can_be_deleted(room: Room) -> None:
    room.gates.close("create A")
    stack = room.create("shop", {"A": {}}, wait=False)
    assert room.gates.reached["create A"].wait(30)
    room.stacks.delete(stack)
    stack = until(lambda: room.store.stack(stack.id).deleted and room.store.stack(stack.id))
    assert stack.status == "DELETE_COMPLETE"
    assert room.files.contents() == {}


def test_a_creation_policy_waits_for_signals(room: Room) -> None:
    policy = {"ResourceSignal": {"Count": 2, "Timeout": "PT1M"}}
    stack = room.create("shop", {"A": {"CreationPolicy": policy}}, wait=False)
    until(lambda: len(room.told(stack, "A")) == 2)
    room.stacks.signal(stack, "A", "one", "SUCCESS")
    room.stacks.signal(stack, "A", "one", "SUCCESS")
    assert room.store.stack(stack.id).in_progress
    room.stacks.signal(stack, "A", "two", "SUCCESS")
    assert room.wait(stack).status == "CREATE_COMPLETE"
    with pytest.raises(AWSError, match="is not expected"):
        room.stacks.signal(stack, "A", "three", "SUCCESS")


@pytest.mark.parametrize(
    ("timeout", "sent", "why"),
    [
        ("PT1M", "FAILURE", "Received 1 FAILURE signal(s) out of 1."),
        ("PT0S", None, "Failed to receive 1 resource signal(s) within the specified duration"),
    ],
)
def test_signals_that_fail_or_do_not_come(
    room: Room, timeout: str, sent: str | None, why: str
) -> None:
    policy = {"ResourceSignal": {"Timeout": timeout}}
    stack = room.create("shop", {"A": {"CreationPolicy": policy}}, wait=False)
    if sent is not None:
        until(lambda: len(room.told(stack, "A")) == 2)
        room.stacks.signal(stack, "A", "one", sent)
    assert room.wait(stack).status == "ROLLBACK_COMPLETE"
    assert room.reason(stack, "A", "CREATE_FAILED") == why
