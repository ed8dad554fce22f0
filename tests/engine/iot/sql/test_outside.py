"""Functions that ask the world outside, SET and substitution templates."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from iot_sql_lab import NOW_MS, TRACE, UNDEFINED, World, message

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.sql import (
    NO_MATCH,
    EvaluationError,
    SqlError,
    parse,
    parse_template,
    substitute,
    to_payload,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
ROLE = "arn:aws:iam::123456789012:role/r"


def raising(error: Exception) -> Any:
    def fail(payload: bytes) -> bytes:
        raise error

    return fail


@pytest.fixture
def world() -> World:
    made = World()
    made.functions[ARN] = lambda payload: json.dumps({"some": {"value": len(payload)}}).encode()
    return made


async def test_aws_lambda(world: World) -> None:
    payload = {"attribute1": 21, "attribute2": "value"}
    query = parse(f'SELECT aws_lambda("{ARN}", {{"payload":attribute1}}) as output FROM \'t\'')
    assert not query.is_synchronous
    assert await query.evaluate(message(payload), world) == {"output": {"some": {"value": 14}}}
    assert world.asked == [("invoke", ARN, b'{"payload":21}')]

    whole = parse(f"SELECT aws_lambda(\"{ARN}\", *).some.value as output FROM 't'")
    assert await whole.evaluate(message(payload), world) == {"output": 41}
    assert world.asked[-1] == ("invoke", ARN, json.dumps(payload).encode())


async def test_where_is_asked_first(world: World) -> None:
    query = parse(f"SELECT aws_lambda('{ARN}', *) AS x FROM 't' WHERE a = 1")
    assert await query.evaluate(message({"a": 2}), world) is NO_MATCH
    assert world.asked == []


async def test_each_element_asks_once(world: World) -> None:
    world.functions[ARN] = lambda payload: str(int(payload) * 10).encode()
    query = parse(
        f"SELECT (SELECT VALUE aws_lambda('{ARN}', i) FROM a AS i) AS x, newuuid() AS u,"
        f" aws_lambda('{ARN}', 9) AS y FROM 't'"
    )
    found = await query.evaluate(message({"a": [1, 2, 3]}), world)
    assert found["x"] == [10, 20, 30]
    assert found["y"] == 90
    assert [payload for _, _, payload in world.asked] == [b"1", b"2", b"3", b"9"]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (AWSError("ResourceNotFoundException", "Function not found"), "Function not found"),
        (EvaluationError("it took longer than 2000 ms"), "longer than 2000 ms"),
    ],
)
async def test_a_failing_call_fails_the_rule(
    world: World, failure: Exception, sentence: str
) -> None:
    world.functions[ARN] = raising(failure)
    with pytest.raises(EvaluationError, match=sentence):
        await parse(f"SELECT aws_lambda('{ARN}', *) AS x FROM 't'").evaluate(message({}), world)
    kept = parse(f"SELECT get_or_default(aws_lambda('{ARN}', *), {{'a': 1}}) AS x FROM 't'")
    assert await kept.evaluate(message({}), world) == {"x": {"a": 1}}
    dropped = parse(f"SELECT get_or_default(aws_lambda('{ARN}', *)) AS x FROM 't'")
    assert await dropped.evaluate(message({}), world) == {}


async def test_a_function_must_return_json(world: World) -> None:
    world.functions[ARN] = lambda payload: b"no json"
    with pytest.raises(EvaluationError, match="must return JSON data"):
        await parse(f"SELECT aws_lambda('{ARN}', *) AS x FROM 't'").evaluate(message({}), world)


async def test_get_dynamodb(world: World) -> None:
    world.items["InServiceDevices", (("deviceId", "d1"),)] = {
        "location": "roof", "n": Decimal("2.0"), "set": {Decimal(2), Decimal("1.5")}, "raw": b"\0",
    }  # fmt: skip
    world.items["Readings", (("id", 1), ("at", Decimal("2.5")))] = {"v": 3}
    query = parse(
        f'SELECT *, get_dynamodb("InServiceDevices", "deviceId", id, "{ROLE}").location'
        " AS location FROM 'some/topic'"
    )
    assert to_payload(await query.evaluate(message({"id": "d1"}), world)) == (
        b'{"id":"d1","location":"roof"}'
    )
    assert world.asked == [("item", "InServiceDevices", {"deviceId": "d1"}, ROLE)]
    assert await query.evaluate(message({"id": "d2"}), world) == {"id": "d2"}
    assert await query.evaluate(message({}), world) == {}
    whole = parse(f'SELECT VALUE get_dynamodb("InServiceDevices", "deviceId", id, "{ROLE}")')
    assert to_payload(await whole.evaluate(message({"id": "d1"}), world)) == (
        b'{"location":"roof","n":2,"set":[1.5,2],"raw":"AA=="}'
    )
    sorting = parse(f"SELECT VALUE get_dynamodb('Readings', 'id', 1, 'at', 2.5, '{ROLE}').v")
    assert await sorting.evaluate(message({}), world) == 3
    odd = parse(f"SELECT VALUE get_dynamodb('Readings', 'id', 1, 'at', '{ROLE}')")
    assert await odd.evaluate(message({}), world) is UNDEFINED


async def test_get_thing_shadow(world: World) -> None:
    document = b'{"state":{"reported":{"alarm":"ON"}}}'
    world.shadows["MyThing", "MyThingShadow"] = world.shadows["MyThing", None] = document
    for name in ('"MyThingShadow",', ""):
        query = parse(
            f'SELECT * from \'topic/subtopic\' WHERE get_thing_shadow("MyThing",{name}"{ROLE}")'
            "\n    .state.reported.alarm = 'ON'"
        )
        assert await query.evaluate(message({"a": 1}), world) == {"a": 1}
    assert world.asked == [
        ("shadow", "MyThing", ROLE, "MyThingShadow"), ("shadow", "MyThing", ROLE, None),
    ]  # fmt: skip
    other = parse(f"SELECT * FROM 't' WHERE get_thing_shadow('X', '{ROLE}').state.a = 1")
    assert await other.evaluate(message({}), world) is NO_MATCH


async def test_get_registry_data(world: World) -> None:
    world.things["DescribeThing", "sensor1"] = {
        "thingTypeName": "testenv", "attributes": {"temperature_threhold": "30"},
    }  # fmt: skip
    lifecycle = parse(
        "SELECT *\nFROM '$aws/events/lifecycle/+'\nWHERE\n"
        f"    get_registry_data(\"DescribeThing\",clientId,'{ROLE}').thingTypeName='testenv'"
    )
    assert await lifecycle.evaluate(message({"clientId": "sensor1"}), world) == {
        "clientId": "sensor1"
    }
    assert await lifecycle.evaluate(message({"clientId": "other"}), world) is NO_MATCH
    gateway = parse(
        f'SELECT *, get_registry_data("DescribeThing","sensor1",\'{ROLE}\')'
        ".attributes.temperature_threhold AS device1_tempthreshold\n"
        "FROM home1/gateway1/sensor1/#"
    )
    assert gateway.topic_filter == "home1/gateway1/sensor1/#"
    assert await gateway.evaluate(message({}), world) == {"device1_tempthreshold": "30"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'json', 'SecretString', 'k'", "v"),
        ("'json', 'SecretString', 'missing'", UNDEFINED),
        ("'json', 'SecretString'", {"k": "v"}),
        ("'text', 'SecretString'", "plain"),
        ("'raw', 'SecretBinary'", "AAE="),
    ],
)
async def test_get_secret(world: World, arguments: str, expected: Any) -> None:
    world.secrets = {"json": '{"k":"v"}', "text": "plain", "raw": b"\0\1"}
    query = parse(f"SELECT VALUE get_secret({arguments}, '{ROLE}') FROM 't'")
    assert await query.evaluate(message({}), world) == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("'text', 'SecretString', 'k'", "no JSON object with a key k"),
        ("'raw', 'SecretBinary', 'k'", "has no keys"),
        ("'raw', 'SecretString'", "has no SecretString"),
        ("'none', 'SecretString'", "has no SecretString"),
    ],
)
async def test_secrets_that_fail(world: World, arguments: str, sentence: str) -> None:
    world.secrets = {"text": "plain", "raw": b"\0\1"}
    query = parse(f"SELECT VALUE get_secret({arguments}, '{ROLE}') FROM 't'")
    with pytest.raises(EvaluationError, match=sentence):
        await query.evaluate(message({}), world)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (f"SELECT get_dynamodb('a','k',1,'{ROLE}') AS a, get_dynamodb('b','k',1,'{ROLE}') AS b",
         "get_dynamodb can be called a maximum of one time"),
        (f"SELECT get_registry_data('DescribeThing','a','{ROLE}') AS a WHERE"
         f" get_registry_data('DescribeThing','b','{ROLE}').c = 1",
         "get_registry_data can be called a maximum of one time"),
        (f"SELECT get_registry_data('ListThings','a','{ROLE}') AS a", "the constant"),
        (f"SELECT get_registry_data(api,'a','{ROLE}') AS a", "the constant"),
        (f"SELECT get_secret('a','Secret','{ROLE}') AS a", "SecretString or SecretBinary"),
        (f"SET @r = '{ROLE}' SELECT get_thing_shadow('a', @r) AS a", "does not support variables"),
        ("SET @m = 'enrichArray' SELECT transform(@m, a, b) AS a", "does not support variables"),
        (f"SELECT get_or_default(a, get_thing_shadow('b','{ROLE}')) AS a", "defaultValue"),
        ("SELECT machinelearning_predict('m', 'r', *) AS a", "no models of SageMaker"),
        ("SELECT decode(a,'proto','b','k','f','m') AS a, decode(b,'proto','b','k','f','m') AS b,"
         " decode(c,'proto','b','k','f','m') AS c", "a maximum of 2 times"),
        ("SELECT regexp_matches(a, 'x++') AS a", "a possessive quantifier, which is not supported"),
        ("SELECT time_to_epoch(a, 'YYYY-ww') AS a", "the letter Y is not supported"),
    ],
)  # fmt: skip
def test_calls_that_are_refused(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence):
        parse(sql)


async def test_a_variable_is_asked_for_once(world: World) -> None:
    query = parse(
        f"SET @f = aws_lambda('{ARN}', *), @v = @f.some.value\n"
        "SELECT @v, @f.some AS b FROM 't' WHERE @v > 1"
    )
    scope = query.open(message({"a": 1}), world)
    assert await query.answer(scope) == {"v": 8, "b": {"value": 8}}
    template = parse_template("x/${@v}/${a}", variables=query.variables)
    assert await template.fill(scope) == "x/8/1"
    assert len(world.asked) == 1


async def test_variables_in_templates(world: World) -> None:
    query = parse(
        "SET @temp_celsius = (temp_fahrenheit - 32) * 5 / 9\n"
        "SELECT @temp_celsius AS celsius, humidity FROM 'device/data'"
    )
    one = message({"temp_fahrenheit": 75, "humidity": 60, "device_id": "d1"})
    scope = query.open(one, world)
    await query.answer(scope)
    template = parse_template(
        "temperature-data/${device_id}/temp-${@temp_celsius}C.json", variables=query.variables
    )
    assert template.fill_now(scope) == "temperature-data/d1/temp-23C.json"


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SET @a = 1, @a = 2 SELECT @a", "@a is assigned twice"),
        ("SELECT @a", "@a is not set"),
        ("SET @a = @b, @b = 1 SELECT @a", "@b is not set"),
        ("SET @" + "x" * 65 + " = 1 SELECT *", "at most 64 letters"),
        ("SET @é = 1 SELECT *", "letters, numbers and underscores"),
        ("SET " + ", ".join(f"@v{n} = {n}" for n in range(11)) + " SELECT *", "at most 10"),
    ],
)
def test_rules_of_set(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence):
        parse(sql)


async def test_variables_have_a_largest_size(world: World) -> None:
    query = parse("SET @a = text, @b = text SELECT * FROM 't'")
    await query.evaluate(message({"text": "x" * 60_000}), world)
    with pytest.raises(EvaluationError, match="@b are larger than 128 KiB"):
        await query.evaluate(message({"text": "x" * 70_000}), world)


IOT123 = {"deviceid": "iot123", "temp": 54.98, "coords": {"latitude": 47.615694}, "nil": None}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${topic()}/republish", "my/iot/topic/republish"),
        ("device/${deviceid}", "device/iot123"),
        ("plain", "plain"),
        ("", ""),
        ("${temp}", "54.98"),
        ("${coords}", '{"latitude":47.615694}'),
        ("${coords.latitude}-${topic(2)}", "47.615694-iot"),
        ("${missing}x${nil}", "x"),
        ("${timestamp()}", str(NOW_MS)),
        ("${parse_time('yyyy', timestamp(), 'UTC')}", "2016"),
        ("${sourceip()}", "192.158.1.38"),
        ("${traceid()}", TRACE),
        ("a $ {b} } ${concat('}', \"{\", 'it''s')} c", "a $ {b} } }{it's c"),
        ("${get({'a': {'b': 1}}, 'a').b}", "1"),
        ("${(SELECT VALUE a FROM [{'a': 1}])}", "[1]"),
        ("${temp > 30 AND true}", "true"),
        ("${CASE deviceid WHEN 'iot123' THEN 'x' END}", "x"),
        ("${encode(*, 'base64')}", "eyJkZXZpY2VpZCI6ICJpb3QxMjMi"),
    ],
)
async def test_substitute(world: World, template: str, expected: str) -> None:
    found = await substitute(template, message(IOT123, topic="my/iot/topic"), world)
    assert found.startswith(expected) if "base64" in template else found == expected


async def test_a_template_may_ask_outside(world: World) -> None:
    world.secrets["API_KEY"] = '{"KEY":"s3cret"}'
    text = f"${{get_secret('API_KEY', 'SecretString', 'KEY', '{ROLE}')}}"
    assert not parse_template(text).is_synchronous
    assert await substitute(text, message({}), world) == "s3cret"


async def test_templates_of_one_message_are_filled_side_by_side(world: World) -> None:
    """Each waits for its own answer."""

    async def slow(arn: str, payload: bytes) -> bytes:
        await asyncio.sleep(0)
        return payload

    world.invoke = slow  # type: ignore[method-assign]
    query = parse("SELECT * FROM 't'")
    scope = query.open(message({}), world)
    templates = [
        parse_template(f"${{aws_lambda('f', {n}) + aws_lambda('f', {n * 10})}}") for n in range(5)
    ]
    found = await asyncio.gather(*(template.fill(scope) for template in templates))
    assert found == [str(n * 11) for n in range(5)]


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("${temp", "is not closed by a brace"),
        ("${", "is not closed by a brace"),
        ("${}", "Expected an expression"),
        ("a/${temp +}", r"In \$\{temp \+\}: Expected"),
        ("${nothing()}", "There is no function nothing"),
        ("${@v}", "@v is not set"),
        ("@{room}", "only in the InfluxDB rule action"),
        ("${decode(a, 'proto', 'b', 'k', 'f', 'm')}", "within substitution templates"),
    ],
)
def test_templates_that_are_refused(template: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence):
        parse_template(template)


def test_the_whole_payload_in_a_template(world: World) -> None:
    def fill(payload: bytes) -> str:
        one = Message("t", payload)
        return parse_template("${*}").fill_now(parse("SELECT *").open(one, world))

    assert fill(b'{"a": 1.50}') == '{"a":1.50}'
