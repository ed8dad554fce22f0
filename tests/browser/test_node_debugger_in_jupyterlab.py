"""JupyterLab's own debugger steps through a cell of JavaScript that runs as a Lambda function."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from engine_fixtures import needs_program
from jupyter_browser import CHROMIUM, Theme, keep_picture, open_notebook, run, serve

EXTENSION = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "lambda-nb"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)"
    ),
    needs_program("node"),
    pytest.mark.skipif(not EXTENSION.exists(), reason="needs the extension installed: `make test`"),
]

CELLS = [
    "%load_ext lambda_nb",
    "%%lambda shop --runtime nodejs20.x --debug\n"
    "const taxed = (amount) => {\n"
    "  const result = amount * 1.19;\n"
    "  return Math.round(result);\n"
    "};\n"
    "\n"
    "exports.handler = async (event) => {\n"
    "  const order = { lines: event.lines, total: 0 };\n"
    "  for (const line of order.lines) order.total += line;\n"
    "  return taxed(order.total);\n"
    "};\n",
    "shop({'lines': [10, 20, 70]})",
]
SET, CALL = 1, 2


def cell(index: int) -> str:
    return f".jp-Cell[data-windowed-list-index='{index}']"


def click_gutter(page: Any, index: int, line: int) -> None:
    """Click beside a line of a cell."""
    place = page.locator(f"{cell(index)} .cm-lineNumbers .cm-gutterElement", has_text=str(line))
    exact = [one for one in place.all() if one.inner_text().strip() == str(line)]
    box = exact[0].bounding_box()
    gutter = page.locator(f"{cell(index)} .cm-breakpoint-gutter").first.bounding_box()
    page.mouse.click(gutter["x"] + gutter["width"] / 2, box["y"] + box["height"] / 2)


def stopped_at(page: Any, text: str) -> None:
    page.wait_for_selector(
        f"{cell(SET)} .jp-DebuggerEditor-highlight:has-text({text!r})", timeout=60_000
    )


def press(page: Any, command: str, title: str) -> None:
    page.click(f"[data-command='debugger:{command}'], .jp-DebuggerCallstack [title*='{title}']")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_stops_at_a_line_of_javascript(tmp_path: Path, theme: Theme) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    with (
        serve(tmp_path, {"shop.ipynb": notebook}, theme) as lab,
        open_notebook(lab, "shop.ipynb") as page,
    ):
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        run(page, 0)
        page.click(".jp-DebuggerBugButton")
        page.wait_for_selector(".jp-DebuggerBugButton[aria-pressed='true']", timeout=60_000)
        page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-gutter", timeout=60_000)
        click_gutter(page, SET, 10)
        page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-icon:visible")
        run(page, SET)
        page.click(f"{cell(CALL)} .cm-content")
        page.keyboard.press("Control+Enter")
        stopped_at(page, "return taxed(order.total)")
        page.wait_for_selector(".jp-DebuggerCallstack-body:has-text('exports.handler')")
        page.wait_for_selector(".jp-DebuggerVariables:has-text('total: 100')")
        keep_picture(page, f"node-debugger-stopped-{theme}")
        press(page, "stepIn", "Step In")
        stopped_at(page, "const result = amount * 1.19")
        press(page, "next", "Next")
        stopped_at(page, "return Math.round(result)")
        page.wait_for_selector(".jp-DebuggerVariables:has-text('119')")
        keep_picture(page, f"node-debugger-inside-{theme}")
        press(page, "continue", "Continue")
        page.wait_for_selector(
            f"{cell(CALL)} .jp-OutputArea-output:has-text('119')", timeout=60_000
        )
        assert complaints == []
