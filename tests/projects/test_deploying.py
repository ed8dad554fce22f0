"""Whole deployments against a real engine: build, upload, change set, events, outcome, watch."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from project_files import wheel, write
from project_reports import Told

from lambda_nb.projects.deployment import Deployed, Deployment, Wishes
from lambda_nb.projects.endpoint import Endpoint
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.watching.watch import Watch

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = 'import os, words\ndef handler(event, context):\n    return os.environ["WORD"] + words.END\n'
TEMPLATE = f"""
Transform: AWS::Serverless-2016-10-31
Parameters:
  Word: {{Type: String, Default: hello}}
Globals:
  Function: {{Runtime: {RUNTIME}, Handler: app.handler}}
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Environment: {{Variables: {{WORD: !Ref Word}}}}
      Events:
        Web: {{Type: HttpApi, Properties: {{Path: /greet, Method: get}}}}
Outputs:
  Name: {{Value: !Ref Greet}}
"""


@pytest.fixture
def project(tmp_path: Path, engine: Engine) -> Path:
    """A SAM project whose folder gives its stack a name of its own."""
    folder = tmp_path / engine.name("project")
    write(folder, {"template.yaml": TEMPLATE, "src/app.py": APP})
    wheel(folder, "words", 'END = " world"\n')
    return write(folder, {"src/requirements.txt": "../words-1.0-py3-none-any.whl\n"})


def call(engine: Engine, name: str) -> Any:
    reply = engine.client().invoke(FunctionName=name)
    body = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, body
    return body


def test_a_project_is_built_deployed_changed_and_deleted(
    engine: Engine, endpoint: Endpoint, told: Told, project: Path
) -> None:
    deployment = Deployment(project, Wishes(), endpoint, told)
    (first,) = deployment.deploy()
    assert (first.what, first.outcome.name) == ("created", project.name)
    name = first.outcome.functions["Greet"]
    assert first.outcome.outputs == {"Name": name}
    assert call(engine, name) == "hello world"
    (address,) = first.outcome.addresses.values()
    with urllib.request.urlopen(f"{address}/greet") as reply:
        assert reply.read() == b"hello world"
    assert told.events[-1].status == "CREATE_COMPLETE"
    assert told.events[-1].resource == project.name
    sent = deployment.uploads.sent
    assert sent > 0

    (same,) = deployment.deploy()
    assert (same.what, deployment.uploads.sent) == ("unchanged", sent)
    write(project, {"src/app.py": APP.replace('["WORD"]', '["WORD"] + " new"')})
    (changed,) = Deployment(project, Wishes(parameters={"Word": "bye"}), endpoint, told).deploy()
    assert changed.what == "updated"
    assert call(engine, name) == "bye new world"
    # A parameter that is not given again keeps its value.
    write(project, {"src/app.py": APP})
    (again,) = Deployment(project, Wishes(), endpoint, told).deploy()
    assert (again.what, call(engine, name)) == ("updated", "bye world")

    (gone,) = deployment.delete()
    assert gone.what == "deleted"
    assert [one.what for one in deployment.delete()] == ["absent"]
    with pytest.raises(engine.client().exceptions.ResourceNotFoundException):
        call(engine, name)


def test_what_fails_says_why_and_the_next_deployment_starts_afresh(
    engine: Engine, endpoint: Endpoint, told: Told, project: Path
) -> None:
    broken = TEMPLATE.replace("Handler: app.handler", "Handler: app.handler, MemorySize: 1")
    write(project, {"template.yaml": broken})
    with pytest.raises(
        ProjectError, match=r"(?s)ROLLBACK_COMPLETE:\n.*Greet .*memorySize"
    ) as failed:
        Deployment(project, Wishes(), endpoint, told).deploy()
    assert "cancelled" not in str(failed.value)
    write(project, {"template.yaml": TEMPLATE})
    (mended,) = Deployment(project, Wishes(), endpoint, told).deploy()
    assert mended.what == "created"
    told.wait_for("which cannot be updated: it is deleted first")
    with pytest.raises(ProjectError, match="no such parameter; there are Word"):
        Deployment(project, Wishes(parameters={"Wrod": "x"}), endpoint, told).deploy()
    write(project, {"template.yaml": TEMPLATE + "  Bad: {Value: !Ref Nobody}\n"})
    with pytest.raises(ProjectError, match="Nobody"):
        Deployment(project, Wishes(), endpoint, told).deploy()
    Deployment(project, Wishes(), endpoint, told).delete()


def test_code_that_a_watch_replaced_comes_back(
    engine: Engine, endpoint: Endpoint, told: Told, project: Path
) -> None:
    (first,) = Deployment(project, Wishes(), endpoint, told).deploy()
    name = first.outcome.functions["Greet"]
    source = "def handler(event, context):\n    return 'by hand'\n"
    engine.client().update_function_code(FunctionName=name, ZipFile=_zip("app.py", source))
    engine.wait(name)
    assert call(engine, name) == "by hand"
    (again,) = Deployment(project, Wishes(), endpoint, told).deploy()
    assert (again.what, call(engine, name)) == ("updated", "hello world")
    # Also where the stack has another change, of which the code is no part.
    engine.client().update_function_code(FunctionName=name, ZipFile=_zip("app.py", source))
    engine.wait(name)
    Deployment(project, Wishes(parameters={"Word": "bye"}), endpoint, told).deploy()
    assert call(engine, name) == "bye world"
    Deployment(project, Wishes(), endpoint, told).delete()


def _zip(name: str, text: str) -> bytes:
    from lambda_nb.projects.building.archives import zip_of

    return zip_of({name: text.encode()})


@pytest.fixture
def watching(
    endpoint: Endpoint, told: Told, project: Path
) -> Iterator[Callable[[], tuple[Deployment, Deployed]]]:
    """Deploy the project and watch it."""
    running: list[tuple[Watch, threading.Thread]] = []
    made: list[Deployment] = []

    def start() -> tuple[Deployment, Deployed]:
        deployment = Deployment(project, Wishes(), endpoint, told)
        deployed = deployment.deploy()
        watch = Watch(deployment, deployed)
        runs = threading.Thread(target=watch.run)
        runs.start()
        running.append((watch, runs))
        made.append(deployment)
        return deployment, deployed[0]

    yield start
    for watch, runs in running:
        watch.stop()
        runs.join()
    for deployment in made:
        deployment.delete()


def test_a_save_updates_its_function_and_a_template_its_stack(
    engine: Engine,
    told: Told,
    project: Path,
    watching: Callable[[], tuple[Deployment, Deployed]],
) -> None:
    _, deployed = watching()
    name = deployed.outcome.functions["Greet"]
    events = len(told.events)
    write(project, {"src/app.py": APP.replace('"WORD"]', '"WORD"].upper()')})
    assert told.wait_for("src/app.py: ").startswith(f"src/app.py: {name} updated in ")
    assert call(engine, name) == "HELLO world"
    assert len(told.events) == events, "the stack was left alone"
    # An error is told, and the next save tries again.
    write(project, {"src/requirements.txt": "./absent.whl\n"})
    assert "absent" in told.wait_for("src/requirements.txt: ")
    write(project, {"src/requirements.txt": "../words-1.0-py3-none-any.whl\n#\n"})
    told.wait_for(f"src/requirements.txt: {name} updated")
    write(project, {"template.yaml": TEMPLATE.replace("Default: hello", "Default: hi")})
    told.wait_for(f"template.yaml: {project.name} ")
    write(project, {"template.yaml": TEMPLATE.replace("!Ref Word", "fixed")})
    wait_until(lambda: call(engine, name) == "FIXED world")


def test_what_is_saved_during_a_deployment_is_not_lost(
    engine: Engine,
    told: Told,
    project: Path,
    watching: Callable[[], tuple[Deployment, Deployed]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really = told.note

    def note(text: str) -> None:
        if text.startswith("deploying the stack"):  # the code is packed by now
            write(project, {"src/app.py": APP.replace('"WORD"]', '"WORD"].upper()')})
        really(text)

    monkeypatch.setattr(told, "note", note)
    _, deployed = watching()
    told.wait_for("src/app.py: ")
    assert call(engine, deployed.outcome.functions["Greet"]) == "HELLO world"


def test_a_watch_goes_on_after_any_error(
    told: Told,
    project: Path,
    watching: Callable[[], tuple[Deployment, Deployed]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment, deployed = watching()

    def breaks(job: object) -> bytes:
        raise RuntimeError("a surprise")

    with monkeypatch.context() as broken:
        broken.setattr(deployment.packaging, "archive", breaks)
        write(project, {"src/app.py": APP + "\n"})
        told.wait_for("src/app.py: RuntimeError: a surprise")
    write(project, {"src/app.py": APP + "\n\n"})
    told.wait_for(f"src/app.py: {deployed.outcome.functions['Greet']} updated")


def test_the_bucket_of_artifacts_must_be_the_accounts_own(
    endpoint: Endpoint, told: Told, project: Path
) -> None:
    seen: list[tuple[str, str]] = []
    s3 = endpoint.client("s3")

    def see(request: Any, **_: Any) -> None:
        owner = request.headers.get("x-amz-expected-bucket-owner", "")
        seen.append((request.method, owner if isinstance(owner, str) else owner.decode()))

    s3.meta.events.register("before-send.s3", see)
    deployment = Deployment(project, Wishes(), endpoint, told)
    deployment.deploy()
    account = endpoint.client("sts").get_caller_identity()["Account"]
    assert {("HEAD", account), ("PUT", account)} <= set(seen)
    without = [method for method, owner in seen if owner != account]
    assert without in ([], ["PUT"]), "only CreateBucket names no owner"
    deployment.delete()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_assembly_of_the_cdk_needs_neither_cdk_nor_bootstrap(
    engine: Engine, endpoint: Endpoint, told: Told, tmp_path: Path
) -> None:
    first, second = engine.name("First"), engine.name("Second")
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": bucket}, "S3Key": f"{first}.zip"},
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/x",
            "Runtime": RUNTIME,
        },
    }
    template = {
        "Resources": {"Fn": function, "Meta": {"Type": "AWS::CDK::Metadata", "Properties": {}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Fn", "Arn"]}, "Export": {"Name": first}}},
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
    }
    user = {
        "Resources": {
            "Text": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::ImportValue": first}},
            }
        }
    }
    stack = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-east-1"}
    artifacts = {
        second: {**stack, "properties": {"templateFile": "2.json"}, "dependencies": [first]},
        "assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
        first: {**stack, "properties": {"templateFile": "1.json"}, "dependencies": ["assets"]},
    }
    place = {"bucketName": bucket, "objectKey": f"{first}.zip"}
    asset = {"source": {"path": "asset", "packaging": "zip"}, "destinations": {"here": place}}
    out = write(
        tmp_path / "cdk.out",
        {
            "manifest.json": json.dumps({"version": "36.0.0", "artifacts": artifacts}),
            "assets.json": json.dumps({"files": {"a": asset}}),
            "1.json": json.dumps(template),
            "2.json": json.dumps(user),
            "asset/index.py": "def handler(event, context):\n    return 'from an asset'\n",
        },
    )
    done = Deployment(out, Wishes(), endpoint, told).deploy()
    assert [(one.outcome.name, one.what) for one in done] == [
        (first, "created"),
        (second, "created"),
    ]
    assert call(engine, done[0].outcome.functions["Fn"]) == "from an asset"
    (only,) = Deployment(out, Wishes(stack_name=second), endpoint, told).deploy()
    assert (only.outcome.name, only.what) == (second, "unchanged")
    with pytest.raises(ProjectError, match=r"Wrod: the stacks have no such parameter"):
        Deployment(out, Wishes(parameters={"Wrod": "x"}), endpoint, told).deploy()
    with pytest.raises(ProjectError, match=f"has {first}, {second}"):
        Deployment(out, Wishes(stack_name="Nobody"), endpoint, told).deploy()
    gone = Deployment(out, Wishes(), endpoint, told).delete()
    assert [(one.name, one.what) for one in gone] == [(second, "deleted"), (first, "deleted")]


def test_the_command_prints_events_outputs_and_addresses(engine: Engine, project: Path) -> None:
    run = [
        *(sys.executable, "-m", "lambda_nb", "deploy", str(project), "--endpoint-url", engine.url),
        *("--credentials", str(engine.credentials_file)),
    ]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for part in (
        "building Greet",
        "CREATE_COMPLETE",
        "AWS::Lambda::Function",
        f"{project.name}: created",
        "outputs:\n  Name  ",
        "addresses:\n  ServerlessHttpApi  http://",
    ):
        assert part in done.stdout
    # What the engine's credentials file says is enough.
    environment = {**engine.environ, "PATH": "/usr/bin:/bin"}
    gone = subprocess.run(
        [*run[:5], "--delete"], env=environment, capture_output=True, text=True, check=False
    )
    assert (gone.returncode, gone.stderr) == (0, "")
    assert f"{project.name}: deleted" in gone.stdout
