"""The first tutorial as a person sees it: JupyterLab in Chromium, Run All, both themes."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_browser import BROWSER, Theme, keep_picture, open_notebook, serve

TUTORIAL = Path(__file__).parents[2] / "notebooks" / "01-first-function.ipynb"

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240)]


def luminance(page: Any, selector: str, what: str) -> float:
    """The luminance of an element's colour, 0 (black) to 1 (white), as WCAG defines it."""
    red, green, blue = page.evaluate(
        """([selector, what]) => {
            let node = document.querySelector(selector);
            for (;;) {
                const style = getComputedStyle(node)[what];
                // A mixed colour is told as color(srgb 0.1 0.2 0.3).
                const scale = style.startsWith('color(srgb') ? 255 : 1;
                const found = style.match(/[\\d.]+/g).map(Number);
                if (found.length < 4 || found[3] > 0) {
                    return found.slice(0, 3).map((channel) => channel * scale);
                }
                node = node.parentElement;
            }
        }""",
        [selector, what],
    )
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in (red, green, blue))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page: Any, selector: str) -> float:
    """The contrast of an element's text and background; WCAG asks for 4.5, for large text 3."""
    ink = luminance(page, selector, "color")
    ground = luminance(page, selector, "backgroundColor")
    return (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_runs_and_can_be_read(theme: Theme, tmp_path: Path) -> None:
    notebook = nbformat.read(TUTORIAL, as_version=4)
    with serve(tmp_path, {TUTORIAL.name: notebook}, theme) as lab, contextlib.ExitStack() as stack:
        shutil.copytree(TUTORIAL.parent / "images", tmp_path / "work" / "images")
        page = stack.enter_context(open_notebook(lab, TUTORIAL.name))
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.wait_for_function(
            "() => { const all = [...document.querySelectorAll('.jp-MarkdownCell img')];"
            " return all.length === 2 && all.every((one) => one.naturalWidth > 0); }"
        )
        keep_picture(page, f"tutorial-{theme}")
        page.click("text=Run >> nth=0")
        page.click("text=Run All Cells")
        last = f".jp-Cell[data-windowed-list-index='{len(notebook.cells) - 1}']"
        page.wait_for_selector(f"{last} .lnb table", timeout=120_000, state="attached")

        # Run All has run the solutions, and shows neither their code nor what they found.
        solution = page.locator(".jp-Cell:has-text('@title Solution 1')").first
        solution.wait_for()
        assert "●●●" in solution.inner_text() or solution.locator(".jp-Placeholder").count()
        assert "assert" not in solution.inner_text()
        assert not solution.locator(".jp-OutputArea-output").count()

        scroll = "document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0"
        page.evaluate(scroll)
        page.wait_for_selector(".lnb-line >> text=λ darts")
        assert contrast(page, ".lnb-line b") > 7
        assert contrast(page, ".lnb-dim") > 3
        assert contrast(page, ".lnb-tag") > 3
        page.wait_for_selector("text=FunctionError in darts", state="attached")
        error = "[data-mime-type='application/vnd.jupyter.stderr'], .jp-OutputArea-output pre"
        assert any("line 9, in handler" in text for text in page.locator(error).all_inner_texts())
        assert not faults
