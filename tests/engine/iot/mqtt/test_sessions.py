"""Persistent sessions and shared subscriptions, over restarts and kill -9 too."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mqtt_lab import V3, V5, Client, Lab, broker, until
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from lambda_nb.engine.databases import DatabaseError
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.message import Properties as MessageProperties
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.broker import Broker

VERSIONS = pytest.mark.parametrize("version", [V3, V5], ids=["3.1.1", "5"])
FAST: dict[str, Any] = {"stored_per_s": 1000.0}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A broker that sends what was stored quickly."""
    with broker(**FAST) as lab:
        yield lab


def lasting(version: MQTTProtocolVersion, expiry_s: int = 600) -> dict[str, Any]:
    """What a client needs for a persistent session."""
    if version == V3:
        return {"clean": False}
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = expiry_s
    return {"clean": False, "connect": properties}


def present(client: Client) -> bool:
    """Whether a client's session was there before."""
    assert client.flags is not None
    return bool(client.flags.session_present)


@VERSIONS
def test_what_came_meanwhile(lab: Lab, version: MQTTProtocolVersion) -> None:
    name = f"away{version}"
    with Client(lab.port, name, version, **lasting(version)) as client:
        assert not present(client)
        client.subscribe((f"{name}/#", 1))
    with Client(lab.port, "pub") as pub:
        for number in range(20):
            pub.publish(f"{name}/x", b"%d" % number)
        pub.publish(f"{name}/x", b"not kept", 0)
    with Client(lab.port, name, version, **lasting(version)) as client:
        assert present(client)
        assert client.payloads(20) == [b"%d" % number for number in range(20)]
        client.publish(f"{name}/x", b"now")
        assert client.payloads(1) == [b"now"]
    with Client(lab.port, name, version, clean=True) as client:
        assert not present(client)
    with Client(lab.port, name, version, **lasting(version)) as client:
        assert not present(client)


def test_a_session_of_the_other_version_is_not_resumed(lab: Lab) -> None:
    with Client(lab.port, "cross", V3, **lasting(V3)) as client:
        client.subscribe("cross")
    with Client(lab.port, "cross", V5, **lasting(V5)) as client:
        assert not present(client)


def test_sessions_expire(lab: Lab) -> None:
    with Client(lab.port, "short", V5, **lasting(V5, 1)) as client:
        client.subscribe("short")
    hub = lab.broker._hub
    until(lambda: not lab.run(lambda: hub.routes.of("short").receivers), "the session expires")
    with Client(lab.port, "short", V5, **lasting(V5)) as client:
        assert not present(client)


def test_the_end_may_be_changed_when_leaving(lab: Lab) -> None:
    with Client(lab.port, "leaves", V5, **lasting(V5)) as client:
        client.subscribe("leaves")
        properties = Properties(PacketTypes.DISCONNECT)
        properties.SessionExpiryInterval = 0
        client.paho.disconnect(properties=properties)
        client.until("disconnected")
    with Client(lab.port, "leaves", V5, **lasting(V5)) as client:
        assert not present(client)


def test_messages_expire_while_they_wait(lab: Lab) -> None:
    with Client(lab.port, "stale", V5, **lasting(V5)) as client:
        client.subscribe("stale")
    lab.publish("stale", b"old", qos=1, properties=MessageProperties(expiry_s=0))
    lab.publish("stale", b"new", qos=1, properties=MessageProperties(expiry_s=600))
    with Client(lab.port, "stale", V5, **lasting(V5)) as client:
        message = client.message()
        assert message.payload == b"new"
        assert message.properties is not None
        assert 0 < message.properties.MessageExpiryInterval <= 600


def test_deleting_a_session(lab: Lab) -> None:
    with Client(lab.port, "cleared", V5, **lasting(V5)) as client:
        assert lab.call(lab.broker.disconnect("cleared", clean_session=True))
        client.until("disconnected")
    with Client(lab.port, "cleared", V5, **lasting(V5)) as client:
        assert not present(client)
    assert lab.call(lab.broker.disconnect("cleared", clean_session=True))


def test_stored_messages_come_slowly() -> None:
    with broker(stored_per_s=10.0) as lab:
        with Client(lab.port, "slow", **lasting(V3)) as client:
            client.subscribe("slow")
        for number in range(4):
            lab.publish("slow", b"%d" % number, qos=1)
        with Client(lab.port, "slow", **lasting(V3)) as client:
            first = client.message()
            lab.publish("slow", b"new", qos=1)
            rest = client.payloads(4)
        assert first.payload == b"0"
        assert sorted(rest) == [b"1", b"2", b"3", b"new"]
        assert rest[0] == b"new"  # along with what is stored, not after it


def test_unacknowledged_messages_are_bounded(lab: Lab) -> None:
    """A client gets as many messages as it said, and no more before it acknowledges them."""
    few = Properties(PacketTypes.CONNECT)
    few.ReceiveMaximum = 3

    def manual(client: Any) -> None:
        client.manual_ack_set(True)

    with Client(lab.port, "few", V5, connect=few, prepare=manual) as client:
        client.subscribe("few")
        for number in range(5):
            lab.publish("few", b"%d" % number, qos=1)
        got = [client.message() for _ in range(3)]
        lab.publish("few", b"qos 0")
        assert client.message().payload == b"qos 0"
        client.paho.ack(got[0].mid, 1)
        assert client.message().payload == b"3"
    with Client(lab.port, "few") as client:
        assert not present(client)


def test_what_was_not_acknowledged_comes_again(lab: Lab) -> None:
    def manual(client: Any) -> None:
        client.manual_ack_set(True)

    with Client(lab.port, "twice", **lasting(V3), prepare=manual) as client:
        client.subscribe("twice")
        lab.publish("twice", b"1", qos=1)
        assert client.payloads(1) == [b"1"]
        client.cut()
    with Client(lab.port, "twice", **lasting(V3)) as client:
        message = client.message()
        assert (message.payload, message.dup) == (b"1", False)  # AWS does not set DUP


def test_a_shared_subscription(lab: Lab) -> None:
    with Client(lab.port, "m1") as one, Client(lab.port, "m2", V5) as two:
        one.subscribe("$share/g/work/#")
        two.subscribe("$share/g/work/#", "$share/other/work/+")
        for number in range(60):
            lab.publish("work/x", b"%d" % number, qos=1)
        until(lambda: one.messages.qsize() + two.messages.qsize() == 120, "all have come")
        got = sorted(int(x.payload) for client in (one, two) for x in client.messages.queue)
        assert got == sorted([*range(60), *range(60)])
        assert one.messages.qsize() > 5
        assert two.messages.qsize() > 65


def test_a_group_s_messages_wait_for_a_member(lab: Lab) -> None:
    with Client(lab.port, "keeper", V5, **lasting(V5)) as client:
        client.subscribe("$share/waits/w")
    for number in range(5):
        lab.publish("w", b"%d" % number, qos=1)
    with Client(lab.port, "newcomer") as client:
        client.subscribe("$share/waits/w")
        assert client.payloads(5) == [b"%d" % number for number in range(5)]
    with Client(lab.port, "keeper", V5, clean=True):
        pass
    lab.publish("w", b"for nobody", qos=1)
    with Client(lab.port, "newcomer") as client:
        client.subscribe("$share/waits/w")
        lab.publish("w", b"now", qos=1)
        assert client.payloads(1) == [b"now"]


def test_a_message_goes_to_another_member_if_its_receiver_leaves(lab: Lab) -> None:
    def manual(client: Any) -> None:
        client.manual_ack_set(True)

    first = Client(lab.port, "leaver", prepare=manual)
    first.subscribe("$share/moves/m")
    lab.publish("m", b"1", qos=1)
    assert first.payloads(1) == [b"1"]
    with Client(lab.port, "stayer") as second:
        second.subscribe("$share/moves/m")
        first.cut()
        assert second.payloads(1) == [b"1"]


def test_puback_waits_for_the_taps(lab: Lab) -> None:
    let_go = threading.Event()
    began: list[bytes] = []

    async def slow(message: Message) -> None:
        began.append(message.payload)
        while message.payload == b"0" and not let_go.is_set():
            await asyncio.sleep(0.005)

    end = lab.run(lambda: lab.broker.tap("tapped", slow))
    with Client(lab.port, "tapped") as client:
        mids = [client.paho.publish("tapped", b"%d" % number, 1).mid for number in range(5)]
        until(lambda: len(began) == 5, "all taps have begun")
        assert began == [b"%d" % number for number in range(5)]
        assert client.happened.empty()
        let_go.set()
        for _ in mids:
            client.until("published")
    lab.run(end)


def test_a_busy_tap_stops_its_client_from_sending_more(lab: Lab) -> None:
    let_go = threading.Event()
    began: list[bytes] = []

    async def slow(message: Message) -> None:
        began.append(message.payload)
        while not let_go.is_set():
            await asyncio.sleep(0.02)

    end = lab.run(lambda: lab.broker.tap("busy", slow))
    with Client(lab.port, "busy") as client:
        for number in range(3000):
            client.paho.publish("busy", b"%d" % number)
        until(lambda: len(began) >= 1000, "taps have begun")
        with Client(lab.port, "idle") as idle:
            idle.publish("not busy", b"")
        assert len(began) == 1000
        let_go.set()
        until(lambda: len(began) == 3000, "all have come")
    lab.run(end)


def test_a_restart_keeps_sessions_and_retained_messages(tmp_path: Path) -> None:
    store = tmp_path / "mqtt.sqlite"
    about = MessageProperties((("a", "b"),), "c/t", "r/t", b"\xff", False, 600)
    with broker(store, **FAST) as lab:
        with Client(lab.port, "kept", V5, **lasting(V5)) as client:
            client.subscribe(("kept/#", SubscribeOptions(1, retainAsPublished=True)))
            client.subscribe("$share/group/shared", "gone")
            client.paho.unsubscribe("gone")
            client.until("unsubscribed")
            with Client(lab.port, "old", **lasting(V3)) as old:
                old.subscribe(("kept/#", 0))
        lab.publish("kept/x", b"1", qos=1, retain=True, properties=about)
        lab.publish("shared", b"2", qos=1)
        lab.publish("gone", b"no", qos=1)
    with broker(store, **FAST) as lab:
        with Client(lab.port, "kept", V5, **lasting(V5)) as client:
            assert present(client)
            found = {message.topic: message for message in (client.message(), client.message())}
            assert {topic: one.payload for topic, one in found.items()} == {
                "kept/x": b"1",
                "shared": b"2",
            }
            assert found["kept/x"].retain
            said = found["kept/x"].properties
            assert said is not None
            assert (said.UserProperty, said.ContentType) == ([("a", "b")], "c/t")
            assert (said.CorrelationData, said.PayloadFormatIndicator) == (b"\xff", 0)
        with Client(lab.port, "old", **lasting(V3)) as old:
            assert present(old)
            lab.publish("kept/y", b"3")
            assert old.payloads(1) == [b"3"]
        kept = lab.run(lambda: lab.broker.retained("kept/x"))
        assert (kept.message.payload, kept.message.properties) == (b"1", about)
    with broker(store, **FAST) as lab, Client(lab.port, "kept", V5, **lasting(V5)) as client:
        lab.publish("kept/z", b"nothing waits any more", qos=1)
        assert client.payloads(1) == [b"nothing waits any more"]


def test_so_many_messages_wait(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_QUEUED", 3)
    with Client(lab.port, "bounded", **lasting(V3)) as client:
        client.subscribe("bounded", "$share/bounded/shared")
    for number in range(6):
        lab.publish("bounded", b"%d" % number, qos=1)
        lab.publish("shared", b"shared %d" % number, qos=1)
    with Client(lab.port, "bounded", **lasting(V3)) as client:
        found = client.payloads(6)  # the older ones
        assert [one for one in found if b" " not in one] == [b"0", b"1", b"2"]
        assert [one for one in found if b" " in one] == [b"shared 0", b"shared 1", b"shared 2"]


def test_nothing_is_acknowledged_that_could_not_be_stored(tmp_path: Path) -> None:
    with broker(tmp_path / "mqtt.sqlite", **FAST) as lab:
        with Client(lab.port, "full", V5, **lasting(V5)) as client:
            client.subscribe("full")

        def shrink(pages: str) -> None:
            lab.broker._hub._store._db.execute(f"PRAGMA max_page_count = {pages}")

        lab.run(lambda: shrink("1"))  # SQLite then says that the disk is full
        with Client(lab.port, "pub5", V5) as pub:
            codes = [str(pub.publish("full", b"x" * 20_000)) for _ in range(3)]
            assert codes[-1] == "Unspecified error"
        with Client(lab.port, "pub3") as pub:
            pub.paho.publish("full", b"x" * 20_000, 1)
            pub.until("disconnected")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            lab.publish("full", b"x" * 20_000, qos=1, retain=True)
        lab.run(lambda: shrink("100000"))
        with Client(lab.port, "pub5", V5) as pub:
            assert str(pub.publish("full", b"1")) == "Success"


def test_a_file_is_used_by_one_broker(tmp_path: Path) -> None:
    store = tmp_path / "mqtt.sqlite"
    with broker(store) as lab, pytest.raises(DatabaseError, match="in use by another engine"):
        lab.run(lambda: Broker(lab.policy, store))
    store.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseError, match="damaged"):
        asyncio.run(_open(store))


async def _open(store: Path) -> None:
    Broker(None, store)  # type: ignore[arg-type]


SERVE = """
import asyncio, sys
from pathlib import Path
from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.mqtt.admission import Admitted
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.broker import Broker

class Everybody:
    async def connect(self, attempt):
        return Admitted(Sender(attempt.client_id), lambda action, topic: True)

class Late(asyncio.Protocol):
    def connection_made(self, transport):
        protocol = broker.connect_from(transport)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

async def main():
    global broker
    broker = Broker(Everybody(), Path(sys.argv[1]), stored_per_s=5000)
    server = await asyncio.get_running_loop().create_server(Late, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


class Process:
    """A broker in a process that can be killed."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-c", SERVE, str(store)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it at once."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def test_nothing_acknowledged_is_lost_over_kill_9(tmp_path: Path) -> None:
    store = tmp_path / "mqtt.sqlite"
    process = Process(store)
    with Client(process.port, "away", **lasting(V3)) as client:
        client.subscribe("kill/#")
    acknowledged: set[int] = set()
    with Client(process.port, "pub") as pub:
        numbers = {pub.paho.publish("kill/x", b"%d" % n, 1).mid: n for n in range(2000)}
        pub.paho.on_publish = lambda c, d, mid, code, props: acknowledged.add(numbers[mid])
        until(lambda: len(acknowledged) > 300, "some are acknowledged")
        process.kill()
        pub.until("disconnected")
    process = Process(store)
    try:
        with Client(process.port, "away", **lasting(V3)) as client:
            assert present(client)
            got: set[int] = set()
            while not acknowledged <= got:
                got.add(int(client.message().payload))
    finally:
        process.kill()
