"""JupyterLab's own debugger steps through a cell of JavaScript that runs as a Lambda function."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from debugger_browser import cell, click_gutter, opened, press, start, stopped_at
from engine_fixtures import needs_program
from jupyter_browser import CHROMIUM, THEMES, Theme, keep_picture, run

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


@pytest.mark.parametrize("theme", THEMES)
def test_it_stops_at_a_line_of_javascript(tmp_path: Path, theme: Theme) -> None:
    with opened(tmp_path, CELLS, theme) as page:
        run(page, 0)
        page.click(".jp-DebuggerBugButton")
        page.wait_for_selector(".jp-DebuggerBugButton[aria-pressed='true']", timeout=60_000)
        page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-gutter", timeout=60_000)
        click_gutter(page, SET, 10)
        run(page, SET)
        start(page, CALL)
        stopped_at(page, SET, "return taxed(order.total)")
        page.wait_for_selector(".jp-DebuggerCallstack-body:has-text('exports.handler')")
        page.wait_for_selector(".jp-DebuggerVariables:has-text('total: 100')")
        keep_picture(page, f"node-debugger-stopped-{theme}")
        press(page, "stepIn", "Step In")
        stopped_at(page, SET, "const result = amount * 1.19")
        press(page, "next", "Next")
        stopped_at(page, SET, "return Math.round(result)")
        page.wait_for_selector(".jp-DebuggerVariables:has-text('119')")
        keep_picture(page, f"node-debugger-inside-{theme}")
        press(page, "continue", "Continue")
        page.wait_for_selector(
            f"{cell(CALL)} .jp-OutputArea-output:has-text('119')", timeout=60_000
        )
