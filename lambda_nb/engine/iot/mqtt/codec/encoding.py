"""Packets as bytes."""

from __future__ import annotations

from lambda_nb.engine.iot.mqtt.codec import properties
from lambda_nb.engine.iot.mqtt.codec.packets import (
    V5,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Values,
)
from lambda_nb.engine.iot.mqtt.codec.properties import (
    data_bytes,
    number_bytes,
    text_bytes,
)

PINGRESP = b"\xd0\x00"


def encode(packet: Packet, version: int) -> bytes:
    """A packet as bytes.

    Parameters
    ----------
    packet
        Any packet.
    version
        4 for MQTT 3.1.1, 5 for MQTT 5.

    Raises
    ------
    ValueError
        If a field is longer than MQTT can say.
    """
    v5 = version == V5
    if isinstance(packet, Publish):
        return _publish(packet, v5)
    if isinstance(packet, Ack):
        return acknowledge(packet.kind, packet.packet_id, packet.reason, packet.properties, v5)
    if isinstance(packet, Connect):
        return _framed(0x10, _connect(packet))
    if isinstance(packet, Connack):
        tail = properties.write(packet.properties) if v5 else b""
        return _framed(0x20, bytes((packet.session_present, packet.code)) + tail)
    if isinstance(packet, Subscribe):
        return _framed(0x82, _subscribe(packet, v5))
    if isinstance(packet, Unsubscribe):
        head = _id_and_properties(packet.packet_id, packet.properties, v5)
        return _framed(0xA2, head + b"".join(map(text_bytes, packet.topic_filters)))
    if isinstance(packet, (Suback, Unsuback)):
        first = 0x90 if isinstance(packet, Suback) else 0xB0
        head = _id_and_properties(packet.packet_id, packet.properties, v5)
        codes = bytes(packet.codes) if v5 or isinstance(packet, Suback) else b""
        return _framed(first, head + codes)
    if isinstance(packet, Ping):
        return bytes((packet.kind << 4, 0))
    return _last(packet, v5)


def _framed(first: int, body: bytes) -> bytes:
    return bytes((first,)) + number_bytes(len(body)) + body


def _id_and_properties(packet_id: int, values: Values, v5: bool) -> bytes:
    return packet_id.to_bytes(2, "big") + (properties.write(values) if v5 else b"")


def publish_bytes(first: int, topic: bytes, packet_id: int, values: bytes, payload: bytes) -> bytes:
    """A PUBLISH of parts that are bytes already.

    Parameters
    ----------
    first
        The first byte.
    topic
        With its length before it.
    packet_id
        0 for none.
    values
        Properties with their length before them; empty in MQTT 3.1.1.
    """
    length = len(topic) + len(values) + len(payload) + (2 if packet_id else 0)
    head = bytes((first, length)) if length < 0x80 else bytes((first,)) + number_bytes(length)
    if packet_id:
        return b"".join((head, topic, packet_id.to_bytes(2, "big"), values, payload))
    return b"".join((head, topic, values, payload))


def _publish(packet: Publish, v5: bool) -> bytes:
    first = 0x30 | packet.duplicate << 3 | packet.qos << 1 | packet.retain
    values = properties.write(packet.properties) if v5 else b""
    packet_id = packet.packet_id if packet.qos else 0
    return publish_bytes(first, text_bytes(packet.topic), packet_id, values, packet.payload)


def acknowledge(
    kind: Kind, packet_id: int, reason: int = 0, values: Values | None = None, v5: bool = False
) -> bytes:
    """A PUBACK, PUBREC, PUBREL or PUBCOMP, as short as it may be."""
    first = kind << 4 | (2 if kind == Kind.PUBREL else 0)
    if not v5 or (not reason and not values):
        return bytes((first, 2, packet_id >> 8, packet_id & 0xFF))
    body = packet_id.to_bytes(2, "big") + bytes((reason,))
    return _framed(first, body + properties.write(values) if values else body)


def _connect(packet: Connect) -> bytes:
    v5 = packet.version == V5
    flags = packet.clean << 1
    parts = [b"\0\4MQTT", bytes((packet.version,)), b"", packet.keep_alive_s.to_bytes(2, "big")]
    if v5:
        parts.append(properties.write(packet.properties))
    parts.append(text_bytes(packet.client_id))
    if (will := packet.will) is not None:
        flags |= 4 | will.qos << 3 | will.retain << 5
        if v5:
            parts.append(properties.write(will.properties))
        parts += (text_bytes(will.topic), data_bytes(will.payload))
    if packet.username is not None:
        flags |= 0x80
        parts.append(text_bytes(packet.username))
    if packet.password is not None:
        flags |= 0x40
        parts.append(data_bytes(packet.password))
    parts[2] = bytes((flags,))
    return b"".join(parts)


def _subscribe(packet: Subscribe, v5: bool) -> bytes:
    parts = [_id_and_properties(packet.packet_id, packet.properties, v5)]
    for one in packet.wanted:
        options = one.qos
        if v5:
            options |= one.no_local << 2 | one.retain_as_published << 3 | one.retain_handling << 4
        parts += (text_bytes(one.topic_filter), bytes((options,)))
    return b"".join(parts)


def _last(packet: Disconnect | Auth, v5: bool) -> bytes:
    first = 0xE0 if isinstance(packet, Disconnect) else 0xF0
    if not v5 or (not packet.reason and not packet.properties):
        return bytes((first, 0))
    body = bytes((packet.reason,))
    if packet.properties:
        body += properties.write(packet.properties)
    return _framed(first, body)
