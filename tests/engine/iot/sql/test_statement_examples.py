"""Every statement of the developer guide's other pages on SQL, with its page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from iot_sql_lab import NOW_MS, answer, message, sent

from lambda_nb.engine.iot.sql import NO_MATCH, EvaluationError, SqlError, parse, to_payload
from lambda_nb.engine.iot.topic_filters import matches

RED = {"color": "red", "temperature": 50}
SENSORS = {
    "e": [
        {"n": "temperature", "u": "Cel", "t": 1234, "v": 22.5},
        {"n": "light", "u": "lm", "t": 1235, "v": 135},
        {"n": "acidity", "u": "pH", "t": 1235, "v": 7},
    ]
}
IOT123 = {
    "deviceid": "iot123",
    "temp": 54.98,
    "humidity": 32.43,
    "coords": {"latitude": 47.615694, "longitude": -122.3359976},
}
DEVICE = {
    "device1": {
        "deviceId": "weather_sensor",
        "deviceData": {
            "sensors": {"temp_fahrenheit": 75, "humidity": 60},
            "location": [47.606, -122.332],
        },
    }
}
KEYS = {"mydata": {"item2": {"0": {"my-key": "myValue"}}}}

EXAMPLES: list[tuple[str, str, Any, str | None]] = [
    (
        "iot-sql-reference",
        "SELECT color AS rgb FROM 'topic/subtopic' WHERE temperature > 50",
        {"color": "red", "temperature": 100},
        '{"rgb":"red"}',
    ),
    ("iot-sql-select", "SELECT * FROM 'topic/subtopic'", RED, '{"color":"red","temperature":50}'),
    ("iot-sql-select", "SELECT color FROM 'topic/subtopic'", RED, '{"color":"red"}'),
    (
        "iot-sql-select",
        "SELECT color AS my_color FROM 'topic/subtopic'",
        RED,
        '{"my_color":"red"}',
    ),
    (
        "iot-sql-select",
        "SELECT color as my_color, temperature as fahrenheit FROM 'topic/subtopic'",
        RED,
        '{"my_color":"red","fahrenheit":50}',
    ),
    (
        "iot-sql-select",
        "SELECT *, 15 as speed FROM 'topic/subtopic'",
        RED,
        '{"color":"red","temperature":50,"speed":15}',
    ),
    ("iot-sql-select", "SELECT VALUE color FROM 'topic/subtopic'", RED, '"red"'),
    (
        "iot-sql-select",
        "SELECT color.red as red_value FROM 'topic/subtopic'",
        {"color": {"red": 255, "green": 0, "blue": 0}, "temperature": 50},
        '{"red_value":255}',
    ),
    (
        "iot-sql-select",
        "SELECT (temperature - 32) * 5 / 9 AS celsius, upper(color) as my_color"
        " FROM 'topic/subtopic'",
        RED,
        '{"celsius":10,"my_color":"RED"}',
    ),
    (
        "iot-sql-select",
        'SELECT {"key-with-hyphen": color, "123-numeric-start": temperature}'
        " FROM 'topic/subtopic'",
        RED,
        '{"key-with-hyphen":"red","123-numeric-start":50}',
    ),
    (
        "iot-sql-where",
        "SELECT color AS my_color FROM 'topic/subtopic' WHERE temperature > 50 AND color <> 'red'",
        {"color": "red", "temperature": 40},
        None,
    ),
    (
        "iot-sql-where",
        "SELECT decode(encode(*, 'base64'), 'base64') AS value FROM 'topic/subtopic'"
        " WHERE decode(encode(*, 'base64'), 'base64') > 50",
        b"80",
        '{"value":80}',
    ),
    (
        "iot-sql-data-types",
        "SELECT NULL AS n FROM 'topic/subtopic'",
        {},
        '{"n":null}',
    ),
    (
        "iot-sql-data-types",
        "SELECT foo, bar FROM 'topic/subtopic'",
        {"foo": None},
        '{"foo":null}',
    ),
    ("iot-sql-data-types", "SELECT VALUE bar FROM 'topic/subtopic'", {"foo": None}, ""),
    (
        "iot-sql-operators",
        "select * from 'a/b' where 3 in arr",
        {"arr": [1, 2, 3, "three", 5.7, None]},
        '{"arr":[1,2,3,"three",5.7,null]}',
    ),
    (
        "iot-sql-operators",
        "select * from 'a/b' where exists (select * from arr as a where a = 3)",
        {"arr": [1, 2, 3]},
        '{"arr":[1,2,3]}',
    ),
    (
        "iot-sql-operators",
        "select * from 'a/b' where exists (select * from e as e where foo = 2)",
        {"foo": 4, "bar": 5, "e": [{"foo": 1}, {"foo": 2}]},
        '{"foo":4,"bar":5,"e":[{"foo":1},{"foo":2}]}',
    ),
    (
        "iot-sql-literals",
        "SELECT {'latitude': get(lat_long, 0),'longitude':get(lat_long, 1)} as lat_long"
        " FROM 'topic/subtopic'",
        {"lat_long": [47.606, -122.332]},
        '{"lat_long":{"latitude":47.606,"longitude":-122.332}}',
    ),
    (
        "iot-sql-literals",
        "SELECT [lat,long] as lat_long FROM 'topic/subtopic'",
        {"lat": 47.696, "long": -122.332},
        '{"lat_long":[47.696,-122.332]}',
    ),
    (
        "iot-sql-case",
        "SELECT CASE color\n        WHEN 'green' THEN 'go'\n        WHEN 'yellow' THEN 'caution'\n"
        "        WHEN 'red' THEN 'stop'\n        ELSE 'you are not at a stop light' END as"
        " instructions\n    FROM 'topic/subtopic'",
        {"color": "yellow"},
        '{"instructions":"caution"}',
    ),
    (
        "iot-sql-json",
        "SELECT foo.bar AS bar.baz FROM 'topic/subtopic'",
        {"foo": {"bar": "RED", "bar1": "GREEN", "bar2": "BLUE"}},
        '{"bar":{"baz":"RED"}}',
    ),
    (
        "iot-sql-json",
        'SELECT * from \'iot/rules\' WHERE get(get(get(mydata,"item2"),"0"),"my-key") = "myValue"',
        KEYS,
        '{"mydata":{"item2":{"0":{"my-key":"myValue"}}}}',
    ),
    (
        "iot-sql-json",
        "SELECT temp, md5(deviceid) AS hashed_id FROM topic/#",
        IOT123,
        '{"temp":54.98,"hashed_id":"e37f81fb397e595c4aeb5645b8cbbbd1"}',
    ),
    (
        "iot-substitution-templates",
        "SELECT *, timestamp() AS timestamp FROM 'my/iot/topic'",
        IOT123,
        json.dumps({**IOT123, "timestamp": NOW_MS}, separators=(",", ":")),
    ),
    (
        "iot-sql-nested-queries",
        "SELECT (SELECT VALUE n FROM e) as sensors FROM 'my/topic'",
        SENSORS,
        '{"sensors":["temperature","light","acidity"]}',
    ),
    (
        "iot-sql-nested-queries",
        "SELECT (SELECT v FROM e WHERE n = 'temperature') as temperature FROM 'my/topic'",
        SENSORS,
        '{"temperature":[{"v":22.5}]}',
    ),
    (
        "iot-sql-nested-queries",
        "SELECT get((SELECT v FROM e WHERE n = 'temperature'), 0).v as temperature FROM 'topic'",
        SENSORS,
        '{"temperature":22.5}',
    ),
    (
        "iot-rule-sql-version",
        "SELECT VALUE arr FROM 'topic'",
        {"a": {"b": "c"}, "arr": [1, 2, 3, 4]},
        "[1,2,3,4]",
    ),
    # The guide's page prints 23.89 here; its page of operators says that Int / Int is an Int.
    (
        "iot-sql-set",
        "SET @temp_celsius = (temp_fahrenheit - 32) * 5 / 9\n"
        "SELECT @temp_celsius AS celsius, humidity FROM 'device/data'",
        {"temp_fahrenheit": 75, "humidity": 60},
        '{"celsius":23,"humidity":60}',
    ),
    (
        "iot-sql-set",
        "SET @device_sensor_data = device1.deviceData.sensors\n"
        "SELECT @device_sensor_data.temp_fahrenheit AS temp_fahrenheit,"
        " @device_sensor_data.humidity as humidity, device1.deviceId as deviceId"
        " FROM 'device/data'",
        DEVICE,
        '{"temp_fahrenheit":75,"humidity":60,"deviceId":"weather_sensor"}',
    ),
    (
        "iot-sql-set",
        "SET @user_data = get_user_properties(device_id), @threshold = 50\n"
        "SELECT @user_data.name, temp_fahrenheit FROM 'sensors/+'\n"
        "WHERE temp_fahrenheit > @threshold AND @user_data.active = true",
        {"temp_fahrenheit": 75},
        None,
    ),
    (
        "iot-sql-set",
        "SET @encoded_payload = encode(*, 'base64')\n"
        "SELECT @encoded_payload AS raw_data FROM 'device/binary'",
        b"\x00\xff",
        '{"raw_data":"AP8="}',
    ),
    (
        "iot-sql-functions",
        "SELECT * AS message FROM 'some/topic'",
        RED,
        '{"message":{"color":"red","temperature":50}}',
    ),
    (
        "iot-sql-functions",
        "SELECT *, sourceip() as deviceIp FROM 'some/topic'",
        {},
        '{"deviceIp":"192.158.1.38"}',
    ),
]


@pytest.mark.parametrize(("page", "sql", "payload", "expected"), EXAMPLES)
def test_example(page: str, sql: str, payload: Any, expected: str | None) -> None:
    assert sent(sql, payload) == expected, page


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM 'topic/subtopic'",
        "SELECT * FROM 'topic/subtopic' WHERE timestamp() % 12 = 3",
        "SELECT VALUE * FROM 'topic/subtopic'",
    ],
)
def test_binary_payloads_pass(sql: str) -> None:
    raw = b"\x00\xff\x80"
    assert NOW_MS % 12 == 3
    assert answer(sql, raw) == raw
    assert to_payload(answer(sql, raw)) == raw


def test_an_empty_payload_can_have_data_added() -> None:
    sql = "SELECT *, principal() as principal, timestamp() as time FROM 'topic/subtopic'"
    assert sent(sql, b"") == f'{{"principal":"ba67293af50bf250","time":{NOW_MS}}}'
    assert sent(sql, {"a": 1}) == f'{{"a":1,"principal":"ba67293af50bf250","time":{NOW_MS}}}'
    assert sent("SELECT * FROM 't'", b"") == ""


@pytest.mark.parametrize("payload", [b"\x00\xff", b"80", b'"text"', b"{not json", b"[NaN]", b" "])
def test_what_is_not_json_cannot_have_data_added(payload: bytes) -> None:
    with pytest.raises(EvaluationError, match="not JSON"):
        answer("SELECT *, 1 AS a FROM 't'", payload)
    with pytest.raises(EvaluationError, match="not JSON"):
        answer("SELECT * AS a FROM 't'", payload)
    assert answer("SELECT a FROM 't' WHERE device_type = 'thermostat'", payload) is NO_MATCH
    assert answer("SELECT VALUE isUndefined(a) FROM 't'", payload) is True


def test_encode_takes_the_payload_as_it_came() -> None:
    sql = "SELECT encode(*, 'base64') AS data, timestamp() AS ts FROM 'topic/subtopic'"
    assert answer(sql, b"\x00\xff") == {"data": "AP8=", "ts": NOW_MS}
    assert answer(sql, b'{ "a" : 1 }') == {"data": "eyAiYSIgOiAxIH0=", "ts": NOW_MS}
    text = "SELECT decode(encode(*, 'base64'), 'base64') AS payload FROM 'topic'"
    assert answer(text, b"hello") == {"payload": "hello"}


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("topic/subtopic", "topic/subtopic", True),
        ("topic/subtopic", "topic/subtopic-2", False),
        ("topic/#", "topic/subtopic-3/details", True),
        ("topic/#", "topic-2/subtopic-x", False),
        ("topic/+", "topic/subtopic-2", True),
        ("topic/+", "topic/subtopic-3/details", False),
    ],
)
def test_from(topic_filter: str, topic: str, expected: bool) -> None:
    """iot-sql-from."""
    query = parse(f"SELECT temperature AS t FROM '{topic_filter}'")
    assert query.topic_filter == topic_filter
    assert matches(query.topic_filter, topic) is expected
    assert answer(f"SELECT temperature AS t FROM '{topic_filter}'", {"temperature": 50}) == {
        "t": 50
    }


def test_a_rule_of_basic_ingest_needs_no_from() -> None:
    assert parse("SELECT * WHERE a = 1").topic_filter is None
    assert sent("SELECT * WHERE a = 1", {"a": 1}) == '{"a":1}'
    assert parse('SELECT * FROM "a/b"').topic_filter == "a/b"
    assert parse("SELECT * FROM '$aws/rules/mine/+'").topic_filter == "$aws/rules/mine/+"


@pytest.mark.parametrize(
    ("topic_filter", "sentence"),
    [
        ("a/#/b", "# stands alone, as the last level"),
        ("a/b+", r"\+ stands for a whole level"),
        ("", "at least one character"),
        ("a/b/c/d/e/f/g/h/i", "at most 7 slashes"),
        ("$share/g/a", "A rule has no shared subscription"),
    ],
)
def test_what_is_no_topic_filter(topic_filter: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence) as error:
        parse(f"SELECT *\nFROM '{topic_filter}'")
    assert (error.value.line, error.value.column) == (2, 6)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("state.reported.temp", '{"temp":21}'),
        ("topic(2)", '{"topic":"subtopic"}'),
        ("Upper('a')", '{"upper":"A"}'),
        ("cast(1.5 AS Int)", '{"cast":1}'),
        ("get(state, 'reported').temp", '{"temp":21}'),
        ("value", '{"value":7}'),
        ("value AS v, state.end, state.from.select", '{"v":7}'),
        ("*, state.reported.temp AS state.room.temp",
         '{"state":{"reported":{"temp":21},"room":{"temp":21}},"value":7}'),
        ("missing AS a.b.c", "{}"),
        ("*, {'value': 8}", '{"state":{"reported":{"temp":21}},"value":8}'),
    ],
)  # fmt: skip
def test_names_of_what_goes_out(items: str, expected: str) -> None:
    payload = {"state": {"reported": {"temp": 21}}, "value": 7}
    assert sent(f"SELECT {items} FROM 't'", payload) == expected


def test_the_message_stays_as_it_was() -> None:
    query = parse("SELECT *, 1 AS state.x FROM 't'")
    one = message({"state": {"y": 2}})
    scope = query.open(one, None)  # type: ignore[arg-type]
    assert query.answer_now(scope) == {"state": {"y": 2, "x": 1}}
    assert scope.payload == {"state": {"y": 2}}


@pytest.mark.parametrize("item", ["5", "'a'", "a + 1", "[1]", "(SELECT * FROM a)", "NOT a"])
def test_an_expression_needs_a_name(item: str) -> None:
    with pytest.raises(SqlError, match="needs a name: write it with AS name"):
        parse(f"SELECT a, {item} FROM 't'")


@pytest.mark.parametrize(
    ("sql", "payload", "expected"),
    [
        ("SELECT (SELECT * FROM a) AS x FROM 't'", {"a": [1, {"b": 2}]}, '{"x":[1,{"b":2}]}'),
        ("SELECT (SELECT b FROM a) AS x FROM 't'", {"a": [1, {"b": 2}]}, '{"x":[{},{"b":2}]}'),
        ("SELECT (SELECT VALUE b FROM a) AS x FROM 't'", {"a": [1, {"b": 2}]}, '{"x":[2]}'),
        ("SELECT (SELECT VALUE i * 2 FROM a AS i WHERE i > 1) AS x FROM 't'", {"a": [1, 2]},
         '{"x":[4]}'),
        ("SELECT (SELECT VALUE i.b FROM a AS i) AS x FROM 't'", {"a": [{"b": 1}]}, '{"x":[1]}'),
        ("SELECT (SELECT VALUE out FROM a) AS x FROM 't'", {"a": [1], "out": 5}, '{"x":[]}'),
        ("SELECT (SELECT * FROM a) AS x FROM 't'", {}, "{}"),
        ("SELECT (SELECT * FROM a) AS x FROM 't'", {"a": None}, "{}"),
        ("SELECT (SELECT * FROM a WHERE b = 1) AS x FROM 't'", {"a": {"b": 2}}, "{}"),
        ("SELECT (SELECT (SELECT VALUE d FROM c) AS e FROM a) AS x FROM 't'",
         {"a": [{"c": [{"d": 1}, {"d": 2}]}]}, '{"x":[{"e":[1,2]}]}'),
        ("SELECT * FROM 't' WHERE exists (SELECT * FROM a WHERE b = 3)", {"a": [{"b": 1}]}, None),
        ("SELECT * FROM 't' WHERE exists (SELECT * FROM missing)", {}, None),
        ("SELECT (SELECT VALUE encode(*, 'base64') FROM a) AS x FROM 't'", {"a": ["hi"]},
         '{"x":["aGk="]}'),
    ],
)  # fmt: skip
def test_inner_queries(sql: str, payload: Any, expected: str | None) -> None:
    assert sent(sql, payload) == expected


def test_a_list_as_the_whole_payload() -> None:
    assert sent("SELECT * FROM 't'", [1, 2]) == "[1,2]"
    assert sent("SELECT VALUE get(*, 1) FROM 't'", [1, 2]) == "2"
    with pytest.raises(EvaluationError, match="payload that is an object"):
        answer("SELECT *, 1 AS a FROM 't'", [1, 2])


@pytest.mark.parametrize(
    ("sql", "payload", "expected"),
    [
        ("SELECT current.state.reported.temp AS temp, topic(3) AS thing, timestamp()/1000 AS at"
         " FROM '$aws/things/+/shadow/update/documents'"
         " WHERE current.state.reported <> previous.state.reported",
         {"current": {"state": {"reported": {"temp": 21}}},
          "previous": {"state": {"reported": {"temp": 20}}}},
         '{"temp":21,"thing":"hall","at":1481825251}'),
        ("SELECT CASE state.reported.noise > 10 WHEN true THEN true ELSE false END"
         " AS state.desired.busy FROM '$aws/things/x/shadow/update/accepted'"
         " WHERE state.reported.noise <> Null",
         {"state": {"reported": {"noise": 12}}}, '{"state":{"desired":{"busy":true}}}'),
        ("SELECT * FROM 't' WHERE state.reported.noise <> Null",
         {"state": {"reported": {"noise": None}}}, None),
        ("SELECT * FROM 't' WHERE state.reported.noise <> Null", {"state": {}}, None),
        ("SELECT subString(topic(3), 0, 2) AS kind, timeStamp() AS ts FROM '#'"
         " WHERE a >= -10 AND a <= 60 AND isUndefined(get(get(state, \"x\"), \"1:2\")) = False",
         {"a": 5, "state": {"x": {"1:2": 3}}}, f'{{"kind":"ha","ts":{NOW_MS}}}'),
        ("SELECT *, parse_time(\"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'\", timestamp()) AS time FROM '+/+'",
         {}, '{"time":"2016-12-15T18:07:31.155Z"}'),
        ("SELECT VALUE get((SELECT VALUE v FROM readings.all WHERE id = 'b'), 0) FROM 't'",
         {"readings": {"all": [{"id": "a", "v": 1}, {"id": "b", "v": 2}]}}, "2"),
        ("SELECT * FROM 't' WHERE get_or_default(lat >= -90 AND lat <= 90"
         " AND time_to_epoch(ts, \"yyyy-MM-dd'T'HH:mm:ssX\") > 0, false)",
         {"lat": 52, "ts": "2026-01-02T03:04:05Z"}, '{"lat":52,"ts":"2026-01-02T03:04:05Z"}'),
        ("SELECT * FROM 't' WHERE get_or_default(lat >= -90 AND lat <= 90"
         " AND time_to_epoch(ts, \"yyyy-MM-dd'T'HH:mm:ssX\") > 0, false)",
         {"lat": 52, "ts": "yesterday"}, None),
        ("SELECT regexp_replace(topic(), '^([^/]+)/.*/([^/]+)$', '$2-$1') AS t FROM '#'", {},
         '{"t":"temp-things"}'),
    ],
)  # fmt: skip
def test_statements_as_people_write_them(sql: str, payload: Any, expected: str | None) -> None:
    assert sent(sql, payload, topic="things/a/hall/temp") == expected
