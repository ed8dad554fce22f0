"""Notebook 7 without our extension: magics, displays, tests and widgets stand alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_browser import BROWSER, chromium, complaints, keep_picture, notebook_of, serve

pytest.importorskip("notebook", reason="needs Notebook 7: pip install notebook")

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(300)]

EXPECTED = (
    "Cannot read properties of undefined (reading 'schema')",  # Notebook 7.6's own, when it opens
    "Exception opening new comm",  # the kernel greets pages with the extension; here is none
    "lambda_nb.events",
)
CELLS = [
    "%load_ext lambda_nb",
    '%%lambda half --event {"n": 4} => 2.0\ndef handler(event, context):\n'
    "    return event['n'] / 2",
    "%%lambda half --test\ndef test_odd():\n    assert half({'n': 3}) == 1.5",
    "half.invoke({'n': 1})",
    "import lambda_nb\nlambda_nb.dashboard()",
    '%%lambda half --event {"n": 4} => 2.0\ndef handler(event, context):\n'
    "    return event['n'] / 4",
]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A notebook open in Notebook 7; an error in its console fails the test."""
    config = tmp_path / "config" / "labconfig"
    config.mkdir(parents=True)
    disabled = {"disabledExtensions": {"lambda-nb": True}}
    (config / "page_config.json").write_text(json.dumps(disabled))
    with (
        serve(
            tmp_path,
            {"functions.ipynb": notebook_of(CELLS)},
            program="notebook",
            variables={"JUPYTER_CONFIG_DIR": str(config.parent)},
        ) as address,
        chromium() as browser,
    ):
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        errors = complaints(page)
        page.goto(f"{address}/notebooks/functions.ipynb?token=secret", timeout=60_000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        yield page
    assert [error for error in errors if not any(known in error for known in EXPECTED)] == []


def run(page: Any, index: int) -> None:
    """Run a cell and wait for its number."""
    prompt = f".jp-Cell[data-windowed-list-index='{index}'] .jp-InputPrompt"
    deadline = time.monotonic() + 60
    # Before the kernel is up, Notebook takes the keys and does nothing.
    while page.inner_text(prompt).strip() in ("[ ]:", ""):
        assert time.monotonic() < deadline, "the cell does not begin"
        page.click(f".jp-Cell[data-windowed-list-index='{index}'] .cm-content")
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
    page.wait_for_function(
        r"prompt => /\[\d+\]/.test(document.querySelector(prompt)?.textContent)",
        arg=prompt,
        timeout=60_000,
    )


def test_functions_in_notebook_7(page: Any) -> None:
    output = ".jp-Cell[data-windowed-list-index='{}'] .jp-OutputArea"
    for index in range(5):
        run(page, index)
    assert page.query_selector(".lnb-badge") is None
    page.wait_for_selector(f"{output.format(1)} >> text=1 test passed")
    page.wait_for_selector(f"{output.format(2)} >> text=1 test passed")
    page.wait_for_selector(f"{output.format(2)} >> text=test_odd")
    page.wait_for_selector(f"{output.format(3)} >> text=billed")
    keep_picture(page, "notebook7")
    page.wait_for_selector(f"{output.format(4)} >> text=half >> visible=true")
    run(page, 5)
    page.wait_for_selector(f"{output.format(5)} >> text=2 of 2 tests failed")
    page.wait_for_selector(f"{output.format(5)} >> text=TestsFailed")
    page.wait_for_selector(f"{output.format(5)} >> text=new code: from")
    page.keyboard.press("PageDown")
    keep_picture(page, "notebook7-failed")
