"""A message on its way to clients: made into bytes once for all that get the same ones."""

from __future__ import annotations

from functools import lru_cache

from lambda_nb.engine.iot.message import NO_PROPERTIES, Message, Properties
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.codec import properties as form
from lambda_nb.engine.iot.mqtt.codec.encoding import publish_bytes
from lambda_nb.engine.iot.mqtt.codec.packets import V5, Property, Values

_NOTHING = b"\0"


def properties_of(values: Values | None) -> Properties:
    """A message's properties, from those of its packet or of a will."""
    if not values:
        return NO_PROPERTIES
    is_text = values.get(Property.PAYLOAD_FORMAT)
    expiry_s = values.get(Property.MESSAGE_EXPIRY)
    return Properties(
        tuple(values.get(Property.USER_PROPERTY, ())),
        values.get(Property.CONTENT_TYPE),
        values.get(Property.RESPONSE_TOPIC),
        values.get(Property.CORRELATION_DATA),
        None if is_text is None else bool(is_text),
        None if expiry_s is None else _bounded(expiry_s),
    )


def values_of(properties: Properties) -> Values:
    """The properties of a packet, from those of a message."""
    values: Values = {}
    if properties.is_text is not None:
        values[Property.PAYLOAD_FORMAT] = properties.is_text
    if properties.expiry_s is not None:
        values[Property.MESSAGE_EXPIRY] = properties.expiry_s
    if properties.content_type is not None:
        values[Property.CONTENT_TYPE] = properties.content_type
    if properties.response_topic is not None:
        values[Property.RESPONSE_TOPIC] = properties.response_topic
    if properties.correlation_data is not None:
        values[Property.CORRELATION_DATA] = properties.correlation_data
    if properties.user:
        values[Property.USER_PROPERTY] = list(properties.user)
    return values


def _bounded(expiry_s: int) -> int:
    return min(max(expiry_s, limits.MESSAGE_EXPIRY_LEAST_S), limits.MESSAGE_EXPIRY_MOST_S)


@lru_cache(maxsize=4096)
def _topic_bytes(topic: str) -> bytes:
    return form.text_bytes(topic)


class Parcel:
    """One message for any number of clients.

    Parameters
    ----------
    message
        The message.
    expires_at
        When it ends, epoch s; ``None`` for never.
    """

    __slots__ = ("_plain", "_topic", "_values", "expires_at", "message")

    def __init__(self, message: Message, expires_at: float | None) -> None:
        self.message = message
        self.expires_at = expires_at
        self._topic = _topic_bytes(message.topic)
        self._plain: dict[int, bytes] = {}
        self._values: bytes | None = None

    def packet(self, version: int, qos: int, retain: bool, packet_id: int, now: float) -> bytes:
        """The PUBLISH that a client gets.

        Parameters
        ----------
        version
            4 for MQTT 3.1.1, 5 for MQTT 5.
        packet_id
            0 with QoS 0.
        now
            Epoch s, for what is left of the message's expiry interval.
        """
        first = 0x30 | qos << 1 | retain
        payload = self.message.payload
        if version != V5:
            values = b""
        elif self.expires_at is not None:
            left = values_of(self.message.properties)
            left[Property.MESSAGE_EXPIRY] = max(0, int(self.expires_at - now))
            return publish_bytes(first, self._topic, packet_id, form.write(left), payload)
        elif self.message.properties is NO_PROPERTIES:
            values = _NOTHING
        else:
            if self._values is None:
                self._values = form.write(values_of(self.message.properties))
            values = self._values
        if packet_id:
            return publish_bytes(first, self._topic, packet_id, values, payload)
        key = first << 3 | version
        found = self._plain.get(key)
        if found is None:
            found = publish_bytes(first, self._topic, 0, values, payload)
            self._plain[key] = found
        return found
