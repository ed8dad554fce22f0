"""Devices whose certificates register themselves when they first connect.

If an authority is registered with automatic registration, a certificate of its becomes known at
the first connection, which fails: with the status ``PENDING_ACTIVATION`` and a message for a rule
(just-in-time registration), or ready to be used, by the authority's template (just-in-time
provisioning). Source: IoT developer guide, "Just-in-time registration" and "Just-in-time
provisioning".
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.registry import Registry, TrustedAuthority, identifier_of
from lambda_nb.engine.iot.message import Message

log = logging.getLogger(__name__)

_PARAMETERS = {
    "AWS::IoT::Certificate::Country": "COUNTRY_NAME",
    "AWS::IoT::Certificate::Organization": "ORGANIZATION_NAME",
    "AWS::IoT::Certificate::OrganizationalUnit": "ORGANIZATIONAL_UNIT_NAME",
    "AWS::IoT::Certificate::DistinguishedNameQualifier": "DN_QUALIFIER",
    "AWS::IoT::Certificate::StateName": "STATE_OR_PROVINCE_NAME",
    "AWS::IoT::Certificate::CommonName": "COMMON_NAME",
    "AWS::IoT::Certificate::SerialNumber": "SERIAL_NUMBER",
}
"""Parameters that templates get from a certificate's subject."""


async def register(
    registry: Registry, der: bytes, account: str, announce: Callable[[Message], None]
) -> bool:
    """Register a certificate that is not known, if its authority is registered for that.

    Parameters
    ----------
    registry
        Of the Region.
    der
        The certificate.
    account
        Named in the message.
    announce
        Publishes it.

    Returns
    -------
    bool
        Whether it is registered now.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = x509.load_der_x509_certificate(der)
    for authority in await registry.authorities():
        if not authority.registers or not _issued(certificate, authority):
            continue
        pem = certificate.public_bytes(Encoding.PEM).decode()
        try:
            await registry.call(
                "register_certificate",
                certificatePem=pem,
                caCertificatePem=authority.pem,
                status="PENDING_ACTIVATION",
            )
            body = await _template(registry, authority)
            if body:
                parameters = _parameters(certificate, der)
                await registry.call("register_thing", templateBody=body, parameters=parameters)
            else:
                announce(_message(authority, identifier_of(der), account))
        except AWSError as error:
            log.warning("the certificate %s cannot be provisioned: %s", identifier_of(der), error)
        registry.changed(registry.arn("cert", identifier_of(der)))
        return True
    return False


def _issued(certificate: Any, authority: TrustedAuthority) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate.verify_directly_issued_by(load_pem_x509_certificate(authority.pem.encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


async def _template(registry: Registry, authority: TrustedAuthority) -> str:
    """The authority's template; empty if it has none."""
    name = authority.template.get("templateName")
    if not name:
        return str(authority.template.get("templateBody") or "")
    found = await registry.call("describe_provisioning_template", templateName=name)
    return str(found["templateBody"]) if found else ""


def _parameters(certificate: Any, der: bytes) -> dict[str, str]:
    """What a template gets to know of a certificate."""
    from cryptography.x509 import NameOID

    parameters = {"AWS::IoT::Certificate::Id": identifier_of(der)}
    for parameter, field in _PARAMETERS.items():
        values = certificate.subject.get_attributes_for_oid(getattr(NameOID, field))
        if values:
            parameters[parameter] = str(values[0].value)
    return parameters


def _message(authority: TrustedAuthority, identifier: str, account: str) -> Message:
    now_ms = int(time.time() * 1000)
    told = {
        "certificateId": identifier,
        "caCertificateId": authority.identifier,
        "timestamp": now_ms,
        "certificateStatus": "PENDING_ACTIVATION",
        "awsAccountId": account,
        "certificateRegistrationTimestamp": str(now_ms),
    }
    topic = f"$aws/events/certificates/registered/{authority.identifier}"
    return Message(topic, json.dumps(told).encode())
