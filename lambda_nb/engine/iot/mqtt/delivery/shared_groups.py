"""Shared subscriptions: each message goes to one member of a group, chosen at random."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import deque

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.delivery.parcels import Parcel
from lambda_nb.engine.iot.mqtt.delivery.sessions import Session, Subscription, Waiting
from lambda_nb.engine.iot.mqtt.delivery.store import KeptMessage, Store


class SharedGroup:
    """The members of one ``$share/GROUP/FILTER``.

    Messages of QoS 1 wait when no member is there and at least one has a persistent session.

    Parameters
    ----------
    name
        The whole filter, ``$share/GROUP/FILTER``.
    store
        Keeps what waits.
    numbers
        Gives each message its number in the store.
    stored_per_s
        Stored messages a second that each member gets.
    """

    def __init__(
        self,
        name: str,
        store: Store,
        numbers: itertools.count[int],
        stored_per_s: float = limits.STORED_FOR_GROUP_PER_S,
    ) -> None:
        self.name = name
        self.members: dict[str, tuple[Session, Subscription]] = {}
        self._store = store
        self._numbers = numbers
        self._pause_s = 1.0 / stored_per_s
        self._backlog: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in it, here or away."""
        return not self.members

    def join(self, session: Session, subscription: Subscription) -> None:
        """A session becomes a member."""
        self.members[session.client_id] = (session, subscription)

    def leave(self, session: Session) -> None:
        """A session is no member any more; what waits for nobody is dropped."""
        self.members.pop(session.client_id, None)
        if not any(member.lasts for member, _ in self.members.values()):
            while self._backlog:
                self._store.dequeue(self._backlog.popleft().seq)

    def give(self, parcel: Parcel) -> None:
        """Take a message for one of the members."""
        qos = parcel.message.qos
        here = [
            (session, subscription)
            for session, subscription in self.members.values()
            if session.outlet is not None
        ]
        ready = [one for one in here if one[0].has_room]
        here = ready or here  # those that read too slowly have queues of their own
        if here:
            session, subscription = here[0] if len(here) == 1 else random.choice(here)
            session.give(parcel, min(qos, subscription.qos), False, self)
        elif (
            qos
            and len(self._backlog) < limits.MOST_QUEUED
            and any(session.lasts for session, _ in self.members.values())
        ):
            one = Waiting(parcel, next(self._numbers), stored=True)
            kept = (one.seq, self.name, parcel.message, False, parcel.expires_at, None)
            self._store.enqueue(KeptMessage(*kept))
            self._backlog.append(one)

    def give_back(self, parcel: Parcel) -> None:
        """Take back a message whose receiver has gone."""
        self.give(parcel)

    def restore(self, one: Waiting) -> None:
        """Take back a message that was in the store."""
        self._backlog.append(one)

    def begin(self) -> None:
        """A member is here: begin to give out what waits."""
        if self._backlog and self._timer is None:
            self._trickle()

    def _trickle(self) -> None:
        self._timer = None
        here = [session for session, _ in self.members.values() if session.outlet is not None]
        if not here or not self._backlog:
            return
        if any(session.has_room for session in here):
            one = self._backlog.popleft()
            self._store.dequeue(one.seq)
            expires_at = one.parcel.expires_at
            if expires_at is None or expires_at > time.time():
                self.give(one.parcel)
        if self._backlog:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._pause_s / len(here), self._trickle)

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
