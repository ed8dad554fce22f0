"""An export as archives is uploaded by the AWS CLI, and has the functions as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_fixtures import Engine
from exports_lab import At, Sample

from lambda_nb.exports.differences import differences
from lambda_nb.exports.export import export

AWS = Path(sys.executable).with_name("aws")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("exports"),
    pytest.mark.skipif(not AWS.exists(), reason=f"no aws CLI at {AWS}"),
]


def test_it_is_uploaded_and_uploaded_again(
    sample: Sample, start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    exported = export(At(sample.engine), "zip", [sample.other], folder)
    assert any("functions only" in note for note in exported.application.notes)
    there = start_engine()
    environ = {
        **there.environ,
        "PATH": f"{AWS.parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_REGION": there.region,
        "ROLE_WAIT_S": "0",
        "AWS_PAGER": "",
    }
    for said in ("created", "updated"):
        done = subprocess.run(
            ["sh", str(folder / "deploy.sh")],
            env=environ,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"{said} {sample.other}" in done.stdout
    (row,) = differences(At(sample.engine), At(there), [sample.other])
    assert set(row.settings) == {"code", "env QUEUE_URL"}
    answer = there.client().invoke(FunctionName=sample.other, Payload=b"{}")
    assert json.loads(answer["Payload"].read())["body"] == "other"
