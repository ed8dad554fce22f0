"""What the end of the engine interrupts is taken up by the next: nothing is left half-made."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.engine.stacks.records.rows import Stack

from .conftest import Room, RoomFactory

PROGRAM = Path(__file__).parent / "killed.py"
REASON = "The engine ended during the operation."


def kill(
    directory: Path,
    first: dict[str, Any] | None,
    then: dict[str, Any] | None,
    gate: str,
    **more: Any,
) -> None:
    """Run an operation in another process up to a gate, where that is killed."""
    asked = {"first": first, "then": then, "gate": gate, **more}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(directory), json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def resumed(room: Room) -> Stack:
    (stack,) = [one for one in room.store.stacks() if one.parent_id is None]
    assert stack.in_progress
    room.stacks.resume()
    return room.wait(stack)


def test_a_creation_is_rolled_back(tmp_path: Path, new_room: RoomFactory) -> None:
    kill(tmp_path, None, {"A": {}, "B": {"DependsOn": "A"}}, "create B")
    room = new_room()
    assert len(room.files.contents()) == 2
    stack = resumed(room)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.files.contents() == {}
    assert room.reason(stack, "B", "CREATE_FAILED") == REASON
    assert room.reason(stack, "shop", "ROLLBACK_IN_PROGRESS") == (
        f"{REASON} Rollback requested by user."
    )


def test_what_was_made_unrecorded_is_found_by_its_name(
    tmp_path: Path, new_room: RoomFactory
) -> None:
    kill(tmp_path, None, {"A": {}}, "create A", unrecorded="A")
    room = new_room()
    assert len(room.files.contents()) == 1
    stack = resumed(room)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.files.contents() == {}
    assert "Looking for shop-A-" in room.reason(stack, "A", "DELETE_IN_PROGRESS")


@pytest.mark.parametrize("gate", ["update A", "create B", "create D"])
def test_an_update_is_rolled_back(tmp_path: Path, new_room: RoomFactory, gate: str) -> None:
    old = {"A": {"X": 1}, "B": {"Kind": "old"}, "C": {}}
    new = {"A": {"X": 2}, "B": {"Kind": "new", "DependsOn": "A"}, "D": {"DependsOn": "B"}}
    kill(tmp_path, old, new, gate)
    room = new_room()
    stack = resumed(room)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(room.files.contents().values(), key=str) == sorted(old.values(), key=str)
    rows = room.store.resources(stack.id)
    assert {row.held.physical_id for row in rows.values()} == room.files.contents().keys()
    assert room.reason(stack, "shop", "UPDATE_ROLLBACK_IN_PROGRESS") == REASON


@pytest.mark.parametrize("gate", ["delete B", "delete C"])
def test_a_cleanup_goes_on(tmp_path: Path, new_room: RoomFactory, gate: str) -> None:
    old = {"A": {"X": 1}, "B": {"Kind": "old"}, "C": {}}
    kill(tmp_path, old, {"A": {"X": 2}, "B": {"Kind": "new"}}, gate)
    room = new_room()
    stack = resumed(room)
    assert stack.status == "UPDATE_COMPLETE"
    assert sorted(room.files.contents().values(), key=str) == [{"Kind": "new"}, {"X": 2}]


def test_a_rollback_goes_on(tmp_path: Path, new_room: RoomFactory) -> None:
    kill(tmp_path, {"A": {"X": 1}}, {"A": {"X": 2}, "B": {"Fails": "late"}}, "delete B")
    room = new_room()
    stack = resumed(room)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert list(room.files.contents().values()) == [{"X": 1}]


def test_a_deletion_goes_on(tmp_path: Path, new_room: RoomFactory) -> None:
    kill(tmp_path, {"A": {}, "B": {"DependsOn": "A"}}, None, "delete A")
    room = new_room()
    stack = resumed(room)
    assert stack.status == "DELETE_COMPLETE"
    assert room.files.contents() == {}


def nested(x: str, **others: Any) -> dict[str, Any]:
    url = "https://s3.amazonaws.com/b/child"
    return {
        "N": {
            "Type": "AWS::CloudFormation::Stack",
            "TemplateURL": url,
            "Parameters": {"X": x},
        },
        **others,
    }


CHILD = {
    "https://s3.amazonaws.com/b/child": json.dumps(
        {
            "Parameters": {"X": {"Type": "String"}},
            "Resources": {"A": {"Type": "Test::File::File", "Properties": {"X": {"Ref": "X"}}}},
        }
    )
}


def test_a_nested_creation_is_rolled_back_with_its_parent(
    tmp_path: Path, new_room: RoomFactory
) -> None:
    kill(tmp_path, None, nested("1"), "create A", texts=CHILD)
    room = new_room()
    stack = resumed(room)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert room.files.contents() == {}
    assert room.store.stacks() == [stack]


def test_a_nested_update_that_waited_for_its_parent_is_rolled_back(
    tmp_path: Path, new_room: RoomFactory
) -> None:
    then = nested("2", B={"DependsOn": "N"})
    kill(tmp_path, nested("1"), then, "create B", texts=CHILD)
    room = new_room()
    stack = resumed(room)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    (inner,) = room.store.nested_in(stack.id)
    assert inner.status == "UPDATE_ROLLBACK_COMPLETE"
    assert list(room.files.contents().values()) == [{"X": "1"}]


def test_what_is_closed_in_order_is_taken_up_as_well(new_room: RoomFactory) -> None:
    room = new_room()
    room.gates.close("create A")
    stack = room.create("shop", {"A": {}}, wait=False)
    assert room.gates.reached["create A"].wait(30)
    room.stacks.close()
    again = new_room()
    stack = resumed(again)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert again.files.contents() == {}


def test_nothing_is_taken_up_where_nothing_was_interrupted(new_room: RoomFactory) -> None:
    room = new_room()
    stack = room.create("shop", {"A": {}})
    room.stacks.review("other", room.stacks.new_id("other"))
    room.stacks.close()
    again = new_room()
    again.stacks.resume()
    assert again.store.stack(stack.id).status == "CREATE_COMPLETE"
    assert len(again.store.events(stack.id)) == len(again.events(stack)) == 5


@pytest.mark.parametrize("gate", ["delete B", "delete C"])
def test_a_cleanup_that_is_closed_in_order_goes_on(new_room: RoomFactory, gate: str) -> None:
    room = new_room()
    stack = room.create("shop", {"A": {"X": 1}, "B": {"Kind": "old"}, "C": {}})
    room.gates.close(gate)
    room.update(stack, {"A": {"X": 2}, "B": {"Kind": "new"}}, wait=False)
    assert room.gates.reached[gate].wait(30)
    room.stacks.close()
    again = new_room()
    assert resumed(again).status == "UPDATE_COMPLETE"
    assert sorted(again.files.contents().values(), key=str) == [{"Kind": "new"}, {"X": 2}]


def test_a_forced_deletion_that_is_closed_in_order_goes_on(new_room: RoomFactory) -> None:
    room = new_room()
    stack = room.create("shop", {"A": {}})
    room.gates.close("delete A")
    room.stacks.delete(stack, force=True)
    assert room.gates.reached["delete A"].wait(30)
    room.stacks.close()
    again = new_room()
    assert resumed(again).status == "DELETE_COMPLETE"
    assert again.files.contents() == {}
