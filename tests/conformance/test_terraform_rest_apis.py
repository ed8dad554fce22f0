"""Terraform describes REST APIs: applied, no drift, changed in place, destroyed."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of
from terraform_lab import Terraform, terraform_for

CODE = """
def handler(event, context):
    return {"statusCode": 200, "body": event["resource"]}
"""
CHANGED = ("-var", "greeting=goodbye", "-var", "rate=30")


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_rest_api", tmp_path, engine)


def get(url: str) -> dict[str, str]:
    """The JSON object that a URL answers with."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        found: dict[str, str] = json.loads(reply.read())
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rest_apis_are_applied_changed_and_destroyed(
    engine: Engine, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    terraform("init")
    terraform("apply", "-auto-approve")
    outputs = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    built, document = outputs["built"]["value"], outputs["document"]["value"]

    # No drift: a second plan finds nothing to do.
    planned = terraform("plan", "-detailed-exitcode", right=(0, 2))
    assert planned.returncode == 0, planned.stdout

    assert get(f"{engine.url}/execute-api/{built}/live/hello") == {"message": "hello"}
    assert get(f"{engine.url}/execute-api/{document}/v1/greet/ada") == {"message": "hello"}

    terraform("apply", "-auto-approve", *CHANGED)
    planned = terraform("plan", "-detailed-exitcode", *CHANGED, right=(0, 2))
    assert planned.returncode == 0, planned.stdout
    client = engine.client("apigateway")
    stage = client.get_stage(restApiId=built, stageName="live")
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 30.0
    assert len(client.get_deployments(restApiId=built)["items"]) == 1
    assert get(f"{engine.url}/execute-api/{built}/live/hello") == {"message": "goodbye"}
    assert get(f"{engine.url}/execute-api/{document}/v1/greet/ada") == {"message": "goodbye"}

    terraform("destroy", "-auto-approve", *CHANGED)
    left = [api["id"] for api in client.get_rest_apis(limit=500)["items"]]
    assert not {built, document} & set(left)
    names = [key["name"] for key in client.get_api_keys(limit=500)["items"]]
    assert not [name for name in names if name.startswith("terraform")]
