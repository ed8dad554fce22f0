"""Certificates of devices, really signed: moto's cannot be verified, and have wrong ids."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.certificates.authority import Authority
from lambda_nb.engine.neighbours.services.iot.operations import Parameters

_KEY_BITS = 2048
"""Of the key pairs that AWS IoT makes (API reference, ``CreateKeysAndCertificate``)."""
_SETTABLE = ("ACTIVE", "INACTIVE", "REVOKED")
_drawn = threading.local()


def install(authority: Authority) -> None:
    """Change moto's certificates.

    Parameters
    ----------
    authority
        Signs those that the service makes.
    """
    from moto.iot.models import FakeCertificate

    certificate_class: Any = FakeCertificate
    certificate_class.compute_cert_id = lambda self, pem: identifier(pem)

    def create_keys_and_certificate(backend: Any, given: Parameters) -> dict[str, Any]:
        from cryptography.hazmat.primitives import serialization as form

        key = _drawn.__dict__.pop("key", None) or _new_key()
        pem = authority.sign(_subject(), key.public_key())
        made = _keep(backend, pem, "ACTIVE" if given.get("setAsActive") else "INACTIVE")
        public = key.public_key().public_bytes(
            form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
        )
        private = key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
        )
        pair = {"PublicKey": public.decode(), "PrivateKey": private.decode()}
        return {**_named(made), "certificatePem": pem, "keyPair": pair}

    def create_certificate_from_csr(backend: Any, given: Parameters) -> dict[str, Any]:
        request = _request(given["certificateSigningRequest"])
        pem = authority.sign(request.subject, request.public_key())
        made = _keep(backend, pem, "ACTIVE" if given.get("setAsActive") else "INACTIVE")
        return {**_named(made), "certificatePem": pem}

    operations.install(
        {
            "CreateKeysAndCertificate": create_keys_and_certificate,
            "CreateCertificateFromCsr": create_certificate_from_csr,
            "RegisterCertificate": _register,
            "RegisterCertificateWithoutCA": _register_without_authority,
            "DescribeCertificate": _describe,
            "ListCertificates": _list,
            "ListCertificatesByCA": _list_by_authority,
            "UpdateCertificate": _update,
            "DeleteCertificate": _delete,
        }
    )


def draw_key() -> None:
    """Draw the key pair that this thread needs next: it takes a tenth of a second."""
    _drawn.key = _new_key()


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, _KEY_BITS)


def identifier(pem: str) -> str:
    """A certificate's id: the SHA-256 of its DER form, in hexadecimal digits."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return hashlib.sha256(read(pem).public_bytes(Encoding.DER)).hexdigest()


def read(pem: str) -> Any:
    """The certificate in a PEM text.

    Raises
    ------
    IoTClientError
        ``CertificateValidationException`` if there is none.
    """
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise operations.error(
            "CertificateValidationException", f"The certificate is not valid: {error}"
        ) from error


def validity(pem: str) -> dict[str, Any]:
    """From when until when a certificate is valid."""
    certificate = read(pem)
    return {
        "notBefore": certificate.not_valid_before_utc,
        "notAfter": certificate.not_valid_after_utc,
    }


def issued(certificate: Any, authority: Any) -> bool:
    """Whether an authority has signed a certificate."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _request(pem: str) -> Any:
    from cryptography.x509 import load_pem_x509_csr

    try:
        request = load_pem_x509_csr(pem.encode())
        sound = request.is_signature_valid
    except ValueError:
        sound = False
    if not sound:
        raise operations.invalid("The certificate signing request is not valid.")
    return request


def _subject() -> Any:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AWS IoT Certificate")])


def _keep(
    backend: Any, pem: str, status: str, authority: str | None = None, mode: str = "DEFAULT"
) -> Any:
    """Keep a new certificate."""
    from moto.iot.models import FakeCertificate

    made: Any = FakeCertificate(pem, status, backend.account_id, backend.region_name, authority)
    if made.certificate_id in backend.certificates:
        raise operations.exists_already(
            "The certificate is already provisioned or registered",
            made.certificate_id,
            made.arn,
        )
    made.certificate_mode = mode
    backend.certificates[made.certificate_id] = made
    return made


def _named(certificate: Any) -> dict[str, Any]:
    return {
        "certificateArn": certificate.arn,
        "certificateId": certificate.certificate_id,
    }


def _register(backend: Any, given: Parameters) -> dict[str, Any]:
    pem = given["certificatePem"]
    certificate = read(pem)
    named = given.get("caCertificatePem")
    wanted = identifier(named) if named else None
    for authority in backend.ca_certificates.values():
        if (
            wanted in (None, authority.certificate_id)
            and authority.status == "ACTIVE"
            and issued(certificate, read(authority.certificate_pem))
        ):
            break
    else:
        raise operations.error(
            "CertificateValidationException",
            "The certificate is not signed by an active CA certificate that is registered here.",
        )
    status = "ACTIVE" if given.get("setAsActive") else given.get("status") or "INACTIVE"
    return _named(_keep(backend, pem, status, authority.certificate_id))


def _register_without_authority(backend: Any, given: Parameters) -> dict[str, Any]:
    status = given.get("status") or "INACTIVE"
    return _named(_keep(backend, given["certificatePem"], status, mode="SNI_ONLY"))


def find(backend: Any, certificate_id: str) -> Any:
    """A certificate by its id.

    Raises
    ------
    IoTClientError
        ``ResourceNotFoundException``.
    """
    found = backend.certificates.get(certificate_id)
    if found is None:
        raise operations.not_found(f"Certificate {certificate_id} does not exist.")
    return found


def _describe(backend: Any, given: Parameters) -> dict[str, Any]:
    certificate = find(backend, given["certificateId"])
    description = {
        **certificate.to_description_dict(),
        "caCertificateId": certificate.ca_certificate_id,
        "customerVersion": getattr(certificate, "customer_version", 1),
        "generationId": certificate.certificate_id[:32],
        "certificateMode": getattr(certificate, "certificate_mode", "DEFAULT"),
        "validity": validity(certificate.certificate_pem),
    }
    return {"certificateDescription": description}


def _listed(certificates: list[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    shown, marker = operations.page(
        operations.in_order(certificates, dict(given)), dict(given), "pageSize", "marker"
    )
    listed = [
        {
            **certificate.to_dict(),
            "certificateMode": getattr(certificate, "certificate_mode", "DEFAULT"),
        }
        for certificate in shown
    ]
    return {"certificates": listed, "nextMarker": marker}


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    return _listed(list(backend.certificates.values()), given)


def _list_by_authority(backend: Any, given: Parameters) -> dict[str, Any]:
    authority = given["caCertificateId"]
    signed = [c for c in backend.certificates.values() if c.ca_certificate_id == authority]
    return _listed(signed, given)


def _update(backend: Any, given: Parameters) -> None:
    certificate = find(backend, given["certificateId"])
    if given["newStatus"] not in _SETTABLE:
        raise operations.invalid(
            f"A certificate cannot be set to {given['newStatus']}: choose one of "
            f"{', '.join(_SETTABLE)}."
        )
    certificate.status = given["newStatus"]
    certificate.last_modified_date = operations.now()
    certificate.customer_version = getattr(certificate, "customer_version", 1) + 1


def _delete(backend: Any, given: Parameters) -> None:
    certificate = find(backend, given["certificateId"])
    if certificate.status == "ACTIVE":
        raise operations.error(
            "CertificateStateException",
            "Certificate must be deactivated (not ACTIVE) before deletion. Id: "
            + certificate.certificate_id,
            406,
        )
    if any(principal == certificate.arn for principal, _ in backend.principal_things):
        raise operations.error(
            "DeleteConflictException",
            f"Things must be detached before deletion (arn: {certificate.arn})",
            409,
        )
    attached = [key for key in backend.principal_policies if key[0] == certificate.arn]
    if attached and not given.get("forceDelete"):
        raise operations.error(
            "DeleteConflictException",
            f"Certificate policies must be detached before deletion (arn: {certificate.arn})",
            409,
        )
    for key in attached:
        del backend.principal_policies[key]
    del backend.certificates[certificate.certificate_id]
    tags.forget(backend, certificate.arn)
