"""Stacks are deleted as CloudFormation does it."""

from __future__ import annotations

import pytest

from lambda_nb.engine.errors import AWSError

from .conftest import Room


def test_what_needs_others_goes_first(room: Room) -> None:
    stack = room.create("shop", {"A": {}, "B": {"Of": {"Ref": "A"}}, "C": {"DependsOn": "B"}})
    room.files.log.clear()
    stack = room.delete(stack)
    assert stack.status == "DELETE_COMPLETE"
    assert room.files.log == [("delete", "C"), ("delete", "B"), ("delete", "A")]
    assert room.files.contents() == {}
    assert stack.deleted is not None
    assert room.store.resources(stack.id)["A"].status == "DELETE_COMPLETE"
    room.stacks.delete(stack)  # is no error
    assert [e.status for e in room.events(stack)].count("DELETE_COMPLETE") == 4


def test_what_cannot_be_deleted_fails_the_stack_and_can_be_retained(room: Room) -> None:
    (room.files.directory / "locked").touch()
    resources = {"A": {}, "B": {"Fails": "delete", "Of": {"Ref": "A"}}, "C": {}}
    stack = room.delete(room.create("shop", resources))
    assert stack.status == "DELETE_FAILED"
    assert stack.reason == "The following resource(s) failed to delete: [B]."
    assert len(room.files.contents()) == 2  # A is needed by B
    with pytest.raises(AWSError, match="resources to retain"):
        room.delete(stack, retain=["X"])
    stack = room.delete(stack, retain=["B"])
    assert stack.status == "DELETE_COMPLETE"
    (kept,) = room.files.contents()
    assert kept.startswith("shop-B-")


def test_retaining_is_only_for_stacks_that_failed(room: Room) -> None:
    stack = room.create("shop", {"A": {}})
    with pytest.raises(AWSError, match="only when the stack is in the DELETE_FAILED state"):
        room.delete(stack, retain=["A"])


def test_force_leaves_what_cannot_be_deleted(room: Room) -> None:
    (room.files.directory / "locked").touch()
    stack = room.delete(room.create("shop", {"A": {"Fails": "delete"}, "B": {}}))
    assert stack.status == "DELETE_FAILED"
    assert room.delete(stack, force=True).status == "DELETE_COMPLETE"
    assert len(room.files.contents()) == 1


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_policies_keep_resources(room: Room, policy: str) -> None:
    stack = room.delete(room.create("shop", {"A": {"DeletionPolicy": policy}, "B": {}}))
    assert stack.status == "DELETE_COMPLETE"
    assert room.told(stack, "A")[-1] == "DELETE_SKIPPED"
    (kept,) = room.files.contents()
    assert kept.startswith("shop-A-")


def test_a_stack_in_review_is_simply_deleted(room: Room) -> None:
    stack = room.stacks.review("shop", room.stacks.new_id("shop"))
    assert room.delete(stack).status == "DELETE_COMPLETE"


def test_what_is_updated_cannot_be_deleted(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}})
    room.gates.close("update A")
    room.update(stack, {"A": {"X": 2}}, wait=False)
    assert room.gates.reached["update A"].wait(30)
    with pytest.raises(AWSError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        room.stacks.delete(stack)
    room.gates.open("update A")
    room.wait(stack)
