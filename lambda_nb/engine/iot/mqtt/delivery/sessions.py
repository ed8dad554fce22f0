"""Sessions of clients: what they subscribed to, what is on its way to them, what waits."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.delivery.parcels import Parcel
from lambda_nb.engine.iot.mqtt.delivery.store import KeptMessage, KeptSession, Store
from lambda_nb.engine.notices import Notice

log = logging.getLogger(__name__)

_dropped = Notice(
    log, f"more than {limits.MOST_QUEUED} messages wait for an MQTT session: newer ones are dropped"
)
_too_slow = Notice(
    log, "an MQTT client reads too slowly: messages of QoS 0 to it are dropped meanwhile"
)
_LAST_ID = 0xFFFF


class Outlet(Protocol):
    """A client's connection, as its session sees it."""

    @property
    def version(self) -> int:
        """4 for MQTT 3.1.1, 5 for MQTT 5."""

    @property
    def window(self) -> int:
        """Messages of QoS 1 that it takes before it acknowledges one."""

    @property
    def largest(self) -> int:
        """Bytes of the largest packet that it takes."""

    @property
    def full(self) -> bool:
        """Whether it reads too slowly for more."""

    def may_receive(self, topic: str) -> bool:
        """Whether its policy lets it have messages of a topic."""

    def send(self, data: bytes) -> None:
        """Send a packet."""


class Group(Protocol):
    """A shared subscription, as what came through it sees it."""

    @property
    def name(self) -> str:
        """``$share/GROUP/FILTER``."""

    def give_back(self, parcel: Parcel) -> None:
        """Take back a message whose receiver has gone."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A message of QoS 1 that is on its way, or waits."""

    parcel: Parcel
    seq: int
    retain: bool = False
    group: Group | None = None
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a session subscribed to. ``topic_filter`` is as the client said it, with ``$share/``."""

    topic_filter: str
    qos: int
    no_local: bool = False
    as_published: bool = False

    @property
    def options(self) -> int:
        """The two flags as one number."""
        return self.no_local | self.as_published << 1


class Session:
    """The session of one client.

    Parameters
    ----------
    client_id
        Whose it is.
    version
        Protocol level; a session of one version is not resumed with the other.
    expiry_s
        How long it lasts without its client; 0 to end with the connection.
    store
        Keeps what waits, if the session lasts.
    numbers
        Gives each message its number in the store.
    stored_per_s
        Stored messages a second that a client gets when it is back.
    """

    def __init__(
        self,
        client_id: str,
        version: int,
        expiry_s: float,
        store: Store,
        numbers: itertools.count[int],
        stored_per_s: float = limits.STORED_PER_S,
    ) -> None:
        self.client_id = client_id
        self.version = version
        self.expiry_s = expiry_s
        self.connections = 0
        self.subscriptions: dict[str, Subscription] = {}
        self.outlet: Outlet | None = None
        self._store = store
        self._numbers = numbers
        self._pause_s = 1.0 / stored_per_s
        self._on_way: dict[int, Waiting] = {}
        self._queue: deque[Waiting] = deque()
        self._backlog: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._last_id = 0

    @property
    def lasts(self) -> bool:
        """Whether it outlives its connection."""
        return self.expiry_s > 0

    @property
    def waiting(self) -> int:
        """Messages of QoS 1 that are not acknowledged yet."""
        return len(self._on_way) + len(self._queue) + len(self._backlog)

    @property
    def has_room(self) -> bool:
        """Whether its client is here and takes more."""
        here = self.outlet is not None and not self.outlet.full
        return here and self.waiting < limits.MOST_QUEUED

    def keep(self, ended_at: float | None) -> None:
        """Write what is kept of the session itself."""
        if self.lasts:
            row = (self.client_id, self.version, self.expiry_s, ended_at, self.connections)
            self._store.put_session(KeptSession(*row))

    def give(self, parcel: Parcel, qos: int, retain: bool, group: Group | None = None) -> None:
        """Take a message for the client."""
        outlet = self.outlet
        if qos == 0:
            if outlet is None or not outlet.may_receive(parcel.message.topic):
                return
            if outlet.full:
                _too_slow.warn()
                return
            packet = parcel.packet(outlet.version, 0, retain, 0, time.time())
            if len(packet) <= outlet.largest:
                outlet.send(packet)
            return
        if self.waiting >= limits.MOST_QUEUED:
            _dropped.warn()
            return
        one = Waiting(parcel, next(self._numbers), retain, group, self.lasts)
        if one.stored:
            self._keep(one)
        if outlet is None:
            self._backlog.append(one)
        elif self._queue or outlet.full or len(self._on_way) >= outlet.window:
            self._queue.append(one)
        else:
            self._send(outlet, one)

    def _keep(self, one: Waiting) -> None:
        parcel, group = one.parcel, one.group
        self._store.enqueue(
            KeptMessage(
                one.seq,
                self.client_id,
                parcel.message,
                one.retain,
                parcel.expires_at,
                None if group is None else group.name,
            )
        )

    def restore(self, one: Waiting) -> None:
        """Take back a message that was in the store."""
        self._backlog.append(one)

    def acknowledge(self, packet_id: int) -> bool:
        """The client has a message. False if none with this identifier is on its way."""
        one = self._on_way.pop(packet_id, None)
        if one is None:
            return False
        if one.stored:
            self._store.dequeue(one.seq)
        self.pump()
        return True

    def pump(self) -> None:
        """Send what waits, as far as the client takes it."""
        outlet = self.outlet
        while (
            outlet is not None
            and self._queue
            and len(self._on_way) < outlet.window
            and not outlet.full
        ):
            self._send(outlet, self._queue.popleft())

    def _send(self, outlet: Outlet, one: Waiting) -> bool:
        parcel = one.parcel
        now = time.time()
        gone = parcel.expires_at is not None and parcel.expires_at <= now
        if not gone and outlet.may_receive(parcel.message.topic):
            packet_id = self._next_id()
            packet = parcel.packet(outlet.version, 1, one.retain, packet_id, now)
            if len(packet) <= outlet.largest:
                self._on_way[packet_id] = one
                outlet.send(packet)
                return True
        if one.stored:
            self._store.dequeue(one.seq)
        return False

    def _next_id(self) -> int:
        packet_id = self._last_id
        while True:
            packet_id = packet_id % _LAST_ID + 1
            if packet_id not in self._on_way:
                self._last_id = packet_id
                return packet_id

    def begin(self, outlet: Outlet) -> None:
        """The client is here: send what was stored, some messages a second."""
        self.outlet = outlet
        self._trickle()

    def _trickle(self) -> None:
        self._timer = None
        outlet = self.outlet
        if outlet is None:
            return
        sent = False
        while self._backlog and not sent and len(self._on_way) < outlet.window and not outlet.full:
            sent = self._send(outlet, self._backlog.popleft())
        if self._backlog:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._pause_s, self._trickle)

    def detach(self) -> None:
        """The client has gone: what it did not acknowledge waits for it again."""
        self.outlet = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._backlog.extendleft(reversed([*self._on_way.values(), *self._queue]))
        self._on_way.clear()
        self._queue.clear()

    def leave(self, forget: Callable[[Subscription], None]) -> None:
        """The session ends: unsubscribe from everything, give shared messages to others."""
        if self.outlet is not None:
            self.detach()
        for subscription in list(self.subscriptions.values()):
            forget(subscription)
        self.subscriptions.clear()
        backlog, self._backlog = self._backlog, deque()
        if self.lasts:
            self._store.drop_session(self.client_id)
        for one in backlog:
            if one.group is not None:
                one.group.give_back(one.parcel)
