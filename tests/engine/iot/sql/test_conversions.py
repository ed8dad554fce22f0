"""The tables of iot-sql-data-types, of cast() and of the functions, row by row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from iot_sql_lab import UNDEFINED, sent, value

from lambda_nb.engine.iot.sql import casts, json_text, values

ARRAY = [1, Decimal("1.5"), True, "a", None]
OBJECT = {"a": 1, "b": "x", "c": None, "d": False}
JSON_ARRAY = '[1,1.5,true,"a",null]'
JSON_OBJECT = '{"a":1,"b":"x","c":null,"d":false}'
BIG = Decimal("-2.411E247")

STRINGS = [("0", "0"), ("-1.2", "-1.2"), ("5E-12", "5E-12"), ("5e3", "5E+3"), ("007", "7")]
NOT_NUMBERS = ["", " 1", "1 ", "+1", ".5", "5.", "1e+3", "0x10", "NaN", "Infinity", "1_000", "١"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, 5), (Decimal("1.5"), Decimal("1.5")), (True, UNDEFINED), (ARRAY, UNDEFINED),
     (OBJECT, UNDEFINED), (None, UNDEFINED), (UNDEFINED, UNDEFINED)],
)  # fmt: skip
def test_to_decimal(given: Any, expected: Any) -> None:
    assert values.to_number(given) == expected


@pytest.mark.parametrize(("text", "expected"), STRINGS)
def test_texts_that_are_numbers(text: str, expected: str) -> None:
    assert values.to_number(text) == Decimal(expected)


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_texts_that_are_no_numbers(text: str) -> None:
    assert values.to_number(text) is UNDEFINED


def test_numbers_beyond_the_range_are_undefined() -> None:
    assert values.to_number("9E999") == Decimal("9E999")
    assert values.to_number("1E1000") is UNDEFINED
    assert values.to_number("1E99999999999999999999") is UNDEFINED


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, 5), (Decimal("1.5"), 2), (Decimal("-1.5"), -2), (Decimal("1.4"), 1), ("1.9", 1),
     ("-1.9", -1), ("x", UNDEFINED), (True, UNDEFINED), (ARRAY, UNDEFINED), (OBJECT, UNDEFINED),
     (None, UNDEFINED), (UNDEFINED, UNDEFINED), (BIG, int(BIG))],
)  # fmt: skip
def test_to_int(given: Any, expected: Any) -> None:
    assert values.to_int(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0, UNDEFINED), (1, UNDEFINED), (Decimal("1.5"), UNDEFINED), (True, True), (False, False),
     ("true", True), ("FALSE", False), ("yes", UNDEFINED), (ARRAY, UNDEFINED),
     (OBJECT, UNDEFINED), (None, UNDEFINED), (UNDEFINED, UNDEFINED)],
)  # fmt: skip
def test_to_boolean(given: Any, expected: Any) -> None:
    assert values.to_boolean(given) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, "5"), (10**33, "1" + "0" * 33), (Decimal("1.50"), "1.50"), (Decimal("1E-7"), "1E-7"),
     (BIG, "-2.411E+247"), (True, "true"), (False, "false"), ("x", "x"), (ARRAY, JSON_ARRAY),
     (OBJECT, JSON_OBJECT), (None, UNDEFINED), (UNDEFINED, UNDEFINED)],
)  # fmt: skip
def test_to_text(given: Any, expected: Any) -> None:
    assert json_text.to_text(given) == expected


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("int", 5, 5), ("int", Decimal("1.9"), 1), ("int", Decimal("-1.1"), -2),
        ("integer", "1.9", 1), ("int", "5E-12", 0), ("int", True, 1), ("int", False, 0),
        ("int", "true", UNDEFINED), ("int", None, UNDEFINED), ("int", ARRAY, UNDEFINED),
        ("decimal", 5, 5), ("decimal", Decimal("1.5"), Decimal("1.5")), ("decimal", "10.0", 10),
        ("decimal", True, 1), ("decimal", OBJECT, UNDEFINED), ("decimal", UNDEFINED, UNDEFINED),
        ("double", Decimal("0.1234567890123456789"), Decimal("0.12345678901234568")),
        ("double", 5, 5), ("double", False, 0), ("double", "x", UNDEFINED),
        ("double", Decimal("1E400"), UNDEFINED),
        ("bool", 0, False), ("bool", 7, True), ("boolean", Decimal("0.0"), False),
        ("boolean", Decimal("0.5"), True), ("bool", True, True), ("bool", "TRUE", True),
        ("bool", "no", UNDEFINED), ("bool", None, UNDEFINED), ("bool", ARRAY, UNDEFINED),
        ("string", 5, "5"), ("nvarchar", Decimal("1.5"), "1.5"), ("text", True, "true"),
        ("ntext", "x", "x"), ("varchar", ARRAY, JSON_ARRAY), ("string", OBJECT, JSON_OBJECT),
        ("string", None, UNDEFINED), ("string", UNDEFINED, UNDEFINED),
    ],
)  # fmt: skip
def test_cast(kind: str, given: Any, expected: Any) -> None:
    found = casts.CASTS[kind](given)
    assert found == expected
    assert isinstance(found, bool) is isinstance(expected, bool)


PAYLOAD = {"int": 5, "dec": 2.5, "yes": True, "text": "abc", "num": "2.5", "arr": [1], "obj": {},
           "nil": None}  # fmt: skip
OF_NUMBERS = [
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "exp", "floor", "ln", "log", "round",
    "sign", "sin", "sinh", "sqrt", "tan", "tanh", "bitnot", "chr",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("argument", ["yes", "text", "arr", "obj", "nil", "missing"])
def test_functions_of_numbers_do_not_take(name: str, argument: str) -> None:
    assert value(f"{name}({argument})", PAYLOAD) is UNDEFINED


@pytest.mark.parametrize("name", sorted(set(OF_NUMBERS) - {"acos", "asin"}))
def test_functions_of_numbers_take_numbers_as_text(name: str) -> None:
    assert value(f"{name}(num)", PAYLOAD) == value(f"{name}(dec)", PAYLOAD)


@pytest.mark.parametrize(
    "name",
    ["lower", "upper", "trim", "ltrim", "rtrim", "length", "numbytes", "md2", "md5", "sha1",
     "sha224", "sha256", "sha384", "sha512"],
)  # fmt: skip
def test_functions_of_text(name: str) -> None:
    assert value(f"{name}(nil)", PAYLOAD) is UNDEFINED
    assert value(f"{name}(missing)", PAYLOAD) is UNDEFINED
    assert value(f"{name}(yes)", PAYLOAD) == value(f"{name}('true')")
    assert value(f"{name}(arr)", PAYLOAD) == value(f"{name}('[1]')")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("acos(2)", UNDEFINED), ("asin(-2)", UNDEFINED), ("sqrt(-1)", UNDEFINED),
        ("ln(0)", UNDEFINED), ("log(-1)", UNDEFINED), ("exp(1000)", UNDEFINED),
        ("power(0, -1)", UNDEFINED), ("power(-8, 0.5)", UNDEFINED), ("power('2', 3)", 8),
        ("atan2('1', 0)", Decimal("1.5707963267948966")), ("atan2(nil, 0)", UNDEFINED),
        ("mod(8, 0)", UNDEFINED), ("mod(-8, 3)", -2), ("mod(5.5, 2)", Decimal("1.5")),
        ("remainder('8', '3')", 2), ("mod(yes, 3)", UNDEFINED),
        ("bitand(13.9, '5.9')", 5), ("bitand(-1.5, 7)", 6), ("bitor(yes, 1)", UNDEFINED),
        ("bitnot(0)", 1), ("bitnot(255)", 0), ("bitnot(-3)", 2), ("bitnot(13.7)", 2),
        ("chr(65.9)", "A"), ("chr('65')", "A"), ("chr(128)", UNDEFINED), ("chr(-1)", UNDEFINED),
        ("ceil('1.2')", 2), ("floor('-1.2')", -2), ("round('2.5')", 3), ("round(0.5)", 1),
        ("sign(-0.5)", -1), ("sign('-7')", -1),
        ("trunc(5, 2)", 5), ("trunc('2.888', 1)", Decimal("2.8")), ("trunc(2.888, '1')", UNDEFINED),
        ("trunc(2.888, 1.9)", Decimal("2.8")), ("trunc(2.888, -5)", 2),
        ("trunc(2.888, 99)", Decimal("2.888")), ("trunc(yes, 1)", UNDEFINED),
        ("nanvl(missing, 3)", 3), ("nanvl(nil, 3)", 3), ("nanvl('x', 3)", "x"),
        ("lpad('a', 1.9)", " a"), ("lpad('a', '2')", "  a"), ("lpad('a', -5)", "a"),
        ("length(rpad('a', 5000))", 1001), ("rpad(nil, 1)", UNDEFINED),
        ("lpad('a', yes)", UNDEFINED), ("rpad(arr, 1)", "[1] "),
        ("substring('abc', nil)", UNDEFINED), ("substring('abc', 1, nil)", UNDEFINED),
        ("substring(nil, 1)", UNDEFINED), ("substring('abc', '1')", "bc"),
        ("substring('abc', 9)", ""),
        ("startswith(123, 12)", True), ("endswith(nil, 'l')", UNDEFINED),
        ("startswith('a', missing)", UNDEFINED),
        ("indexof('abcd', 'x')", -1), ("indexof(12345, 34)", 2), ("indexof(nil, 'a')", UNDEFINED),
        ("replace(121, 1, 'x')", "x2x"), ("replace('a', nil, 'x')", UNDEFINED),
        ("concat('a', 1.5, yes)", "a1.5true"), ("concat('a', nil)", UNDEFINED),
        ("concat('a', missing)", UNDEFINED), ("concat(arr, nil, missing)", [1, None]),
        ("concat(obj)", {}), ("concat('a', obj)", "a{}"),
        ("get(arr, 0.4)", 1), ("get(arr, '0')", 1), ("get(arr, 1)", UNDEFINED),
        ("get(arr, -1)", UNDEFINED), ("get('abc', 'x')", UNDEFINED), ("get(obj, 0)", UNDEFINED),
        ("get(5, 0)", UNDEFINED), ("get(missing, 0)", UNDEFINED), ("get(*, 'int')", 5),
        ("isNull(nil)", True), ("isNull(missing)", False),
        ("isUndefined(nil)", False), ("isUndefined(missing)", True),
        ("trim('\t a \n')", "a"), ("ltrim('\t a ')", "a "), ("rtrim(' a \t')", " a"),
    ],
)  # fmt: skip
def test_functions_on_the_edge(expression: str, expected: Any) -> None:
    found = value(expression, PAYLOAD)
    assert found == expected
    assert (found is UNDEFINED) is (expected is UNDEFINED)


@pytest.mark.parametrize(
    "expression",
    ["abs()", "abs(1, 2)", "topic(1, 2)", "accountid(1)", "rand(1)", "substring('a')",
     "concat()", "transform('enrichArray')", "decode('a')", "parse_time('yyyy')",
     "get_or_default()", "aws_lambda('x')", "get_dynamodb('a', 'b')", "newuuid(1)"],
)  # fmt: skip
def test_wrong_numbers_of_arguments_are_undefined(expression: str) -> None:
    """iot-sql-data-types, "Undefined"."""
    assert value(expression) is UNDEFINED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sha1", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
        ("sha224", "ea09ae9cc6768c50fcee903ed054556e5bfc8347907f12598aa24193"),
        ("sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        ("sha384", "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90"
                   "125a3c79f90397bdf5f6a13de828684f"),
        ("sha512", "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
                   "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"),
    ],
)  # fmt: skip
def test_hashes(name: str, expected: str) -> None:
    assert value(f"{name}('hello')") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "8350e5a3e24c153df2275c9f80692773"),
        ("a", "32ec01ec4a6dac72c0ab96fb34c0b5d1"),
        ("abcdefghijklmnopqrstuvwxyz", "4e8ddff3650292ab5a4108c3aa47940b"),
    ],
)
def test_md2_by_rfc_1319(text: str, expected: str) -> None:
    assert value(f"md2('{text}')") == expected


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a":0.1234567890123456789012345678901234}',
        b'{"a":123456789012345678901234567890.5}',
        b'{"a":12345678901234567890123456789012345678901234567890}',
        b'{"a":[1.10,-0.5,1E-7,{"b":"\xc3\xa9\\u0001"}],"c":null,"d":true}',
    ],
)
def test_numbers_and_texts_stay_exact(payload: bytes) -> None:
    assert sent("SELECT * FROM 't'", payload) == payload.decode()


def test_what_goes_out_is_compact_and_in_utf_8() -> None:
    assert sent("SELECT * FROM 't'", b'{ "a" : [ 1 , 2.5 ] , "b" : "\\u00e9 \\"q\\" \\/" }') == (
        '{"a":[1,2.5],"b":"é \\"q\\" /"}'
    )
    assert sent("SELECT VALUE a FROM 't'", b'{"a":"\\ud800"}') == '"?"'
    assert sent("SELECT a, b FROM 't'", b'{"a":{"x":2.5},"b":{}}') == '{"a":{"x":2.5},"b":{}}'
