"""The real aws CLI, with nothing but the engine's credentials file."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, zip_of

AWS = Path(sys.executable).with_name("aws")

pytestmark = pytest.mark.skipif(not AWS.exists(), reason=f"no aws CLI at {AWS}")


def aws(engine: Engine, *arguments: str, fails: bool = False, **environ: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(AWS), *arguments, "--output", "json"],
        env={**engine.environ, "AWS_PAGER": "", **environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if fails:
        assert done.returncode != 0, done.stdout
        return done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_create_invoke_delete(engine: Engine, tmp_path: Path) -> None:
    name = engine.name("cli")
    code = tmp_path / "code.zip"
    code.write_bytes(zip_of({"index.py": "def handler(e, c):\n    print('hi')\n    return e\n"}))
    created = aws(
        engine,
        *("lambda", "create-function", "--function-name", name, "--runtime", "python3.11"),
        *("--role", ROLE, "--handler", "index.handler", "--zip-file", f"fileb://{code}"),
    )
    assert created["State"] == "Pending"
    aws(engine, "lambda", "wait", "function-active-v2", "--function-name", name)
    out = tmp_path / "out.json"
    answer = aws(
        engine,
        *("lambda", "invoke", "--function-name", name, "--payload", '{"a": 1}'),
        *("--log-type", "Tail", str(out)),
    )
    assert answer["StatusCode"] == 200
    assert json.loads(out.read_text()) == {"a": 1}
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert [line.split()[0] for line in lines] == ["START", "hi", "END", "REPORT"]
    listed = aws(engine, "lambda", "list-functions", "--query", "Functions[].FunctionName")
    assert name in listed
    aws(engine, "lambda", "delete-function", "--function-name", name)
    said = aws(engine, "lambda", "get-function", "--function-name", name, fails=True)
    assert "(ResourceNotFoundException) when calling the GetFunction operation" in said


def test_wrong_credentials(engine: Engine) -> None:
    keys = {"AWS_ACCESS_KEY_ID": engine.keys["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": "no"}
    said = aws(engine, "lambda", "list-functions", fails=True, **keys)
    assert "(InvalidSignatureException)" in said
    said = aws(engine, "lambda", "list-functions", "--no-sign-request", fails=True)
    assert "(MissingAuthenticationTokenException)" in said


def test_the_neighbours(engine: Engine, tmp_path: Path) -> None:
    bucket = engine.name("cli-bucket")
    file = tmp_path / "file"
    file.write_text("content")
    aws(engine, "s3api", "create-bucket", "--bucket", bucket)
    aws(engine, "s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", str(file))
    found = aws(engine, "s3api", "list-objects-v2", "--bucket", bucket)
    assert [o["Key"] for o in found["Contents"]] == ["k"]
