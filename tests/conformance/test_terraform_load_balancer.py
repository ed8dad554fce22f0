"""A load balancer by Terraform with AWS's own provider: no drift, answers, changed, destroyed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of
from load_balancers import Answer, ask
from terraform_lab import Terraform, terraform_for

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


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_load_balancer", tmp_path, engine, prefix="tf")


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
