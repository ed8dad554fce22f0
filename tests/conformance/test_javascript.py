"""AWS's SDK for JavaScript, unmodified, from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from engine_fixtures import Engine, zip_of

HERE = Path(__file__).parent / "javascript"

pytestmark = pytest.mark.timeout(600)  # npm fetches the SDK


@pytest.fixture(scope="module")
def sdk() -> Path:
    """The directory with the SDK; installed on first use."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    if not (HERE / "node_modules" / "@aws-sdk" / "client-lambda").exists():
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(install, cwd=HERE, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install AWS's SDK for JavaScript: {done.stderr[-300:]}")
    return HERE


def test_the_sdk_sees_lambda(engine: Engine, sdk: Path, tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    archive.write_bytes(zip_of({"index.py": "def handler(event, context):\n    return event\n"}))
    name = engine.name("js")
    done = subprocess.run(
        [
            "node",
            "client.mjs",
            engine.url,
            engine.region,
            *engine.keys.values(),
            name,
            str(archive),
        ],
        cwd=sdk,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["state"] == "Pending"
    assert seen["payload"] == {"a": 1}
    assert seen["log"] == "START"
    assert seen["version"] == "$LATEST"
    assert (json.loads(seen["chunks"]), seen["complete"]) == ([3], True)
    assert seen["tags"] == {"a key": "ü"}
    assert seen["stolen"][:2] == ["InvalidSignatureException", 403]
    assert seen["missing"] == [
        "ResourceNotFoundException",
        404,
        f"Function not found: arn:aws:lambda:{engine.region}:{engine.account}:function:{name}",
    ]
