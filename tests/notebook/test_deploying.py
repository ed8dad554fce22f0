"""``%lambda deploy``: a project's functions become handles; a watch goes on beside the cells."""

from __future__ import annotations

import atexit
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from engine_fixtures import Engine
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.magics import extension

pytestmark = pytest.mark.slow

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
TEMPLATE = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: src, Handler: app.handler, Runtime: {RUNTIME}}}
Outputs:
  Name: {{Value: !Ref Greet}}
"""
APP = "def handler(event, context):\n    return {answer!r}\n"


@pytest.fixture
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


@pytest.fixture
def project(tmp_path: Path, engine: Engine) -> Path:
    folder = tmp_path / engine.name("project")
    (folder / "src").mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "src" / "app.py").write_text(APP.format(answer="hello"))
    return folder


def value(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_project_is_deployed_watched_and_deleted(
    shell: InteractiveShell, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = value(shell, f"%lambda deploy {project} --watch")
    assert f"{project.name}: created" in repr(told)
    assert "Greet" in repr(told)
    assert "Name" in told._repr_html_()
    assert "CREATE_COMPLETE" in capsys.readouterr().out
    assert value(shell, "Greet()") == "hello"
    (project / "src" / "app.py").write_text(APP.format(answer="saved"))
    wait_until(lambda: bool(value(shell, "Greet()") == "saved"))
    assert "watched no more" in repr(value(shell, "%lambda deploy --stop"))
    assert "src/app.py: " in capsys.readouterr().out, "the watch tells what it did"
    with pytest.raises(UsageError, match="watches no project"):
        value(shell, "%lambda deploy --stop")
    assert f"{project.name}: deleted" in repr(value(shell, f"%lambda deploy {project} --delete"))


def test_what_is_wrong_is_a_short_error(shell: InteractiveShell, tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="there is no file or folder"):
        value(shell, f"%lambda deploy {tmp_path / 'absent'}")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    with pytest.raises(NotebookError, match="'word' is not KEY=VALUE"):
        value(shell, f"%lambda deploy {tmp_path} --parameter word")
    with pytest.raises(UsageError, match="did you mean --watch"):
        value(shell, "%lambda deploy --wach")


def test_it_is_completed(shell: InteractiveShell) -> None:
    assert "deploy" in completions(shell, "%lambda dep")
    options = {"--watch", "--stop", "--delete", "--parameter", "--stack-name", "--no-build"}
    assert options <= completions(shell, "%lambda deploy . --")


def completions(shell: InteractiveShell, line: str) -> set[str]:
    with provisionalcompleter():
        return {one.text for one in shell.Completer.completions(line, len(line))}


def test_in_a_kernel_of_its_own(project: Path, tmp_path: Path) -> None:
    cells = [
        "%load_ext lambda_nb",
        f"%lambda deploy {project} --watch",
        "Greet({})",
        f"open({str(project / 'src' / 'app.py')!r}, 'w').write({APP.format(answer='saved')!r})\n"
        "import time\nwhile Greet({}) != 'saved':\n    time.sleep(0.05)",
        "%lambda deploy --stop",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = notebook.cells[1].outputs
    shown = json.dumps([output.get("data", {}) for output in outputs])
    assert "CREATE_COMPLETE" in shown
    assert f"{project.name}: created" in shown
    assert notebook.cells[2].outputs[0]["data"]["text/plain"] == "'hello'"
