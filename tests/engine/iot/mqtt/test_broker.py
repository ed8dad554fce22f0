"""The broker by AWS IoT Core's rules, with clients of paho, MQTT 3.1.1 and 5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mqtt_lab import V3, V5, Client, Lab, broker, told, until
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.message import Properties as MessageProperties
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import Refused

VERSIONS = pytest.mark.parametrize("version", [V3, V5], ids=["3.1.1", "5"])
LONG = {"SessionExpiryInterval": 600}


@pytest.fixture(scope="module")
def shared() -> Iterator[Lab]:
    """One broker for the tests of this file that change nothing of it."""
    with broker() as lab:
        yield lab


@pytest.fixture
def lab(shared: Lab) -> Lab:
    """The broker, with nothing refused or denied."""
    shared.policy.refused.clear()
    shared.policy.denied.clear()
    shared.policy.refresh_s = shared.policy.disconnect_after_s = None
    return shared


def said(kind: int, **values: Any) -> Properties:
    """Properties of a packet."""
    properties = Properties(kind)
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def lasting(version: MQTTProtocolVersion) -> dict[str, Any]:
    """What a client needs for a persistent session."""
    if version == V3:
        return {"clean": False}
    return {"clean": False, "connect": said(PacketTypes.CONNECT, **LONG)}


@VERSIONS
@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_arrives(lab: Lab, version: MQTTProtocolVersion, qos: int) -> None:
    with Client(lab.port, f"sub{qos}", version) as sub, Client(lab.port, f"pub{qos}", version) as p:
        assert sub.subscribe((f"t{qos}/+", qos)) == [f"Granted QoS {qos}"]
        p.publish(f"t{qos}/x", b"hello", qos)
        message = sub.message()
        assert (message.topic, message.payload, message.qos) == (f"t{qos}/x", b"hello", qos)
        assert not message.retain


@pytest.mark.parametrize("qos", [0, 1])
def test_many_messages_arrive_in_their_order(lab: Lab, qos: int) -> None:
    count = 3000
    with Client(lab.port, "many-sub") as sub, Client(lab.port, "many-pub") as pub:
        sub.subscribe(("many", qos))
        for number in range(count):
            pub.paho.publish("many", b"%d" % number, qos)
        assert sub.payloads(count) == [b"%d" % number for number in range(count)]


def test_quality_is_the_lower_of_both(lab: Lab) -> None:
    with Client(lab.port, "q0") as low, Client(lab.port, "q1") as high, Client(lab.port, "qp") as p:
        low.subscribe(("quality", 0))
        high.subscribe(("quality", 1))
        p.publish("quality", b"1", 1)
        p.publish("quality", b"0", 0)
        assert [low.message().qos, low.message().qos] == [0, 0]
        assert [high.message().qos, high.message().qos] == [1, 0]


def test_one_copy_for_several_filters(lab: Lab) -> None:
    with Client(lab.port, "copies") as client:
        client.subscribe(("copy/#", 0), ("copy/+", 1), ("copy/x", 0))
        client.publish("copy/x", b"1")
        client.publish("copy/end", b"2")
        first, second = client.message(), client.message()
        assert [(first.payload, first.qos), (second.payload, second.qos)] == [(b"1", 1), (b"2", 1)]


def test_unsubscribing(lab: Lab) -> None:
    with Client(lab.port, "un", V5) as client:
        client.subscribe("un/a", "un/b")
        client.paho.unsubscribe(["un/a", "un/c"])
        codes = client.until("unsubscribed")
        assert [str(code) for code in codes] == ["Success", "No subscription found"]
        client.publish("un/a", b"a")
        client.publish("un/b", b"b")
        assert client.payloads(1) == [b"b"]


def test_properties_of_messages(lab: Lab) -> None:
    heard = lab.heard("props")
    with Client(lab.port, "props", V5) as client, Client(lab.port, "props-old") as old:
        client.subscribe("props")
        old.subscribe("props")
        sent = said(
            PacketTypes.PUBLISH,
            ContentType="text/plain",
            ResponseTopic="props/answer",
            CorrelationData=b"\0\1",
            PayloadFormatIndicator=1,
            UserProperty=[("a", "1"), ("a", "2")],
            MessageExpiryInterval=10_000_000,
        )
        client.publish("props", b"x", properties=sent)
        got = client.message().properties
        assert got is not None
        assert (got.ContentType, got.ResponseTopic) == ("text/plain", "props/answer")
        assert (got.CorrelationData, got.PayloadFormatIndicator) == (b"\0\1", 1)
        assert got.UserProperty == [("a", "1"), ("a", "2")]
        assert got.MessageExpiryInterval > limits.MESSAGE_EXPIRY_MOST_S - 60
        assert got.MessageExpiryInterval <= limits.MESSAGE_EXPIRY_MOST_S
        assert old.message().payload == b"x"
        message = heard.get(timeout=5)
        assert message.properties == MessageProperties(
            (("a", "1"), ("a", "2")), "text/plain", "props/answer", b"\0\1", True,
            limits.MESSAGE_EXPIRY_MOST_S,
        )  # fmt: skip
        assert message.sender is not None
        assert (message.sender.client_id, message.sender.principal) == ("props", "the-principal")


def test_topic_aliases(lab: Lab) -> None:
    with Client(lab.port, "alias", V5) as client:
        client.subscribe("alias/x")
        client.publish("alias/x", b"1", properties=said(PacketTypes.PUBLISH, TopicAlias=3))
        client.paho.publish("", b"2", 1, properties=said(PacketTypes.PUBLISH, TopicAlias=3))
        assert client.payloads(2) == [b"1", b"2"]
        client.paho.publish("alias/x", b"", 0, properties=said(PacketTypes.PUBLISH, TopicAlias=9))
        assert str(client.until("disconnected")) == "Topic alias invalid"


def test_what_connack_says(lab: Lab) -> None:
    long = said(PacketTypes.CONNECT, SessionExpiryInterval=1_000_000)
    with Client(lab.port, "", V5, connect=long, keepalive=5) as client:
        got = client.connack
        assert (got.ReceiveMaximum, got.MaximumQoS, got.RetainAvailable) == (100, 1, 1)
        assert (got.MaximumPacketSize, got.TopicAliasMaximum) == (149_504, 8)
        assert (got.WildcardSubscriptionAvailable, got.SharedSubscriptionAvailable) == (1, 1)
        assert got.SubscriptionIdentifierAvailable == 0
        assert got.ServerKeepAlive == limits.KEEP_ALIVE_LEAST_S
        assert got.SessionExpiryInterval == limits.SESSION_EXPIRY_S
        assert got.AssignedClientIdentifier.startswith("$GEN/")
        (known,) = [one for one in lab.run(lab.broker.connections) if "$GEN" in one.client_id]
        assert (known.client_id, known.clean) == (got.AssignedClientIdentifier, False)


def test_a_keep_alive_of_zero_is_the_default(lab: Lab) -> None:
    with Client(lab.port, "zero", V5, keepalive=0) as client:
        assert client.connack.ServerKeepAlive == limits.KEEP_ALIVE_DEFAULT_S


@VERSIONS
def test_a_client_that_is_refused(lab: Lab, version: MQTTProtocolVersion) -> None:
    failed = lab.heard("$aws/events/presence/connect_failed/no-entry")
    lab.policy.refused["no-entry"] = Refused("bad_credentials", "no", "somebody")
    with Client(lab.port, "no-entry", version, wait=False) as client:
        what, code = client.next()
        assert (what, str(code)) == ("connected", "Bad user name or password")
    event = told(failed.get(timeout=5))
    assert (event["eventType"], event["connectFailureReason"]) == (
        "connect_failed",
        "AUTHORIZATION_FAILED",
    )
    assert (event["principalIdentifier"], event["ipAddress"]) == ("somebody", "127.0.0.1")


@pytest.mark.parametrize("client_id", ["$mine", "x" * 129])
def test_client_ids_that_aws_does_not_take(lab: Lab, client_id: str) -> None:
    with Client(lab.port, client_id, V5, wait=False) as client:
        assert str(client.next()[1]) == "Client identifier not valid"


@VERSIONS
def test_a_publish_that_is_not_allowed_disconnects(lab: Lab, version: MQTTProtocolVersion) -> None:
    lab.policy.denied.add(("publish", "secret"))
    gone = lab.heard("$aws/events/presence/disconnected/thief")
    heard = lab.heard("secret")
    with Client(lab.port, "thief", version) as client:
        client.paho.publish("secret", b"x", 1)
        code = client.until("disconnected")
        assert version == V3 or str(code) == "Not authorized"
    assert told(gone.get(timeout=5))["disconnectReason"] == "AUTH_ERROR"
    assert heard.empty()


def test_a_puback_says_that_a_publish_is_not_allowed(lab: Lab) -> None:
    lab.policy.denied.add(("publish", "secret"))
    with Client(lab.port, "thief5", V5) as client:
        assert str(client.publish("secret", b"x")) == "Not authorized"


def test_retaining_needs_a_permission_of_its_own(lab: Lab) -> None:
    lab.policy.denied.add(("retain", "kept"))
    with Client(lab.port, "keeper") as client:
        client.publish("kept", b"fine")
        client.paho.publish("kept", b"x", 1, retain=True)
        client.until("disconnected")


@VERSIONS
def test_a_subscription_that_is_not_allowed(lab: Lab, version: MQTTProtocolVersion) -> None:
    lab.policy.denied.add(("subscribe", "secret/#"))
    with Client(lab.port, f"curious{version}", version) as client:
        codes = client.subscribe("secret/#", "open/#", "a/b/c/d/e/f/g/h/i", "$other/x")
        refused = ["Not authorized", "Topic filter invalid"]
        if version == V3:
            refused = ["Unspecified error", "Unspecified error"]
        assert codes == [refused[0], "Granted QoS 1", refused[1], refused[1]]


def test_messages_that_a_policy_does_not_let_in_are_left_out(lab: Lab) -> None:
    lab.policy.denied.add(("receive", "r/secret"))
    with Client(lab.port, "receiver") as client:
        client.subscribe("r/#")
        client.publish("r/secret", b"no")
        client.publish("r/open", b"yes")
        assert client.payloads(1) == [b"yes"]


@pytest.mark.parametrize(
    ("topic", "retain"),
    [("$aws/events/presence/connected/x", False), ("$aws/things/x/shadow/update/accepted", False),
     ("$other", False), ("a/b/c/d/e/f/g/h/i", False), ("$aws/things/x/shadow/update", True)],
)  # fmt: skip
def test_topics_that_clients_may_not_publish_to(lab: Lab, topic: str, retain: bool) -> None:
    with Client(lab.port, "reserved", V5) as client:
        client.paho.publish(topic, b"", 0, retain=retain)
        assert str(client.until("disconnected")) == "Topic name invalid"


def test_basic_ingest_goes_past_subscribers(lab: Lab) -> None:
    heard = lab.heard("$aws/rules/#")
    with Client(lab.port, "ingest") as client:
        client.subscribe("$aws/rules/#", "after")
        client.publish("$aws/rules/mine/a/b", b"x")
        client.publish("after", b"y")
        assert heard.get(timeout=5).topic == "$aws/rules/mine/a/b"
        assert client.payloads(1) == [b"y"]


def test_quality_2_is_not_supported(lab: Lab) -> None:
    with Client(lab.port, "two", V5) as client:
        client.paho.subscribe("two", 2)
        assert str(client.until("disconnected")) == "QoS not supported"
    with Client(lab.port, "two") as client:
        client.paho.publish("two", b"", 2)
        client.until("disconnected")
    will = {"topic": "two", "payload": b"", "qos": 2}
    with Client(lab.port, "two", V5, will=will, wait=False) as client:
        assert str(client.next()[1]) == "QoS not supported"


def test_a_payload_of_more_than_128_kb(lab: Lab) -> None:
    gone = lab.heard("$aws/events/presence/disconnected/large")
    with Client(lab.port, "large") as client:
        client.subscribe("large")
        client.publish("large", b"x" * limits.MOST_PAYLOAD)
        assert len(client.message().payload) == limits.MOST_PAYLOAD
        client.paho.publish("large", b"x" * (limits.MOST_PAYLOAD + 1), 1)
        client.until("disconnected")
    assert told(gone.get(timeout=5))["disconnectReason"] == "CLIENT_ERROR"


def test_limits_of_subscriptions(lab: Lab) -> None:
    with Client(lab.port, "nine", V5) as client:
        client.paho.subscribe([(f"nine/{place}", SubscribeOptions(0)) for place in range(9)])
        assert str(client.until("disconnected")) == "Quota exceeded"
    with Client(lab.port, "fifty", V5) as client:
        for place in range(50):
            assert client.subscribe(f"fifty/{place}") == ["Granted QoS 1"]
        assert client.subscribe("fifty/0") == ["Granted QoS 1"]
        assert client.subscribe("fifty/50") == ["Quota exceeded"]
        assert str(client.until("disconnected")) == "Quota exceeded"


def test_retained_messages(lab: Lab) -> None:
    with Client(lab.port, "retainer") as client, Client(lab.port, "later", V5) as later:
        client.publish("kept/x", b"1", retain=True)
        client.publish("kept/x", b"2", retain=True)
        later.subscribe("kept/+", "$share/g/kept/x")  # neither gets it, by AWS's rules
        later.subscribe("kept/x")
        message = later.message()
        assert (message.payload, message.retain) == (b"2", True)
        client.publish("kept/x", b"3", retain=True)
        assert not later.message().retain
        kept = lab.run(lambda: lab.broker.retained("kept/x"))
        assert (kept.message.payload, kept.message.qos) == (b"3", 1)
        assert [one.message.topic for one in lab.run(lab.broker.all_retained)] == ["kept/x"]
        client.publish("kept/x", b"", retain=True)
        assert lab.run(lab.broker.all_retained) == []


def test_so_many_messages_are_retained(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_RETAINED", 1)
    with Client(lab.port, "full", V5) as client:
        assert str(client.publish("full/1", b"1", retain=True)) == "Success"
        assert str(client.publish("full/1", b"2", retain=True)) == "Success"
        assert str(client.publish("full/2", b"1", retain=True)) == "Quota exceeded"
        assert str(client.publish("full/1", b"", retain=True)) == "Success"
        client.publish("full/2", b"1", retain=True)
        client.paho.publish("full/3", b"1", retain=True)
        assert str(client.until("disconnected")) == "Quota exceeded"
    lab.publish("full/2", b"", retain=True)


def test_how_retained_messages_are_asked_for(lab: Lab) -> None:
    lab.publish("handled", b"kept", retain=True)
    with Client(lab.port, "handling", V5) as client:
        client.subscribe(("handled", SubscribeOptions(1, retainHandling=2)))
        client.subscribe(("handled", SubscribeOptions(1, retainHandling=1)))  # not new
        client.subscribe(("handled", SubscribeOptions(1, retainAsPublished=True)))
        assert client.message().retain
        client.publish("handled", b"as published", retain=True)
        message = client.message()
        assert (message.payload, message.retain) == (b"as published", True)
    lab.publish("handled", b"", retain=True)


def test_a_client_that_does_not_want_its_own_messages(lab: Lab) -> None:
    with Client(lab.port, "own", V5) as client, Client(lab.port, "other", V5) as other:
        client.subscribe(("own", SubscribeOptions(1, noLocal=True)))
        client.publish("own", b"mine")
        other.publish("own", b"theirs")
        assert client.payloads(1) == [b"theirs"]


def test_expired_messages_are_left_out(lab: Lab) -> None:
    at_once = MessageProperties(expiry_s=0)
    lab.publish("expired", b"old", retain=True, properties=at_once)
    until(lambda: lab.run(lambda: lab.broker.retained("expired")) is None, "it expires")
    with Client(lab.port, "expired", V5) as client:
        client.subscribe("expired")
        client.publish("expired", b"new")
        assert client.payloads(1) == [b"new"]


@VERSIONS
def test_a_second_client_of_a_name(lab: Lab, version: MQTTProtocolVersion) -> None:
    gone = lab.heard("$aws/events/presence/disconnected/twin")
    wills = lab.heard("twin/will")
    will = {"topic": "twin/will", "payload": b"gone", "qos": 1}
    with Client(lab.port, "twin", version, will=will) as first, Client(lab.port, "twin", version):
        code = first.until("disconnected")
        assert version == V3 or str(code) == "Session taken over"
        assert told(gone.get(timeout=5))["disconnectReason"] == "DUPLICATE_CLIENTID"
        assert wills.get(timeout=5).payload == b"gone"


@VERSIONS
def test_wills(lab: Lab, version: MQTTProtocolVersion) -> None:
    wills = lab.heard("will/#")
    client_id = f"will{version}"

    def connect(payload: bytes) -> Client:
        about = {"topic": f"will/{client_id}", "payload": payload, "qos": 1, "retain": True}
        return Client(lab.port, client_id, version, will=about)

    with connect(b"never said"):
        pass
    connect(b"said").cut()
    will = wills.get(timeout=5)
    assert (will.payload, will.qos, will.retain) == (b"said", 1, True)
    assert will.sender is not None
    assert will.sender.client_id == client_id
    assert lab.run(lambda: lab.broker.retained(f"will/{client_id}")).message.payload == b"said"
    lab.publish(f"will/{client_id}", b"", retain=True)


def test_a_will_that_may_not_be_published(lab: Lab) -> None:
    lab.policy.denied.add(("publish", "will/secret"))
    failed = lab.heard("$aws/events/presence/connect_failed/bad-will")
    will = {"topic": "will/secret", "payload": b""}
    with Client(lab.port, "bad-will", V5, will=will, wait=False) as client:
        assert str(client.next()[1]) == "Not authorized"
    assert told(failed.get(timeout=5))["principalIdentifier"] == "the-principal"


def test_a_will_that_waits(lab: Lab) -> None:
    wills = lab.heard("late")
    will = {"topic": "late", "payload": b"late", "qos": 1}
    delayed = said(PacketTypes.WILLMESSAGE, WillDelayInterval=600)

    def connect(**about: Any) -> Client:
        return Client(lab.port, "late", V5, **lasting(V5), **about)

    connect(will={**will, "properties": delayed}).cut()
    with connect():  # it is back in time
        pass
    short = said(PacketTypes.WILLMESSAGE, WillDelayInterval=1)
    connect(will={**will, "payload": b"short", "properties": short}).cut()
    assert wills.get(timeout=5).payload == b"short"


def test_disconnecting_with_the_will(lab: Lab) -> None:
    wills = lab.heard("with-will")
    will = {"topic": "with-will", "payload": b"x"}
    with Client(lab.port, "with-will", V5, will=will) as client:
        client.paho.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        assert wills.get(timeout=5).payload == b"x"


def test_lifecycle_events(lab: Lab) -> None:
    events = lab.heard("$aws/events/#")
    with Client(lab.port, "life") as client:
        connected = events.get(timeout=5)
        client.subscribe("life/a", "life/b")
        subscribed = events.get(timeout=5)
        client.paho.unsubscribe("life/a")
        client.until("unsubscribed")
        unsubscribed = events.get(timeout=5)
    disconnected = events.get(timeout=5)
    assert [one.topic.removeprefix("$aws/events/") for one in (
        connected, subscribed, unsubscribed, disconnected
    )] == [
        "presence/connected/life",
        "subscriptions/subscribed/life",
        "subscriptions/unsubscribed/life",
        "presence/disconnected/life",
    ]  # fmt: skip
    first, last = told(connected), told(disconnected)
    same = ("clientId", "sessionIdentifier", "principalIdentifier", "versionNumber")
    assert {name: first[name] for name in same} == {name: last[name] for name in same}
    assert list(first) == [
        "clientId", "timestamp", "eventType", "sessionIdentifier", "principalIdentifier",
        "ipAddress", "versionNumber",
    ]  # fmt: skip
    assert list(last) == [
        "clientId", "timestamp", "eventType", "sessionIdentifier", "principalIdentifier",
        "clientInitiatedDisconnect", "disconnectReason", "versionNumber",
    ]  # fmt: skip
    assert (last["clientInitiatedDisconnect"], last["disconnectReason"]) == (
        True,
        "CLIENT_INITIATED_DISCONNECT",
    )
    assert told(subscribed)["topics"] == ["life/a", "life/b"]
    assert told(unsubscribed)["topics"] == ["life/a"]
    assert (first["versionNumber"], first["ipAddress"]) == (0, "127.0.0.1")
    with Client(lab.port, "life") as client:
        assert told(events.get(timeout=5))["versionNumber"] == 1
        client.cut()
        assert told(events.get(timeout=5))["disconnectReason"] == "CONNECTION_LOST"


def test_events_reach_subscribers_but_not_through_wildcards_alone(lab: Lab) -> None:
    with Client(lab.port, "watcher") as watcher, Client(lab.port, "all") as all_:
        watcher.subscribe("$aws/events/presence/connected/+")
        all_.subscribe("#")
        with Client(lab.port, "seen") as seen:
            assert told(watcher.message())["clientId"] == "seen"
            seen.publish("hello", b"x")
        assert all_.message().topic == "hello"


def test_deleting_a_connection(lab: Lab) -> None:
    gone = lab.heard("$aws/events/presence/disconnected/deleted")
    wills = lab.heard("deleted")
    will = {"topic": "deleted", "payload": b"1"}
    with Client(lab.port, "deleted", V5, will=will) as client:
        assert lab.run(lambda: lab.broker.connection("deleted")).client_id == "deleted"
        assert lab.call(lab.broker.disconnect("deleted"))
        assert str(client.until("disconnected")) == "Administrative action"
        event = told(gone.get(timeout=5))
        assert (event["disconnectReason"], event["clientInitiatedDisconnect"]) == (
            "API_INITIATED_DISCONNECT",
            False,
        )
    assert wills.get(timeout=5).payload == b"1"
    with Client(lab.port, "deleted", V5, will=will) as client:
        assert lab.call(lab.broker.disconnect("deleted", prevent_will=True))
        client.until("disconnected")
    lab.publish("deleted", b"2")
    assert wills.get(timeout=5).payload == b"2"
    assert not lab.call(lab.broker.disconnect("deleted"))
    assert lab.run(lambda: lab.broker.connection("deleted")) is None


def test_an_authorizer_s_time_ends(lab: Lab) -> None:
    gone = lab.heard("$aws/events/presence/disconnected/brief")
    lab.policy.disconnect_after_s = 0.1
    with Client(lab.port, "brief", V5) as client:
        client.until("disconnected")
    assert told(gone.get(timeout=5))["disconnectReason"] == "CUSTOMAUTH_TTL_EXPIRATION"


def test_an_admission_is_asked_again(lab: Lab) -> None:
    lab.policy.refresh_s = 0.05
    with Client(lab.port, "again", V5) as client:
        asked = len(lab.policy.attempts)
        until(lambda: len(lab.policy.attempts) > asked + 1, "it is asked again")
        lab.policy.refused["again"] = Refused()
        assert str(client.until("disconnected")) == "Not authorized"


def test_what_a_room_publishes(lab: Lab) -> None:
    with Client(lab.port, "room") as client:
        client.subscribe("$aws/things/x/shadow/update/accepted")
        lab.publish("$aws/things/x/shadow/update/accepted", b"x", qos=1)
        assert client.payloads(1) == [b"x"]


def test_a_publish_raises_what_a_tap_raised(lab: Lab) -> None:
    def fail(message: Message) -> None:
        raise RuntimeError("no room")

    end = lab.run(lambda: lab.broker.tap("failing", fail))
    with pytest.raises(RuntimeError, match="no room"):
        lab.publish("failing", b"", qos=1)
    with Client(lab.port, "failing", V5) as client:
        assert str(client.publish("failing", b"")) == "Unspecified error"
    with Client(lab.port, "failing") as client:
        client.paho.publish("failing", b"", 1)
        client.until("disconnected")
    lab.run(end)
    lab.publish("failing", b"")


def test_version_numbers_and_taps_that_end(lab: Lab) -> None:
    found: list[bytes] = []
    end = lab.run(lambda: lab.broker.tap("ends", lambda message: found.append(message.payload)))
    lab.publish("ends", b"1")
    lab.run(end)
    lab.publish("ends", b"2")
    assert found == [b"1"]


def test_a_message_for_one_client_alone(lab: Lab) -> None:
    heard = lab.heard("alone")
    with Client(lab.port, "alone") as client:
        client.subscribe(("x/+", 0), ("y", 1))
        assert lab.run(lambda: lab.broker.subscriptions("alone")) == [("x/+", 0), ("y", 1)]
        assert lab.call(lab.broker.give("alone", Message("alone", b"for you", 1)))
        message = client.message()
        assert (message.topic, message.payload, message.qos) == ("alone", b"for you", 1)
    assert heard.empty()
    assert not lab.call(lab.broker.give("alone", Message("alone", b"", 1)))
    assert lab.run(lambda: lab.broker.subscriptions("alone")) is None


def test_a_client_writes_no_lines_of_its_own_into_the_log(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    name = "x\n2026-01-01 ERROR all is lost"
    lab.policy.refused[name] = Refused(reason=f"{name} may not connect")
    with Client(lab.port, name, V3, wait=False) as client:
        assert str(client.next()[1]) == "Not authorized"
    (told,) = [text for text in caplog.messages if "may not connect" in text]
    assert "\n" not in told
