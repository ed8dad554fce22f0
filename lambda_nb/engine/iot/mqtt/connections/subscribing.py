"""SUBSCRIBE and UNSUBSCRIBE of one client."""

from __future__ import annotations

from typing import NamedTuple

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import May
from lambda_nb.engine.iot.mqtt.codec.packets import (
    V5,
    Property,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
)
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason, broken
from lambda_nb.engine.iot.mqtt.delivery.hub import Hub
from lambda_nb.engine.iot.mqtt.delivery.reserved_topics import clients_may_subscribe
from lambda_nb.engine.iot.mqtt.delivery.sessions import Session, Subscription
from lambda_nb.engine.iot.topic_filters import TopicError, check_filter, split_shared

_FAILURE = 0x80
_IF_NEW, _NEVER = 1, 2


class Outcome(NamedTuple):
    """What a SUBSCRIBE came to.

    Attributes
    ----------
    answer : Suback
        Its answer.
    topics : list of str
        The filters that were taken.
    retained : list of Subscription
        Those that get the retained message of their topic.
    too_many : bool
        Whether the client has to be disconnected for more subscriptions than it may have.
    """

    answer: Suback
    topics: list[str]
    retained: list[Subscription]
    too_many: bool


def subscribe(hub: Hub, session: Session, may: May, packet: Subscribe) -> Outcome:
    """Carry out a SUBSCRIBE.

    Raises
    ------
    PacketError
        If the client has to be disconnected for it, without an answer.
    """
    if Property.SUBSCRIPTION_ID in packet.properties:
        raise PacketError(
            Reason.SUBSCRIPTION_IDS_NOT_SUPPORTED, "subscription identifiers are not supported"
        )
    if len(packet.wanted) > limits.MOST_FILTERS:
        raise PacketError(
            Reason.QUOTA_EXCEEDED, f"a SUBSCRIBE has at most {limits.MOST_FILTERS} filters"
        )
    if any(one.qos == 2 for one in packet.wanted):
        raise PacketError(Reason.QOS_NOT_SUPPORTED, "QoS 2 is not supported")
    if any(one.no_local and split_shared(one.topic_filter)[0] for one in packet.wanted):
        raise broken("a shared subscription cannot be 'no local'")
    codes: list[int] = []
    taken: list[str] = []
    retained: list[Subscription] = []
    for one in packet.wanted:
        refused = _refusal(session, may, one)
        if refused is not None:
            codes.append(refused if session.version == V5 else _FAILURE)
            continue
        subscription = Subscription(
            one.topic_filter, one.qos, one.no_local, one.retain_as_published
        )
        new = hub.subscribe(session, subscription)
        if one.retain_handling != _NEVER and (new or one.retain_handling != _IF_NEW):
            retained.append(subscription)
        codes.append(one.qos)
        taken.append(one.topic_filter)
    too_many = Reason.QUOTA_EXCEEDED in codes or (
        session.version != V5
        and _FAILURE in codes
        and len(session.subscriptions) >= limits.MOST_SUBSCRIPTIONS
    )
    return Outcome(Suback(packet.packet_id, codes), taken, retained, too_many)


def _refusal(session: Session, may: May, wanted: Wanted) -> Reason | None:
    topic_filter = wanted.topic_filter
    try:
        check_filter(topic_filter)
    except TopicError:
        return Reason.TOPIC_FILTER_INVALID
    if not clients_may_subscribe(split_shared(topic_filter)[1]):
        return Reason.TOPIC_FILTER_INVALID
    if not may("subscribe", topic_filter):
        return Reason.NOT_AUTHORIZED
    full = len(session.subscriptions) >= limits.MOST_SUBSCRIPTIONS
    return Reason.QUOTA_EXCEEDED if full and topic_filter not in session.subscriptions else None


def unsubscribe(hub: Hub, session: Session, packet: Unsubscribe) -> tuple[Unsuback, list[str]]:
    """Carry out an UNSUBSCRIBE; its answer, and the filters that the client had."""
    codes: list[int] = []
    gone: list[str] = []
    for topic_filter in packet.topic_filters:
        if hub.unsubscribe(session, topic_filter):
            codes.append(Reason.SUCCESS)
            gone.append(topic_filter)
        else:
            codes.append(Reason.NO_SUBSCRIPTION_EXISTED)
    return Unsuback(packet.packet_id, codes), gone
