"""What is not SQL is refused with a sentence that says where and what was expected."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from iot_sql_lab import sent, value

from lambda_nb.engine.iot.sql import SqlError, parse


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("", "Expected SELECT or SET but found the end at line 1, column 1."),
        ("   ", "Expected SELECT or SET but found the end at line 1, column 4."),
        ("UPDATE x", "Expected SELECT or SET but found 'UPDATE x' at line 1, column 1."),
        ("SELECT", 'Expected an expression, "*" or VALUE but found the end at line 1, column 7.'),
        (
            "SELECT *\nFROM",
            "Expected a text in quotes or a topic filter but found the end at line 2, column 5.",
        ),
        (
            "SELECT * FROM 'a' WHERE",
            "Expected an expression but found the end at line 1, column 24.",
        ),
        (
            "SELECT a, FROM 't'",
            'Expected an operator, "(", ",", AS, FROM, WHERE or the end but found "\'t\'" at'
            " line 1, column 16.",
        ),
        (
            "SELECT a FROM 't' ORDER BY a",
            "Expected WHERE or the end but found 'ORDER BY a' at line 1, column 19.",
        ),
        (
            "SELECT f(1, FROM 't'",
            'Expected an operator, "(", ")" or "," but found "\'t\'" at line 1, column 18.',
        ),
        (
            "SELECT a[0] FROM 't'",
            'Expected an operator, "(", ",", AS, FROM, WHERE or the end but found "[0] FROM \'t\'"'
            " at line 1, column 9. Items of arrays are read by get(array, index).",
        ),
        (
            "SELECT a FROM 't' WHERE a != 3",
            "Expected an operator, \"(\" or the end but found '!= 3' at line 1, column 27. Not"
            " equal is written <>.",
        ),
        (
            "SELECT * FROM 't';",
            "Expected WHERE or the end but found ';' at line 1, column 18. A statement has no"
            " semicolon at its end.",
        ),
        (
            "SELECT * FROM 't' -- all",
            "Expected WHERE or the end but found '-- all' at line 1, column 19. Comments are not"
            " supported.",
        ),
        (
            "SELECT CASE a END AS b FROM 't'",
            'Expected an operator, "(" or WHEN but found "END AS b FROM \'t\'" at line 1,'
            " column 15.",
        ),
        (
            "SELECT CASE WHEN a > 1 THEN 2 END AS b FROM 't'",
            "Expected an expression but found 'WHEN a > 1 THEN 2 EN' at line 1, column 13. A"
            " condition is chosen by CASE condition WHEN true THEN ... ELSE ... END.",
        ),
        ("SELECT a.0 FROM 't'", "Expected a name but found \"0 FROM 't'\" at line 1, column 10."),
    ],
)
def test_sentences(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError) as error:
        parse(sql)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT nothing(1) AS a FROM 't'", r"There is no function nothing\. \(line 1, column 8\)"),
        ("SELECT cast(a AS date) AS a FROM 't'", "There is no type date to cast to"),
        ("SELECT VALUE a AS b FROM 't'", "SELECT VALUE gives no name, so it takes no AS"),
        ("SELECT VALUE * AS b FROM 't'", "SELECT VALUE gives no name, so it takes no AS"),
        ("SELECT VALUE a, b FROM 't'", "but found"),
        ("SELECT 1E5000 AS a FROM 't'", "out of range: numbers go up to 9.99E999"),
        ("SELECT " + "[" * 5000 + "]" * 5000 + " AS a FROM 't'", "nested too deeply"),
        ("SELECT * WHERE " + "NOT " * 5000 + "a", "nested too deeply"),
        ("SELECT 'open FROM 't'", "but found"),
        ("SELECT `a-b` FROM 't'", r'get\(\*, "name"\)'),
        ("SELECT ${a} FROM 't'", "Substitution templates stand in the fields of actions"),
        ("SELECT * FROM 't' WHERE 5abc", "but found"),
    ],
)
def test_refused(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence):
        parse(sql)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("'a'", "a"),
        ('"a"', "a"),
        ("'it''s'", "it's"),
        ('"say ""hi"""', 'say "hi"'),
        (r"'it\'s'", "it's"),
        (r'"\"\\"', '"\\'),
        (r"'\d+'", r"\d+"),
        (r"'\\d+'", r"\d+"),
        ("'a\"\"b'", 'a""b'),
        ("'line\nbreak'", "line\nbreak"),
        ("''", ""),
        ("'é€'", "é€"),
    ],
)
def test_texts(literal: str, text: str) -> None:
    assert value(literal) == text


@pytest.mark.parametrize(
    ("sql", "payload", "expected"),
    [
        ("select VALUE from 't'", {"VALUE": 1}, '{"VALUE":1}'),
        ("select value, a from 't' where value > 0", {"value": 1, "a": 2}, '{"value":1,"a":2}'),
        ("select value.x as y from 't'", {"value": {"x": 1}}, '{"y":1}'),
        ("select value value from 't'", {"value": 1}, "1"),
        ("select value (value) from 't'", {"value": 1}, "1"),
        ("select value -1 from 't'", {}, "-1"),
        ("select value + 1 as x from 't'", {"value": 1}, '{"x":2}'),
        ("select a.value, a.end, a.case from 't'", {"a": {"value": 1, "end": 2, "case": 3}},
         '{"value":1,"end":2,"case":3}'),
        ("Select a As end From 't' Where Not a = 2", {"a": 1}, '{"end":1}'),
        ("SELECT cast FROM 't' WHERE exists = 2", {"cast": 1, "exists": 2}, '{"cast":1}'),
        ("SELECT from_a, order, sets FROM 't'", {"from_a": 1, "order": 2, "sets": 3},
         '{"from_a":1,"order":2,"sets":3}'),
        ("SELECT\n\t*\r\nFROM\n't'\nWHERE\na=1 AND b=2", {"a": 1, "b": 2}, '{"a":1,"b":2}'),
        ("SELECT größe, _x, x1 FROM 't'", {"größe": 1, "_x": 2, "x1": 3},
         '{"größe":1,"_x":2,"x1":3}'),
        ("SELECT {} AS a, [] AS b FROM 't'", {}, '{"a":{},"b":[]}'),
    ],
)  # fmt: skip
def test_keywords_are_names_where_no_keyword_can_stand(
    sql: str, payload: Any, expected: str
) -> None:
    assert sent(sql, payload) == expected


def test_lark_is_loaded_with_the_first_statement() -> None:
    program = (
        "import sys, lambda_nb.engine.iot.sql as sql\n"
        "assert 'lark' not in sys.modules\n"
        "sql.parse('SELECT *')\n"
        "assert 'lark' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
