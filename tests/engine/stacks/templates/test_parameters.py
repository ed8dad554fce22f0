"""Values for parameters: given, kept from before, by default; checked with AWS's texts."""

from __future__ import annotations

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.structure import parameters
from lambda_nb.engine.stacks.templates.template import Template


def template(parameters: str) -> Template:
    return Template(
        parsed(f"Parameters: {{{parameters}}}\nResources: {{A: {{Type: AWS::SQS::Queue}}}}")
    )


def look_up(kind: str, name: str) -> str:
    return {"/ami": "ami-1", "/zones": "a,b"}[name]


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("Type: String", "a", "a"),
        ("Type: String, Default: 5", None, "5"),
        ("Type: String, Default: yes", None, "true"),
        ("Type: Number", "1.50", "1.50"),
        ("Type: List<Number>", "1, 2", ["1", "2"]),
        ("Type: CommaDelimitedList", "a, b ,c", ["a", "b", "c"]),
        ("Type: CommaDelimitedList, Default: ''", None, [""]),
        ("Type: List<AWS::EC2::Subnet::Id>", "subnet-1,subnet-2", ["subnet-1", "subnet-2"]),
        ("Type: AWS::EC2::VPC::Id", "vpc-1", "vpc-1"),
        ("Type: AWS::SSM::Parameter::Name", "/ami", "/ami"),
        ("Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "/ami", "ami-1"),
        ("Type: AWS::SSM::Parameter::Value<List<String>>, Default: /zones", None, ["a", "b"]),
    ],
)
def test_values(declared: str, given: str | None, value: object) -> None:
    texts = {} if given is None else {"P": given}
    assert template(f"P: {{{declared}}}").values(texts, {}, look_up) == {"P": value}


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ("Type: String, AllowedValues: [a, 5]", "b", "Parameter 'P' must be one of AllowedValues"),
        ("Type: String, AllowedPattern: '[a-z]+'", "a1", "Parameter 'P' must match pattern [a-z]+"),
        (
            "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: only letters",
            "a1",
            "Parameter 'P' failed to satisfy constraint: only letters",
        ),
        ("Type: String, MinLength: 2", "a", "Parameter 'P' must contain at least 2 characters"),
        ("Type: String, MaxLength: '2'", "abc", "Parameter 'P' must contain at most 2 characters"),
        ("Type: Number", "three", "Parameter 'P' must be a number."),
        ("Type: Number, MinValue: 3", "2", "Parameter 'P' must be a number not less than 3"),
        ("Type: Number, MaxValue: 3", "4", "Parameter 'P' must be a number not greater than 3"),
        ("Type: List<Number>", "1,x", "Parameter 'P' must be a number."),
        ("Type: CommaDelimitedList, AllowedValues: [a]", "a,b", "must be one of AllowedValues"),
        ("Type: String", "x" * 4097, "must not be longer than 4096 bytes"),
    ],
)
def test_a_value_that_breaks_a_constraint_is_refused(
    declared: str, given: str, message: str
) -> None:
    with pytest.raises(AWSError) as refused:
        template(f"P: {{{declared}}}").texts({"P": given}, {})
    assert message in refused.value.message


def test_a_pattern_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    one = template("P: {Type: String, AllowedPattern: '(a|aa)+$'}")
    assert one.texts({"P": "aaa"}, {}) == {"P": "aaa"}
    monkeypatch.setattr(parameters, "_LONGEST_MATCH_S", 0.05)
    with pytest.raises(AWSError) as refused:
        one.texts({"P": "a" * 4000 + "b"}, {})
    assert "its AllowedPattern (a|aa)+$ takes longer than 0.05 s" in refused.value.message


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("P: {Default: a}", "Every Parameters object must contain a Type member."),
        ("P: {Type: Text}", "Unrecognized parameter type: Text"),
        ("P: {Type: String, Min: 3}", "Invalid template parameter property 'Min'"),
        ("P: {Type: String, Default: [a]}", "Every Default member must be a string."),
        ("P: {Type: String, MinLength: a}", "Every MinLength member must be a number."),
        ("P: {Type: String, AllowedPattern: '['}", "AllowedPattern of parameter P is no regular"),
        ("P-1: {Type: String}", "Parameter name P-1 is non alphanumeric."),
    ],
)
def test_a_parameter_that_is_written_wrong_is_refused(declared: str, message: str) -> None:
    with pytest.raises(AWSError) as refused:
        template(declared)
    assert message in refused.value.message


def test_missing_and_unknown_parameters_are_named() -> None:
    two = template("P: {Type: String}, Q: {Type: String}, R: {Type: String, Default: r}")
    with pytest.raises(AWSError, match=r"Parameters: \[P, Q\] must have values"):
        two.texts({}, {})
    with pytest.raises(AWSError, match=r"Parameters: \[Y\] do not exist in the template"):
        two.texts({"P": "", "Q": "", "Y": "y"}, {})
    with pytest.raises(AWSError, match="a template which does not require them"):
        template("").texts({"Y": "y"}, {})


def test_previous_values_are_kept_only_where_they_are_asked_for() -> None:
    one = template("P: {Type: String, Default: default}, L: {Type: CommaDelimitedList}")
    previous = {"P": "before", "L": ["a", "b"]}
    assert one.texts({"P": None, "L": None}, previous) == {"P": "before", "L": "a,b"}
    assert one.texts({"L": "c"}, previous) == {"P": "default", "L": "c"}
    with pytest.raises(AWSError, match="Cannot specify usePreviousValue as true"):
        one.texts({"P": None, "L": "c"}, {})


def test_no_echo_is_told() -> None:
    made = template("P: {Type: String, NoEcho: 'true'}, Q: {Type: String}").parameters
    assert (made["P"].no_echo, made["Q"].no_echo) == (True, False)
