"""A template's text becomes the same data, in JSON and in YAML; what is no template is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.templates.document import SHORT_FORMS, parsed

KEYS = st.text("abcXYZ09-_ ", min_size=1, max_size=6)
PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.text("abc ${}:!#'\"\n012-", max_size=12),
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_json_and_yaml_of_one_template_are_alike(value: dict[str, object]) -> None:
    assert parsed(json.dumps(value)) == value
    assert parsed(yaml.safe_dump(value) if value else "{}") == value


@pytest.mark.parametrize("name", sorted(SHORT_FORMS - {"GetAtt"}))
def test_short_forms_are_full_functions(name: str) -> None:
    assert parsed(f"A: !{name} x") == {"A": {f"Fn::{name}": "x"}}
    assert parsed(f"A: !{name} [x, !Ref y]") == {"A": {f"Fn::{name}": ["x", {"Ref": "y"}]}}
    assert parsed(f"A: !{name} {{k: v}}") == {"A": {f"Fn::{name}": {"k": "v"}}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("!Ref AWS::Region", {"Ref": "AWS::Region"}),
        ("!Condition IsProduction", {"Condition": "IsProduction"}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Queue, Arn]", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ('!GetAZs ""', {"Fn::GetAZs": ""}),
        ("!Sub 12", {"Fn::Sub": "12"}),
        ("2012-10-17", "2012-10-17"),
        ("yes", True),
        ("off", False),
        ("22:30", "22:30"),
        ("012", 10),
        ("0.5", 0.5),
        ('"yes"', "yes"),
    ],
)
def test_yaml_is_read_as_cloudformation_does(written: str, meant: object) -> None:
    assert parsed(f"A: {written}") == {"A": meant}


def test_keys_stay_as_they_are_written() -> None:
    assert parsed("012345678901: a\non: b\n2012-10-17: c") == {
        "012345678901": "a",
        "on": "b",
        "2012-10-17": "c",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Template format error: unsupported structure."),
        ("just a text", "Template format error: unsupported structure."),
        ("[1]", "Template format error: unsupported structure."),
        ('{"A": }', "Template format error: JSON not well-formed. (line 1, column 7)"),
        ("A:\n  - b\n c: d", "Template format error: YAML not well-formed. (line 3, column 2)"),
        ("A: {b: 1", "Template format error: YAML not well-formed."),
        ("A: \x01", "Template format error: YAML not well-formed."),
        ("A: 1\nA: 2", "duplicate key A"),
        ('{"A": 1, "A": 2}', "Duplicate key A"),
        ("A: !Rain x", "(line 1, column 4): unknown tag !Rain"),
        ("A: &a {b: 1}\nC: *a", "YAML aliases are not allowed in CloudFormation templates"),
        ("? [a]\n: b", "a key is not a text"),
        (
            "Resources: {A: {DependsOn: [null]}}",
            "[/Resources/A/DependsOn/0] 'null' values are not allowed in templates",
        ),
        ("Resources:", "[/Resources] 'null' values are not allowed in templates"),
        ('{"A":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
        ('{"A":' * 201 + "1" + "}" * 201, "nested too deeply"),
    ],
)
def test_what_is_no_template_is_refused(text: str, message: str) -> None:
    with pytest.raises(AWSError) as refused:
        parsed(text)
    assert refused.value.code == "ValidationError"
    assert message in refused.value.message
