"""``%lambda export`` and ``%lambda diff``: the notebook's own functions, with what it knows."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.magics import extension

pytestmark = pytest.mark.slow


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


def value(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def test_cells_are_exported_and_compared(
    shell: InteractiveShell, engine: Engine, start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    name = engine.name("cell").replace("-", "_")
    code = "def handler(event, context):\n    return 'one'\n"
    with pytest.raises(UsageError, match="no functions yet"):
        value(shell, f"%lambda export sam --to {tmp_path}/app")
    value(shell, f"%%lambda {name} --memory 256 --env WORD=one 'SPARE=x y'\n{code}")

    told = value(shell, f"%lambda export sam --to {tmp_path}/app")
    assert name in repr(told)
    assert "sam build" in told._repr_html_()
    source = (tmp_path / "app/src" / name / "lambda_function.py").read_text()
    assert "return 'one'" in source
    assert "SPARE" not in source  # options may have secrets in them
    assert f"`{name}`" in (tmp_path / "app/README.md").read_text()
    with pytest.raises(UsageError, match="invalid choice"):
        value(shell, f"%lambda export pulumi --to {tmp_path}/app")
    with pytest.raises(NotebookError, match="there is no function 'nobody'"):
        value(shell, f"%lambda export sam nobody --to {tmp_path}/app")

    there = start_engine()
    at = f"{there.url} --credentials {there.credentials_file}"
    assert "new" in repr(value(shell, f"%lambda diff --to {at}"))
    connected = repr(value(shell, f"%lambda connect {at}"))
    assert f"beside {there.url}" in connected
    assert name in connected
    value(shell, f"%%lambda {name} --memory 512 --env WORD=two\n{code}")
    value(shell, f"%lambda connect {engine.url} --credentials {engine.credentials_file}")
    found = repr(value(shell, f"%lambda diff {name} --to {at}"))
    assert "MemorySize: 256 -> 512" in found
    assert "env WORD: another value" in found
    assert "env SPARE: set -> not set" in found
    assert "one" not in found.replace("none", "")


def test_completion_knows_formats_and_options(shell: InteractiveShell) -> None:
    with provisionalcompleter():
        found = {one.text for one in shell.Completer.completions("%lambda export ", 15)}
    assert {"sam", "cdk", "terraform", "zip", "--to"} <= found
