"""Packets of MQTT as objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

V3, V5 = 4, 5
"""Protocol levels of MQTT 3.1.1 and of MQTT 5."""

Values = dict[int, Any]
"""Properties of MQTT 5 by identifier (:class:`Property`). User properties are a list of pairs,
subscription identifiers a list of numbers."""


class Kind(IntEnum):
    """Kinds of packets: the upper four bits of the first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Property(IntEnum):
    """Properties of MQTT 5 (2.2.2.2)."""

    PAYLOAD_FORMAT = 0x01
    MESSAGE_EXPIRY = 0x02
    CONTENT_TYPE = 0x03
    RESPONSE_TOPIC = 0x08
    CORRELATION_DATA = 0x09
    SUBSCRIPTION_ID = 0x0B
    SESSION_EXPIRY = 0x11
    ASSIGNED_CLIENT_ID = 0x12
    SERVER_KEEP_ALIVE = 0x13
    AUTH_METHOD = 0x15
    AUTH_DATA = 0x16
    REQUEST_PROBLEM_INFO = 0x17
    WILL_DELAY = 0x18
    REQUEST_RESPONSE_INFO = 0x19
    RESPONSE_INFO = 0x1A
    SERVER_REFERENCE = 0x1C
    REASON_STRING = 0x1F
    RECEIVE_MAXIMUM = 0x21
    TOPIC_ALIAS_MAXIMUM = 0x22
    TOPIC_ALIAS = 0x23
    MAXIMUM_QOS = 0x24
    RETAIN_AVAILABLE = 0x25
    USER_PROPERTY = 0x26
    MAXIMUM_PACKET_SIZE = 0x27
    WILDCARD_AVAILABLE = 0x28
    SUBSCRIPTION_ID_AVAILABLE = 0x29
    SHARED_AVAILABLE = 0x2A


@dataclass(slots=True)
class Will:
    """The last will in a CONNECT."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Connect:
    """A client wants to connect; ``version`` is 4 for MQTT 3.1.1, 5 for MQTT 5."""

    client_id: str
    version: int = V3
    clean: bool = True
    keep_alive_s: int = 60
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Connack:
    """The answer to CONNECT; ``code`` is a return code in MQTT 3.1.1."""

    session_present: bool
    code: int
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Publish:
    """A message. ``properties`` is ``None`` for none."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    packet_id: int = 0
    properties: Values | None = None


@dataclass(slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""

    kind: Kind
    packet_id: int
    reason: int = 0
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Wanted:
    """One filter of a SUBSCRIBE with its options."""

    topic_filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(slots=True)
class Subscribe:
    """A client subscribes."""

    packet_id: int
    wanted: list[Wanted]
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Suback:
    """The answer to SUBSCRIBE: a code for each filter."""

    packet_id: int
    codes: list[int]
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Unsubscribe:
    """A client unsubscribes."""

    packet_id: int
    topic_filters: list[str]
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Unsuback:
    """The answer to UNSUBSCRIBE; MQTT 3.1.1 has no codes in it."""

    packet_id: int
    codes: list[int] = field(default_factory=list)
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Ping:
    """PINGREQ or PINGRESP."""

    kind: Kind = Kind.PINGREQ


@dataclass(slots=True)
class Disconnect:
    """The last packet of a connection."""

    reason: int = 0
    properties: Values = field(default_factory=dict)


@dataclass(slots=True)
class Auth:
    """Extended authentication of MQTT 5."""

    reason: int = 0
    properties: Values = field(default_factory=dict)


Packet = (
    Connect
    | Connack
    | Publish
    | Ack
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Ping
    | Disconnect
    | Auth
)
