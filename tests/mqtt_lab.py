"""A broker on a port, as the engine has it, in a thread of the test; and clients of paho."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.signature_v4 import Verifier
from lambda_nb.engine.api.wire.certificates import Anchors, Certificates
from lambda_nb.engine.api.wire.connection import WholeAnswers
from lambda_nb.engine.api.wire.http import CERTIFICATE
from lambda_nb.engine.iot.message import Message, Sender
from lambda_nb.engine.iot.mqtt.admission import Action, Admitted, Attempt, Refused
from lambda_nb.engine.iot.mqtt.broker import Broker
from lambda_nb.engine.iot.mqtt.connections.web_socket import WebSocketDoor

V3, V5 = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
CREDENTIAL = Credential("AKIDEXAMPLE", "secret", "arn:aws:iam::000000000000:user/test")
SESSION = Credential("ASIAEXAMPLE", "secret", "arn:aws:iam::000000000000:role/test", "a/token+=")
PATIENCE_S = 15.0


class Policy:
    """An admission that tests can change."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.refused: dict[str, Refused] = {}
        self.denied: set[tuple[str, str]] = set()
        self.refresh_s: float | None = None
        self.disconnect_after_s: float | None = None

    async def connect(self, attempt: Attempt) -> Admitted | Refused:
        """Let in whoever is not refused by name."""
        self.attempts.append(attempt)
        if attempt.client_id in self.refused:
            return self.refused[attempt.client_id]
        sender = Sender(attempt.client_id, "the-principal", attempt.source_ip)
        return Admitted(sender, self._may, self.refresh_s, self.disconnect_after_s)

    def _may(self, action: Action, topic: str) -> bool:
        return (action, topic) not in self.denied


class Lab:
    """A broker on a port of this process."""

    def __init__(self, store: Path | None = None, tls: Path | None = None, **options: Any) -> None:
        self.policy = Policy()
        self.anchors: list[bytes] = []
        self.broker: Broker
        self.port = 0
        self.certificates = None if tls is None else Certificates(tls)
        self._store = store
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self) -> None:
        self.broker = Broker(self.policy, self._store, **self._options)
        self._end = asyncio.Event()
        credentials = {one.access_key: one for one in (CREDENTIAL, SESSION)}
        self._door = WebSocketDoor(Verifier(credentials.get), self._broker_of)
        certificate = None
        if self.certificates is not None:
            await self.certificates.make()
            self.certificates.ask_clients(self._anchors)
            certificate = self.certificates.context
        config = uvicorn.Config(
            self._app,
            http=partial(WholeAnswers, certificate=certificate, mqtt=self._mqtt),  # type: ignore[arg-type]
            ws="none",
            ws_ping_interval=None,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
        )
        config.load()
        server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = listener.getsockname()[1]
        accepting = await self._loop.create_server(
            lambda: config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=server.server_state, app_state={}
            ),
            sock=listener,
            backlog=2048,
        )
        self._ready.set()
        await self._end.wait()
        accepting.close()
        await self.broker.close()
        await asyncio.sleep(0)
        for connection in list(server.server_state.connections):
            connection.shutdown()
        while server.server_state.connections or server.server_state.tasks:
            await asyncio.sleep(0.01)

    async def _broker_of(self, region: str | None) -> Broker:
        return self.broker

    async def _mqtt(self, transport: asyncio.Transport) -> asyncio.Protocol:
        return self.broker.connect_from(transport)

    async def _anchors(self) -> Anchors:
        return Anchors(len(self.anchors), list(self.anchors))

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._door.connect(scope, receive, send)
            return
        shown = scope.get(CERTIFICATE)
        body = b"none" if shown is None else b"%d" % len(shown)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def call(self, what: Awaitable[Any]) -> Any:
        """Await something in the broker's loop."""

        async def work() -> Any:
            return await what

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(PATIENCE_S)

    def run(self, function: Callable[[], Any]) -> Any:
        """Call something in the broker's loop."""

        async def work() -> Any:
            return function()

        return self.call(work())

    def publish(self, topic: str, payload: bytes = b"", **about: Any) -> None:
        """Publish as a room of the engine does."""
        self.call(self.broker.publish(Message(topic, payload, **about)))

    def heard(self, topic_filter: str) -> queue.Queue[Message]:
        """What is published from now on, as a room of the engine hears it."""
        found: queue.Queue[Message] = queue.Queue()
        self.run(lambda: self.broker.tap(topic_filter, found.put))
        return found

    def close(self) -> None:
        """End the broker."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def broker(store: Path | None = None, tls: Path | None = None, **options: Any) -> Iterator[Lab]:
    """A broker for as long as a test wants it."""
    lab = Lab(store, tls, **options)
    try:
        yield lab
    finally:
        lab.close()


class Client:
    """A client of paho that remembers what happened to it."""

    def __init__(
        self,
        port: int,
        client_id: str = "",
        version: MQTTProtocolVersion = V3,
        *,
        transport: str = "tcp",
        clean: bool = True,
        will: dict[str, Any] | None = None,
        connect: Properties | None = None,
        keepalive: int = 60,
        prepare: Callable[[paho.Client], object] = lambda client: None,
        wait: bool = True,
    ) -> None:
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.happened: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.flags: paho.ConnectFlags | None = None
        self.granted: dict[int, list[ReasonCode]] = {}
        settings: dict[str, Any] = {} if version == V5 else {"clean_session": clean}
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=version,
            transport=transport,
            reconnect_on_failure=False,
            **settings,
        )
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda client, data, message: self.messages.put(message)
        self.paho.on_subscribe = self._on_subscribe
        self.paho.on_unsubscribe = lambda c, d, mid, codes, props: self.happened.put(
            ("unsubscribed", codes)
        )
        self.paho.on_publish = lambda c, d, mid, code, props: self.happened.put(("published", code))
        if will is not None:
            self.paho.will_set(**will)
        prepare(self.paho)
        more = {"clean_start": clean, "properties": connect} if version == V5 else {}
        self.paho.connect("127.0.0.1", port, keepalive, **more)
        self.paho.loop_start()
        if wait:
            what, code = self.next()
            assert (what, str(code)) == ("connected", "Success"), (what, code)

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self.flags, self.connack = flags, properties
        self.happened.put(("connected", code))

    def _on_disconnect(self, c: Any, d: Any, flags: Any, code: Any, properties: Any) -> None:
        self.happened.put(("disconnected", code))

    def _on_subscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        self.happened.put(("subscribed", codes))

    def next(self) -> tuple[str, Any]:
        """What happened next."""
        return self.happened.get(timeout=PATIENCE_S)

    def until(self, what: str) -> Any:
        """Wait until something happens."""
        while True:
            found, about = self.next()
            if found == what:
                return about

    def subscribe(self, *topic_filters: Any, **options: Any) -> list[str]:
        """Subscribe, and return what was granted."""
        pairs = [one if isinstance(one, tuple) else (one, 1) for one in topic_filters]
        self.paho.subscribe(pairs, **options)
        return [str(code) for code in self.until("subscribed")]

    def publish(self, topic: str, payload: bytes = b"", qos: int = 1, **options: Any) -> Any:
        """Publish and, with QoS 1, wait for PUBACK; its code."""
        self.paho.publish(topic, payload, qos, **options)
        return self.until("published")

    def message(self) -> paho.MQTTMessage:
        """The next message."""
        return self.messages.get(timeout=PATIENCE_S)

    def payloads(self, count: int) -> list[bytes]:
        """The payloads of the next messages."""
        return [self.message().payload for _ in range(count)]

    def cut(self) -> None:
        """Break the line without DISCONNECT."""
        line = self.paho.socket()
        assert line is not None
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Disconnect, if need be, and end the thread."""
        self.paho.disconnect()
        self.paho.loop_stop()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def told(message: Message | paho.MQTTMessage) -> dict[str, Any]:
    """The JSON in a message."""
    found: dict[str, Any] = json.loads(message.payload)
    return found


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)
    return found


class Device:
    """A key with a certificate, signed by itself or by another."""

    def __init__(self, name: str, directory: Path, issuer: Device | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = self if issuer is None else issuer
        now = datetime.now(timezone.utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(signer._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name.endswith("CA"), path_length=None), True)
            .sign(signer._key, hashes.SHA256())
        )
        self.der = made.public_bytes(serialization.Encoding.DER)
        self.certificate = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        self.key.write_bytes(private)

    def context(self, trusted: Path) -> ssl.SSLContext:
        """What a client with this certificate needs."""
        context = ssl.create_default_context(cafile=trusted)
        context.load_cert_chain(self.certificate, self.key)
        return context
