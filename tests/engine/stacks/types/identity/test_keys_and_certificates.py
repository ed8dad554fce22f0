"""``AWS::KMS::*`` and ``AWS::CertificateManager::Certificate``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.certificates import Certificate
from lambda_nb.engine.stacks.types.identity.keys import Alias, Key

KEY, ALIAS, CERTIFICATE = Key(), Alias(), Certificate()


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def test_a_key_encrypts_and_is_switched_off(engine: Engine, lab: Lab) -> None:
    kms = engine.client("kms")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "all",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{engine.account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    key = lab.create(
        KEY,
        {
            "KeyPolicy": document,
            "Description": "d",
            "EnableKeyRotation": "true",
            "RotationPeriodInDays": "100",
            "Tags": [{"Key": "colour", "Value": "red"}],
        },
    )
    assert key.attribute("Arn").endswith(f":key/{key.ref}")
    assert kms.get_key_rotation_status(KeyId=key.ref)["KeyRotationEnabled"] is True
    found = kms.get_key_policy(KeyId=key.ref, PolicyName="default")["Policy"]
    assert json.loads(found) == document

    name = f"alias/{engine.name('key')}"
    alias = lab.create(ALIAS, {"AliasName": name, "TargetKeyId": key.ref})
    sealed = kms.encrypt(KeyId=name, Plaintext=b"word")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"word"

    other = lab.create(KEY, {})
    lab.update(alias, {"AliasName": name, "TargetKeyId": other.ref})
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == other.ref

    off = lab.update(key, {"KeyPolicy": document, "Enabled": "false"})
    assert kms.describe_key(KeyId=key.ref)["KeyMetadata"]["Enabled"] is False
    assert kms.get_key_rotation_status(KeyId=key.ref)["KeyRotationEnabled"] is False
    listed = kms.list_resource_tags(KeyId=key.ref)["Tags"]
    assert {tag["TagKey"] for tag in listed} == {"team"}
    lab.delete(alias)
    lab.delete(off)
    assert kms.describe_key(KeyId=key.ref)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_key_stays_of_its_kind(lab: Lab) -> None:
    key = lab.create(KEY, {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"})
    with pytest.raises(Refused, match="cannot change KeySpec"):
        lab.update(key, {"KeyUsage": "SIGN_VERIFY"})


def test_a_certificate_is_issued_at_once(engine: Engine, lab: Lab) -> None:
    acm = engine.client("acm")
    given = {"DomainName": "example.com", "ValidationMethod": "DNS"}
    certificate = lab.create(
        CERTIFICATE,
        {
            **given,
            "SubjectAlternativeNames": ["www.example.com"],
            "DomainValidationOptions": [{"DomainName": "example.com", "HostedZoneId": "Z1"}],
        },
    )
    found = acm.describe_certificate(CertificateArn=certificate.ref)["Certificate"]
    assert found["Status"] == "ISSUED"
    assert "www.example.com" in found["SubjectAlternativeNames"]
    lab.delete(certificate)
    code, _ = error_of(lambda: acm.describe_certificate(CertificateArn=certificate.ref))
    assert code == "ResourceNotFoundException"
