"""``lambda-nb runtimes``: the table, and what it fetches: from a mirror, npm, a source of gems."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from engine_fixtures import Engine, needs_program, start_engine
from execution_lab import Lab, error, lab, make_lab

from lambda_nb.engine.execution.runtimes import interpreters, python_sdk, sdks
from lambda_nb.engine.process import installing

__all__ = ["lab", "make_lab", "start_engine"]

OWN = "{}.{}".format(*sys.version_info[:2])
STANDALONE = "https://github.com/astral-sh/python-build-standalone/releases/download"
"""The URL that uv replaces by a mirror's."""
OTHERS = [version for version in interpreters.pythons() if version != OWN]
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lambda_nb.engine", "runtimes", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_the_table_as_people_and_as_programs_read_it() -> None:
    told = json.loads(command("--json").stdout)
    rows = {row["runtime"]: row for row in told["runtimes"]}
    own = rows[f"python{OWN}"]
    assert (own["status"], own["version"]) == ("here", OWN)
    assert os.path.samefile(own["program"], interpreters.own_python())
    assert rows["dotnet8"]["status"] == "missing"
    assert rows["provided.al2023"]["status"] == "here"
    assert all(row["remedy"] for row in rows.values() if row["status"] != "here")
    assert set(told["sdks"]) == {"nodejs-sdk", "ruby-sdk"}
    lines = command().stdout.splitlines()
    assert next(line for line in lines if line.startswith(f"python{OWN} ")).split()[1] == "yes"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("node22", "'node22' is nothing that can be installed"),
        ("python3.99", "python3.99 is no runtime of AWS's"),
    ],
)
def test_what_cannot_be_installed(name: str, said: str) -> None:
    done = command("install", name)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_python_that_is_here_is_not_fetched() -> None:
    done = command("install", f"python{OWN}")
    assert done.returncode == 0
    assert f"python{OWN} is here already" in done.stdout


def bare(tmp_path: Path) -> dict[str, str]:
    """The environment variables of a user whose home has no Python."""
    path = f"{Path(UV).parent}:/bin"
    return {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": path}


def missing_here(tmp_path: Path) -> list[str]:
    """Versions that this machine has, but not in the environment of :func:`bare`."""
    found = json.loads(command("--json", **bare(tmp_path)).stdout)["runtimes"]
    absent = {row["runtime"] for row in found if row["status"] != "here"}
    return [version for version in OTHERS if f"python{version}" in absent]


@pytest.mark.slow
@pytest.mark.skipif(not Path(UV).exists(), reason="needs uv (pip install uv)")
def test_a_python_comes_from_a_mirror_and_runs_functions(
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    start_engine: Callable[..., Engine],
) -> None:
    candidates = missing_here(tmp_path)
    if not candidates:
        pytest.skip("needs a second Python, which the mirror can give out")
    version = candidates[-1]
    listing = [UV, "python", "list", version, "--only-downloads", "--output-format", "json"]
    rows = json.loads(subprocess.run(listing, capture_output=True, check=True).stdout)
    row = next(row for row in rows if row["implementation"] == "cpython")
    archive = tmp_path / "mirror" / Path(unquote(row["url"]).rpartition("/releases/download/")[2])
    pack(Path(interpreters.pythons()[version]), version, archive)
    known = tmp_path / "downloads.json"
    known.write_text(json.dumps({row["key"]: download(row, archive)}))

    mirror = (tmp_path / "mirror").as_uri()
    environment = {
        **bare(tmp_path),
        "XDG_CACHE_HOME": str(cache),
        "UV_PYTHON_DOWNLOADS_JSON_URL": str(known),
    }
    done = command("install", f"python{version}", "--mirror", mirror, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    installed = cache / "lambda_nb" / "pythons"
    assert f"python{version} is {installed}/cpython-{version}." in done.stdout
    told = json.loads(command("--json", **environment).stdout)["runtimes"]
    used = next(row for row in told if row["runtime"] == f"python{version}")
    assert used["status"] == "here"
    assert used["program"].startswith(str(installed))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    engine = start_engine()
    code = "import json, sys\ndef handler(event, context):\n    return [sys.prefix, sys.version]\n"
    function = engine.create(code, Runtime=f"python{version}", Timeout=30)
    answer = engine.client().invoke(FunctionName=function)
    assert "FunctionError" not in answer
    prefix, tells = json.load(answer["Payload"])
    assert os.path.samefile(prefix, Path(used["program"]).parents[1])
    assert tells.startswith(f"{version}.")

    shutil.rmtree(cache)
    shutil.rmtree(tmp_path / "mirror")
    failed = command("install", f"python{version}", "--mirror", mirror, **environment)
    assert failed.returncode == 1
    assert f"python{version} could not be fetched" in failed.stderr


def pack(program: Path, version: str, archive: Path) -> None:
    """Pack a Python of this machine into an archive in the layout that uv expects."""
    prefix = program.resolve().parent.parent
    library = f"lib/python{version}"
    left_out = {"test", "site-packages", "idlelib", "tkinter", "ensurepip", "__pycache__"}

    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = Path(member.name).parts
        return None if left_out & set(parts) or parts[-1].startswith("config-") else member

    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(program.resolve(), f"python/bin/python{version}")
        packed.add(prefix / library, f"python/{library}", filter=kept)
        for shared in prefix.glob("lib/libpython*.so*"):
            packed.add(shared, f"python/lib/{shared.name}")


def download(row: dict[str, Any], archive: Path) -> dict[str, Any]:
    """The entry that tells uv about a download."""
    return {
        "name": "cpython",
        "arch": {"family": row["arch"], "variant": None},
        "os": row["os"],
        "libc": row["libc"],
        **row["version_parts"],
        "prerelease": "",
        "url": f"{STANDALONE}/{archive.parent.name}/{quote(archive.name)}",
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "variant": None,
    }


def test_without_uv_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(interpreters, "python", lambda version: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(installing.InstallError, match="Install it: pip install uv"):
        installing.install("python3.14", mirror=None, source=None, more=[], say=print)


# --- AWS's SDKs


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private cache directory, which environments may read at every level."""
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / tmp_path.name
    shutil.rmtree(folder, ignore_errors=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


USES_SDK = """
import {{ SQSClient }} from '{package}';
export const handler = async () => typeof SQSClient;
"""


@needs_program("node")
async def test_the_log_says_how_to_get_the_sdk(cache: Path, make_lab: Any) -> None:
    lab = await make_lab()
    for name, source in (
        ("index.mjs", USES_SDK.format(package="@aws-sdk/client-sqs")),
        ("index.js", "require('@aws-sdk/client-sqs'); exports.handler = async () => 1;"),
    ):
        function = lab.function(
            runtime="nodejs20.x", files={name: source}, handler="index.handler", timeout_s=20
        )
        failed = error(await lab.invoke(function))
        assert failed["errorType"] == "Runtime.ImportModuleError"
        assert "client-sqs" in failed["errorMessage"]
    said = "@aws-sdk/client-sqs is part of AWS's Node.js runtime. Here fetch it once: "
    # Each init phase that fails is run once more inside the invocation.
    assert lab.sink.text.count(f"{said}lambda-nb runtimes install nodejs-sdk\n") == 4


@needs_program("node", "npm")
@pytest.mark.slow
@pytest.mark.xdist_group("javascript")
async def test_the_sdk_for_javascript_is_below_layers(
    cache: Path, make_lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdks, "NODEJS_CLIENTS", ("sqs",))
    monkeypatch.setattr(sdks, "NODEJS_LIBRARIES", ())
    lab = await make_lab()
    code = USES_SDK.format(package="@aws-sdk/client-sqs")
    function = lab.function(
        runtime="nodejs20.x", files={"index.mjs": code}, handler="index.handler", timeout_s=30,
        memory_mb=512,
    )  # fmt: skip
    error(await lab.invoke(function))
    said: list[str] = []
    try:
        folder = installing.nodejs_sdk([], said.append)
    except installing.InstallError as refused:
        pytest.skip(f"npm cannot fetch the SDK: {refused}")
    assert not list(folder.rglob("dist-types"))
    assert (await lab.invoke(function)).payload == b'"function"'  # found without a restart
    before = len(said)
    installing.nodejs_sdk([], said.append)
    assert said[before:] == [f"the SDK is here already: {folder.parent.resolve()}"]

    own = {"index.mjs": code, "package.json": "{}"}
    own["node_modules/@aws-sdk/client-sqs/index.js"] = "exports.SQSClient = 1;"
    mine = lab.function(runtime="nodejs20.x", files=own, handler="index.handler", timeout_s=30)
    assert (await lab.invoke(mine)).payload == b'"number"'
    absent = code.replace("client-sqs", "client-foo")
    other = lab.function(
        runtime="nodejs20.x", files={"index.mjs": absent}, handler="index.handler", timeout_s=30
    )
    error(await lab.invoke(other))
    assert "runtimes install nodejs-sdk --with client-foo\n" in lab.sink.text
    shutil.rmtree(cache)


async def test_the_sdk_for_an_old_python_is_fetched_by_uv(
    cache: Path, make_lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_sdk, "runs_on", lambda version: False)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(cache))
    monkeypatch.setenv("UV_CACHE_DIR", str(cache / "uv"))
    lab = await make_lab()
    source = "def handler(event, context):\n    import boto3\n    return boto3.__version__\n"
    function = lab.function(source, timeout_s=20)
    assert error(await lab.invoke(function))["errorMessage"] == "No module named 'boto3'"
    assert f"lambda-nb runtimes install python{OWN}-sdk" in lab.sink.text

    def install() -> None:
        installing.install(f"python{OWN}-sdk", mirror=None, source=None, more=[], say=print)

    with pytest.raises(installing.InstallError, match="uv could not fetch the SDK"):
        install()
    about = "Metadata-Version: 2.1\nName: boto3\nVersion: 1.2.3\n"
    with zipfile.ZipFile(cache / "boto3-1.2.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr("boto3/__init__.py", "__version__ = '1.2.3'")
        wheel.writestr("boto3-1.2.3.dist-info/METADATA", about)
        wheel.writestr("boto3-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("boto3-1.2.3.dist-info/RECORD", "")
    install()
    other = lab.function(source, timeout_s=20)
    assert (await lab.invoke(other)).payload == b'"1.2.3"'


def test_no_sdk_without_its_python(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "python", lambda version: None)
    with pytest.raises(installing.InstallError, match=r"runtimes install python3\.9$"):
        installing.python_sdk("3.9", [], print)
    assert not sdks.python("3.9").exists()


@needs_program("npm")
def test_offline_the_error_says_what_npm_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(cache / "npm"))
    with pytest.raises(installing.InstallError, match="npm could not fetch the SDK") as refused:
        installing.nodejs_sdk([], lambda text: None)
    assert "ENOTCACHED" in str(refused.value)
    assert not sdks.nodejs().exists()
    shutil.rmtree(cache)


PACKAGES = {
    "both/package.json": json.dumps(
        {
            "name": "both",
            "exports": {
                ".": {"import": "./index.mjs", "require": "./index.cjs"},
                "./sub": "./sub.mjs",
            },
        }
    ),
    "both/index.mjs": "export const kind = 'module'; export default 'whole';",
    "both/index.cjs": "exports.kind = 'commonjs';",
    "both/sub.mjs": "import { kind } from 'old'; export const sub = kind;",
    "old/index.js": "exports.kind = 'old';",
}


def layer(folder: Path, files: dict[str, str], under: str = "nodejs/node_modules") -> Path:
    for name, text in files.items():
        (folder / under / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / under / name).write_text(text)
    return folder


@needs_program("node")
@pytest.mark.parametrize("under", ["nodejs/node_modules", "nodejs/node20/node_modules"])
async def test_modules_of_a_layer_are_imported(lab: Lab, under: str) -> None:
    source = """
    import whole, { kind } from 'both';
    import { sub } from 'both/sub';
    import old, { kind as named } from 'old';
    export const handler = async () => [whole, kind, sub, old.kind, named];
    """
    folder = layer(lab.folder / "layer", PACKAGES, under)
    settings = {"runtime": "nodejs20.x", "handler": "index.handler", "layer_dirs": (folder,)}
    function = lab.function(files={"index.mjs": source}, timeout_s=20, **settings)
    assert json.loads((await lab.invoke(function)).payload) == [
        "whole", "module", "old", "old", "old",
    ]  # fmt: skip
    dynamic = "exports.handler = async () => [(await import('both')).kind, require('both').kind];"
    mixed = lab.function(files={"index.js": dynamic}, timeout_s=20, **settings)
    assert json.loads((await lab.invoke(mixed)).payload) == ["module", "commonjs"]
    own = {
        "index.mjs": "import { kind } from 'both'; export const handler = async () => kind;",
        "node_modules/both/package.json": '{"main": "own.js"}',
        "node_modules/both/own.js": "exports.kind = 'my own';",
    }
    mine = lab.function(files=own, timeout_s=20, **settings)
    assert (await lab.invoke(mine)).payload == b'"my own"'
    wrong = "import 'both/nothing'; export const handler = async () => 1;"
    refused = error(await lab.invoke(lab.function(files={"index.mjs": wrong}, **settings)))
    assert "Package subpath './nothing' is not defined" in refused["errorMessage"]


@needs_program("ruby", "gem")
@pytest.mark.slow
async def test_the_sdk_for_ruby_comes_from_a_source_of_gems(
    cache: Path, tmp_path: Path, make_lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = gems(tmp_path)
    monkeypatch.setattr(sdks, "RUBY_GEMS", {"aws-sdk-test": "~> 1.0"})
    lab = await make_lab()
    code = "require 'aws-sdk-test'\ndef handler(event:, context:)\n  Aws::Test\nend\n"
    function = lab.function(
        runtime="ruby3.3", files={"index.rb": code}, handler="index.handler", timeout_s=30
    )
    error(await lab.invoke(function))
    said = "aws-sdk-test is part of AWS's Ruby runtime. Here fetch it once: "
    assert f"{said}lambda-nb runtimes install ruby-sdk\n" in lab.sink.text
    installing.ruby_sdk([], lambda text: None, source)
    assert (await lab.invoke(function)).payload == b'"from the gem"'
    with pytest.raises(installing.InstallError, match="a source of gems is named with --source"):
        installing.ruby_sdk(["aws-sdk-nothing"], lambda text: None, source)
    assert (await lab.invoke(function)).payload == b'"from the gem"'
    shutil.rmtree(cache)


def gems(folder: Path) -> str:
    """The URL of a source that has one gem."""
    project = folder / "gem"
    (project / "lib").mkdir(parents=True)
    (project / "lib" / "aws-sdk-test.rb").write_text("module Aws; Test = 'from the gem'; end\n")
    (project / "x.gemspec").write_text(
        "Gem::Specification.new do |s|\n"
        "  s.name = 'aws-sdk-test'; s.version = '1.2.0'; s.summary = 'x'; s.authors = ['x']\n"
        "  s.files = ['lib/aws-sdk-test.rb']\nend\n"
    )
    place = folder / "source" / "gems"
    place.mkdir(parents=True)
    built = place / "aws-sdk-test-1.2.0.gem"
    for step in (
        ["gem", "build", "x.gemspec", "-o", str(built)],
        ["gem", "generate_index", "-d", str(place.parent)],
    ):
        done = subprocess.run(step, cwd=project, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this RubyGems makes no index: {done.stderr[-300:]}")
    return place.parent.as_uri()
