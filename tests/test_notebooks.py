"""Every tutorial runs from top to bottom in a real kernel, and is stored without outputs."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_tutorials() -> None:
    assert any(path.name.startswith("01") for path in NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.timeout(300)
@every_notebook
def test_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    # In a separate folder, so that a notebook's files are not left beside the tutorials.
    for extra in FOLDER.iterdir():
        if extra.suffix != ".ipynb":
            (tmp_path / extra.name).symlink_to(extra)
    client = NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "LAMBDA_NB_HOME": str(tmp_path / "home")})
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert code, "a tutorial without code"
    unexpected = [
        cell.source
        for cell in code
        if "raises-exception" not in cell.metadata.get("tags", [])
        and any(output.output_type == "error" for output in cell.outputs)
    ]
    assert not unexpected
    # A cell tagged as one that fails must fail: it is there to show the error.
    silent = [
        cell.source
        for cell in code
        if "raises-exception" in cell.metadata.get("tags", [])
        and not any(output.output_type == "error" for output in cell.outputs)
    ]
    assert not silent


@every_notebook
def test_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    kept = [
        cell.source[:60]
        for cell in notebook.cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]
    assert not kept, f"clear all outputs of {path.name} before committing it"
    assert "widgets" not in notebook.metadata


@every_notebook
def test_opens_with_a_title_and_a_question(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
