"""JupyterLab's debugger in a browser, for tests that use it as a person does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jupyter_browser import Theme, complaints, open_notebook, serve
from panel_page import notebook_of


@contextlib.contextmanager
def opened(place: Path, cells: Sequence[str], theme: Theme) -> Iterator[Any]:
    """A notebook of these cells open in Chromium; an error in its console fails the test."""
    with (
        serve(place, {"cells.ipynb": notebook_of(cells)}, theme) as lab,
        open_notebook(lab, "cells.ipynb") as page,
    ):
        errors = complaints(page)
        yield page
        assert not errors, errors


def cell(index: int) -> str:
    """The selector of a cell."""
    return f".jp-Cell[data-windowed-list-index='{index}']"


def click_gutter(page: Any, index: int, line: int) -> None:
    """Set a breakpoint: click beside a line of a cell, and wait for its mark."""
    place = page.locator(f"{cell(index)} .cm-lineNumbers .cm-gutterElement", has_text=str(line))
    exact = [one for one in place.all() if one.inner_text().strip() == str(line)]
    box = exact[0].bounding_box()
    gutter = page.locator(f"{cell(index)} .cm-breakpoint-gutter").first.bounding_box()
    page.mouse.click(gutter["x"] + gutter["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(f"{cell(index)} .cm-breakpoint-icon >> visible=true")


def start(page: Any, index: int) -> None:
    """Run a cell, and do not wait for its end."""
    page.click(f"{cell(index)} .cm-content")
    page.keyboard.press("Control+Enter")


def stopped_at(page: Any, index: int, text: str) -> None:
    """Wait until a line of a cell is marked as the one that runs next."""
    page.wait_for_selector(f"{cell(index)} .jp-DebuggerEditor-highlight:has-text({text!r})")


def press(page: Any, command: str, title: str) -> None:
    """Press a button of the debugger, such as ``stepIn``, *Step In*."""
    page.click(f"[data-command='debugger:{command}'], .jp-DebuggerCallstack [title*='{title}']")
