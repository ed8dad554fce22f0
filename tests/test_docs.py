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
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
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


def test_reference_lists_the_columns_of_the_trace() -> None:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        row = f"| `{column.name}` | {column.unit or '–'} | {column.meaning} |"
        assert row in text, f"docs/reference.md lacks the row {row}"
