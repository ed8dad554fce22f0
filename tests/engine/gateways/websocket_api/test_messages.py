"""Handshakes, messages and routes, with real functions and clients."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)
from engine_fixtures import Ear, Engine
from web_socket_lab import STAGE, WebSocketApi, asked, end_of, make
from websockets.exceptions import ConnectionClosed, InvalidStatus

TELLING = (
    "import json\n"
    "{say}\n"
    "def handler(event, context):\n"
    "    say(json.dumps(event))\n"
    "    query = event.get('queryStringParameters') or {{}}\n"
    "    if query.get('status') == 'none':\n"
    "        return 'no proxy response'\n"
    "    if query.get('status') == 'error':\n"
    "        raise ValueError('no')\n"
    "    return {{'statusCode': int(query.get('status', 200)), 'body': 'as you like',\n"
    "            'headers': {{'Sec-WebSocket-Protocol': query['protocol']}}\n"
    "                       if 'protocol' in query else {{}}}}\n"
)
ECHO = (
    "import json, time\n"
    "def handler(event, context):\n"
    "    text = event['body']\n"
    "    if text == 'fail':\n"
    "        raise ValueError('no')\n"
    "    if text == 'shapeless':\n"
    "        return None\n"
    "    return {'statusCode': 200, 'body': json.dumps(event)}\n"
)


@pytest.fixture(scope="module")
def told() -> Iterator[Ear]:
    """Hears the events of the function behind $connect and $disconnect."""
    ear = Ear()
    yield ear
    ear.close()


@pytest.fixture(scope="module")
def api(engine: Engine, told: Ear) -> WebSocketApi:
    """An API whose function answers with the event it got."""
    made = make(engine, StageVariables={"colour": "blue"})
    telling = made.integrate(engine.create(TELLING.format(say=told.say)))
    echo = made.integrate(engine.create(ECHO))
    made.route("$connect", telling)
    made.route("$disconnect", telling)
    made.route("$default", echo, responds=True)
    made.route("join", echo, responds=True)
    made.route("quiet", echo)
    return made


def entered(told: Ear, tag: str) -> dict[str, Any]:
    """Wait for the event of the client that connected with ``?tag=``."""

    def meant(event: dict[str, Any]) -> bool:
        return bool((event.get("queryStringParameters") or {}).get("tag") == tag)

    return event_of(told, meant)


def left(told: Ear, tag: str) -> dict[str, Any]:
    """Wait for the event of this client's leaving, and return it."""
    identifier = entered(told, tag)["requestContext"]["connectionId"]

    def meant(event: dict[str, Any]) -> bool:
        context = event["requestContext"]
        return bool(context["eventType"] == "DISCONNECT" and context["connectionId"] == identifier)

    event = event_of(told, meant)
    APIGatewayWebSocketDisconnectEventModel.model_validate(event)
    return event


def event_of(told: Ear, meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for an event."""
    told.wait(lambda texts: any(meant(json.loads(text)) for text in texts))
    return next(event for text in told.heard if meant(event := json.loads(text)))


def test_connect_event(api: WebSocketApi, told: Ear) -> None:
    headers = {"X-Mine": "1", "Cookie": "a=b", "X-Forwarded-For": "192.0.2.1"}
    with api.connect("?tag=in&a=1&a=2&b=", additional_headers=headers, user_agent_header="tester"):
        pass
    event = entered(told, "in")
    APIGatewayWebSocketConnectEventModel.model_validate(event)
    assert event["headers"]["X-Mine"] == "1"
    assert event["headers"]["Sec-WebSocket-Version"] == "13"
    assert event["headers"]["Host"] == api.engine.url.removeprefix("http://")
    assert event["multiValueHeaders"]["Cookie"] == ["a=b"]
    assert not {"Upgrade", "Connection"} & event["headers"].keys()
    assert event["headers"]["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1"
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert event["queryStringParameters"] == {"tag": "in", "a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {
        "tag": ["in"],
        "a": ["1", "2"],
        "b": [""],
    }
    assert event["stageVariables"] == {"colour": "blue"}
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert {name: context[name] for name in ("routeKey", "eventType", "messageDirection")} == {
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "messageDirection": "IN",
    }
    for nothing_yet in ("disconnectStatusCode", "messageId", "disconnectReason"):
        assert context[nothing_yet] is None
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tester"
    assert context["identity"]["accountId"] is None
    assert (context["apiId"], context["stage"]) == (api.api_id, STAGE)
    assert context["requestId"] == context["extendedRequestId"]
    assert len(context["connectionId"]) == 16
    assert 0 <= context["requestTimeEpoch"] - context["connectedAt"] < 60_000


def test_message_event(api: WebSocketApi) -> None:
    with api.connect() as client:
        event = asked(client, "hello, wörld")
        other = asked(client, "again")
    APIGatewayWebSocketMessageEventModel.model_validate(event)
    assert event["body"] == "hello, wörld"
    assert event["isBase64Encoded"] is False
    assert "headers" not in event
    context = event["requestContext"]
    assert context["routeKey"] == "$default"
    assert context["eventType"] == "MESSAGE"
    assert context["messageId"] != other["requestContext"]["messageId"]
    assert context["connectionId"] == other["requestContext"]["connectionId"]
    assert context["connectedAt"] == other["requestContext"]["connectedAt"]
    assert context["requestId"] != context["connectionId"]
    assert "disconnectStatusCode" not in context


def test_disconnect_event(api: WebSocketApi, told: Ear) -> None:
    with api.connect("?tag=leaving") as client:
        connection_id = asked(client, "who am I")["requestContext"]["connectionId"]
        client.close(4001, "had enough")
    event = left(told, "leaving")
    context = event["requestContext"]
    assert context["routeKey"] == "$disconnect"
    assert context["disconnectStatusCode"] == 4001
    assert context["disconnectReason"] == "had enough"
    assert context["connectionId"] == connection_id
    assert event["headers"] == {
        "Host": api.engine.url.removeprefix("http://"),
        "x-api-key": "",
        "X-Forwarded-For": "",
        "x-restapi": "",
    }


def test_a_client_that_says_nothing_when_it_leaves(api: WebSocketApi, told: Ear) -> None:
    with api.connect("?tag=silent") as client:
        client.protocol.send_close()
        client.socket.sendall(b"".join(client.protocol.data_to_send()))
        assert left(told, "silent")["requestContext"]["disconnectStatusCode"] == 1005
    context = left(told, "silent")["requestContext"]
    assert context["disconnectReason"] == "Client-side close frame status not set"


def test_a_client_that_vanishes(api: WebSocketApi, told: Ear) -> None:
    with api.connect("?tag=vanishing") as client:
        client.socket.shutdown(socket.SHUT_RDWR)
    assert left(told, "vanishing")["requestContext"]["disconnectStatusCode"] == 1006


def test_routes(api: WebSocketApi) -> None:
    with api.connect() as client:
        keys = [
            asked(client, message)["requestContext"]["routeKey"]
            for message in (
                {"action": "join"},
                {"action": "unknown"},
                {"no": "action"},
                "no JSON",
                {"action": "$connect"},
                {"action": "$disconnect"},
                {"action": "$default"},
            )
        ]
    assert keys == ["join"] + ["$default"] * 6


def test_without_route_response_nothing_comes_back(api: WebSocketApi) -> None:
    with api.connect() as client:
        client.send(json.dumps({"action": "quiet"}))
        assert asked(client, "loud")["body"] == "loud"


@pytest.mark.parametrize("text", ["fail", "shapeless"])
def test_a_function_that_fails(api: WebSocketApi, text: str) -> None:
    with api.connect() as client:
        answer = asked(client, text)
        event = asked(client, "alive")
    assert answer["message"] == "Internal server error"
    assert answer["connectionId"] == event["requestContext"]["connectionId"]
    assert set(answer) == {"message", "connectionId", "requestId"}


def test_connect_that_says_no(api: WebSocketApi) -> None:
    with pytest.raises(InvalidStatus) as refused, api.connect("?status=418"):
        pass
    assert refused.value.response.status_code == 418
    assert refused.value.response.body == b"as you like"


@pytest.mark.parametrize("how", ["error", "none"])
def test_connect_that_fails(api: WebSocketApi, how: str) -> None:
    status, body = api.refused(f"?status={how}")
    assert status == 502
    assert body["message"] == "Internal server error"


def test_a_refused_client_never_disconnects(api: WebSocketApi, told: Ear) -> None:
    assert api.refused("?tag=refused&status=error")[0] == 502
    identifier = entered(told, "refused")["requestContext"]["connectionId"]
    with api.connect("?tag=after"):
        pass
    left(told, "after")
    assert not [text for text in told.heard if "DISCONNECT" in text and identifier in text]


def test_subprotocol(api: WebSocketApi) -> None:
    with api.connect("?protocol=soap", subprotocols=["soap", "wamp"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "soap"
    with api.connect(subprotocols=["soap"]) as client:  # type: ignore[list-item]
        assert client.subprotocol is None


def test_binary_frames_are_refused(api: WebSocketApi, told: Ear) -> None:
    with api.connect("?tag=binary") as client:
        client.send(b"\0\1")
        assert end_of(client)[0] == 1003
    assert left(told, "binary")["requestContext"]["disconnectStatusCode"] == 1003


def test_size_of_frames(api: WebSocketApi) -> None:
    with api.connect() as client:
        assert len(asked(client, "x" * 32_768)["body"]) == 32_768
        client.send("x" * 32_769)
        assert end_of(client)[0] == 1009


def test_size_of_messages(api: WebSocketApi, told: Ear) -> None:
    with api.connect("?tag=large") as client:
        client.send(["x" * 32_768] * 4)
        assert len(json.loads(client.recv(timeout=60))["body"]) == 131_072
        client.send(["x" * 32_768] * 4 + ["x"])
        assert end_of(client)[0] == 1009
    assert left(told, "large")["requestContext"]["disconnectStatusCode"] == 1009


def test_invalid_utf8_ends_the_connection(api: WebSocketApi) -> None:
    with api.connect() as client:
        client.send(b"\xff\xfe", text=True)
        assert end_of(client)[0] == 1007


def test_pings_are_answered(api: WebSocketApi) -> None:
    with api.connect() as client:
        assert client.ping().wait(60)


def test_messages_of_one_client_run_at_the_same_time(engine: Engine) -> None:
    both = make(engine)
    waits = (
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(1 if event['body'] == 'slow' else 0)\n"
        "    return {'statusCode': 200, 'body': event['body']}\n"
    )
    both.route("$default", both.integrate(engine.create(waits, Timeout=20)), responds=True)
    with both.connect() as client:
        client.send("slow")
        client.send("fast")
        assert [client.recv(timeout=60) for _ in range(2)] == ["fast", "slow"]


@pytest.mark.parametrize("seed", range(8))
def test_nonsense_ends_only_its_own_connection(api: WebSocketApi, seed: int) -> None:
    nonsense = random.Random(seed)
    with api.connect() as good:
        with api.connect() as bad:
            bad.socket.sendall(nonsense.randbytes(nonsense.randrange(1, 300)))
            with contextlib.suppress(OSError):  # it may have been hung up on already
                bad.socket.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionClosed):
                bad.recv(timeout=60)
        assert asked(good, "still there?")["body"] == "still there?"


def test_nothing_is_loaded_for_websockets_before_there_is_one() -> None:
    code = (
        "import sys, lambda_nb.engine.process.serve\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'websockets']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
