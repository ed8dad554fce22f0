"""The real AWS CLI deploys, packages and deletes templates, with the engine's address alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine

AWS = Path(sys.executable).with_name("aws")
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"

pytestmark = pytest.mark.skipif(not AWS.exists(), reason=f"no aws CLI at {AWS}")

SAM = f"""
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {{Runtime: {PYTHON}, Handler: index.handler}}
Parameters:
  Word: {{Type: String, Default: none}}
Resources:
  Jobs: {{Type: AWS::SQS::Queue}}
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Environment: {{Variables: {{WORD: !Ref Word, QUEUE: !Ref Jobs}}}}
      Policies: [{{SQSSendMessagePolicy: {{QueueName: !GetAtt Jobs.QueueName}}}}]
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: inner.yaml
      Parameters: {{Name: !Ref Word}}
Outputs:
  Api: {{Value: !Ref Api}}
  Inner: {{Value: !GetAtt Inner.Outputs.Said}}
"""
INNER = """
Parameters: {Name: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {Said: {Value: !Sub "inner ${Name}"}}
"""


def aws(engine: Engine, *arguments: str, fails: bool = False) -> str:
    """What a command of the CLI prints."""
    done = subprocess.run(
        [sys.executable, str(AWS), *arguments],
        env={**engine.environ, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stderr + done.stdout
    return done.stderr if fails else done.stdout


def deploy(engine: Engine, name: str, template: Path, *more: str, fails: bool = False) -> str:
    """``aws cloudformation deploy``; a failure shows the stack's events."""
    capable = ("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
    asked = ("--stack-name", name, "--template-file", str(template), *capable, *more)
    try:
        return aws(engine, "cloudformation", "deploy", *asked, fails=fails)
    except AssertionError as error:
        events = engine.client("cloudformation").describe_stack_events(StackName=name)
        reasons = [one.get("ResourceStatusReason") for one in events["StackEvents"]]
        raise AssertionError(f"{error}\n{reasons}") from None


def outputs(engine: Engine, name: str) -> dict[str, Any]:
    """A stack's outputs."""
    (stack,) = engine.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


@pytest.mark.slow
@pytest.mark.timeout(300)  # the CLI waits five seconds between its looks
def test_package_deploy_change_and_delete(engine: Engine, tmp_path: Path) -> None:
    name, bucket = engine.name("app"), engine.name("artifacts")
    (tmp_path / "src").mkdir()
    code = "import os\ndef handler(event, context):\n    return os.environ['WORD'] + '{}'\n"
    (tmp_path / "src" / "index.py").write_text(code.format("!"))
    template, packaged = tmp_path / "template.yaml", tmp_path / "packaged.yaml"
    template.write_text(SAM)
    (tmp_path / "inner.yaml").write_text(INNER)
    engine.client("s3").create_bucket(Bucket=bucket)

    def package() -> None:
        into = ("--s3-bucket", bucket, "--output-template-file", str(packaged))
        aws(engine, "cloudformation", "package", "--template-file", str(template), *into)

    def answer() -> Any:
        function = outputs(engine, name)["Api"]
        return json.loads(engine.client().invoke(FunctionName=function)["Payload"].read())

    package()
    said = deploy(engine, name, packaged, "--parameter-overrides", "Word=one")
    assert "Successfully created/updated stack" in said
    assert outputs(engine, name)["Inner"] == "inner one"
    assert answer() == "one!"

    # A nested stack may always have changed, so AWS finds something to update.
    same = ("--parameter-overrides", "Word=one", "--no-fail-on-empty-changeset")
    assert "Successfully created/updated stack" in deploy(engine, name, packaged, *same)

    (tmp_path / "src" / "index.py").write_text(code.format("?"))
    package()
    deploy(engine, name, packaged, "--parameter-overrides", "Word=two")
    assert answer() == "two?"
    assert outputs(engine, name)["Inner"] == "inner two"

    aws(engine, "cloudformation", "delete-stack", "--stack-name", name)
    # The CLI's own waiter looks only every 30 seconds.
    waiter = engine.client("cloudformation").get_waiter("stack_delete_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    gone = aws(engine, "cloudformation", "describe-stacks", "--stack-name", name, fails=True)
    assert f"Stack with id {name} does not exist" in gone


def test_a_deployment_that_fails_says_so(engine: Engine, tmp_path: Path) -> None:
    name, template = engine.name("broken"), tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n  Mapping:\n"
        "    Type: AWS::Lambda::EventSourceMapping\n"
        "    Properties: {FunctionName: nobody, EventSourceArn: !GetAtt Queue.Arn}\n"
    )
    said = deploy(engine, name, template, fails=True)
    assert "Failed to create/update the stack" in said
    told = json.loads(aws(engine, "cloudformation", "describe-stacks", "--stack-name", name))
    assert told["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
