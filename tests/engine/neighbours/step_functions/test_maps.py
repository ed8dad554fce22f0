"""Maps with many items, and distributed maps that tolerate failures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from states_lab import DOUBLE, Lab, task

from lambda_nb.engine.neighbours.services.step_functions.maps import for_parser


def a_map(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    inner = {"StartAt": "A", "States": {"A": processor}}
    if more.pop("distributed", False):
        inner["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    return {
        "M": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True, **more}
    }


@pytest.mark.parametrize("most", [0, 1])
def test_more_items_than_a_stack_has_room(lab: Lab, most: int) -> None:
    states = a_map({"Type": "Pass", "End": True}, MaxConcurrency=most)
    items = list(range(1100))
    assert lab.output(states, {"items": items}) == items


@pytest.mark.parametrize(
    ("tolerated", "status"),
    [({}, "FAILED"), ({"ToleratedFailurePercentage": 60}, "SUCCEEDED")],
)
def test_failures_of_a_distributed_map(lab: Lab, tolerated: dict[str, Any], status: str) -> None:
    states = a_map(task(lab.function(DOUBLE)), distributed=True, **tolerated)
    told = lab.run(states, {"items": [{"n": 1}, {"x": 1}]})
    assert told["status"] == status
    if status == "FAILED":
        assert told["error"] == "States.ExceedToleratedFailureThreshold"
    else:
        assert json.loads(told["output"])[0] == {"n": 2}


def test_only_what_the_grammar_lacks_is_reworded() -> None:
    other = '{"StartAt": "A",  "States": {}}'
    assert for_parser(other) == other
    assert for_parser("ExecutionType {") == "ExecutionType {"
    states = a_map({"Type": "Pass", "Parameters": {"ExecutionType": "EXPRESS"}, "End": True})
    assert json.loads(for_parser(json.dumps({"States": states}))) == {"States": states}
