"""Version 2 of AWS's SDK for JavaScript (``aws-sdk``) is told of the engine when it is loaded.

The real package is looked for at ``LAMBDA_NB_AWS_SDK``, and among npm's global packages below
``LAMBDA_NB_TOOLS``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from deployment_tools import TOOLS
from engine_fixtures import Engine, needs_program, zip_of

from lambda_nb.engine.execution.runtimes.launch import BOOTSTRAPS

NODE = shutil.which("node")
pytestmark = needs_program("node")

OLD_SDK = BOOTSTRAPS / "nodejs" / "old_sdk.mjs"
ENDPOINT = "http://127.0.0.1:4566"
TOLD = {"endpoint": ENDPOINT, "s3ForcePathStyle": True}
CORE = """
const config = {endpoint: process.env.OWN_ENDPOINT};
config.update = (more) => Object.assign(config, more);
module.exports = {config};
"""
LAYOUT = {
    "node_modules/aws-sdk/package.json": '{"name": "aws-sdk", "version": "2.0.0"}',
    "node_modules/aws-sdk/index.js": 'module.exports = require("./lib/core");',
    "node_modules/aws-sdk/lib/core.js": CORE,
    "node_modules/aws-sdk/clients/s3.js": 'require("../lib/core"); module.exports = "s3";',
    "node_modules/other/index.js": 'module.exports = "other";',
}
"""Where version 2 has its parts that matter here."""
HANDLER = """
const AWS = require("aws-sdk");
exports.handler = async () => ({...AWS.config, url: process.env.AWS_ENDPOINT_URL});
"""
REAL = Path(os.environ.get("LAMBDA_NB_AWS_SDK", TOOLS / "npm/lib/node_modules/aws-sdk"))


def run(script: str, directory: Path, **variables: str) -> Any:
    """What a script prints as JSON, in a process that was told of the SDK as functions are."""
    assert NODE is not None
    (directory / "run.mjs").write_text(
        f"import {{ createRequire }} from 'node:module';\n"
        f"import {{ tellOldSdk }} from {json.dumps(OLD_SDK.as_uri())};\n"
        "const require = createRequire(import.meta.url);\n"
        f"tellOldSdk();\n{script}\n"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(directory), **variables}
    done = subprocess.run(
        [NODE, "run.mjs"], cwd=directory, env=environ, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A directory with a package that has version 2's layout."""
    write(tmp_path, LAYOUT)
    return tmp_path


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


SHOW = "const {config} = require('aws-sdk/lib/core'); console.log(JSON.stringify(config));"


@pytest.mark.parametrize(
    "load",
    [
        "require('aws-sdk');",
        "require('aws-sdk/clients/s3');",
        "require('./node_modules/aws-sdk/clients/s3');",
        "await import('aws-sdk');",
        "require('other'); require('aws-sdk');",
    ],
)
def test_it_is_told_however_it_is_loaded(package: Path, load: str) -> None:
    assert run(load + SHOW, package, AWS_ENDPOINT_URL=ENDPOINT) == TOLD


def test_what_it_was_given_itself_counts(package: Path) -> None:
    own = {"endpoint": "http://own.example"}
    load = "require('aws-sdk');"
    assert run(load + SHOW, package, AWS_ENDPOINT_URL=ENDPOINT, OWN_ENDPOINT=own["endpoint"]) == own
    later = f"require('aws-sdk').config.update({json.dumps(own)});"
    told = run(later + SHOW, package, AWS_ENDPOINT_URL=ENDPOINT)
    assert told["endpoint"] == own["endpoint"]


def test_nothing_is_told_without_an_endpoint(package: Path) -> None:
    assert run("require('aws-sdk');" + SHOW, package) == {}


def test_another_package_of_this_name_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"node_modules/aws-sdk/index.js": "module.exports = {config: {a: 1}};"})
    show = "console.log(JSON.stringify(require('aws-sdk').config));"
    assert run(show, tmp_path, AWS_ENDPOINT_URL=ENDPOINT) == {"a": 1}


def test_a_function_loads_it(engine: Engine) -> None:
    code = zip_of({**LAYOUT, "index.js": HANDLER})
    name = engine.create("", Runtime="nodejs20.x", Code={"ZipFile": code})
    answer = engine.client().invoke(FunctionName=name)
    told = json.loads(answer["Payload"].read())
    assert told["endpoint"] == told["url"]
    assert told["url"].startswith("http://127.0.0.1:")
    assert told["s3ForcePathStyle"] is True


def test_the_real_package_calls_the_engine(engine: Engine, tmp_path: Path) -> None:
    if not REAL.is_dir():
        pytest.skip(f"the package aws-sdk is not at {REAL} (LAMBDA_NB_AWS_SDK)")
    name = engine.name("bucket")
    engine.client("s3").create_bucket(Bucket=name)
    script = f"""
    const AWS = require({json.dumps(str(REAL))});
    const s3 = new AWS.S3();
    await s3.putObject({{Bucket: "{name}", Key: "a", Body: "hello"}}).promise();
    const got = await s3.getObject({{Bucket: "{name}", Key: "a"}}).promise();
    const account = await new AWS.STS().getCallerIdentity().promise();
    console.log(JSON.stringify([got.Body.toString(), account.Account]));
    """
    keys = {name.upper(): value for name, value in engine.keys.items()}
    told = run(script, tmp_path, AWS_ENDPOINT_URL=engine.url, AWS_REGION=engine.region, **keys)
    assert told == ["hello", engine.account]
    body = engine.client("s3").get_object(Bucket=name, Key="a")["Body"].read()
    assert body == b"hello"
