"""Properties that a resource's type does not have, with AWS's words for them."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.stacks.templates.properties_check import failure, problems

FUNCTION: dict[str, Any] = {"Code": {"ZipFile": "x"}, "Role": "r"}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"Timeout": "3", "MemorySize": 128, "SnapStart": {"ApplyOn": "None"}}, []),
        ({"Environment": {"Variables": {"NUMBER": 5, "FLAG": True}}}, []),
        ({"Foo": 1}, ["#: extraneous key [Foo] is not permitted"]),
        ({"Arn": "a"}, ["#: extraneous key [Arn] is not permitted"]),
        ({"Code": {"Zip": "x"}}, ["#/Code: extraneous key [Zip] is not permitted"]),
        ({"Role": None}, ["#: required key [Role] not found"]),
        ({"Timeout": "three"}, ["#/Timeout: expected type: Integer, found: String"]),
        ({"Timeout": 1.5}, ["#/Timeout: expected type: Integer, found: Number"]),
        ({"Layers": "a"}, ["#/Layers: expected type: JSONArray, found: String"]),
        ({"Handler": ["a"]}, ["#/Handler: expected type: String, found: JSONArray"]),
        (
            {"TracingConfig": {"Mode": {"a": "b"}}},
            ["#/TracingConfig/Mode: expected type: String, found: JSONObject"],
        ),
    ],
)
def test_problems_of_a_function(changed: dict[str, Any], found: list[str]) -> None:
    properties = {
        name: value for name, value in {**FUNCTION, **changed}.items() if value is not None
    }
    assert problems("AWS::Lambda::Function", properties) == found


def test_types_without_a_schema_take_anything() -> None:
    assert problems("Custom::Thing", {"Anything": ["goes"]}) == []


def test_the_reason_is_awss() -> None:
    assert failure("Q", problems("AWS::SQS::Queue", {"Name": "a"})) == (
        "Properties validation failed for resource Q with message: "
        "[#: extraneous key [Name] is not permitted]"
    )
