"""Tutorials have their form, run from top to bottom in a real kernel, twice, and are kept bare."""

from __future__ import annotations

import copy
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TUTORIALS = [path for path in NOTEBOOKS if path.name[0].isdigit()]
LESSONS = TUTORIALS[:10]
PICTURE_BYTES = 60_000
INLINE = "module://matplotlib_inline.backend_inline"
ONCE = ("13", "14", "16")
"""Tutorials that take long, since their devices and visitors do: the tests run them once."""

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def tags(cell: nbformat.NotebookNode) -> list[str]:
    found: list[str] = cell.metadata.get("tags", [])
    return found


def failed(cell: nbformat.NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


# -- they run


@pytest.mark.slow
@pytest.mark.timeout(420)
@every_notebook
def test_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """Once, and most tutorials once more in the same kernel, as people do who change something.

    What the first run shows is kept for the site.
    """
    site = runpy.run_path(str(ROOT / "scripts" / "run-tutorials.py"))
    of_sources = site["sources"]()
    notebook = read(path)
    # In a separate folder, so that a notebook's files are not left beside the tutorials.
    for extra in FOLDER.iterdir():
        if extra.suffix != ".ipynb":
            (tmp_path / extra.name).symlink_to(extra)
    client = NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(tmp_path)}})
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert code, "a tutorial without code"
    variables = {**os.environ, "LAMBDA_NB_HOME": str(tmp_path / "home"), "MPLBACKEND": INLINE}
    with client.setup_kernel(env=variables):
        for turn in range(2 if path in TUTORIALS and path.name[:2] not in ONCE else 1):
            client.execute(cleanup_kc=False)
            if turn == 0:
                first = copy.deepcopy(notebook)
            for cell in code:
                # A cell tagged as one that fails must fail: it is there to show the error.
                assert failed(cell) == ("raises-exception" in tags(cell)), (turn, cell.source)
    site["keep"](path, first, of_sources)


@every_notebook
def test_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    kept = [
        cell.source[:60]
        for cell in notebook.cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]
    assert not kept, f"clear all outputs of {path.name} before committing it"
    assert "widgets" not in notebook.metadata


# -- their form


def test_there_are_ten_lessons_and_the_use_cases() -> None:
    numbers = [path.name[:2] for path in TUTORIALS]
    assert numbers == [f"{n:02}" for n in range(1, len(TUTORIALS) + 1)]
    assert len(LESSONS) == 10 < len(TUTORIALS)


@every_notebook
def test_opens_with_a_title(path: Path) -> None:
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@every_tutorial
def test_asks_one_question_and_says_how_long_it_takes(path: Path) -> None:
    title, _, gain = read(path).cells[0].source.split("\n")[:3]
    assert title.endswith("?")
    assert title.count("?") == 1
    minutes = re.match(r"In (\d+) minutes ", gain)
    assert minutes
    assert 5 <= int(minutes[1]) <= 15


@every_tutorial
def test_opens_with_its_picture(path: Path) -> None:
    pictures = re.findall(r"^!\[(.+)\]\((.+)\)$", read(path).cells[0].source, re.M)
    assert len(pictures) == 1
    told, place = pictures[0]
    assert len(told) > 40, "text for people who do not see the picture"
    # Beside the notebooks: then the path is right in JupyterLab whatever its folder is.
    picture = FOLDER / place
    assert place == f"images/{path.stem}.png"
    assert picture.stat().st_size < PICTURE_BYTES
    with Image.open(picture) as image:
        assert image.width >= 1200
        corner = image.convert("RGBA").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == 0, "a picture without background suits both themes"


@every_tutorial
def test_opens_in_binder(path: Path) -> None:
    links = re.findall(r"^\[!\[Binder\]\((.+)\)\]\((.+)\)$", read(path).cells[0].source, re.M)
    assert len(links) == 1
    badge, link = links[0]
    assert (FOLDER / badge).is_file()
    assert link.endswith(f"/HEAD?urlpath=lab/tree/notebooks/{path.name}")


@every_notebook
def test_says_dollars_without_their_sign(path: Path) -> None:
    """Two dollar signs in a paragraph become a formula in JupyterLab."""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert "$" not in re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)


@every_tutorial
def test_leads_on(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    assert "\n## Where next\n" in text
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not link.startswith("http"):
            assert (FOLDER / link).exists(), link


@every_tutorial
def test_does_without_what_another_run_left(path: Path) -> None:
    """A fresh engine at the start: old tables, logs and environments are not in the way."""
    begin = "\n".join(read(path).cells[n].source for n in (1, 3))
    needs_none = path.name[:2] in ("01", "07")  # what is there already does no harm; no engine
    assert needs_none or "%lambda start" in begin


@every_lesson
def test_has_exercises_with_hidden_solutions(path: Path) -> None:
    cells = read(path).cells
    begin = next(n for n, c in enumerate(cells) if "## Exercises" in c.source)
    asked = [n for n, cell in enumerate(cells) if re.search(r"^\*\*\d\.\*\* ", cell.source, re.M)]
    assert 2 <= len(asked) <= 3
    assert min(asked) >= begin
    for number, at in enumerate(asked, 1):
        assert f"**{number}.** " in cells[at].source
        assert cells[at + 1].cell_type == "code"
        assert not cells[at + 1].source, "an empty cell to try in"
        solution = []
        for cell in cells[at + 2 :]:
            if cell.cell_type != "code":
                break
            solution.append(cell)
        assert solution
        for cell in solution:
            assert "solution" in tags(cell)
            assert cell.metadata["jupyter"] == {"source_hidden": True}
            assert cell.metadata["cellView"] == "form"  # Colab's way to hide the code
        text = "\n".join(cell.source for cell in solution)
        assert f"# @title Solution {number}" in text
        assert "assert " in text, "a solution that checks itself"
        assert "print(" not in solution[-1].source, "Run All must not give the answer away"


# -- their links


def binder_links(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "binder-links.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_all_binder_links_lead_to_the_repository() -> None:
    told = binder_links("--check")
    assert told.returncode == 0, told.stderr


def test_a_fork_changes_one_line(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_*"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("[b](https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab)\n")
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.lambda_nb]\n# why\nrepository = "ada/my.fork"\n')

    told = binder_links("--check", "--root", str(tmp_path))
    assert told.returncode == 1
    assert "README.md" in told.stderr
    assert LESSONS[0].name in told.stderr
    assert binder_links("--root", str(tmp_path)).returncode == 0
    assert binder_links("--check", "--root", str(tmp_path)).returncode == 0
    for path in sorted(tmp_path.glob("notebooks/[0-9]*.ipynb")):
        nbformat.validate(read(path))
        assert "mybinder.org/v2/gh/ada/my.fork/HEAD" in path.read_text()
    assert "gh/ada/my.fork/" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("setting", ["", '[tool.lambda_nb]\nrepository = "no slash"\n'])
def test_a_wrong_repository_is_refused(setting: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(setting)
    told = binder_links("--root", str(tmp_path))
    assert told.returncode == 1
    assert "pyproject.toml" in told.stderr
