"""Another broker in place of ours: mosquitto, and our own as a stranger."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mqtt_lab import PATIENCE_S, V5, Client, broker
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message, Properties
from lambda_nb.engine.iot.mqtt import external
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from lambda_nb.engine.iot.mqtt.external import ExternalBroker
from lambda_nb.engine.iot.mqtt.external_address import Address

MOSQUITTO = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


@contextlib.contextmanager
def mosquitto(port: int, directory: Path) -> Iterator[None]:
    """mosquitto, if there is one."""
    if MOSQUITTO is None:
        pytest.skip("there is no mosquitto here")
    settings = directory / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([MOSQUITTO, "-c", settings], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(ConnectionError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def soon(queue: asyncio.Queue[Message]) -> Message:
    """The next message."""
    return await asyncio.wait_for(queue.get(), PATIENCE_S)


async def connected(url: str) -> ExternalBroker:
    """A broker that is there."""
    made = ExternalBroker(Address.parse(url))
    await asyncio.wait_for(made.connected(), PATIENCE_S)
    return made


@pytest.mark.parametrize("version", ["3", "5"])
async def test_with_mosquitto(tmp_path: Path, version: str) -> None:
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}?version={version}&client_id=engine"
    heard: asyncio.Queue[Message] = asyncio.Queue()
    rules: asyncio.Queue[Message] = asyncio.Queue()
    about = Properties((("a", "b"),), "c/t", "r/t", b"\xff", True, 600)
    with mosquitto(port, tmp_path):
        other = await asyncio.to_thread(Client, port, "other", V5)
        await asyncio.to_thread(other.publish, "room/old", b"old", retain=True)
        made = await connected(url)

        async def receive(message: Message) -> None:
            await rules.put(message)

        made.tap("room/#", receive)
        end = made.tap("room/1", heard.put_nowait)
        await made.publish(Message("room/1", b"x", 1, properties=about))
        assert (await soon(rules)).payload == b"x"  # not what was retained before
        got = await soon(heard)
        assert got.properties == (about if version == "5" else Properties())
        end()
        end()
        await asyncio.to_thread(other.publish, "room/1", b"1")
        await made.publish(Message("room/1", b"0"))
        assert sorted([(await soon(rules)).payload, (await soon(rules)).payload]) == [b"0", b"1"]
        assert heard.empty()
        await asyncio.to_thread(other.close)
    waiting = asyncio.ensure_future(made.publish(Message("room/2", b"later", 1)))
    with mosquitto(port, tmp_path):
        await asyncio.wait_for(waiting, PATIENCE_S)
        assert (await soon(rules)).payload == b"later"
        await made.close()


async def test_what_could_not_be_taken_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "_AGAIN_AFTER_S", 0.05)
    lab_open = contextlib.ExitStack()
    lab = await asyncio.to_thread(lab_open.enter_context, broker(stored_per_s=1000.0))
    try:
        made = await connected(f"mqtt://127.0.0.1:{lab.port}?client_id=engine")
        heard: asyncio.Queue[Message] = asyncio.Queue()
        fails = 2

        def receive(message: Message) -> None:
            nonlocal fails
            fails -= 1
            if fails >= 0:
                raise RuntimeError("not yet")
            heard.put_nowait(message)

        made.tap("a/#", receive)
        await made.publish(Message("a/b", b"x", 1))
        assert (await soon(heard)).payload == b"x"
        await made.close()
    finally:
        await asyncio.to_thread(lab_open.close)


async def test_over_web_socket() -> None:
    lab_open = contextlib.ExitStack()
    lab = await asyncio.to_thread(lab_open.enter_context, broker())
    try:
        made = await connected(f"ws://me:word@127.0.0.1:{lab.port}/mqtt")
        heard: asyncio.Queue[Message] = asyncio.Queue()
        made.tap("a", heard.put_nowait)
        await made.publish(Message("a", b"x", 1))
        assert (await soon(heard)).payload == b"x"
        assert (lab.policy.attempts[-1].username, lab.policy.attempts[-1].password) == (
            "me",
            b"word",
        )
        lab.policy.denied.add(("publish", "secret"))
        with pytest.raises(ConnectionError, match="Not authorized"):
            await asyncio.wait_for(made.publish(Message("secret", b"", 1)), PATIENCE_S)
        await made.close()
    finally:
        await asyncio.to_thread(lab_open.close)


async def test_what_only_the_broker_itself_knows() -> None:
    made = ExternalBroker(Address.parse(f"mqtt://127.0.0.1:{free_port()}"))
    for ask in (
        made.all_retained,
        made.connections,
        lambda: made.retained("x"),
        lambda: made.connection("x"),
        lambda: made.subscriptions("x"),
        lambda: made.connect(Origin()),
    ):
        with pytest.raises(AWSError, match="another MQTT broker"):
            ask()
    for asked in (made.give("x", Message("a", b"")), made.disconnect("x")):
        with pytest.raises(AWSError, match="another MQTT broker"):
            await asked
    waiting = asyncio.ensure_future(made.publish(Message("a", b"", 1)))
    await asyncio.sleep(0)
    await made.close()
    with pytest.raises(ConnectionError, match="the engine ends"):
        await waiting


def test_addresses() -> None:
    address = Address.parse(
        "mqtts://me:se%40cret@a.iot.eu-west-1.amazonaws.com?cert=c.pem&key=k.pem&ca=r.pem&version=3"
    )
    assert (address.host, address.port, address.tls, address.web_socket) == (
        "a.iot.eu-west-1.amazonaws.com",
        8883,
        True,
        False,
    )
    assert (address.username, address.password, address.version) == ("me", "se@cret", 4)
    assert (address.cert, address.key, address.ca) == ("c.pem", "k.pem", "r.pem")
    assert Address.parse("wss://h/x").port == 443
    for url in ("http://h", "mqtt://", "mqtt://h?x=1", "mqtt://h?version=4", "mqtts://h?cert=c"):
        with pytest.raises(ValueError, match=r"\w"):
            Address.parse(url)


def test_properties_in_paho_s_form() -> None:
    said = PahoProperties(PacketTypes.PUBLISH)
    assert external.from_paho(said) is external.from_paho(None)
    said.PayloadFormatIndicator = 0
    assert external.from_paho(said) == Properties(is_text=False)
