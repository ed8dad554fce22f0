"""Drift is found where somebody changed what a stack deployed."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.drift import differing
from lambda_nb.engine.stacks.operations.drift import Drift
from lambda_nb.engine.stacks.records.event_rows import DriftDetection
from lambda_nb.engine.stacks.records.rows import Stack

from .conftest import Room, RoomFactory, until

values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)


def detected(room: Room, stack: Stack) -> Stack:
    detection = room.stacks.detect_drift(stack)
    assert detection.status == "DETECTION_IN_PROGRESS"
    done = until(
        lambda: (
            (found := room.store.find_detection(detection.id))
            and found.status != "DETECTION_IN_PROGRESS"
            and found
        )
    )
    assert done.status == "DETECTION_COMPLETE"
    stack = room.store.stack(stack.id)
    assert done.drift_status == stack.drift_status
    return stack


def test_drift_is_not_looked_for_in_every_status(room: Room) -> None:
    operations = Drift(room.store, room.stacks)
    failed = room.create("shop", {"A": {"Fails": "create"}})
    kept = room.create("kept", {"A": {}, "B": {"Fails": "create"}}, on_failure="DO_NOTHING")
    for stack in (failed, kept):
        text = (
            f"Drift detection cannot be performed on stack [{stack.id}] while it is in "
            f"[{stack.status}] state"
        )
        asked = {"StackName": stack.name, "LogicalResourceId": "A"}
        for detect in (operations.detect, operations.detect_resource):
            with pytest.raises(AWSError) as refused:
                detect(asked)
            assert (refused.value.code, refused.value.message) == ("ValidationError", text)


def test_what_is_as_it_was_is_in_sync(room: Room) -> None:
    stack = detected(room, room.create("shop", {"A": {"X": {"Y": 1}}}))
    assert stack.drift_status == "IN_SYNC"
    assert room.store.resources(stack.id)["A"].drift_status == "IN_SYNC"


def test_changes_by_others_are_told(room: Room) -> None:
    stack = room.create("shop", {"A": {"X": {"Y": 1}}, "B": {}})
    rows = room.store.resources(stack.id)
    (room.files.directory / rows["A"].held.physical_id).write_text(json.dumps({"X": {"Y": 2}}))
    (room.files.directory / rows["B"].held.physical_id).unlink()
    stack = detected(room, stack)
    assert stack.drift_status == "DRIFTED"
    rows = room.store.resources(stack.id)
    assert rows["B"].drift_status == "DELETED"
    assert rows["A"].drift_status == "MODIFIED"
    assert rows["A"].actual == {"X": {"Y": 2}}
    assert list(rows["A"].differences) == [
        {
            "PropertyPath": "/X/Y",
            "ExpectedValue": "1",
            "ActualValue": "2",
            "DifferenceType": "NOT_EQUAL",
        }
    ]


def test_a_detection_that_the_end_of_the_engine_interrupted_has_failed(
    new_room: RoomFactory,
) -> None:
    room = new_room()
    stack = room.create("shop", {"A": {}})
    begun = DriftDetection("d", stack.id, "DETECTION_IN_PROGRESS", time.time())
    room.store.put_detection(begun)
    room.stacks.close()
    found = new_room().store.find_detection("d")
    assert found is not None
    assert found.status == "DETECTION_FAILED"
    assert found.reason == "The engine ended during the operation."


def test_types_that_cannot_be_read_are_not_checked(room: Room) -> None:
    room.texts["https://child"] = room.template({"A": {}})
    nested = {"Type": "AWS::CloudFormation::Stack", "TemplateURL": "https://child"}
    stack = room.create("shop", {"N": nested})
    room.stacks.detect_resource_drift(stack, "N")
    assert room.store.resources(stack.id)["N"].drift_status == "NOT_CHECKED"


@given(values)
def test_what_is_the_same_has_no_difference(one: object) -> None:
    assert list(differing(one, one)) == []


@given(st.lists(st.integers(0, 3)), st.randoms())
def test_the_order_of_lists_does_not_matter(items: list[int], random: st.randoms) -> None:
    shuffled = items[:]
    random.shuffle(shuffled)
    assert list(differing(items, shuffled)) == []


@given(st.lists(st.integers(), unique=True, min_size=1))
def test_a_missing_item_is_a_removal(items: list[int]) -> None:
    (one,) = differing({"L": items}, {"L": items[:-1]})
    assert one["DifferenceType"] == "REMOVE"
    assert one["PropertyPath"] == f"/L/{len(items) - 1}"
