"""Receivers can verify what SNS signs, with one certificate per subscription."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from lambda_nb.engine.neighbours.to_engine.pushes import signed


@pytest.mark.parametrize("subject", [None, "news"])
def test_a_message_is_signed_as_sns_signs(subject: str | None) -> None:
    backend = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    topic = backend.create_topic("signed")
    subscription = backend.subscribe(topic.arn, "arn:aws:lambda:::function:f", "lambda")
    certificates = set()
    for number in range(3):
        told = signed(subscription, f"text {number}", f"id-{number}", subject)
        lines = ["Message", f"text {number}", "MessageId", f"id-{number}"]
        lines += ["Subject", subject] if subject else []
        lines += ["Timestamp", told["Timestamp"], "TopicArn", topic.arn, "Type", "Notification", ""]
        name = told["SigningCertUrl"].rpartition("/")[2]
        key = load_pem_x509_certificate(backend._message_public_keys[name]).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        signature = base64.b64decode(told["Signature"])
        key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), SHA256())
        certificates.add(name)
    assert len(certificates) == 1
