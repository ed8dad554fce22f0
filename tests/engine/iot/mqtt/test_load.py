"""Many connections, clients that do not read, and bytes that are no MQTT."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Iterator

import pytest
from mqtt_lab import PATIENCE_S, V3, V5, Client, Lab, broker, told, until

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.codec.encoding import encode
from lambda_nb.engine.iot.mqtt.codec.packets import (
    Ack,
    Connack,
    Connect,
    Disconnect,
    Kind,
    Ping,
    Publish,
    Subscribe,
    Wanted,
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A broker."""
    with broker() as lab:
        yield lab


def line(lab: Lab, client_id: str | None = None, version: int = 4) -> socket.socket:
    """A connection, after CONNECT if there is a client id."""
    made = socket.create_connection(("127.0.0.1", lab.port), timeout=PATIENCE_S)
    if client_id is not None:
        made.sendall(encode(Connect(client_id, version), version))
        assert made.recv(100)[0] == 0x20
    return made


def rest(made: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while data := made.recv(65536):
            found += data
    made.close()
    return bytes(found)


def test_a_thousand_connections(lab: Lab) -> None:
    count = 1000
    lines = [line(lab) for _ in range(count)]
    for number, one in enumerate(lines):
        name = f"many-{number}"
        subscribe = Subscribe(1, [Wanted(f"to/{name}", 0), Wanted("to/all", 0)])
        one.sendall(encode(Connect(name), 4) + encode(subscribe, 4))
    for one in lines:
        answers = bytearray()
        while len(answers) < 10:  # CONNACK and SUBACK
            answers += one.recv(100)
        assert bytes(answers) == b"\x20\x02\0\0\x90\4\0\1\0\0"
    assert len(lab.run(lab.broker.connections)) == count
    whole = encode(Publish("to/all", b"hello"), 4)
    lab.publish("to/all", b"hello")
    for number, one in enumerate(lines):
        lab.publish(f"to/many-{number}", b"%d" % number)
        wanted = whole + encode(Publish(f"to/many-{number}", b"%d" % number), 4)
        found = bytearray()
        while len(found) < len(wanted):
            found += one.recv(1000)
        assert bytes(found) == wanted
        one.close()
    until(lambda: not lab.run(lab.broker.connections), "all have gone")


def test_a_client_that_does_not_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STALLED_S", 0.5)
    gone = lab.heard("$aws/events/presence/disconnected/lazy")
    lazy = line(lab, "lazy")
    lazy.sendall(encode(Subscribe(1, [Wanted("flood", 0), Wanted("flood1", 1)]), 4))
    payload = b"x" * 100_000
    with Client(lab.port, "diligent") as diligent:
        diligent.subscribe(("flood", 0))
        for _ in range(400):  # 40 MB
            lab.publish("flood", payload)
            lab.publish("flood1", payload, qos=1)
            assert len(diligent.message().payload) == len(payload)
    assert told(gone.get(timeout=PATIENCE_S))["disconnectReason"] == "THROTTLED"
    assert len(rest(lazy)) < 20 << 20


def test_a_web_page_s_first_byte_is_no_mqtt(lab: Lab) -> None:
    made = line(lab)
    made.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert rest(made).startswith(b"HTTP/1.1 200")


def test_packets_that_end_a_connection(lab: Lab) -> None:
    connect = encode(Connect("rude", 5), 5)
    for packet, code in (
        (connect, 0x82),  # once more
        (encode(Ack(Kind.PUBREL, 1), 5), 0x82),
        (encode(Connack(False, 0), 5), 0x82),
        (b"\xf0\x00", 0x82),  # AUTH
        (b"\x00\x00", 0x81),
        (b"\x30\x03\x00\x01\x23", 0x90),
        (b"\x30\xff\xff\xff\x7f", 0x95),
        (b"\xe0\x06\x00\x04\x11\x00\x00\x00", 0x81),
        (b"\xe0\x07\x00\x05\x11\x00\x00\x00\x01", 0x82),  # makes a session last after all
        (b"\x82\x09\x00\x01\x02\x0b\x01\x00\x01\x61\x00", 0xA1),  # subscription identifier
        (b"\x82\x07\x00\x01\x00\x00\x01\x61\x02", 0x9B),
    ):
        made = line(lab, "rude", 5)
        made.sendall(packet)
        answer = rest(made)
        assert (answer[0], answer[2]) == (0xE0, code), packet


def test_before_connect(lab: Lab) -> None:
    for first, answer in (
        (encode(Connect("x", 4), 4).replace(b"MQTT\4", b"MQTT\3"), b"\x20\2\0\1"),
        (b"\x10\x00", b""),
        (b"\x10\x0c\x00\x04MQTT\x04\x03\x00\x3c\x00\x00", b""),
        (encode(Connect("", 4, clean=False), 4), b"\x20\2\0\2"),
    ):
        made = line(lab)
        made.sendall(first)
        assert rest(made) == answer
    for packet in (Ping(), Disconnect(), Publish("a", b"")):
        made = line(lab)
        made.sendall(b"\x10" if isinstance(packet, Publish) else encode(packet, 4))
        made.shutdown(socket.SHUT_WR)
        rest(made)


def test_a_connection_that_says_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_WITHIN_S", 0.2)
    made = line(lab)
    made.sendall(b"\x10\x20\x00")
    assert rest(made) == b""


@pytest.mark.parametrize("version", [V3, V5], ids=["3.1.1", "5"])
def test_keep_alive(lab: Lab, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEEP_ALIVE_LEAST_S", 1)
    monkeypatch.setattr(limits, "KEEP_ALIVE_GRACE", 0.3)
    gone = lab.heard(f"$aws/events/presence/disconnected/silent{version}")
    made = socket.create_connection(("127.0.0.1", lab.port), timeout=PATIENCE_S)
    made.sendall(encode(Connect(f"silent{version}", version, keep_alive_s=1), version))
    for _ in range(5):  # it is heard for longer than it may be silent
        time.sleep(0.1)
        made.sendall(b"\xc0\x00")
    assert gone.empty()
    answer = rest(made)
    assert version == V3 or answer[-3:-1] == b"\xe0\x01" or answer.endswith(b"\xe0\x01\x8d")
    assert told(gone.get(timeout=PATIENCE_S))["disconnectReason"] == "MQTT_KEEP_ALIVE_TIMEOUT"


def test_noise(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    noise = random.Random(1)
    good = [
        encode(Publish("n/a", b"x" * 50, 1, packet_id=7), 5),
        encode(Subscribe(3, [Wanted("n/#", 1)]), 5),
        encode(Ping(), 5),
        encode(Ack(Kind.PUBACK, 9), 5),
    ]
    for round_ in range(300):
        made = line(lab, f"noise-{round_ % 7}", 5) if round_ % 3 else line(lab)
        whole = bytearray(b"".join(noise.choices(good, k=4)))
        if not round_ % 3:
            whole = bytearray(encode(Connect("noise", 5), 5)) + whole
        for _ in range(noise.randint(1, 4)):
            whole[noise.randrange(len(whole))] = noise.randrange(256)
        with contextlib.suppress(OSError):
            made.sendall(bytes(whole) + noise.randbytes(noise.randint(0, 40)))
            made.shutdown(socket.SHUT_WR)
            rest(made)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    with Client(lab.port, "after") as client:
        client.subscribe("after")
        client.publish("after", b"still here")
        assert client.payloads(1) == [b"still here"]
