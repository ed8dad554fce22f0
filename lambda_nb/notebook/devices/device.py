"""``lambda_nb.Device``: a device of AWS IoT, connected by MQTT with a certificate of its own."""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from datetime import datetime, timezone
from typing import Any

from lambda_nb.notebook.connection.clients import Beside, Clients
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.devices.callbacks import Callbacks
from lambda_nb.notebook.devices.identity import Identity, Registry, registry_of
from lambda_nb.notebook.devices.messages import Received, Subscription, decoded, encoded
from lambda_nb.notebook.devices.shadow import Shadow
from lambda_nb.notebook.errors import AWSError, NotebookError, UsageError

PATIENCE_S = 15.0
"""How long the broker may take to answer."""
_LEAVING_S = 10.0
"""How long the end of the kernel may wait for certificates to be deleted."""
_FOR_GOOD = ("Not authorized", "Bad user name or password")

_registries: dict[Any, Registry] = {}
_open: weakref.WeakSet[Device] = weakref.WeakSet()


class Device:
    """A device of AWS IoT: a thing with a certificate, connected by MQTT over TLS.

    >>> sensor = lambda_nb.Device("sensor-1")  # doctest: +SKIP
    >>> sensor.publish("room/kitchen/sensor", {"temp": 31})  # doctest: +SKIP

    The thing is made if it is not there, the certificate is a new one; it goes with :meth:`close`
    or with the kernel. A device connects with its first use, and again by itself if the connection
    is lost. One that this notebook had under the same name is closed then.

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
        self._changed = threading.Condition()
        self._is_connected = False
        self._connections = 0
        self._refused = ""
        self._lock = threading.RLock()
        self._subscriptions: list[Subscription] = []
        self._answers: dict[int, Future[bool]] = {}
        self._callbacks = Callbacks(name)
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
        mqtt, connections = self._connection(), self._connections
        sent = mqtt.publish(topic, encoded(payload), qos=qos, retain=retain)
        if not qos:
            return
        try:
            sent.wait_for_publish(PATIENCE_S)
            taken = sent.is_published()
        except (RuntimeError, ValueError) as error:
            raise NotebookError(f"{self.name} could not publish to {topic!r}: {error}") from None
        if taken:
            return
        if self._connections == connections:
            raise NotebookError(f"{self.name} lost its connection: {self._why_not()}")
        # The connection sends the message again and again, and is cut off each time.
        self.drop()
        with contextlib.suppress(NotebookError):
            self._connection()
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
            Called with each message, in another thread, where it may publish and subscribe as
            well. Without it, read them from the result.
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
        subscription = Subscription(topic_filter, self._unsubscribe, call, qos)
        with self._lock:  # held, so that the answer is not there before it is expected
            self._subscriptions.append(subscription)
            _, number = mqtt.subscribe(topic_filter, qos=qos)
            answer = self._answers[number] = Future()
        try:
            refused, why = answer.result(PATIENCE_S), "refused"
        except NoAnswer:
            refused, why = True, "did not answer"
        if refused:
            self._forget(subscription)
            raise NotebookError(f"the broker {why} {self.name}'s subscription to {topic_filter!r}")
        return subscription

    @property
    def shadow(self) -> Shadow:
        """The device's classic shadow; ``device.shadow["config"]`` is the named one."""
        return Shadow(self, self._clients)

    @property
    def connected(self) -> bool:
        """Whether it is connected."""
        return self._is_connected

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
            self._end(mqtt)

    def close(self, *, delete: bool = False) -> None:
        """Disconnect and delete the certificate; with ``delete`` the thing as well."""
        identity = self._leave()
        if identity is not None:
            self._registry.withdraw(identity, thing=delete)

    def _leave(self) -> Identity | None:
        """Disconnect; returns what has to be withdrawn."""
        with self._lock:
            mqtt, self._mqtt = self._mqtt, None
            identity, self._identity = self._identity, None
        _open.discard(self)
        if mqtt is not None:
            mqtt.disconnect()
            self._end(mqtt)
        self._callbacks.end()
        return identity

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
        if self._mqtt is None:
            self._take_over()
        with self._lock:
            if self._mqtt is None:
                self._mqtt = self._connect()
            mqtt = self._mqtt
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_connected or self._refused in _FOR_GOOD, PATIENCE_S
            )
        if not self._is_connected:
            raise NotebookError(f"{self.name} is not connected: {self._why_not()}")
        return mqtt

    def _why_not(self) -> str:
        return self._refused or "the broker does not answer (%lambda status shows where it is)"

    def _take_over(self) -> None:
        """Close an earlier device of this name: each would cut the other off, for ever."""
        for other in list(_open):
            same = other.name == self.name and other._registry is self._registry
            if same and other is not self:
                other.close()
        _open.add(self)

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
        mqtt.on_message = self._on_message
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

    def _on_connect(self, mqtt: Any, _: Any, flags: Any, code: Any, __: Any) -> None:
        if not code.is_failure and not flags.session_present:
            for one in list(self._subscriptions):  # the broker does not know of them
                mqtt.subscribe(one.topic_filter, qos=one.qos)
        with self._changed:
            self._is_connected = not code.is_failure
            self._refused = str(code) if code.is_failure else ""
            self._connections += self._is_connected
            self._changed.notify_all()

    def _end(self, mqtt: Any) -> None:
        mqtt.loop_stop()
        socket = mqtt.socket()
        if socket is not None:  # its thread has ended before it closed it
            socket.close()
        self._on_disconnect()

    def _on_disconnect(self, *_: Any) -> None:
        with self._changed:
            self._is_connected = False

    def _on_subscribe(self, _: Any, __: Any, number: int, codes: Any, ___: Any) -> None:
        with self._lock:
            answer = self._answers.pop(number, None)
        if answer is not None:
            answer.set_result(any(code.is_failure for code in codes))

    def _on_message(self, _: Any, __: Any, message: Any) -> None:
        retained, now = bool(message.retain), datetime.now(timezone.utc)
        came = Received(message.topic, decoded(message.payload), now, retained)
        for one in list(self._subscriptions):
            if one.matches(message.topic):
                one.take(came)
                if one.call is not None:
                    self._callbacks.put(one.call, came)

    def _forget(self, subscription: Subscription) -> bool:
        """Give it no more messages. False if another one has the same filter."""
        with self._lock:
            others = [one for one in self._subscriptions if one is not subscription]
            self._subscriptions = others
        return all(one.topic_filter != subscription.topic_filter for one in others)

    def _unsubscribe(self, subscription: Subscription) -> None:
        if self._forget(subscription) and self._mqtt is not None:
            self._mqtt.unsubscribe(subscription.topic_filter)


@atexit.register
def _close_all() -> None:
    """Leave no certificate behind that nobody has the key of; at the end of the kernel."""
    left = [(device._registry, device._leave()) for device in list(_open)]
    until = time.monotonic() + _LEAVING_S
    away: set[Registry] = set()
    for registry, identity in left:
        if identity is None or registry in away or time.monotonic() > until:
            continue
        try:
            registry.withdraw(identity)
        except AWSError:
            continue
        except NotebookError:  # the endpoint is gone, and its certificates with it
            away.add(registry)
