"""Which patterns EventBridge takes, and its messages for the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.eventbridge.pattern_syntax import check
from lambda_nb.rules.events.eventbridge.pattern_tokens import PatternError
from lambda_nb.rules.events.patterns import matches

VALID = [
    '{"$or":[{"a":[1]},{"b":[{"exists":true}]}],"c":[{"anything-but":{"prefix":"x"}}]}',
    '{"a":[{"anything-but":["x","y"]}, {"anything-but":[1,2]}, {"anything-but":5}]}',
    '{"a":[{"anything-but":{"equals-ignore-case":["x"]}},{"anything-but":{"wildcard":"a*"}}]}',
    '{"a":[{"cidr":"10.0.0.0/24"},{"cidr":"2001:db8::/32"}]}',
    '{"a":[{"numeric":[">",0,"<=",5]},{"numeric":["=",3.018e2]},{"numeric":["<",-1]}]}',
    '{"a":[{"prefix":{"equals-ignore-case":"x"}},{"suffix":".png"},null,true,-1.5e3,"q\\"x"]}',
    '{"a":[{"wildcard":"a*b\\\\*c"}],\n "b":{"c":[""]}}',
]


@pytest.mark.parametrize("pattern", VALID)
def test_what_aws_takes_is_taken(pattern: str) -> None:
    check(pattern)
    matches(json.loads(pattern), {"a": "x"})


@pytest.mark.parametrize(
    ("pattern", "reason", "column"),
    [
        ('{"source":"aws.ec2"}', '"source" must be an object or an array', 12),
        ('{"source": 5}', '"source" must be an object or an array', 13),
        ('{"a":[]}', "Empty arrays are not allowed", 8),
        ("{}", "Empty objects are not allowed", 3),
        ('{"a":{"b":{}}}', "Empty objects are not allowed", 13),
        ("[1]", "Filter is not an object", 2),
        ('{"a":[[1]]}', "Match value must be String, number, true, false, or null", 8),
        ('{"a":[{"foo":1}]}', "Unrecognized match type foo", 15),
        ('{"a":[{}]}', "Match expression name not found", 9),
        ('{"a":[{"prefix":"x","suffix":"y"}]}', "Only one key allowed in match expression", 31),
        ('{"a":[{"prefix":5}]}', "prefix match pattern must be a string", 18),
        (
            '{"a":[{"exists":"x"}]}',
            "exists match pattern must be either true or false.",
            18,
        ),
        ('{"a":[{"numeric":5}]}', "Value of numeric must be an array.", 19),
        ('{"a":[{"numeric":["~",5]}]}', "Unrecognized numeric range operator: ~", 22),
        ('{"a":[{"numeric":[">","5"]}]}', "Value of > must be numeric", 24),
        ('{"a":[{"numeric":[">",5,"<",3]}]}', "Bottom must be less than top", 31),
        ('{"a":[{"wildcard":"a**b"}]}', "Consecutive wildcard characters at pos 2", 25),
        ('{"a":[{"wildcard":"a\\\\b"}]}', "Invalid escape character at pos 2", 25),
        (
            '{"a":[{"anything-but":[1,"b"]}]}',
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported",
            30,
        ),
        ('{"a":[{"anything-but":{"cidr":"x"}}]}', "Unsupported anything-but pattern: cidr", 32),
        (
            '{"$or":[{"a":[1]}]}',
            "There must have at least 2 Objects in $or relationship.",
            19,
        ),
        (
            '{"$or":[{"prefix":[1]},{"b":[1]}]}',
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
            20,
        ),
        (
            "foo",
            "Unrecognized token 'foo': was expecting "
            "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            4,
        ),
        (
            '{"a" [1]}',
            "Unexpected character ('[' (code 91)): "
            "was expecting a colon to separate field name and value",
            7,
        ),
    ],
)
def test_the_reason_and_the_place_are_told(pattern: str, reason: str, column: int) -> None:
    with pytest.raises(PatternError) as told:
        check(pattern)
    where = f'[Source: (String)"{pattern}"; line: 1, column: {column}]'
    assert str(told.value) == f"{reason}\n at {where}"


@pytest.mark.parametrize(
    ("cidr", "reason"),
    [
        ("10.0.0.0", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
        ("10.0.0.0/40", "IPv4 mask bits must be < 32"),
        ("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"),
        ("nowhere/8", "Nonstandard IP address: nowhere"),
    ],
)
def test_networks_are_checked(cidr: str, reason: str) -> None:
    with pytest.raises(PatternError) as told:
        check(json.dumps({"a": [{"cidr": cidr}]}))
    assert str(told.value) == reason


def test_lines_are_counted_and_long_sources_are_cut() -> None:
    with pytest.raises(PatternError) as told:
        check('{"a":\n  []}' + " " * 600)
    text = str(told.value)
    assert text.endswith("line: 2, column: 5]")
    assert '"[truncated 111 chars]' in text


leaves = st.lists(
    st.one_of(
        st.none(),
        st.booleans(),
        st.text(),
        st.integers(-(10**9), 10**9),
        st.builds(lambda text: {"prefix": text}, st.text()),
        st.builds(lambda flag: {"exists": flag}, st.booleans()),
    ),
    min_size=1,
)
patterns = st.recursive(
    st.dictionaries(st.text().filter(lambda name: name != "$or"), leaves, min_size=1),
    lambda inner: st.dictionaries(
        st.text().filter(lambda name: name != "$or"), inner, min_size=1, max_size=3
    ),
    max_leaves=8,
)


@given(patterns, st.sampled_from([None, 2]))
def test_every_pattern_of_the_grammar_is_taken(pattern: object, indent: int | None) -> None:
    check(json.dumps(pattern, indent=indent))
    check(json.dumps(pattern, ensure_ascii=False))


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        check(text)
    except PatternError:
        return
    assert text.lstrip().startswith("{")
