"""The middle of the broker: messages come in, and go to taps, sessions and groups."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from lambda_nb.engine.iot.message import Message, Receive
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Lifecycle
from lambda_nb.engine.iot.mqtt.delivery.parcels import Parcel
from lambda_nb.engine.iot.mqtt.delivery.retained import RetainedMessages
from lambda_nb.engine.iot.mqtt.delivery.routing import Routes
from lambda_nb.engine.iot.mqtt.delivery.sessions import Session, Subscription, Waiting
from lambda_nb.engine.iot.mqtt.delivery.store import KeptMessage, Store

log = logging.getLogger(__name__)

_CLOSING_S = 5.0
"""How long the end waits for taps."""

_MOST_REMEMBERED = 10_000

Done = Callable[["BaseException | None"], None]
"""Told once that a message is accepted (``None``), or why it is not."""


class Hub:
    """Sessions, subscriptions and messages of one broker.

    Parameters
    ----------
    store
        What is kept on disk.
    session_expiry_s
        How long persistent sessions last without their clients; the most that one may ask for.
    stored_per_s
        Stored messages a second that a client gets when it is back.
    """

    def __init__(
        self,
        store: Store,
        *,
        session_expiry_s: float = limits.SESSION_EXPIRY_S,
        stored_per_s: float = limits.STORED_PER_S,
    ) -> None:
        self.session_expiry_s = session_expiry_s
        self.lifecycle = Lifecycle(self.accept)
        self._store = store
        self._stored_per_s = stored_per_s
        self._sessions: dict[str, Session] = {}
        self._ends: dict[str, asyncio.TimerHandle] = {}
        self._wills: dict[str, asyncio.TimerHandle] = {}
        self._visits: dict[str, tuple[int, float]] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        kept = list(store.queued())
        self._numbers = itertools.count(kept[-1].seq + 1 if kept else 1)
        self.retained = RetainedMessages(store)
        self.routes = Routes(store, self._numbers)
        self._restore(kept)

    def _restore(self, kept: list[KeptMessage]) -> None:
        """Take up the sessions that were kept."""
        now = time.time()
        for row in self._store.sessions():
            session = self._new_session(row.client_id, row.version, row.expiry_s)
            session.connections = row.connections
            self._end_later(session, row.expiry_s - (now - (row.ended_at or now)))
        for client_id, topic_filter, qos, options in self._store.subscriptions():
            if (found := self._sessions.get(client_id)) is not None:
                subscription = Subscription(topic_filter, qos, bool(options & 1), bool(options & 2))
                self.routes.add(found, subscription)
        for message in kept:
            group = message.shared and self.routes.group(message.shared)
            parcel = Parcel(message.message, message.expires_at)
            one = Waiting(parcel, message.seq, message.retain, group or None, stored=True)
            owner = self._sessions.get(message.owner)
            if owner is not None:
                owner.restore(one)
            elif message.owner.startswith("$share/"):
                self.routes.group(message.owner).restore(one)
            else:
                self._store.dequeue(message.seq)

    def accept(self, message: Message, done: Done | None = None) -> bool:
        """Give a message to all that want it.

        Parameters
        ----------
        message
            It; whether it may be sent is known already.
        done
            Told later, unless true is returned.

        Returns
        -------
        bool
            Whether all is done: no tap is busy with it, and nothing has to be stored first.
        """
        route = self.routes.of(message.topic)
        waits: list[asyncio.Future[Any]] = []
        for receive in route.taps:
            try:
                outcome = receive(message)
            except Exception as error:
                log.exception("a message of %r could not be taken", message.topic)
                if done is not None:
                    failed = asyncio.get_running_loop().create_future()
                    failed.set_exception(error)
                    waits.append(failed)
            else:
                if outcome is not None:
                    waits.append(self._task(outcome, message))
        writes = self._store.writes
        if message.retain or route.receivers or route.groups:
            expiry_s = message.properties.expiry_s
            expires_at = None if expiry_s is None else time.time() + expiry_s
            if message.retain:
                self.retained.put(message, expires_at)
            sender = None if message.sender is None else message.sender.client_id
            parcel = Parcel(message, expires_at)
            for session, qos, no_local, as_published in route.receivers:
                if not (no_local and session.client_id == sender):
                    retain = as_published and message.retain
                    session.give(parcel, qos if qos < message.qos else message.qos, retain)
            for group in route.groups:
                group.give(parcel)
        if done is None:
            return not waits
        if self._store.writes != writes:
            waits.append(self._store.committed())
        if not waits:
            return True
        _Together(waits, done)
        return False

    def _task(self, outcome: Awaitable[None], message: Message) -> asyncio.Future[Any]:
        task = asyncio.ensure_future(outcome)
        self._tasks.add(task)
        task.add_done_callback(partial(self._finished, message.topic))
        return task

    def _finished(self, topic: str, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a message of %r could not be taken", topic, exc_info=error)

    def give(self, session: Session, message: Message) -> None:
        """Give a message to one session alone."""
        expiry_s = message.properties.expiry_s
        expires_at = None if expiry_s is None else time.time() + expiry_s
        session.give(Parcel(message, expires_at), message.qos, False)

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give each message of a filter's topics to a function; returns what ends that."""
        return self.routes.tap(topic_filter, receive)

    def resume(
        self, client_id: str, version: int, *, clean: bool, expiry_s: float
    ) -> tuple[Session, bool]:
        """The session of a client that connects, and whether it was there before."""
        if (ending := self._ends.pop(client_id, None)) is not None:
            ending.cancel()
        if (will := self._wills.pop(client_id, None)) is not None:
            will.cancel()
        session = self._sessions.get(client_id)
        present = session is not None and not clean and session.version == version
        number = self._next_visit(client_id, session)
        if session is None or not present:
            if session is not None:
                self.end(session)
            session = self._new_session(client_id, version, expiry_s)
        self.set_expiry(session, expiry_s)
        session.connections = number
        session.keep(None)
        return session, present

    def _next_visit(self, client_id: str, session: Session | None) -> int:
        """The version number of a connection's events; it begins anew after a while away."""
        number, seen_at = self._visits.get(client_id, (-1, 0.0))
        if session is not None:
            return max(session.connections, number) + 1
        return number + 1 if time.time() - seen_at < limits.SESSION_EXPIRY_S else 0

    def _remember_visit(self, session: Session) -> None:
        now = time.time()
        if len(self._visits) >= _MOST_REMEMBERED:
            recent = now - limits.SESSION_EXPIRY_S
            self._visits = {who: seen for who, seen in self._visits.items() if seen[1] > recent}
        self._visits[session.client_id] = (session.connections, now)

    def _new_session(self, client_id: str, version: int, expiry_s: float) -> Session:
        session = Session(
            client_id, version, expiry_s, self._store, self._numbers, self._stored_per_s
        )
        self._sessions[client_id] = session
        return session

    def set_expiry(self, session: Session, expiry_s: float) -> None:
        """Change how long a session lasts without its client, within the most that it may."""
        expiry_s = min(expiry_s, self.session_expiry_s)
        if session.lasts and not expiry_s:
            self._store.drop_session(session.client_id)
        session.expiry_s = expiry_s

    def leave(self, session: Session) -> None:
        """A session's client has gone."""
        self._remember_visit(session)
        session.detach()
        if not session.lasts:
            self.end(session)
            return
        session.keep(time.time())
        self._end_later(session, session.expiry_s)

    def _end_later(self, session: Session, after_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._ends[session.client_id] = loop.call_later(max(0.0, after_s), self.end, session)

    def end(self, session: Session) -> None:
        """End a session with all that belongs to it."""
        if self._sessions.get(session.client_id) is session:
            del self._sessions[session.client_id]
        if (ending := self._ends.pop(session.client_id, None)) is not None:
            ending.cancel()
        session.leave(partial(self.routes.remove, session))

    def session(self, client_id: str) -> Session | None:
        """The session of a client, whether it is here or not."""
        return self._sessions.get(client_id)

    def forget(self, client_id: str) -> bool:
        """End the session of a client that is not here. False if there is none."""
        session = self._sessions.get(client_id)
        if session is None:
            return False
        self.end(session)
        return True

    def subscribe(self, session: Session, subscription: Subscription) -> bool:
        """Subscribe. False if the session had subscribed to this filter before."""
        new = self.routes.add(session, subscription)
        if session.lasts:
            topic_filter, options = subscription.topic_filter, subscription.options
            self._store.put_subscription(session.client_id, topic_filter, subscription.qos, options)
        return new

    def unsubscribe(self, session: Session, topic_filter: str) -> bool:
        """Unsubscribe. False if the session has not subscribed to this filter."""
        subscription = session.subscriptions.get(topic_filter)
        if subscription is None:
            return False
        self.routes.remove(session, subscription)
        if session.lasts:
            self._store.drop_subscription(session.client_id, topic_filter)
        return True

    def give_retained(self, session: Session, subscription: Subscription) -> None:
        """Give a new subscriber the retained message of its topic.

        By AWS's rules a filter with a wildcard, or of a shared subscription, has none.
        """
        found = self.retained.get(subscription.topic_filter)
        if found is not None:
            parcel = Parcel(found.message, found.expires_at)
            session.give(parcel, min(subscription.qos, found.message.qos), True)

    def send_will(self, session: Session, will: Message, after_s: float) -> None:
        """Publish a client's will, later if it wants so and its session lasts so long."""
        after_s = min(after_s, session.expiry_s)
        if after_s <= 0:
            self.accept(will)
            return
        loop = asyncio.get_running_loop()
        self._wills[session.client_id] = loop.call_later(
            after_s, self._send_late_will, session.client_id, will
        )

    def _send_late_will(self, client_id: str, will: Message) -> None:
        self._wills.pop(client_id, None)
        self.accept(will)

    def stored(self) -> asyncio.Future[None] | None:
        """What to wait for so that all changes are on disk; ``None`` if they are."""
        return self._store.committed() if self._store.is_behind else None

    def when_stored(self, done: Done) -> None:
        """Tell when all changes are on disk, at once if they are."""
        stored = self.stored()
        if stored is None:
            done(None)
        else:
            stored.add_done_callback(lambda future: done(future.exception()))

    async def close(self) -> None:
        """Wait for the taps, stop all timers and close the file."""
        for timer in (*self._ends.values(), *self._wills.values()):
            timer.cancel()
        self.routes.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSING_S)
        self._store.close()


class _Together:
    """Waits for some futures, and tells once how that ended."""

    __slots__ = ("_done", "_error", "_left")

    def __init__(self, waits: list[asyncio.Future[Any]], done: Done) -> None:
        self._left = len(waits)
        self._done = done
        self._error: BaseException | None = None
        for one in waits:
            one.add_done_callback(self._finished)

    def _finished(self, future: asyncio.Future[Any]) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        self._error = self._error or error
        self._left -= 1
        if not self._left:
            self._done(self._error)
