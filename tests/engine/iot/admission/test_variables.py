"""Policy variables of certificates, things and connections."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import NameOID

from lambda_nb.engine.iot.admission import variables
from lambda_nb.engine.iot.admission.registry import Attached, Thing

NOW = datetime(2026, 1, 15, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "One"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Two"),
            x509.NameAttribute(NameOID.COMMON_NAME, "sensor-1"),
        ]
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "maker")])
    alternatives = x509.SubjectAlternativeName(
        [
            x509.DNSName("sensor.example.com"),
            x509.RFC822Name("ada@example.com"),
            x509.IPAddress(ip_address("10.0.0.1")),
            x509.UniformResourceIdentifier("urn:sensor:1"),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(0xABC123)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def test_a_certificate_has_names_and_alternative_names(certificate: bytes) -> None:
    told = variables.of_certificate(certificate)
    prefix = "iot:Certificate."
    assert {name.removeprefix(prefix): value for name, value in told.items()} == {
        "SerialNumber": "ABC123",
        "Subject.Country": "DE",
        "Subject.Country.0": "DE",
        "Subject.Organization": "One",
        "Subject.Organization.0": "One",
        "Subject.Organization.1": "Two",
        "Subject.CommonName": "sensor-1",
        "Subject.CommonName.0": "sensor-1",
        "Issuer.CommonName": "maker",
        "Issuer.CommonName.0": "maker",
        "Subject.AlternativeName.DNSName": "sensor.example.com",
        "Subject.AlternativeName.DNSName.0": "sensor.example.com",
        "Subject.AlternativeName.RFC822Name": "ada@example.com",
        "Subject.AlternativeName.RFC822Name.0": "ada@example.com",
        "Subject.AlternativeName.IPAddress": "10.0.0.1",
        "Subject.AlternativeName.IPAddress.0": "10.0.0.1",
        "Subject.AlternativeName.UniformResourceIdentifier": "urn:sensor:1",
        "Subject.AlternativeName.UniformResourceIdentifier.0": "urn:sensor:1",
    }


@pytest.mark.parametrize(("days", "expired"), [(-2, True), (0, False), (2, True)])
def test_a_certificate_is_valid_for_a_while(certificate: bytes, days: int, expired: bool) -> None:
    at = (NOW + timedelta(days=days)).timestamp()
    assert variables.expired(certificate, at) is expired


def test_a_thing_has_a_type_and_attributes() -> None:
    told = variables.of_thing(Thing("sensor-1", "thermometer", {"room": "kitchen"}))
    assert told == {
        "iot:Connection.Thing.IsAttached": "true",
        "iot:Connection.Thing.ThingName": "sensor-1",
        "iot:Connection.Thing.ThingTypeName": "thermometer",
        "iot:Connection.Thing.Attributes[room]": "kitchen",
    }


def test_a_connection_has_only_what_is_known_of_it() -> None:
    assert variables.of_connection("", "10.0.0.1", "iot.localhost") == {
        "aws:SourceIp": "10.0.0.1",
        "iot:DomainName": "iot.localhost",
    }


def test_a_client_is_the_thing_of_its_name_or_the_exclusive_one() -> None:
    shared = Attached(frozenset({"a", "b"}))
    assert (shared.thing_of("a"), shared.thing_of("c")) == ("a", "")
    assert Attached(frozenset({"a"}), "a").thing_of("c") == "a"
