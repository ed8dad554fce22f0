"""Function cells in a real JupyterLab: language, badge, completion, problems, deploy and invoke."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from engine_fixtures import needs_program
from jupyter_browser import (
    BROWSER,
    NEEDS_EXTENSION,
    THEMES,
    Theme,
    begin,
    cell,
    complaints,
    keep_picture,
    notebook_of,
    open_notebook,
    run,
    serve,
)

pytestmark = [
    *BROWSER,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    NEEDS_EXTENSION,
    needs_program("node"),  # one cell is Node.js
]

CELLS = [
    "%load_ext lambda_nb",
    "%%lambda half --memory 256\ndef handler(event, context):\n    return event['n'] / 2",
    "%%lambda shout --runtime nodejs22.x\n// say it loud\n"
    "exports.handler = async (event) => `${event.text}!`;",
    "%%lambda half --test\nassert half({'n': 4}) == 2",
    "# A comment in **Python**\nlimit = 3",
    "%%cloudfront_function add_header\nfunction handler(event) {\n  return event.request;\n}",
    "import time\nfor _ in range(600): time.sleep(0.1)",
]


@pytest.fixture(params=THEMES)
def page(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A notebook with these cells open in Chromium; an error in its console fails the test."""
    theme: Theme = request.param
    notebook = notebook_of(CELLS)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# Title\n\n`code` and **bold**"))
    with (
        serve(tmp_path, {"functions.ipynb": notebook}, theme) as lab,
        open_notebook(lab, "functions.ipynb") as page,
    ):
        errors = complaints(page)
        page.theme = theme
        yield page
        assert not errors, errors


def badge(page: Any, index: int, text: str) -> None:
    """Wait until a cell's badge says this."""
    page.wait_for_function(
        "([at, text]) => (document.querySelector(at)?.textContent ?? '').includes(text)",
        arg=[f"{cell(index)} .lnb-badge", text],
    )


def write(page: Any, index: int, text: str) -> None:
    """Replace the text of a cell."""
    page.click(f"{cell(index)} .cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def completions(page: Any) -> list[str]:
    """The labels of the completer's list."""
    page.keyboard.press("Tab")
    page.wait_for_selector(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-match")
    found: list[str] = page.eval_on_selector_all(
        ".jp-Completer .jp-Completer-match", "all => all.map(one => one.textContent)"
    )
    return found


def has_colour(page: Any, index: int, text: str) -> bool:
    """Whether the highlighter gave this text a span of its own."""
    found: bool = page.evaluate(
        "([at, text]) => [...document.querySelectorAll(at + ' .cm-line span')]"
        ".some(one => one.textContent === text && one.className !== '')",
        [cell(index), text],
    )
    return found


def test_function_cells(page: Any) -> None:
    theme = page.theme
    # Language and badge, before any kernel knows of lambda_nb.
    badge(page, 2, "λ half · not deployed")
    badge(page, 3, "λ shout · not deployed")
    badge(page, 4, "λ half · tests")
    badge(page, 6, "ƒ add_header · CloudFront Function")
    assert page.query_selector(f"{cell(5)} .lnb-badge") is None
    page.wait_for_function(
        "at => [...document.querySelectorAll(at + ' .cm-line span')]"
        ".some(one => one.textContent === '// say it loud')",
        arg=cell(3),
    )
    assert page.query_selector(".jp-MarkdownOutput h1") is not None

    for index in (1, 2, 3, 4):
        run(page, index)
    badge(page, 2, "λ half · 256 MB · Active")
    badge(page, 3, "λ shout · 128 MB · Active")
    page.wait_for_selector(f"{cell(4)} .jp-OutputArea >> text=1 test passed")
    keep_picture(page, f"cells-{theme}-deployed")

    # An edit is told, also while a cell runs; problems are marked.
    begin(page, 7)
    write(page, 2, CELLS[1] + " * limit_\n# é ")
    badge(page, 2, "λ half · 256 MB · edited since deployed · 1 problem")
    page.wait_for_selector(f"{cell(2)} .cm-lintRange-warning")
    assert page.inner_text(f"{cell(2)} .cm-lintRange-warning") == "limit_"
    page.hover(f"{cell(2)} .cm-lintRange-warning")
    page.wait_for_selector(".cm-tooltip >> text=limit_ is not defined")
    keep_picture(page, f"cells-{theme}-problem")
    page.mouse.move(5, 5)

    # Options and their values complete, also while the kernel is busy.
    write(page, 2, "%%lambda half --m")
    assert completions(page) == ["--memory", "--mount"]
    keep_picture(page, f"cells-{theme}-completion")
    page.keyboard.press("Enter")
    page.keyboard.type(" 17")
    assert completions(page) == ["1769"]
    page.keyboard.press("Enter")
    page.wait_for_function(
        "at => document.querySelector(at + ' .cm-line')?.textContent.trim()"
        " === '%%lambda half --memory 1769'",
        arg=cell(2),
    )
    page.keyboard.type(" --runtime ")
    assert "ruby3.4" in " ".join(completions(page))
    page.keyboard.press("Escape")

    # A mistake in the first line is told while the cell still runs.
    write(page, 2, CELLS[1].replace("--memory", "--memroy"))
    page.wait_for_selector(f"{cell(2)} .cm-lintRange-error")
    assert page.inner_text(f"{cell(2)} .cm-lintRange-error") == "--memroy"
    write(page, 2, CELLS[1])
    badge(page, 2, "λ half · 256 MB · Active")
    page.wait_for_function(
        "at => document.querySelector(at + ' .cm-lintRange') === null", arg=cell(2)
    )
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    page.wait_for_selector(f"{cell(7)} .jp-OutputArea >> text=KeyboardInterrupt")

    # Names of Python are not offered in JavaScript.
    page.click(f"{cell(3)} .cm-line >> nth=2")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("exp")
    assert completions(page) == ["exports"]
    page.keyboard.press("Enter")
    page.wait_for_function(
        "at => [...document.querySelectorAll(at + ' .cm-line')].some("
        "one => one.textContent === 'exports')",
        arg=cell(3),
    )

    # The menu of the badge, by keyboard; deploy and invoke.
    page.focus(f"{cell(2)} .lnb-badge")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lm-Menu.lnb-menu >> text=Deploy and Invoke")
    keep_picture(page, f"cells-{theme}-menu")
    page.keyboard.press("Escape")
    page.wait_for_selector(".lm-Menu.lnb-menu", state="detached")
    write(page, 2, CELLS[1].replace("/ 2", "/ 2.0"))
    page.click(f"{cell(2)} .lnb-badge")
    page.click(".lm-Menu.lnb-menu >> text=Deploy and Invoke")
    page.wait_for_selector(f"{cell(2)} .jp-OutputArea >> text=updated in")
    page.wait_for_selector(f"{cell(2)} .jp-OutputArea >> text=new code: from")
    page.wait_for_selector(".lnb-invoke >> text=KeyError")  # in the tab: the first payload is {}

    # By the keyboard from inside of the cell, which keeps the keyboard for the next edit.
    write(page, 2, CELLS[1].replace("event['n']", "event.get('n', 8)"))
    page.keyboard.press("Control+Alt+Enter")
    page.wait_for_selector(".lnb-invoke >> text=4.0")
    page.wait_for_selector("text=Mode: Edit")
    page.keyboard.type(" # again")
    badge(page, 2, "edited since deployed")
    keep_picture(page, f"cells-{theme}-invoked")
