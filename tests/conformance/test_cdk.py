"""The real CDK bootstraps, deploys, compares, changes and destroys an app of two stacks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deployment_tools import command_for, outputs
from engine_fixtures import Engine

APP = Path(__file__).parent / "cdk"


@pytest.mark.slow
@pytest.mark.timeout(500)  # CDK itself takes a while for each of its seven commands
def test_an_app_from_bootstrap_to_destroy(
    start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    # CDK's own custom resources are for a Node.js that may not be here.
    engine = start_engine("--runtime-fallback", "nearest")
    app = tmp_path / "app"
    shutil.copytree(APP, app)
    cdk = command_for("cdk", engine, app)
    site, web = "made-site", "made-web"

    def run(*words: str, says: str = "first") -> str:
        return cdk(*words, "--context", "name=made", "--context", f"says={says}")

    def invoked() -> Any:
        answer = engine.client().invoke(FunctionName=outputs(engine, web)["Function"])
        return json.load(answer["Payload"])

    run("bootstrap", f"aws://{engine.account}/{engine.region}")
    run("deploy", "--all", "--require-approval", "never")
    bucket = outputs(engine, site)["BucketName"]
    assert outputs(engine, site)["Done"] == "yes"
    s3 = engine.client("s3")
    assert b"A site" in s3.get_object(Bucket=bucket, Key="index.html")["Body"].read()
    config = json.load(s3.get_object(Bucket=bucket, Key="config.json")["Body"])
    assert config == {"bucket": bucket}
    assert invoked() == ["first", bucket]

    told = run("diff", web, says="second")
    assert "Number of stacks with differences: 1" in told
    assert "AWS::Lambda::Function" in told
    assert "no changes" in run("deploy", web, "--exclusively", "--require-approval", "never")
    run("deploy", web, "--exclusively", "--hotswap", says="second")
    assert invoked() == ["second", bucket]

    run("destroy", "--all", "--force")
    there = engine.client("cloudformation").describe_stacks()["Stacks"]
    assert [one["StackName"] for one in there] == ["CDKToolkit"]
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert engine.client().list_functions()["Functions"] == []
