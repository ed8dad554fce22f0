"""What holds for any statement, any payload and any numbers."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from iot_sql_lab import UNDEFINED, World, message

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.sql import (
    NO_MATCH,
    EvaluationError,
    SqlError,
    json_text,
    operators,
    parse,
    parse_template,
    to_payload,
    values,
)
from lambda_nb.engine.iot.sql.functions.table import FUNCTIONS

VERSIONS = ["2015-10-08", "2016-03-23", "beta"]
WORDS = [
    "SELECT", "FROM", "WHERE", "VALUE", "AS", "SET", "CASE", "WHEN", "THEN", "ELSE", "END", "AND",
    "OR", "NOT", "IN", "EXISTS", "NULL", "TRUE", "cast", "(", ")", "[", "]", "{", "}", ",", ".",
    ":", "*", "+", "-", "/", "%", "=", "<>", "<", ">=", "a", "b", "value", "@v", "'t/+'", '"x"',
    "1", "2.5", "1E5", "''", "${", "`", "get", "topic", "\\", "é", "\0", "'", '"',
]  # fmt: skip


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)),
       st.sampled_from(VERSIONS))  # fmt: skip
@settings(max_examples=600, deadline=None)
@example("SELECT '\\", "beta")
@example("SELECT @", "beta")
def test_parse_raises_only_its_own_error(sql: str, version: str) -> None:
    for text in (sql, f"SELECT {sql} FROM 't'", f"SELECT * FROM 't' WHERE {sql}"):
        with contextlib.suppress(SqlError):
            parse(text, version).evaluate_now(message({"a": 1, "b": [1]}), World())
    with contextlib.suppress(SqlError):
        parse_template(f"${{{sql}}}", version)


NAMES = st.sampled_from(["a", "b", "a.b", "missing", "b.c.d", "value"])
LITERALS = st.one_of(
    st.integers(-50, 10**36).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=0).map(lambda d: f"{d:f}"),
    st.text(max_size=6).map(lambda text: "'" + text.replace("\\", "").replace("'", "''") + "'"),
    st.sampled_from(["true", "false", "null", "1E900", "5E-900", "'true'", "'5'"]),
)
CALLABLE = sorted(name for name, function in FUNCTIONS.items() if not function.outside)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from([*operators.OF_TWO, "AND", "OR"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(st.sampled_from(["NOT", "-"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(CALLABLE), st.lists(inner, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        ),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        inner.map(lambda value: f"{{'k': {value}}}"),
        st.tuples(inner, inner, inner).map(lambda p: "CASE {} WHEN {} THEN {} END".format(*p)),
        st.tuples(inner, st.sampled_from(["int", "double", "decimal", "bool", "string"])).map(
            lambda parts: f"cast({parts[0]} AS {parts[1]})"
        ),
        st.tuples(inner, inner, inner).map(
            lambda p: "(SELECT {} AS x, * FROM {} AS e WHERE {})".format(*p)
        ),
        inner.map(lambda value: f"get_or_default({value}, 1)"),
        st.just("get(*, 'a')"),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, LITERALS), _grow, max_leaves=12)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b", "c", "d", "value", "é"]), inner, max_size=4),
    ),
    max_leaves=10,
)  # fmt: skip


@given(EXPRESSIONS, st.one_of(JSON.map(lambda v: json.dumps(v).encode()), st.binary(max_size=20)))
@settings(max_examples=600, deadline=None)
def test_evaluation_gives_a_value_or_its_own_error(expression: str, payload: bytes) -> None:
    try:
        query = parse(f"SELECT {expression} AS x, * FROM 't' WHERE NOT isNull({expression})")
    except SqlError as error:
        assert "not supported" in str(error), expression  # noqa: PT017
        return
    with contextlib.suppress(EvaluationError):
        found = query.evaluate_now(Message("a/b", payload), World())
        if found is not NO_MATCH:
            json.loads(to_payload(found))


@given(JSON.filter(lambda value: isinstance(value, (dict, list))))
def test_json_is_read_and_written_exactly(value: Any) -> None:
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    read = json_text.read(json.dumps(value), whole_as_int=False)
    written = json_text.write(read)
    assert json.loads(written) == value
    assert json_text.read(written, whole_as_int=False) == read
    if not any(sign in compact for sign in ("e", "E")):
        assert written == compact


NUMBERS = st.one_of(
    st.integers(-(10**33), 10**33),
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    ),
)


@given(NUMBERS, NUMBERS)
def test_arithmetic_against_exact_fractions(left: Any, right: Any) -> None:
    with localcontext() as exact:
        exact.prec = 200
        a, b = Decimal(left), Decimal(right)
        _same(operators.add(left, right), a + b)
        _same(operators.subtract(left, right), a - b)
        _same(operators.multiply(left, right), a * b)
        if not right:
            assert operators.divide(left, right) is UNDEFINED
            assert operators.modulo(left, right) is UNDEFINED
            return
        both_ints = isinstance(left, int) and isinstance(right, int)
        _same(operators.divide(left, right), Decimal(int(a / b)) if both_ints else a / b)
        remainder = operators.modulo(left, right)
        if remainder is not UNDEFINED:  # there are numbers whose quotient has over 34 digits
            _same(remainder, a % b)


def _same(found: Any, exact: Decimal) -> None:
    """Whether a result is the exact one, rounded to 34 digits."""
    assert Decimal(found) == values.ARITHMETIC.plus(exact)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**6), 10**6).filter(bool))
def test_division_of_ints_gives_quotient_and_remainder(left: int, right: int) -> None:
    quotient, remainder = operators.divide(left, right), operators.modulo(left, right)
    assert quotient * right + remainder == left
    assert abs(remainder) < abs(right)
    assert remainder == 0 or (remainder < 0) is (left < 0)


@given(NUMBERS)
def test_rounding(number: Any) -> None:
    low, high, near = values.floor(number), values.ceil(number), values.nearest(number)
    assert low <= number <= high
    assert high - low <= 1
    assert abs(near - Decimal(number)) <= Decimal("0.5")


@given(JSON, JSON)
def test_equality_is_that_of_json(left: Any, right: Any) -> None:
    assert values.equal(left, left)
    assert values.equal(left, right) is values.equal(right, left)
    if values.equal(left, right):
        assert left == right


@given(st.text(max_size=30), st.text(max_size=30))
def test_texts_in_templates(before: str, after: str) -> None:
    before, after = before.replace("${", "").replace("@{", ""), after.replace("@{", "")
    after = after.replace("${", "").replace("{", "")
    before = before.rstrip("$@")
    template = parse_template(f"{before}${{topic()}}{after}")
    scope = parse("SELECT *").open(message({}, topic="t"), World())
    assert template.fill_now(scope) == f"{before}t{after}"
