"""The language of provisioning templates."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.rules.iot.provisioning_language import Language, TemplateError

TEMPLATE = {
    "Parameters": {"Serial": {"Type": "String"}, "Where": {"Type": "String", "Default": "WA"}},
    "Mappings": {"Urls": {"WA": {"url": "https://wa"}, "NY": {"url": "https://ny"}}},
}
SERIAL = {"Serial": "7", "AWS::IoT::Certificate::Id": "abc"}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("plain", "plain"),
        ({"Ref": "Serial"}, "7"),
        ({"Ref": "Where"}, "WA"),
        ({"Ref": "AWS::IoT::Certificate::Id"}, "abc"),
        ({"Fn::Join": ["-", ["thing", {"Ref": "Serial"}]]}, "thing-7"),
        ({"Fn::Select": ["1", ["a", {"Ref": "Where"}]]}, "WA"),
        ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Urls", {"Ref": "Where"}, "url"]}, "https://wa"),
        ({"Fn::Sub": "t-${Serial}"}, "t-7"),
        ({"Fn::Sub": ["${a}-${Serial}", {"a": {"Ref": "Where"}}]}, "WA-7"),
        ({"a": [{"Ref": "Serial"}], "b": 1}, {"a": ["7"], "b": 1}),
    ],
)
def test_what_parts_become(part: Any, value: Any) -> None:
    assert Language(TEMPLATE, SERIAL).filled(part) == value


@pytest.mark.parametrize(
    "part",
    [
        {"Ref": "Undeclared"},
        {"Fn::Unknown": []},
        {"Fn::FindInMap": ["Urls", "LA", "url"]},
        {"Fn::Select": ["x", []]},
        {"Fn::Select": ["3", ["a"]]},
        {"Fn::Sub": "${Undeclared}"},
        {"Fn::Split": "x"},
    ],
)
def test_parts_that_cannot_be_filled_in(part: Any) -> None:
    with pytest.raises(TemplateError, match="template"):
        Language(TEMPLATE, SERIAL).filled(part)


def test_a_parameter_without_a_value_is_missed_only_where_it_is_used() -> None:
    language = Language(TEMPLATE, {})
    assert language.filled({"Ref": "Where"}) == "WA"
    with pytest.raises(TemplateError, match="Serial"):
        language.filled({"Ref": "Serial"})
