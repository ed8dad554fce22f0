"""Who gets the messages of a topic: remembered until somebody subscribes or leaves."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

from lambda_nb.engine.iot.message import Receive
from lambda_nb.engine.iot.mqtt.delivery.sessions import Session, Subscription
from lambda_nb.engine.iot.mqtt.delivery.shared_groups import SharedGroup
from lambda_nb.engine.iot.mqtt.delivery.store import Store
from lambda_nb.engine.iot.topic_filters import BASIC_INGEST, TopicTree, split_shared

_REMEMBERED = 10_000


class Receiver(NamedTuple):
    """A session and how it gets the messages of a topic: several of its filters may match."""

    session: Session
    qos: int
    no_local: bool
    as_published: bool


class Route(NamedTuple):
    """Who gets the messages of one topic."""

    taps: tuple[Receive, ...]
    receivers: tuple[Receiver, ...]
    groups: tuple[SharedGroup, ...]


class _Tap:
    __slots__ = ("receive",)

    def __init__(self, receive: Receive) -> None:
        self.receive = receive


class Routes:
    """All subscriptions and taps.

    Parameters
    ----------
    store
        Keeps what waits for shared subscriptions.
    numbers
        Gives each message its number in the store.
    """

    def __init__(self, store: Store, numbers: itertools.count[int]) -> None:
        self._store = store
        self._numbers = numbers
        self._direct: TopicTree[tuple[Session, Subscription]] = TopicTree()
        self._shared: TopicTree[SharedGroup] = TopicTree()
        self._taps: TopicTree[_Tap] = TopicTree()
        self._groups: dict[str, SharedGroup] = {}
        self._known: dict[str, Route] = {}

    def of(self, topic: str) -> Route:
        """Who gets the messages of a topic."""
        route = self._known.get(topic)
        if route is None:
            route = self._find(topic)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[topic] = route
        return route

    def _find(self, topic: str) -> Route:
        taps = tuple(tap.receive for tap in self._taps.find(topic))
        if topic.startswith(BASIC_INGEST):  # goes to its rule, past all subscribers
            return Route(taps, (), ())
        found: dict[str, Receiver] = {}
        for session, subscription in self._direct.find(topic):
            before = found.get(session.client_id)
            qos, no_local = subscription.qos, subscription.no_local
            as_published = subscription.as_published
            if before is not None:  # one copy, by the most generous of its filters
                qos, no_local = max(qos, before.qos), no_local and before.no_local
                as_published = as_published or before.as_published
            found[session.client_id] = Receiver(session, qos, no_local, as_published)
        return Route(taps, tuple(found.values()), tuple(self._shared.find(topic)))

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give messages to a function; returns what ends that."""
        tap = _Tap(receive)
        self._taps.add(topic_filter, tap)
        self._known.clear()

        def end() -> None:
            self._taps.remove(topic_filter, tap)
            self._known.clear()

        return end

    def add(self, session: Session, subscription: Subscription) -> bool:
        """A session subscribes. False if it had subscribed to this filter before."""
        topic_filter = subscription.topic_filter
        before = session.subscriptions.get(topic_filter)
        if before is not None:
            self._remove(session, before)
        session.subscriptions[topic_filter] = subscription
        group, bare = split_shared(topic_filter)
        if group is None:
            self._direct.add(bare, (session, subscription))
        else:
            if topic_filter not in self._groups:
                self._shared.add(bare, self.group(topic_filter))
            self._groups[topic_filter].join(session, subscription)
        self._known.clear()
        return before is None

    def group(self, name: str) -> SharedGroup:
        """A shared subscription's group, made if need be."""
        if name not in self._groups:
            self._groups[name] = SharedGroup(name, self._store, self._numbers)
        return self._groups[name]

    def remove(self, session: Session, subscription: Subscription) -> None:
        """A session unsubscribes."""
        self._remove(session, subscription)
        session.subscriptions.pop(subscription.topic_filter, None)

    def _remove(self, session: Session, subscription: Subscription) -> None:
        topic_filter = subscription.topic_filter
        group, bare = split_shared(topic_filter)
        if group is None:
            self._direct.remove(bare, (session, subscription))
        elif (shared := self._groups.get(topic_filter)) is not None:
            shared.leave(session)
            if shared.is_empty:
                shared.close()
                self._shared.remove(bare, shared)
                del self._groups[topic_filter]
        self._known.clear()

    def begin(self, session: Session) -> None:
        """A session's client is here: its groups give out what waits."""
        for topic_filter in session.subscriptions:
            if (group := self._groups.get(topic_filter)) is not None:
                group.begin()

    def close(self) -> None:
        """Send nothing more."""
        for group in self._groups.values():
            group.close()
