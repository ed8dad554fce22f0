"""The API iot-data, asked by boto3."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from iot_memory_broker import Here, MemoryBroker
from iot_requests import ask, client

from lambda_nb.engine.api.admission.credentials import Credentials
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.service_api import ServiceApi
from lambda_nb.engine.iot.data_api.data_api import data_api, respell
from lambda_nb.engine.iot.message import Message, Properties, Sender
from lambda_nb.engine.iot.shadows.shadows import Shadows


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
async def api(tmp_path: Path, broker: MemoryBroker) -> AsyncIterator[ServiceApi]:
    shadows = Shadows(broker, tmp_path / "shadows.sqlite")
    await shadows.start()
    credentials = Credentials(tmp_path / "credentials", account="000000000000", region="eu-west-1")
    yield data_api(Gate(credentials, region="eu-west-1", open=True), broker, shadows)
    await shadows.close()


@pytest.fixture
def iot(api: ServiceApi) -> Any:
    """A client whose operations are awaited."""

    class Client:
        def __getattr__(self, name: str) -> Any:
            async def call(**given: Any) -> Any:
                with client(api, "iot-data") as made:
                    return await asyncio.to_thread(getattr(made, name), **given)

            return call

    return Client()


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response = caught.value.response
    error = response["Error"]
    return error["Code"], error["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


async def test_shadows(iot: Any, broker: MemoryBroker) -> None:
    document = {"state": {"desired": {"on": True}}, "clientToken": "t"}
    answer = await iot.update_thing_shadow(thingName="lamp", payload=json.dumps(document))
    updated = json.loads(answer["payload"].read())
    assert (updated["version"], updated["clientToken"]) == (1, "t")
    assert [topic for topic, _ in broker.topics.take()] == [
        f"$aws/things/lamp/shadow/update/{what}" for what in ("accepted", "delta", "documents")
    ]
    await iot.update_thing_shadow(thingName="lamp", shadowName="x", payload=b'{"state":{}}')
    report = b'{"state":{"reported":{"n":1}}}'
    await iot.publish(topic="$aws/things/lamp/shadow/update", payload=report, qos=1)
    got = await iot.get_thing_shadow(thingName="lamp")
    assert json.loads(got["payload"].read())["state"]["delta"] == {"on": True}
    listed = await iot.list_named_shadows_for_thing(thingName="lamp")
    assert listed["results"] == ["x"]
    assert isinstance(listed["timestamp"], int)
    deleted = await iot.delete_thing_shadow(thingName="lamp", shadowName="x")
    assert json.loads(deleted["payload"].read())["version"] == 1


async def test_pages_of_named_shadows(iot: Any) -> None:
    for name in ("a", "b", "c"):
        await iot.update_thing_shadow(thingName="lamp", shadowName=name, payload=b'{"state":{}}')
    first = await iot.list_named_shadows_for_thing(thingName="lamp", pageSize=2)
    assert first["results"] == ["a", "b"]
    rest = await iot.list_named_shadows_for_thing(
        thingName="lamp", pageSize=2, nextToken=first["nextToken"]
    )
    assert (rest["results"], "nextToken" in rest) == (["c"], False)
    with pytest.raises(ClientError) as caught:
        await iot.list_named_shadows_for_thing(thingName="lamp", nextToken="ä")
    assert code_of(caught)[0] == "InvalidRequestException"


async def test_errors_of_shadows(iot: Any, api: ServiceApi, broker: MemoryBroker) -> None:
    with pytest.raises(ClientError) as caught:
        await iot.get_thing_shadow(thingName="lamp", shadowName="x")
    assert code_of(caught) == (
        "ResourceNotFoundException",
        "No shadow exists with name: 'lamp~x'",
        404,
    )
    for payload, expected in (
        (b"{", ("InvalidRequestException", "Invalid JSON", 400)),
        (b'{"state":{},"version":9}', ("ConflictException", "Version conflict", 409)),
        (
            b"\xff",
            (
                "UnsupportedDocumentEncodingException",
                "Unsupported documented encoding; supported encoding is UTF-8",
                415,
            ),
        ),
        (
            json.dumps({"state": {"desired": {"a": "x" * 9000}}}).encode(),
            (
                "RequestEntityTooLargeException",
                "The payload exceeds the maximum size allowed",
                413,
            ),
        ),
    ):
        with pytest.raises(ClientError) as caught:
            await iot.update_thing_shadow(thingName="lamp", payload=payload)
        assert code_of(caught) == expected
    assert broker.topics.messages == []  # by HTTP, nobody is told of a rejection
    got = await ask(api, "GET", "/things/lamp/shadow")
    assert set(got.json) == {"message", "traceId"}


async def test_publishing(iot: Any, broker: MemoryBroker) -> None:
    await iot.publish(topic="room/1/sensor", payload=b"\x00\xff")
    await iot.publish(
        topic="room/ä b",
        qos=1,
        retain=True,
        payload=b"hot",
        userProperties=json.dumps([{"unit": "C"}, {"n": "1"}]),
        payloadFormatIndicator="UTF8_DATA",
        contentType="text/plain",
        responseTopic="answers",
        correlationData=base64.b64encode(b"\x01\x02").decode(),
        messageExpiry=60,
    )
    assert broker.topics.messages == [
        Message("room/1/sensor", b"\x00\xff"),
        Message(
            "room/ä b",
            b"hot",
            1,
            True,
            None,
            Properties(
                user=(("unit", "C"), ("n", "1")),
                content_type="text/plain",
                response_topic="answers",
                correlation_data=b"\x01\x02",
                is_text=True,
                expiry_s=60,
            ),
        ),
    ]


async def test_publishing_without_a_library(api: ServiceApi, broker: MemoryBroker) -> None:
    properties = base64.b64encode(b'[{"unit":"C"}]').decode()
    headers = {"x-amz-mqtt5-user-properties": properties}
    got = await ask(api, "POST", "/topics/room/1?qos=1", b"hot", headers)
    assert (got.status, got.json["message"]) == (200, "OK")
    assert "traceId" in got.json
    (message,) = broker.topics.messages
    assert (message.topic, message.qos, message.properties.user) == (
        "room/1",
        1,
        (("unit", "C"),),
    )


@pytest.mark.parametrize(
    ("path", "headers", "text"),
    [
        ("/topics/a%2F%2B", {}, "wildcards"),
        ("/topics/a/b/c/d/e/f/g/h/i", {}, "slashes"),
        ("/topics/a?qos=2", {}, "quality of service"),
        ("/topics/$aws/events/job/x/completed", {}, "AWS's own"),
        ("/topics/a?messageExpiry=604801", {}, "604800"),
        ("/topics/a?responseTopic=%23", {}, "responseTopic"),
        (f"/topics/a?contentType={'x' * 257}", {}, "256"),
        ("/topics/a", {"x-amz-mqtt5-user-properties": "!"}, "base64"),
        ("/topics/a", {"x-amz-mqtt5-user-properties": "NQ=="}, "base64"),
        (
            "/topics/a",
            {
                "x-amz-mqtt5-user-properties": base64.b64encode(
                    json.dumps([{"a": "x" * 8192}]).encode()
                ).decode()
            },
            "8192",
        ),
        ("/topics/a", {"x-amz-mqtt5-correlation-data": "!"}, "base64"),
        ("/topics/a", {"x-amz-mqtt5-payload-format-indicator": "TEXT"}, "format indicator"),
    ],
)
async def test_messages_that_are_refused(
    api: ServiceApi, broker: MemoryBroker, path: str, headers: dict[str, str], text: str
) -> None:
    got = await ask(api, "POST", path, b"x", headers)
    assert (got.status, got.headers["x-amzn-errortype"]) == (400, "InvalidRequestException")
    assert text in got.json["message"]
    assert broker.topics.messages == []


async def test_a_message_has_at_most_128_kilobytes(iot: Any, broker: MemoryBroker) -> None:
    await iot.publish(topic="a", payload=b"x" * 131_072)
    with pytest.raises(ClientError) as caught:
        await iot.publish(topic="a", payload=b"x" * 131_073)
    assert code_of(caught)[2] == 413
    assert len(broker.topics.messages) == 1


async def test_retained_messages(iot: Any) -> None:
    with pytest.raises(ClientError) as caught:
        await iot.get_retained_message(topic="a/b")
    assert code_of(caught)[0] == "ResourceNotFoundException"
    for topic in ("a/b", "a", "c"):
        await iot.publish(
            topic=topic,
            payload=topic.encode(),
            qos=1,
            retain=True,
            userProperties='[{"n":"1"}]',
        )
    got = await iot.get_retained_message(topic="a/b")
    assert (got["topic"], got["payload"], got["qos"]) == ("a/b", b"a/b", 1)
    assert got["lastModifiedTime"] == 1_700_000_000_123
    assert json.loads(got["userProperties"]) == [{"n": "1"}]
    first = await iot.list_retained_messages(maxResults=2)
    assert [one["topic"] for one in first["retainedTopics"]] == ["a", "a/b"]
    assert first["retainedTopics"][1] == {
        "topic": "a/b",
        "payloadSize": 3,
        "qos": 1,
        "lastModifiedTime": 1_700_000_000_123,
    }
    rest = await iot.list_retained_messages(maxResults=2, nextToken=first["nextToken"])
    assert [one["topic"] for one in rest["retainedTopics"]] == ["c"]


async def test_connections(iot: Any, broker: MemoryBroker) -> None:
    broker.here["one"] = Here("one", Sender("one", source_ip="10.0.0.9", thing="lamp"))
    got = await iot.get_connection(clientId="one")
    del got["ResponseMetadata"]
    assert got == {
        "connected": True,
        "clientId": "one",
        "thingName": "lamp",
        "cleanSession": True,
        "keepAliveDuration": 30,
        "connectedSince": 1_700_000_000_456,
        "sessionExpiry": 0,
    }
    with_socket = await iot.get_connection(clientId="one", includeSocketInformation=True)
    assert with_socket["sourceIp"] == "10.0.0.9"
    await iot.delete_connection(clientId="one", cleanSession=True, preventWillMessage=True)
    assert broker.ended == [("one", True, True)]
    for name in ("get_connection", "delete_connection"):
        with pytest.raises(ClientError) as caught:
            await getattr(iot, name)(clientId="one")
        assert code_of(caught)[0] == "ResourceNotFoundException"


def test_topics_may_have_their_slashes_as_they_are() -> None:
    assert respell("/topics/a/b%2Fc") == "/topics/a%2Fb%2Fc"
    assert respell("/retainedMessage/a/b") == "/retainedMessage/a%2Fb"
    assert respell("/retainedMessage") == "/retainedMessage"
    assert respell("/things/a/shadow") == "/things/a/shadow"


async def test_subscriptions(iot: Any, broker: MemoryBroker) -> None:
    broker.filters["one"] = [(f"topic/{number:02}", number % 2) for number in range(21)]
    first = await iot.list_subscriptions(clientId="one")
    assert len(first["subscriptions"]) == 20
    assert first["subscriptions"][1] == {"topicFilter": "topic/01", "qos": 1}
    rest = await iot.list_subscriptions(clientId="one", nextToken=first["nextToken"])
    assert rest["subscriptions"] == [{"topicFilter": "topic/20", "qos": 0}]
    with pytest.raises(ClientError) as caught:
        await iot.list_subscriptions(clientId="two")
    assert code_of(caught)[0] == "ResourceNotFoundException"


async def test_direct_messages(iot: Any, broker: MemoryBroker) -> None:
    broker.here["one"] = Here("one", Sender("one"))
    answer = await iot.send_direct_message(
        clientId="one", topic="for/you", payload=b"hi", contentType="text/plain"
    )
    assert answer["message"] == "OK"
    message = Message("for/you", b"hi", properties=Properties(content_type="text/plain"))
    assert broker.given == [("one", message)]
    assert broker.topics.messages == []
    for given, code in (
        ({"clientId": "two", "topic": "a"}, "ResourceNotFoundException"),
        ({"clientId": "one", "topic": "a", "confirmation": True}, "InvalidRequestException"),
    ):
        with pytest.raises(ClientError) as caught:
            await iot.send_direct_message(**given)
        assert code_of(caught)[0] == code


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ({"topic": "$aws/things/t/shadow/get", "retain": True}, "nothing is retained there"),
        ({"topic": "a", "userProperties": "[" * 20_000}, "base64 of a JSON array"),
    ],
)
def test_what_nobody_may_publish(engine: Engine, refused: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=why) as raised:
        engine.client("iot-data").publish(qos=1, payload=b"x", **refused)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
