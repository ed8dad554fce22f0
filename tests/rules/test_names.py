"""Names and ARNs: every accepted form is understood, and nothing else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.refusal import Refused
from lambda_nb.rules.settings import names
from lambda_nb.rules.settings.names import FunctionName

ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)
REGIONS = st.sampled_from(
    ["us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1", "us-isob-east-1", "ap-south-1"]
)
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}", fullmatch=True).filter(
    lambda name: name != "function"
)
QUALIFIERS = st.one_of(
    st.none(), st.just("$LATEST"), st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
)


@given(NAMES, ACCOUNTS, REGIONS, QUALIFIERS)
def test_full_arns_come_apart_and_together(
    name: str, account: str, region: str, qualifier: str | None
) -> None:
    arn = names.function_arn(region, account, name, qualifier)
    assert names.parse_function(arn) == FunctionName(name, qualifier, account, region)


@given(NAMES, ACCOUNTS, QUALIFIERS)
def test_partial_arns(name: str, account: str, qualifier: str | None) -> None:
    partial = f"{account}:function:{name}" + (f":{qualifier}" if qualifier else "")
    assert names.parse_function(partial) == FunctionName(name, qualifier, account, None)


@given(NAMES, QUALIFIERS)
def test_plain_names(name: str, qualifier: str | None) -> None:
    plain = name + (f":{qualifier}" if qualifier else "")
    parsed = names.parse_function(plain)
    assert (parsed.name, parsed.qualifier) == (name, qualifier)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    """What is accepted matches the service model's own pattern, and the reverse."""
    matches = re.fullmatch(names.NAMESPACED_PATTERN, text, re.ASCII) is not None
    try:
        parsed: FunctionName | None = names.parse_function(text)
    except Refused:
        parsed = None
    if parsed is None:
        assert not matches or len(text) > 64
    else:
        assert matches
        assert parsed.name in text


def test_long_names_and_arns_are_refused_differently() -> None:
    with pytest.raises(Refused) as name:
        names.parse_function("n" * 65, namespaced=False)
    assert name.value.code == "InvalidParameterValueException"
    assert str(name.value) == (
        f"1 validation error detected: Value '{'n' * 65}' at 'functionName' failed to satisfy "
        "constraint: Member must have length less than or equal to 64"
    )
    with pytest.raises(Refused) as arn:
        names.parse_function("n" * 141, namespaced=False)
    assert arn.value.code == "ValidationException"
    assert "length less than or equal to 140" in str(arn.value)


def test_creating_takes_no_dots() -> None:
    assert names.parse_function("a.b").name == "a.b"
    with pytest.raises(Refused, match="regular expression pattern"):
        names.parse_function("a.b", namespaced=False)


def test_a_name_of_elsewhere_is_refused() -> None:
    here = {"account": "1" * 12, "region": "eu-west-1"}
    names.located(FunctionName("f"), **here)
    names.located(FunctionName("f", None, "1" * 12, "eu-west-1"), **here)
    with pytest.raises(Refused) as other_region:
        names.located(FunctionName("f", None, "1" * 12, "us-east-1"), **here)
    assert (other_region.value.code, other_region.value.status) == (
        "ResourceNotFoundException",
        404,
    )
    with pytest.raises(Refused) as other_account:
        names.located(FunctionName("f", None, "2" * 12), **here)
    assert (other_account.value.code, other_account.value.status) == ("AccessDeniedException", 403)


@pytest.mark.parametrize(
    ("in_name", "given_", "expected"),
    [(None, None, None), ("1", None, "1"), (None, "1", "1"), ("1", "1", "1")],
)
def test_one_qualifier(in_name: str | None, given_: str | None, expected: str | None) -> None:
    assert names.one_qualifier(FunctionName("f", in_name), given_) == expected


def test_two_qualifiers_are_refused() -> None:
    with pytest.raises(Refused, match="derived qualifier"):
        names.one_qualifier(FunctionName("f", "1"), "2")


@given(NAMES, ACCOUNTS, REGIONS, st.one_of(st.none(), st.integers(0, 10**6)))
def test_layer_arns_come_apart_and_together(
    name: str, account: str, region: str, version: int | None
) -> None:
    arn = names.layer_arn(region, account, name, version)
    assert names.parse_layer(arn) == (name, version, account, region)
    assert names.parse_layer(name) == (name, None, None, None)


@pytest.mark.parametrize("text", ["", "a b", "arn:aws:lambda:us-east-1:1:layer:x", "a:1"])
def test_no_layer(text: str) -> None:
    with pytest.raises(Refused):
        names.parse_layer(text)


@given(st.text(max_size=140))
def test_an_alias_is_no_number(text: str) -> None:
    expected = re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", text, re.ASCII) and not text.isdigit()
    assert names.is_alias(text) == bool(expected)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partitions(region: str, partition: str) -> None:
    assert names.partition(region) == partition
