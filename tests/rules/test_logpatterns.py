"""Filter patterns of CloudWatch Logs, by the examples of AWS's guide."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.log_patterns import compiled

ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "[ERROR] UNAUTHORIZED ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR] UNAUTHORIZED", False),
        ("?ERROR ?WARN", "WARN: low", True),
        ("?ERROR ?WARN", "INFO", False),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
        ("ERROR -ARGUMENTS", "[ERROR] INVALID ARGUMENTS", False),
        ("ERROR -ARGUMENTS", "[ERROR] INVALID", True),
        ("%AUTHORIZED%", "UNAUTHORIZED REQUEST", True),
        ("%E[0-9]+%", "code E42", True),
        ("%E[0-9]+%", "code E", False),
    ],
)
def test_terms(pattern: str, message: str, expected: bool) -> None:
    assert compiled(pattern)(message) is expected


DOCUMENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "errorCode": None,
        "flag": True,
        "n": 3,
        "arrayKey": ["value", "another"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "odd key": "x",
    }
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "Update*" }', True),
        ("{ $.n = * }", True),
        ("{ $.absent = * }", False),
        ('{ $.n = "*" }', False),
        ('{ $.eventType != "UpdateTrail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = %^111.% }", True),
        ("{ $.n >= 3 }", True),
        ("{ $.n > 3 }", False),
        ("{ $.n = 3e0 }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[5] = "value" }', False),
        ('{ $.arrayKey[*] = "another" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.errorCode IS NULL }", True),
        ("{ $.flag IS TRUE }", True),
        ("{ $.flag IS FALSE }", False),
        ("{ $.nothing NOT EXISTS }", True),
        ("{ $.eventType NOT EXISTS }", False),
        ("{ ($.n = 1) || ($.n = 3 && $.flag IS TRUE) }", True),
        ("{ ($.n = 1 || $.n = 2) && $.flag IS TRUE }", False),
        ("{ $.nothing = 1 }", False),
        ('{ $.["odd key"] = "x" }', True),
    ],
)
def test_json(pattern: str, expected: bool) -> None:
    assert compiled(pattern)(DOCUMENT) is expected
    assert not compiled(pattern)("not JSON")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, id, user, timestamp, request, status_code, size]", True),
        ("[ip, id, user, timestamp, request, status_code = 4*, size]", True),
        ("[ip, id, user, timestamp, request, status_code = 404, size > 1500]", True),
        ("[ip, id, user, timestamp, request, status_code = 2*, size]", False),
        ("[ip, user]", False),
        ("[..., status_code = 404, size]", True),
        ("[ip = 127.*, ..., size < 1000]", False),
        ("[ip, id, user, timestamp, request = *apache_pb*, ...]", True),
    ],
)
def test_fields(pattern: str, expected: bool) -> None:
    assert compiled(pattern)(ACCESS) is expected


@pytest.mark.parametrize(
    "pattern", ["{ $.a = 1", "[a, b", "{ $.a }", "{ $.a ~ 1 }", "{ ($.a = 1 }", "{ $.a = 1 ) }"]
)
def test_what_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compiled(pattern)


@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z"), exclude_characters='"%?-{[')))
def test_a_word_is_looked_for_as_it_stands(word: str) -> None:
    assert compiled(word)(f"before {word} after")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_numbers_compare_as_numbers(value: float, bound: float) -> None:
    message = json.dumps({"n": value})
    assert compiled(f"{{ $.n < {bound!r} }}")(message) is (value < bound)
    assert compiled(f"{{ $.n = {bound!r} }}")(message) is (value == bound)


@pytest.mark.parametrize("pattern", ["%(a+)+$%", "%[a%", "%some!%", "{ $.a = %[% }", "%a{2,1}%"])
def test_a_regular_expression_that_aws_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="%"):
        compiled(pattern)


TEXTS = st.text("ab*", max_size=8)


@given(TEXTS, st.text("ab", max_size=12))
def test_stars_stand_for_anything(pattern: str, text: str) -> None:
    wanted = re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text)
    test = compiled(f'{{ $.a = "{pattern}" }}')
    assert test(json.dumps({"a": text})) is (wanted is not None)


def test_many_stars_take_no_time() -> None:
    """By going back, this took years."""
    assert not compiled(f'{{ $.a = "{"*a" * 30}*b" }}')(json.dumps({"a": "a" * 20_000}))


def test_a_pattern_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        compiled("{ " + "(" * 5_000 + "$.a = 1" + ")" * 5_000 + " }")
