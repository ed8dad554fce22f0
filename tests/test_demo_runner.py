"""The demo's runner shows a notebook's progress as it happens, and reports a failing cell."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A copy of the runner, so that it finds a test's notebook beside it."""
    copy = tmp_path / "demo.py"
    copy.write_text((NOTEBOOKS / "demo.py").read_text())
    return copy


def run(runner: Path, *cells: nbformat.NotebookNode) -> subprocess.CompletedProcess[str]:
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), runner.with_suffix(".ipynb"))
    return subprocess.run(
        [sys.executable, str(runner), "--output", str(runner.parent / "out")],
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.slow
def test_shows_titles_and_prints_and_keeps_what_the_notebook_made(runner: Path) -> None:
    progress = r"print('10%', end='\r'); print('100%', end='\n'); open('made.txt', 'w').close()"
    done = run(
        runner, nbformat.v4.new_markdown_cell("# A title"), nbformat.v4.new_code_cell(progress)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("\nA title\n100%\n")
    assert "made.txt" in done.stdout
    executed = nbformat.read(runner.parent / "out" / "demo.ipynb", as_version=4)
    assert executed.cells[1].outputs


@pytest.mark.slow
def test_a_failing_cell_fails_the_demo(runner: Path) -> None:
    done = run(runner, nbformat.v4.new_code_cell("assert 1 == 2, 'decisions differ'"))
    assert done.returncode == 1
    assert "decisions differ" in done.stderr


def test_where_nobody_watches_only_the_last_state_of_a_line_is_kept() -> None:
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        from demo import Terminal
    finally:
        sys.path.remove(str(NOTEBOOKS))
    stream = io.StringIO()
    terminal = Terminal(stream)
    for piece in ("1 of 3\r", "2 of", " 3\r3 of 3", "\nnext"):
        terminal.write(piece)
    assert stream.getvalue() == "3 of 3\n"
