"""How stacks are deployed: into their Regions, with samconfig's wishes, and without an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from engine_fixtures import Engine
from project_files import write
from project_reports import Told

from lambda_nb.projects.deployment import Deployment, Wishes
from lambda_nb.projects.endpoint import Endpoint
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.stacks import progress

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
SILENT = f"""
Resources:
  Never:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: |
          import json, urllib.request

          def handler(event, context):
              if event["RequestType"] == "Delete":
                  told = {{**event, "Status": "SUCCESS"}}
                  urllib.request.urlopen(
                      urllib.request.Request(
                          event["ResponseURL"], json.dumps(told).encode(), method="PUT"
                      )
                  ).read()
      Handler: index.handler
      Runtime: {RUNTIME}
      Role: arn:aws:iam::000000000000:role/x
  Answer: {{Type: Custom::Answer, Properties: {{ServiceToken: !GetAtt Never.Arn}}}}
"""


def assembly(folder: Path, edge: str, web: str) -> Path:
    """An app of the CDK: a stack with an asset in us-east-1, and one that uses it, elsewhere."""
    bucket = "cdk-assets-${AWS::AccountId}-${AWS::Region}"
    place = {"bucketName": bucket, "objectKey": f"{edge}.zip", "region": "us-east-1"}
    asset = {"source": {"path": "asset", "packaging": "zip"}, "destinations": {"there": place}}
    stack = {"type": "aws:cloudformation:stack"}
    artifacts = {
        web: {
            **stack,
            "environment": "aws://unknown-account/eu-west-1",
            "properties": {"templateFile": "web.json"},
            "dependencies": [edge],
        },
        "assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
        edge: {
            **stack,
            "environment": "aws://unknown-account/us-east-1",
            "properties": {"templateFile": "edge.json"},
            "dependencies": ["assets"],
        },
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": bucket}, "S3Key": f"{edge}.zip"},
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/x",
            "Runtime": RUNTIME,
        },
    }
    region = {"Value": {"Ref": "AWS::Region"}}
    return write(
        folder,
        {
            "manifest.json": json.dumps({"version": "36.0.0", "artifacts": artifacts}),
            "assets.json": json.dumps({"files": {"a": asset}}),
            "edge.json": json.dumps({"Resources": {"Fn": function}, "Outputs": {"In": region}}),
            "web.json": json.dumps(
                {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"In": region}}
            ),
            "asset/index.py": "def handler(event, context):\n    return 'from an asset'\n",
        },
    )


@pytest.mark.parametrize("home", ["eu-west-1"])
def test_each_stack_of_an_app_goes_to_its_own_region(
    engine: Engine, told: Told, tmp_path: Path, home: str
) -> None:
    edge, web = engine.name("Edge"), engine.name("Web")
    out = assembly(tmp_path / "cdk.out", edge, web)
    endpoint = Endpoint(url=engine.url, credentials=engine.credentials_file, region=home)
    deployment = Deployment(out, Wishes(bucket=engine.name("mine")), endpoint, told)
    first, second = deployment.deploy()
    assert (first.outcome.name, first.outcome.outputs) == (edge, {"In": "us-east-1"})
    assert (second.outcome.name, second.outcome.outputs) == (web, {"In": "eu-west-1"})
    assert [one.elsewhere for one in (first, second)] == [
        "" if home == region else region for region in ("us-east-1", "eu-west-1")
    ]
    there = engine.client("lambda", region_name="us-east-1")
    reply = there.invoke(FunctionName=first.outcome.functions["Fn"])
    assert json.loads(reply["Payload"].read()) == "from an asset"
    for name, region in ((edge, "us-east-1"), (web, "eu-west-1")):
        cloudformation = engine.client("cloudformation", region_name=region)
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert stack["StackId"].split(":")[3] == region
    assert [one.what for one in deployment.deploy()] == ["unchanged", "unchanged"]
    gone = deployment.delete()
    assert [(one.name, one.what) for one in gone] == [(web, "deleted"), (edge, "deleted")]
    endpoint.close()


def test_what_samconfig_asks_of_a_stack_is_done_or_named(
    engine: Engine, endpoint: Endpoint, told: Told, tmp_path: Path
) -> None:
    topic = endpoint.client("sns").create_topic(Name=engine.name("events"))["TopicArn"]
    name = engine.name("configured")
    role = "arn:aws:iam::000000000000:role/deploys"
    write(
        tmp_path,
        {
            "samconfig.toml": f"""
[default.global.parameters]
stack_name = "{name}"
template_file = "infra/app.yaml"
[default.deploy.parameters]
role_arn = "{role}"
notification_arns = ["{topic}"]
disable_rollback = true
confirm_changeset = true
profile = "work"
region = "eu-north-1"
""",
            "infra/app.yaml": "Resources: {T: {Type: AWS::SNS::Subscription, Properties: "
            "{Protocol: lambda, TopicArn: !Ref AWS::StackName}}}",
        },
    )
    with pytest.raises(ProjectError, match="CREATE_FAILED"):
        Deployment(tmp_path, Wishes(), endpoint, told).deploy()
    (stack,) = endpoint.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert (stack["StackStatus"], stack["RoleARN"]) == ("CREATE_FAILED", role)
    assert stack["NotificationARNs"] == [topic]
    assert told.notes[:2] == [
        "samconfig.toml is for the Region eu-north-1; this goes to us-east-1",
        "not followed of samconfig.toml: confirm_changeset, profile",
    ]
    Deployment(tmp_path, Wishes(), endpoint, told).delete()


def test_a_property_that_does_not_exist_is_named(
    endpoint: Endpoint, told: Told, tmp_path: Path
) -> None:
    wrong = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: soon, Wrong: 1}}}"
    write(tmp_path, {"template.yaml": wrong})
    with pytest.raises(ProjectError, match="the change set failed:") as refused:
        Deployment(tmp_path, Wishes(), endpoint, told).deploy()
    assert set(str(refused.value).splitlines()[1:]) == {
        "  Q (AWS::SQS::Queue): #: extraneous key [Wrong] is not permitted",
        "  Q (AWS::SQS::Queue): #/DelaySeconds: expected type: Integer, found: String",
    }


@pytest.fixture
def waiting(engine: Engine, endpoint: Endpoint, tmp_path: Path) -> Iterator[Path]:
    """A project whose custom resource is never made; it can be deleted."""
    folder = write(tmp_path / engine.name("silent"), {"template.yaml": SILENT})
    yield folder
    endpoint.client("cloudformation").delete_stack(StackName=folder.name)


def test_a_deployment_that_waits_says_what_for(
    endpoint: Endpoint, told: Told, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SAY_EVERY_S", 0.2)

    def deploys() -> None:
        with pytest.raises(ProjectError):  # it is deleted in the middle
            Deployment(waiting, Wishes(), endpoint, told).deploy()

    runs = threading.Thread(target=deploys)
    runs.start()
    said = told.wait_for(f"{waiting.name} waits for Answer (Custom::Answer), CREATE_IN_PROGRESS")
    assert " since " in said
    endpoint.client("cloudformation").delete_stack(StackName=waiting.name)
    runs.join(60)
    assert not runs.is_alive()


def test_ctrl_c_leaves_a_deployment_at_work_and_says_so(
    engine: Engine, endpoint: Endpoint, waiting: Path
) -> None:
    run = [
        *(sys.executable, "-m", "lambda_nb", "deploy", str(waiting), "--endpoint-url", engine.url),
        *("--credentials", str(engine.credentials_file)),
    ]
    started = subprocess.Popen(
        run,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        # What runs the tests in the background may ignore Ctrl-C, and that is inherited.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert started.stdout is not None
    seen = ""
    try:
        for line in started.stdout:
            seen += line
            if "Custom::Answer" in line:
                break
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    finally:
        started.kill()
        started.communicate()
    assert (started.returncode, err) == (130, ""), seen
    assert f"{waiting.name} goes on without this command: it is CREATE_IN_PROGRESS" in out
    assert "waits for Answer (Custom::Answer), CREATE_IN_PROGRESS since" in out
    assert f"`aws cloudformation delete-stack --stack-name {waiting.name}` gives it up" in out
    client = endpoint.client("cloudformation")
    (stack,) = client.describe_stacks(StackName=waiting.name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_IN_PROGRESS"
