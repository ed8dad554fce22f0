"""A fleet's back end by Terraform with AWS's own provider: no drift, changed, destroyed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from engine_fixtures import Engine, zip_of
from paho.mqtt.enums import CallbackAPIVersion
from terraform_lab import Terraform, terraform_for

CODE = "def handler(event, context):\n    return event\n"
PEM = serialization.Encoding.PEM


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_iot", tmp_path, engine, prefix="iot")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write_keys(directory: Path) -> None:
    """An authority, a request for a certificate, and a public key for tokens."""
    key = rsa.generate_private_key(65537, 2048)
    now = datetime.now(timezone.utc)
    authority = (
        x509.CertificateBuilder()
        .subject_name(_name("a maker of sensors"))
        .issuer_name(_name("a maker of sensors"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "authority.pem").write_bytes(authority.public_bytes(PEM))
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_name("sensor"))
        .sign(key, hashes.SHA256())
    )
    (directory / "request.pem").write_bytes(request.public_bytes(PEM))
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (directory / "public.pem").write_bytes(public)


def _check_that_a_reading_arrives(engine: Engine, made: dict[str, Any], directory: Path) -> None:
    """A device with the certificate publishes; the rule's action has what it selects."""
    host, _, port = made["endpoint"].partition(":")
    for name in ("certificate", "key"):
        (directory / f"{name}.pem").write_text(made[name])
    device = paho.Client(CallbackAPIVersion.VERSION2, made["thing"])
    device.tls_set(
        str(engine.data_dir / "tls" / "public" / "lambda-nb.pem"),
        str(directory / "certificate.pem"),
        str(directory / "key.pem"),
    )
    device.connect(host, int(port))
    device.loop_start()
    try:
        for temp in (20, 35):
            sent = device.publish(f"{made['topics']}/a/temp", json.dumps({"temp": temp}), qos=1)
            sent.wait_for_publish(30)
            assert sent.is_published()
        sqs = engine.client("sqs")
        received = sqs.receive_message(QueueUrl=made["queue"], WaitTimeSeconds=20)["Messages"]
        bodies = [json.loads(message["Body"]) for message in received]
        assert bodies == [{"temp": 35, "device": made["thing"]}]
    finally:
        device.disconnect()
        device.loop_stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fleets_back_end_is_applied_changed_and_destroyed(
    engine: Engine, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    _write_keys(tmp_path)
    terraform("init")
    terraform("apply", "-auto-approve")
    told = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    made: dict[str, Any] = {name: output["value"] for name, output in told.items()}

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))

    _check_that_a_reading_arrives(engine, made, tmp_path)

    iot = engine.client("iot")
    assert made["endpoint"] == engine.url.removeprefix("http://")
    requested = x509.load_pem_x509_certificate(made["requested"].encode())
    assert requested.subject == _name("sensor")
    versions = iot.list_policy_versions(policyName=made["policy"])["policyVersions"]
    assert len(versions) == 1
    found = iot.search_index(queryString=f"thingName:{made['thing']}")["things"]
    assert [thing["attributes"] for thing in found] == [{"room": "kitchen"}]

    changed = terraform("apply", "-auto-approve", "-var", "threshold=40")
    assert "0 added, 2 changed, 0 destroyed" in changed.stdout
    assert "temp > 40" in iot.get_topic_rule(ruleName=made["rule"])["rule"]["sql"]
    versions = iot.list_policy_versions(policyName=made["policy"])["policyVersions"]
    assert sorted((v["versionId"], v["isDefaultVersion"]) for v in versions) == [
        ("1", False),
        ("2", True),
    ]
    terraform("plan", "-detailed-exitcode", "-var", "threshold=40", right=(0,))

    terraform("destroy", "-auto-approve", "-var", "threshold=40")
    names = [thing["thingName"] for thing in iot.list_things()["things"]]
    assert made["thing"] not in names
    rules = [rule["ruleName"] for rule in iot.list_topic_rules()["rules"]]
    assert made["rule"] not in rules
