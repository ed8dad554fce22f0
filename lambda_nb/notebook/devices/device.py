"""``lambda_nb.Device``: a device of AWS IoT, connected by MQTT with a certificate of its own."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from lambda_nb.notebook.connection.clients import Beside, Clients
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.devices.identity import Identity, Registry, registry_of
from lambda_nb.notebook.devices.messages import Received, Subscription, decoded, encoded
from lambda_nb.notebook.devices.shadow import Shadow
from lambda_nb.notebook.errors import NotebookError, UsageError

PATIENCE_S = 15.0
"""How long the broker may take to answer."""

_registries: dict[Any, Registry] = {}
_open: weakref.WeakSet[Device] = weakref.WeakSet()


class Device:
    """A device of AWS IoT: a thing with a certificate, connected by MQTT over TLS.

    >>> sensor = lambda_nb.Device("sensor-1")  # doctest: +SKIP
    >>> sensor.publish("room/kitchen/sensor", {"temp": 31})  # doctest: +SKIP

    The thing is made if it is not there, the certificate is a new one; it goes with :meth:`close`
    or with the kernel. A device connects with its first use.

    Parameters
    ----------
    name
        The thing's name, and the client id.
    client
        A boto3 Lambda client; default: the notebook's connection.
    will
        Topic and payload of the message that the broker sends if the device is lost.
    clean
        Whether the broker forgets its subscriptions when it disconnects.
    keep_alive
        Seconds after which the broker misses it.

    Attributes
    ----------
    name : str
        The thing's name.
    """

    def __init__(
        self,
        name: str,
        *,
        client: Any = None,
        will: tuple[str, Any] | None = None,
        clean: bool = True,
        keep_alive: int = 60,
    ) -> None:
        if not name or not isinstance(name, str):
            raise UsageError(f"{name!r} is no name of a device; give text such as 'sensor-1'")
        clients: Clients = of_notebook(f"the device {name}") if client is None else Beside(client)
        self.name = name
        self._clients = clients
        self._registry = registry_of(clients, _registries)
        self._will = will
        self._clean = clean
        self._keep_alive = keep_alive
        self._identity: Identity | None = None
        self._mqtt: Any = None
        self._connected = threading.Event()
        self._refused = ""
        self._lock = threading.RLock()
        self._subscriptions: list[Subscription] = []
        self._answers: dict[int, threading.Event] = {}
        self._said_no: set[int] = set()
        _open.add(self)

    # -- talking

    def publish(self, topic: str, payload: Any = "", *, qos: int = 1, retain: bool = False) -> None:
        """Send a message.

        Parameters
        ----------
        topic
            Such as ``"room/kitchen/sensor"``.
        payload
            Bytes or text as they are, anything else as JSON.
        qos
            1: returns when the broker has it. 0: sent once, and perhaps lost.
        retain
            Whether the broker keeps it for later subscribers.

        Raises
        ------
        NotebookError
            The broker did not take it: its policy does not let the device, or it is not there.
        """
        mqtt = self._connection()
        sent = mqtt.publish(topic, encoded(payload), qos=qos, retain=retain)
        if qos:
            try:
                sent.wait_for_publish(PATIENCE_S)
                taken = sent.is_published()
            except (RuntimeError, ValueError) as error:
                raise NotebookError(
                    f"{self.name} could not publish to {topic!r}: {error}"
                ) from None
            if not taken:
                raise NotebookError(
                    f"the broker did not take {self.name}'s message to {topic!r}: see the policy "
                    "of its certificate, and the engine's log"
                )

    def publish_soon(self, topic: str, payload: Any, *, qos: int = 0) -> None:
        """Hand a message to the connection and do not wait."""
        self._connection().publish(topic, encoded(payload), qos=qos)

    def subscribe(
        self, topic_filter: str, call: Callable[[Received], None] | None = None, *, qos: int = 1
    ) -> Subscription:
        """Get the messages of a topic filter.

        Parameters
        ----------
        topic_filter
            A topic; ``+`` stands for one level, ``#`` for all that follow.
        call
            Called with each message, in another thread. Without it, read them from the result.
        qos
            1: messages come at least once, 0: at most once.

        Returns
        -------
        Subscription
            ``.next()`` waits for the next message, ``.waiting()`` has those that came.

        Raises
        ------
        NotebookError
            The broker refused, or did not answer.
        """
        mqtt = self._connection()
        subscription = Subscription(topic_filter, lambda: self._unsubscribe(topic_filter))

        def receive(_: Any, __: Any, message: Any) -> None:
            came = Received(
                message.topic,
                decoded(message.payload),
                datetime.now(timezone.utc),
                bool(message.retain),
            )
            subscription.take(came)
            if call is not None:
                call(came)

        plain = (
            topic_filter.split("/", 2)[2] if topic_filter.startswith("$share/") else topic_filter
        )
        mqtt.message_callback_add(plain, receive)
        with self._lock:
            _, number = mqtt.subscribe(topic_filter, qos=qos)
            answered = self._answers.setdefault(number, threading.Event())
        if not answered.wait(PATIENCE_S) or number in self._said_no:
            mqtt.message_callback_remove(plain)
            raise NotebookError(
                f"the broker refused {self.name}'s subscription to {topic_filter!r}"
            )
        self._subscriptions.append(subscription)
        return subscription

    @property
    def shadow(self) -> Shadow:
        """The device's classic shadow; ``device.shadow["config"]`` is the named one."""
        return Shadow(self, self._clients)

    @property
    def connected(self) -> bool:
        """Whether it is connected."""
        return self._connected.is_set()

    def connect(self) -> Device:
        """Connect now.

        Raises
        ------
        NotebookError
            The broker refuses, or does not answer.
        """
        self._connection()
        return self

    def drop(self) -> None:
        """Lose the connection without a word, as when the power fails: the will is sent."""
        with self._lock:
            mqtt, self._mqtt = self._mqtt, None
        if mqtt is not None:
            mqtt.loop_stop()
            socket = mqtt.socket()
            if socket is not None:
                socket.close()
            self._connected.clear()

    def close(self, *, delete: bool = False) -> None:
        """Disconnect and delete the certificate; with ``delete`` the thing as well."""
        with self._lock:
            mqtt, self._mqtt = self._mqtt, None
            identity, self._identity = self._identity, None
        if mqtt is not None:
            mqtt.disconnect()
            mqtt.loop_stop()
            self._connected.clear()
        if identity is not None:
            self._registry.withdraw(identity, thing=delete)
        _open.discard(self)

    def __enter__(self) -> Device:
        """Connect."""
        return self.connect()

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    def __repr__(self) -> str:
        return f"<device {self.name} ({'connected' if self.connected else 'not connected'})>"

    # -- the connection

    def _connection(self) -> Any:
        with self._lock:
            if self._mqtt is None:
                self._mqtt = self._connect()
            mqtt = self._mqtt
        if not self._connected.wait(PATIENCE_S):
            raise NotebookError(f"{self.name} is not connected: {self._refused or 'no answer'}")
        return mqtt

    def _connect(self) -> Any:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        if self._identity is None:
            self._identity = self._registry.enrol(self.name)
        at = self._identity
        mqtt = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.name,
            clean_session=self._clean,
            protocol=paho.MQTTv311,
        )
        mqtt.tls_set_context(at.tls)
        mqtt.reconnect_delay_set(1, 10)
        mqtt.on_connect = self._on_connect
        mqtt.on_disconnect = self._on_disconnect
        mqtt.on_subscribe = self._on_subscribe
        if self._will is not None:
            topic, payload = self._will
            mqtt.will_set(topic, encoded(payload), qos=1)
        self._refused = ""
        try:
            mqtt.connect(at.host, at.port, keepalive=self._keep_alive)
        except OSError as error:
            raise NotebookError(
                f"{self.name} cannot reach the broker at {at.host}:{at.port}: {error}"
            ) from None
        mqtt.loop_start()
        return mqtt

    def _on_connect(self, mqtt: Any, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self._refused = str(code)
            return
        self._connected.set()
        for one in self._subscriptions:  # it was away
            mqtt.subscribe(one.topic_filter, qos=1)

    def _on_disconnect(self, *_: Any) -> None:
        self._connected.clear()

    def _on_subscribe(self, _: Any, __: Any, number: int, codes: Any, ___: Any) -> None:
        with self._lock:
            answered = self._answers.setdefault(number, threading.Event())
            if any(code.is_failure for code in codes):
                self._said_no.add(number)
        answered.set()

    def _unsubscribe(self, topic_filter: str) -> None:
        self._subscriptions = [
            one for one in self._subscriptions if one.topic_filter != topic_filter
        ]
        if self._mqtt is not None:
            self._mqtt.message_callback_remove(topic_filter)
            self._mqtt.unsubscribe(topic_filter)


@atexit.register
def _close_all() -> None:
    """Leave no certificate behind that nobody has the key of."""
    for device in list(_open):
        try:
            device.close()
        except Exception:  # noqa: S112  # the endpoint is gone, and the certificate with it
            continue
