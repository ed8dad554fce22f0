"""Every example of the developer guide's page iot-sql-functions, by function."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from iot_sql_lab import NOW_MS, TRACE, UNDEFINED, answer, sent, value

from lambda_nb.engine.iot.message import Properties

EXAMPLES: list[tuple[str, Any]] = [
    ("abs(-5)", 5),
    ('abs("-5.123")', Decimal("5.123")),  # iot-sql-data-types
    ("accountid()", "123456789012"),
    ("acos(0)", Decimal("1.5707963267948966")),
    ("asin(0)", 0),
    ("atan(0)", 0),
    ("atan2(1, 0)", Decimal("1.5707963267948966")),
    ("bitand(13, 5)", 5),
    ("bitor(8, 5)", 13),
    ("bitxor(13, 5)", 8),
    ("bitnot(13)", 2),
    ("cast(true as Int)", 1),
    ("ceil(1.2)", 2),
    ("ceil(-1.2)", -1),
    ("chr(65)", "A"),
    ("chr(49)", "1"),
    ("concat()", UNDEFINED),
    ("concat(1)", "1"),
    ("concat([1, 2, 3], 4)", [1, 2, 3, 4]),
    ('concat([1, 2, 3], "hello")', [1, 2, 3, "hello"]),
    ('concat("con", "cat")', "concat"),
    ('concat(1, "hello")', "1hello"),
    ('concat("he","is","man")', "heisman"),
    ('concat([1, 2, 3], "hello", [4, 5, 6])', [1, 2, 3, "hello", 4, 5, 6]),
    ("cos(0)", 1),
    ("cosh(2.3)", Decimal("5.037220649268761")),
    ('endswith("cat","at")', True),
    ("exp(1)", Decimal("2.718281828459045")),
    ("floor(1.2)", 1),
    ("floor(-1.2)", -2),
    ('get(["a", "b", "c"], 1)', "b"),
    ('get({"a":"b"}, "a")', "b"),
    ('get("abc", 0)', "a"),
    ('md2("hello")', "a9046c73e00331af68917d3804f70655"),
    ('md5("hello")', "5d41402abc4b2a76b9719d911017c592"),
    ('indexof("abcd", "bc")', 1),
    ("isNull(5)", False),
    ("isNull(Null)", True),
    ("isUndefined(5)", False),
    ("isUndefined(floor([1,2,3]))", True),
    ('length("hi")', 2),
    ("length(false)", 5),
    ("ln(1)", 0),
    ("log(100)", 2),
    ('lower("HELLO")', "hello"),
    ('lower(["HELLO"])', '["hello"]'),
    ('lpad("hello", 2)', "  hello"),
    ("lpad(1, 3)", "   1"),
    ('Ltrim(" h i ")', "h i "),
    ("mod(8, 3)", 2),
    ("Nanvl(8, 3)", 8),
    ('numbytes("hi")', 2),
    ('numbytes("€")', 3),
    (
        "parse_time(\"yyyy.MM.dd G 'at' HH:mm:ss z\", 100000000, 'America/Belize')",
        "1970.01.01 AD at 21:46:40 CST",
    ),
    ("parse_time(\"yyyy.MM.dd G 'at' HH:mm:ss z\", timestamp())", "2016.12.15 AD at 18:07:31 UTC"),
    ("parse_time('yyyy', timestamp(), 'UTC')", "2016"),
    ("power(2, 5)", 32),
    ('regexp_matches("aaaa", "a{2,}")', True),
    ('regexp_matches("aaaa", "b")', False),
    ('regexp_matches("aaa", "(aaa|bbb)")', True),
    ('regexp_matches("bbb", "(aaa|bbb)")', True),
    ('regexp_matches("ccc", "(aaa|bbb)")', False),
    ('regexp_replace("abcd", "bc", "x")', "axd"),
    ('regexp_replace("abcd", "b(.*)d", "$1")', "ac"),
    ('regexp_substr("hihihello", "hi")', "hi"),
    ('regexp_substr("hihihello", "(hi)*")', "hihi"),
    ("remainder(8, 3)", 2),
    ('replace("abcd", "bc", "x")', "axd"),
    ('replace("abcdabcd", "b", "x")', "axcdaxcd"),
    ('rpad("hello", 2)', "hello  "),
    ("rpad(1, 3)", "1   "),
    ("Round(1.2)", 1),
    ("Round(1.5)", 2),
    ("Round(1.7)", 2),
    ("Round(-1.1)", -1),
    ("Round(-1.5)", -2),
    ('rtrim(" h i ")', " h i"),
    ("sign(-7)", -1),
    ("sign(0)", 0),
    ("sign(13)", 1),
    ("sin(0)", 0),
    ("sinh(2.3)", Decimal("4.936961805545957")),
    ("sourceip()", "192.158.1.38"),
    ('substring("012345", 0)', "012345"),
    ('substring("012345", 2)', "2345"),
    ('substring("012345", 2.745)', "2345"),
    ("substring(123, 2)", "3"),
    ('substring("012345", -1)', "012345"),
    ("substring(true, 1.2)", "rue"),
    ("substring(false, -2.411E247)", "false"),
    ('substring("012345", 1, 3)', "12"),
    ('substring("012345", -50, 50)', "012345"),
    ('substring("012345", 3, 1)', ""),
    ("sql_version()", "2016-03-23"),
    ("sqrt(9)", 3),
    ('startswith("ranger","ran")', True),
    ("tan(3)", Decimal("-0.1425465430742778")),
    ("tanh(2.3)", Decimal("0.9800963962661914")),
    ('time_to_epoch("2020-04-03 09:45:18 UTC+01:00", "yyyy-MM-dd HH:mm:ss VV")', 1585903518000),
    ('time_to_epoch("18 December 2015", "dd MMMM yyyy")', 1450396800000),
    (
        'time_to_epoch("2007-12-03 10:15:30.592 America/Los_Angeles", "yyyy-MM-dd HH:mm:ss.SSS z")',
        1196705730592,
    ),
    ("timestamp()", NOW_MS),
    ("traceid()", TRACE),
    ('Trim(" hi ")', "hi"),
    ("trunc(2.3, 0)", 2),
    ("trunc(2.3123, 2)", Decimal("2.31")),
    ("trunc(2.888, 2)", Decimal("2.88")),
    ("trunc(2.00, 5)", 2),
    ('upper("hello")', "HELLO"),
    ('upper(["hello"])', '["HELLO"]'),
    ("clientid()", "sensor-1"),
    ("principal()", "ba67293af50bf250"),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_example(expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert isinstance(found, bool) is isinstance(expected, bool)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("asin(0)", "0.0"),
        ("atan(0)", "0.0"),
        ("log(100)", "2.0"),
        ("power(2, 5)", "32.0"),
        ("sin(0)", "0.0"),
        ("sqrt(9)", "3.0"),
        ("mod(8, 3)", "2"),
        ("ceil(1.2)", "2"),
        ("trunc(2.00, 5)", "2"),
    ],
)
def test_doubles_keep_their_point_and_ints_have_none(expression: str, expected: str) -> None:
    assert sent(f"SELECT VALUE {expression} FROM 't'") == expected


def test_sources_of_chance() -> None:
    found = answer("SELECT newuuid() AS a, newuuid() AS b, rand() AS c FROM 't'")
    assert len(found["a"]) == 36
    assert found["a"] != found["b"]
    assert 0 <= found["c"] < 1


def test_decode_base64() -> None:
    payload = {"encoded_temp": "eyAidGVtcGVyYXR1cmUiOiAzMyB9Cg=="}
    sql = "SELECT decode(encoded_temp,\"base64\").temperature AS temp from 'topic/subtopic'"
    assert sent(sql, payload) == '{"temp":33}'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("decode('aGVsbG8=', 'base64')", "hello"),
        ("decode('ODA=', 'base64')", 80),
        ("decode('***', 'base64')", None),
        ("decode('/w==', 'base64')", None),
        ("decode(5, 'base64')", None),
        ("decode('aGVsbG8=', 'hex')", UNDEFINED),
        ("decode(missing, 'base64')", UNDEFINED),
        ("encode('hello', 'base64')", "aGVsbG8="),
        ("encode(15, 'base64')", "MTU="),
        ("encode(missing, 'base64')", UNDEFINED),
        ("encode('hello', 'hex')", UNDEFINED),
    ],
)
def test_encodings(expression: str, expected: Any) -> None:
    assert value(expression) == expected


MQTT = Properties(
    user=(
        ("some key", "some value"),
        ("a different key", "a different value"),
        ("some key", "value with duplicate key"),
    ),
    content_type="application/json",
    response_topic="answers",
    correlation_data=b"c-1",
    is_text=True,
)


@pytest.mark.parametrize(
    ("expression", "expected", "without"),
    [
        ("get_mqtt_property('format_indicator')", "UTF8_DATA", "UNSPECIFIED_BYTES"),
        ("get_mqtt_property('content_type')", "application/json", UNDEFINED),
        ("get_mqtt_property('response_topic')", "answers", UNDEFINED),
        ("get_mqtt_property('correlation_data')", "Yy0x", UNDEFINED),
        ("get_mqtt_property('some_invalid_name')", UNDEFINED, UNDEFINED),
        (
            "get_user_properties('some key')",
            ["some value", "value with duplicate key"],
            UNDEFINED,
        ),
        ("get_user_properties('a different key')", ["a different value"], UNDEFINED),
        (
            "get_user_properties( )",
            [
                {"some key": "some value"},
                {"a different key": "a different value"},
                {"some key": "value with duplicate key"},
            ],
            [],
        ),
        ("get_user_properties('non-existent key')", UNDEFINED, UNDEFINED),
    ],
)
def test_mqtt_properties(expression: str, expected: Any, without: Any) -> None:
    assert value(expression, properties=MQTT) == expected
    assert value(expression) == without


@pytest.mark.parametrize(
    ("topic", "expression", "expected"),
    [
        ("things/myThings/thingOne", "topic()", "things/myThings/thingOne"),
        ("things/myThings/thingOne", "topic(1)", "things"),
        ("foo/bar/baz", "topic(2)", "bar"),
        ("foo/bar/baz", "topic(3.9)", "baz"),
        ("foo/bar/baz", "topic('1')", "foo"),
        ("foo/bar/baz", "topic(0)", UNDEFINED),
        ("foo/bar/baz", "topic(4)", UNDEFINED),
        ("foo/bar/baz", "topic(null)", UNDEFINED),
        (
            "$aws/rules/BuildingManager/Buildings/Building5/Floor2/Room201/Lights",
            "topic()",
            "Buildings/Building5/Floor2/Room201/Lights",
        ),
        (
            "$aws/rules/BuildingManager/Buildings/Building5/Floor2/Room201/Lights",
            "topic(3)",
            "Floor2",
        ),
        ("$aws/rules/BuildingManager", "topic()", ""),
    ],
)
def test_topic(topic: str, expression: str, expected: Any) -> None:
    assert value(expression, topic=topic) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("clientid()", "n/a"),
        ("principal()", UNDEFINED),
        ("sourceip()", UNDEFINED),
        ("traceid()", UNDEFINED),
    ],
)
def test_a_message_that_no_client_sent(expression: str, expected: Any) -> None:
    assert value(expression, sender=None) == expected


ATTRIBUTES = {"attributes": {"data1": 1, "data2": 2}, "values": [{"a": 3}, {"b": 4}, {"c": 5}]}
NESTED = {
    "data1": "example",
    "data2": {
        "a": "first attribute",
        "b": "second attribute",
        "c": [
            {"x": {"someInt": 5, "someString": "hello"}, "y": True},
            {"x": {"someInt": 10, "someString": "world"}, "y": False},
        ],
    },
}


@pytest.mark.parametrize(
    ("sql", "payload", "expected"),
    [
        (
            "select value transform(\"enrichArray\", attributes, values) from 'A/B'",
            ATTRIBUTES,
            '[{"a":3,"data1":1,"data2":2},{"b":4,"data1":1,"data2":2},{"c":5,"data1":1,"data2":2}]',
        ),
        (
            'select value transform("enrichArray", {"key": attributes.data1}, values) from \'A/B\'',
            ATTRIBUTES,
            '[{"a":3,"key":1},{"b":4,"key":1},{"c":5,"key":1}]',
        ),
        (
            "select value transform('enrichArray', (select a, b from data2), "
            "(select value c from data2)) from 'A/B'",
            NESTED,
            '[{"x":{"someInt":5,"someString":"hello"},"y":true,"a":"first attribute",'
            '"b":"second attribute"},{"x":{"someInt":10,"someString":"world"},"y":false,'
            '"a":"first attribute","b":"second attribute"}]',
        ),
        ("select value transform('other', attributes, values) from 'A/B'", ATTRIBUTES, ""),
        ("select value transform('enrichArray', values, values) from 'A/B'", ATTRIBUTES, ""),
        ("select value transform('enrichArray', attributes, [1]) from 'A/B'", ATTRIBUTES, ""),
    ],
)
def test_transform(sql: str, payload: Any, expected: str) -> None:
    assert sent(sql, payload) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("get_or_default(temp, 20)", 20),
        ("get_or_default(null, 20)", 20),
        ("get_or_default(5, 20)", 5),
        ("get_or_default(false, true)", False),
        ("get_or_default(temp)", UNDEFINED),
        ("get_or_default(temp, null)", None),
        (
            "get_or_default(CASE status WHEN 'active' THEN 'GOOD' WHEN 'inactive' THEN 'BAD'"
            " ELSE 'UNKNOWN' END, 'UNKNOWN')",
            "UNKNOWN",
        ),
    ],
)
def test_get_or_default(expression: str, expected: Any) -> None:
    assert value(expression) == expected
