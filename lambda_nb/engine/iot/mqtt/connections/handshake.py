"""CONNECT and its answer: what a client asks for, and what it gets by AWS's rules."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import Attempt, Refused
from lambda_nb.engine.iot.mqtt.codec.packets import V3, V5, Connack, Connect, Property, Values, Will
from lambda_nb.engine.iot.mqtt.codec.reasons import Reason
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from lambda_nb.engine.iot.mqtt.delivery.parcels import properties_of
from lambda_nb.engine.iot.mqtt.delivery.reserved_topics import clients_may_publish
from lambda_nb.engine.iot.topic_filters import TopicError, check_topic

_NO_END = 0xFFFFFFFF
_OLD_CODES = {
    Reason.UNSUPPORTED_PROTOCOL_VERSION: 1,
    Reason.CLIENT_ID_NOT_VALID: 2,
    Reason.SERVER_UNAVAILABLE: 3,
    Reason.BAD_USER_NAME_OR_PASSWORD: 4,
}
_NOT_AUTHORIZED_OLD = 5
_WHY = {
    "not_authorized": Reason.NOT_AUTHORIZED,
    "bad_credentials": Reason.BAD_USER_NAME_OR_PASSWORD,
    "client_id": Reason.CLIENT_ID_NOT_VALID,
}


class NoEntry(Exception):  # noqa: N818
    """A CONNECT that is refused.

    Parameters
    ----------
    reason
        Its reason code in MQTT 5.
    text
        Why, for people.
    """

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(slots=True)
class Terms:
    """What a client gets.

    Attributes
    ----------
    client_id : str
        Its own, or one made for it (``assigned``).
    keep_alive_s : int
        Seconds between packets of a client, times 1.5, before it counts as gone.
    expiry_s : float
        How long its session lasts without it.
    window, largest : int
        Messages of QoS 1 on their way to it at most; bytes of the largest packet that it takes.
    """

    client_id: str
    assigned: bool
    keep_alive_s: int
    expiry_s: float
    window: int
    largest: int


def terms(connect: Connect, most_expiry_s: float) -> Terms:
    """What a client that sent CONNECT gets.

    Parameters
    ----------
    connect
        The packet.
    most_expiry_s
        The longest that a session may last without its client.

    Raises
    ------
    NoEntry
        If it asks for what nobody gets.
    """
    said = connect.properties
    if Property.AUTH_METHOD in said:
        raise NoEntry(Reason.BAD_AUTHENTICATION_METHOD, "AUTH is not supported")
    client_id = connect.client_id
    if not client_id and connect.version == V3 and not connect.clean:
        raise NoEntry(Reason.CLIENT_ID_NOT_VALID, "a persistent session needs a client id")
    if client_id.startswith("$") or len(client_id.encode()) > limits.LONGEST_CLIENT_ID:
        text = f"a client id has at most {limits.LONGEST_CLIENT_ID} bytes and does not begin with $"
        raise NoEntry(Reason.CLIENT_ID_NOT_VALID, text)
    if connect.will is not None:
        _check_will(connect.will)
    if connect.version == V3:
        expiry_s = 0.0 if connect.clean else most_expiry_s
    else:
        expiry_s = min(float(said.get(Property.SESSION_EXPIRY, 0)), most_expiry_s)
    asked = connect.keep_alive_s
    keep_alive_s = limits.KEEP_ALIVE_DEFAULT_S
    if 0 < asked <= limits.KEEP_ALIVE_DEFAULT_S:
        keep_alive_s = max(asked, limits.KEEP_ALIVE_LEAST_S)
    window = min(said.get(Property.RECEIVE_MAXIMUM, _NO_END), limits.MOST_UNACKNOWLEDGED)
    largest = said.get(Property.MAXIMUM_PACKET_SIZE, _NO_END)
    return Terms(
        client_id or limits.GENERATED_CLIENT_ID + uuid4(),
        not client_id,
        keep_alive_s,
        expiry_s,
        window,
        largest,
    )


def _check_will(will: Will) -> None:
    if will.qos == 2:
        raise NoEntry(Reason.QOS_NOT_SUPPORTED, "a will of QoS 2 is not supported")
    try:
        check_topic(will.topic)
    except TopicError as error:
        raise NoEntry(Reason.TOPIC_NAME_INVALID, str(error)) from None
    reserved = will.topic.startswith("$")
    if not clients_may_publish(will.topic) or (reserved and will.retain):
        raise NoEntry(Reason.TOPIC_NAME_INVALID, f"{will.topic} is reserved")
    if len(will.payload) > limits.MOST_PAYLOAD:
        raise NoEntry(Reason.QUOTA_EXCEEDED, "the will's payload is larger than 128 KB")


def attempt(connect: Connect, agreed: Terms, origin: Origin) -> Attempt:
    """What the admission is asked about."""
    will = connect.will
    return Attempt(
        agreed.client_id,
        connect.username,
        connect.password,
        origin.certificate_der,
        origin.source_ip,
        origin.sigv4,
        origin.server_name,
        connect.clean if connect.version == V3 else agreed.expiry_s == 0,
        None if will is None else will_message(will),
        origin.protocol,
        origin.headers,
        origin.query,
        origin.tls,
    )


def will_message(will: Will) -> Message:
    """A will as a message, without its sender."""
    said = properties_of(will.properties)
    return Message(will.topic, will.payload, will.qos, will.retain, None, said)


def refusal(refused: Refused) -> NoEntry:
    """The error of a client that the admission refused."""
    return NoEntry(_WHY[refused.why], refused.reason)


def accepted(connect: Connect, agreed: Terms, present: bool) -> Connack:
    """The CONNACK of a client that is in."""
    if connect.version != V5:
        return Connack(present, 0)
    said: Values = {
        Property.RECEIVE_MAXIMUM: limits.MOST_UNACKNOWLEDGED,
        Property.MAXIMUM_QOS: 1,
        Property.RETAIN_AVAILABLE: 1,
        Property.MAXIMUM_PACKET_SIZE: limits.MOST_PACKET,
        Property.TOPIC_ALIAS_MAXIMUM: limits.TOPIC_ALIASES,
        Property.WILDCARD_AVAILABLE: 1,
        Property.SUBSCRIPTION_ID_AVAILABLE: 0,
        Property.SHARED_AVAILABLE: 1,
        Property.SERVER_KEEP_ALIVE: agreed.keep_alive_s,
    }
    if agreed.expiry_s != connect.properties.get(Property.SESSION_EXPIRY, 0):
        said[Property.SESSION_EXPIRY] = int(agreed.expiry_s)
    if agreed.assigned:
        said[Property.ASSIGNED_CLIENT_ID] = agreed.client_id
    return Connack(present, 0, said)


def refused(version: int, why: NoEntry) -> Connack:
    """The CONNACK of a client that is not let in."""
    if version != V5:
        return Connack(False, _OLD_CODES.get(why.reason, _NOT_AUTHORIZED_OLD))
    return Connack(False, why.reason, {Property.REASON_STRING: why.text} if why.text else {})
