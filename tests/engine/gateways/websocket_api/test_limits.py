"""How long connections may stay, and their end with the engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from web_socket_lab import WebSocketApi, asked, end_of, make
from websockets.exceptions import ConnectionClosed

TELLING = (
    "import json\n"
    "{say}\n"
    "def handler(event, context):\n"
    "    at = event['requestContext']\n"
    "    if at['eventType'] == 'DISCONNECT':\n"
    "        say(json.dumps([at['disconnectStatusCode'], at['disconnectReason']]))\n"
    "    return {{'statusCode': 200, 'body': json.dumps(at)}}\n"
)


def talking(engine: Engine, ear: Ear) -> WebSocketApi:
    """An API whose function says why connections end."""
    api = make(engine)
    integration = api.integrate(engine.create(TELLING.format(say=ear.say)))
    api.route("$disconnect", integration)
    api.route("$default", integration, responds=True)
    return api


def reasons(ear: Ear, count: int) -> list[Any]:
    """Wait for so many ends; codes and reasons."""
    ear.wait(lambda texts: len(texts) >= count)
    return [json.loads(text) for text in ear.heard]


def test_idle(start_engine: Callable[..., Engine], ear: Ear) -> None:
    api = talking(start_engine("--websocket-idle", "1"), ear)
    with api.connect() as client:
        asked(client, "hello")
        assert end_of(client) == (1001, "Going away")
    assert reasons(ear, 1) == [[1001, "Going away"]]


def test_what_is_sent_to_a_client_keeps_it(start_engine: Callable[..., Engine], ear: Ear) -> None:
    api = talking(start_engine("--websocket-idle", "2", "--websocket-life", "4"), ear)
    management = api.management()
    with api.connect() as client:
        me = asked(client, "hello")["connectionId"]
        began = time.monotonic()

        def keep() -> None:
            management.post_to_connection(ConnectionId=me, Data=b"stay")
            client.recv(timeout=60)
            management.get_connection(ConnectionId=me)

        with pytest.raises((management.exceptions.GoneException, ConnectionClosed)):
            for_ever(keep)
        # It lived until its life was over, and was never idle.
        assert time.monotonic() - began > 3


def for_ever(call: Callable[[], object]) -> None:
    """Call it until it fails."""
    while True:
        call()


def test_life(start_engine: Callable[..., Engine], ear: Ear) -> None:
    api = talking(start_engine("--websocket-life", "1"), ear)
    with api.connect() as client:
        assert end_of(client) == (1001, "Going away")
    assert reasons(ear, 1) == [[1001, "Going away"]]


def test_the_engine_s_end(start_engine: Callable[..., Engine], ear: Ear) -> None:
    engine = start_engine()
    api = talking(engine, ear)
    with api.connect() as client:
        asked(client, "hello")
        assert engine.stop() == 0
        assert end_of(client) == (1001, "Going away")
    assert reasons(ear, 1) == [[1001, "Going away"]]
    assert "Traceback" not in engine.log_file.read_text()
