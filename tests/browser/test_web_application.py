"""The tutorial's web application as its visitors use it: the page in Chromium, the log live."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_browser import BROWSER, keep_picture, open_notebook, serve

TUTORIAL = Path(__file__).parents[2] / "notebooks" / "11-a-web-application.ipynb"

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240)]


def use(page: Any) -> None:
    """Add a note, see it, delete it again."""
    page.wait_for_selector("text=Buy a bigger whiteboard")
    page.fill("input", "Water the <b>plants</b>")
    page.click("text=Add")
    note = page.locator("li", has_text="Water the <b>plants</b>")
    note.wait_for()
    assert page.input_value("input") == ""
    keep_picture(page, "web-application")
    page.reload()
    note.wait_for()
    note.get_by_title("Delete this note").click()
    note.wait_for(state="detached")
    page.wait_for_selector("text=13 notes")


def test_a_page_of_the_bucket_uses_the_api(tmp_path: Path) -> None:
    notebook = nbformat.read(TUTORIAL, as_version=4)
    (log,) = (i for i, cell in enumerate(notebook.cells) if cell.source == "%lambda access")
    last = max(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    with (
        serve(tmp_path, {TUTORIAL.name: notebook}) as lab,
        open_notebook(lab, TUTORIAL.name) as page,
    ):
        page.click("text=Run >> nth=0")
        page.click("text=Run All Cells")
        bill = f".jp-Cell[data-windowed-list-index='{last}'] .jp-OutputArea-output table"
        page.wait_for_selector(bill, timeout=120_000, state="attached")
        site = re.search(r"http://notes-page\.s3-website\.localhost:\d+/", page.content())
        assert site is not None

        visitor = page.context.browser.new_page()
        faults: list[str] = []
        visitor.on("pageerror", lambda fault: faults.append(str(fault)))
        visitor.on("console", lambda said: said.type == "error" and faults.append(said.text))
        visitor.goto(site[0])
        use(visitor)
        assert not faults

        # Meanwhile the notebook has seen the visitor; the preflight is the browser's own.
        access = page.locator(f".jp-Cell[data-windowed-list-index='{log}'] .lnb-live")
        access.locator("text=DELETE").first.wait_for(timeout=20_000, state="attached")
        assert access.locator("text=OPTIONS").count()
        access.scroll_into_view_if_needed()
        keep_picture(page, "web-application-notebook")
