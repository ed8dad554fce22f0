"""Terraform describes REST APIs: applied, no drift, changed in place, destroyed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of

MAIN = Path(__file__).parent / "terraform_rest_api" / "main.tf"
PLUGINS = Path(os.environ.get("LAMBDA_NB_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
CODE = """
def handler(event, context):
    return {"statusCode": 200, "body": event["resource"]}
"""
CHANGED = ("-var", "greeting=goodbye", "-var", "rate=30")

Terraform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    if shutil.which("terraform") is None:
        pytest.skip("Terraform is not installed")
    if not list(PLUGINS.rglob("terraform-provider-aws*")):
        pytest.skip(f"there is no AWS provider in {PLUGINS} (LAMBDA_NB_TERRAFORM_PLUGINS)")
    shutil.copy(MAIN, tmp_path)
    settings = tmp_path / "settings.tfrc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{PLUGINS}"\n  }}\n}}\n'
    )
    environ = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "AWS_ACCESS_KEY_ID": engine.keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": engine.keys["aws_secret_access_key"],
        "TF_VAR_endpoint": engine.url,
        "TF_VAR_runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "TF_VAR_name": engine.name("terraform"),
    }

    def run(*words: str, right: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["terraform", words[0], "-no-color", "-input=false", *words[1:]],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=250,
        )
        assert done.returncode in right, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    return run


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
    print(terraform("apply", "-auto-approve").stdout)
    outputs = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    built, document = outputs["built"]["value"], outputs["document"]["value"]

    # No drift: a second plan finds nothing to do.
    planned = terraform("plan", "-detailed-exitcode", right=(0, 2))
    assert planned.returncode == 0, planned.stdout

    assert get(f"{engine.url}/execute-api/{built}/live/hello") == {"message": "hello"}
    assert get(f"{engine.url}/execute-api/{document}/v1/greet/ada") == {"message": "hello"}

    print(terraform("apply", "-auto-approve", *CHANGED).stdout)
    planned = terraform("plan", "-detailed-exitcode", *CHANGED, right=(0, 2))
    assert planned.returncode == 0, planned.stdout
    client = engine.client("apigateway")
    stage = client.get_stage(restApiId=built, stageName="live")
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 30.0
    assert len(client.get_deployments(restApiId=built)["items"]) == 1
    assert get(f"{engine.url}/execute-api/{built}/live/hello") == {"message": "goodbye"}
    assert get(f"{engine.url}/execute-api/{document}/v1/greet/ada") == {"message": "goodbye"}

    print(terraform("destroy", "-auto-approve", *CHANGED).stdout)
    left = [api["id"] for api in client.get_rest_apis(limit=500)["items"]]
    assert not {built, document} & set(left)
    names = [key["name"] for key in client.get_api_keys(limit=500)["items"]]
    assert not [name for name in names if name.startswith("terraform")]
