"""A load balancer by Terraform with AWS's own provider: no drift, answers, changed, destroyed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of
from load_balancers import Answer, ask

MAIN = Path(__file__).parent / "terraform_load_balancer" / "main.tf"
PLUGINS = Path(os.environ.get("LAMBDA_NB_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
CODE = """
def handler(event, context):
    many = "multiValueHeaders" in event
    colour = context.function_name.rpartition("-")[2]
    headers = {"content-type": "text/plain"}
    return {
        "statusCode": 200,
        "body": colour,
        "multiValueHeaders" if many else "headers":
            {name: [value] if many else value for name, value in headers.items()},
    }
"""

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
    keys = engine.keys
    environ = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        "TF_VAR_endpoint": engine.url,
        "TF_VAR_runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "TF_VAR_name": engine.name("tf"),
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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_load_balancer_is_applied_answers_and_is_destroyed(
    engine: Engine, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    terraform("init")
    terraform("apply", "-auto-approve")
    state = json.loads((tmp_path / "terraform.tfstate").read_text())
    name, dns_name = (state["outputs"][key]["value"] for key in ("name", "dns_name"))

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))

    def asked(target: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
        return ask(engine, target, *headers, method=method, host=dns_name)

    assert asked("/").body == b"blue"
    assert asked("/fixed/x").body == b"fixed"
    assert asked("/fixed/x", method="DELETE").body == b"blue"
    moved = asked("/old?moved=yes")
    assert moved.status == 302
    assert moved.header("location") == f"http://{dns_name}/new/old?moved=yes"
    green = asked("/", ("X-Colour", "green"))
    assert green.body == b"green"
    assert "AWSALBTG=" in (green.header("set-cookie") or "")
    by_host = ask(engine, f"/elb/{name}/", host="green.example.localhost")
    assert by_host.body == b"green"

    changed = terraform("apply", "-auto-approve", "-var", "text=changed")
    assert "0 added, 1 changed, 0 destroyed" in changed.stdout
    assert asked("/fixed/x").body == b"changed"

    terraform("destroy", "-auto-approve", "-var", "text=changed")
    assert ask(engine, f"/elb/{name}/").status == 404
    assert not [
        group
        for group in engine.client("elbv2").describe_target_groups()["TargetGroups"]
        if group["TargetGroupName"].startswith(name)
    ]
