"""The values of policy variables of one connection (IoT developer guide, "Policy variables")."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.iot.admission.registry import Thing

_ATTRIBUTES = {
    "DN_QUALIFIER": "DistinguishedNameQualifier",
    "COUNTRY_NAME": "Country",
    "ORGANIZATION_NAME": "Organization",
    "ORGANIZATIONAL_UNIT_NAME": "OrganizationalUnit",
    "STATE_OR_PROVINCE_NAME": "State",
    "COMMON_NAME": "CommonName",
    "SERIAL_NUMBER": "SerialNumber",
    "TITLE": "Title",
    "SURNAME": "Surname",
    "GIVEN_NAME": "GivenName",
    "INITIALS": "Initials",
    "PSEUDONYM": "Pseudonym",
    "GENERATION_QUALIFIER": "GenerationQualifier",
}
"""Fields of a certificate's names, as ``cryptography`` and as policies call them."""


def of_connection(client_id: str, source_ip: str, server_name: str | None) -> dict[str, str]:
    """Those that every connection has.

    Examples
    --------
    >>> of_connection("sensor-1", "127.0.0.1", None)
    {'aws:SourceIp': '127.0.0.1', 'iot:ClientId': 'sensor-1'}
    """
    told = {"aws:SourceIp": source_ip}
    if client_id:
        told["iot:ClientId"] = client_id
    if server_name:
        told["iot:DomainName"] = server_name
    return told


def of_thing(thing: Thing | None) -> dict[str, str]:
    """Those of the thing that a client is.

    Examples
    --------
    >>> of_thing(None)
    {'iot:Connection.Thing.IsAttached': 'false'}
    """
    if thing is None:
        return {"iot:Connection.Thing.IsAttached": "false"}
    told = {
        "iot:Connection.Thing.IsAttached": "true",
        "iot:Connection.Thing.ThingName": thing.name,
    }
    if thing.type_name:
        told["iot:Connection.Thing.ThingTypeName"] = thing.type_name
    for name, value in thing.attributes.items():
        told[f"iot:Connection.Thing.Attributes[{name}]"] = value
    return told


def expired(der: bytes, now_s: float) -> bool:
    """Whether a certificate is not valid at a moment (epoch seconds)."""
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return not begin.timestamp() <= now_s <= end.timestamp()


def of_certificate(der: bytes) -> dict[str, str]:
    """Those of a client's certificate.

    Where a field has several values, the first has the plain name, and each has its name with a
    number from 0. Alternative names have numbers likewise.
    """
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    told = {"iot:Certificate.SerialNumber": format(certificate.serial_number, "X")}
    for whose, name in (("Subject", certificate.subject), ("Issuer", certificate.issuer)):
        _add_name(told, f"iot:Certificate.{whose}", name)
    for whose, kind in (
        ("Subject", x509.SubjectAlternativeName),
        ("Issuer", x509.IssuerAlternativeName),
    ):
        try:
            names: Any = certificate.extensions.get_extension_for_class(kind).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        _add_alternatives(told, f"iot:Certificate.{whose}.AlternativeName", names)
    return told


def _add_name(told: dict[str, str], prefix: str, name: Any) -> None:
    from cryptography.x509 import NameOID

    for ours, theirs in _ATTRIBUTES.items():
        values = [str(one.value) for one in name.get_attributes_for_oid(getattr(NameOID, ours))]
        _number(told, f"{prefix}.{theirs}", values)


def _add_alternatives(told: dict[str, str], prefix: str, names: Any) -> None:
    from cryptography import x509

    for kind, theirs in (
        (x509.RFC822Name, "RFC822Name"),
        (x509.DNSName, "DNSName"),
        (x509.UniformResourceIdentifier, "UniformResourceIdentifier"),
        (x509.IPAddress, "IPAddress"),
    ):
        values = [str(value) for value in names.get_values_for_type(kind)]
        _number(told, f"{prefix}.{theirs}", values)
    directories = [name.rfc4514_string() for name in names.get_values_for_type(x509.DirectoryName)]
    _number(told, f"{prefix}.DirectoryName", directories)


def _number(told: dict[str, str], name: str, values: list[str]) -> None:
    if values:
        told[name] = values[0]
    for position, value in enumerate(values):
        told[f"{name}.{position}"] = value
