"""What SQL versions change (developer guide, iot-rule-sql-version and each function's version)."""

from __future__ import annotations

import pytest
from iot_sql_lab import answer, sent, value

from lambda_nb.engine.iot.sql import EvaluationError, SqlError, parse

OLD = "2015-10-08"


@pytest.mark.parametrize("version", ["2015-10-08", "2016-03-23", "beta"])
def test_the_three_versions(version: str) -> None:
    assert value("sql_version()", version=version) == version
    assert sent("SELECT a.b FROM 't' WHERE c > 1", {"a": {"b": 1}, "c": 2}, version) == '{"b":1}'


def test_another_version_is_refused() -> None:
    with pytest.raises(SqlError, match="no SQL version 2020-01-01"):
        parse("SELECT * FROM 't'", "2020-01-01")


@pytest.mark.parametrize(
    "expression",
    [
        "[1]",
        "{'a': 1}",
        "(SELECT * FROM a)",
        "cast(a AS Bool)",
        "cast(a AS Boolean)",
        "cast(a AS Decimal)",
        "decode(a, 'base64')",
        "encode(a, 'base64')",
        "get_dynamodb('t', 'k', 'v', 'role')",
        "get_or_default(a)",
        "get_registry_data('DescribeThing', 'x', 'role')",
        "get_thing_shadow('x', 'role')",
        "indexof('a', 'b')",
        "isNull(a)",
        "isUndefined(a)",
        "length('a')",
        "numbytes('a')",
        "parse_time('yyyy', 0)",
        "sourceip()",
        "time_to_epoch('2020', 'yyyy')",
        "transform('enrichArray', a, b)",
    ],
)
def test_what_the_first_version_does_not_have(expression: str) -> None:
    parse(f"SELECT {expression} AS x FROM 't'")
    with pytest.raises(SqlError, match=r"SQL version 2016-03-23 or later\. \(line 1, column"):
        parse(f"SELECT {expression} AS x FROM 't'", OLD)


def test_whole_decimals_are_ints_from_the_second_version_on() -> None:
    """iot-sql-data-types: 10.0 is processed as 10."""
    payload = b'{"a":10.0,"b":[1.50,2.0],"c":1E3}'
    sql = "SELECT a, b, c, 7.0 AS d FROM 't'"
    assert sent(sql, payload) == '{"a":10,"b":[1.50,2],"c":1000,"d":7}'
    assert sent(sql, payload, OLD) == '{"a":10.0,"b":[1.50,2.0],"c":1E+3,"d":7.0}'
    assert sent("SELECT 5.0 / 2 AS q FROM 't'", {}) == '{"q":2}'
    assert sent("SELECT 5.0 / 2 AS q FROM 't'", {}, OLD) == '{"q":2.5}'


def test_an_array_at_the_top_needs_the_second_version() -> None:
    """iot-sql-select."""
    assert answer("SELECT VALUE arr FROM 't'", {"arr": [1]}) == [1]
    assert answer("SELECT VALUE a FROM 't'", {"a": "x"}, OLD) == "x"
    with pytest.raises(EvaluationError, match="2016-03-23"):
        answer("SELECT VALUE arr FROM 't'", {"arr": [1]}, OLD)
