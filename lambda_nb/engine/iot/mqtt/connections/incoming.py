"""Messages of one client: checked, given to the hub, and acknowledged in their order."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Protocol

from lambda_nb.engine.iot.message import NO_PROPERTIES, Message, Sender
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import May
from lambda_nb.engine.iot.mqtt.codec.encoding import acknowledge
from lambda_nb.engine.iot.mqtt.codec.packets import V5, Kind, Property, Publish, Values
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason
from lambda_nb.engine.iot.mqtt.delivery.hub import Hub
from lambda_nb.engine.iot.mqtt.delivery.parcels import properties_of
from lambda_nb.engine.iot.mqtt.delivery.reserved_topics import clients_may_publish
from lambda_nb.engine.iot.mqtt.delivery.retained import TooManyRetained
from lambda_nb.engine.iot.topic_filters import TopicError, check_topic

_REMEMBERED = 256


class Answering(Protocol):
    """The connection, as its incoming messages see it."""

    def send(self, data: bytes) -> None:
        """Send a packet."""

    def hold(self) -> None:
        """Read nothing more for now."""

    def go_on(self) -> None:
        """Read again."""

    def give_up(self, error: BaseException) -> None:
        """End, because a message could not be accepted and MQTT 3.1.1 cannot say so."""


class _Acknowledgement:
    __slots__ = ("packet_id", "ready", "reason")

    def __init__(self, packet_id: int) -> None:
        self.packet_id = packet_id
        self.reason = Reason.SUCCESS
        self.ready = False


class Incoming:
    """The messages of one client.

    Parameters
    ----------
    hub
        Takes them.
    answering
        The connection.
    version
        Protocol level.
    sender
        Stamped on each message.
    may
        What the client may do.
    """

    def __init__(
        self, hub: Hub, answering: Answering, version: int, sender: Sender, may: May
    ) -> None:
        self.sender = sender
        self.may = may
        self._hub = hub
        self._answering = answering
        self._v5 = version == V5
        self._aliases: dict[int, str] = {}
        self._checked: set[str] = set()
        self._unfinished = 0
        self._acknowledgements: deque[_Acknowledgement] = deque()

    def take(self, packet: Publish) -> None:
        """Take one message.

        Raises
        ------
        PacketError
            If the client has to be disconnected for it.
        """
        topic, qos, payload = packet.topic, packet.qos, packet.payload
        values = packet.properties
        if values is not None:
            topic = self._by_alias(topic, values)
        if topic not in self._checked:
            self._check(topic)
        if qos == 2:
            raise PacketError(Reason.QOS_NOT_SUPPORTED, "QoS 2 is not supported")
        if len(payload) > limits.MOST_PAYLOAD:
            raise PacketError(Reason.PACKET_TOO_LARGE, "a payload has at most 128 KB")
        if not self.may("publish", topic) or (packet.retain and not self.may("retain", topic)):
            if qos and self._v5:
                self._refuse(packet.packet_id, Reason.NOT_AUTHORIZED)
            raise PacketError(Reason.NOT_AUTHORIZED, f"it may not publish to {topic}")
        properties = properties_of(values) if values is not None else NO_PROPERTIES
        message = Message(topic, payload, qos, packet.retain, self.sender, properties)
        if packet.retain and not self._may_be_retained(message, packet.packet_id):
            return
        if qos == 0:
            if not self._hub.accept(message, self._finished):
                self._unfinished += 1
                if self._unfinished >= limits.MOST_UNFINISHED:
                    self._answering.hold()
            return
        if len(self._acknowledgements) >= limits.MOST_UNACKNOWLEDGED and self._v5:
            raise PacketError(
                Reason.RECEIVE_MAXIMUM_EXCEEDED,
                f"more than {limits.MOST_UNACKNOWLEDGED} messages are not acknowledged yet",
            )
        one = _Acknowledgement(packet.packet_id)
        self._acknowledgements.append(one)
        if self._hub.accept(message, partial(self._accepted, one)):
            self._accepted(one, None)
        elif len(self._acknowledgements) >= limits.MOST_UNACKNOWLEDGED and not self._v5:
            self._answering.hold()

    def _by_alias(self, topic: str, values: Values) -> str:
        alias = values.get(Property.TOPIC_ALIAS)
        if alias is None:
            return topic
        if alias > limits.TOPIC_ALIASES:
            raise PacketError(
                Reason.TOPIC_ALIAS_INVALID, f"topic aliases go to {limits.TOPIC_ALIASES}"
            )
        if topic:
            self._aliases[alias] = topic
            return topic
        if alias not in self._aliases:
            raise PacketError(Reason.PROTOCOL_ERROR, f"there is no topic alias {alias}")
        return self._aliases[alias]

    def _check(self, topic: str) -> None:
        try:
            check_topic(topic)
        except TopicError as error:
            raise PacketError(Reason.TOPIC_NAME_INVALID, str(error)) from None
        if not clients_may_publish(topic):
            raise PacketError(Reason.TOPIC_NAME_INVALID, f"{topic} is reserved")
        if len(self._checked) >= _REMEMBERED:
            self._checked.clear()
        self._checked.add(topic)

    def _may_be_retained(self, message: Message, packet_id: int) -> bool:
        if message.topic.startswith("$"):
            text = f"{message.topic} is reserved: nothing is retained there"
            raise PacketError(Reason.TOPIC_NAME_INVALID, text)
        try:
            self._hub.retained.check(message)
        except TooManyRetained as error:
            if not self._v5 or not message.qos:
                raise PacketError(Reason.QUOTA_EXCEEDED, str(error)) from None
            self._refuse(packet_id, Reason.QUOTA_EXCEEDED)
            return False
        return True

    def _refuse(self, packet_id: int, reason: Reason) -> None:
        one = _Acknowledgement(packet_id)
        one.ready, one.reason = True, reason
        self._acknowledgements.append(one)
        self._answer()

    def _accepted(self, one: _Acknowledgement, error: BaseException | None) -> None:
        one.ready = True
        if error is not None:
            one.reason = Reason.UNSPECIFIED_ERROR
            if not self._v5:
                self._answering.give_up(error)
                return
        was = len(self._acknowledgements)
        self._answer()
        if was >= limits.MOST_UNACKNOWLEDGED > len(self._acknowledgements):
            self._answering.go_on()

    def _answer(self) -> None:
        """Acknowledge what is ready, in the order in which it came."""
        waiting = self._acknowledgements
        while waiting and waiting[0].ready:
            one = waiting.popleft()
            self._answering.send(acknowledge(Kind.PUBACK, one.packet_id, one.reason, v5=self._v5))

    def _finished(self, error: BaseException | None) -> None:
        self._unfinished -= 1
        if self._unfinished == limits.MOST_UNFINISHED - 1:
            self._answering.go_on()
