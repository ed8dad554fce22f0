"""The JupyterLab extension in a real browser: panel, badges and status item follow the kernel."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from engine_fixtures import needs_program
from jupyter_browser import CHROMIUM, open_notebook, run, serve

EXTENSION = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "lambda-nb"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)"
    ),
    needs_program("node"),  # one cell is Node.js
    pytest.mark.skipif(not EXTENSION.exists(), reason="needs the extension installed: `make test`"),
]

CELLS = [
    "%load_ext lambda_nb",
    "%%lambda greet --memory 256\ndef handler(event, context):\n    return event['name']",
    "for name in 'ab': greet({'name': name})",
    "%%lambda shout --runtime nodejs20.x\nexports.handler = async (event) => event.text + '!';",
    "%%lambda --help",
]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A notebook with these cells open in Chromium, its kernel idle."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    with (
        serve(tmp_path, {"functions.ipynb": notebook}) as lab,
        open_notebook(lab, "functions.ipynb") as page,
    ):
        yield page


def test_panel_badges_and_status_follow_the_kernel(page: Any) -> None:
    badge = ".jp-Cell[data-windowed-list-index='{}'] .lnb-badge"
    page.wait_for_selector(badge.format(1))
    assert page.inner_text(badge.format(1)) == "λ greet · not deployed"
    page.wait_for_selector(badge.format(3))
    assert page.query_selector(badge.format(2)) is None
    assert page.query_selector(badge.format(4)) is None

    page.click("[data-id='lambda-nb-functions']")
    page.wait_for_selector(".lnb-panel >> text=%load_ext lambda_nb")
    for index in range(3):
        run(page, index)
    page.wait_for_selector(".lnb-panel >> text=2 invocations")
    panel = page.inner_text(".lnb-panel")
    assert re.search(r"http://127\.0\.0\.1:\d+ · us-east-1", panel)
    assert "256 MB" in panel
    assert "Active" in panel
    assert "last: success" in panel
    page.wait_for_selector(f"{badge.format(1)} >> text=λ greet · 256 MB · Active")
    page.wait_for_selector(".lnb-status >> text=λ 1 function")


def test_a_cell_in_another_language_is_coloured_as_such(page: Any) -> None:
    cell = ".jp-Cell[data-windowed-list-index='3']"
    page.wait_for_selector(f"{cell} .lnb-badge")
    # Here `async` is an ordinary name in the Python grammar, but a keyword in JavaScript's.
    page.wait_for_function(
        "s => [...document.querySelectorAll(s + ' .cm-line span')]"
        ".some(n => n.textContent === '=>' )",
        arg=cell,
    )
