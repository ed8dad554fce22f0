"""Properties of MQTT 5 as bytes: which there are, where each may stand, and its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambda_nb.engine.iot.mqtt.codec.packets import Kind, Property, Values
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason, broken, malformed

WILL = 0
"""Stands for the properties of a last will, where others have the kind of their packet."""

_BYTE, _TWO, _FOUR, _NUMBER, _TEXT, _DATA, _PAIR = range(7)
_REPEATED = (Property.USER_PROPERTY, Property.SUBSCRIPTION_ID)


class _Rule(NamedTuple):
    form: int
    where: frozenset[int]
    values: tuple[int, int] | None = None


def _rule(form: int, *where: int, values: tuple[int, int] | None = None) -> _Rule:
    return _Rule(form, frozenset(where), values)


_ALL = (WILL, *(kind for kind in Kind if kind not in (Kind.PINGREQ, Kind.PINGRESP)))
_ANSWERS = (
    Kind.CONNACK, Kind.PUBACK, Kind.PUBREC, Kind.PUBREL, Kind.PUBCOMP, Kind.SUBACK, Kind.UNSUBACK,
    Kind.DISCONNECT, Kind.AUTH,
)  # fmt: skip
_ANY_16, _ANY_32 = (0, 0xFFFF), (0, 0xFFFFFFFF)

RULES: Mapping[int, _Rule] = {
    Property.PAYLOAD_FORMAT: _rule(_BYTE, Kind.PUBLISH, WILL, values=(0, 1)),
    Property.MESSAGE_EXPIRY: _rule(_FOUR, Kind.PUBLISH, WILL, values=_ANY_32),
    Property.CONTENT_TYPE: _rule(_TEXT, Kind.PUBLISH, WILL),
    Property.RESPONSE_TOPIC: _rule(_TEXT, Kind.PUBLISH, WILL),
    Property.CORRELATION_DATA: _rule(_DATA, Kind.PUBLISH, WILL),
    Property.SUBSCRIPTION_ID: _rule(_NUMBER, Kind.PUBLISH, Kind.SUBSCRIBE, values=(1, 268_435_455)),
    Property.SESSION_EXPIRY: _rule(
        _FOUR, Kind.CONNECT, Kind.CONNACK, Kind.DISCONNECT, values=_ANY_32
    ),
    Property.ASSIGNED_CLIENT_ID: _rule(_TEXT, Kind.CONNACK),
    Property.SERVER_KEEP_ALIVE: _rule(_TWO, Kind.CONNACK, values=_ANY_16),
    Property.AUTH_METHOD: _rule(_TEXT, Kind.CONNECT, Kind.CONNACK, Kind.AUTH),
    Property.AUTH_DATA: _rule(_DATA, Kind.CONNECT, Kind.CONNACK, Kind.AUTH),
    Property.REQUEST_PROBLEM_INFO: _rule(_BYTE, Kind.CONNECT, values=(0, 1)),
    Property.WILL_DELAY: _rule(_FOUR, WILL, values=_ANY_32),
    Property.REQUEST_RESPONSE_INFO: _rule(_BYTE, Kind.CONNECT, values=(0, 1)),
    Property.RESPONSE_INFO: _rule(_TEXT, Kind.CONNACK),
    Property.SERVER_REFERENCE: _rule(_TEXT, Kind.CONNACK, Kind.DISCONNECT),
    Property.REASON_STRING: _rule(_TEXT, *_ANSWERS),
    Property.RECEIVE_MAXIMUM: _rule(_TWO, Kind.CONNECT, Kind.CONNACK, values=(1, 0xFFFF)),
    Property.TOPIC_ALIAS_MAXIMUM: _rule(_TWO, Kind.CONNECT, Kind.CONNACK, values=_ANY_16),
    Property.TOPIC_ALIAS: _rule(_TWO, Kind.PUBLISH, values=_ANY_16),
    Property.MAXIMUM_QOS: _rule(_BYTE, Kind.CONNACK, values=(0, 1)),
    Property.RETAIN_AVAILABLE: _rule(_BYTE, Kind.CONNACK, values=(0, 1)),
    Property.USER_PROPERTY: _rule(_PAIR, *_ALL),
    Property.MAXIMUM_PACKET_SIZE: _rule(_FOUR, Kind.CONNECT, Kind.CONNACK, values=(1, 0xFFFFFFFF)),
    Property.WILDCARD_AVAILABLE: _rule(_BYTE, Kind.CONNACK, values=(0, 1)),
    Property.SUBSCRIPTION_ID_AVAILABLE: _rule(_BYTE, Kind.CONNACK, values=(0, 1)),
    Property.SHARED_AVAILABLE: _rule(_BYTE, Kind.CONNACK, values=(0, 1)),
}


def number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A variable byte integer, and the place behind it.

    Raises
    ------
    PacketError
        If it is cut off, longer than four bytes, or longer than need be.
    """
    value = shift = 0
    for place in range(at, min(at + 4, end)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise malformed("a number is longer than need be")
            return value, place + 1
        shift += 7
    raise malformed("a number has no end")


def text(data: bytes, at: int, end: int) -> tuple[str, int]:
    """A UTF-8 string, and the place behind it.

    Raises
    ------
    PacketError
        If it is cut off, not UTF-8, or has a null character.
    """
    raw, at = binary(data, at, end)
    try:
        found = raw.decode()
    except UnicodeDecodeError:
        raise malformed("a string is not UTF-8") from None
    if "\0" in found:
        raise malformed("a string has a null character")
    return found, at


def binary(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Bytes with their length before them, and the place behind them.

    Raises
    ------
    PacketError
        If they are cut off.
    """
    start = at + 2
    stop = start + (data[at] << 8 | data[at + 1]) if start <= end else end + 1
    if stop > end:
        raise malformed("a packet ends in the middle of a field")
    return data[start:stop], stop


def whole(data: bytes, at: int, end: int, size: int) -> tuple[int, int]:
    """An integer of some bytes, and the place behind it.

    Raises
    ------
    PacketError
        If it is cut off.
    """
    stop = at + size
    if stop > end:
        raise malformed("a packet ends in the middle of a field")
    return int.from_bytes(data[at:stop], "big"), stop


def _value(form: int, data: bytes, at: int, end: int) -> tuple[Any, int]:
    if form == _TEXT:
        return text(data, at, end)
    if form == _DATA:
        return binary(data, at, end)
    if form == _NUMBER:
        return number(data, at, end)
    if form == _PAIR:
        name, at = text(data, at, end)
        value, at = text(data, at, end)
        return (name, value), at
    return whole(data, at, end, {_BYTE: 1, _TWO: 2, _FOUR: 4}[form])


def read(data: bytes, at: int, end: int, where: int) -> tuple[Values, int]:
    """The properties that begin at a place, and the place behind them.

    Parameters
    ----------
    where
        The kind of the packet, or :data:`WILL`.

    Raises
    ------
    PacketError
        If one is unknown, may not stand there, stands twice, or has a value that it may not have.
    """
    length, at = number(data, at, end)
    stop = at + length
    if stop > end:
        raise malformed("properties are longer than their packet")
    found: Values = {}
    while at < stop:
        identifier, at = number(data, at, stop)
        rule = RULES.get(identifier)
        if rule is None:
            raise malformed(f"there is no property {identifier:#04x}")
        name = Property(identifier).name
        if where not in rule.where:
            raise broken(f"{name} may not stand in this packet")
        value, at = _value(rule.form, data, at, stop)
        if rule.values is not None and not rule.values[0] <= value <= rule.values[1]:
            raise broken(f"{name} may not be {value}")
        if identifier == Property.TOPIC_ALIAS and value == 0:
            raise PacketError(Reason.TOPIC_ALIAS_INVALID, "a topic alias may not be 0")
        if identifier == Property.RESPONSE_TOPIC and ("+" in value or "#" in value):
            raise broken("a response topic has no wildcards")
        if identifier in _REPEATED:
            once = identifier == Property.SUBSCRIPTION_ID and where != Kind.PUBLISH
            if once and identifier in found:
                raise broken(f"{name} stands twice")
            found.setdefault(identifier, []).append(value)
        elif identifier in found:
            raise broken(f"{name} stands twice")
        else:
            found[identifier] = value
    if Property.AUTH_DATA in found and Property.AUTH_METHOD not in found:
        raise broken("AUTH_DATA needs AUTH_METHOD")
    return found, stop


def number_bytes(value: int) -> bytes:
    """A variable byte integer."""
    if value < 0x80:
        return bytes((value,))
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def text_bytes(value: str) -> bytes:
    """A string with its length before it. Raises ``ValueError`` beyond 65,535 bytes."""
    return data_bytes(value.encode())


def data_bytes(value: bytes) -> bytes:
    """Bytes with their length before them. Raises ``ValueError`` beyond 65,535 of them."""
    if len(value) > 0xFFFF:
        raise ValueError(f"MQTT has fields of at most 65,535 bytes, not {len(value)}")
    return len(value).to_bytes(2, "big") + value


def _value_bytes(form: int, value: Any) -> bytes:
    if form == _TEXT:
        return text_bytes(value)
    if form == _DATA:
        return data_bytes(value)
    if form == _NUMBER:
        return number_bytes(value)
    if form == _PAIR:
        return text_bytes(value[0]) + text_bytes(value[1])
    return int(value).to_bytes({_BYTE: 1, _TWO: 2, _FOUR: 4}[form], "big")


def write(values: Values | None) -> bytes:
    """Properties with their length before them."""
    if not values:
        return b"\0"
    parts: list[bytes] = []
    for identifier, value in values.items():
        form = RULES[identifier].form
        for one in value if identifier in _REPEATED else (value,):
            parts += (bytes((identifier,)), _value_bytes(form, one))
    whole_ = b"".join(parts)
    return number_bytes(len(whole_)) + whole_
