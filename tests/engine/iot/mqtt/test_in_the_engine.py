"""MQTT on the port of a real engine: strangers' programs, kill -9, and nothing loaded too soon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Engine
from mqtt_lab import V3, V5, Client

NOT_BEFORE_IT_IS_NEEDED = ("lambda_nb.engine.iot.mqtt", "lambda_nb.engine.iot.sql", "lark", "paho")


def port_of(engine: Engine) -> int:
    """The engine's port."""
    port = urlsplit(engine.url).port
    assert port is not None
    return port


def with_keys(engine: Engine) -> Callable[[Any], None]:
    """Show the issued access key as user name and password."""
    keys = engine.keys
    pair = (keys["aws_access_key_id"], keys["aws_secret_access_key"])
    return lambda client: client.username_pw_set(*pair)


def test_http_and_mqtt_meet(engine: Engine) -> None:
    """What boto3 publishes a device hears, and what a device retains boto3 reads."""
    topic = engine.name("room")
    with Client(port_of(engine), topic, V5, prepare=with_keys(engine)) as client:
        client.subscribe(topic)
        data = engine.client("iot-data")
        data.publish(topic=topic, qos=1, payload=b"from boto3", contentType="text/plain")
        message = client.message()
        assert (message.payload, message.qos) == (b"from boto3", 1)
        assert message.properties is not None
        assert message.properties.ContentType == "text/plain"
        client.publish(topic, b"kept", retain=True)
        assert data.get_retained_message(topic=topic)["payload"] == b"kept"
        client.publish(topic, b"", retain=True)


def test_mosquitto_s_clients(engine: Engine) -> None:
    if shutil.which("mosquitto_pub") is None:
        pytest.skip("there are no clients of mosquitto here")
    topic, keys = engine.name("room"), engine.keys
    common = [
        "-h", "127.0.0.1", "-p", str(port_of(engine)), "-u", keys["aws_access_key_id"],
        "-P", keys["aws_secret_access_key"], "-t", topic, "-q", "1",
    ]  # fmt: skip
    for version in ("mqttv311", "mqttv5"):
        text = f"hello from {version}"
        sent = ["mosquitto_pub", *common, "-V", version, "-r", "-m", text]
        subprocess.run(sent, check=True, timeout=30)
        got = ["mosquitto_sub", *common, "-V", version, "-C", "1"]
        assert subprocess.check_output(got, timeout=30, text=True) == f"{text}\n"
    subprocess.run(["mosquitto_pub", *common, "-r", "-n"], check=True, timeout=30)


def test_a_signed_web_socket(engine: Engine) -> None:
    url, keys = f"{engine.url}/mqtt", engine.keys
    request = AWSRequest("GET", url)
    pair = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    SigV4QueryAuth(pair, "iotdevicegateway", engine.region, 60).add_auth(request)
    path = request.url.removeprefix(engine.url)
    topic = engine.name("room")
    options = {"transport": "websockets", "prepare": lambda client: client.ws_set_options(path)}
    with Client(port_of(engine), topic, V3, **options) as client:
        client.subscribe(topic)
        client.publish(topic, b"x")
        assert client.payloads(1) == [b"x"]


def test_a_client_without_credentials_is_refused(engine: Engine) -> None:
    with Client(port_of(engine), "stranger", V5, wait=False) as client:
        assert str(client.next()[1]) == "Not authorized"


@pytest.mark.slow
def test_an_open_engine_takes_any_signature_but_no_foreign_page(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine("--auth", "none")
    request = AWSRequest("GET", f"{engine.url}/mqtt")
    keys = Credentials("test", "test")
    SigV4QueryAuth(keys, "iotdevicegateway", engine.region, 60).add_auth(request)
    path = request.url.removeprefix(engine.url)
    told: dict[str, str] = {}
    options = {"transport": "websockets", "prepare": lambda c: c.ws_set_options(path, told)}
    with Client(port_of(engine), "any", V3, **options) as client:
        client.subscribe("a")
        client.publish("a", b"x")
        assert client.payloads(1) == [b"x"]
    told["Origin"] = "http://evil.example"
    with pytest.raises(Exception, match="WebSocket handshake error"):
        Client(port_of(engine), "page", V3, **options)


@pytest.mark.slow
def test_kill_9(start_engine: Callable[..., Engine]) -> None:
    """A session that lasts, what waits for it and what is retained outlive the engine."""
    first = start_engine()
    away = {"clean": False, "prepare": with_keys(first)}
    with Client(port_of(first), "away", V3, **away) as client:
        client.subscribe("away/#")
    with Client(port_of(first), "here", V3, prepare=with_keys(first)) as client:
        client.publish("away/1", b"waits")
        client.publish("state", b"kept", retain=True)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    again = start_engine()
    away["prepare"] = with_keys(again)
    with Client(port_of(again), "away", V3, **away) as client:
        assert client.flags is not None
        assert client.flags.session_present
        assert client.payloads(1) == [b"waits"]
        client.subscribe("state")
        message = client.message()
        assert (message.payload, message.retain) == (b"kept", True)


def test_nothing_of_mqtt_is_loaded_before_the_first_device() -> None:
    code = (
        "import sys, lambda_nb.engine.process.serve\n"
        f"print([m for m in sys.modules if m.startswith({NOT_BEFORE_IT_IS_NEEDED})])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
