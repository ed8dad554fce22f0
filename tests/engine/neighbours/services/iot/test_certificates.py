"""Certificates: really signed, with AWS's ids, and their states."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from engine_fixtures import Engine
from iot_certificates import Maker, name_of, request


@pytest.fixture(scope="module")
def iot(engine: Engine) -> Any:
    return engine.client("iot")


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_issued_certificate_is_signed_by_the_engines_authority(engine: Engine, iot: Any) -> None:
    made = iot.create_keys_and_certificate(setAsActive=True)
    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    der = certificate.public_bytes(Encoding.DER)
    assert made["certificateId"] == hashlib.sha256(der).hexdigest()
    assert made["certificateArn"].endswith(f":cert/{made['certificateId']}")
    authority = engine.data_dir / "tls" / "iot-ca.pem"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    private = load_pem_private_key(made["keyPair"]["PrivateKey"].encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    assert private.public_key() == certificate.public_key()
    for name in ("iot-ca.pem", "iot-ca-key.pem"):
        assert (engine.data_dir / "tls" / name).stat().st_mode & 0o777 == 0o600
    described = iot.describe_certificate(certificateId=made["certificateId"])
    told = described["certificateDescription"]
    assert (told["status"], told["certificateMode"]) == ("ACTIVE", "DEFAULT")
    assert told["validity"]["notAfter"] == certificate.not_valid_after_utc
    listed = iot.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 1})
    assert made["certificateId"] in [
        one["certificateId"] for page in listed for one in page["certificates"]
    ]


def test_a_request_gets_a_certificate_for_its_key_and_subject(iot: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = iot.create_certificate_from_csr(certificateSigningRequest=request("sensor", key))
    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert certificate.public_key() == key.public_key()
    assert certificate.subject == name_of("sensor")
    told = iot.describe_certificate(certificateId=made["certificateId"])
    assert told["certificateDescription"]["status"] == "INACTIVE"
    with pytest.raises(ClientError) as error:
        iot.create_certificate_from_csr(certificateSigningRequest="no request")
    assert code(error) == "InvalidRequestException"


def test_a_certificate_goes_when_it_is_inactive_and_attached_to_nothing(
    engine: Engine, iot: Any
) -> None:
    made = iot.create_keys_and_certificate(setAsActive=True)
    identifier, arn = made["certificateId"], made["certificateArn"]
    thing, policy, group = (engine.name(kind) for kind in ("thing", "policy", "group"))
    iot.create_thing(thingName=thing)
    iot.attach_thing_principal(thingName=thing, principal=arn)
    document = '{"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}}'
    iot.create_policy(policyName=policy, policyDocument=document)
    iot.attach_policy(policyName=policy, target=arn)
    iot.create_thing_group(thingGroupName=group)
    iot.attach_policy(
        policyName=policy, target=iot.describe_thing_group(thingGroupName=group)["thingGroupArn"]
    )
    with pytest.raises(ClientError) as error:
        iot.delete_certificate(certificateId=identifier)
    assert code(error) == "CertificateStateException"
    with pytest.raises(ClientError) as error:
        iot.update_certificate(certificateId=identifier, newStatus="PENDING_TRANSFER")
    assert code(error) == "InvalidRequestException"
    iot.update_certificate(certificateId=identifier, newStatus="REVOKED")
    for detach in (
        lambda: iot.detach_thing_principal(thingName=thing, principal=arn),
        lambda: iot.detach_policy(policyName=policy, target=arn),
    ):
        with pytest.raises(ClientError) as error:
            iot.delete_certificate(certificateId=identifier)
        assert code(error) == "DeleteConflictException"
        detach()
    iot.delete_certificate(certificateId=identifier)
    with pytest.raises(ClientError) as error:
        iot.describe_certificate(certificateId=identifier)
    assert code(error) == "ResourceNotFoundException"


def test_who_registers_an_authority_proves_to_have_its_key(iot: Any) -> None:
    maker, stranger = Maker(), Maker()
    registration = iot.get_registration_code()["registrationCode"]
    assert iot.get_registration_code()["registrationCode"] == registration
    for proof, refused in (
        (None, "InvalidRequestException"),
        (maker.certificate("a wrong code"), "RegistrationCodeValidationException"),
        (stranger.certificate(registration), "CertificateValidationException"),
    ):
        shown = {} if proof is None else {"verificationCertificate": proof}
        with pytest.raises(ClientError) as error:
            iot.register_ca_certificate(caCertificate=maker.pem, **shown)
        assert code(error) == refused
    made = iot.register_ca_certificate(
        caCertificate=maker.pem,
        verificationCertificate=maker.certificate(registration),
        setAsActive=True,
        allowAutoRegistration=True,
        tags=[{"Key": "stage", "Value": "test"}],
    )
    told = iot.describe_ca_certificate(certificateId=made["certificateId"])
    described = told["certificateDescription"]
    assert (described["status"], described["autoRegistrationStatus"]) == ("ACTIVE", "ENABLE")
    tags = iot.list_tags_for_resource(resourceArn=made["certificateArn"])["tags"]
    assert tags == [{"Key": "stage", "Value": "test"}]

    device = iot.register_certificate(
        certificatePem=maker.certificate("sensor"), caCertificatePem=maker.pem, status="ACTIVE"
    )
    by_authority = iot.list_certificates_by_ca(caCertificateId=made["certificateId"])
    assert [c["certificateId"] for c in by_authority["certificates"]] == [device["certificateId"]]
    with pytest.raises(ClientError) as error:
        iot.register_certificate(certificatePem=stranger.certificate("sensor"))
    assert code(error) == "CertificateValidationException"

    iot.update_ca_certificate(certificateId=made["certificateId"], newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=made["certificateId"])
    listed = iot.list_ca_certificates()["certificates"]
    assert made["certificateId"] not in [one["certificateId"] for one in listed]


def test_a_certificate_may_be_registered_without_its_authority(iot: Any) -> None:
    pem = Maker().certificate("sensor")
    made = iot.register_certificate_without_ca(certificatePem=pem, status="ACTIVE")
    told = iot.describe_certificate(certificateId=made["certificateId"])
    assert told["certificateDescription"]["certificateMode"] == "SNI_ONLY"
    with pytest.raises(ClientError) as error:
        iot.register_certificate_without_ca(certificatePem=pem)
    assert code(error) == "ResourceAlreadyExistsException"
    assert error.value.response["resourceArn"] == made["certificateArn"]
    with pytest.raises(ClientError) as error:
        iot.register_certificate_without_ca(certificatePem="no certificate")
    assert code(error) == "CertificateValidationException"
