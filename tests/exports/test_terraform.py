"""An export for Terraform is as ``terraform fmt`` has it, valid, and the same application."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine
from exports_lab import At, Sample, check_same
from terraform_lab import PLUGINS

from lambda_nb.exports.export import export
from lambda_nb.exports.reading.identifiers import snake

AWS = Path(sys.executable).with_name("aws")
"""Called by Terraform for the URL of a function."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("exports"),
    pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed"),
    pytest.mark.skipif(not AWS.exists(), reason=f"no aws CLI at {AWS}"),
    pytest.mark.skipif(
        not list(PLUGINS.rglob("terraform-provider-aws*")),
        reason=f"there is no AWS provider in {PLUGINS} (LAMBDA_NB_TERRAFORM_PLUGINS)",
    ),
]


def terraform(folder: Path, there: Engine, *words: str, right: tuple[int, ...] = (0,)) -> str:
    """Run a command of Terraform against an engine, without a network; what it says."""
    settings = folder.parent / "settings.tfrc"
    mirror = f'filesystem_mirror {{\n    path = "{PLUGINS}"\n  }}'
    settings.write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    done = subprocess.run(
        ["terraform", words[0], "-no-color", *words[1:]],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{AWS.parent}{os.pathsep}{os.environ['PATH']}",
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "AWS_ACCESS_KEY_ID": there.keys["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": there.keys["aws_secret_access_key"],
            "AWS_ENDPOINT_URL": there.url,
        },
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode in right, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_it_is_applied_as_the_same_application(
    sample: Sample, start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    export(At(sample.engine), "terraform", [sample.worker, sample.other], folder)
    there = start_engine()
    subprocess.run([sys.executable, "build.py"], cwd=folder, check=True, timeout=100)
    # An engine's buckets are reached by their paths; nothing else is changed.
    (folder / "override.tf").write_text('provider "aws" {\n  s3_use_path_style = true\n}\n')
    terraform(folder, there, "fmt", "-check", "-diff")
    terraform(folder, there, "init")
    terraform(folder, there, "validate")
    secret = [
        word
        for name, value in sample.parameters.items()
        for word in ("-var", f"{snake(name)}={value}")
    ]
    terraform(folder, there, "apply", "-auto-approve", *secret)
    check_same(sample, there)
    terraform(folder, there, "plan", "-detailed-exitcode", *secret)
