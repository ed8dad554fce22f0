"""The tables of iot-sql-operators, row by row; precedence; CASE."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest
from iot_sql_lab import UNDEFINED, answer, value

from lambda_nb.engine.iot.sql import NO_MATCH

PAYLOAD = {"t": True, "f": False, "i": 5, "d": 2.5, "s": "abc", "n": "2.5", "a": [1, "x"],
           "o": {"p": 1, "q": 2}, "nil": None}  # fmt: skip


def of(expression: str) -> Any:
    return value(expression, PAYLOAD)


TRUTH = {"t": True, "f": False, "'TRUE'": True, "'False'": False, "i": UNDEFINED,
         "missing": UNDEFINED, "nil": UNDEFINED, "s": UNDEFINED}  # fmt: skip


@pytest.mark.parametrize(("left", "right"), list(itertools.product(TRUTH, TRUTH)))
def test_and_or(left: str, right: str) -> None:
    """Undefined is neither: what the other side decides alone is decided."""
    a, b = TRUTH[left], TRUTH[right]
    if a is False or b is False:
        assert of(f"{left} AND {right}") is False
    else:
        assert of(f"{left} AND {right}") is (True if a is True and b is True else UNDEFINED)
    if a is True or b is True:
        assert of(f"{left} OR {right}") is True
    else:
        assert of(f"{left} OR {right}") is (False if a is False and b is False else UNDEFINED)


@pytest.mark.parametrize("operand", sorted(TRUTH))
def test_not(operand: str) -> None:
    truth = TRUTH[operand]
    assert of(f"NOT {operand}") is (UNDEFINED if truth is UNDEFINED else not truth)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 IN a", True), ("'x' IN a", True), ("2 IN a", False), ("1.0 IN a", True),
        ("nil IN [null]", True), ("[1] IN [[1]]", True), ("o IN [{'q': 2, 'p': 1}]", True),
        ("'1' IN a", False), ("t IN [1]", False), ("1 IN s", UNDEFINED), ("1 IN o", UNDEFINED),
        ("missing IN a", UNDEFINED), ("1 IN missing", UNDEFINED), ("NOT 1 IN a", False),
    ],
)  # fmt: skip
def test_in(expression: str, expected: Any) -> None:
    assert of(expression) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("i > 4", True), ("i > 5", False), ("i >= 5", True), ("i < 6", True), ("i <= 4", False),
        ("i > d", True), ("d < i", True), ("n < i", True), ("'10' > '9'", True),
        ("d >= n", True), ("d <= n", True), ("s > 1", UNDEFINED), ("1 < s", UNDEFINED),
        ("t > 0", UNDEFINED), ("a > 1", UNDEFINED), ("o < 1", UNDEFINED), ("nil < 1", UNDEFINED),
        ("missing > 1", UNDEFINED), ("1 <= missing", UNDEFINED), ("s < 'b'", UNDEFINED),
    ],
)  # fmt: skip
def test_order(expression: str, expected: Any) -> None:
    assert of(expression) is expected


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("i", "5", True), ("i", "4", False), ("d", "2.50", True), ("i", "5.0", True),
        ("s", "'abc'", True), ("s", "'ABC'", False), ("a", "[1, 'x']", True),
        ("a", "['x', 1]", False), ("a", "[1]", False), ("a", "[true, 'x']", False),
        ("o", "{'q': 2, 'p': 1.0}", True), ("o", "{'p': 1}", False), ("nil", "null", True),
        ("t", "true", True), ("t", "false", False), ("t", "1", False), ("n", "d", False),
        ("i", "'5'", False), ("nil", "0", False), ("a", "o", False), ("t", "'true'", False),
        ("missing", "5", UNDEFINED), ("5", "missing", UNDEFINED), ("missing", "nil", UNDEFINED),
        ("missing", "missing", UNDEFINED),
    ],
)  # fmt: skip
def test_equality(left: str, right: str, same: Any) -> None:
    assert of(f"{left} = {right}") is same
    assert of(f"{left} <> {right}") is (UNDEFINED if same is UNDEFINED else not same)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("s + 5", "abc5"), ("5 + s", "5abc"), ("s + d", "abc2.5"), ("s + t", "abctrue"),
        ("s + a", 'abc[1,"x"]'), ("s + o", 'abc{"p":1,"q":2}'), ("s + nil", UNDEFINED),
        ("missing + s", UNDEFINED), ("'1' + '2'", "12"), ("i + 1", 6),
        ("i + d", Decimal("7.5")), ("d + d", 5), ("t + 1", UNDEFINED), ("a + a", UNDEFINED),
        ("nil + 1", UNDEFINED), ("missing + 1", UNDEFINED),
        ("i - 7", -2), ("i - d", Decimal("2.5")), ("n - 1", Decimal("1.5")), ("s - 1", UNDEFINED),
        ("t - 1", UNDEFINED), ("a - 1", UNDEFINED),
        ("i * 3", 15), ("d * 2", 5), ("n * n", Decimal("6.25")), ("s * 2", UNDEFINED),
        ("7 / 2", 3), ("-7 / 2", -3), ("7 / -2", -3), ("i / d", 2), ("7 / 2.5", Decimal("2.8")),
        ("'7' / 2", Decimal("3.5")), ("1 / 0", UNDEFINED), ("1.5 / 0", UNDEFINED),
        ("0.0 / 0", UNDEFINED), ("s / 2", UNDEFINED),
        ("7 % 3", 1), ("-7 % 3", -1), ("7 % -3", 1), ("5.5 % 2", Decimal("1.5")), ("'7' % 4", 3),
        ("7 % 0", UNDEFINED), ("1.5 % 0", UNDEFINED), ("s % 2", UNDEFINED),
        ("-i", -5), ("-n", Decimal("-2.5")), ("-s", UNDEFINED), ("(+n)", Decimal("2.5")),
        ("--i", 5), ("-nil", UNDEFINED),
    ],
)  # fmt: skip
def test_arithmetic(expression: str, expected: Any) -> None:
    found = of(expression)
    assert found == expected
    assert (found is UNDEFINED) is (expected is UNDEFINED)


def test_kinds_of_results() -> None:
    assert type(of("i * 2")) is int
    assert type(of("7 / 2")) is int
    assert isinstance(of("d + d"), Decimal)
    assert isinstance(of("'4' - 1"), Decimal)


def test_thirty_four_digits() -> None:
    """iot-sql-data-types."""
    assert of("9999999999999999999999999999999999 + 0") == 10**34 - 1
    assert of("9999999999999999999999999999999999 + 2") == Decimal("1E34")
    assert of("1.0 / 3") == 0  # 1.0 is an Int from SQL 2016-03-23 on
    assert str(of("1.5 / 9")) == "0.1666666666666666666666666666666667"
    assert of("1.5E999 * 10") is UNDEFINED
    assert of("1.5E-999 / 1E30") == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("100 / 10 / 2", 5),
        ("2 * 7 % 4", 2), ("1 + 1 = 2", True), ("1 = 1 AND 2 = 3", False),
        ("true OR true AND false", True), ("(true OR true) AND false", False),
        ("NOT true OR true", True), ("NOT (true OR true)", False), ("NOT 1 = 2", True),
        ("-2 * -3", 6), ("1 < 2 = true", True), ("3 IN [1 + 2]", True), ("1 + 2 IN [3]", True),
        ("-o.p", -1), ("not false and not false", True),
    ],
)  # fmt: skip
def test_precedence(expression: str, expected: Any) -> None:
    assert of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CASE i WHEN 4 THEN 'a' WHEN 5 THEN 'b' WHEN 5 THEN 'c' END", "b"),
        ("CASE i WHEN 4 THEN 'a' ELSE 'z' END", "z"),
        ("CASE i WHEN 4 THEN 'a' END", UNDEFINED),
        ("CASE missing WHEN missing THEN 'a' ELSE 'z' END", UNDEFINED),
        ("CASE i WHEN missing THEN 'a' ELSE 'z' END", "z"),
        ("CASE nil WHEN null THEN 'a' END", "a"),
        ("CASE i > 4 WHEN true THEN 'a' ELSE 'b' END", "a"),
        ("CASE missing > 4 WHEN true THEN 'a' ELSE 'b' END", UNDEFINED),
        ("CASE i WHEN 5 THEN CASE d WHEN 2.5 THEN 1 END END", 1),
    ],
)
def test_case(expression: str, expected: Any) -> None:
    assert of(expression) == expected


@pytest.mark.parametrize(
    ("where", "matches"),
    [("t", True), ("f", False), ("'true'", True), ("1", False), ("missing", False),
     ("nil", False), ("missing = 1", False), ("missing <> 1", False), ("NOT missing", False),
     ("i = 5 OR missing = 1", True)],
)  # fmt: skip
def test_where(where: str, matches: bool) -> None:
    found = answer(f"SELECT i FROM 't' WHERE {where}", PAYLOAD)
    assert (found is not NO_MATCH) is matches
