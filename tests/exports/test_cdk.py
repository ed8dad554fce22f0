"""An export for the CDK is synthesized by the CDK itself, and deploys as the same application."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine
from exports_lab import At, Sample, check_same
from project_reports import Heard

from lambda_nb.exports.export import export
from lambda_nb.projects.deployment import Deployment, Wishes

PYTHON = Path(os.environ.get("LAMBDA_NB_CDK_PYTHON", "/opt/tools/cdkpy/bin/python"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("exports"),
    pytest.mark.skipif(
        not PYTHON.exists(), reason=f"no Python with aws-cdk-lib at {PYTHON} (LAMBDA_NB_CDK_PYTHON)"
    ),
]


def test_it_deploys_as_the_same_application(
    sample: Sample, start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    export(At(sample.engine), "cdk", [sample.worker, sample.other], folder)
    there, heard = start_engine(), Heard()
    made = subprocess.run(
        [str(PYTHON), "app.py"],
        cwd=folder,
        env={
            **os.environ,
            "CDK_OUTDIR": str(folder / "cdk.out"),
            "CDK_DEFAULT_ACCOUNT": there.account,
            "CDK_DEFAULT_REGION": there.region,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    wishes = Wishes(parameters=sample.parameters)
    try:
        Deployment(folder / "cdk.out", wishes, At(there), heard).deploy()
    except Exception as error:
        raise AssertionError(heard.failed) from error
    check_same(sample, there)
