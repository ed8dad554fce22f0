"""Terraform with AWS's own provider against an engine, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine

PLUGINS = Path(os.environ.get("LAMBDA_NB_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
_CONFORMANCE = Path(__file__).parent / "conformance"
_COMPLETE = "terraform"
"""The project that names its endpoints one by one."""

Terraform = Callable[..., subprocess.CompletedProcess[str]]


def terraform_for(
    folder: str, directory: Path, engine: Engine, prefix: str = "terraform"
) -> Terraform:
    """Runs Terraform commands on a configuration of ``tests/conformance`` in a directory.

    The provider and the variables ``runtime`` and ``name``, which begins with ``prefix``, are in
    ``terraform_shared``; only ``terraform`` declares its own, with the variable ``endpoint``. Skips
    the test where Terraform or AWS's provider is missing.
    """
    if shutil.which("terraform") is None:
        pytest.skip("Terraform is not installed")
    if not list(PLUGINS.rglob("terraform-provider-aws*")):
        pytest.skip(f"there is no AWS provider in {PLUGINS} (LAMBDA_NB_TERRAFORM_PLUGINS)")
    shutil.copytree(_CONFORMANCE / folder, directory, dirs_exist_ok=True)
    if folder != _COMPLETE:
        shutil.copy(_CONFORMANCE / "terraform_shared" / "provider.tf", directory)
    settings = directory / "settings.tfrc"
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
        "AWS_ENDPOINT_URL": engine.url,
        # The account is put before this one's host, which must be a name.
        "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE": engine.url.replace("127.0.0.1", "localhost"),
        "TF_VAR_endpoint": engine.url,
        "TF_VAR_runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "TF_VAR_name": engine.name(prefix),
    }

    def run(*words: str, right: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["terraform", words[0], "-no-color", "-input=false", *words[1:]],
            cwd=directory,
            env=environ,
            capture_output=True,
            text=True,
            timeout=250,
        )
        assert done.returncode in right, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    return run
