"""The documentation tells the truth: examples run, links lead somewhere, tables agree."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lambda_nb.traces import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "coming-from").glob("*.md")),
]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PACKAGE = ROOT / "lambda_nb"
# What stands between backticks and looks like a file of ours or a folder.
PATH = re.compile(r"`((?:[a-z_0-9-]+/)+(?:[\w-]+\.(?:py|ts|sh|ipynb|md))?|[\w-]+\.(?:py|ts))`")
LINK = re.compile(r"\]\(([^)\s]+)\)")

with_examples = [page for page in PAGES if EXAMPLE.search(page.read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", with_examples, ids=lambda page: page.name)
def test_examples_run_in_order(page: Path, tmp_path: Path) -> None:
    """A page's Python blocks are the cells of one notebook."""
    blocks = EXAMPLE.findall(page.read_text(encoding="utf-8"))
    cells = [nbformat.v4.new_code_cell(block.rstrip()) for block in blocks]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=dict(os.environ))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in anchors, f"{page.name} links to {target}: no such heading"


def _stands(named: str, beside: Path) -> bool:
    """Whether a path that a page names is there: in the repository, the package, or ``beside``."""
    if "/" not in named:
        return any(PACKAGE.rglob(named)) or any((ROOT / "labextension" / "src").glob(named))
    return any((base / named).exists() for base in (ROOT, PACKAGE, beside))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """A row of a table may name folders below the first one that it names."""
    missing = []
    for line in page.read_text(encoding="utf-8").splitlines():
        named = PATH.findall(line)
        if page.name != "CONTRIBUTING.md":  # there `services/` alone is a folder of the user's data
            named = [path for path in named if path.rstrip("/").count("/")]
        beside = PACKAGE / named[0] if named and "/" in named[0] else PACKAGE
        missing += [f"{path} in: {line[:80]}" for path in named if not _stands(path, beside)]
    assert not missing, "\n".join(missing)


def test_the_map_of_the_code_has_every_folder() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    missing = [
        str(folder)
        for folder in folders
        if 1 <= len(folder.parts) <= 3
        and "bootstraps" not in folder.parts
        and f"`{folder}/`" not in text
        and not (f"`{folder.parent}/`" in text and f"`{folder.name}/`" in text)
    ]
    assert not missing, f"CONTRIBUTING.md does not say what is in {sorted(missing)}"


def test_reference_lists_the_columns_of_the_trace() -> None:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        row = f"| `{column.name}` | {column.unit or '–'} | {column.meaning} |"
        assert row in text, f"docs/reference.md lacks the row {row}"
