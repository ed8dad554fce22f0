"""JupyterLab's own debugger steps through the lines of a cell that runs as a Lambda function."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from debugger_browser import cell, click_gutter, opened, press, start, stopped_at
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
    pytest.mark.skipif(not EXTENSION.exists(), reason="needs the extension installed: `make test`"),
]

CELLS = [
    "%load_ext lambda_nb",
    "%%lambda price --timeout 1\n"
    "RATE = 1.19\n"
    "\n"
    "def taxed(amount):\n"
    "    result = amount * RATE\n"
    "    return round(result, 2)\n"
    "\n"
    "def handler(event, context):\n"
    "    amounts = event['amounts']\n"
    "    total = sum(amounts)\n"
    "    return taxed(total)\n",
    "price({'amounts': [10, 20, 70]})",
    "price.invoke({'amounts': [10]}, asynchronous=True)",
]
SET, CALL, EVENT = 1, 2, 3


@pytest.fixture(params=["light"])
def page(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    theme: Theme = request.param
    with opened(tmp_path, CELLS, theme) as page:
        page.theme = theme
        yield page


def choose(page: Any, label: str) -> None:
    """Choose a command of the badge's menu."""
    page.click(f"{cell(SET)} .lnb-badge")
    page.click(f"li[data-command='lambda-nb:debug']:has-text({label!r})")


def debug(page: Any) -> None:
    """Have the command run the function under the debugger."""
    run(page, 0)
    run(page, SET)
    choose(page, "Debug")
    page.wait_for_selector(f"{cell(SET)} .cm-line:has-text('%%lambda price --debug')")
    page.wait_for_selector(f"{cell(SET)} .jp-OutputArea-output:has-text('runs under a debugger')")
    page.wait_for_selector(".jp-DebuggerBugButton[aria-pressed='true']")
    page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-gutter")


@pytest.mark.parametrize("page", THEMES, indirect=True)
def test_a_breakpoint_stops_at_the_line_of_the_cell(page: Any) -> None:
    debug(page)
    keep_picture(page, f"debugger-on-{page.theme}")
    click_gutter(page, SET, 11)
    start(page, CALL)
    stopped_at(page, SET, "return taxed(total)")
    page.wait_for_selector(".jp-DebuggerCallstack-body:has-text('handler')")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('total')")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('100')")
    page.wait_for_timeout(1500)  # longer than the function's timeout: that is what is tested
    keep_picture(page, f"debugger-stopped-{page.theme}")
    press(page, "stepIn", "Step In")
    stopped_at(page, SET, "result = amount * RATE")
    press(page, "next", "Next")
    stopped_at(page, SET, "return round(result, 2)")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('result')")
    keep_picture(page, f"debugger-inside-{page.theme}")
    press(page, "continue", "Continue")
    page.wait_for_selector(f"{cell(CALL)} .jp-OutputArea-output:has-text('119.0')")
    page.wait_for_selector(f"{cell(SET)} .jp-DebuggerEditor-highlight", state="detached")
    keep_picture(page, f"debugger-done-{page.theme}")


def test_a_page_that_is_reloaded_shows_the_stop_again(page: Any) -> None:
    debug(page)
    click_gutter(page, SET, 9)
    page.keyboard.press("Control+s")
    run(page, EVENT)  # the kernel is free: JupyterLab asks a busy one in vain after a reload
    stopped_at(page, SET, "amounts = event")
    page.reload()
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    stopped = ".jp-DebuggerCallstack-body:has-text('handler')"
    page.wait_for_selector(stopped, timeout=60_000)
    page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-icon >> visible=true")
    go_on(page, stopped)


def go_on(page: Any, stopped: str) -> None:
    """Press *Continue*, again if JupyterLab just then made its buttons anew: after a reload it
    restores the debugger's state twice."""
    for _ in range(20):
        press(page, "continue", "Continue")
        page.wait_for_timeout(2000)
        if not page.locator(stopped).count():
            return
    raise AssertionError("Continue does nothing")


def test_the_command_takes_the_debugger_away_again(page: Any) -> None:
    debug(page)
    choose(page, "Run Without Debugger")
    page.wait_for_selector(f"{cell(SET)} .cm-line:has-text('--debug')", state="detached")
    run(page, CALL)
    page.wait_for_selector(f"{cell(CALL)} .jp-OutputArea-output:has-text('119.0')")
