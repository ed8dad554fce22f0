"""An executed change set is as far as its stack; after success only its ARN is known."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.operations.change_sets.operations import ChangeSets
from lambda_nb.engine.stacks.records.rows import Stack

from .conftest import Room, RoomFactory


def sets_of(room: Room) -> ChangeSets:
    return ChangeSets(room.store, room.stacks, lambda url: room.texts[url])


def begun(room: Room, resources: dict[str, Any], kind: str, **more: Any) -> tuple[str, Stack]:
    """The ARN of a change set that is being executed, and its stack."""
    sets = sets_of(room)
    asked = {"StackName": "shop", "ChangeSetName": "c", "ChangeSetType": kind}
    made = sets.create({**asked, "TemplateBody": room.template(resources), **more})["Id"]
    assert execution(room, made) == "AVAILABLE"
    sets.execute({"ChangeSetName": made})
    stack = room.store.find_stack("shop")
    assert stack is not None
    return made, stack


def execution(room: Room, change_set: str) -> str:
    return str(sets_of(room).describe({"ChangeSetName": change_set})["ExecutionStatus"])


def test_one_that_succeeds(room: Room) -> None:
    sets = sets_of(room)
    room.gates.close("create A")
    change_set, stack = begun(room, {"A": {}}, "CREATE")
    assert room.gates.reached["create A"].wait(30)
    by_name = {"StackName": "shop", "ChangeSetName": "c"}
    assert sets.describe(by_name)["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"
    with pytest.raises(AWSError, match=r"current execution status of \[EXECUTE_IN_PROGRESS\]"):
        sets.execute(by_name)
    with pytest.raises(AWSError, match="is being executed and cannot be deleted"):
        sets.delete(by_name)
    room.gates.open("create A")
    assert room.wait(stack).status == "CREATE_COMPLETE"
    assert execution(room, change_set) == "EXECUTE_COMPLETE"
    with pytest.raises(AWSError, match=r"ChangeSet \[c\] does not exist"):
        sets.describe(by_name)
    assert sets.list_all({"StackName": "shop"})["Summaries"] == []
    again, stack = begun(room, {"A": {"X": 1}}, "UPDATE")
    assert room.wait(stack).status == "UPDATE_COMPLETE"
    assert execution(room, again) == "EXECUTE_COMPLETE"


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        ("CREATE", {}, "ROLLBACK_COMPLETE"),
        ("CREATE", {"OnStackFailure": "DO_NOTHING"}, "CREATE_FAILED"),
        ("UPDATE", {}, "UPDATE_ROLLBACK_COMPLETE"),
    ],
)
def test_one_that_fails(room: Room, kind: str, more: dict[str, Any], status: str) -> None:
    if kind == "UPDATE":
        room.create("shop", {"A": {}})
    change_set, stack = begun(room, {"A": {}, "B": {"Fails": "create"}}, kind, **more)
    assert room.wait(stack).status == status
    assert execution(room, change_set) == "EXECUTE_FAILED"
    (listed,) = sets_of(room).list_all({"StackName": "shop"})["Summaries"]
    assert listed["ExecutionStatus"] == "EXECUTE_FAILED"


def test_one_that_the_end_of_the_engine_interrupts(new_room: RoomFactory) -> None:
    room = new_room()
    room.gates.close("create A")
    change_set, stack = begun(room, {"A": {}}, "CREATE")
    assert room.gates.reached["create A"].wait(30)
    room.stacks.close()
    again = new_room()
    assert execution(again, change_set) == "EXECUTE_IN_PROGRESS"
    again.stacks.resume()
    assert again.wait(stack).status == "ROLLBACK_COMPLETE"
    assert execution(again, change_set) == "EXECUTE_FAILED"


def test_one_that_cannot_begin_stays_available(room: Room) -> None:
    sets = sets_of(room)
    stack = room.create("shop", {"A": {}})
    asked = {"StackName": "shop", "ChangeSetName": "c"}
    made = sets.create({**asked, "TemplateBody": room.template({"A": {"X": 1}})})["Id"]
    room.gates.close("update A")
    room.update(stack, {"A": {"X": 2}}, wait=False)
    with pytest.raises(AWSError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        sets.execute({"ChangeSetName": made})
    assert execution(room, made) == "AVAILABLE"
    room.gates.open("update A")
    assert room.wait(stack).status == "UPDATE_COMPLETE"
    assert execution(room, made) == "AVAILABLE"
