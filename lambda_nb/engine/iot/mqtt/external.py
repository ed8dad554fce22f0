"""Another broker in place of ours (``serve --mqtt URL``): mosquitto, AWS IoT Core, any.

paho works in a thread of its own; messages come into the engine's event loop and are acknowledged
once all taps have them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message, Receive
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.codec.packets import V3, V5
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from lambda_nb.engine.iot.mqtt.external_address import Address
from lambda_nb.engine.iot.mqtt.external_properties import from_paho, to_paho
from lambda_nb.engine.iot.topic_filters import TopicTree, covers
from lambda_nb.engine.notices import Notice

if TYPE_CHECKING:
    import paho.mqtt.client as paho

log = logging.getLogger(__name__)

_KEEP_ALIVE_S = 60
_AGAIN_AFTER_S = 5.0


class ExternalBroker:
    """Another broker, as the rooms of IoT see it. Made inside a running event loop.

    It connects by itself, again and again if need be; what is published meanwhile waits.

    Parameters
    ----------
    address
        Where it is.

    Raises
    ------
    OSError, ssl.SSLError
        If a file of certificates cannot be used.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._taps: TopicTree[_Tap] = TopicTree()
        self._filters: dict[str, int] = {}
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: frozenset[str] = frozenset()
        self._published: dict[int, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        self._connected = asyncio.Event()
        self._renewing: asyncio.TimerHandle | None = None
        self._away = Notice(log, f"the MQTT broker at {address.host}:{address.port} is away")
        self._no_devices = Notice(
            log, f"a device called the engine; its broker is at {address.host}:{address.port}"
        )
        self._client = self._made(address)
        self._client.connect_async(address.host, address.port, _KEEP_ALIVE_S, **self._clean())
        self._client.loop_start()

    def _made(self, address: Address) -> paho.Client:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        old = {"clean_session": not address.client_id} if address.version == V3 else {}
        client = Client(
            CallbackAPIVersion.VERSION2,
            address.client_id,
            protocol=MQTTProtocolVersion(address.version),
            transport="websockets" if address.web_socket else "tcp",
            manual_ack=True,
            **old,
        )
        if address.web_socket:
            client.ws_set_options(address.path)
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set(address.ca, address.cert, address.key)
        client.max_inflight_messages_set(limits.MOST_UNACKNOWLEDGED)
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda client, data: self._away.warn()
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _clean(self) -> dict[str, Any]:
        """How MQTT 5 says whether the session lasts."""
        if self._address.version == V3:
            return {}
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        asked: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if self._address.client_id:
            asked.SessionExpiryInterval = limits.SESSION_EXPIRY_S
        return {"clean_start": not self._address.client_id, "properties": asked}

    # What paho calls, in its own thread.

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            log.warning("the MQTT broker at %s refuses the engine: %s", self._address.host, code)
        else:
            # At once, in this thread: what waits to be published follows, and taps want it, too.
            wanted = self._wanted
            self._ask_for(wanted)
            self._in_loop(self._is_connected, wanted)

    def _on_disconnect(self, client: Any, data: Any, flags: Any, code: Any, props: Any) -> None:
        self._in_loop(self._connected.clear)
        if code.is_failure:
            self._away.warn()

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        self._in_loop(self._take, message)

    def _on_publish(self, client: Any, data: Any, mid: int, code: Any, properties: Any) -> None:
        self._in_loop(self._is_published, mid, str(code) if code.is_failure else None)

    def _in_loop(self, function: Callable[..., None], *values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function, *values)

    # What follows runs in the event loop.

    def _is_connected(self, subscribed: frozenset[str]) -> None:
        self._subscribed = subscribed
        self._connected.set()
        self._subscribe()

    def _subscribe(self) -> None:
        """Subscribe to what is tapped, without what another filter covers."""
        self._wanted = wanted = frozenset(
            one
            for one in self._filters
            if not any(other != one and covers(other, one) for other in self._filters)
        )
        if self._connected.is_set():
            for gone in self._subscribed - wanted:
                self._client.unsubscribe(gone)
            self._ask_for(wanted - self._subscribed)
            self._subscribed = wanted

    def _ask_for(self, topic_filters: frozenset[str]) -> None:
        new = sorted(topic_filters)
        for begin in range(0, len(new), limits.MOST_FILTERS):
            some = new[begin : begin + limits.MOST_FILTERS]
            self._client.subscribe([(one, self._options()) for one in some])

    def _options(self) -> Any:
        if self._address.version == V3:
            return 1
        from paho.mqtt.subscribeoptions import SubscribeOptions

        return SubscribeOptions(1, retainAsPublished=True, retainHandling=2)

    def _take(self, packet: Any) -> None:
        if packet.retain and self._address.version == V3:  # an old one, for a new subscriber
            self._client.ack(packet.mid, packet.qos)
            return
        message = Message(
            packet.topic,
            packet.payload,
            packet.qos,
            packet.retain,
            None,
            from_paho(packet.properties),
        )
        waits: list[Awaitable[None]] = []
        failed = False
        for tap in self._taps.find(message.topic):
            try:
                outcome = tap.receive(message)
            except Exception:
                log.exception("a message of %r could not be taken", message.topic)
                failed = True
            else:
                if outcome is not None:
                    waits.append(outcome)
        if not waits:
            self._acknowledge(packet, failed)
            return
        task = asyncio.ensure_future(self._wait(packet, waits, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, packet: Any, waits: list[Awaitable[None]], failed: bool) -> None:
        for outcome in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.error("a message of %r could not be taken", packet.topic, exc_info=outcome)
                failed = True
        self._acknowledge(packet, failed)

    def _acknowledge(self, packet: Any, failed: bool) -> None:
        if failed and packet.qos and self._address.client_id:
            # It comes again with the next connection, and only then.
            if self._renewing is None:
                self._renewing = self._loop.call_later(_AGAIN_AFTER_S, self._renew)
            return
        self._client.ack(packet.mid, packet.qos)

    def _renew(self) -> None:
        self._renewing = None
        line: Any = self._client.socket()
        if line is not None:
            with contextlib.suppress(OSError, AttributeError):
                line.shutdown(socket.SHUT_RDWR)

    def _is_published(self, mid: int, error: str | None) -> None:
        future = self._published.pop(mid, None)
        if future is not None and not future.done():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(ConnectionError(f"the MQTT broker refused it: {error}"))

    async def connected(self) -> None:
        """Wait until the broker is there."""
        await self._connected.wait()

    async def publish(self, message: Message) -> None:
        """Publish a message.

        Returns once the broker has acknowledged it (QoS 1), or it is sent (QoS 0). It then comes
        to the taps as any message of the broker.

        Raises
        ------
        ConnectionError
            If the broker refused it, or the engine ended.
        """
        info = self._client.publish(
            message.topic,
            message.payload,
            message.qos,
            message.retain,
            to_paho(message.properties) if self._address.version == V5 else None,
        )
        if message.qos:
            future: asyncio.Future[None] = self._loop.create_future()
            self._published[info.mid] = future
            await future

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give each message of a filter's topics to a function; returns what ends that."""
        tap = _Tap(receive)
        self._taps.add(topic_filter, tap)
        self._filters[topic_filter] = self._filters.get(topic_filter, 0) + 1
        self._subscribe()

        def end() -> None:
            if not self._taps.remove(topic_filter, tap):
                return
            self._filters[topic_filter] -= 1
            if not self._filters[topic_filter]:
                del self._filters[topic_filter]
                self._subscribe()

        return end

    def connect_from(self, transport: asyncio.Transport) -> None:
        """Take no device on the engine's port: devices connect to the broker itself."""
        self._no_devices.warn()

    def connect(self, origin: Origin) -> NoReturn:
        """Take no device over a WebSocket. Raises ``AWSError``."""
        self._no_devices.warn()
        raise _elsewhere()

    def retained(self, topic: str) -> NoReturn:
        """Only the broker itself knows. Raises ``AWSError``, as the others here do."""
        raise _elsewhere()

    def all_retained(self) -> NoReturn:
        """Only the broker itself knows."""
        raise _elsewhere()

    def connections(self) -> NoReturn:
        """Only the broker itself knows."""
        raise _elsewhere()

    def connection(self, client_id: str) -> NoReturn:
        """Only the broker itself knows."""
        raise _elsewhere()

    def subscriptions(self, client_id: str) -> NoReturn:
        """Only the broker itself knows."""
        raise _elsewhere()

    async def give(self, client_id: str, message: Message) -> bool:
        """Only the broker itself can."""
        raise _elsewhere()

    async def disconnect(
        self, client_id: str, *, clean_session: bool = False, prevent_will: bool = False
    ) -> bool:
        """Only the broker itself can."""
        raise _elsewhere()

    async def close(self) -> None:
        """Wait for the taps, then disconnect."""
        if self._renewing is not None:
            self._renewing.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        for future in self._published.values():
            if not future.done():
                future.set_exception(ConnectionError("the engine ends"))
                future.exception()


def _elsewhere() -> AWSError:
    text = "Devices are with another MQTT broker (serve --mqtt): only that one knows or does this."
    return AWSError("ServiceUnavailableException", text, 503)


class _Tap:
    __slots__ = ("receive",)

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
