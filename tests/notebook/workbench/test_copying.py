"""``copy_as``: the text does what it says, in Python, in a shell and in Terraform."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st
from terraform_lab import PLUGINS
from workbench_tools import Actions, connected

from lambda_nb.notebook.workbench.copying import python_text, shell_text, terraform_text
from lambda_nb.notebook.workbench.copying.subject import Subject
from lambda_nb.notebook.workbench.faults import Refusal

ECHO = """import os
def handler(event, context):
    return {"event": event, "value": os.environ["VALUE"]}
"""
HARD = 'it\'s "quoted" $HOME `id` \\n ${var} %{if} ü'
PAYLOAD = json.dumps({"text": HARD, "more": ['"""', "'''", "\\"]}, indent=2, ensure_ascii=False)


@pytest.fixture(scope="module")
def act(engine: Engine) -> Iterator[Actions]:
    with connected(engine) as session:
        yield Actions(session, {})


@pytest.fixture(scope="module")
def name(engine: Engine, act: Actions) -> str:
    made = engine.create(
        ECHO,
        MemorySize=256,
        Timeout=7,
        Description="echoes, don't it?",
        Environment={"Variables": {"VALUE": HARD}},
        Tags={"team": "a b"},
        LoggingConfig={"LogFormat": "JSON"},
        EphemeralStorage={"Size": 1024},
    )
    act("update_settings", name=made, settings={"reserved": 4})
    return made


@pytest.fixture
def directory(engine: Engine, name: str, tmp_path: Path) -> Path:
    """Where the archive lies under the name that the texts give it."""
    location = engine.client().get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location) as response:
        (tmp_path / f"{name}.zip").write_bytes(response.read())
    return tmp_path


def recreated(engine: Engine, act: Actions, name: str, run: Any) -> None:
    """Delete the function, let the text create it, and compare."""
    client = engine.client()
    before = client.get_function(FunctionName=name)
    settings = act("settings", name=name)
    client.delete_function(FunctionName=name)
    run()
    engine.wait(name)
    after = client.get_function(FunctionName=name)
    changing = ("RevisionId", "LastModified", "State", "StateReason", "StateReasonCode")
    for told in (before, after):
        for key in changing:
            told["Configuration"].pop(key, None)
    assert after["Configuration"] == before["Configuration"]
    assert after["Tags"] == before["Tags"]
    assert act("settings", name=name) == settings
    told = act("invoke", name=name, payload="{}")
    assert json.loads(told["payload"])["value"] == HARD


def in_python(engine: Engine, code: str, directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        env=engine.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_shell(engine: Engine, script: str, directory: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=directory,
        env={**engine.environ, "PATH": path, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_boto3_creates_it_again(act: Actions, engine: Engine, name: str, directory: Path) -> None:
    code = act("copy_as", name=name, form="boto3", what="function")
    recreated(engine, act, name, lambda: in_python(engine, code, directory))


@pytest.mark.slow
def test_the_cli_creates_it_again(act: Actions, engine: Engine, name: str, directory: Path) -> None:
    if shutil.which("aws", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("the aws CLI is not installed")
    script = act("copy_as", name=name, form="cli", what="function")
    recreated(engine, act, name, lambda: in_shell(engine, script, directory))


def test_boto3_invokes_it(act: Actions, engine: Engine, name: str, tmp_path: Path) -> None:
    code = act("copy_as", name=name, form="boto3", what="invoke", payload=PAYLOAD)
    told = in_python(engine, code, tmp_path)
    assert told.startswith("success ")
    assert json.loads(told.partition(" ")[2])["event"] == json.loads(PAYLOAD)


def test_the_cli_invokes_it(act: Actions, engine: Engine, name: str, tmp_path: Path) -> None:
    if shutil.which("aws", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("the aws CLI is not installed")
    script = act("copy_as", name=name, form="cli", what="invoke", payload=PAYLOAD)
    told = in_shell(engine, script, tmp_path)
    found = json.JSONDecoder().raw_decode(told)[0]
    assert found["event"] == json.loads(PAYLOAD)


@pytest.mark.slow
def test_terraform_takes_it(act: Actions, name: str, directory: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None or not list(PLUGINS.rglob("terraform-provider-aws*")):
        pytest.skip("Terraform or its AWS provider is missing")
    settings = directory / "settings.tfrc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{PLUGINS}"\n  }}\n}}\n'
    )
    environ = {**os.environ, "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}
    for what in ("function", "invoke"):
        text = act("copy_as", name=name, form="terraform", what=what, payload=PAYLOAD)
        (directory / "main.tf").write_text(text)
        for command in (["fmt", "-check", "-diff"], ["init", "-input=false"], ["validate"]):
            done = subprocess.run(
                [terraform, *command],
                cwd=directory,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_terraform_is_written_with_its_blocks(act: Actions, name: str) -> None:
    text = act("copy_as", name=name, form="terraform", what="function")
    assert f'resource "aws_lambda_function" "{name}" {{' in text
    assert "  memory_size                    = 256\n" in text
    assert "  ephemeral_storage {\n    size = 1024\n  }" in text
    assert re.search(r'log_format += "JSON"', text)
    assert "reserved_concurrent_executions = 4" in text
    assert "$${var} %%{if}" in text


def test_what_cannot_be_copied(act: Actions, name: str) -> None:
    with pytest.raises(Refusal, match="'pulumi' is none of boto3, cli, terraform"):
        act("copy_as", name=name, form="pulumi", what="function")
    with pytest.raises(Refusal, match="no JSON"):
        act("copy_as", name=name, form="cli", what="invoke", payload="{")


def subject(**parameters: Any) -> Subject:
    told = {"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", **parameters}
    return Subject(told, None, "us-east-1", "", "abc=")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(TEXT)
def test_python_text_has_the_payload(payload: str) -> None:
    code = python_text.of_invocation(subject(), payload)
    asked: list[bytes] = []

    class Client:
        def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
            asked.append(Payload)
            return {"Payload": self}

        def read(self) -> bytes:
            return b""

    plain = (
        code.replace("import boto3", "")
        .replace("boto3.client('lambda', region_name='us-east-1')", "made")
        .replace("boto3.client(\"lambda\", region_name='us-east-1')", "made")
    )
    exec(plain, {"made": Client(), "print": lambda *_: None})
    assert asked == [payload.encode()]


@given(st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]+", fullmatch=True), TEXT), TEXT)
def test_shell_text_has_the_settings(variables: dict[str, str], description: str) -> None:
    import shlex

    made = subject(Environment={"Variables": variables}, Description=description)
    words = shlex.split(shell_text.of_function(made), comments=True)
    if description.startswith("-"):  # else the CLI would take it for an option
        assert f"--description={description}" in words
    else:
        assert words[words.index("--description") + 1] == description
    found = json.loads(words[words.index("--environment") + 1])
    assert found == {"Variables": variables}


@given(TEXT)
def test_a_string_of_terraform_is_one_line_without_templates(text: str) -> None:
    quoted = terraform_text.quoted(text)
    assert "\n" not in quoted
    inside = quoted[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', inside)
    plain = inside.replace("$${", "${").replace("%%{", "%{")
    assert json.loads(f'"{plain}"') == text
