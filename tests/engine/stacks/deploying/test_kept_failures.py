"""Stacks that were left as they failed (DisableRollback) can be mended, or rolled back later."""

from __future__ import annotations

import pytest

from .conftest import Room


def test_without_rollback_a_failed_update_stays_and_can_be_mended(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {"Kind": "old"}})
    new = {"A": {"X": 2}, "B": {"Kind": "new"}, "C": {"Fails": "create", "DependsOn": ["A", "B"]}}
    stack = room.update(stack, new, on_failure="DO_NOTHING")
    assert stack.status == "UPDATE_FAILED"
    assert len(room.files.contents()) == 3
    stack = room.update(stack, {"A": {"X": 2}, "B": {"Kind": "new"}, "C": {}})
    assert stack.status == "UPDATE_COMPLETE"
    rows = room.store.resources(stack.id)
    assert room.files.contents().keys() == {row.held.physical_id for row in rows.values()}


def test_without_rollback_a_failed_update_can_be_rolled_back_later(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": 1}, "B": {"Kind": "old"}})
    contents = room.files.contents()
    new = {"A": {"X": 2}, "B": {"Kind": "new"}, "C": {"Fails": "create", "DependsOn": ["A", "B"]}}
    stack = room.update(stack, new, on_failure="DO_NOTHING")
    stack = room.update(stack, {**new, "A": {"X": 3}}, on_failure="DO_NOTHING")
    assert stack.status == "UPDATE_FAILED"
    room.stacks.roll_back(stack)
    stack = room.wait(stack)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents


@pytest.mark.parametrize("fails", ["create", "late", "unrecorded"])
def test_a_replacement_that_failed_and_was_kept_can_be_mended(room: Room, fails: str) -> None:
    stack = room.create("shop", {"A": {"Kind": "old"}})
    stack = room.update(stack, {"A": {"Kind": "new", "Fails": fails}}, on_failure="DO_NOTHING")
    assert stack.status == "UPDATE_FAILED"
    stack = room.update(stack, {"A": {"Kind": "new"}})
    assert stack.status == "UPDATE_COMPLETE"
    (row,) = room.store.resources(stack.id).values()
    assert room.files.contents() == {row.held.physical_id: {"Kind": "new"}}


@pytest.mark.parametrize("fails", ["create", "late", "unrecorded"])
def test_replacements_that_failed_and_were_kept_can_be_rolled_back(room: Room, fails: str) -> None:
    stack = room.create("shop", {"A": {"Kind": "old"}})
    contents = room.files.contents()
    for kind in ("new", "newer"):
        wanted = {"A": {"Kind": kind, "Fails": fails}}
        stack = room.update(stack, wanted, on_failure="DO_NOTHING")
        assert stack.status == "UPDATE_FAILED"
    room.stacks.roll_back(stack)
    assert room.wait(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents
    assert room.store.resources(stack.id)["A"].held.physical_id in contents


def test_what_was_changed_and_then_replaced_is_rolled_back_to_its_beginning(room: Room) -> None:
    stack = room.create("shop", {"A": {"Kind": "old", "X": 1}})
    contents = room.files.contents()
    broken = {"C": {"Fails": "create", "DependsOn": "A"}}
    for wanted in ({"Kind": "old", "X": 2}, {"Kind": "new", "X": 2}):
        stack = room.update(stack, {"A": wanted, **broken}, on_failure="DO_NOTHING")
        assert stack.status == "UPDATE_FAILED"
    room.stacks.roll_back(stack)
    assert room.wait(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert room.files.contents() == contents


def test_what_an_earlier_try_made_is_not_forgotten_if_it_cannot_be_deleted(room: Room) -> None:
    stack = room.create("shop", {"A": {"Kind": "old"}})
    new = {"A": {"Kind": "new", "Fails": "delete"}, "C": {"Fails": "create", "DependsOn": "A"}}
    stack = room.update(stack, new, on_failure="DO_NOTHING")
    (room.files.directory / "locked").touch()
    stack = room.update(stack, {"A": {"Kind": "newer"}}, on_failure="DO_NOTHING")
    assert stack.status == "UPDATE_FAILED"
    assert "must go first" in room.reason(stack, "A", "UPDATE_FAILED")
    (room.files.directory / "locked").unlink()
    stack = room.update(stack, {"A": {"Kind": "newer"}})
    assert stack.status == "UPDATE_COMPLETE"
    (row,) = room.store.resources(stack.id).values()
    assert room.files.contents() == {row.held.physical_id: {"Kind": "newer"}}


def test_a_failed_creation_that_was_kept_can_be_mended(room: Room) -> None:
    resources = {"A": {}, "B": {"Fails": "late", "DependsOn": "A"}}
    stack = room.create("shop", resources, on_failure="DO_NOTHING")
    assert stack.status == "CREATE_FAILED"
    stack = room.update(stack, {"A": {}, "B": {}})
    assert stack.status == "UPDATE_COMPLETE"
    rows = room.store.resources(stack.id)
    assert room.files.contents().keys() == {row.held.physical_id for row in rows.values()}


@pytest.mark.parametrize(("retain_except_on_create", "left"), [(False, 1), (True, 0)])
def test_a_later_rollback_may_delete_what_is_to_be_retained(
    room: Room, retain_except_on_create: bool, left: int
) -> None:
    resources = {"A": {"DeletionPolicy": "Retain"}, "B": {"Fails": "create", "DependsOn": "A"}}
    stack = room.create("shop", resources, on_failure="DO_NOTHING")
    assert stack.status == "CREATE_FAILED"
    room.stacks.roll_back(stack, retain_except_on_create=retain_except_on_create)
    assert room.wait(stack).status == "ROLLBACK_COMPLETE"
    assert len(room.files.contents()) == left
