"""``serve --mqtt-port`` and ``serve --mqtt``: one more port, and another broker."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from engine_fixtures import Ear, Engine
from paho.mqtt.enums import CallbackAPIVersion

SOURCE = "import json\n{say}\ndef handler(event, context):\n    say(json.dumps(event))\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def publish(port: int, topic: str, payload: str, login: tuple[str, str] | None = None) -> None:
    """Publish one message with QoS 1 and wait until the broker has it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
    if login is not None:
        client.username_pw_set(*login)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        client.publish(topic, payload, qos=1).wait_for_publish(20)
    finally:
        client.disconnect()
        client.loop_stop()


def rule(engine: Engine, ear: Ear) -> None:
    """A rule that calls a function, which tells the ear."""
    name = engine.create(SOURCE.format(say=ear.say))
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
    )
    engine.client("iot").create_topic_rule(
        ruleName="told",
        topicRulePayload={
            "sql": "SELECT n FROM 'room/+'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"lambda": {"functionArn": arn}}],
        },
    )


def test_devices_have_a_port_of_their_own(start_engine: Callable[..., Engine], ear: Ear) -> None:
    port = free_port()
    engine = start_engine("--mqtt-port", str(port))
    rule(engine, ear)
    keys = engine.keys
    login = (keys["aws_access_key_id"], keys["aws_secret_access_key"])
    publish(port, "room/kitchen", '{"n": 1}', login)
    ear.wait(lambda said: said == ['{"n": 1}'])


def test_a_port_that_is_taken_is_told(start_engine: Callable[..., Engine]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        with pytest.raises(Exception, match=f"cannot listen on 127.0.0.1:{port}.*--mqtt-port"):
            start_engine("--mqtt-port", port)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[int]:
    """A broker that is not ours; its port."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(
        [program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    broker.terminate()
    broker.wait(20)


def test_rules_follow_another_broker(
    start_engine: Callable[..., Engine], mosquitto: int, ear: Ear
) -> None:
    engine = start_engine("--mqtt", f"mqtt://127.0.0.1:{mosquitto}")
    rule(engine, ear)
    deadline = time.monotonic() + 30
    while not ear.heard and time.monotonic() < deadline:  # until the engine has subscribed there
        publish(mosquitto, "room/kitchen", '{"n": 2}')
        time.sleep(0.1)
    assert set(ear.heard) == {'{"n": 2}'}


def test_a_url_that_is_none_is_told(start_engine: Callable[..., Engine]) -> None:
    with pytest.raises(Exception, match="'http://x' is no MQTT broker"):
        start_engine("--mqtt", "http://x")


def test_the_status_names_the_other_broker(
    start_engine: Callable[..., Engine], mosquitto: int
) -> None:
    url = f"mqtt://me:secret@127.0.0.1:{mosquitto}?client_id=nb"
    status: dict[str, Any] = start_engine("--mqtt", url).status()
    assert status["mqtt"] == f"mqtt://127.0.0.1:{mosquitto}"
