"""The JupyterLab extension as it loads: little at first, the rest with its first use."""

from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_browser import BROWSER, NEEDS_EXTENSION, notebook_of, open_notebook, serve
from panel_page import Panel

FIRST_LOAD_BYTES = 150_000

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240), NEEDS_EXTENSION]


def test_it_loads_little_and_offers_its_commands(tmp_path: Path) -> None:
    with (
        serve(tmp_path, {"empty.ipynb": notebook_of(["1"])}) as lab,
        open_notebook(lab, "empty.ipynb") as page,
    ):
        panel = Panel(page)
        loaded = page.evaluate(
            "() => performance.getEntriesByType('resource')"
            ".filter(one => one.name.includes('/extensions/lambda-nb/'))"
            ".map(one => [one.name.split('/').pop().split('?')[0], one.decodedBodySize])"
        )
        assert any(name.startswith("remoteEntry") for name, _ in loaded)
        assert sum(size for _, size in loaded) < FIRST_LOAD_BYTES, loaded

        panel.open()
        panel.wait("This kernel has not loaded lambda_nb. Run %load_ext lambda_nb in a cell.")
        page.keyboard.press("Control+Shift+C")
        page.wait_for_function("document.activeElement.closest('.lm-CommandPalette')")
        page.keyboard.type("lambda panel")
        for label in ("Open Lambda Panel", "Filter Lambda Panel", "Refresh Lambda Panel"):
            page.locator(".lm-CommandPalette-item", has_text=label).first.wait_for()
        assert panel.errors == []
