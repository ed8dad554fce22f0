"""Packets from bytes, strictly: what the standards do not allow is an error."""

from __future__ import annotations

from collections.abc import Callable

from lambda_nb.engine.iot.mqtt.codec import properties
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
    Values,
    Wanted,
    Will,
)
from lambda_nb.engine.iot.mqtt.codec.properties import WILL, binary, number, text, whole
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason, broken, malformed

_PROTOCOL = "MQTT"
_SUBSCRIPTION_BITS = {V3: 0xFC, V5: 0xC0}
_REMEMBERED_TOPICS = 64


class Decoder:
    """Takes the bytes of one connection in pieces, and gives its packets.

    Parameters
    ----------
    most
        Bytes that a packet may have after its fixed header.
    version
        That of the connection; a CONNECT sets it.
    """

    __slots__ = ("_at", "_data", "_most", "_need", "_rest", "_topics", "version")

    def __init__(self, most: int, version: int = V3) -> None:
        self.version = version
        self._most = most
        self._data = b""
        self._at = 0
        self._rest = bytearray()
        self._need = 0
        self._topics: dict[bytes, str] = {}

    def feed(self, data: bytes) -> None:
        """Take bytes. Call :meth:`next` until it gives nothing before the next ones."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data = bytes(self._rest)
            self._rest.clear()
        self._data = data
        self._at = 0

    def next(self) -> Packet | None:
        """The next packet; ``None`` if more bytes are needed.

        Raises
        ------
        PacketError
            If the bytes are no packet, or one that nobody may send. No more can be read then.
        """
        data, at = self._data, self._at
        end = len(data)
        if end - at < 2:
            self._wait(2)
            return None
        length = data[at + 1]
        start = at + 2
        if length >= 0x80:
            size = self._length(data, at + 1, end)
            if size is None:
                self._wait(end - at + 1)
                return None
            length, start = size
        if length > self._most:
            raise PacketError(
                Reason.PACKET_TOO_LARGE, f"a packet of {length} bytes is larger than {self._most}"
            )
        stop = start + length
        if stop > end:
            self._wait(stop - at)
            return None
        self._at = stop
        first = data[at]
        if first & 0xF0 == 0x30:
            return self._publish(first, data, start, stop)
        return self._other(first, data, start, stop)

    def _wait(self, need: int) -> None:
        self._rest += self._data[self._at :]
        self._need = need
        self._data, self._at = b"", 0

    @staticmethod
    def _length(data: bytes, at: int, end: int) -> tuple[int, int] | None:
        """The remaining length, and the place behind it; ``None`` if it is cut off."""
        if end - at < 4 and all(byte >= 0x80 for byte in data[at:end]):
            return None
        return number(data, at, end)

    def _publish(self, first: int, data: bytes, at: int, end: int) -> Publish:
        qos = first >> 1 & 3
        if qos == 3:
            raise malformed("there is no QoS 3")
        if first & 8 and not qos:
            raise malformed("a message of QoS 0 is no duplicate")
        start = at + 2
        stop = start + (data[at] << 8 | data[at + 1]) if start <= end else end + 1
        if stop > end:
            raise malformed("a PUBLISH ends in its topic")
        raw = data[start:stop]
        topic = self._topics.get(raw)
        if topic is None:
            topic = self._new_topic(raw)
        packet_id = 0
        if qos:
            packet_id, stop = _packet_id(data, stop, end)
        values: Values | None = None
        if self.version == V5:
            if stop < end and data[stop] == 0:
                stop += 1
            else:
                values, stop = properties.read(data, stop, end, Kind.PUBLISH)
                if Property.SUBSCRIPTION_ID in values and not values[Property.SUBSCRIPTION_ID]:
                    raise broken("a subscription identifier is not 0")
        if not topic and (values is None or Property.TOPIC_ALIAS not in values):
            raise broken("a PUBLISH has no topic")
        return Publish(
            topic, data[stop:end], qos, bool(first & 1), bool(first & 8), packet_id, values
        )

    def _new_topic(self, raw: bytes) -> str:
        topic, _ = text(len(raw).to_bytes(2, "big") + raw, 0, len(raw) + 2)
        if "+" in topic or "#" in topic:
            raise PacketError(Reason.TOPIC_NAME_INVALID, "a topic has no wildcards")
        if len(self._topics) >= _REMEMBERED_TOPICS:
            self._topics.clear()
        self._topics[raw] = topic
        return topic

    def _other(self, first: int, data: bytes, at: int, end: int) -> Packet:
        try:
            kind = Kind(first >> 4)
        except ValueError:
            raise malformed("there is no packet of kind 0") from None
        wanted = 2 if kind in (Kind.PUBREL, Kind.SUBSCRIBE, Kind.UNSUBSCRIBE) else 0
        if first & 0x0F != wanted:
            raise malformed(f"the flags of {kind.name} are wrong")
        return _READ[kind](self, kind, data, at, end)

    def _connect(self, kind: Kind, data: bytes, at: int, end: int) -> Connect:
        name, at = text(data, at, end)
        version, at = whole(data, at, end, 1)
        if name != _PROTOCOL or version not in (V3, V5):
            raise PacketError(
                Reason.UNSUPPORTED_PROTOCOL_VERSION,
                f"{name} {version} is not spoken here, only MQTT 3.1.1 (4) and 5",
            )
        self.version = version
        v5 = version == V5
        flags, at = whole(data, at, end, 1)
        if flags & 1:
            raise malformed("the reserved flag of CONNECT is set")
        keep_alive_s, at = whole(data, at, end, 2)
        values: Values = {}
        if v5:
            values, at = properties.read(data, at, end, Kind.CONNECT)
        client_id, at = text(data, at, end)
        will = None
        qos = flags >> 3 & 3
        if flags & 4:
            if qos == 3:
                raise malformed("there is no QoS 3")
            will_values: Values = {}
            if v5:
                will_values, at = properties.read(data, at, end, WILL)
            topic, at = text(data, at, end)
            payload, at = binary(data, at, end)
            will = Will(topic, payload, qos, bool(flags & 0x20), will_values)
        elif flags & 0x38:
            raise malformed("CONNECT says how to send a will, and has none")
        username = password = None
        if flags & 0x80:
            username, at = text(data, at, end)
        elif flags & 0x40 and not v5:
            raise malformed("CONNECT has a password and no user name")
        if flags & 0x40:
            password, at = binary(data, at, end)
        _ends(at, end)
        clean = bool(flags & 2)
        return Connect(client_id, version, clean, keep_alive_s, username, password, will, values)

    def _connack(self, kind: Kind, data: bytes, at: int, end: int) -> Connack:
        flags, at = whole(data, at, end, 1)
        code, at = whole(data, at, end, 1)
        if flags > 1:
            raise malformed("a reserved flag of CONNACK is set")
        values, at = self._properties(kind, data, at, end)
        _ends(at, end)
        return Connack(bool(flags), code, values)

    def _ack(self, kind: Kind, data: bytes, at: int, end: int) -> Ack:
        packet_id, at = _packet_id(data, at, end)
        reason = 0
        values: Values = {}
        if self.version == V5 and at < end:
            reason, at = whole(data, at, end, 1)
            if at < end:
                values, at = properties.read(data, at, end, kind)
        _ends(at, end)
        return Ack(kind, packet_id, reason, values)

    def _subscribe(self, kind: Kind, data: bytes, at: int, end: int) -> Subscribe:
        packet_id, at = _packet_id(data, at, end)
        values, at = self._properties(kind, data, at, end)
        wanted = []
        while at < end:
            topic_filter, at = text(data, at, end)
            options, at = whole(data, at, end, 1)
            if options & _SUBSCRIPTION_BITS[self.version]:
                raise malformed("a reserved option of SUBSCRIBE is set")
            if options & 3 == 3:
                raise malformed("there is no QoS 3")
            handling = options >> 4
            if handling == 3:
                raise broken("there is no retain handling 3")
            no_local, as_published = bool(options & 4), bool(options & 8)
            wanted.append(Wanted(topic_filter, options & 3, no_local, as_published, handling))
        if not wanted:
            raise broken("a SUBSCRIBE has no filter")
        return Subscribe(packet_id, wanted, values)

    def _unsubscribe(self, kind: Kind, data: bytes, at: int, end: int) -> Unsubscribe:
        packet_id, at = _packet_id(data, at, end)
        values, at = self._properties(kind, data, at, end)
        filters = []
        while at < end:
            topic_filter, at = text(data, at, end)
            filters.append(topic_filter)
        if not filters:
            raise broken("an UNSUBSCRIBE has no filter")
        return Unsubscribe(packet_id, filters, values)

    def _suback(self, kind: Kind, data: bytes, at: int, end: int) -> Suback:
        packet_id, at = _packet_id(data, at, end)
        values, at = self._properties(kind, data, at, end)
        return Suback(packet_id, list(data[at:end]), values)

    def _unsuback(self, kind: Kind, data: bytes, at: int, end: int) -> Unsuback:
        packet_id, at = _packet_id(data, at, end)
        values, at = self._properties(kind, data, at, end)
        if self.version == V3:
            _ends(at, end)
        return Unsuback(packet_id, list(data[at:end]), values)

    def _ping(self, kind: Kind, data: bytes, at: int, end: int) -> Ping:
        _ends(at, end)
        return Ping(kind)

    def _disconnect(self, kind: Kind, data: bytes, at: int, end: int) -> Disconnect:
        return Disconnect(*self._reason(kind, data, at, end))

    def _auth(self, kind: Kind, data: bytes, at: int, end: int) -> Auth:
        if self.version == V3:
            raise malformed("MQTT 3.1.1 has no AUTH")
        return Auth(*self._reason(kind, data, at, end))

    def _reason(self, kind: Kind, data: bytes, at: int, end: int) -> tuple[int, Values]:
        reason = 0
        values: Values = {}
        if self.version == V5 and at < end:
            reason, at = whole(data, at, end, 1)
            if at < end:
                values, at = properties.read(data, at, end, kind)
        _ends(at, end)
        return reason, values

    def _properties(self, kind: Kind, data: bytes, at: int, end: int) -> tuple[Values, int]:
        return properties.read(data, at, end, kind) if self.version == V5 else ({}, at)


def _packet_id(data: bytes, at: int, end: int) -> tuple[int, int]:
    packet_id, at = whole(data, at, end, 2)
    if not packet_id:
        raise broken("a packet identifier is not 0")
    return packet_id, at


def _ends(at: int, end: int) -> None:
    if at != end:
        raise malformed("a packet is longer than what it says")


_READ: dict[Kind, Callable[[Decoder, Kind, bytes, int, int], Packet]] = {
    Kind.CONNECT: Decoder._connect,
    Kind.CONNACK: Decoder._connack,
    Kind.PUBACK: Decoder._ack,
    Kind.PUBREC: Decoder._ack,
    Kind.PUBREL: Decoder._ack,
    Kind.PUBCOMP: Decoder._ack,
    Kind.SUBSCRIBE: Decoder._subscribe,
    Kind.SUBACK: Decoder._suback,
    Kind.UNSUBSCRIBE: Decoder._unsubscribe,
    Kind.UNSUBACK: Decoder._unsuback,
    Kind.PINGREQ: Decoder._ping,
    Kind.PINGRESP: Decoder._ping,
    Kind.DISCONNECT: Decoder._disconnect,
    Kind.AUTH: Decoder._auth,
}
