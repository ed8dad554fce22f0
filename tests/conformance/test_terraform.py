"""Terraform with AWS's own provider: applied, no drift, changed in place, destroyed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_fixtures import Ear, Engine, zip_of
from terraform_lab import Terraform, terraform_for

CODE = """
def handler(event, context):
    say(str(event))
    return {"version": context.function_version}
"""


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform", tmp_path, engine)


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
