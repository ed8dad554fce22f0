"""Pipes by Terraform with AWS's own provider: no drift, events go through, changed, destroyed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of
from pipe_lab import receive, send
from terraform_lab import Terraform, terraform_for

CODE = """
def handler(event, context):
    return [{"who": one["who"].upper()} for one in event]
"""


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_pipes", tmp_path, engine, prefix="tf")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pipes_are_applied_work_and_are_destroyed(
    engine: Engine, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    terraform("init")
    terraform("apply", "-auto-approve")
    outputs = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    source, target, pipe = (outputs[name]["value"] for name in ("source", "target", "pipe"))

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))
    send(engine, source, {"nobody": True}, {"who": "Ann"})
    assert [one["Body"] for one in receive(engine, target)] == ["Hello ANN by ANN"]

    terraform("apply", "-auto-approve", "-var", "greeting=Bye")
    terraform("plan", "-detailed-exitcode", "-var", "greeting=Bye", right=(0,))
    send(engine, source, {"who": "Bob"})
    assert [one["Body"] for one in receive(engine, target)] == ["Bye BOB by BOB"]

    terraform("destroy", "-auto-approve")
    pipes = engine.client("pipes")
    with pytest.raises(pipes.exceptions.NotFoundException):
        pipes.describe_pipe(Name=pipe)
