"""Properties that a resource's type does not have, with AWS's words for them."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.stacks.templates.properties_check import failure, problems
from lambda_nb.engine.stacks.templates.resolution.marks import KNOWN_AFTER_APPLY

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


@pytest.mark.parametrize(
    "properties",
    [
        {"Code": KNOWN_AFTER_APPLY, "Role": KNOWN_AFTER_APPLY, "Layers": KNOWN_AFTER_APPLY},
        {**FUNCTION, "Timeout": KNOWN_AFTER_APPLY, "Tags": [KNOWN_AFTER_APPLY]},
        {**FUNCTION, "VpcConfig": {"SubnetIds": KNOWN_AFTER_APPLY, "Ipv6AllowedForDualStack": "x"}},
    ],
)
def test_what_is_not_known_yet_may_be_anything(properties: dict[str, Any]) -> None:
    found = problems("AWS::Lambda::Function", properties)
    wrong = "#/VpcConfig/Ipv6AllowedForDualStack: expected type: Boolean, found: String"
    assert found == ([wrong] if "VpcConfig" in properties else [])


def test_patterns_that_python_cannot_read_are_read() -> None:
    """AWS's schemas have classes of characters that Python's own ``re`` does not know."""
    given = {"UserPoolName": "a", "UserPoolTags": {"colour \u00e9": "red"}}
    assert problems("AWS::Cognito::UserPool", given) == []
