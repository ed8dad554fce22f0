"""JupyterLab's own debugger steps through the lines of a cell that runs as a Lambda function."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
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


@pytest.fixture(params=["light", "dark"])
def page(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    theme: Theme = request.param
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    with (
        serve(tmp_path, {"prices.ipynb": notebook}, theme) as lab,
        open_notebook(lab, "prices.ipynb") as page,
    ):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda said: errors.append(said.text) if said.type == "error" else None,
        )
        page.theme = theme
        yield page
        assert errors == []


def cell(index: int) -> str:
    return f".jp-Cell[data-windowed-list-index='{index}']"


def click_gutter(page: Any, index: int, line: int) -> None:
    """Click beside a line of a cell."""
    place = page.locator(f"{cell(index)} .cm-lineNumbers .cm-gutterElement", has_text=str(line))
    exact = [one for one in place.all() if one.inner_text().strip() == str(line)]
    box = exact[0].bounding_box()
    gutter = page.locator(f"{cell(index)} .cm-breakpoint-gutter").first.bounding_box()
    page.mouse.click(gutter["x"] + gutter["width"] / 2, box["y"] + box["height"] / 2)


def stopped_at(page: Any, index: int, text: str) -> None:
    """Wait until a line of a cell is marked as the one that runs next."""
    page.wait_for_selector(
        f"{cell(index)} .jp-DebuggerEditor-highlight:has-text({text!r})", timeout=30_000
    )


def start_call(page: Any) -> None:
    page.click(f"{cell(CALL)} .cm-content")
    page.keyboard.press("Control+Enter")


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


def test_a_breakpoint_stops_at_the_line_of_the_cell(page: Any) -> None:
    debug(page)
    keep_picture(page, f"debugger-on-{page.theme}")
    click_gutter(page, SET, 11)
    page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-icon >> visible=true")
    start_call(page)
    stopped_at(page, SET, "return taxed(total)")
    page.wait_for_selector(".jp-DebuggerCallstack-body:has-text('handler')")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('total')")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('100')")
    page.wait_for_timeout(1500)  # longer than the function's timeout: that is what is tested
    keep_picture(page, f"debugger-stopped-{page.theme}")
    page.click("[data-command='debugger:stepIn'], .jp-DebuggerCallstack [title*='Step In']")
    stopped_at(page, SET, "result = amount * RATE")
    page.click("[data-command='debugger:next'], .jp-DebuggerCallstack [title*='Next']")
    stopped_at(page, SET, "return round(result, 2)")
    page.wait_for_selector(".jp-DebuggerVariables:has-text('result')")
    keep_picture(page, f"debugger-inside-{page.theme}")
    page.click("[data-command='debugger:continue'], .jp-DebuggerCallstack [title*='Continue']")
    page.wait_for_selector(f"{cell(CALL)} .jp-OutputArea-output:has-text('119.0')", timeout=30_000)
    page.wait_for_selector(f"{cell(SET)} .jp-DebuggerEditor-highlight", state="detached")
    keep_picture(page, f"debugger-done-{page.theme}")


def test_a_page_that_is_reloaded_shows_the_stop_again(page: Any) -> None:
    if page.theme == "dark":
        pytest.skip("the theme makes no difference")
    debug(page)
    click_gutter(page, SET, 9)
    page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-icon >> visible=true")
    page.keyboard.press("Control+s")
    run(page, EVENT)  # the kernel is free: JupyterLab asks a busy one in vain after a reload
    stopped_at(page, SET, "amounts = event")
    page.reload()
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    stopped = ".jp-DebuggerCallstack-body:has-text('handler')"
    page.wait_for_selector(stopped, timeout=60_000)
    page.wait_for_selector(f"{cell(SET)} .cm-breakpoint-icon >> visible=true")
    page.click("[data-command='debugger:continue'], .jp-DebuggerCallstack [title*='Continue']")
    page.wait_for_selector(stopped, state="detached")


def test_the_command_takes_the_debugger_away_again(page: Any) -> None:
    if page.theme == "dark":
        pytest.skip("the theme makes no difference")
    debug(page)
    choose(page, "Run Without Debugger")
    page.wait_for_selector(f"{cell(SET)} .cm-line:has-text('--debug')", state="detached")
    run(page, CALL)
    page.wait_for_selector(f"{cell(CALL)} .jp-OutputArea-output:has-text('119.0')")
