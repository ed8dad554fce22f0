"""A site at the edge by Terraform with AWS's own provider: no drift, changed, destroyed."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine_fixtures import Engine, error_of, zip_of
from terraform_lab import Terraform, terraform_for

from lambda_nb.engine.gateways.shared.own_addresses import is_loopback
from lambda_nb.notebook.connection.clients import Beside

CODE = "def handler(event, context):\n    return event['Records'][0]['cf']['response']\n"


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_cloudfront", tmp_path, engine, prefix="site")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_site_is_applied_changed_and_destroyed(
    engine: Engine, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    key = rsa.generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(pem)
    terraform("init")
    terraform("apply", "-auto-approve")
    told = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    made = {name: str(output["value"]) for name, output in told.items()}

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))

    cloudfront = engine.client("cloudfront")
    port = engine.url.rpartition(":")[2]
    assert made["domain"] == f"{made['distribution'].lower()}.cloudfront.localhost:{port}"
    page = urllib.request.Request(f"{engine.url}/", headers={"Host": made["domain"]})
    with urllib.request.urlopen(page, timeout=30) as answer:
        assert answer.read().startswith(b"<h1>site-")
        assert answer.headers["X-Site"] == "a site"

    changes = ("-var", "comment=another", "-var", "deploying=true")
    changed = terraform("apply", "-auto-approve", *changes)
    assert "0 added, 6 changed, 0 destroyed" in changed.stdout
    terraform("plan", "-detailed-exitcode", *changes, right=(0,))
    config = cloudfront.get_distribution_config(Id=made["distribution"])["DistributionConfig"]
    assert config["Comment"] == "another"
    assert config["ContinuousDeploymentPolicyId"]
    live = cloudfront.get_function(Name=made["function"], Stage="LIVE")["FunctionCode"].read()
    assert b"// another" in live

    terraform("apply", "-auto-approve", "-var", "comment=another")
    terraform("destroy", "-auto-approve", "-var", "comment=another")
    for call, code in (
        (lambda: cloudfront.get_distribution(Id=made["distribution"]), "NoSuchDistribution"),
        (lambda: cloudfront.get_cache_policy(Id=made["cache_policy"]), "NoSuchCachePolicy"),
        (lambda: cloudfront.describe_function(Name=made["function"]), "NoSuchFunctionExists"),
    ):
        assert error_of(call)[0] == code


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_keys_and_values(engine: Engine, tmp_path: Path) -> None:
    if not is_loopback(f"{engine.account}.localhost"):
        pytest.skip(f"the resolver of this machine does not know {engine.account}.localhost")
    terraform = terraform_for("terraform_key_values", tmp_path, engine, prefix="values")
    terraform("init")
    terraform("apply", "-auto-approve")
    terraform("plan", "-detailed-exitcode", right=(0,))
    told = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    values = Beside(engine.client()).client("cloudfront-keyvaluestore")

    def held(store: str) -> dict[str, str]:
        items = values.list_keys(KvsARN=told[store]["value"])["Items"]
        return {item["Key"]: item["Value"] for item in items}

    assert held("some") == {"/old path?": "/first"}
    assert held("all") == {"a": "1", "b": "ü", "/first": "x"}

    # Another hand adds a key: one resource leaves it alone, the other takes it away.
    for store in ("some", "all"):
        arn = told[store]["value"]
        etag = values.describe_key_value_store(KvsARN=arn)["ETag"]
        values.put_key(KvsARN=arn, Key="foreign", Value="x", IfMatch=etag)
    change = ("-var", "target=/second")
    terraform("apply", "-auto-approve", *change)
    terraform("plan", "-detailed-exitcode", *change, right=(0,))
    assert held("some") == {"/old path?": "/second", "foreign": "x"}
    assert held("all") == {"a": "1", "b": "ü", "/second": "x"}
    values.close()
    terraform("destroy", "-auto-approve", *change)
