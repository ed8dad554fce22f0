"""Cells of other languages and packages, really run: node, ruby, Go, Java, pip."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine, needs_program
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook import extension
from lambda_nb.notebook.errors import FunctionError, NotebookError

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
