"""A device of AWS's IoT device SDK for Python: a thing, its certificate, and a connection."""

from __future__ import annotations

import json
import queue
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from awscrt import mqtt
from awsiot import mqtt_connection_builder
from engine_fixtures import Engine

QOS = mqtt.QoS.AT_LEAST_ONCE
PATIENCE_S = 30.0


class SdkDevice:
    """A thing with a certificate that may do everything.

    Attributes
    ----------
    name
        The thing's, and the client id.
    arn
        The thing's.
    got : queue.Queue
        What ``heard`` was called with.
    """

    def __init__(self, engine: Engine, prefix: str = "thing") -> None:
        self.engine = engine
        self.name = engine.name(prefix)
        self.got: queue.Queue[Any] = queue.Queue()
        self._connections: list[Any] = []
        iot = engine.client("iot")
        self.arn = iot.create_thing(thingName=self.name)["thingArn"]
        made = iot.create_keys_and_certificate(setAsActive=True)
        self.certificate = made["certificatePem"]
        self.key = made["keyPair"]["PrivateKey"]
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iot.create_policy(policyName=self.name, policyDocument=json.dumps(document))
        iot.attach_policy(policyName=self.name, target=made["certificateArn"])
        iot.attach_thing_principal(thingName=self.name, principal=made["certificateArn"])

    def connect(self, *, topics: bool = False) -> Any:
        """A connection of the SDK, over TLS with the certificate.

        With ``topics``, the topic of each message that comes is heard, subscribed to or not.
        """
        connection = mqtt_connection_builder.mtls_from_bytes(
            cert_bytes=self.certificate.encode(),
            pri_key_bytes=self.key.encode(),
            endpoint="127.0.0.1",
            port=urlsplit(self.engine.url).port,
            ca_bytes=self.authority.read_bytes(),
            client_id=self.name,
            clean_session=True,
        )
        if topics:
            connection.on_message(lambda topic, payload, **_: self.heard(topic))
        connection.connect().result(PATIENCE_S)
        self._connections.append(connection)
        return connection

    @property
    def authority(self) -> Path:
        """The file of who signed the engine's certificate."""
        return Path(self.engine.status()["certificate"])

    def tls(self, directory: Path) -> ssl.SSLContext:
        """TLS with the certificate, for other clients."""
        context = ssl.create_default_context(cafile=str(self.authority))
        own = directory / f"{self.name}.pem"
        own.write_text(self.certificate + self.key)
        context.load_cert_chain(own)
        return context

    def heard(self, message: Any) -> None:
        """Keep what came; give this to the SDK."""
        self.got.put(message)

    def next(self, kind: type | None = None) -> Any:
        """What comes next (of a type)."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            message = self.got.get(timeout=max(0.1, deadline - time.monotonic()))
            if kind is None or isinstance(message, kind):
                return message

    def close(self) -> None:
        """Disconnect."""
        for connection in self._connections:
            connection.disconnect().result(PATIENCE_S)


def subscribed(subscribe: Callable[..., Any], request: Any, heard: Callable[[Any], None]) -> None:
    """Subscribe with one of the SDK's functions, and wait for it."""
    future, _ = subscribe(request, QOS, heard)
    future.result(PATIENCE_S)
