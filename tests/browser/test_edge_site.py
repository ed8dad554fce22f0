"""The tutorial's site at the edge as its visitors see it: Chromium walks through it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_browser import BROWSER, keep_picture, open_notebook, serve

TUTORIAL = Path(__file__).parents[2] / "notebooks" / "16-closer-to-the-user.ipynb"
TITLES = {"A": "Julia sets", "B": "A new Julia set each day"}

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(300)]


def visit(browser: Any, site: str, faults: list[str]) -> str:
    """Look at the first page as somebody new; which variant that is."""
    context = browser.new_context(viewport={"width": 700, "height": 700})
    page = context.new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.goto(site)
    (cookie,) = [one["value"] for one in context.cookies() if one["name"] == "variant"]
    variant = str(cookie)
    assert page.inner_text("h1") == TITLES[variant]
    # The picture is made at the edge, in the size that the page wants.
    width = page.evaluate(
        "async () => { await document.images[0].decode(); return document.images[0].naturalWidth; }"
    )
    assert width == 480
    keep_picture(page, f"edge-site-{variant}")
    again = page.reload()
    assert page.inner_text("h1") == TITLES[variant]
    headers = again.headers
    assert headers["x-cache"] == "Hit from cloudfront"
    assert headers["x-frame-options"] == "DENY"
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    page.click("a.button")
    page.wait_for_url("**/about.html")
    assert page.inner_text("h1") == "Named after Gaston Julia"
    page.goto(f"{site}/old/who.html")
    assert page.url == f"{site}/about.html"
    context.close()
    return variant


def test_visitors_get_pages_of_the_edge(tmp_path: Path) -> None:
    notebook = nbformat.read(TUTORIAL, as_version=4)
    # The walk comes before the site is taken away.
    (end,) = (i for i, cell in enumerate(notebook.cells) if cell.source.startswith("site.delete"))
    notebook.cells = notebook.cells[:end]
    last = max(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    with (
        serve(tmp_path, {TUTORIAL.name: notebook}) as lab,
        open_notebook(lab, TUTORIAL.name) as page,
    ):
        page.click("text=Run >> nth=0")
        page.click("text=Run All Cells")
        bill = f".jp-Cell[data-windowed-list-index='{last}'] .jp-OutputArea-output table"
        page.wait_for_selector(bill, timeout=150_000, state="attached")
        keep_picture(page, "edge-notebook")
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
        page.wait_for_selector("text=cloudfront.localhost >> nth=0")
        found = re.search(r"http://[a-z0-9]+\.cloudfront\.localhost:\d+", page.content())
        assert found is not None
        faults: list[str] = []
        seen: set[str] = set()
        for _ in range(30):  # chance decides: 30 visitors of one kind are one in a thousand million
            seen.add(visit(page.context.browser, found[0], faults))
            if seen == {"A", "B"}:
                break
        assert seen == {"A", "B"}
        assert not faults
