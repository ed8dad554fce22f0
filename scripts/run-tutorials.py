#!/usr/bin/env python
"""Run the tutorials for the site and keep them with their outputs.

``docs/generated/tutorials/`` gets each notebook as run. What ran before with the same notebook and
the same sources, here or in ``tests/test_notebooks.py``, is taken from a cache. A cell that fails
where it should not ends the run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
PAGES = ROOT / "docs" / "generated" / "tutorials"
CACHE = Path(sys.prefix) / ".tutorials"
CELL_S = 180
"""Longest run of one cell (seconds)."""
_SOURCES = ("lambda_nb/**/*.py", "lambda_nb/**/*.js", "lambda_nb/**/*.css", "notebooks/*.py")


def sources() -> bytes:
    """A digest of what the tutorials run."""
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.digest()


def executed(path: Path, of_sources: bytes) -> nbformat.NotebookNode:
    """The notebook with its outputs."""
    kept = _place(path, of_sources)
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as place:
        for extra in NOTEBOOKS.iterdir():
            if extra.is_file() and extra.suffix != ".ipynb":
                (Path(place) / extra.name).symlink_to(extra)
        client = NotebookClient(
            notebook, timeout=CELL_S, resources={"metadata": {"path": place}}, kernel_name="python3"
        )
        client.execute(env={**os.environ, "LAMBDA_NB_HOME": f"{place}/home"})
    keep(path, notebook, of_sources)
    return notebook


def keep(path: Path, notebook: nbformat.NotebookNode, of_sources: bytes) -> None:
    """Keep a notebook as run, so that nobody has to run it again."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{path.stem}-*.ipynb"):
        old.unlink()
    nbformat.write(notebook, _place(path, of_sources))


def _place(path: Path, of_sources: bytes) -> Path:
    key = hashlib.sha256(of_sources + path.read_bytes()).hexdigest()
    return CACHE / f"{path.stem}-{key[:20]}.ipynb"


def page(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook as a page of the site: no widgets that need a kernel, paths from there."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../docs/", "](../../")
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
        if cell.get("metadata", {}).get("jupyter", {}).get("source_hidden"):
            cell.metadata.setdefault("tags", []).append("hide-cell")
    return notebook


def main() -> None:
    """Run all tutorials, or those whose names begin as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as 01 or 06; default: all")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    options = parser.parse_args()
    wanted = [
        path
        for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
        if not options.names or path.name.startswith(tuple(options.names))
    ]
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    shutil.copytree(NOTEBOOKS / "images", PAGES / "images")
    of_sources = sources()
    failed = []

    def run(path: Path) -> None:
        try:
            nbformat.write(page(executed(path, of_sources)), PAGES / path.name)
        except (CellExecutionError, TimeoutError) as error:
            failed.append(f"{path.name}: {error}")

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(run, wanted))
    if failed:
        sys.exit("\n\n".join(failed))


if __name__ == "__main__":
    main()
