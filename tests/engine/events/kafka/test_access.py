"""Kafka clusters that ask for passwords and certificates, on a real engine and a real broker."""

from __future__ import annotations

import datetime
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kafka_broker
import kafka_door
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from engine_fixtures import Ear, Engine
from kafka_broker import Broker
from pipe_lab import tell, until

USER = ("ann", "s3cret")
DOORS = ("BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH")
ENTERED = dict(zip(DOORS, ("PLAIN", "TLS", "SCRAM-SHA-256", "SCRAM-SHA-512"), strict=True))


def certificate(directory: Path, name: str) -> tuple[str, str]:
    """A certificate for localhost that its own key has signed, and that key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = made.public_bytes(serialization.Encoding.PEM).decode()
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    (directory / f"{name}.pem").write_text(chain + secret)
    return chain, secret


class Guarded:
    """A broker behind doors, and mappings that come in through them."""

    def __init__(self, engine: Engine, directory: Path, stack: ExitStack) -> None:
        self._engine, self._directory = engine, directory
        self.doors: dict[str, kafka_door.Door] = {}
        self.ears: dict[str, Ear] = {}
        self.mappings: dict[str, str] = {}
        self.server = certificate(directory, "server")
        self.client = certificate(directory, "client")
        for kind in DOORS:
            self._guard(kind, stack)

    def _guard(self, kind: str, stack: ExitStack) -> None:
        """A broker of its own, which tells clients the door's address."""
        port = kafka_door.free_port()
        folder = self._directory / kind
        folder.mkdir()
        url = ("--advertised-listener-url", f"tcp://localhost:{port}")
        broker = stack.enter_context(kafka_broker.running(folder, advertised=url))
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self._directory / "server.pem")
        is_certificate = kind == "CLIENT_CERTIFICATE_TLS_AUTH"
        if is_certificate:
            tls.verify_mode = ssl.CERT_REQUIRED
            tls.load_verify_locations(cadata=self.client[0])
        user = None if is_certificate else USER
        inner = int(broker.address.rpartition(":")[2])
        self.doors[kind] = stack.enter_context(kafka_door.opened(port, inner, tls=tls, user=user))
        self._map(kind, stack)

    def settings(self, kind: str) -> dict[str, Any]:
        """How a client of the test itself comes in."""
        trust = ssl.create_default_context(cadata=self.server[0])
        if kind == "CLIENT_CERTIFICATE_TLS_AUTH":
            trust.load_cert_chain(self._directory / "client.pem")
            return {"security_protocol": "SSL", "ssl_context": trust}
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": trust,
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": USER[0],
            "sasl_plain_password": USER[1],
        }

    def _map(self, kind: str, stack: ExitStack) -> None:
        at = Broker(self.doors[kind].address, None)  # type: ignore[arg-type]
        at.topic("orders", **self.settings(kind))
        at.put("orders", kind, settings=self.settings(kind))
        secrets = self._engine.client("secretsmanager")

        def secret(content: dict[str, str]) -> str:
            name = self._engine.name("secret")
            made = secrets.create_secret(Name=name, SecretString=json.dumps(content))
            return str(made["ARN"])

        own = {"username": USER[0], "password": USER[1]}
        if kind == "CLIENT_CERTIFICATE_TLS_AUTH":
            own = {"certificate": self.client[0], "privateKey": self.client[1]}
        root = secret({"certificate": self.server[0]})
        ear = Ear()
        stack.callback(ear.close)
        self.ears[kind] = ear
        self.mappings[kind] = self._engine.client().create_event_source_mapping(
            FunctionName=self._engine.create(tell(ear)),
            SelfManagedEventSource={
                "Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [self.doors[kind].address]}
            },
            SourceAccessConfigurations=[
                {"Type": kind, "URI": secret(own)},
                {"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": root},
            ],
            Topics=["orders"],
            StartingPosition="TRIM_HORIZON",
        )["UUID"]


@pytest.fixture(scope="module")
def guarded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with ExitStack() as stack:
        made = Guarded(engine, tmp_path_factory.mktemp("kafka"), stack)
        yield made
        for identifier in made.mappings.values():
            until(lambda i=identifier: state(engine, i)["State"] == "Enabled")
            engine.client().delete_event_source_mapping(UUID=identifier)


def state(engine: Engine, identifier: str) -> dict[str, Any]:
    told: dict[str, Any] = engine.client().get_event_source_mapping(UUID=identifier)
    return told


@pytest.mark.parametrize("kind", DOORS)
def test_a_mapping_comes_in(guarded: Guarded, kind: str) -> None:
    guarded.ears[kind].wait(lambda said: len(said) == 1)
    assert ENTERED[kind] in guarded.doors[kind].entered


def test_a_wrong_password_is_a_problem(engine: Engine, guarded: Guarded) -> None:
    secrets = engine.client("secretsmanager")
    wrong = json.dumps({"username": USER[0], "password": "wrong"})
    identifier = engine.client().create_event_source_mapping(
        FunctionName=engine.create("def handler(event, context):\n    pass\n"),
        SelfManagedEventSource={
            "Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [guarded.doors["SASL_SCRAM_512_AUTH"].address]}
        },
        SourceAccessConfigurations=[
            {
                "Type": "SASL_SCRAM_512_AUTH",
                "URI": secrets.create_secret(Name=engine.name("s"), SecretString=wrong)["ARN"],
            },
            {
                "Type": "SERVER_ROOT_CA_CERTIFICATE",
                "URI": secrets.create_secret(
                    Name=engine.name("s"),
                    SecretString=json.dumps({"certificate": guarded.server[0]}),
                )["ARN"],
            },
        ],
        Topics=["orders"],
        StartingPosition="LATEST",
    )["UUID"]
    guarded.mappings["wrong"] = identifier
    until(lambda: "PROBLEM: Cannot connect" in state(engine, identifier)["LastProcessingResult"])
