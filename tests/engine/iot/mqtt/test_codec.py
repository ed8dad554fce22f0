"""Packets as bytes and back: hypothesis, examples of the standards, and noise."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.iot.mqtt.codec import properties
from lambda_nb.engine.iot.mqtt.codec.decoding import Decoder
from lambda_nb.engine.iot.mqtt.codec.encoding import encode
from lambda_nb.engine.iot.mqtt.codec.packets import (
    V3,
    V5,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Property,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
    Will,
)
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TOPIC = TEXT.map(lambda text: text.replace("+", "p").replace("#", "h") or "t")
DATA = st.binary(max_size=12)
PACKET_ID = st.integers(1, 0xFFFF)
QOS = st.integers(0, 2)
_FORMS: dict[int, st.SearchStrategy[Any]] = {
    4: TEXT,
    5: DATA,
    6: st.tuples(TEXT, TEXT),
}


def values_for(where: int) -> st.SearchStrategy[dict[int, Any]]:
    """Any properties that may stand somewhere."""
    chosen: dict[int, st.SearchStrategy[Any]] = {}
    for identifier, rule in properties.RULES.items():
        if where not in rule.where:
            continue
        low, high = rule.values or (0, 0)
        if identifier == Property.TOPIC_ALIAS:
            low = 1
        one = _FORMS.get(rule.form, st.integers(low, high))
        if identifier == Property.RESPONSE_TOPIC:
            one = TOPIC
        if identifier == Property.USER_PROPERTY or (
            identifier == Property.SUBSCRIPTION_ID and where == Kind.PUBLISH
        ):
            chosen[identifier] = st.lists(one, min_size=1, max_size=3)
        elif identifier == Property.SUBSCRIPTION_ID:
            chosen[identifier] = st.lists(one, min_size=1, max_size=1)
        else:
            chosen[identifier] = one
    return st.fixed_dictionaries({}, optional=chosen).map(_sensible)


def _sensible(values: dict[int, Any]) -> dict[int, Any]:
    if Property.AUTH_METHOD not in values:
        values.pop(Property.AUTH_DATA, None)
    return values


def packets(version: int) -> st.SearchStrategy[Packet]:
    """Any packet of a version."""
    v5 = version == V5

    def about(kind: int) -> st.SearchStrategy[dict[int, Any]]:
        return values_for(kind) if v5 else st.just({})

    reason = st.sampled_from(sorted(Reason)).map(int) if v5 else st.just(0)
    flag = st.booleans() if v5 else st.just(False)
    acks = [
        st.builds(Ack, st.just(kind), PACKET_ID, reason, about(kind))
        for kind in (Kind.PUBACK, Kind.PUBREC, Kind.PUBREL, Kind.PUBCOMP)
    ]
    wanted = st.builds(Wanted, TEXT, QOS, flag, flag, st.integers(0, 2) if v5 else st.just(0))
    credentials = st.one_of(
        st.tuples(st.none(), st.none()),
        st.tuples(TEXT, st.none()),
        st.tuples(TEXT, DATA),
        *([st.tuples(st.none(), DATA)] if v5 else []),
    )
    connect = st.tuples(
        TEXT, st.booleans(), st.integers(0, 0xFFFF), credentials,
        st.none() | st.builds(Will, TEXT, DATA, QOS, st.booleans(), about(properties.WILL)),
        about(Kind.CONNECT),
    ).map(lambda x: Connect(x[0], version, x[1], x[2], *x[3], x[4], x[5]))  # fmt: skip
    publish = st.one_of(
        st.builds(
            Publish, TOPIC, st.binary(max_size=300), st.just(0), st.booleans(), st.just(False),
            st.just(0), about(Kind.PUBLISH),
        ),
        st.builds(
            Publish, TOPIC, st.binary(max_size=300), st.integers(1, 2), st.booleans(),
            st.booleans(), PACKET_ID, about(Kind.PUBLISH),
        ),
    )  # fmt: skip
    codes = st.lists(st.integers(0, 255), min_size=1, max_size=3)
    return st.one_of(
        connect,
        st.builds(Connack, st.booleans(), reason, about(Kind.CONNACK)),
        publish,
        *acks,
        st.builds(
            Subscribe, PACKET_ID, st.lists(wanted, min_size=1, max_size=3), about(Kind.SUBSCRIBE)
        ),
        st.builds(Suback, PACKET_ID, codes, about(Kind.SUBACK)),
        st.builds(
            Unsubscribe, PACKET_ID, st.lists(TEXT, min_size=1, max_size=3), about(Kind.UNSUBSCRIBE)
        ),
        st.builds(Unsuback, PACKET_ID, codes if v5 else st.just([]), about(Kind.UNSUBACK)),
        st.builds(Ping, st.sampled_from([Kind.PINGREQ, Kind.PINGRESP])),
        st.builds(Disconnect, reason, about(Kind.DISCONNECT)),
        *([st.builds(Auth, reason, about(Kind.AUTH))] if v5 else []),
    )


def same(packet: Packet) -> Packet:
    """A packet as it comes back: no properties are ``None`` in a PUBLISH."""
    if isinstance(packet, Publish) and not packet.properties:
        packet.properties = None
    return packet


def read_all(decoder: Decoder, *pieces: bytes) -> list[Packet]:
    """All packets in some pieces of bytes."""
    found = []
    for piece in pieces:
        decoder.feed(piece)
        while (packet := decoder.next()) is not None:
            found.append(packet)
    return found


@pytest.mark.parametrize("version", [V3, V5])
@given(st.data())
def test_packets_come_back(version: int, data: st.DataObject) -> None:
    sent = data.draw(st.lists(packets(version), min_size=1, max_size=4))
    whole = b"".join(encode(packet, version) for packet in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    edges = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges)]
    assert read_all(Decoder(1 << 20, version), *pieces) == [same(packet) for packet in sent]


@given(st.binary(max_size=200), st.sampled_from([V3, V5]))
def test_noise_is_an_error_or_a_packet(noise: bytes, version: int) -> None:
    decoder = Decoder(1 << 16, version)
    with contextlib.suppress(PacketError):
        read_all(decoder, noise)


@given(st.data(), st.sampled_from([V3, V5]))
def test_a_changed_byte_is_an_error_or_a_packet(data: st.DataObject, version: int) -> None:
    whole = bytearray(encode(data.draw(packets(version)), version))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PacketError):
        read_all(Decoder(1 << 20, version), bytes(whole))


def fails(whole: str, version: int = V3) -> Reason:
    """The reason why bytes are refused."""
    with pytest.raises(PacketError) as raised:
        read_all(Decoder(1000, version), bytes.fromhex(whole))
    return raised.value.reason


@pytest.mark.parametrize(
    ("whole", "version", "reason"),
    [
        ("00 00", V3, Reason.MALFORMED_PACKET),  # no kind 0
        ("30 80 80 80 80 01", V3, Reason.MALFORMED_PACKET),  # a length of five bytes
        ("30 81 00", V3, Reason.MALFORMED_PACKET),  # a length longer than need be
        ("30 03 00 01 23", V3, Reason.TOPIC_NAME_INVALID),  # "#"
        ("30 03 00 05 61", V3, Reason.MALFORMED_PACKET),  # topic longer than its packet
        ("30 03 00 01 00", V3, Reason.MALFORMED_PACKET),  # null character
        ("30 05 00 03 ed a0 80", V3, Reason.MALFORMED_PACKET),  # surrogate
        ("30 02 00 00", V3, Reason.PROTOCOL_ERROR),  # no topic
        ("36 05 00 01 61 00 01", V3, Reason.MALFORMED_PACKET),  # QoS 3
        ("38 03 00 01 61", V3, Reason.MALFORMED_PACKET),  # duplicate of QoS 0
        ("32 05 00 01 61 00 00", V3, Reason.PROTOCOL_ERROR),  # packet identifier 0
        ("80 06 00 01 00 01 61 00", V3, Reason.MALFORMED_PACKET),  # flags of SUBSCRIBE
        ("82 02 00 01", V3, Reason.PROTOCOL_ERROR),  # no filter
        ("82 06 00 01 00 01 61 04", V3, Reason.MALFORMED_PACKET),  # reserved option
        ("82 06 00 01 00 01 61 03", V3, Reason.MALFORMED_PACKET),  # QoS 3
        ("82 07 00 01 00 00 01 61 30", V5, Reason.PROTOCOL_ERROR),  # retain handling 3
        ("a2 02 00 01", V3, Reason.PROTOCOL_ERROR),
        ("c1 00", V3, Reason.MALFORMED_PACKET),
        ("c0 01 00", V3, Reason.MALFORMED_PACKET),
        ("f0 00", V3, Reason.MALFORMED_PACKET),  # AUTH
        ("10 0c 00 04 4d 51 54 54 03 02 00 3c 00 00", V3, Reason.UNSUPPORTED_PROTOCOL_VERSION),
        ("10 0c 00 04 4d 51 54 54 04 03 00 3c 00 00", V3, Reason.MALFORMED_PACKET),  # flag 0
        ("10 0c 00 04 4d 51 54 54 04 42 00 3c 00 00", V3, Reason.MALFORMED_PACKET),  # password
        ("10 0c 00 04 4d 51 54 54 04 22 00 3c 00 00", V3, Reason.MALFORMED_PACKET),  # no will
        ("30 07 00 01 61 03 23 00 00", V5, Reason.TOPIC_ALIAS_INVALID),
        ("30 06 00 01 61 02 01 02", V5, Reason.PROTOCOL_ERROR),  # payload format 2
        ("30 08 00 01 61 04 01 00 01 00", V5, Reason.PROTOCOL_ERROR),  # twice
        ("30 06 00 01 61 02 24 01", V5, Reason.PROTOCOL_ERROR),  # MAXIMUM_QOS in PUBLISH
        ("30 06 00 01 61 02 7f 01", V5, Reason.MALFORMED_PACKET),  # no such property
        ("30 08 00 01 61 04 08 00 01 2b", V5, Reason.PROTOCOL_ERROR),  # RESPONSE_TOPIC "+"
        ("30 05 00 01 61 05 01", V5, Reason.MALFORMED_PACKET),  # properties too long
    ],
)
def test_what_nobody_may_send(whole: str, version: int, reason: Reason) -> None:
    assert fails(whole, version) is reason


def test_a_packet_may_be_too_large() -> None:
    assert fails("30 ff ff 7f") is Reason.PACKET_TOO_LARGE


def test_a_large_packet_byte_by_byte() -> None:
    sent = Publish("a", b"x" * 70_000)
    whole = encode(sent, V3)
    decoder = Decoder(1 << 20)
    pieces = [whole[place : place + 1] for place in range(len(whole))]
    assert read_all(decoder, *pieces) == [sent]


def test_fields_have_at_most_65535_bytes() -> None:
    with pytest.raises(ValueError, match="65,535"):
        encode(Publish("x" * 70_000, b""), V3)
