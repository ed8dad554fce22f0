"""Cells of other languages and packages, really run: node, ruby, Go, Java, pip."""

from __future__ import annotations

import atexit
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine, needs_program
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.errors import FunctionError, NotebookError
from lambda_nb.notebook.functions import installers
from lambda_nb.notebook.magics import extension

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def deploy(shell: InteractiveShell, options: str, source: str) -> Any:
    """The handle of a new function."""
    name = Engine.name("lang").replace("-", "_")
    shell.run_cell(f"%%lambda {name} --timeout 30 {options}\n{source}").raise_error()
    return shell.user_ns[name]


@needs_program("node")
def test_node(shell: InteractiveShell) -> None:
    source = "exports.handler = async (event) => {\n  return event.a.b + 1;\n};"
    function = deploy(shell, "--runtime nodejs22.x", source)
    assert function({"a": {"b": 1}}) == 2
    with pytest.raises(FunctionError, match="TypeError") as caught:
        function({})
    assert any("line 3" in frame and "event.a.b" in frame for frame in caught.value.frames)


@needs_program("node")
def test_an_sdk_that_is_not_here_is_told_under_the_error(shell: InteractiveShell) -> None:
    source = "import '@aws-sdk/client-of-nobody';\nexport const handler = async () => 1;"
    with pytest.raises(FunctionError, match="runtimes install nodejs-sdk") as caught:
        deploy(shell, "--runtime nodejs20.x", source)({})
    assert "@aws-sdk/client-of-nobody is part of AWS's Node.js runtime" in str(caught.value)


@needs_program("ruby")
def test_ruby(shell: InteractiveShell) -> None:
    source = "def handler(event:, context:)\n  event['n'] + 1\nend"
    assert deploy(shell, "--runtime ruby3.3", source)({"n": 1}) == 2


@needs_program("go")
def test_go(shell: InteractiveShell) -> None:
    source = """package main

import "github.com/aws/aws-lambda-go/lambda"

type Event struct{ N int }

func handle(event Event) (int, error) { return event.N + 1, nil }

func main() { lambda.Start(handle) }
"""
    assert deploy(shell, "--runtime provided.al2023", source)({"N": 1}) == 2


@needs_program("javac")
def test_java(shell: InteractiveShell) -> None:
    source = """import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

public class Next implements RequestHandler<Map<String, Integer>, Integer> {
    public Integer handleRequest(Map<String, Integer> event, Context context) {
        return event.get("n") + 1;
    }
}
"""
    assert deploy(shell, "--runtime java17 --memory 512", source)({"n": 1}) == 2


@needs_program("javac")
def test_what_does_not_compile_is_shown(shell: InteractiveShell) -> None:
    with pytest.raises(NotebookError, match=r"does not compile:\n.*Bad.java:2"):
        deploy(shell, "--runtime java17", "public class Bad { nonsense }")


def test_requirements_become_a_layer_that_is_published_once(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path / "home"))
    package = tmp_path / "wordlength"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
        '[project]\nname = "wordlength"\nversion = "1.0"\n'
    )
    (package / "setup.py").write_text(BACKEND)
    source = "import wordlength\ndef handler(event, context):\n    return wordlength.of(event)"
    first = deploy(shell, f"--requirements {package}", source)
    assert first("four") == 4
    layers = first.config["Layers"]
    assert len(layers) == 1
    second = deploy(shell, f"--requirements {package}", source)
    assert second.config["Layers"] == layers


def test_packages_are_for_the_version_that_runs(
    shell: InteractiveShell, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(engine.get("/_lambda_nb/runtimes"))["runtimes"]
    absent = [row for row in told.values() if row["status"] == "nearest"]
    row = next(row for row in absent if row["runtime"].startswith("python"))
    seen: list[installers.Wanted] = []

    def install(wanted: installers.Wanted, layer: Path) -> None:
        seen.append(wanted)
        (layer / "python").mkdir()
        (layer / "python" / "made.py").write_text("value = 1")

    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path))
    monkeypatch.setitem(installers.INSTALLERS, "python", install)
    source = "import made\ndef handler(event, context):\n    return made.value"
    assert deploy(shell, f"--runtime {row['runtime']} --requirements made", source)({}) == 1
    assert [wanted.runtime for wanted in seen] == [f"python{row['version']}"]


# A build backend of a few lines: the test needs no package index.
BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "wordlength-1.0-py3-none-any.whl"
    info = "wordlength-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("wordlength.py", "of = len\\n")
        about = "Metadata-Version: 2.1\\nName: wordlength\\nVersion: 1.0\\n"
        wheel.writestr(f"{info}/METADATA", about)
        tag = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own packages, and no registry."""
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    return tmp_path


def written(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


@needs_program("node", "npm")
def test_packages_of_npm(shell: InteractiveShell, offline: Path) -> None:
    words = written(
        offline / "words",
        package_json='{"name": "words", "version": "1.0.0"}',
        index_js="exports.of = (text) => text.length;",
    )
    source = "import { of } from 'words';\nexport const handler = async (event) => of(event);"
    by_name = deploy(shell, f"--runtime nodejs20.x --requirements {words}", source)
    assert by_name("four") == 4
    project = written(
        offline / "project", package_json='{"dependencies": {"words": "file:../words"}}'
    )
    listed = f"--runtime nodejs20.x --requirements {project / 'package.json'}"
    first, second = deploy(shell, listed, source), deploy(shell, listed, source)
    assert first("three") == 5
    assert first.config["Layers"] == second.config["Layers"] != by_name.config["Layers"]
    with pytest.raises(NotebookError, match=r"cannot install:\n(.*\n)*.*ENOTCACHED") as refused:
        deploy(shell, "--runtime nodejs20.x --requirements is-odd@3.0.1", source)
    assert "A complete log" not in str(refused.value)
    with pytest.raises(NotebookError, match=r"for nodejs20.x give one package.json, or packages"):
        deploy(shell, f"--runtime nodejs20.x --requirements {words / 'index.js'}", source)


def gem_source(folder: Path) -> Path:
    """A gem, and the index of a source that has it."""
    project = written(
        folder / "gem",
        words_gemspec="Gem::Specification.new do |s|\n  s.name = 'words'; s.version = '1.0.0'\n"
        "  s.summary = 'x'; s.authors = ['x']; s.files = ['lib/words.rb']\nend\n",
    )
    written(project / "lib", words_rb="module Words\n  def self.of(text) = text.length\nend\n")
    gems = folder / "source" / "gems"
    gems.mkdir(parents=True)
    for step in (
        ["gem", "build", "words.gemspec", "-o", str(gems / "words-1.0.0.gem")],
        ["gem", "generate_index", "-d", str(gems.parent)],
    ):
        done = subprocess.run(step, cwd=project, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this RubyGems makes no index: {done.stderr[-300:]}")
    return gems.parent


RUBY = "require 'words'\ndef handler(event:, context:)\n  Words.of(event)\nend"


@needs_program("ruby", "gem")
def test_packages_of_gem(shell: InteractiveShell, offline: Path) -> None:
    gem = gem_source(offline) / "gems" / "words-1.0.0.gem"
    assert deploy(shell, f"--runtime ruby3.3 --requirements {gem}", RUBY)("four") == 4
    with pytest.raises(NotebookError, match=r"nothing@1\.0: cannot install:\nERROR"):
        deploy(shell, "--runtime ruby3.3 --requirements nothing@1.0", RUBY)


@needs_program("ruby", "gem", "bundle")
def test_packages_of_a_gemfile(shell: InteractiveShell, offline: Path) -> None:
    source = gem_source(offline)
    text = f'source "{source.as_uri()}"\ngem "words"\n'
    project = written(offline / "project", Gemfile=text)
    function = deploy(shell, f"--runtime ruby3.3 --requirements {project / 'Gemfile'}", RUBY)
    assert function("four") == 4


@needs_program("go")
def test_modules_of_go(shell: InteractiveShell, offline: Path) -> None:
    written(
        offline / "words",
        go_mod="module example.com/words\n\ngo 1.18\n",
        words_go="package words\n\nfunc Of(text string) int { return len(text) }\n",
    )
    project = written(
        offline / "project",
        go_mod="module mine\n\ngo 1.18\n\nrequire example.com/words v0.0.0\n\n"
        "replace example.com/words => ../words\n",
    )
    source = """package main

import (
	"example.com/words"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(func(text string) (int, error) { return words.Of(text), nil }) }
"""
    function = deploy(
        shell, f"--runtime provided.al2023 --requirements {project / 'go.mod'}", source
    )
    assert function("four") == 4
    with pytest.raises(NotebookError, match=r"nothing@v1: cannot install:\n(.*\n)*.*off"):
        deploy(shell, "--runtime provided.al2023 --requirements example.com/nothing@v1", source)


@pytest.mark.parametrize(
    ("options", "source", "said"),
    [
        ("--runtime java17", "public class A {}", "is not for Java; add jar files with --file"),
        ("--runtime provided.al2023", "#!/bin/sh\n", "is not for custom runtimes, except in Go"),
    ],
)
def test_what_takes_no_requirements(
    shell: InteractiveShell, options: str, source: str, said: str
) -> None:
    with pytest.raises(NotebookError, match=said):
        deploy(shell, f"{options} --requirements x", source)
