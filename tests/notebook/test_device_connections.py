"""Connections of devices in the notebook: calls with messages, losses, and engines that go."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Engine

import lambda_nb
from lambda_nb.notebook.errors import NotebookError


@pytest.fixture
def device(engine: Engine) -> Iterator[Callable[..., lambda_nb.Device]]:
    made = []

    def make(name: str = "") -> lambda_nb.Device:
        one = lambda_nb.Device(name or engine.name("device"), client=engine.client())
        made.append(one)
        return one.connect()

    yield make
    for one in made:
        one.close(delete=True)


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_call_with_a_message_may_publish_and_subscribe(
    device: Callable[..., lambda_nb.Device], engine: Engine
) -> None:
    one, other, topic = device(), device(), engine.name("room")

    def answer(message: Any) -> None:
        inner = one.subscribe(f"{topic}/inner")
        one.publish(f"{topic}/inner", "to myself")
        one.publish(f"{topic}/answer", [message.payload, inner.next().payload])

    one.subscribe(f"{topic}/question", answer)
    answers = other.subscribe(f"{topic}/answer")
    other.publish(f"{topic}/question", "how are you")
    assert answers.next().payload == ["how are you", "to myself"]


def test_a_call_that_fails_is_told_and_the_next_one_made(
    device: Callable[..., lambda_nb.Device],
    engine: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, topic, called = device(), engine.name("room"), []

    def call(message: Any) -> None:
        called.append(message.payload)
        raise RuntimeError("mine")

    one.subscribe(topic, call)
    for text in ("a", "b"):
        one.publish(topic, text)
    until(lambda: called == ["a", "b"])
    one.close()
    until(lambda: not any(one.name in thread.name for thread in threading.enumerate()))
    told = capsys.readouterr().err
    assert f"{one.name}: the function for messages of '{topic}' failed" in told
    assert "RuntimeError: mine" in told


def test_each_subscription_gets_its_messages_also_after_a_loss(
    device: Callable[..., lambda_nb.Device], engine: Engine
) -> None:
    one, topic = device(), engine.name("room")
    first, second, wide = one.subscribe(topic), one.subscribe(topic), one.subscribe(f"{topic}/#")
    one.publish(topic, "1")
    assert [first.next().payload, second.next().payload] == [1, 1]
    one.drop()
    one.publish(topic, "2")
    assert [first.next().payload, second.next().payload] == [2, 2]
    first.end()
    one.publish(topic, "3")
    one.publish(f"{topic}/below", "4")
    assert [second.next().payload, wide.next().payload] == [3, 4]
    assert first.waiting() == []


def test_the_later_device_of_a_name_stays(
    device: Callable[..., lambda_nb.Device], engine: Engine
) -> None:
    """As when a cell runs again."""
    earlier = device()
    later = device(earlier.name)
    assert (earlier.connected, later.connected) == (False, True)
    (principal,) = engine.client("iot").list_thing_principals(thingName=later.name)["principals"]
    assert principal == later._identity.certificate_arn  # type: ignore[union-attr]


def test_a_message_that_is_refused_does_not_come_again_and_again(
    device: Callable[..., lambda_nb.Device], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.notebook.devices.device.PATIENCE_S", 3.0)
    one, topic = device(), engine.name("room")
    came = one.subscribe(topic)
    with pytest.raises(NotebookError, match="did not take"):
        one.publish("$aws/mine", "x")
    connections = one._connections
    one.publish(topic, "1")
    assert came.next().payload == 1
    assert one._connections == connections


def test_a_certificate_that_is_gone_is_told_at_once(
    device: Callable[..., lambda_nb.Device], engine: Engine
) -> None:
    one = device()
    one._registry.withdraw(one._identity)  # type: ignore[arg-type]
    until(lambda: not one.connected)
    with pytest.raises(NotebookError, match=r"is not connected: (Not authorized|the broker)"):
        one.publish("a", "x")
    one.close()
    one.close()


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho leaves sockets
def test_a_device_connects_again_when_its_engine_is_back(
    start_engine: Callable[..., Engine],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    first = start_engine("--port", port)
    one = lambda_nb.Device("sensor", client=first.client()).connect()
    came = one.subscribe("room")
    time.sleep(1.5)  # until the services' state is on disk
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    until(lambda: not one.connected)
    again = start_engine("--port", port)
    until(lambda: one.connected)
    again.client("iot-data").publish(topic="room", qos=1, payload=b"1")
    assert came.next().payload == 1
    one.close()


@pytest.mark.slow
def test_a_kernel_ends_when_its_engine_has_gone(start_engine: Callable[..., Engine]) -> None:
    gone = start_engine()
    code = (
        "import boto3, lambda_nb, os, signal, sys\n"
        "url, region, key, secret, pid = sys.argv[1:]\n"
        "client = boto3.client('lambda', endpoint_url=url, region_name=region,\n"
        "    aws_access_key_id=key, aws_secret_access_key=secret)\n"
        "devices = [lambda_nb.Device(f'sensor-{n}', client=client) for n in range(20)]\n"
        "for one in devices:\n"
        "    one.connect()\n"
        "os.kill(int(pid), signal.SIGKILL)\n"
    )
    arguments = [gone.url, gone.region, *gone.keys.values(), str(gone.process.pid)]
    told = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=90
    )
    assert (told.returncode, told.stderr) == (0, "")
