"""Certificates of authorities that people register, so that their devices' certificates count."""

from __future__ import annotations

import secrets
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.certificates import devices
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept


def install() -> None:
    """Change moto's CA certificates."""
    operations.install(
        {
            "GetRegistrationCode": _code,
            "DeleteRegistrationCode": _delete_code,
            "RegisterCACertificate": _register,
            "DescribeCACertificate": _describe,
            "ListCACertificates": _list,
            "UpdateCACertificate": _update,
            "DeleteCACertificate": _delete,
        }
    )


def _code(backend: Any, given: Parameters) -> dict[str, Any]:
    own = kept(backend, "registration_code")
    return {"registrationCode": own.setdefault("code", secrets.token_hex(32))}


def _delete_code(backend: Any, given: Parameters) -> None:
    kept(backend, "registration_code").clear()


def _register(backend: Any, given: Parameters) -> dict[str, Any]:
    from moto.iot.models import FakeCaCertificate

    mode = given.get("certificateMode") or "DEFAULT"
    certificate = devices.read(given["caCertificate"])
    _check_is_authority(certificate)
    proof = given.get("verificationCertificate")
    if proof is not None:
        _verify(backend, certificate, devices.read(proof))
    elif mode != "SNI_ONLY":
        raise operations.invalid(
            "A verification certificate is required, unless certificateMode is SNI_ONLY."
        )
    made: Any = FakeCaCertificate(
        given["caCertificate"],
        "ACTIVE" if given.get("setAsActive") else "INACTIVE",
        backend.account_id,
        backend.region_name,
        given.get("registrationConfig") or {},
    )
    made.arn = operations.arn(backend, "cacert", made.certificate_id)
    if made.certificate_id in backend.ca_certificates:
        raise operations.exists_already(
            "The CA certificate is already registered.", made.certificate_id, made.arn
        )
    made.certificate_mode = mode
    made.auto_registration = "ENABLE" if given.get("allowAutoRegistration") else "DISABLE"
    backend.ca_certificates[made.certificate_id] = made
    tags.keep(backend, made.arn, given.get("tags"))
    return {"certificateArn": made.arn, "certificateId": made.certificate_id}


def _check_is_authority(certificate: Any) -> None:
    from cryptography import x509

    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        signs = constraints.value.ca
    except (x509.ExtensionNotFound, ValueError):
        signs = False
    if not signs:
        raise operations.error(
            "CertificateValidationException",
            "The CA certificate is not valid: basicConstraints does not say that it is a CA.",
        )


def _verify(backend: Any, authority: Any, proof: Any) -> None:
    """Check that who registers an authority has its key: it signed the registration code."""
    from cryptography.x509 import NameOID

    code = kept(backend, "registration_code").get("code")
    names = [name.value for name in proof.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if code is None or code not in names:
        raise operations.error(
            "RegistrationCodeValidationException",
            "The common name of the verification certificate is not the registration code.",
        )
    if not devices.issued(proof, authority):
        raise operations.error(
            "CertificateValidationException",
            "The verification certificate is not signed by the CA certificate.",
        )


def _find(backend: Any, identifier: str) -> Any:
    found = backend.ca_certificates.get(identifier)
    if found is None:
        raise operations.not_found(f"CA certificate {identifier} does not exist.")
    return found


def _describe(backend: Any, given: Parameters) -> dict[str, Any]:
    certificate = _find(backend, given["certificateId"])
    description = certificate.to_description_dict()
    del description["transferData"]
    return {
        "certificateDescription": {
            **description,
            "autoRegistrationStatus": getattr(certificate, "auto_registration", "DISABLE"),
            "customerVersion": getattr(certificate, "customer_version", 1),
            "generationId": certificate.certificate_id[:32],
            "certificateMode": getattr(certificate, "certificate_mode", "DEFAULT"),
            "validity": devices.validity(certificate.certificate_pem),
        },
        "registrationConfig": certificate.registration_config or None,
    }


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    every = operations.in_order(list(backend.ca_certificates.values()), given)
    shown, marker = operations.page(every, given, "pageSize", "marker")
    listed = [
        {
            "certificateArn": certificate.arn,
            "certificateId": certificate.certificate_id,
            "status": certificate.status,
            "creationDate": certificate.creation_date,
        }
        for certificate in shown
    ]
    return {"certificates": listed, "nextMarker": marker}


def _update(backend: Any, given: Parameters) -> None:
    certificate = _find(backend, given["certificateId"])
    if given.get("newStatus"):
        certificate.status = given["newStatus"]
    if given.get("newAutoRegistrationStatus"):
        certificate.auto_registration = given["newAutoRegistrationStatus"]
    if given.get("registrationConfig"):
        certificate.registration_config = given["registrationConfig"]
    if given.get("removeAutoRegistration"):
        certificate.registration_config = {}
    certificate.last_modified_date = operations.now()
    certificate.customer_version = getattr(certificate, "customer_version", 1) + 1


def _delete(backend: Any, given: Parameters) -> None:
    certificate = _find(backend, given["certificateId"])
    if certificate.status == "ACTIVE":
        raise operations.error(
            "CertificateStateException",
            "CA certificate must be deactivated (not ACTIVE) before deletion. Id: "
            + certificate.certificate_id,
            406,
        )
    del backend.ca_certificates[certificate.certificate_id]
    tags.forget(backend, certificate.arn)
