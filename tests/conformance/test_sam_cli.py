"""The SAM CLI builds, deploys, lists, invokes, reads logs, synchronizes and deletes a project."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deployment_tools import asked, await_log, command_for, outputs
from engine_fixtures import Engine

PROJECT = Path(__file__).parent / "sam"
RUNTIME = f"Runtime=python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.slow
@pytest.mark.timeout(500)  # SAM itself takes a while for each of its nine commands
def test_a_project_from_build_to_delete(
    start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = start_engine()
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    sam = command_for("sam", engine, project)

    sam("build", "--parameter-overrides", RUNTIME)
    told = sam(
        *("deploy", "--stack-name", "made", "--resolve-s3", "--no-confirm-changeset"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--parameter-overrides", RUNTIME),
    )
    assert "Successfully created/updated stack - made" in told
    made = outputs(engine, "made")

    listed = {
        one["LogicalResourceId"]: one
        for one in json.loads(sam("list", "endpoints", "--stack-name", "made", "--output", "json"))
    }
    assert made["Rest"] in listed["ServerlessRestApi"]["CloudEndpoint"]
    assert listed["ServerlessHttpApi"]["Methods"] == ["/orders/{id}['put']"]

    assert "MessageId" in sam("remote", "invoke", "Jobs", "--stack-name", "made", "--event", "7")
    flow = sam("remote", "invoke", "Flow", "--stack-name", "made", "--event", "{}")
    assert '"says":"first"' in flow.replace(" ", "")
    await_log(engine, made["Work"], "working at 7")
    assert "working at 7" in sam("logs", "--stack-name", "made", "--name", "Work")
    item = {"id": "7", "words": "from the layer"}
    status, body = asked(engine, made["Rest"] + "/orders/7")
    assert (status, json.loads(body)) == (200, {"says": "first", "item": item})

    code = project / "src" / "app.py"
    code.write_text(code.read_text().replace("first", "second"))
    words = ("sync", "--code", "--stack-name", "made", "--resource-id", "Web")
    # It asks whether the stack is one for development.
    sam(*words, "--parameter-overrides", RUNTIME, typed="y\n")
    status, body = asked(engine, made["Rest"] + "/orders/7")
    assert (status, json.loads(body)) == (200, {"says": "second", "item": item})

    sam("delete", "--stack-name", "made", "--no-prompts", "--region", engine.region)
    assert engine.client().list_functions()["Functions"] == []
    assert engine.client().list_layers()["Layers"] == []
    assert engine.client("dynamodb").list_tables()["TableNames"] == []
