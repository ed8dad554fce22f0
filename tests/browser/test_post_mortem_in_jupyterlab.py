"""``%debug`` in JupyterLab after a function failed: its prompt, its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from debugger_browser import opened, start
from jupyter_browser import CHROMIUM, THEMES, Theme, keep_picture, run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

FAILING = """%%lambda order
PRICES = {"tea": 3, "cake": 4}

def price(item):
    return PRICES[item]

def handler(event, context):
    token = "correct horse"
    return [price(item) for item in event["lines"]]"""

CELLS = ["%load_ext lambda_nb", FAILING, "order({'lines': ['tea', 'milk']})", "%debug"]
FRESH = "input.jp-Stdin-input:not([data-used])"


def answer(page: Any, text: str, expected: str = "") -> None:
    """Answer the debugger's prompt and wait for what it says."""
    page.wait_for_selector(FRESH, timeout=30_000)
    prompt = page.query_selector(FRESH)
    prompt.fill(text)
    prompt.evaluate("input => input.setAttribute('data-used', '')")
    prompt.press("Enter")
    page.wait_for_function(
        "expected => [...document.querySelectorAll('.jp-OutputArea')].pop()"
        ".textContent.includes(expected)",
        arg=expected,
        timeout=30_000,
    )


@pytest.mark.parametrize("theme", THEMES)
def test_the_frames_of_a_failure(tmp_path: Path, theme: Theme) -> None:
    with opened(tmp_path, CELLS, theme) as page:
        for index in (0, 1, 2):
            run(page, index)
        page.wait_for_selector("text=%debug opens its frames")
        start(page, 3)
        answer(page, "p item, PRICES", "('milk', {'tea': 3, 'cake': 4})")
        answer(page, "up", "(9)")
        answer(page, "up", "handler()")
        answer(page, "p token", "its name says that it is secret")
        answer(page, "list 7, 9", "def handler(event, context):")
        keep_picture(page, f"post-mortem-{theme}")
        answer(page, "q")
        page.wait_for_selector("text=| Idle", timeout=30_000)
