"""AWS's SDK for JavaScript, unmodified: its serialiser, its waiters, its event streams."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),  # npm fetches the SDK
    pytest.mark.xdist_group("javascript"),
    pytest.mark.skipif(
        shutil.which("npm") is None, reason="needs node and npm (apt-get install npm)"
    ),
]

SDK = "@aws-sdk/client-lambda@3"
CODE = """
exports.handler = async (event) => {
  if (event.bad) throw new RangeError("bad");
  return { twice: event.n * 2 };
};
"""


@pytest.fixture(scope="module")
def project() -> Path:
    """A folder with the SDK from npm; kept beside the virtual environment."""
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / "javascript"
    if not (folder / "node_modules" / "@aws-sdk" / "client-lambda").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "--prefix",
            str(folder),
            SDK,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm could not install {SDK}: {done.stderr[-300:]}")
    script = Path(__file__).with_name("javascript_client.mjs")
    shutil.copy(script, folder / script.name)
    return folder


def test_a_strangers_script(engine: Engine, project: Path, tmp_path: Path) -> None:
    name = engine.name("js")
    package = tmp_path / "code.zip"
    package.write_bytes(zip_of({"index.js": CODE}))
    keys = engine.keys
    done = subprocess.run(
        ["node", "javascript_client.mjs", name, str(package)],
        cwd=project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_REGION": engine.region,
            "AWS_ENDPOINT_URL": engine.url,
            "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "state": "Active",
        "answer": {"twice": 40},
        "version": "$LATEST",
        "report": True,
        "error": "Unhandled",
        "errorType": "RangeError",
        "complete": True,
        "streamed": {"twice": 2},
        "listed": True,
        "missing": ["ResourceNotFoundException", 404],
    }
