"""The MQTT broker of one Region."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from lambda_nb.engine.iot.message import Message, Receive
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import Admission
from lambda_nb.engine.iot.mqtt.codec.reasons import Reason
from lambda_nb.engine.iot.mqtt.connections.clients import Clients, Connected
from lambda_nb.engine.iot.mqtt.connections.connection import Connection
from lambda_nb.engine.iot.mqtt.connections.origin import Origin, Transport, origin_of
from lambda_nb.engine.iot.mqtt.delivery.hub import Hub
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Ended
from lambda_nb.engine.iot.mqtt.delivery.retained import Retained
from lambda_nb.engine.iot.mqtt.delivery.store import Store


class Broker:
    """The MQTT broker of one Region, by AWS IoT Core's rules. Made inside a running event loop.

    Parameters
    ----------
    admission
        Lets clients in.
    store_path
        File of persistent sessions and retained messages; ``None`` to keep them in memory only.
    session_expiry_s
        How long persistent sessions last without their clients, s.
    stored_per_s
        Stored messages a second that a client gets when it is back.

    Raises
    ------
    DatabaseError
        If the file is damaged, or another engine uses it.
    """

    def __init__(
        self,
        admission: Admission,
        store_path: Path | None = None,
        *,
        session_expiry_s: float = limits.SESSION_EXPIRY_S,
        stored_per_s: float = limits.STORED_PER_S,
    ) -> None:
        store = Store(store_path)
        self._hub = Hub(store, session_expiry_s=session_expiry_s, stored_per_s=stored_per_s)
        self._clients = Clients(self._hub, admission)

    def connect(self, origin: Origin) -> Connection:
        """A new connection.

        Parameters
        ----------
        origin
            Where it comes from.

        Returns
        -------
        Connection
            An asyncio protocol: call its ``connection_made`` and so on.
        """
        return Connection(self._clients, origin)

    def connect_from(self, transport: Transport) -> Connection:
        """A new connection over a transport, plain or with TLS; it is told of it as usual."""
        return self.connect(origin_of(transport))

    async def publish(self, message: Message) -> None:
        """Deliver a message to all subscribers and taps.

        Returns once all taps have it, and what waits for persistent sessions is stored.

        Raises
        ------
        Exception
            What a tap raised, or why it could not be stored.
        """
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: BaseException | None) -> None:
            if accepted.done():
                return
            if error is None:
                accepted.set_result(None)
            else:
                accepted.set_exception(error)

        if not self._hub.accept(message, done):
            await accepted

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give each message of a filter's topics to a function.

        It is called at once, in the order of messages. What it returns may be awaited; if it is a
        coroutine, it begins in that order, too.

        Returns
        -------
        callable
            What ends that.
        """
        return self._hub.tap(topic_filter, receive)

    def retained(self, topic: str) -> Retained | None:
        """The retained message of a topic."""
        return self._hub.retained.get(topic)

    def all_retained(self) -> list[Retained]:
        """All retained messages, by topic."""
        return self._hub.retained.all()

    async def give(self, client_id: str, message: Message) -> bool:
        """Send a message to one client that is connected, whether or not it subscribed.

        Its policies must let it receive the topic. Nobody else has the message, taps included.

        Returns
        -------
        bool
            Whether it is connected.
        """
        session = self._hub.session(client_id)
        if session is None or client_id not in self._clients.here:
            return False
        self._hub.give(session, message)
        if (stored := self._hub.stored()) is not None:
            await stored
        return True

    def subscriptions(self, client_id: str) -> list[tuple[str, int]] | None:
        """What a client subscribed to: filters and qualities of service; ``None`` if no session."""
        session = self._hub.session(client_id)
        if session is None:
            return None
        return [(one.topic_filter, one.qos) for one in session.subscriptions.values()]

    def connections(self) -> list[Connected]:
        """Who is connected, by client id."""
        return [client.told() for _, client in sorted(self._clients.here.items())]

    def connection(self, client_id: str) -> Connected | None:
        """The connection of one client."""
        client = self._clients.here.get(client_id)
        return None if client is None else client.told()

    async def disconnect(
        self, client_id: str, *, clean_session: bool = False, prevent_will: bool = False
    ) -> bool:
        """End the connection of a client, as ``DeleteConnection`` does.

        Parameters
        ----------
        clean_session
            Whether its session ends as well.
        prevent_will
            Whether its last will is not published.

        Returns
        -------
        bool
            Whether there was a connection, or a session to end.
        """
        client = self._clients.here.get(client_id)
        if client is not None:
            client.end(Ended.API_INITIATED, Reason.ADMINISTRATIVE_ACTION, will=not prevent_will)
        ended = clean_session and self._hub.forget(client_id)
        if (stored := self._hub.stored()) is not None:
            await stored
        return client is not None or ended

    async def close(self) -> None:
        """End all connections, wait for the taps, and close the file.

        Wills and lifecycle events still reach the taps: end those after the broker.
        """
        for shut in list(self._clients.open):
            shut()
        self._clients.open.clear()
        await self._hub.close()
