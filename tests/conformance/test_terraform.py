"""Terraform with AWS's own provider: applied, no drift, changed in place, destroyed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Ear, Engine, zip_of

MAIN = Path(__file__).parent / "terraform" / "main.tf"
PLUGINS = Path(os.environ.get("LAMBDA_NB_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
CODE = """
def handler(event, context):
    say(str(event))
    return {"version": context.function_version}
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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_service_is_applied_changed_and_destroyed(
    engine: Engine, terraform: Terraform, ear: Ear, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": ear.say + CODE}))
    (tmp_path / "layer.zip").write_bytes(zip_of({"python/shared.py": "x = 1\n"}))
    terraform("init")
    terraform("apply", "-auto-approve")
    state = json.loads((tmp_path / "terraform.tfstate").read_text())
    made = next(r for r in state["resources"] if r["type"] == "aws_lambda_function")
    function = made["instances"][0]["attributes"]["function_name"]
    assert state["outputs"]["version"]["value"] == "1"

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))

    answer = engine.client().invoke(FunctionName=f"{function}:live", Payload=b"1")
    assert json.loads(answer["Payload"].read()) == {"version": "1"}
    engine.client("s3").put_object(Bucket=function, Key="cat.jpg", Body=b"x")
    ear.wait(lambda heard: any("ObjectCreated:Put" in text for text in heard))
    queue = engine.client("sqs").get_queue_url(QueueName=function)["QueueUrl"]
    engine.client("sqs").send_message(QueueUrl=queue, MessageBody="by the queue")
    ear.wait(lambda heard: any("by the queue" in text for text in heard))
    topic = f"arn:aws:sns:{engine.region}:{engine.account}:{function}"
    engine.client("sns").publish(TopicArn=topic, Message="by the topic")
    ear.wait(lambda heard: any("by the topic" in text for text in heard))

    changed = terraform("apply", "-auto-approve", "-var", "timeout=9")
    assert "0 added, 2 changed, 0 destroyed" in changed.stdout.replace("Resources: ", "")
    shown = engine.client().get_function_configuration(FunctionName=f"{function}:live")
    assert (shown["Timeout"], shown["Version"]) == (9, "2")

    terraform("destroy", "-auto-approve", "-var", "timeout=9")
    left = [f["FunctionName"] for f in engine.client().list_functions()["Functions"]]
    assert function not in left
    mappings = engine.client().list_event_source_mappings()["EventSourceMappings"]
    assert not [m for m in mappings if function in m["EventSourceArn"]]
